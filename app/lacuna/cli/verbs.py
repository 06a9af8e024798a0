"""The verbs; most have their words in a module of their own (`verb_*.py`). Imported once the language is known."""

from __future__ import annotations

from typing import Annotated

import typer

from lacuna.cli import (
    verb_batch,
    verb_evaluate,
    verb_evaluate_sr,
    verb_fill,
    verb_find,
    verb_marks,
    verb_models,
    verb_render,
    verb_train,
    verb_upscale,
)
from lacuna.cli.options import Json
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


app.command("fill", help=verb_fill.HELP)(verb_fill.fill)
app.command("upscale", help=verb_upscale.HELP)(verb_upscale.upscale)
app.command("batch", help=verb_batch.HELP)(verb_batch.batch)
app.command("render", help=verb_render.HELP)(verb_render.render)
app.command("evaluate-marks", help=verb_marks.EVALUATE_HELP)(verb_marks.evaluate_marks)
app.add_typer(verb_marks.app)
app.command("find", help=verb_find.HELP)(verb_find.find)
app.command("evaluate", help=verb_evaluate.HELP)(verb_evaluate.evaluate)
app.command("evaluate-sr", help=verb_evaluate_sr.HELP)(verb_evaluate_sr.evaluate_sr)
app.command("train", help=verb_train.HELP)(verb_train.train)
app.add_typer(verb_models.app)


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
