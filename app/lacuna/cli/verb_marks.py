"""The words of `lacuna marks` and `lacuna evaluate-marks`, as typer wants them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lacuna.cli.options import AllowLarge, Backend, Images, Json, Limit, Overwrite, confidence_option
from lacuna.contract import default
from lacuna.i18n import _

EVALUATE_HELP = _(
    "Measure on a folder of marked pictures with their truths how surely a mark is found, and how near what lies "
    "beneath it is brought back."
)

app = typer.Typer(name="marks", help=_("Find watermarks in pictures, and find out what a watermark looks like."))


@app.command("find", help=_("Tell where a mark is in pictures, and how sure that is."))
def find(
    images: Images,
    template: Annotated[
        Path,
        typer.Option(
            "--template",
            "-t",
            metavar="FILE",
            help=_("A picture of the mark alone, best with transparent ground."),
            show_default=False,
        ),
    ],
    confidence: Annotated[
        float | None,
        confidence_option(_("From when on a place is sure; by default 0.5.")),
    ] = None,
    masks: Annotated[
        Path | None,
        typer.Option(
            "--mask-out", metavar="DIR", help=_("Write for each picture a mask of what is sure."), show_default=False
        ),
    ] = None,
    mattes: Annotated[
        Path | None,
        typer.Option(
            "--matte-out",
            metavar="DIR",
            help=_("Write for each picture the mark as it lies there: its colours, and its opacity as transparency."),
            show_default=False,
        ),
    ] = None,
    overwrite: Overwrite = False,
    allow_large: AllowLarge = False,
    as_json: Json = False,
) -> None:
    from lacuna.cli.marks import FindOrder, run_find

    order = FindOrder(tuple(images), template, confidence, masks, mattes, overwrite, allow_large, as_json)
    raise typer.Exit(run_find(order))


@app.command(
    "estimate", help=_("Find out from several pictures with the same mark at the same place what it looks like.")
)
def estimate(
    images: Images,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help=_("The mark with its opacity as transparency, which serves as a --template."),
            show_default=False,
        ),
    ],
    mask: Annotated[
        Path | None,
        typer.Option(
            "--mask", "-m", help=_("A picture whose white shows about where the mark is."), show_default=False
        ),
    ] = None,
    overwrite: Overwrite = False,
    allow_large: AllowLarge = False,
) -> None:
    from lacuna.cli.marks import EstimateOrder, run_estimate

    run_estimate(EstimateOrder(tuple(images), mask, output, overwrite, allow_large))


def evaluate_marks(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help=_("A folder with marked pictures and cases.json."), show_default=False)
    ],
    clean: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR",
            help=_("Folders of photos without the mark, to count false findings in. Repeatable."),
            show_default=False,
        ),
    ] = None,
    backend: Backend = default.BACKEND,
    table: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help=_("Write a row for each picture."), show_default=False),
    ] = None,
    limit: Limit = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    from lacuna.cli.evaluate_marks import Order, run
    from lacuna.cli.reports import Targets

    targets = Targets(table, None, None, overwrite)
    raise typer.Exit(run(Order(folder, tuple(clean or ()), backend, targets, limit, as_json)))
