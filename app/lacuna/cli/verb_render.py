"""`lacuna render` and its words, as typer wants them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lacuna.cli.options import OURS, AllowLarge, AllowReduce, Device, Json, Output, Overwrite, Quality
from lacuna.i18n import _

HELP = _("Write the picture of a project, from the pixels that are stored in it.")


def render(
    project: Annotated[
        Path, typer.Argument(metavar="PROJECT", help=_("A .lacuna file."), show_default=False, readable=OURS)
    ],
    output: Output = None,
    recompute: Annotated[
        bool,
        typer.Option(
            "--recompute",
            help=_("Run fills and enlargements again, and tell how many pixels differ from those stored."),
        ),
    ] = False,
    device: Device = "auto",
    quality: Quality = None,
    overwrite: Overwrite = False,
    allow_large: AllowLarge = False,
    allow_reduce: AllowReduce = False,
    as_json: Json = False,
) -> None:
    from lacuna.cli.render import Order, run

    run(Order(project, output, recompute, device, quality, overwrite, allow_large, allow_reduce, as_json))
