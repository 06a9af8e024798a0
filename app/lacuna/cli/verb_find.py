"""`lacuna find` and its words, as typer wants them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lacuna.cli.options import OURS, AllowLarge, Json, Overwrite, number
from lacuna.i18n import _

HELP = _("Find lettering or pixelated regions in pictures, and write a mask of them on request.")


def find(
    sought: Annotated[str, typer.Argument(metavar="text|mosaic", help=_("What to look for."), show_default=False)],
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE...", help=_("The pictures."), show_default=False, readable=OURS)
    ],
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
        typer.Option(
            parser=number("--confidence", 0, 1, kind="number"),
            metavar="0..1",
            help=_("How sure a finding has to be; by default so sure that few photos have one by chance."),
            show_default=False,
        ),
    ] = None,
    overwrite: Overwrite = False,
    allow_large: AllowLarge = False,
    as_json: Json = False,
) -> None:
    from lacuna.cli.find import Order, run

    order = Order(sought, tuple(images), mask_out, confidence, overwrite, allow_large, as_json)
    raise typer.Exit(run(order))
