"""The batch dialog: pictures come by drop, are looked at, agreed to and treated, and nothing is written before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from lacuna.contract.progress import Progress
from lacuna.contract.steps import CropStep
from lacuna.editor.batch import Goal
from lacuna.engine.batch.workers import Here
from lacuna.engine.recipes import Recipe, write_recipe
from lacuna.imaging import files
from lacuna.imaging.mask_fit import MaskFit
from lacuna.imaging.region import Region
from lacuna.ui.dialogs.batch import BatchDialog
from lacuna.ui.dialogs.batch_goal import FITS, GOALS
from lacuna.ui.main_window import MainWindow
from tests.engine.batches import BOX, SIDES, folder_of, part
from tests.pictures import write
from tests.ui.support import grabbed, move, press, settle, wait_until

OUTCOME = 1  # column


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes have tests of their own; here they would only take their second to start."""
    monkeypatch.setattr("lacuna.editor.batch.Processes", lambda treatment, count, low: Here(treatment))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "in", 3)


@pytest.fixture
def dialog(window: MainWindow, source: Path) -> Iterator[BatchDialog]:
    """The dialog over a window with the first picture and its mask."""
    editor = window.editor
    editor.open(source / "1.png")
    wait_until(lambda: editor.document is not None)
    editor.paste_mask(lambda: BOX.copy())
    wait_until(lambda: not editor.jobs)
    window.action_set["file.batch"].trigger()
    settle()
    [found] = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, BatchDialog)]
    yield found
    found.close()


