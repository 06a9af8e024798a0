"""`lacuna fill` and its words, as typer wants them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lacuna.cli.options import (
    OURS,
    AllowLarge,
    AllowReduce,
    Backend,
    Device,
    DryRun,
    Feather,
    FillAlpha,
    Grain,
    Grow,
    InvertMask,
    Joining,
    Json,
    Model,
    Output,
    Overwrite,
    Quality,
    SaveRecipe,
    Seed,
    Setting,
    Soft,
)
from lacuna.contract import default
from lacuna.i18n import _

HELP = _("Fill what a mask marks in a picture, and write the result to a file.")


def fill(
    image: Annotated[Path, typer.Argument(help=_("The picture."), show_default=False, readable=OURS)],
    mask: Annotated[
        str,
        typer.Option(
            "--mask",
            "-m",
            help=_(
                "A picture whose white marks what to fill; or “alpha”: each pixel of the picture that is not fully "
                "opaque, as strongly as it is transparent. Then the result is opaque."
            ),
            show_default=False,
        ),
    ],
    output: Output = None,
    backend: Backend = default.BACKEND,
    model: Model = None,
    setting: Setting = None,
    grow: Grow = 0.0,
    feather: Feather = 0.0,
    composite: Joining = "auto",
    grain: Grain = False,
    sources: Annotated[
        Path | None,
        typer.Option(
            metavar="MASK",
            help=_("A picture whose white marks where a backend that copies may copy from."),
            show_default=False,
            readable=OURS,
        ),
    ] = None,
    guide: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help=_("Lines that say how the picture runs behind the mask: a picture (white lines), .svg or .json."),
            show_default=False,
            readable=OURS,
        ),
    ] = None,
    device: Device = "auto",
    invert_mask: InvertMask = False,
    soft: Soft = False,
    fill_alpha: FillAlpha = False,
    seed: Seed = 0,
    quality: Quality = None,
    overwrite: Overwrite = False,
    allow_large: AllowLarge = False,
    allow_reduce: AllowReduce = False,
    dry_run: DryRun = False,
    save_recipe: SaveRecipe = None,
    as_json: Json = False,
) -> None:
    from lacuna.cli.fill import Order, run

    run(
        Order(
            image=image,
            mask=mask,
            output=output,
            backend=backend,
            model=model,
            settings=tuple(setting or ()),
            grow=grow,
            feather=feather,
            composite=composite,
            grain=grain,
            sources=sources,
            guide=tuple(guide or ()),
            device=device,
            invert_mask=invert_mask,
            soft=soft,
            fill_alpha=fill_alpha,
            seed=seed,
            quality=quality,
            overwrite=overwrite,
            allow_large=allow_large,
            allow_reduce=allow_reduce,
            dry_run=dry_run,
            save_recipe=save_recipe,
            as_json=as_json,
        )
    )
