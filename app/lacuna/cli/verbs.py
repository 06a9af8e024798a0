"""The verbs and their words, as typer wants them. Imported once a verb was given and the language is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lacuna.cli import verb_batch, verb_evaluate_sr, verb_find, verb_marks, verb_render, verb_upscale
from lacuna.cli.options import (
    GREATEST,
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
    number,
)
from lacuna.contract import default
from lacuna.i18n import _

app = typer.Typer(
    name="lacuna",
    help=_(
        "Paints things out of pictures. Without a verb it opens the window: lacuna [FILES]. "
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped."
    ),
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # its boxes cut off what has no spaces to break at, such as Chinese
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def lacuna(version: Annotated[bool, typer.Option("--version", help=_("Print the version."))] = False) -> None:
    if version:
        from lacuna import __version__

        typer.echo(f"lacuna {__version__}")
        raise typer.Exit


@app.command(help=_("Fill what a mask marks in a picture, and write the result to a file."))
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


app.command("upscale", help=verb_upscale.HELP)(verb_upscale.upscale)
app.command("batch", help=verb_batch.HELP)(verb_batch.batch)
app.command("render", help=verb_render.HELP)(verb_render.render)
app.command("evaluate-marks", help=verb_marks.EVALUATE_HELP)(verb_marks.evaluate_marks)
app.add_typer(verb_marks.app)
app.command("find", help=verb_find.HELP)(verb_find.find)


@app.command(help=_("Measure how near fills come to the truth, on photos with masks."))
def evaluate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help=_("Folders of pictures with masks beside them (NAME-KIND.png for NAME.jpg), or pictures."),
            show_default=False,
            readable=OURS,
        ),
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", metavar="DIR", help=_("The same, as an option. Repeatable."), readable=OURS),
    ] = None,
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
    summary: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=_("Write the means with their intervals: as .csv, or as .md for a model's card."),
            readable=OURS,
        ),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=_("Draw photo, mask and fills side by side; further pages are FILE-2 ..."),
            readable=OURS,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            parser=number("--limit", 1, GREATEST), metavar="NUMBER", help=_("Only the first so many pictures.")
        ),
    ] = None,
    device: Device = "auto",
    seed: Seed = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", "--force", help=_("Replace a file that exists."))] = False,
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


app.command("evaluate-sr", help=verb_evaluate_sr.HELP)(verb_evaluate_sr.evaluate_sr)


@app.command(help=_("Train a network on photos of your own; docs/training.md tells how."))
def train(
    model: Annotated[
        str,
        typer.Argument(
            metavar="deepfill|edgeconnect|pennet|deepfill-v1|meta-sr|meta-sr-span|meta-sr-rdn",
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


@app.command(help=_("List the ways to fill, their settings and what they need."))
def backends(as_json: Json = False) -> None:
    from lacuna.cli.listing import show

    show(as_json)


@app.command(help=_("Say what this installation has and lacks: versions, devices, display, folders."))
def doctor(as_json: Json = False) -> None:
    from lacuna.cli.doctor import examine

    examine(as_json)


@app.command(help=_("Measure what the README promises; all subjects, or those named."))
def bench(
    names: Annotated[list[str] | None, typer.Argument(help=_("Subjects; see --list."), show_default=False)] = None,
    listed: Annotated[bool, typer.Option("--list", help=_("List the subjects."))] = False,
    as_json: Json = False,
) -> None:
    from lacuna.bench import main as benchmarks

    if listed:
        typer.echo(benchmarks.listing())
        return
    raise typer.Exit(benchmarks.run(names or [], as_json))


models = typer.Typer(name="models", help=_("Look at, import and remove the weights of learned backends."))
app.add_typer(models)

Name = Annotated[str, typer.Argument(help=_("The model; see “lacuna models list”."), show_default=False)]


@models.command("list", help=_("List the models: network, size, measured quality, and whether they are whole."))
def list_models(as_json: Json = False) -> None:
    from lacuna.cli.models import show_all

    show_all(as_json)


@models.command("info", help=_("Say all that is known of a model."))
def model_info(name: Name, as_json: Json = False) -> None:
    from lacuna.cli.models import show

    show(name, as_json)


@models.command("verify", help=_("Compare the files of one model, or of all, with their hashes."))
def verify_models(
    name: Annotated[str, typer.Argument(help=_("The model; all if none."), show_default=False)] = "",
    as_json: Json = False,
) -> None:
    from lacuna.cli.models import verify

    raise typer.Exit(verify(name, as_json))


@models.command(
    "import",
    help=_(
        "Make a model of weights as they were published: PyTorch's of DeepFill v1 and v2, EdgeConnect (both files) and "
        "PEN-Net, TensorFlow's of DeepFill (the .index); or of the folder that “lacuna train” made. That needs torch. "
        "Or of an ONNX file with any network for filling, which is tried out to see how it is to be read."
    ),
)
def import_model(
    files: Annotated[list[Path], typer.Argument(help=_("The files of one network, or their folder."))],
    name: Annotated[str, typer.Option("--as", metavar="NAME", help=_("How the model is to be called."))],
    variant: Annotated[
        str,
        typer.Option(
            metavar="pttf-fused|pttf",
            help=_("How to run weights that fit several: “pttf” of DeepFill v2 is as shipped, “pttf-fused” as meant."),
            show_default=False,
        ),
    ] = "",
    reading: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help=_("How to read an ONNX file, in the words of its model.toml; may be given several times."),
            show_default=False,
        ),
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help=_("Keep to what the licence of the weights allows."))
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", "--force", help=_("Replace a model that exists."))] = False,
    as_json: Json = False,
) -> None:
    from lacuna.cli.models import Import, bring_in

    bring_in(
        Import(
            files=tuple(files),
            name=name,
            variant=variant,
            reading=tuple(reading or ()),
            accept_licence=accept_licence,
            overwrite=overwrite,
            as_json=as_json,
        )
    )


@models.command("export", help=_("Write a model to one file, to be imported elsewhere."))
def export_model(
    name: Name,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help=_("A file, or a folder. By default NAME.safetensors."), show_default=False),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", "--force", help=_("Replace a file that exists."))] = False,
    as_json: Json = False,
) -> None:
    from lacuna.cli.models import pass_on

    pass_on(name, output, overwrite, as_json)


@models.command("remove", help=_("Delete a model of your own."))
def remove_model(name: Name, sure: Annotated[bool, typer.Option("--yes", "-y", help=_("Do not ask."))] = False) -> None:
    from lacuna.cli.models import remove

    remove(name, sure)


@models.command("path", help=_("Print the folder of your own models."))
def models_path(as_json: Json = False) -> None:
    from lacuna.cli.models import where

    where(as_json)


@models.command("run", help=_("Run a network once, as it is, and write its stages: the way to look inside a model."))
def run_model(
    name: Name,
    image: Annotated[Path, typer.Option(help=_("The picture."), show_default=False)],
    output: Annotated[
        Path, typer.Option("--output", "-o", help=_("The .npz file to write, an array a stage."), show_default=False)
    ],
    mask: Annotated[
        Path | None, typer.Option(help=_("A picture whose white marks the hole."), show_default=False)
    ] = None,
    factor: Annotated[
        str, typer.Option(help=_("By how much to enlarge, for a model that does that."), show_default=False)
    ] = "",
    guide: Annotated[
        Path | None, typer.Option(help=_("A picture whose white marks lines to follow."), show_default=False)
    ] = None,
    device: Device = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite", "--force", help=_("Replace a file that exists."))] = False,
) -> None:
    from lacuna.cli.model_run import Order, run

    run(
        Order(
            name=name,
            image=image,
            mask=mask,
            factor=factor,
            guide=guide,
            output=output,
            device=device,
            overwrite=overwrite,
        )
    )
