"""`lacuna evaluate` and its words, as typer wants them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lacuna.cli.options import OURS, Data, Device, Json, Limit, Overwrite, Seed, Summary
from lacuna.i18n import _

HELP = _("Measure how near fills come to the truth, on photos with masks.")


def evaluate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help=_("Folders of pictures with masks beside them (NAME-KIND.png for NAME.jpg), or pictures."),
            show_default=False,
            readable=OURS,
        ),
    ] = None,
    data: Data = None,
    mask: Annotated[
        list[Path] | None,
        typer.Option(
            "--mask",
            "-m",
            help=_("A mask of the picture, or one for each picture in turn. Repeatable."),
            readable=OURS,
        ),
    ] = None,
    kinds: Annotated[
        str, typer.Option(metavar="KIND,...", help=_("Only masks of these kinds."), show_default=False)
    ] = "",
    backend: Annotated[
        list[str] | None,
        typer.Option(
            "--backend",
            "-b",
            metavar="BACKEND[:NAME=VALUE,...],...",
            help=_("Backends, with settings if they are not the defaults. Repeatable; all that can run if none."),
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=_("Which weights, where one learned backend is named."), show_default=False),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help=_("A setting, where one backend is named. Repeatable.")),
    ] = None,
    guide: Annotated[
        str,
        typer.Option(
            metavar="none|truth|lines",
            help=_(
                "What backends that follow edges are told: nothing, or the edges of the true picture; with “lines” "
                "those of them that cross the hole are drawn, for backends that follow lines."
            ),
        ),
    ] = "none",
    table: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help=_("Write a row for each picture, mask and backend."), readable=OURS),
    ] = None,
    summary: Summary = None,
    sheet: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=_("Draw photo, mask and fills side by side; further pages are FILE-2 ..."),
            readable=OURS,
        ),
    ] = None,
    limit: Limit = None,
    device: Device = "auto",
    seed: Seed = 0,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    from lacuna.cli.evaluate import Order, run
    from lacuna.cli.reports import Targets

    order = Order(
        paths=(*(paths or ()), *(data or ())),
        masks=tuple(mask or ()),
        kinds=tuple(kind.strip() for kind in kinds.split(",") if kind.strip()),
        backends=tuple(backend or ()),
        model=model,
        settings=tuple(setting or ()),
        guide=guide,
        targets=Targets(table, summary, sheet, overwrite),
        limit=limit,
        device=device,
        seed=seed,
        as_json=as_json,
    )
    raise typer.Exit(run(order))
