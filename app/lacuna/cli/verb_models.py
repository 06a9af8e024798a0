"""`lacuna models` and its words, as typer wants them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lacuna.cli.options import Device, Json, Overwrite
from lacuna.i18n import _

app = typer.Typer(name="models", help=_("Look at, import and remove the weights of learned backends."))

Name = Annotated[str, typer.Argument(help=_("The model; see “lacuna models list”."), show_default=False)]


@app.command("list", help=_("List the models: network, size, measured quality, and whether they are whole."))
def list_models(as_json: Json = False) -> None:
    from lacuna.cli.models import show_all

    show_all(as_json)


@app.command("info", help=_("Say all that is known of a model."))
def model_info(name: Name, as_json: Json = False) -> None:
    from lacuna.cli.models import show

    show(name, as_json)


@app.command("verify", help=_("Compare the files of one model, or of all, with their hashes."))
def verify_models(
    name: Annotated[str, typer.Argument(help=_("The model; all if none."), show_default=False)] = "",
    as_json: Json = False,
) -> None:
    from lacuna.cli.models import verify

    raise typer.Exit(verify(name, as_json))


@app.command(
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


@app.command("export", help=_("Write a model to one file, to be imported elsewhere."))
def export_model(
    name: Name,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help=_("A file, or a folder. By default NAME.safetensors."), show_default=False),
    ] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    from lacuna.cli.models import pass_on

    pass_on(name, output, overwrite, as_json)


@app.command("remove", help=_("Delete a model of your own."))
def remove_model(name: Name, sure: Annotated[bool, typer.Option("--yes", "-y", help=_("Do not ask."))] = False) -> None:
    from lacuna.cli.models import remove

    remove(name, sure)


@app.command("path", help=_("Print the folder of your own models."))
def models_path(as_json: Json = False) -> None:
    from lacuna.cli.models import where

    where(as_json)


@app.command("run", help=_("Run a network once, as it is, and write its stages: the way to look inside a model."))
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
    overwrite: Overwrite = False,
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
