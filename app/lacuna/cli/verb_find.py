"""`lacuna find` and its words, as typer wants them."""

from __future__ import annotations

from typing import Annotated

import typer

from lacuna.cli.options import AllowLarge, Images, Json, Overwrite, confidence_option
from lacuna.i18n import _

HELP = _("Find lettering, pixelated regions or blurred patches in pictures, and write a mask of them on request.")


def find(
    sought: Annotated[str, typer.Argument(metavar="text|mosaic|blur", help=_("What to look for."), show_default=False)],
    images: Images,
    mask_out: Annotated[
        str | None,
        typer.Option(
            "--mask-out",
            metavar="FILE",
            help=_("Write all that was found as a mask for --mask; of several pictures, into this folder."),
            show_default=False,
        ),
    ] = None,
    confidence: Annotated[
        float | None,
        confidence_option(_("How sure a finding has to be; by default so sure that few photos have one by chance.")),
    ] = None,
    overwrite: Overwrite = False,
    allow_large: AllowLarge = False,
    as_json: Json = False,
) -> None:
    from lacuna.cli.find import Order, run

    order = Order(sought, tuple(images), mask_out, confidence, overwrite, allow_large, as_json)
    raise typer.Exit(run(order))
