"""`lacuna models`: what there is to fill with, and how it comes, goes and is looked at. The work is done below."""

from __future__ import annotations

import dataclasses
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from lacuna.cli import runner
from lacuna.cli.main import DONE, FAILED, say
from lacuna.contract import models
from lacuna.contract.models import Model, ModelConfig
from lacuna.errors import DamagedModel, InvalidParameter
from lacuna.i18n import _

UNHASHED = ("graphs", "sha256")  # what the config says to programs alone
MEGABYTE = 1e6


@dataclass(frozen=True)
class Import:
    """What was asked for, word by word as `verbs.import_model` explains it."""

    files: tuple[Path, ...]
    name: str
    variant: str
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
        typer.echo(f"{model.name}  {model.config.title if model.config else ''}".rstrip())
        typer.echo(f"    {'; '.join(_traits(model))}")
        if model.damaged:
            typer.echo(f"    {_('damaged: {reason}').format(reason=model.damaged)}")


def show(name: str, as_json: bool) -> None:
    """Print what a model says of itself: its config and its card."""
    from lacuna.inference.own_file import card

    model = models.model(name)
    if as_json:
        _print_json({**_as_dict(model), "config": _config(model.config), "card": card(model)})
        return
    typer.echo(f"{model.name}  {'; '.join(_traits(model))}")
    for field, value in _config(model.config).items():
        if field not in UNHASHED and value not in ("", None):
            typer.echo(f"    {field}: {value}")
    typer.echo(f"    {_('folder: {path}').format(path=model.folder)}")
    if card(model):
        typer.echo(f"\n{card(model).rstrip()}")


def verify(name: str, as_json: bool) -> int:
    """Compare the hashes of one model, or of all for ""; the exit code tells whether all are whole."""
    named = [models.model(name)] if name else list(models.installed())
    reasons = {model.name: _damage(model) for model in named}
    if as_json:
        _print_json([{"name": name, "whole": not reason, "reason": reason} for name, reason in reasons.items()])
    else:
        for model, reason in reasons.items():
            typer.echo(f"{model}  {reason or _('is whole')}")
    return FAILED if any(reasons.values()) else DONE


def bring_in(order: Import) -> None:
    """Import published files, or one that `pass_on` wrote, once the person agrees to what the licence forbids."""
    from lacuna.inference import importing

    models.refuse_name(order.name, replace=order.overwrite)
    found = importing.found(order.files, order.variant)
    if found.notice:
        _require_consent(found.notice, order.accept_licence)
    model = runner.run(
        lambda progress: importing.install(found, order.name, progress, licence_accepted=True, replace=order.overwrite)
    )
    if order.as_json:
        _print_json({**_as_dict(model), "config": _config(model.config), "variants": found.variants})
        return
    typer.echo(_("{title} is installed as “{name}”.").format(title=found.config.title, name=model.name))
    others = [variant for variant in found.variants if variant != found.config.conventions]
    if others:
        typer.echo(_("Another --variant of these files: {names}.").format(names=", ".join(others)))


def pass_on(name: str, output: Path | None, overwrite: bool, as_json: bool) -> None:
    """Write a model to one file, which `import` reads again."""
    from lacuna.inference.own_file import export

    model = models.model(name)
    target = output or Path()
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


def where(as_json: bool) -> None:
    """Print the folder of the person's models; in JSON the program's as well."""
    shipped, own = models.folders()
    if as_json:
        _print_json({"shipped": str(shipped), "own": str(own)})
    else:
        typer.echo(str(own))


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


def _damage(model: Model) -> str:
    try:
        models.verify(model)
    except DamagedModel as error:
        return str(error)
    return ""


def _traits(model: Model) -> list[str]:
    config = model.config
    traits = [] if config is None else [config.network.value]
    traits.append(_("{size:.1f} MB").format(size=model.size / MEGABYTE))
    if config is not None and config.psnr is not None:
        traits.append(f"{config.psnr:.2f} dB")
    traits.append(_("comes with Lacuna") if model.shipped else _("your own"))
    return traits if config is None or not config.licence else [*traits, config.licence]


def _as_dict(model: Model) -> dict[str, Any]:
    config = model.config
    return {
        "name": model.name,
        "title": "" if config is None else config.title,
        "network": None if config is None else config.network.value,
        "bytes": model.size,
        "psnr": None if config is None else config.psnr,
        "licence": "" if config is None else config.licence,
        "shipped": model.shipped,
        "damaged": model.damaged,
        "folder": str(model.folder),
    }


def _config(config: ModelConfig | None) -> dict[str, Any]:
    return {} if config is None else dataclasses.asdict(config)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
