"""What is proposed for the mask, in the window: outlined, switched by a click, marked by Enter; a bar says so."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest

from lacuna.editor.proposals import Proposed
from lacuna.imaging.region import Region
from lacuna.ui.main_window import MainWindow
from tests.ui.support import LEFT, grabbed, settle, wait_until
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


def test_they_stay_where_they_are_in_the_picture_and_parts_that_are_painted_anew_equal_the_whole(
    window: MainWindow,
) -> None:
    open_photo(window)
    propose(window)
    canvas = window.canvas
    for zoom in (0.3, 1.0, 5.0):
        canvas.navigation.zoom_to(zoom)
        window.editor.proposals.switch(0)
        canvas.navigation.nudge(1, 0)
        QTest.mouseMove(canvas, QPoint(200, 150))
        QTest.mouseMove(canvas, QPoint(260, 210))
        settle()
        wait_until(lambda: canvas.finished)
        settle()
        seen = canvas.grab().toImage()
        canvas.update()
        settle()
        assert seen == canvas.grab().toImage()
    key(canvas, "Esc")
    assert not window.proposal_bar.isVisible()
    assert window.editor.document.history.labels == []
