"""Preferences as a described dataclass kept as JSON; a bad value falls back to its default and is reported."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from lacuna import paths
from lacuna.contract import default
from lacuna.contract.params import choice, describe, integer, number, switch, to_dict, validate
from lacuna.errors import CannotSave, InvalidParameter
from lacuna.i18n import N_, _

FILE = "settings.json"


@dataclass(frozen=True)
class Preferences:
    """What a person may set once and for all; shown by the preferences dialog through the same forms as params."""

    language: str = choice(
        "",
        (("", N_("As the system")), ("en", "English"), ("zh_CN", "简体中文")),
        label=N_("Language"),
        help=N_("Takes effect at the next start."),
    )
    theme: str = choice(
        "system", (("system", N_("As the system")), ("light", N_("Light")), ("dark", N_("Dark"))), label=N_("Theme")
    )
    fill_after_stroke: bool = switch(False, label=N_("Fill after each stroke"))
    grow: float = number(
        0.1,
        0.0,
        5.0,
        unit="%",
        label=N_("Grow the mask"),
        step=0.05,
        help=N_(
            "Share of the long side by which a mask is widened before it is filled, at least 1 px; 0 turns it off."
        ),
    )
    feather: float = number(0.0, 0.0, 50.0, unit="px", label=N_("Feather"), step=0.5)
    composite: str = (
        choice(  # the words of `contract.fill.Composite`, which needs numpy: the window does not wait for it
            "auto",
            (
                ("auto", N_("Automatic")),
                ("plain", N_("Plain")),
                ("feather", N_("Feather")),
                ("poisson", N_("Poisson")),
                ("screened", N_("Screened Poisson")),
            ),
            label=N_("Seam"),
            help=N_(
                "How a fill is joined to what lies around it. Automatic: as is best for the method. Plain: as it is. "
                "Feather: shifted near the seam, so that it meets what lies around. Poisson: shifted all over, its own "
                "details kept. Screened: the same with the shading around the hole, and its own colours far inside."
            ),
        )
    )
    grain: bool = switch(
        True,
        label=N_("Match the grain"),
        help=N_("Fills of methods that make smooth ones get the noise of the picture around them."),
    )
    fill_alpha: bool = switch(
        False,
        label=N_("Fill the transparency too"),
        help=N_("Where a picture has transparency; else it stays as it is."),
    )
    grow_by: float = number(1.0, 0.5, 200.0, unit="px", label=N_("Grow by"), step=0.5)
    shrink_by: float = number(1.0, 0.5, 200.0, unit="px", label=N_("Shrink by"), step=0.5)
    feather_by: float = number(2.0, 0.5, 200.0, unit="px", label=N_("Feather by"), step=0.5)
    overlay_opacity: float = number(0.5, 0.1, 0.9, label=N_("Mask opacity"), step=0.1)
    overlay_colour: str = choice(
        "auto",
        (
            ("auto", N_("Contrast with the picture")),
            ("#ff3b30", N_("Red")),
            ("#34c759", N_("Green")),
            ("#0a84ff", N_("Blue")),
            ("#ff2d9b", N_("Magenta")),
        ),
        label=N_("Mask colour"),
    )
    show_origin: bool = switch(False, label=N_("Show where a filled pixel came from"))
    show_edges: bool = switch(
        False,
        label=N_("Show predicted edges"),
        help=N_("Over the last fill, where its method predicts edges before it paints, as EdgeConnect does."),
    )
    contour_ground: str = choice(
        "dimmed", (("dimmed", N_("Dimmed picture")), ("plain", N_("Dark ground"))), label=N_("Below contours")
    )
    brush_on_screen: bool = switch(False, label=N_("Brush size in screen pixels"))
    pen_pressure: bool = switch(True, label=N_("Pen pressure sets the size"))
    history_megabytes: int = integer(256, 64, 8192, step=64, unit="MB", label=N_("Memory for undo"))
    megapixel_limit: int = integer(
        500,
        50,
        4000,
        step=50,
        unit="MP",
        label=N_("Largest picture"),
        help=N_("Larger pictures are refused before they are decoded."),
    )
    save_without_asking: bool = switch(False, label=N_("Save changed pictures without asking"))


@dataclass
class Settings:
    """Preferences, and what the program remembers by itself."""

    preferences: Preferences = field(default_factory=Preferences)
    backend: str = default.WINDOW_BACKEND
    params: dict[str, dict[str, Any]] = field(default_factory=dict)  # last params of each backend
    tool: str = "brush"
    tool_options: dict[str, dict[str, Any]] = field(default_factory=dict)
    shortcuts: dict[str, list[str]] = field(default_factory=dict)  # action id -> key sequences, where rebound
    recent: list[str] = field(default_factory=list)
    last_folder: str = ""
    layout: str = ""  # the window's geometry and docks, base64
    paces: dict[str, float] = field(default_factory=dict)  # backend -> how many times as long as it says it takes here
    problems: tuple[str, ...] = ()  # sentences about what could not be read, for a message; never saved
    path: Path | None = None  # where it was loaded from and is saved to; never saved

    @classmethod
    def load(cls, path: Path | None = None) -> Settings:
        """What the file says; where it says nothing or nonsense, the default, and a sentence in `problems`.

        A file that cannot be understood at all is set aside under another name, so that saving does not destroy it.
        """
        path = path or paths.config_folder() / FILE
        settings = cls(path=path)
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(told, dict):
                raise ValueError("not an object")
        except FileNotFoundError:
            return settings
        except OSError as error:
            sentence = _("The settings in “{path}” cannot be read: {reason}.")
            settings.problems = (sentence.format(path=path, reason=error.strerror or error),)
            return settings
        except ValueError:  # no JSON, no UTF-8, or no object
            settings.problems = (_set_aside(path),)
            return settings
        problems: list[str] = []
        for name, fits in _SHAPES.items():
            if name in told:
                if fits(told[name]):
                    setattr(settings, name, told[name])
                else:
                    problems.append(_("The setting “{name}” was not understood and is as new.").format(name=name))
        settings.preferences = _preferences(told.get("preferences", {}), problems)
        settings.problems = tuple(problems)
        return settings

    def save(self) -> None:
        """Write the file whole or not at all; well under a millisecond. Raises CannotSave."""
        path = self.path or paths.config_folder() / FILE
        told = {f.name: getattr(self, f.name) for f in fields(self) if f.name in _SHAPES}
        text = json.dumps({"preferences": to_dict(self.preferences), **told}, indent=1, ensure_ascii=False)
        scratch = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=".settings-")
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(scratch, path)
        except OSError as error:
            if scratch is not None:
                with contextlib.suppress(OSError):
                    os.unlink(scratch)
            raise CannotSave(
                _("The settings cannot be saved in “{path}”: {reason}.").format(
                    path=path, reason=error.strerror or error
                ),
                hint=_("They hold until you leave the program."),
                cause=error,
            ) from error


def _preferences(told: object, problems: list[str]) -> Preferences:
    """Each value that is within its range; the default for the others, and a sentence about each."""
    if not isinstance(told, dict):
        problems.append(_("The preferences were not understood and are as new."))
        return Preferences()
    good: dict[str, Any] = {}
    for param in describe(Preferences):
        if param.name in told:
            try:
                validate(Preferences, {param.name: told[param.name]})
            except InvalidParameter as error:
                problems.append(error.sentence)
            else:
                good[param.name] = told[param.name]
    return validate(Preferences, good)


def _set_aside(path: Path) -> str:
    """Rename a file that makes no sense; what to tell about it."""
    aside = path.with_name(f"{path.stem}-damaged{path.suffix}")
    count = 1
    while aside.exists():
        count += 1
        aside = path.with_name(f"{path.stem}-damaged-{count}{path.suffix}")
    try:
        os.replace(path, aside)
    except OSError as error:
        sentence = _("The settings in “{path}” are damaged and cannot be set aside: {reason}.")
        return sentence.format(path=path, reason=error.strerror or error)
    return _("The settings were damaged and are as new; the old ones lie in “{path}”.").format(path=aside)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def _table(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, dict) and all(fits(v) for v in value.values())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


# What the file may hold beside the preferences, and how a value is known to be sound.
_SHAPES: dict[str, Callable[[object], bool]] = {
    "backend": _is_text,
    "params": _table(lambda value: isinstance(value, dict)),
    "tool": _is_text,
    "tool_options": _table(lambda value: isinstance(value, dict)),
    "shortcuts": _table(_is_list),
    "recent": _is_list,
    "last_folder": _is_text,
    "layout": _is_text,
    "paces": _table(_is_number),
}
