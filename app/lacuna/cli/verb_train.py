"""`lacuna train` and its words, as typer wants them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lacuna.cli.options import GREATEST, Device, Seed, number
from lacuna.i18n import _

HELP = _("Train a network on photos of your own; docs/training.md tells how.")


def train(
    model: Annotated[
        str,
        typer.Argument(
            metavar="deepfill|edgeconnect|pennet|deepfill-v1|meta-sr|meta-sr-large|meta-sr-span|meta-sr-rdn",
            help=_("The network."),
            show_default=False,
        ),
    ],
    data: Annotated[
        list[Path],
        typer.Option(
            "--data",
            metavar="DIR",
            help=_("Folders of photos, or of packs (.tar) of photos. Repeatable."),
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help=_("Where weights, state, logs go."), show_default=False)
    ],
    licences: Annotated[
        str,
        typer.Option(
            metavar="CLASS,...",
            help=_("Only photos of these classes, by the licences.csv beside them. All if none."),
            show_default=False,
        ),
    ] = "",
    minutes: Annotated[
        float | None,
        typer.Option(
            parser=number("--minutes", 0.01, GREATEST, kind="number"),
            metavar="NUMBER",
            help=_("The time of the whole run."),
        ),
    ] = None,
    pause: Annotated[
        float | None,
        typer.Option(
            parser=number("--pause", 0, GREATEST, kind="number"),
            metavar="NUMBER",
            help=_("Save and end after so many minutes, to be resumed."),
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(parser=number("--steps", 1, GREATEST), metavar="NUMBER", help=_("End after so many steps.")),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help=_("Go on with the run in --out."))] = False,
    begun_from: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help=_("Begin from the weights in this folder."), show_default=False),
    ] = None,
    size: Annotated[
        int | None, typer.Option(parser=number("--size", 16, 4096), metavar="NUMBER", help=_("The side of a crop."))
    ] = None,
    width: Annotated[
        float | None,
        typer.Option(
            parser=number("--width", 0.05, 4, kind="number"),
            metavar="NUMBER",
            help=_("Multiplies the published channels."),
        ),
    ] = None,
    batch: Annotated[
        int | None, typer.Option(parser=number("--batch", 1, 4096), metavar="NUMBER", help=_("Crops of a step."))
    ] = None,
    device: Device = "auto",
    start: Annotated[
        str,
        typer.Option(
            metavar="membrane|published|bicubic",
            help=_("What stands in the hole at first, or what an enlarged picture begins from."),
            show_default=False,
        ),
    ] = "",
    stage: Annotated[str, typer.Option(metavar="both|edges|image", help=_("Of EdgeConnect."))] = "both",
    evaluation: Annotated[
        Path | None,
        typer.Option(
            "--eval",
            metavar="DIR",
            help=_("Pictures to measure on, with masks if holes are filled."),
            show_default=False,
        ),
    ] = None,
    vgg: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help=_("A file of VGG-19 for EdgeConnect's perceptual terms."), show_default=False
        ),
    ] = None,
    seed: Seed = 0,
    compiled: Annotated[
        bool | None,
        typer.Option(
            "--compile/--no-compile", help=_("Compile the network first; by default with CUDA."), show_default=False
        ),
    ] = None,
    half: Annotated[
        bool | None,
        typer.Option("--half/--no-half", help=_("Multiply in 16 bits; by default with CUDA."), show_default=False),
    ] = None,
    adversarial: Annotated[
        float,
        typer.Option(
            parser=number("--adversarial", 0, GREATEST, kind="number"),
            metavar="NUMBER",
            help=_("Multiplies the weight of what the critics say."),
        ),
    ] = 1.0,
    rate: Annotated[
        float,
        typer.Option(
            parser=number("--rate", 0, GREATEST, kind="number"),
            metavar="NUMBER",
            help=_("Multiplies the learning rates."),
        ),
    ] = 1.0,
) -> None:
    from lacuna.cli.train import Order, run

    order = Order(
        model=model,
        data=tuple(data),
        licences=licences,
        out=out,
        minutes=minutes,
        pause=pause,
        steps=steps,
        resume=resume,
        begun_from=begun_from,
        size=size,
        width=width,
        batch=batch,
        device=device,
        start=start,
        stage=stage,
        evaluation=evaluation,
        vgg=vgg,
        seed=seed,
        compiled=compiled,
        half=half,
        adversarial=adversarial,
        rate=rate,
    )
    raise typer.Exit(run(order))
