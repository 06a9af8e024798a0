"""Projects and recipes by hand: menus and keys, the title, what is asked, drops and files opened last."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from lacuna.contract.progress import Progress
from lacuna.engine.recipes import read_recipe, replayed
from lacuna.imaging import files
from lacuna.ui.main_window import MainWindow
from tests.ui.support import settle, wait_until
from tests.ui.windows import copy_of_sample, fill, key, open_photo, opened_window, paint

STROKE = ((0.4, 0.4), (0.5, 0.45))


def named(monkeypatch: pytest.MonkeyPatch, path: Path) -> list[str]:
    """The dialog of the system answers with `path`; what it was shown as a proposal."""
    proposed: list[str] = []
    monkeypatch.setattr(
        "lacuna.ui.files.QFileDialog.getSaveFileName",
        lambda *asked: (proposed.append(asked[2]), (str(path), ""))[1],
    )
    return proposed


def saved(window: MainWindow) -> None:
    wait_until(lambda: not window.editor.jobs, 20)
    settle()


def test_a_project_is_saved_gone_on_with_and_opened_again(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_photo(window, copy_of_sample(tmp_path))
    window.editor.use("brush")
    paint(window, *STROKE)
    fill(window)
    proposed = named(monkeypatch, tmp_path / "work")
    key(window.canvas, "Ctrl+Alt+S")
    saved(window)
    assert proposed == [str(tmp_path / "lion.lacuna")]
    assert window.windowTitle() == "work.lacuna[*] — Lacuna"
    assert not window.isWindowModified()
    first = (tmp_path / "work.lacuna").read_bytes()
    paint(window, (0.6, 0.6), (0.65, 0.6))  # a mask alone: in a project that is work, too
    assert window.isWindowModified()
    key(window.canvas, "Ctrl+S")
    saved(window)
    assert (tmp_path / "work.lacuna").read_bytes() != first
    assert not window.isWindowModified()
    assert not list(tmp_path.glob("*_lacuna*"))
    document = window.editor.document
    assert document is not None
    photo, mask = document.photo.pixels.copy(), document.mask.pixels.copy()
    window.files.close()
    settle()
    assert window.settings.recent[0] == str(tmp_path / "work.lacuna")
    window.start.recent_buttons[0].click()
    wait_until(lambda: window.editor.document is not None and not window.editor.jobs, 20)
    settle()
    again = window.editor.document
    assert again is not None
    assert np.array_equal(again.photo.pixels, photo)
    assert np.array_equal(again.mask.pixels, mask)
    assert window.windowTitle() == "work.lacuna[*] — Lacuna"
    assert [label.split(":")[0] for label in again.history.labels] == ["Fill", "Mask and guides of the project"]
    key(window.canvas, "Ctrl+Z")
    assert window.isWindowModified()


def test_a_name_without_its_ending_replaces_nothing_unasked(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_photo(window, copy_of_sample(tmp_path))
    (tmp_path / "work.lacuna").write_bytes(b"other work")
    answers = [str(tmp_path / "work"), ""]  # the dialog comes again, with the whole name, and is closed
    asked: list[str] = []
    monkeypatch.setattr(
        "lacuna.ui.files.QFileDialog.getSaveFileName",
        lambda *words: (asked.append(words[2]), (answers.pop(0), ""))[1],
    )
    window.files.ask_save_project()
    saved(window)
    assert asked[1] == str(tmp_path / "work.lacuna")
    assert (tmp_path / "work.lacuna").read_bytes() == b"other work"


def test_leaving_a_project_with_unsaved_work_saves_it_there(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_photo(window, copy_of_sample(tmp_path))
    named(monkeypatch, tmp_path / "work.lacuna")
    window.files.ask_save_project()
    saved(window)
    before = (tmp_path / "work.lacuna").read_bytes()
    window.editor.use("brush")
    paint(window, *STROKE)
    window.prefer("save_without_asking", True)
    key(window.canvas, "Ctrl+W")
    wait_until(lambda: window.editor.document is None, 20)
    assert (tmp_path / "work.lacuna").read_bytes() != before


def dropped(window: MainWindow, path: Path, at: QPoint) -> None:
    """Drag a file over the window and let go."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    action, button, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(at, action, data, button, none))
    QApplication.sendEvent(window, QDropEvent(QPointF(at), action, data, button, none))
    settle()


def test_a_dropped_project_is_opened_wherever_it_falls_and_never_becomes_the_mask(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_photo(window, copy_of_sample(tmp_path))
    named(monkeypatch, tmp_path / "work.lacuna")
    window.files.ask_save_project()
    saved(window)
    open_photo(window, copy_of_sample(tmp_path, "house.jpg"))
    dropped(window, tmp_path / "work.lacuna", QPoint(window.width() * 2 // 3, window.height() // 2))
    wait_until(lambda: window.editor.projects.path == tmp_path / "work.lacuna", 20)


def test_what_was_done_is_saved_as_a_recipe(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = copy_of_sample(tmp_path)
    open_photo(window, path)
    assert not window.action_set["file.save_recipe"].isEnabled()
    window.editor.use("brush")
    paint(window, *STROKE)
    fill(window)
    proposed = named(monkeypatch, tmp_path / "steps")
    window.action_set["file.save_recipe"].trigger()
    saved(window)
    assert proposed == [str(tmp_path / "lion_recipe.json")]
    after = replayed(read_recipe(tmp_path / "steps.json"), files.read(path), progress=Progress())
    document = window.editor.document
    assert document is not None
    assert np.array_equal(after.pixels, document.photo.pixels)


def test_projects_are_named_at_the_start_and_stepped_through(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_photo(window, copy_of_sample(tmp_path))
    named(monkeypatch, tmp_path / "work.lacuna")
    window.files.ask_save_project()
    saved(window)
    with opened_window() as other:
        other.files.open([tmp_path / "work.lacuna", copy_of_sample(tmp_path, "house.jpg")])
        wait_until(lambda: other.editor.projects.path is not None, 20)
        settle()
        key(other.canvas, "PgDown")
        wait_until(lambda: other.picture_name() == "house.jpg", 20)
        assert other.editor.projects.path is None
