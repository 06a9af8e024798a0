"""Tries of a fill in the window: side by side below the picture, chosen by key and by pointer."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSlider, QToolButton

from lacuna.ui.main_window import MainWindow
from lacuna.ui.panels.offer_strip import OfferStrip
from tests.editor.scripted import Script
from tests.ui.support import LEFT, grabbed, settle, wait_until
from tests.ui.windows import fill, key, open_photo, paint


@pytest.fixture
def window(script: Script, window: MainWindow) -> MainWindow:
    """The window, with the scripted backend installed: one that takes no time and heeds its seed."""
    return window


def offered(window: MainWindow, tries: int = 1, methods: tuple[str, str] = ("telea", "scripted")) -> OfferStrip:
    """A stroke was filled and tried again; what was tried lies side by side."""
    open_photo(window)
    window.editor.use_backend(methods[0])
    paint(window, (0.45, 0.5), (0.5, 0.55), (0.55, 0.5))
    fill(window)
    window.editor.use_backend(methods[1])
    for count in range(tries):
        key(window.canvas, "R")
        wait_until(lambda: window.editor.offer is not None and not window.editor.jobs, 120)
        settle()
        assert len(window.editor.offer.results) == count + 2
    return window.offer_strip


def shown(strip: OfferStrip) -> list[QToolButton]:
    return [button for button in strip.results if button.isVisible()]


def test_results_of_two_methods_lie_side_by_side_and_the_keys_choose_and_accept(window: MainWindow) -> None:
    strip = offered(window)
    document = window.editor.document
    first = document.photo.pixels.copy()
    assert strip.isVisible()
    assert [button.isChecked() for button in shown(strip)] == [False, True]
    assert "Telea" in shown(strip)[0].accessibleName()
    assert "Scripted" in shown(strip)[1].accessibleName()
    second_seen = grabbed(window.canvas)
    key(window.canvas, "Left")
    assert window.editor.offer.chosen == 0
    assert [button.isChecked() for button in shown(strip)] == [True, False]
    first_seen = grabbed(window.canvas)
    assert not np.array_equal(first_seen, second_seen)
    key(window.canvas, "Right")
    assert np.array_equal(grabbed(window.canvas), second_seen)
    assert np.array_equal(document.photo.pixels, first)
    key(window.canvas, "Return")
    assert not strip.isVisible()
    assert np.array_equal(grabbed(window.canvas), second_seen), "what was accepted is not what was shown"
    assert document.steps()[-1].backend == "scripted"
    key(window.canvas, "Left")  # nothing is offered any more: the view moves
    assert not np.array_equal(grabbed(window.canvas), second_seen)


def test_left_and_right_choose_a_result_wherever_the_keyboard_is_but_in_a_field_being_typed_into(
    window: MainWindow,
) -> None:
    offered(window, methods=("scripted", "telea"))
    panel, settings = window.fill_panel, window.editor.params
    slider = next(slider for slider in panel.findChildren(QSlider) if slider.isVisible())
    for part in (panel.backends, slider, window.navigator.view, window.history_panel.list, panel.button):
        part.setFocus()
        QTest.keyClick(part, Qt.Key.Key_Left)
        settle()
        assert window.editor.offer.chosen == 0
        QTest.keyClick(part, Qt.Key.Key_Right)
        settle()
        assert window.editor.offer.chosen == 1
    assert (window.editor.backend, window.editor.params) == ("telea", settings)
    box = window.status.zoom.lineEdit()
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Left)
    assert window.editor.offer.chosen == 1
    window.editor.drop()
    settle()
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert window.editor.params != settings


def test_the_status_line_tells_the_colour_of_the_result_in_view(window: MainWindow) -> None:
    offered(window)
    offer = window.editor.offer
    ((region, pixels),) = offer.results[1].pieces
    photo = window.editor.document.photo.pixels
    y, x = np.argwhere((pixels != photo[region.slices]).any(axis=2))[0]
    window.canvas.cursor_moved.emit(region.x0 + x + 0.5, region.y0 + y + 0.5)

    def shown() -> list[str]:
        return window.status.colour.text().split()

    wait_until(lambda: shown() == [str(v) for v in pixels[y, x]])
    key(window.canvas, "Left")
    wait_until(lambda: shown() == [str(v) for v in photo[region.y0 + y, region.x0 + x]])


def test_escape_and_the_cross_keep_the_first_fill(window: MainWindow) -> None:
    strip = offered(window)
    first = window.editor.document.photo.pixels.copy()
    key(window.canvas, "Esc")
    assert not strip.isVisible()
    assert np.array_equal(window.editor.document.photo.pixels, first)
    key(window.canvas, "R")
    wait_until(lambda: window.editor.offer is not None and not window.editor.jobs, 20)
    settle()
    QTest.mouseClick(strip.cross, LEFT)
    assert window.editor.offer is None
    assert np.array_equal(window.editor.document.photo.pixels, first)


def test_a_click_on_a_result_shows_it_and_the_button_accepts_it(window: MainWindow) -> None:
    strip = offered(window, tries=2)
    assert len(shown(strip)) == 3
    QTest.mouseClick(shown(strip)[1], LEFT)
    settle()
    assert window.editor.offer.chosen == 1
    seed = window.editor.offer.shown.seed
    assert window.canvas.hasFocus()
    QTest.mouseClick(strip.accept, LEFT)
    settle()
    assert window.editor.offer is None
    assert window.editor.document.steps()[-1].seed == seed


def test_the_strip_stays_within_the_picture_and_says_how_it_is_used(window: MainWindow) -> None:
    strip = offered(window, tries=2)
    assert "2" not in strip.results[0].text()  # Telea has no seed
    assert "Esc" in window.status.hint.text()
    for width in (1280, 820):
        window.resize(width, 640)
        settle()
        assert window.stage.rect().contains(strip.geometry())
    for theme_picture in shown(strip):
        assert not theme_picture.icon().isNull()


def test_the_original_is_compared_with_the_result_that_is_shown(window: MainWindow) -> None:
    offered(window)
    second = grabbed(window.canvas)
    window.canvas.hold_original(True)
    wait_until(lambda: window.canvas.scene.original is not None)
    settle()
    original = grabbed(window.canvas)
    assert not np.array_equal(original, second)
    window.canvas.hold_original(False)
    settle()
    assert np.array_equal(grabbed(window.canvas), second)
