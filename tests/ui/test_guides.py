"""Guides in the window: drawn by mouse, seen over the picture, hidden by a key, told in the panel."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from lacuna.contract.guides import Guide
from lacuna.ui.canvas.canvas import Canvas
from lacuna.ui.main_window import MainWindow
from tests.ui.canvases import AWAY, document_of, finish, on_window, opened_canvas, painted_anew
from tests.ui.support import LEFT, RIGHT, grabbed, move, press, release, settle, wait_until
from tests.ui.windows import key, open_photo


def place(window: MainWindow, x: float, y: float) -> QPoint:
    """A point of the canvas by its share of the width and height."""
    return QPoint(round(x * window.canvas.width()), round(y * window.canvas.height()))


def away(window: MainWindow) -> None:
    """The pointer goes where nothing is drawn."""
    for share in (0.95, 0.9):  # a click moves no pointer: a move to where it is would be none
        QTest.mouseMove(window.canvas, place(window, share, share))
    settle()


def line(window: MainWindow, *shares: tuple[float, float]) -> None:
    key(window.canvas, "G")
    for x, y in shares:
        QTest.mouseMove(window.canvas, place(window, x, y))
        QTest.mouseClick(window.canvas, LEFT, pos=place(window, x, y))
    key(window.canvas, "Return")
    settle()


def test_a_line_is_clicked_seen_hidden_and_taken_away(window: MainWindow) -> None:
    open_photo(window)
    key(window.canvas, "G")
    away(window)
    bare = grabbed(window.canvas)
    line(window, (0.3, 0.4), (0.6, 0.4), (0.6, 0.7))
    (stroke,) = window.editor.document.guides
    assert (stroke.kind, len(stroke.points)) == (Guide.LINE, 3)
    away(window)
    drawn = grabbed(window.canvas)
    at = place(window, 0.45, 0.4)
    assert tuple(drawn[at.y(), at.x()]) == (0x00, 0xC2, 0xFF)
    assert not np.array_equal(drawn, bare)
    key(window.canvas, "Shift+Q")
    assert not window.canvas.show_guides
    assert np.array_equal(grabbed(window.canvas), bare)
    key(window.canvas, "Shift+Q")
    QTest.mouseClick(window.canvas, RIGHT, pos=at)
    assert window.editor.document.guides == ()
    away(window)
    assert np.array_equal(grabbed(window.canvas), bare)


def test_an_area_is_drawn_around_and_the_panel_says_who_does_not_follow(window: MainWindow) -> None:
    open_photo(window)
    window.editor.use_backend("telea")
    key(window.canvas, "S")
    corners = ((0.3, 0.3), (0.6, 0.3), (0.6, 0.6), (0.3, 0.6))
    QTest.mousePress(window.canvas, LEFT, pos=place(window, *corners[0]))
    for corner in corners[1:]:
        QTest.mouseMove(window.canvas, place(window, *corner))
    QTest.mouseRelease(window.canvas, LEFT, pos=place(window, *corners[-1]))
    settle()
    (area,) = window.editor.document.guides
    assert (area.kind, area.closed) == (Guide.SOURCE, True)
    panel = window.fill_panel
    wait_until(panel.unheard.isVisible)
    assert "areas to copy from" in panel.unheard.text()
    window.editor.use_backend("patchmatch")
    settle()
    wait_until(lambda: "copies only" in panel.unheard.text())
    assert "areas to copy from" not in panel.unheard.text()


def test_guides_are_exported_and_imported_by_the_menu(window: MainWindow, tmp_path: Path) -> None:
    open_photo(window)
    assert not window.action_set["guides.export"].isEnabled()
    line(window, (0.3, 0.4), (0.6, 0.4))
    before = window.editor.document.guides
    window.editor.guides.export(tmp_path / "guides.json")
    wait_until(lambda: not window.editor.jobs)
    window.action_set["guides.clear"].trigger()
    assert window.editor.document.guides == ()
    window.editor.guides.import_file(tmp_path / "guides.json")
    wait_until(lambda: not window.editor.jobs)
    settle()
    assert window.editor.document.guides == before


def test_esc_drops_a_line_that_is_begun_and_nothing_else(window: MainWindow) -> None:
    open_photo(window)
    key(window.canvas, "G")
    for share in (0.3, 0.5):
        QTest.mouseMove(window.canvas, place(window, share, 0.4))
        QTest.mouseClick(window.canvas, LEFT, pos=place(window, share, 0.4))
    settle()
    assert window.editor.gesture is not None
    key(window.canvas, "Esc")
    assert window.editor.gesture is None
    assert window.canvas.outline.path == ()
    assert window.editor.document.guides == ()


def test_a_kind_that_the_method_ignores_is_grey_and_the_bar_says_so(window: MainWindow) -> None:
    open_photo(window)
    window.editor.use_backend("membrane")
    key(window.canvas, "I")
    window.editor.set_option("colour", "#ff00ff")
    QTest.mouseClick(window.canvas, LEFT, pos=place(window, 0.5, 0.5))
    key(window.canvas, "H")
    away(window)
    at = place(window, 0.5, 0.5)
    red, green, blue = grabbed(window.canvas)[at.y(), at.x()].tolist()
    assert (red, green, blue) == (255, 0, 255)
    window.editor.use_backend("telea")
    settle()
    red, green, blue = grabbed(window.canvas)[at.y(), at.x()].tolist()
    assert max(red, blue) - green < 60
    key(window.canvas, "I")
    wait_until(window.options.note.isVisible)
    assert "colour hints" in window.options.note.text()


def test_the_colour_of_hints_is_chosen_by_a_button(window: MainWindow) -> None:
    from PySide6.QtGui import QColor
    from PySide6.QtWidgets import QColorDialog

    open_photo(window)
    key(window.canvas, "I")
    form = window.options.form
    assert form is not None
    form.fields["colour"].widgets[0].click()
    settle()
    (dialog,) = window.findChildren(QColorDialog)
    dialog.setCurrentColor(QColor("#123456"))
    dialog.accept()
    settle()
    assert window.editor.options.colour == "#123456"
    assert form.values()["colour"] == "#123456"


def stale(canvas: Canvas) -> int:
    """By how many levels the screen differs from what painting everything leaves."""
    return int(np.abs(on_window(canvas).astype(int) - painted_anew(canvas)).max())


def on_canvas(canvas: Canvas, at: QPoint) -> None:
    move(canvas, at.x(), at.y(), held=LEFT)
    settle()


def test_a_line_that_grows_or_is_moved_leaves_on_the_screen_what_painting_everything_leaves(app: QApplication) -> None:
    with opened_canvas() as canvas:
        canvas.editor.use("guide")
        points = [QPoint(round(320 + 250 * math.cos(i / 40)), round(210 + 120 * math.sin(i / 27))) for i in range(220)]
        press(canvas, points[0].x(), points[0].y())
        for point in points[1:]:
            on_canvas(canvas, point)
        assert len(canvas.outline.path) > 150
        finish(canvas)
        assert stale(canvas) <= 3  # a long line is painted in pieces: where two meet, soft edges are rounded otherwise
        release(canvas, points[-1].x(), points[-1].y())
        (stroke,) = document_of(canvas).guides
        x, y = canvas.viewport.to_screen(*stroke.points[len(stroke.points) // 2])
        press(canvas, x, y)
        for step in range(1, 8):
            on_canvas(canvas, QPoint(round(x) + 9 * step, round(y) - 7 * step))
        assert stale(canvas) == 0
        release(canvas, x + 63, y - 49)
        move(canvas, *AWAY)
        finish(canvas)
        assert stale(canvas) == 0
        assert document_of(canvas).history.labels == ["Guide line", "Move a guide's point"]
