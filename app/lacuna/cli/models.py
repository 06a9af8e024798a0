"""`lacuna models`: what there is to fill with, and how it comes, goes and is looked at. The work is done below."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from lacuna.cli import outputs, runner
from lacuna.cli.main import DONE, FAILED, say
from lacuna.cli.words import pairs
from lacuna.contract import models
from lacuna.contract.models import Model
from lacuna.contract.picker_config import PICKER_CONFIG
from lacuna.contract.progress import Progress
from lacuna.engine import device, registry
from lacuna.errors import InvalidParameter
from lacuna.i18n import _

if TYPE_CHECKING:
    from lacuna.inference.graph_judging import Trial

UNHASHED = ("graphs", "sha256")  # what the config says to programs alone
MEGABYTE = 1e6
SHOWN_TRIALS = 2


@dataclass(frozen=True)
class Import:
    """What was asked for, word by word as `verb_models.import_model` explains it."""

    files: tuple[Path, ...]
    name: str
    variant: str
    reading: tuple[str, ...]
    accept_licence: bool
    overwrite: bool
    as_json: bool


def show_all(as_json: bool) -> None:
    """Print all models, in JSON or as text."""
    found = models.installed()
    if as_json:
        _print_json([_as_dict(model) for model in found])
        return
    if not found:
        typer.echo(_("There is no model yet; see “lacuna models import --help”."))
    for model in found:
        typer.echo(f"{model.name}  {model.title}".rstrip())
        typer.echo(f"    {'; '.join(_traits(model))}")
        if model.damaged:
            typer.echo(f"    {_('damaged: {reason}').format(reason=model.damaged)}")


def show(name: str, as_json: bool) -> None:
    """Print what a model says of itself: its config and its card."""
    from lacuna.inference.own_file import card

    model = models.model(name)
    if as_json:
        _print_json({**_as_dict(model), "config": _config(model), "card": card(model)})
        return
    typer.echo(f"{model.name}  {'; '.join(_traits(model))}")
    for field, value in _config(model).items():
        if isinstance(value, dict) and field not in UNHASHED:
            typer.echo(f"    {field}:")
            _print_fields(value, "        ")
        elif field not in UNHASHED and value not in ("", None):
            typer.echo(f"    {field}: {value}")
    typer.echo(f"    {_('folder: {path}').format(path=model.folder)}")
    if card(model):
        typer.echo(f"\n{card(model).rstrip()}")


def verify(name: str, as_json: bool) -> int:
    """Compare the hashes of one model, or of all for ""; the exit code tells whether all are whole."""
    named = [models.model(name)] if name else list(models.installed())
    reasons = {model.name: models.damage(model) for model in named}
    if as_json:
        _print_json([{"name": name, "whole": not reason, "reason": reason} for name, reason in reasons.items()])
    else:
        for model, reason in reasons.items():
            typer.echo(f"{model}  {reason or _('is whole')}")
    return FAILED if any(reasons.values()) else DONE


def bring_in(order: Import) -> None:
    """Import published files, or one that `pass_on` wrote, once the person agrees to what the licence forbids."""
    models.refuse_name(order.name, replace=order.overwrite)
    if {file.suffix.lower() for file in order.files} == {".onnx"}:
        from lacuna.inference import picker_importing

        if picker_importing.takes_points(order.files):
            _bring_in_picker(order)
            return
        if len(order.files) == 1:
            _bring_in_graph(order)
            return
    if order.reading:
        raise InvalidParameter(_("Only an ONNX file can be read in several ways."))
    from lacuna.inference import importing

    found = importing.found(order.files, order.variant)
    if found.notice:
        _require_consent(found.notice, order.accept_licence)
    model = runner.run(
        lambda progress: importing.install(found, order.name, progress, licence_accepted=True, replace=order.overwrite)
    )
    if order.as_json:
        _print_json({**_as_dict(model), "config": _config(model), "variants": found.variants})
        return
    typer.echo(_("{title} is installed as “{name}”.").format(title=found.config.title, name=model.name))
    others = [variant for variant in found.variants if variant != found.config.conventions]
    if others:
        typer.echo(_("Another --variant of these files: {names}.").format(names=", ".join(others)))


def pass_on(name: str, output: str | None, overwrite: bool, as_json: bool) -> None:
    """Write a model to one file, which `import` reads again."""
    from lacuna.inference.own_file import export

    model = models.model(name)
    if model.config is None:
        raise InvalidParameter(
            _("“{model}” is an ONNX model of your own.").format(model=name),
            hint=_("Pass on its folder: {path}.").format(path=model.folder),
        )
    with outputs.made_folder(output):
        target = Path(output or "")
        path = target / f"{name}.safetensors" if target.is_dir() else target
        size = runner.run(lambda _progress: export(model, path, overwrite=overwrite))
    if as_json:
        _print_json({"name": name, "output": str(path), "bytes": size})
    else:
        typer.echo(str(path))


def remove(name: str, sure: bool) -> None:
    """Delete a model of the person's own after asking, even one that cannot be used."""
    found = {model.name: model for model in models.installed()}.get(name) or models.model(name)
    if not sure and not found.shipped:
        question = _("Remove “{name}” ({size:.1f} MB) for good?").format(name=name, size=found.size / MEGABYTE)
        _ask(question, _("Give --yes if you are sure."))
    models.remove(found)
    registry.refresh()