def drop(dialog: BatchDialog, *paths: Path, wait: bool = True) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left, plain = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), copy, data, left, plain)
    QApplication.sendEvent(dialog, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(dialog, QDropEvent(QPointF(9, 9), copy, data, left, plain, QEvent.Type.Drop))
    if wait:
        wait_until(lambda: gathered(dialog))


def save_to(dialog: BatchDialog, folder: Path) -> None:
    dialog.save_to(folder)
    wait_until(lambda: gathered(dialog))


def gathered(dialog: BatchDialog) -> bool:
    return not any(job.label == "Look for pictures" for job in dialog.parent().editor.jobs)  # type: ignore[attr-defined]


def rows(dialog: BatchDialog) -> dict[str, Any]:
    items = [dialog.files.topLevelItem(row) for row in range(dialog.files.topLevelItemCount())]
    return {item.text(0): item for item in items if item is not None}


def outcomes(dialog: BatchDialog) -> dict[str, str]:
    return {name: item.text(OUTCOME) for name, item in rows(dialog).items()}


def rested(dialog: BatchDialog) -> bool:
    return dialog.add_files.isEnabled()


def click(button: Any) -> None:
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_nothing_is_written_before_it_is_agreed_to_and_then_only_what_is_ticked(
    dialog: BatchDialog, source: Path, tmp_path: Path
) -> None:
    write(source / "tall.png", part(4, (90, 70)))
    (source / "bad.png").write_bytes(b"bad")
    out = tmp_path / "out"
    drop(dialog, source)
    save_to(dialog, out)
    click(dialog.look)
    wait_until(lambda: rested(dialog))
    assert not out.exists()
    found = outcomes(dialog)
    assert found["1.png"] == "1 finding"
    assert "bad.png is not a picture" in found["bad.png"]
    assert "tall.png is 70 × 90" in found["tall.png"]
    assert dialog.start.text() == "Run on 3 pictures"
    rows(dialog)["2.png"].child(0).setCheckState(0, Qt.CheckState.Unchecked)
    assert outcomes(dialog)["2.png"] == "0 of 1 finding"
    click(dialog.start)
    wait_until(lambda: rested(dialog))
    assert {path.name for path in out.glob("*.png")} == {"1.png", "3.png"}
    assert dialog.told.text() == "2 done."
    changed = (files.read(out / "3.png").pixels != part(2)).any(axis=2)
    assert changed[50:60, 60:74].any()
    changed[49:61, 59:75] = False  # the mask, widened as preferences say
    assert not changed.any()


def test_a_click_into_the_box_of_a_finding_switches_it_and_the_outline_shows_that(
    dialog: BatchDialog, window: MainWindow, source: Path
) -> None:
    ring = BOX.copy()
    ring[52:58, 62:72] = 0  # a thin frame: most of its box is not marked
    window.editor.paste_mask(lambda: ring)
    wait_until(lambda: not window.editor.jobs)
    assert window.editor.document is not None
    assert window.editor.document.mask.pixels[55, 67] == 0
    drop(dialog, source / "1.png")
    click(dialog.look)
    wait_until(lambda: rested(dialog))
    preview, [item] = dialog.preview, rows(dialog).values()
    whole = grabbed(preview)
    side = min((preview.width() - 16) / BOX.shape[1], (preview.height() - 16) / BOX.shape[0])
    x = preview.width() / 2 + (67 - BOX.shape[1] / 2) * side
    y = preview.height() / 2 + (55 - BOX.shape[0] / 2) * side
    move(preview, x, y)
    assert preview.cursor().shape() is Qt.CursorShape.PointingHandCursor
    press(preview, x, y)
    assert item.child(0).checkState(0) is Qt.CheckState.Unchecked
    assert not np.array_equal(grabbed(preview), whole)
    assert not dialog.start.isEnabled()
    press(preview, x, y)
    assert item.child(0).checkState(0) is Qt.CheckState.Checked
    assert np.array_equal(grabbed(preview), whole)
    move(preview, x + 40 * side, y)
    assert preview.cursor().shape() is Qt.CursorShape.ArrowCursor


def test_the_window_goes_on_while_a_slow_folder_is_looked_through_and_that_can_be_stopped(
    dialog: BatchDialog, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, go = folder_of(tmp_path / "slow", 2), threading.Event()
    listed = files.in_folder

    def in_folder(folder: Path) -> list[Path]:
        assert threading.current_thread() is not threading.main_thread()
        if folder == slow:
            go.wait(20)
        return listed(folder)

    monkeypatch.setattr(files, "in_folder", in_folder)
    drop(dialog, source)
    drop(dialog, slow, wait=False)
    wait_until(dialog.stop.isVisible)
    assert dialog.stage.text() == "Look for pictures: 3 found so far"
    assert not dialog.start.isEnabled()
    assert set(rows(dialog)) == {"1.png", "2.png", "3.png"}
    click(dialog.stop)
    go.set()
    wait_until(lambda: gathered(dialog))
    assert dialog.told.text() == "Stopped."
    assert not dialog.stop.isVisible()
    assert dialog.start.text() == "Run on 3 pictures"
    go.clear()
    drop(dialog, slow, wait=False)
    drop(dialog, source / "none", wait=False)  # named meanwhile: the search begins anew
    go.set()
    wait_until(lambda: gathered(dialog))
    assert dialog.start.text() == "Run on 6 pictures"


def test_what_was_found_is_forgotten_when_the_mask_changes(
    dialog: BatchDialog, window: MainWindow, source: Path, tmp_path: Path
) -> None:
    drop(dialog, source)
    save_to(dialog, tmp_path / "out")
    click(dialog.look)
    wait_until(lambda: rested(dialog))
    rows(dialog)["2.png"].child(0).setCheckState(0, Qt.CheckState.Unchecked)
    window.editor.invert_mask()
    wait_until(lambda: set(outcomes(dialog).values()) == {""})
    assert dialog.start.text() == "Run on 3 pictures"
    window.editor.undo()
    click(dialog.look)
    wait_until(lambda: rested(dialog))
    assert outcomes(dialog)["2.png"] == "1 finding"


def test_a_failure_is_named_and_the_others_are_done_and_a_run_goes_on_with_what_is_left(
    dialog: BatchDialog, source: Path, tmp_path: Path
) -> None:
    (source / "bad.png").write_bytes(b"bad")
    out = tmp_path / "out"
    drop(dialog, source)
    save_to(dialog, out)
    click(dialog.start)
    wait_until(lambda: rested(dialog))
    assert dialog.told.text() == "3 done, 1 failed.\nFailed: bad.png"
    assert dialog.resume.isVisible()
    (source / "bad.png").write_bytes((source / "2.png").read_bytes())
    click(dialog.start)
    wait_until(lambda: rested(dialog))
    assert dialog.told.text() == "1 done, 3 done before."
    assert outcomes(dialog) == {**dict.fromkeys(["1.png", "2.png", "3.png"], "done before"), "bad.png": "done"}


def test_a_run_is_stopped_at_once_while_the_window_can_be_used(
    dialog: BatchDialog, window: MainWindow, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Here.results

    def slow(self: Here, errands: Any, progress: Progress, advance: Any) -> Any:
        for number, came in real(self, errands, progress, advance):
            yield number, came
            while number == 1:
                advance(2, 0.4)
                progress.check()

    monkeypatch.setattr(Here, "results", slow)
    drop(dialog, source)
    save_to(dialog, tmp_path / "out")
    click(dialog.start)
    wait_until(lambda: outcomes(dialog)["3.png"] == "40 %")
    window.editor.clear_mask()  # what the run was given stays
    window.action_set["fill.escape"].trigger()
    settle()
    assert not rested(dialog)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    wait_until(lambda: rested(dialog))
    assert dialog.isVisible()
    assert dialog.told.text().startswith("Stopped. What is finished stays")
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == {"1.png", "2.png"}
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_pictures_of_other_sizes_and_files_are_asked_for_where_they_matter(dialog: BatchDialog, tmp_path: Path) -> None:
    goal = dialog.goal
    assert goal.wish.goal is Goal.MASK
    goal.fit.setCurrentIndex([fit for fit, _text in FITS].index(MaskFit.BOTTOM_RIGHT))
    assert goal.wish.fit is MaskFit.BOTTOM_RIGHT
    goal.goal.setCurrentIndex([each for each, _text in GOALS].index(Goal.TEMPLATE))
    goal.goal.activated.emit(goal.goal.currentIndex())
    settle()
    assert (goal.fit.isVisible(), goal.choose.isVisible(), goal.unblend.isVisible()) == (False, True, True)
    assert goal.wish.fit is MaskFit.REFUSE
    assert dialog.stage.text() == "Choose a picture of the mark."
    goal.take(tmp_path / "mark.png")
    assert dialog.stage.text() == "Add pictures, or drop them here."


def test_a_recipe_that_only_crops_is_run_after_a_look_too(dialog: BatchDialog, source: Path, tmp_path: Path) -> None:
    recipe, out = tmp_path / "recipe.json", tmp_path / "out"
    write_recipe(Recipe(SIDES, (CropStep(Region(10, 20, 50, 70), SIDES),)), recipe)
    dialog.goal.goal.setCurrentIndex([each for each, _text in GOALS].index(Goal.RECIPE))
    dialog.goal.goal.activated.emit(dialog.goal.goal.currentIndex())
    dialog.goal.take(recipe)
    drop(dialog, source)
    save_to(dialog, out)
    click(dialog.look)
    wait_until(lambda: rested(dialog))
    assert set(outcomes(dialog).values()) == {"nothing to fill, but other steps"}
    assert dialog.start.text() == "Run on 3 pictures"
    rows(dialog)["2.png"].setCheckState(0, Qt.CheckState.Unchecked)
    click(dialog.start)
    wait_until(lambda: rested(dialog))
    assert {path.name: files.read(path).pixels.shape for path in out.glob("*.png")} == {
        "1.png": (40, 50, 3),
        "3.png": (40, 50, 3),
    }
