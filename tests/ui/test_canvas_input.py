"""What the hand does on the canvas, and what the editor and the view make of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QNativeGestureEvent, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from lacuna.ui.canvas.canvas import Canvas
from tests.ui.canvases import AWAY, document_of, opened_canvas
from tests.ui.support import LEFT, MIDDLE, RIGHT, drag, mouse, move, press, release, settle, shown, wheel

ALT = Qt.KeyboardModifier.AltModifier
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def canvas(app: object) -> Iterator[Canvas]:
    with opened_canvas() as made:
        made.editor.set_option("size", 20)
        made.setFocus()
        yield made


def painted(canvas: Canvas) -> int:
    return int((document_of(canvas).mask.pixels > 0).sum())


def place(canvas: Canvas) -> tuple[int, int, float]:
    return canvas.viewport.x, canvas.viewport.y, canvas.viewport.zoom


# --- wheel and touchpad ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("keys", [Qt.KeyboardModifier.NoModifier, CTRL])
def test_the_wheel_zooms_at_the_cursor(canvas: Canvas, keys: Qt.KeyboardModifier) -> None:
    canvas.navigation.zoom_to(1.0)
    before = canvas.viewport.to_image(200, 150)
    wheel(canvas, 200, 150, notches=4, modifiers=keys)
    assert canvas.viewport.zoom == 2.0
    assert canvas.viewport.to_image(200, 150) == pytest.approx(before, abs=0.5)
    wheel(canvas, 200, 150, notches=-8, modifiers=keys)
    assert canvas.viewport.zoom == 0.5


def touchpad() -> QPointingDevice:
    return QPointingDevice(
        "touchpad", 7, QInputDevice.DeviceType.TouchPad, QPointingDevice.PointerType.Finger,
        QInputDevice.Capability.Position | QInputDevice.Capability.Scroll, 5, 0,
    )  # fmt: skip


def test_two_fingers_pan(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(2.0)
    x, y, zoom = place(canvas)
    wheel(canvas, 200, 150, pixels=(12, -30), device=touchpad())
    assert place(canvas) == (x + 12, y - 30, zoom)


def test_two_fingers_pan_even_if_the_device_calls_itself_a_mouse(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(2.0)
    x, y, zoom = place(canvas)
    wheel(canvas, 200, 150, pixels=(-5, 9), phase=Qt.ScrollPhase.ScrollUpdate)
    assert place(canvas) == (x - 5, y + 9, zoom)


def test_two_fingers_with_ctrl_zoom(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(1.0)
    wheel(canvas, 200, 150, pixels=(0, 30), modifiers=CTRL, device=touchpad())
    assert canvas.viewport.zoom > 1.0


def test_a_pinch_zooms_at_its_place(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(1.0)
    before = canvas.viewport.to_image(400, 100)
    for _ in range(5):
        at = QPointF(400, 100)
        event = QNativeGestureEvent(
            Qt.NativeGestureType.ZoomNativeGesture, touchpad(), 2, at, at, canvas.mapToGlobal(at), 0.1, QPointF()
        )
        QApplication.sendEvent(canvas, event)
        assert event.isAccepted()
    assert canvas.viewport.zoom == pytest.approx(1.1**5)
    assert canvas.viewport.to_image(400, 100) == pytest.approx(before, abs=1.5)


def test_alt_and_the_wheel_size_the_brush_and_shift_hardens_it(canvas: Canvas) -> None:
    view = place(canvas)
    wheel(canvas, 200, 150, notches=1, modifiers=ALT)
    assert canvas.editor.options.size == 22
    wheel(canvas, 200, 150, notches=-2, modifiers=ALT)
    assert canvas.editor.options.size < 20
    wheel(canvas, 200, 150, notches=-3, modifiers=ALT | SHIFT)
    assert canvas.editor.options.hardness == 70
    assert place(canvas) == view


def test_a_wheel_turned_sideways_by_alt_sizes_the_brush_all_the_same(canvas: Canvas) -> None:
    from PySide6.QtGui import QWheelEvent

    at = QPointF(200, 150)
    event = QWheelEvent(
        at, canvas.mapToGlobal(at), QPoint(), QPoint(120, 0), Qt.MouseButton.NoButton, ALT,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas, event)
    assert canvas.editor.options.size == 22


# --- panning and zooming by drags ------------------------------------------------------------------------------------
def test_the_middle_button_pans(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(2.0)
    x, y, zoom = place(canvas)
    drag(canvas, (300, 200), (310, 230), (340, 190), button=MIDDLE)
    assert place(canvas) == (x + 40, y - 10, zoom)
    assert not painted(canvas)


def test_space_and_a_drag_pan(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(2.0)
    x, y, zoom = place(canvas)
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    assert canvas.cursor().shape() == Qt.CursorShape.OpenHandCursor
    press(canvas, 300, 200)
    assert canvas.cursor().shape() == Qt.CursorShape.ClosedHandCursor
    move(canvas, 320, 205, held=LEFT)
    release(canvas, 320, 205)
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert place(canvas) == (x + 20, y + 5, zoom)
    assert not painted(canvas)
    drag(canvas, (300, 200), (320, 205))
    assert painted(canvas)


def test_z_and_a_drag_zoom_around_where_it_began(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(1.0)
    before = canvas.viewport.to_image(300, 200)
    QTest.keyPress(canvas, Qt.Key.Key_Z)
    drag(canvas, (300, 200), (380, 200), (460, 200))
    QTest.keyRelease(canvas, Qt.Key.Key_Z)
    assert canvas.viewport.zoom == pytest.approx(2.0)
    assert canvas.viewport.to_image(300, 200) == pytest.approx(before, abs=0.6)


def test_the_hand_pans_and_a_double_click_fits(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(2.0)
    canvas.editor.use("hand")
    x, y, zoom = place(canvas)
    drag(canvas, (300, 200), (290, 220))
    assert place(canvas) == (x - 10, y + 20, zoom)
    mouse(canvas, QEvent.Type.MouseButtonDblClick, 300, 200, LEFT)
    release(canvas, 300, 200)
    assert canvas.viewport.fitted


def test_a_key_that_is_held_when_the_keyboard_goes_away_is_let_go(canvas: Canvas) -> None:
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    canvas.clearFocus()
    drag(canvas, (300, 200), (320, 205))
    assert painted(canvas)


def test_nudges_move_the_view_and_never_the_picture_out_of_it(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(1.0)
    x, y, _zoom = place(canvas)
    canvas.navigation.nudge(1, 0)
    canvas.navigation.nudge(0, -1)
    assert place(canvas) == (x - 42, y + 42, 1.0)
    for _ in range(100):
        canvas.navigation.nudge(1, 1)
    assert not canvas.viewport.visible.empty


def test_zoom_and_cursor_are_told(canvas: Canvas) -> None:
    zooms, places = [], []
    canvas.zoom_changed.connect(zooms.append)
    canvas.cursor_moved.connect(lambda x, y: places.append((x, y)))
    canvas.navigation.zoom_to(1.0)
    canvas.navigation.zoom_in()
    canvas.navigation.zoom_out()
    assert zooms == [1.0, 2**0.5, 1.0]
    move(canvas, 320, 210)
    assert places[-1] == canvas.viewport.to_image(320, 210)
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert places[-1] == (None, None)


# --- tools -----------------------------------------------------------------------------------------------------------
def test_the_right_button_and_alt_erase(canvas: Canvas) -> None:
    drag(canvas, (200, 200), (400, 200))
    whole = painted(canvas)
    drag(canvas, (200, 200), (260, 200), button=RIGHT)
    less = painted(canvas)
    assert 0 < less < whole
    drag(canvas, (340, 200), (400, 200), modifiers=ALT)
    assert 0 < painted(canvas) < less


def test_another_button_during_a_stroke_changes_nothing(canvas: Canvas) -> None:
    press(canvas, 200, 200)
    move(canvas, 250, 200, held=LEFT)
    mouse(canvas, QEvent.Type.MouseButtonPress, 250, 200, RIGHT, LEFT | RIGHT)
    mouse(canvas, QEvent.Type.MouseButtonRelease, 250, 200, RIGHT, LEFT)
    mouse(canvas, QEvent.Type.MouseButtonPress, 250, 200, MIDDLE, LEFT | MIDDLE)
    mouse(canvas, QEvent.Type.MouseButtonRelease, 250, 200, MIDDLE, LEFT)
    move(canvas, 300, 200, held=LEFT)
    release(canvas, 300, 200)
    assert document_of(canvas).history.labels == ["Brush stroke"]
    column, row = (int(v) for v in canvas.viewport.to_image(295, 200))
    assert document_of(canvas).mask.pixels[row, column]


def test_shift_draws_a_straight_line_from_the_last_stroke(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(1.0)
    drag(canvas, (200, 200))
    drag(canvas, (400, 200), modifiers=SHIFT)
    view = canvas.viewport
    row = document_of(canvas).mask.pixels[200 - view.y]
    assert row[200 - view.x : 400 - view.x].all()


def test_a_polygon_is_closed_by_a_double_click(canvas: Canvas) -> None:
    canvas.editor.use("polygon")
    for x, y in ((200, 100), (400, 100)):
        press(canvas, x, y)
        release(canvas, x, y)
        move(canvas, x + 40, y + 90)
    assert len(canvas.outline.path) >= 2
    press(canvas, 300, 300)
    release(canvas, 300, 300)
    mouse(canvas, QEvent.Type.MouseButtonDblClick, 300, 300, LEFT)
    release(canvas, 300, 300)
    assert canvas.editor.gesture is None
    assert painted(canvas) > 1000


def test_the_outline_is_gone_when_the_pointer_leaves(canvas: Canvas) -> None:
    move(canvas, 300, 200)
    assert canvas.outline.circles
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert not canvas.outline.circles


def test_the_cursor_gives_way_to_the_nib_and_is_a_cross_for_shapes(canvas: Canvas) -> None:
    move(canvas, 300, 200)
    assert canvas.cursor().shape() == Qt.CursorShape.BlankCursor
    canvas.editor.use("rectangle")
    assert canvas.cursor().shape() == Qt.CursorShape.CrossCursor
    canvas.editor.use("hand")
    assert canvas.cursor().shape() == Qt.CursorShape.OpenHandCursor


def test_the_nib_follows_a_change_of_its_size_without_a_move(canvas: Canvas) -> None:
    move(canvas, 300, 200)
    before = canvas.outline.circles[0][2]
    canvas.editor.set_option("size", 80)
    assert canvas.outline.circles[0][2] == 40 != before


def test_tools_are_told_the_scale_of_the_screen(canvas: Canvas) -> None:
    canvas.editor.settings.preferences = type(canvas.editor.settings.preferences)(brush_on_screen=True)
    canvas.navigation.zoom_to(2.0)
    move(canvas, 300, 200)
    assert canvas.outline.circles[0][2] == pytest.approx(20 / 2 / 2)


# --- pen -------------------------------------------------------------------------------------------------------------
class Pen:
    """A tablet pen over a canvas."""

    def __init__(self, canvas: Canvas, kind: QPointingDevice.PointerType = QPointingDevice.PointerType.Pen) -> None:
        self.canvas = canvas
        self.device = QPointingDevice(
            "pen", 9, QInputDevice.DeviceType.Stylus, kind,
            QInputDevice.Capability.Position | QInputDevice.Capability.Pressure, 1, 3,
        )  # fmt: skip

    def send(self, kind: QEvent.Type, x: float, y: float, pressure: float, button: Qt.MouseButton = LEFT) -> None:
        at = QPointF(x, y)
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletRelease or not pressure else button
        event = QTabletEvent(
            kind, self.device, at, self.canvas.mapToGlobal(at), pressure, 0, 0, 0, 0, 0,
            Qt.KeyboardModifier.NoModifier, button if kind != QEvent.Type.TabletMove else Qt.MouseButton.NoButton, held,
        )  # fmt: skip
        QApplication.sendEvent(self.canvas, event)
        assert event.isAccepted()

    def stroke(self, *points: tuple[float, float, float]) -> None:
        self.send(QEvent.Type.TabletPress, *points[0])
        for point in points[1:]:
            self.send(QEvent.Type.TabletMove, *point)
        self.send(QEvent.Type.TabletRelease, points[-1][0], points[-1][1], 0.0)


def thickness(canvas: Canvas, x: int) -> int:
    return int((document_of(canvas).mask.pixels[:, x - canvas.viewport.x] > 0).sum())


def test_a_pen_paints_with_its_pressure(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(1.0)
    canvas.editor.set_option("size", 40)
    Pen(canvas).stroke((200, 200, 0.2), (250, 200, 0.2), (300, 200, 0.6), (400, 200, 1.0))
    assert document_of(canvas).history.labels == ["Brush stroke"]
    assert 0 < thickness(canvas, 220) < thickness(canvas, 300) < thickness(canvas, 398) <= 41


def test_the_false_pressure_of_a_press_and_of_the_last_sample_is_not_believed(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(1.0)
    canvas.editor.set_option("size", 60)
    Pen(canvas).stroke((200, 200, 1.0), (230, 200, 0.3), (300, 200, 0.3))
    assert thickness(canvas, 200) <= 24
    assert thickness(canvas, 299) >= 12


def test_a_tap_of_the_pen_leaves_a_dab(canvas: Canvas) -> None:
    Pen(canvas).stroke((300, 200, 0.8))
    assert painted(canvas)
    assert canvas.editor.gesture is None


def test_the_pens_other_end_erases(canvas: Canvas) -> None:
    drag(canvas, (200, 200), (400, 200))
    whole = painted(canvas)
    Pen(canvas, QPointingDevice.PointerType.Eraser).stroke((200, 200, 1.0), (300, 200, 1.0))
    assert 0 < painted(canvas) < whole


def test_the_mouse_is_not_heard_while_the_pen_is_down(canvas: Canvas) -> None:
    pen = Pen(canvas)
    pen.send(QEvent.Type.TabletPress, 300, 200, 0.5)
    press(canvas, 50, 50)
    pen.send(QEvent.Type.TabletMove, 320, 200, 0.5)
    move(canvas, 60, 60, held=LEFT)
    release(canvas, 60, 60)
    pen.send(QEvent.Type.TabletMove, 340, 200, 0.5)
    pen.send(QEvent.Type.TabletRelease, 340, 200, 0.0)
    assert document_of(canvas).history.labels == ["Brush stroke"]
    _rows, columns = np.nonzero(document_of(canvas).mask.pixels)
    x0, _y0 = canvas.viewport.to_image(280, 180)
    assert columns.min() > x0


def test_a_pen_goes_on_with_the_stroke_that_its_own_mouse_event_began(canvas: Canvas) -> None:
    press(canvas, 300, 200)
    Pen(canvas).stroke((300, 200, 0.7), (330, 200, 0.7), (360, 200, 0.7))
    release(canvas, 360, 200)
    assert document_of(canvas).history.labels == ["Brush stroke"]
    assert canvas.editor.gesture is None


def test_a_pen_above_the_tablet_moves_the_nib_and_paints_nothing(canvas: Canvas) -> None:
    pen = Pen(canvas)
    pen.send(QEvent.Type.TabletMove, 300, 200, 0.0)
    pen.send(QEvent.Type.TabletMove, 340, 200, 0.0)
    assert canvas.outline.circles[0][:2] == canvas.viewport.to_image(340, 200)
    assert not painted(canvas)


def test_a_pen_pans_with_the_hand(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(2.0)
    canvas.editor.use("hand")
    x, y, zoom = place(canvas)
    Pen(canvas).stroke((300, 200, 0.7), (310, 215, 0.7))
    assert place(canvas) == (x + 10, y + 15, zoom)
    canvas.editor.use("brush")
    drag(canvas, (300, 200), (320, 200))
    assert painted(canvas)


# --- keyboard focus --------------------------------------------------------------------------------------------------
def test_a_frame_shows_that_the_keyboard_came_by_tab(app: object) -> None:
    from tests.ui.canvases import on_window

    with opened_canvas() as canvas:
        canvas.setFocus(Qt.FocusReason.MouseFocusReason)
        move(canvas, *AWAY)
        plain = on_window(canvas)
        canvas.clearFocus()
        canvas.setFocus(Qt.FocusReason.TabFocusReason)
        framed = on_window(canvas)
        assert not np.array_equal(framed[0], plain[0])
        assert np.array_equal(framed[2:-2, 2:-2], plain[2:-2, 2:-2])


def test_the_canvas_is_reached_by_tab(app: object) -> None:
    from PySide6.QtWidgets import QPushButton, QVBoxLayout

    with opened_canvas() as canvas:
        outer = QWidget()
        layout = QVBoxLayout(outer)
        first = QPushButton("first", outer)
        layout.addWidget(first)
        layout.addWidget(canvas)
        shown(outer, 500, 400)
        first.setFocus()
        QTest.keyClick(first, Qt.Key.Key_Tab)
        assert canvas.hasFocus()
        layout.removeWidget(canvas)
        canvas.setParent(None)
        settle()


def test_a_stroke_whose_release_went_astray_ends_with_the_next_move(canvas: Canvas) -> None:
    press(canvas, 200, 200)
    move(canvas, 250, 200, held=LEFT)
    move(canvas, 300, 200)  # no button is down any more
    assert canvas.editor.gesture is None
    drag(canvas, (300, 250), (320, 250))
    assert document_of(canvas).history.labels == ["Brush stroke", "Brush stroke"]
