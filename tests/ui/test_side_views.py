"""The magnified view and the overview beside the canvas."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QAccessible, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from lacuna.imaging.region import Region
from lacuna.ui.canvas.canvas import Canvas
from lacuna.ui.panels.navigator_panel import NavigatorPanel
from lacuna.ui.panels.zoom_panel import ZoomPanel
from tests.ui.canvases import AWAY, document_of, opened_canvas, put_mask
from tests.ui.support import NO_BUTTON, NO_KEY, drag, grabbed, move, press, release, settle, shown, wait_until, wheel


@pytest.fixture
def canvas(app: object) -> Iterator[Canvas]:
    with opened_canvas() as made:
        yield made


@pytest.fixture
def zoom_panel(canvas: Canvas) -> ZoomPanel:
    return shown(ZoomPanel(canvas), 320, 300)


@pytest.fixture
def navigator(canvas: Canvas) -> NavigatorPanel:
    return shown(NavigatorPanel(canvas), 320, 300)


def centre(panel: ZoomPanel) -> tuple[float, float]:
    view = panel.view.viewport
    return view.to_image(view.width / 2, view.height / 2)


# --- magnified view --------------------------------------------------------------------------------------------------
def test_the_magnified_view_follows_the_pointer(canvas: Canvas, zoom_panel: ZoomPanel) -> None:
    for x, y in ((200, 150), (400, 300)):
        move(canvas, x, y)
        place = canvas.viewport.to_image(x, y)
        wait_until(lambda place=place: centre(zoom_panel) == pytest.approx(place, abs=0.5))


def test_a_move_of_the_pointer_does_not_wait_for_the_view_beside_the_canvas(
    canvas: Canvas, zoom_panel: ZoomPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has to paint is painted before the next event is heard, so never with what that event changes."""
    order: list[str] = []
    view, catch_up = zoom_panel.view, zoom_panel.view.catch_up

    def move_soon() -> None:
        catch_up()
        at = QPointF(210, 160)
        event = QMouseEvent(QEvent.Type.MouseMove, at, canvas.mapToGlobal(at), NO_BUTTON, NO_BUTTON, NO_KEY)
        QApplication.postEvent(canvas, event, Qt.EventPriority.HighEventPriority.value)
        canvas.cursor_moved.connect(lambda _x, _y: order.append("moved"))
        monkeypatch.setattr(view, "catch_up", catch_up)

    monkeypatch.setattr(view, "catch_up", move_soon)
    move(canvas, 200, 150)
    settle()
    view.painted.connect(lambda _region: order.append("beside"))
    canvas.painted.connect(lambda _region: order.append("canvas"))
    wait_until(lambda: "canvas" in order)
    assert order[:3] == ["beside", "moved", "canvas"]


def test_it_shows_the_pixels_of_that_place(canvas: Canvas, zoom_panel: ZoomPanel) -> None:
    move(canvas, 320, 210)
    wait_until(lambda: centre(zoom_panel) == pytest.approx(canvas.viewport.to_image(320, 210), abs=0.5))
    zoom_panel.pin.click()
    move(canvas, *AWAY)
    view, shot = zoom_panel.view.viewport, grabbed(zoom_panel.view)
    for x, y in ((10, 10), (100, 60)):
        column, row = (int(v) for v in view.to_image(x + 0.5, y + 0.5))
        assert tuple(shot[y, x]) == tuple(document_of(canvas).photo.pixels[row, column])


def test_a_pinned_view_stays_and_follows_again_when_it_is_let_go(canvas: Canvas, zoom_panel: ZoomPanel) -> None:
    move(canvas, 200, 150)
    wait_until(lambda: centre(zoom_panel) == pytest.approx(canvas.viewport.to_image(200, 150), abs=0.5))
    pinned = centre(zoom_panel)
    zoom_panel.pin.click()
    move(canvas, 400, 300)
    QTest.qWait(80)
    assert centre(zoom_panel) == pinned
    zoom_panel.pin.click()
    move(canvas, 410, 300)
    wait_until(lambda: centre(zoom_panel) == pytest.approx(canvas.viewport.to_image(410, 300), abs=0.5))


def test_dragging_the_view_pins_it_where_it_is_dragged_to(zoom_panel: ZoomPanel) -> None:
    before = centre(zoom_panel)
    drag(zoom_panel.view, (100, 100), (140, 80))
    assert zoom_panel.pin.isChecked()
    assert centre(zoom_panel) == pytest.approx((before[0] - 10, before[1] + 5), abs=0.5)


