"""`lacuna batch` and its words, as typer wants them."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from lacuna.cli.options import (
    OURS,
    AllowLarge,
    Backend,
    Device,
    Feather,
    Grain,
    Grow,
    InvertMask,
    Joining,
    Json,
    Model,
    Quality,
    Seed,
    Setting,
    Soft,
    confidence_option,
    number,
)
from lacuna.contract import default
from lacuna.i18n import _

HELP = _(
    "Do the same to many pictures: fill what a mask marks in each, or enlarge them, into a folder. Each file is on its "
    "own: one that fails is named at the end and keeps no other. Exit codes: 0 all done, 1 some failed, 2 wrong usage, "
    "130 stopped; “--resume” goes on after that."
)
MOST = 256  # processes


def batch(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help=_("Pictures, folders of pictures, and patterns such as “scans/*.jpg”."),
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help=_("The folder for results, made if need be. No file in it is replaced that is not a result."),
            show_default=False,
        ),
    ],
    mask: Annotated[
        str | None,
        typer.Option(
            "--mask",
            "-m",
            metavar="MASK|alpha",
            help=_("A picture whose white marks what to fill in each; or “alpha”: what is transparent in each."),
            show_default=False,
        ),
    ] = None,
    anchor: Annotated[
        str,
        typer.Option(
            metavar="top-left|top-right|bottom-left|bottom-right|centre|percent",
            help=_(
                "What of the mask stays where it is in pictures of another size: a corner or the centre, with its "
                "pixels as they are, or all of it in per cent. Without, such pictures are refused."
            ),
            show_default=False,
        ),
    ] = "",
    template: Annotated[
        Path | None,
        typer.Option(
            metavar="PICTURE",
            help=_("A mark, best with transparent ground: it is looked for in each picture, and goes wherever it is."),
            show_default=False,
            readable=OURS,
        ),
    ] = None,
    find: Annotated[
        str | None,
        typer.Option(
            metavar="text|mosaic|blur",
            help=_("Look in each for lettering and date stamps, pixelated regions or blurred patches, and fill them."),
            show_default=False,
        ),
    ] = None,
    confidence: Annotated[
        float | None,
        confidence_option(
            _("How sure a finding has to be; by default as sure as none is on pictures without the mark.")
        ),
    ] = None,
    unblend: Annotated[
        bool,
        typer.Option(
            "--unblend",
            help=_("Take a mark that is half seen off by its colours; fill what that cannot bring back."),
        ),
    ] = False,
    recipe: Annotated[
        Path | None,
        typer.Option(
            metavar="RECIPE.json",
            help=_("Do again what was done to another picture, as the window or “lacuna fill” saved it."),
            show_default=False,
            readable=OURS,
        ),
    ] = None,
    backend: Backend = default.BACKEND,
    model: Model = None,
    setting: Setting = None,
    grow: Grow = 0.0,
    feather: Feather = 0.0,
    composite: Joining = "auto",
    grain: Grain = False,
    upscale: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help=_("Enlarge each result by so much, such as 2 or 150%; without a mask, that alone."),
            show_default=False,
        ),
    ] = None,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help=_("Folders with all folders in them, which are kept apart."))
    ] = False,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            "-j",
            parser=number("--jobs", 1, MOST),
            metavar="NUMBER",
            help=_("So many files at a time, each in a process with its share of the processor's cores."),
        ),
    ] = 1,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="tcp://HOST:PORT",
            help=_(
                "The scheduler of a Dask cluster (extra “cluster”) that does the work; files travel there and back."
            ),
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help=_("Go on with an earlier run: what it finished is left as it is."))
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", "--force", help=_("Make the results of an earlier run anew."))
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=_("Say what would be filled in each, and write no picture."))
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv", help=_("A table with a row for each file, written as they finish."), show_default=False
        ),
    ] = None,
    device: Device = "auto",
    invert_mask: InvertMask = False,
    soft: Soft = False,
    seed: Seed = 0,
    quality: Quality = None,
    allow_large: AllowLarge = False,
    as_json: Json = False,
) -> None:
    from lacuna.engine.batch import worker_process

    # Before all that is loaded here: what is loaded there takes as long, and a small batch less than either.
    with nullcontext() if scheduler is not None else worker_process.getting_ready(jobs) as first:
        from lacuna.cli.batch import Order, run

        order = Order(
            inputs=tuple(inputs),
            output=output,
            mask=mask,
            anchor=anchor,
            template=template,
            find=find,
            confidence=confidence,
            unblend=unblend,
            recipe=recipe,
            backend=backend,
            model=model,
            settings=tuple(setting or ()),
            grow=grow,
            feather=feather,
            composite=composite,
            grain=grain,
            upscale=upscale,
            recursive=recursive,
            jobs=jobs,
            scheduler=scheduler,
            resume=resume,
            overwrite=overwrite,
            dry_run=dry_run,
            report=report,
            device=device,
            invert_mask=invert_mask,
            soft=soft,
            seed=seed,
            quality=quality,
            allow_large=allow_large,
            as_json=as_json,
        )
        code = run(order, first)
    raise typer.Exit(code)
