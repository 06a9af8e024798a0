"""The two themes: contrast of every text, and a change of theme while the window is open."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QAbstractButton, QApplication

from lacuna.ui import theme
from lacuna.ui.icons import icon
from lacuna.ui.main_window import MainWindow
from lacuna.ui.theme import DARK, LIGHT, Theme, ThemeKeeper
from tests.ui.support import grabbed, pixels_of, settle

TEXT, SIGN = 4.5, 3.0  # the least contrasts of the WCAG, level AA, for texts and for signs


def luminance(colour: str) -> float:
    """Relative luminance, as the WCAG define it."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in QColor(colour).getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=lambda t: t.name)
def test_every_text_can_be_read_on_every_ground(colours: Theme) -> None:
    grounds = (colours.window, colours.base, colours.raised)
    for text in (colours.text, colours.quiet, colours.danger, colours.warning, colours.good, colours.focus):
        for ground in grounds:
            assert contrast(text, ground) >= TEXT, (text, ground)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=lambda t: t.name)
def test_buttons_and_the_frame_of_the_focus_stand_out(colours: Theme) -> None:
    assert contrast(colours.accent_text, colours.accent) >= TEXT
    for ground in (colours.window, colours.base, colours.raised):
        assert contrast(colours.focus, ground) >= SIGN
        assert contrast(colours.quiet, ground) >= SIGN  # frames of boxes and knobs


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=lambda t: t.name)
def test_the_surround_of_a_picture_is_a_neutral_grey(colours: Theme) -> None:
    red, green, blue, _alpha = QColor(colours.surround).getRgb()
    assert red == green == blue


@pytest.fixture
def keeper(app: QApplication) -> Iterator[ThemeKeeper]:
    before, sheet = app.palette(), app.styleSheet()
    yield ThemeKeeper(app, "light")
    app.setPalette(before)
    app.setStyleSheet(sheet)


def brightness(name: str) -> float:
    """Of the lines of an icon as it is painted now."""
    image = icon(name).pixmap(QSize(48, 48)).toImage()
    alpha = image.convertToFormat(image.Format.Format_Alpha8)
    shown = np.frombuffer(alpha.constBits(), np.uint8).reshape(alpha.height(), alpha.bytesPerLine())[:, : alpha.width()]
    return float(pixels_of(image)[shown > 200].mean())


def test_the_theme_changes_live_with_palette_and_icons(window: MainWindow, keeper: ThemeKeeper) -> None:
    assert theme.current() is LIGHT
    assert brightness("brush") < 80
    light = window.palette().color(QPalette.ColorRole.Window)
    keeper.choose("dark")
    settle()
    assert theme.current() is DARK
    assert brightness("brush") > 180
    assert window.palette().color(QPalette.ColorRole.Window) != light
    keeper.choose("light")
    settle()
    assert window.palette().color(QPalette.ColorRole.Window) == light


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=lambda colours: colours.name)
def test_the_buttons_of_a_dock_are_drawn_in_the_colour_of_text(
    window: MainWindow, keeper: ThemeKeeper, colours: Theme
) -> None:
    keeper.choose(colours.name)
    settle()
    for floating in (False, True, False):
        window.docks["history"].setFloating(floating)
        settle()
        for name in ("qt_dockwidget_floatbutton", "qt_dockwidget_closebutton"):
            button = window.docks["history"].findChild(QAbstractButton, name)
            shades = {QColor(*pixel).name() for pixel in grabbed(button).reshape(-1, 3).tolist()}
            assert max(contrast(shade, colours.window) for shade in shades) > TEXT, (name, floating)


def test_following_the_system_gives_one_of_the_two(keeper: ThemeKeeper) -> None:
    keeper.choose("system")
    assert theme.current() in (LIGHT, DARK)


def test_an_icon_for_which_there_is_no_room_is_nothing(app: QApplication) -> None:
    assert icon("undo").pixmap(QSize(0, 0)).isNull()