def test_zoom_is_chosen_from_the_list_or_by_the_wheel(zoom_panel: ZoomPanel) -> None:
    wheel(zoom_panel.view, 50, 50, notches=2)
    assert zoom_panel.view.viewport.zoom == 8.0
    assert zoom_panel.zoom.currentText() == "800 %"
    zoom_panel.zoom.setCurrentIndex(0)
    assert zoom_panel.view.viewport.zoom == 1.0


def test_a_stroke_shows_in_the_magnified_view(canvas: Canvas, zoom_panel: ZoomPanel) -> None:
    move(canvas, 320, 210)
    wait_until(lambda: centre(zoom_panel) == pytest.approx(canvas.viewport.to_image(320, 210), abs=0.5))
    zoom_panel.pin.click()
    move(canvas, *AWAY)
    before = grabbed(zoom_panel.view)
    painted = []
    zoom_panel.view.painted.connect(painted.append)
    x, y = (int(v) for v in centre(zoom_panel))
    put_mask(canvas, Region(y, x, y + 10, x + 10))
    wait_until(lambda: painted)
    assert not np.array_equal(grabbed(zoom_panel.view), before)
    canvas.show_mask = False
    assert np.array_equal(grabbed(zoom_panel.view), before)


def test_both_views_have_names_for_screen_readers(zoom_panel: ZoomPanel, navigator: NavigatorPanel) -> None:
    for widget in (zoom_panel.view, zoom_panel.zoom, zoom_panel.pin, navigator.view):
        assert QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)


# --- overview --------------------------------------------------------------------------------------------------------
def test_the_overview_shows_the_whole_picture_and_what_is_seen_of_it(canvas: Canvas, navigator: NavigatorPanel) -> None:
    whole = grabbed(navigator.view).astype(int)
    canvas.navigation.zoom_to(4.0)
    part = grabbed(navigator.view).astype(int)
    view = navigator.view.viewport
    assert view.fitted
    assert (part[view.y + 3, view.x + 3] < whole[view.y + 3, view.x + 3]).all()  # what is not seen is darker
    middle = (view.height // 2, view.width // 2)
    assert (part[middle] == whole[middle]).all()


def test_pressing_and_dragging_move_the_canvas(canvas: Canvas, navigator: NavigatorPanel) -> None:
    canvas.navigation.zoom_to(4.0)
    view = navigator.view.viewport
    press(navigator.view, 100, 100)
    for x, y in ((100, 100), (150, 130)):
        move(navigator.view, x, y, held=Qt.MouseButton.LeftButton)
        middle = canvas.viewport.to_image(canvas.viewport.width / 2, canvas.viewport.height / 2)
        assert middle == pytest.approx(view.to_image(x, y), abs=0.2)
    release(navigator.view, 150, 130)
    assert canvas.viewport.zoom == 4.0


def test_the_overview_works_by_keyboard(canvas: Canvas, navigator: NavigatorPanel) -> None:
    canvas.navigation.zoom_to(4.0)
    x, y = canvas.viewport.x, canvas.viewport.y
    navigator.view.setFocus()
    QTest.keyClick(navigator.view, Qt.Key.Key_Right)
    QTest.keyClick(navigator.view, Qt.Key.Key_Down)
    assert canvas.viewport.x < x
    assert canvas.viewport.y < y
    QTest.keyClick(navigator.view, Qt.Key.Key_Plus)
    assert canvas.viewport.zoom > 4.0
    QTest.keyClick(navigator.view, Qt.Key.Key_Minus)
    assert canvas.viewport.zoom == 4.0


def test_the_overview_follows_the_canvas(canvas: Canvas, navigator: NavigatorPanel) -> None:
    painted = []
    navigator.view.painted.connect(painted.append)
    canvas.navigation.zoom_to(4.0)
    wait_until(lambda: painted)


def test_views_without_a_picture_are_empty_and_hear_no_harm(
    canvas: Canvas, zoom_panel: ZoomPanel, navigator: NavigatorPanel
) -> None:
    canvas.editor.close()
    for view in (zoom_panel.view, navigator.view):
        shot = grabbed(view)
        assert (shot == shot[0, 0]).all()
        drag(view, (20, 20), (60, 50))
        wheel(view, 20, 20, notches=1)
