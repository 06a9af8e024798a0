"""Preferences as a described dataclass kept as JSON; a bad value falls back to its default and is reported."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lacuna.contract.params import choice, integer, number, switch
from lacuna.i18n import N_


@dataclass(frozen=True)
class Preferences:
    """What a person may set once and for all; shown by the preferences dialog through the same forms as params."""

    language: str = choice(
        "", (("", N_("As the system")), ("en", "English"), ("zh_CN", "简体中文")), label=N_("Language"),
        help=N_("Takes effect at the next start."),
    )
    theme: str = choice(
        "system", (("system", N_("As the system")), ("light", N_("Light")), ("dark", N_("Dark"))), label=N_("Theme")
    )
    fill_after_stroke: bool = switch(False, label=N_("Fill after each stroke"))
    grow: float = number(
        0.1, 0.0, 5.0, unit="%", label=N_("Grow the mask"), step=0.05,
        help=N_("Share of the long side by which a mask is widened before it is filled, at least 1 px; 0 turns it off."),
    )
    feather: float = number(0.0, 0.0, 50.0, unit="px", label=N_("Feather"), step=0.5)
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
    brush_on_screen: bool = switch(False, label=N_("Brush size in screen pixels"))
    pen_pressure: bool = switch(True, label=N_("Pen pressure sets the size"))
    history_megabytes: int = integer(256, 64, 8192, step=64, unit="MB", label=N_("Memory for undo"))
    megapixel_limit: int = integer(
        500, 50, 4000, step=50, unit="MP", label=N_("Largest picture"),
        help=N_("Larger pictures are refused before they are decoded."),
    )
    save_without_asking: bool = switch(False, label=N_("Save changed pictures without asking"))


@dataclass
class Settings:
    """Preferences, and what the program remembers by itself."""

    preferences: Preferences = field(default_factory=Preferences)
    backend: str = "telea"
    params: dict[str, dict[str, Any]] = field(default_factory=dict)  # last params of each backend
    tool: str = "brush"
    tool_options: dict[str, dict[str, Any]] = field(default_factory=dict)
    shortcuts: dict[str, list[str]] = field(default_factory=dict)  # action id -> key sequences, where rebound
    recent: list[str] = field(default_factory=list)
    last_folder: str = ""
    layout: str = ""  # the window's geometry and docks, base64
    speeds: dict[str, float] = field(default_factory=dict)  # backend -> measured seconds a megapixel of hole
    problems: tuple[str, ...] = ()  # what could not be read, for a message; never saved
