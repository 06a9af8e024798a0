"""`lacuna backends`: what there is to fill with, from what the backends say of themselves."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any

import typer

from lacuna.contract.params import Param, describe
from lacuna.engine.registry import BackendInfo, backends
from lacuna.i18n import _


def show(as_json: bool) -> None:
    """Print all backends, in JSON or as text."""
    if as_json:
        typer.echo(json.dumps([_as_dict(info) for info in backends()], ensure_ascii=False, indent=2))
        return
    for info in backends():
        typer.echo(f"{info.id}  {_(info.name)}")
        for line in (_(info.summary), info.missing, *_traits(info)):
            if line:
                typer.echo(f"    {line}")
        for param in describe(info.Params):
            typer.echo(
                f"    --set {param.name}={_plain(param.default)}  {_range(param)}  {_(param.label)}. {_(param.help)}"
            )
        typer.echo()


def _traits(info: BackendInfo) -> list[str]:
    needs = info.needs
    traits = [_("runs on {devices}").format(devices=", ".join(sorted(needs.devices)))]
    if needs.guides:
        traits.append(_("follows {guides}").format(guides=", ".join(sorted(guide.value for guide in needs.guides))))
    if needs.model:
        traits.append(_("needs the model “{model}”").format(model=needs.model))
    if needs.max_pixels:
        traits.append(_("up to {count} pixels at full size").format(count=needs.max_pixels))
    return [] if info.missing else ["; ".join(traits)]


def _range(param: Param) -> str:
    if param.choices:
        return " | ".join(str(_plain(value)) for value, _label in param.choices)
    if param.low is None or param.high is None:
        return ""
    return f"{param.low:g} .. {param.high:g}{' ' + param.unit if param.unit else ''}"


def _as_dict(info: BackendInfo) -> dict[str, Any]:
    needs = info.needs
    return {
        "id": info.id,
        "name": _(info.name),
        "summary": _(info.summary),
        "missing": info.missing,
        "guides": sorted(guide.value for guide in needs.guides),
        "model": needs.model,
        "devices": sorted(needs.devices),
        "size": {"minimum": needs.size.minimum, "multiple": needs.size.multiple, "max_pixels": needs.max_pixels},
        "context": {"minimum": needs.context.minimum, "share": needs.context.share},
        "seeded": needs.seeded,
        "interruptible": needs.interruptible,
        "params": [_param(param) for param in describe(info.Params)],
    }


def _param(param: Param) -> dict[str, Any]:
    return {
        "name": param.name,
        "kind": param.kind,
        "default": _plain(param.default),
        "low": param.low,
        "high": param.high,
        "step": param.step,
        "unit": param.unit,
        "choices": [_plain(value) for value, _label in param.choices],
        "label": _(param.label),
        "help": _(param.help),
    }


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value
