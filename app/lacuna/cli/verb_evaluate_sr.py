"""The words of `lacuna evaluate-sr`, as typer wants them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lacuna.cli.options import Data, Device, Json, Limit, Overwrite, Summary
from lacuna.i18n import _

HELP = _("Measure how well models enlarge: photos are reduced, enlarged again, and compared, beside plain kernels.")


def evaluate_sr(
    paths: Annotated[
        list[Path] | None, typer.Argument(help=_("Folders of photos, or photos."), show_default=False)
    ] = None,
    data: Data = None,
    factors: Annotated[str, typer.Option(metavar="NUMBER,...", help=_("By how much."))] = "1.5,2,3,4",
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help=_("Models that enlarge. Repeatable; all of them if none."), show_default=False
        ),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help=_("Write a row for each photo, factor and method.")),
    ] = None,
    summary: Summary = None,
    sheet: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=_("Draw the truth and what was enlarged side by side; further pages are FILE-2 ..."),
        ),
    ] = None,
    limit: Limit = None,
    device: Device = "auto",
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    from lacuna.cli.evaluate_sr import Order, run
    from lacuna.cli.reports import Targets

    order = Order(
        paths=(*(paths or ()), *(data or ())),
        factors=factors,
        models=tuple(model or ()),
        targets=Targets(table, summary, sheet, overwrite),
        limit=limit,
        device=device,
        as_json=as_json,
    )
    raise typer.Exit(run(order))
