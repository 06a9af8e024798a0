"""Settings that describe themselves: fields of a frozen dataclass, from which forms and command lines are made.

@dataclass(frozen=True)
class TeleaParams:
    radius: int = integer(3, 1, 20, unit="px", label=N_("Radius"))
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from lacuna.errors import InvalidParameter
from lacuna.i18n import N_, _

T = TypeVar("T")

LAST_SEED = 2**31 - 1
COLOUR = "#[0-9a-f]{6}"


@dataclass(frozen=True)
class Suggestion:
    """A value that a text can have now: `label` and what is to be said `about` it are in the person's language."""

    value: str
    label: str
    about: str = ""


@dataclass(frozen=True)
class Param:
    """One setting: its `name` in code and on the command line, `label` and `help` for people (untranslated).

    `kind` is "number", "integer", "choice", "switch", "seed", "text" or "colour" ("#rrggbb"). `choices` are (value,
    label) pairs; a choice's value is a str or an Enum member. `low`, `high` and `step` are in `unit`. `suggested` gives
    what a text can be now, where that is known, and is asked anew whenever it is to be chosen from; `nothing`
    (untranslated) says why there is nothing.
    """

    name: str
    kind: str
    default: Any
    label: str
    help: str = ""
    low: float | None = None
    high: float | None = None
    step: float | None = None
    unit: str = ""
    choices: tuple[tuple[Any, str], ...] = ()
    suggested: Callable[[], tuple[Suggestion, ...]] | None = None
    nothing: str = ""


def number(
    default: float, low: float, high: float, *, label: str, step: float = 0.1, unit: str = "", help: str = ""
) -> Any:
    """A float within `low` to `high`, both allowed."""
    return _field("number", default, label, help, low=low, high=high, step=step, unit=unit)


def integer(default: int, low: int, high: int, *, label: str, step: int = 1, unit: str = "", help: str = "") -> Any:
    """A whole number within `low` to `high`, both allowed, in steps of `step` from `low`."""
    return _field("integer", default, label, help, low=low, high=high, step=step, unit=unit)


def choice(default: Any, choices: tuple[tuple[Any, str], ...], *, label: str, help: str = "") -> Any:
    """One of `choices`, pairs of value and label."""
    return _field("choice", default, label, help, choices=choices)


def switch(default: bool, *, label: str, help: str = "") -> Any:
    """On or off."""
    return _field("switch", default, label, help)


def seed(*, label: str = N_("Seed"), help: str = "") -> Any:
    """The start of a random sequence: the same seed gives the same pixels."""
    return _field("seed", 0, label, help, low=0, high=LAST_SEED, step=1)


def text(
    default: str,
    *,
    label: str,
    help: str = "",
    suggested: Callable[[], tuple[Suggestion, ...]] | None = None,
    nothing: str = "",
) -> Any:
    """Free text; a form lets people choose among what is `suggested` instead, the default included."""
    return _field("text", default, label, help, suggested=suggested, nothing=nothing)


def colour(default: str, *, label: str, help: str = "") -> Any:
    """A colour as "#rrggbb", sRGB."""
    return _field("colour", default, label, help)


def _field(kind: str, default: Any, label: str, help: str, **rest: Any) -> Any:
    param = Param("", kind, default, label, help, **rest)
    return field(default=default, metadata={"param": param})


def describe(params: type) -> tuple[Param, ...]:
    """The settings of a params class, in their order."""
    return tuple(
        dataclasses.replace(f.metadata["param"], name=f.name)
        for f in dataclasses.fields(params)
        if "param" in f.metadata
    )


def validate(params: type[T], values: Mapping[str, Any]) -> T:
    """An instance of `params` from `values` (words or values), each checked against its range.

    Raises InvalidParameter, naming the setting, for an unknown name, a word that is not a value, or one out of range.
    """
    known = {p.name: p for p in describe(params)}
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            names = ", ".join(known) or _("none")
            raise InvalidParameter(
                _("There is no setting “{name}”.").format(name=name),
                hint=_("The settings are: {names}.").format(names=names),
            )
        found[name] = checked(known[name], value)
    return params(**found)


def to_dict(params: Any) -> dict[str, Any]:
    """The values of a params object, ready for JSON."""
    values = {p.name: getattr(params, p.name) for p in describe(type(params))}
    return {k: v.value if isinstance(v, Enum) else v for k, v in values.items()}


def checked(param: Param, value: Any) -> Any:
    """A word or value as `param` takes it. Raises InvalidParameter, naming the setting."""
    if param.kind == "switch":
        return _switch(param, value)
    if param.kind == "choice":
        for candidate, _label in param.choices:
            if value == candidate or (isinstance(candidate, Enum) and value == candidate.value):
                return candidate
        words = ", ".join(str(c.value if isinstance(c, Enum) else c) for c, _label in param.choices)
        raise _wrong(param, value, _("Choose one of: {words}.").format(words=words))
    if param.kind == "text":
        return str(value)
    if param.kind == "colour":
        if not re.fullmatch(COLOUR, str(value).lower()):
            raise _wrong(param, value, _("It takes a colour as #rrggbb."))
        return str(value).lower()
    try:
        parsed = float(value)
        whole = int(parsed) if param.kind in ("integer", "seed") else None
    except (TypeError, ValueError, OverflowError) as error:
        raise _wrong(param, value, _("It takes a number.")) from error
    if whole is not None and whole != parsed:
        raise _wrong(param, value, _("It takes a whole number."))
    if param.low is None or param.high is None or not param.low <= parsed <= param.high:
        raise _wrong(param, value, _("It goes from {low} to {high}.").format(low=param.low, high=param.high))
    if param.kind == "integer" and param.step and param.step > 1 and (parsed - param.low) % param.step:
        raise _wrong(param, value, _("It goes from {low} in steps of {step}.").format(low=param.low, step=param.step))
    return parsed if whole is None else whole


def _switch(param: Param, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    raise _wrong(param, value, _("It takes on or off."))


def _wrong(param: Param, value: Any, hint: str) -> InvalidParameter:
    return InvalidParameter(
        _("“{value}” does not fit the setting “{name}”.").format(value=value, name=param.name), hint=hint
    )
