"""`lacuna upscale` and its words, as typer wants them."""

from __future__ import annotations

from typing import Annotated

import typer

from lacuna.cli.options import (
    AllowLarge,
    AllowReduce,
    Device,
    DryRun,
    Images,
    Json,
    Output,
    Overwrite,
    Quality,
    named,
    number,
)
from lacuna.contract import default
from lacuna.contract.enlargement import LONGEST
from lacuna.i18n import _

HELP = _("Enlarge pictures by any factor or to an exact size, and write the results to files.")


def upscale(
    images: Images,
    output: Output = None,
    factor: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help=_("By how much, such as 2.7 or 270%; below 1 the picture is made smaller."),
            show_default=False,
        ),
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(
            parser=number("--width", 1, LONGEST), metavar="PIXELS", help=_("Exactly so wide."), show_default=False
        ),
    ] = None,
    height: Annotated[
        int | None,
        typer.Option(
            parser=number("--height", 1, LONGEST),
            metavar="PIXELS",
            help=_("Exactly so high; with --width both."),
            show_default=False,
        ),
    ] = None,
    long_side: Annotated[
        int | None,
        typer.Option(
            "--long-side",
            parser=number("--long-side", 1, LONGEST),
            metavar="PIXELS",
            help=_("The longer side exactly so long."),
            show_default=False,
        ),
    ] = None,
    print_size: Annotated[
        str | None,
        typer.Option(
            "--print",
            metavar="WIDTH[xHEIGHT]cm|mm|in",
            help=_("For a print so wide, or so wide and high, such as 21x29.7cm, at --dpi."),
            show_default=False,
        ),
    ] = None,
    dpi: Annotated[
        float | None,
        typer.Option(
            parser=number("--dpi", 1, 100_000, kind="number"),
            metavar="NUMBER",
            help=_("What the file states as dots an inch; by default as before, with --print 300."),
            show_default=False,
        ),
    ] = None,
    allow_distortion: Annotated[
        bool,
        typer.Option("--allow-distortion", help=_("Let width and height differ from the picture's proportions.")),
    ] = False,
    method: Annotated[
        str,
        typer.Option(
            "--method",
            parser=named("--method"),
            metavar="NAME",
            help=_("meta-sr, which needs a model, bicubic or lanczos."),
        ),
    ] = default.UPSCALER,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            parser=named("--model"),
            metavar="NAME",
            help=_("Which weights; by default the best measured."),
            show_default=False,
        ),
    ] = "",
    tile: Annotated[
        int | None,
        typer.Option(
            parser=number("--tile", 1, LONGEST),
            metavar="PIXELS",
            help=_("Side of a tile of the picture; by default as memory allows."),
            show_default=False,
        ),
    ] = None,
    device: Device = "auto",
    quality: Quality = None,
    overwrite: Overwrite = False,
    allow_large: AllowLarge = False,
    allow_reduce: AllowReduce = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    from lacuna.cli.upscale import Order, run

    order = Order(
        images=tuple(images),
        output=output,
        factor=factor,
        width=width,
        height=height,
        long_side=long_side,
        print_size=print_size,
        dpi=dpi,
        allow_distortion=allow_distortion,
        method=method,
        model=model,
        tile=tile,
        device=device,
        quality=quality,
        overwrite=overwrite,
        allow_large=allow_large,
        allow_reduce=allow_reduce,
        dry_run=dry_run,
        as_json=as_json,
    )
    raise typer.Exit(run(order))
