"""Results side by side in the window: all move together, one is chosen and accepted, and progress is seen in place."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTreeWidget

from lacuna.editor.values import Message, Severity
from lacuna.ui.canvas.linked_view import LinkedView
from lacuna.ui.dialogs.compare_methods import CompareMethods
from lacuna.ui.main_window import MainWindow
from lacuna.ui.panels.side_by_side import SideBySide
from tests.editor.scripted import Script
from tests.ui.support import LEFT, drag, grabbed, settle, wait_until, wheel
from tests.ui.windows import back_to, fill, key, open_photo, paint

METHODS = ("telea", "ns", "scripted")


@pytest.fixture
def window(script: Script, window: MainWindow) -> MainWindow:
    """The window with a masked picture, and the scripted backend installed: one that waits when it is told to."""
    open_photo(window)
    window.editor.use_backend(METHODS[0])
    paint(window, (0.45, 0.5), (0.5, 0.55), (0.55, 0.5))
    return window


def compared(window: MainWindow, *methods: str) -> SideBySide:
    """Compare by the dialog, as a person does; the results are not waited for."""
    key(window.canvas, "Shift+R")
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, CompareMethods)
    for method, tick in dialog.ticks.items():
        if tick.isEnabled() and tick.isChecked() != (method in (methods or METHODS)):
            tick.click()
    dialog.button.click()
    back_to(window)
    assert window.side_by_side.isVisible()
    return window.side_by_side


def begun(window: MainWindow, *methods: str) -> SideBySide:
    """A comparison in this order, of which the first result is there."""
    window.editor.compare(methods)
    window.results.show_side_by_side(True)
    side = window.side_by_side
    wait_until(lambda: side.cells[2].progress.isVisible(), 20)
    painted(side)
    return side


def finished(window: MainWindow, *methods: str) -> SideBySide:
    """The same, with all results there, painted as well as it gets."""
    side = compared(window, *methods)
    wait_until(lambda: not window.editor.jobs, 120)
    settle()
    painted(side)
    return side


def painted(side: SideBySide) -> None:
    for cell in side.cells:
        grabbed(cell.view)
    wait_until(lambda: all(cell.view.finished and not cell.view.moving for cell in side.cells))


def seen(cell_view: LinkedView) -> NDArray[np.uint8]:
    return grabbed(cell_view)


def names(side: SideBySide) -> list[str]:
    return [cell.name.text() for cell in side.cells]


def test_comparing_shows_the_hole_and_every_method_at_once_each_with_its_time(window: MainWindow) -> None:
    side = finished(window)
    assert names(side) == ["Before", "Telea (fast marching)", "Navier-Stokes (fluid flow)", "Scripted"]
    assert [cell.number.text() for cell in side.cells] == ["", "1", "2", "3"]
    assert all(cell.time.text().endswith(" s") for cell in side.cells[1:])
    assert not window.canvas.isVisible()
    assert not window.offer_strip.isVisible()
    pictures = [seen(cell.view) for cell in side.cells]
    for index, picture in enumerate(pictures):
        for other in pictures[index + 1 :]:
            assert picture.shape == other.shape
            assert not np.array_equal(picture, other)
    corner = [picture[:20, :20] for picture in pictures]  # beside the hole all are the same picture
    assert all(np.array_equal(corner[0], other) for other in corner[1:])


def test_those_on_their_way_show_the_hole_and_their_progress_in_place(window: MainWindow, script: Script) -> None:
    script.go.clear()
    side = begun(window, "telea", "scripted", "ns")
    assert [cell.time.text() for cell in side.cells[2:]] == ["Running", "Waiting"]
    assert np.array_equal(seen(side.cells[3].view), seen(side.cells[0].view))
    assert not np.array_equal(seen(side.cells[1].view), seen(side.cells[0].view))
    assert window.editor.offer.chosen == 0
    key(side, "2")
    assert window.editor.offer.chosen == 0  # it is not there yet
    script.go.set()
    wait_until(lambda: not window.editor.jobs, 20)
    settle()
    assert not any(cell.progress.isVisible() for cell in side.cells)
    key(side, "2")
    assert window.editor.offer.chosen == 1


def test_all_views_move_and_zoom_together(window: MainWindow) -> None:
    side = finished(window)
    first, other = side.cells[1].view, side.cells[3].view
    before = seen(other)
    at = (first.width() / 2, first.height() / 2)
    drag(first, at, (at[0] + 30, at[1] + 20), (at[0] + 60, at[1] + 40))
    settle()
    painted(side)
    moved = seen(other)
    assert np.array_equal(moved[40 + 20 :, 60 + 30 :], before[20:-40, 30:-60])
    zoom = side.viewport.zoom
    wheel(other, *at, 2)
    assert side.viewport.zoom > zoom
    assert window.status.zoom.currentText().startswith(f"{side.viewport.zoom * 100:.0f}")
    key(side, "Ctrl+0")
    assert side.viewport.fitted
    key(side, "Ctrl+1")
    assert side.viewport.zoom == 1.0
    assert window.editor.offer.chosen == 0, "a drag is no click"


def test_a_click_a_number_and_the_arrows_choose(window: MainWindow) -> None:
    side = finished(window)
    opacity = window.settings.preferences.overlay_opacity
    chosen = []
    QTest.mouseClick(side.cells[3].view, LEFT)
    chosen.append(window.editor.offer.chosen)
    for pressed in ("2", "Left", "Right", "Right", "Right", "Down", "Down", "Up"):
        key(side, pressed)
        chosen.append(window.editor.offer.chosen)
    # In two rows of two the hole comes first: below the first result stands the third, and nothing below that.
    assert chosen == [2, 1, 0, 1, 2, 0, 2, 2, 0]
    assert window.settings.preferences.overlay_opacity == opacity
    QTest.mouseClick(side.cells[0].view, LEFT)
    assert window.editor.offer.chosen == 0


def test_enter_accepts_what_is_chosen(window: MainWindow) -> None:
    side = finished(window)
    key(side, "3")
    key(side, "Return")
    assert not side.isVisible()
    assert window.canvas.isVisible()
    assert window.canvas.hasFocus()
    assert window.editor.offer is None
    assert window.editor.document.steps()[-1].backend == "scripted"
    key(window.canvas, "Ctrl+Z")
    assert window.editor.document.mask_count()


def test_a_double_click_accepts_that_result_and_ends_the_others(window: MainWindow, script: Script) -> None:
    script.go.clear()
    side = begun(window, "telea", "scripted", "ns")
    QTest.mouseDClick(side.cells[3].view, LEFT)
    assert window.editor.offer is not None, "what is not there cannot be accepted"
    QTest.mouseDClick(side.cells[1].view, LEFT)
    settle()
    assert window.editor.offer is None
    wait_until(lambda: not window.editor.jobs, 20)
    settle()
    assert window.canvas.isVisible()
    assert window.editor.document.steps()[-1].backend == "telea"


def test_escape_goes_back_to_the_strip_and_what_was_chosen_stays(window: MainWindow) -> None:
    side = finished(window)
    key(side, "3")
    key(side, "Esc")
    assert not side.isVisible()
    assert window.offer_strip.isVisible()
    assert window.editor.offer.chosen == 2
    strip_button = next(
        button for button in window.offer_strip.findChildren(type(window.offer_strip.cross))
        if button.defaultAction() is window.action_set["view.side_by_side"]
    )  # fmt: skip
    QTest.mouseClick(strip_button, LEFT)
    settle()
    assert side.isVisible()
    key(side, "Shift+Y")
    assert not side.isVisible()
    key(window.canvas, "Esc")
    assert window.editor.offer is None
    assert window.editor.document.steps()[-1].backend == "telea"


def test_tries_of_one_method_are_told_apart_by_their_seeds(window: MainWindow) -> None:
    window.editor.use_backend("scripted")
    fill(window)
    for _try in range(2):
        key(window.canvas, "R")
        wait_until(lambda: not window.editor.jobs, 20)
        settle()
    window.results.show_side_by_side(True)
    settle()
    assert names(window.side_by_side) == ["Before", "Scripted, seed 0", "Scripted, seed 1", "Scripted, seed 2"]
    key(window.side_by_side, "R")
    wait_until(lambda: len(window.side_by_side.cells) == 5 and not window.editor.jobs, 20)
    assert window.editor.offer.chosen == 3


def test_the_picture_before_can_be_left_out_and_the_view_still_holds_the_hole(window: MainWindow) -> None:
    side = finished(window)
    side.before.click()
    settle()
    assert len(side.cells) == 3
    box = window.editor.unfilled.box
    assert side.viewport.visible.intersect(box) == box
    window.resize(900, 640)
    settle()
    assert side.viewport.visible.intersect(box) == box
    assert [cell.isVisible() for cell in side.cells] == [True] * 3


def test_the_hole_is_looked_at_each_time_the_results_are_opened(window: MainWindow) -> None:
    side = finished(window)
    looked_at = side.viewport.visible
    assert looked_at.area < window.canvas.scene.shape[0] * window.canvas.scene.shape[1]
    side.navigation.zoom_to(8.0)
    key(side, "Esc")
    window.results.show_side_by_side(True)
    settle()
    assert side.viewport.visible == looked_at


def test_another_hole_with_as_many_results_is_looked_at(window: MainWindow) -> None:
    side = finished(window)
    first = window.editor.unfilled.box
    key(side, "Return")
    assert not side.isVisible()
    window.editor.clear_mask()
    paint(window, (0.35, 0.35), (0.35, 0.4))
    assert finished(window) is side
    box = window.editor.unfilled.box
    assert box.intersect(first) != box
    visible = side.viewport.visible
    assert visible.intersect(box) == box
    assert visible.intersect(first) != first


def test_the_arrows_choose_also_while_a_panel_has_the_keyboard(window: MainWindow) -> None:
    finished(window)
    window.fill_panel.button.setFocus()
    QTest.keyClick(window.fill_panel.button, Qt.Key.Key_Right)
    assert window.editor.offer.chosen == 1


def test_results_of_another_state_of_the_picture_are_not_shown(window: MainWindow) -> None:
    side = finished(window)
    key(side, "Ctrl+Z")  # drops the tries
    settle()
    assert not side.isVisible()
    assert window.canvas.isVisible()
    assert not window.action_set["view.side_by_side"].isEnabled()
    scene = window.canvas.scene
    assert scene.photo.source.pieces == ()


def test_views_are_painted_from_the_tiles_of_the_canvas_and_let_them_go(window: MainWindow) -> None:
    side = finished(window)
    cache = window.canvas.scene.cache
    assert cache.nbytes < cache.budget
    tiles = len(cache)
    for _round in range(3):
        key(side, "Esc")
        window.results.show_side_by_side(True)
        settle()
        painted(side)
    assert len(cache) <= tiles + 16  # those of the canvas itself


def test_eight_results_fit_a_small_screen_and_a_large_one(window: MainWindow) -> None:
    window.editor.use_backend("scripted")
    fill(window)
    for _try in range(7):
        window.editor.try_again()
        wait_until(lambda: not window.editor.jobs, 20)
    window.results.show_side_by_side(True)
    for size in ((1366, 768), (1600, 1000), (820, 600)):
        window.resize(*size)
        settle()
        side = window.side_by_side
        assert len(side.cells) == 9
        room = side.rect()
        for index, cell in enumerate(side.cells):
            whole = cell.rect().translated(cell.mapTo(side, QPoint()))
            assert room.contains(whole)
            assert cell.view.height() > 60
            assert cell.view.size() == side.cells[0].view.size()
            assert not any(cell.geometry().intersects(other.geometry()) for other in side.cells[index + 1 :])


def test_messages_leave_the_buttons_of_a_small_window_free(window: MainWindow) -> None:
    window.resize(820, 600)
    window.messages.say(Message("The picture is still here.", severity=Severity.WARNING))
    settle()
    top = window.messages.y()
    side = finished(window)
    window.messages.say(Message("So is this.", severity=Severity.ERROR))
    settle()
    for button in (side.before, side.accept, side.cross):
        at = button.mapTo(window, button.rect().center())
        assert window.childAt(at) is button
        assert not window.messages.geometry().intersects(button.geometry())
    key(side, "Esc")
    assert window.messages.y() == top


def test_the_keys_of_the_results_stand_in_the_sheet(window: MainWindow) -> None:
    key(window.canvas, "F1")
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    (tree,) = dialog.findChildren(QTreeWidget)
    found = tree.findItems("Accept a result", Qt.MatchFlag.MatchRecursive)
    assert [item.text(1) for item in found] == ["Enter, double-click"]
    dialog.close()
    back_to(window)