def where(as_json: bool) -> None:
    """Print the folder of the person's models; in JSON the program's as well."""
    shipped, own = models.folders()
    if as_json:
        _print_json({"shipped": str(shipped), "own": str(own)})
    else:
        typer.echo(str(own))


def _bring_in_picker(order: Import) -> None:
    """Import a network that picks objects by clicks, one ONNX file or two."""
    from lacuna.inference import picker_importing

    if order.variant:
        raise InvalidParameter(_("An ONNX file has no variant."), hint=_("Say how to read it with --reading."))
    said = pairs(order.reading, "--reading")
    model = runner.run(
        lambda progress: picker_importing.install(order.files, said, order.name, progress, replace=order.overwrite)
    )
    if order.as_json:
        _print_json({**_as_dict(model), "config": _config(model)})
        return
    typer.echo(_("{title} is installed as “{name}”.").format(title=model.title, name=model.name))
    typer.echo(
        _("It picks objects in the window. If it finds none, change “range” in {path}.").format(
            path=model.folder / PICKER_CONFIG
        )
    )


def _bring_in_graph(order: Import) -> None:
    """Import an ONNX file of others by the reading that does best on a test picture."""
    from lacuna.inference import graph_importing

    if order.variant:
        raise InvalidParameter(_("An ONNX file has no variant."), hint=_("Say how to read it with --reading."))
    said = pairs(order.reading, "--reading")
    (path,) = order.files

    def work(progress: Progress) -> tuple[graph_importing.FoundGraph, Model]:
        found = graph_importing.found(path, said, progress.part(0.95), device.threads())
        return found, graph_importing.install(found, order.name, progress, replace=order.overwrite)

    found, model = runner.run(work)
    registry.refresh()
    if order.as_json:
        trials = [_trial(trial) for trial in found.trials]
        _print_json({**_as_dict(model), "config": _config(model), "trials": trials, "notice": found.notice})
        return
    if found.notice:
        say(found.notice)
    best, others = found.trials[0], found.trials[1 : 1 + SHOWN_TRIALS]
    typer.echo(_("{title} is installed as “{name}”.").format(title=model.title, name=model.name))
    typer.echo(best.sentence)
    _print_fields(dataclasses.asdict(best.reading), "    ")
    for trial in others:
        changes = trial.reading.unlike(best.reading)
        typer.echo(_("Next best: {changes}. {sentence}").format(changes=changes, sentence=trial.sentence))
    typer.echo(_("Fill with it: --backend onnx:{name}. Another reading: --reading NAME=VALUE.").format(name=model.name))


def _trial(trial: Trial) -> dict[str, Any]:
    reading = dataclasses.asdict(trial.reading)
    return {"reading": reading, "score": round(trial.score, 4), "sentence": trial.sentence}


def _print_fields(values: Mapping[str, Any], indent: str) -> None:
    for field, value in values.items():
        if value != "":
            typer.echo(f"{indent}{field}: {value}")


def _require_consent(notice: str, given: bool) -> None:
    say(notice)
    if not given:
        hint = _("Give --accept-licence if you will keep to that, or if the weights are your own.")
        _ask(_("Will you keep to that, or are the weights your own?"), hint)


def _ask(question: str, hint: str) -> None:
    """Raise unless a person at a terminal says yes: Abort for a no, InvalidParameter where nobody can be asked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InvalidParameter(_("This needs your consent."), hint=hint)
    typer.confirm(question, abort=True, err=True)


def _traits(model: Model) -> list[str]:
    config = model.config
    traits = list(filter(None, [_network(model)]))
    traits.append(_("{size:.1f} MB").format(size=model.size / MEGABYTE))
    if config is not None and config.psnr is not None:
        traits.append(f"{config.psnr:.2f} dB")
    traits.append(_("comes with Lacuna") if model.shipped else _("your own"))
    return [*traits, model.licence] if model.licence else traits


def _as_dict(model: Model) -> dict[str, Any]:
    config = model.config
    return {
        "name": model.name,
        "title": model.title,
        "network": _network(model),
        "bytes": model.size,
        "psnr": None if config is None else config.psnr,
        "licence": model.licence,
        "shipped": model.shipped,
        "damaged": model.damaged,
        "folder": str(model.folder),
    }


def _network(model: Model) -> str | None:
    if models.has_graph(model.folder) or models.has_picker(model.folder):
        return "onnx"
    return None if model.config is None else model.config.network.value


def _config(model: Model) -> dict[str, Any]:
    return {} if model.said is None else dataclasses.asdict(model.said)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
