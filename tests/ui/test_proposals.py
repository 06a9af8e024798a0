"""What is proposed for the mask, in the window: outlined, switched by a click, marked by Enter; a bar says so."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from lacuna.contract.guides import Guide, GuideStroke
from lacuna.editor.proposals import Proposed
from lacuna.editor.values import Message
from lacuna.imaging.region import Region
from lacuna.ui.canvas.scribbles_view import INSIDE, OUTSIDE
from lacuna.ui.main_window import MainWindow
from tests.ui.canvases import AWAY, document_of, finish, on_window, opened_canvas, painted_anew
from tests.ui.support import LEFT, RIGHT, drag, grabbed, move, settle, wait_until
from tests.ui.windows import key, open_photo


def at(window: MainWindow, x: float, y: float) -> QPoint:
    """The point of the canvas where an image point is seen."""
    canvas = window.canvas
    return QPoint(*(round(part / canvas.ratio) for part in canvas.viewport.to_screen(x, y)))


def propose(window: MainWindow) -> None:
    rows, columns = np.mgrid[:90, :120]
    disc = np.hypot((rows - 45) / 45, (columns - 60) / 60) < 1
    found = [Proposed(disc, Region(y, x, y + 90, x + 120)) for y, x in ((40, 50), (200, 300))]
    window.editor.proposals.show(window.editor.document, found, "Find parts")
    settle()


def test_they_are_outlined_switched_and_marked(window: MainWindow) -> None:
    open_photo(window)
    key(window.canvas, "H")
    bare = grabbed(window.canvas)
    propose(window)
    both = grabbed(window.canvas)
    assert window.proposal_bar.isVisible()
    assert "2 parts found, 2 on" in window.proposal_bar.text.text()
    key(window.canvas, "B")
    QTest.mouseClick(window.canvas, LEFT, pos=at(window, 360, 245))
    settle()
    key(window.canvas, "H")
    assert "2 parts found, 1 on" in window.proposal_bar.text.text()
    differs = np.any(grabbed(window.canvas) != both, axis=-1)
    here, there = at(window, 360, 245), at(window, 110, 85)
    assert differs[here.y() - 60 : here.y() + 60, here.x() - 80 : here.x() + 80].any()
    assert not differs[there.y() - 60 : there.y() + 60, there.x() - 80 : there.x() + 80].any()
    key(window.canvas, "Return")
    document = window.editor.document
    assert document.mask.pixels[85, 110] == 255
    assert document.mask.pixels[245, 360] == 0
    assert not window.proposal_bar.isVisible()
    window.editor.undo()
    settle()
    wait_until(lambda: window.canvas.finished)
    assert np.array_equal(grabbed(window.canvas), bare)


def test_they_stay_where_they_are_in_the_picture_and_parts_that_are_painted_equal_the_whole(app: QApplication) -> None:
    with opened_canvas() as canvas:
        document = document_of(canvas)
        rows, columns = np.mgrid[:400, :600]
        blob = np.hypot(rows - 200, columns - 300) < 150 + 30 * np.sin(columns / 17) * np.cos(rows / 23)
        found = [Proposed(blob, Region(y, x, y + 400, x + 600)) for y, x in ((40, 50), (400, 600))]
        canvas.editor.proposals.show(document, found, "Find parts")
        for zoom in (0.37, 1.0, 5.0):
            canvas.navigation.zoom_to(zoom)
            finish(canvas)
            canvas.editor.proposals.switch(0)
            settle()
            canvas.navigation.nudge(1, 0)
            move(canvas, 200, 150)
            move(canvas, 260, 210)
            move(canvas, *AWAY)
            finish(canvas)
            assert np.array_equal(on_window(canvas), painted_anew(canvas))
        canvas.editor.escape()
        finish(canvas)
        assert np.array_equal(on_window(canvas), painted_anew(canvas))
        assert document.history.labels == []


def test_the_bar_goes_to_the_other_edge_rather_than_cover_what_is_proposed_and_messages_make_room(
    window: MainWindow,
) -> None:
    open_photo(window)
    bar, canvas = window.proposal_bar, window.canvas
    key(canvas, "Ctrl+0")
    height, width = document_of(canvas).shape

    def shows(y0: int, y1: int) -> int:
        """Propose a part between two rows; the middle of the bar."""
        part = Proposed(np.ones((y1 - y0, 100), bool), Region(y0, width // 2 - 50, y1, width // 2 + 50))
        window.editor.proposals.show(window.editor.document, [part], "Find parts")
        settle()
        return bar.geometry().center().y()

    middle = window.stage.height() / 2
    assert shows(0, 30) > middle
    assert shows(height - 30, height) < middle
    window.editor.tell(Message("A note."))
    settle()
    assert not window.messages.geometry().intersects(bar.geometry())
    canvas.navigation.zoom_to(canvas.viewport.zoom * 4)
    assert bar.geometry().center().y() < middle  # it covers nothing there any more, and stays
    key(canvas, "Escape")
    assert not bar.isVisible()
    assert window.messages.y() < bar.height()
    assert shows(100, 130) > middle


def test_the_legend_of_the_contours_makes_room_for_the_bar(window: MainWindow) -> None:
    open_photo(window)
    window.show_contours(True)
    alone = window.legend.geometry()
    propose(window)
    assert window.legend.isVisible()
    assert not window.legend.geometry().intersects(window.proposal_bar.geometry())
    key(window.canvas, "Escape")
    assert window.legend.geometry() == alone


def test_the_status_line_says_what_enter_does_with_what_is_proposed(window: MainWindow) -> None:
    open_photo(window)
    document, editor = document_of(window.canvas), window.editor
    assert "Enter fills" in window.status.hint.text()
    propose(window)
    assert "A click switches a part on or off. Enter marks those that are on" in window.status.hint.text()
    wait_until(lambda: window.fill_panel.estimate.text() == "What is proposed is marked, and filled.")
    key(window.canvas, "Shift+L")
    QTest.mouseClick(window.canvas, LEFT, pos=at(window, 20, 20))
    settle()
    assert "Enter or a double click closes" in window.status.hint.text()  # a polygon is begun, and comes first
    key(window.canvas, "Escape")
    assert "Enter marks" in window.status.hint.text()
    key(window.canvas, "Escape")
    key(window.canvas, "B")
    assert "Enter fills" in window.status.hint.text()
    editor.toolbox.lines.show(document, (GuideStroke(Guide.LINE, ((10, 10), (60, 60)), 3.0),))
    settle()
    assert "Enter makes guides" in window.status.hint.text()


def test_over_one_that_can_be_switched_the_cursor_says_so(window: MainWindow) -> None:
    open_photo(window)
    propose(window)
    for place, shape in (((360, 245), Qt.CursorShape.PointingHandCursor), ((20, 20), Qt.CursorShape.BlankCursor)):
        QTest.mouseMove(window.canvas, at(window, *place))
        settle()
        assert window.canvas.cursor().shape() == shape


def test_the_scribbles_that_an_object_was_found_by_are_seen_as_long_as_it_is_proposed(window: MainWindow) -> None:
    open_photo(window)
    canvas = window.canvas

    def scribble(y: float, colour: QColor, **held: Any) -> float:
        """Draw a level one, and say how much of it has the colour when it is done."""
        drag(canvas, *((at(window, x, y).x(), at(window, x, y).y()) for x in (180, 220, 260)), **held)
        settle()
        wait_until(lambda: not window.editor.jobs, 20)
        QTest.mouseMove(canvas, at(window, 20, 20))
        settle()
        left, right = at(window, 190, y), at(window, 250, y)
        along = grabbed(canvas)[left.y() - 1 : left.y() + 2, left.x() : right.x()].astype(int)
        return float((np.abs(along - colour.getRgb()[:3]).max(axis=2) < 60).any(axis=0).mean())

    key(canvas, "O")
    assert scribble(200.5, INSIDE) > 0.9
    assert scribble(240.5, OUTSIDE, button=RIGHT) > 0.9
    key(canvas, "Escape")
    assert window.editor.proposals.scribbles.inside == ()
