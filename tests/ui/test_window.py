"""The window: opening, painting, filling, saving, closing, by mouse and keyboard, looked at in the document."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import QAccessible, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QDockWidget,
    QLabel,
    QPushButton,
    QSlider,
    QToolBar,
    QWidget,
)

from lacuna.contract.progress import Progress
from lacuna.document.journal import LOG, sessions_folder
from lacuna.document.sessions import sessions
from lacuna.editor.values import Message, Severity
from lacuna.engine import registry
from lacuna.engine.jobs import unexpected
from lacuna.errors import CannotSave
from lacuna.imaging.formats import READABLE
from lacuna.imaging.photo import Photo
from lacuna.imaging.region import Region
from lacuna.settings import Settings
from lacuna.ui import messages
from lacuna.ui.actions import ROWS
from lacuna.ui.dialogs.error_details import ErrorDetails
from lacuna.ui.dialogs.mask_edge import MaskEdge
from lacuna.ui.dialogs.save_picture import SavePicture
from lacuna.ui.main_window import MainWindow
from lacuna.ui.messages import Answer, MessageCard
from lacuna.ui.pictures import image_of, mask_of, photo_of
from tests.editor.support import desk
from tests.ui.support import LEFT, drag, grabbed, move, press, release, settle, shown, wait_until
from tests.ui.windows import SAMPLES, back_to, copy_of_sample, fill, key, open_photo, opened_window, paint


def dialog() -> QDialog:
    """The dialog that has come up."""
    wait_until(lambda: QApplication.activeModalWidget() is not None)
    found = QApplication.activeModalWidget()
    assert isinstance(found, QDialog)
    return found


def answer(text: str) -> None:
    button = next(b for b in dialog().findChildren(QPushButton) if b.text() == text)
    QTest.mouseClick(button, LEFT)
    settle()


def cards(window: MainWindow) -> list[str]:
    return [card.message.sentence for card in window.messages.cards]


def edited(window: MainWindow, path: Path) -> None:
    """Open a picture and fill a stroke in it."""
    open_photo(window, path)
    paint(window, (0.45, 0.5), (0.55, 0.5))
    fill(window)
    assert window.editor.unsaved


# --- one job, whole


def test_a_stroke_is_painted_filled_undone_redone_and_saved(window: MainWindow, tmp_path: Path) -> None:
    path = copy_of_sample(tmp_path)
    source = path.read_bytes()
    open_photo(window, path)
    document = window.editor.document
    assert document is not None
    before = document.photo.pixels.copy()
    paint(window, (0.4, 0.4), (0.5, 0.5), (0.6, 0.4))
    mask = document.mask.pixels > 0
    assert mask.any()
    key(window.canvas, "Return")
    wait_until(lambda: not window.editor.jobs and window.editor.unsaved, 20)
    after = document.photo.pixels.copy()
    changed = (after != before).any(axis=2)
    assert changed.any()
    assert changed.sum() <= (document.shape[0] * document.shape[1]) // 2
    key(window.canvas, "Ctrl+Z")
    assert np.array_equal(document.photo.pixels, before)
    assert np.array_equal(document.mask.pixels > 0, mask)
    key(window.canvas, "Ctrl+Y")
    assert np.array_equal(document.photo.pixels, after)
    key(window.canvas, "Ctrl+S")
    QTest.keyClick(dialog(), Qt.Key.Key_Return)
    wait_until(lambda: not window.editor.unsaved)
    assert (tmp_path / "lion_lacuna.jpg").is_file()
    assert path.read_bytes() == source
    assert any("lion_lacuna.jpg" in text for text in cards(window))


def test_a_place_is_healed_with_a_copy_whose_seam_goes(window: MainWindow, tmp_path: Path) -> None:
    open_photo(window, copy_of_sample(tmp_path))
    document = window.editor.document
    assert document is not None
    before = document.photo.pixels.copy()
    results = []
    for letter in ("C", "J"):
        key(window.canvas, letter)
        width, height = window.canvas.width(), window.canvas.height()
        drag(window.canvas, (0.6 * width, 0.4 * height), modifiers=Qt.KeyboardModifier.AltModifier)
        paint(window, (0.45, 0.6), (0.5, 0.62))
        wait_until(lambda: not window.editor.jobs, 60)  # the first use compiles
        settle()
        results.append(document.photo.pixels.copy())
        key(window.canvas, "Ctrl+Z")
        assert np.array_equal(document.photo.pixels, before)
    cloned, healed = results
    key(window.canvas, "Ctrl+Y")
    assert document.history.labels == ["Heal"]
    assert np.array_equal(document.photo.pixels, healed)
    assert not np.array_equal(cloned, healed)
    changed = (cloned != before).any(axis=2)
    assert np.array_equal(healed[~changed], before[~changed])
    outside = [p.astype(int)[changed].mean() - before.astype(int)[changed].mean() for p in (cloned, healed)]
    assert abs(outside[1]) < abs(outside[0]) / 2  # in the light of the place, not of its source


def test_the_title_names_the_picture_and_marks_what_is_unsaved(window: MainWindow, tmp_path: Path) -> None:
    assert window.windowTitle() == "Lacuna"
    edited(window, copy_of_sample(tmp_path))
    assert window.windowTitle() == "lion.jpg[*] — Lacuna"
    assert window.isWindowModified()
    window.editor.undo()
    settle()
    assert not window.isWindowModified()


def test_the_start_panel_gives_way_to_the_picture_and_comes_back(window: MainWindow) -> None:
    assert window.start.isVisible()
    assert len(window.start.sample_buttons) == 4
    QTest.mouseClick(window.start.sample_buttons[0], LEFT)
    wait_until(lambda: window.editor.document is not None)
    assert window.canvas.isVisible()
    assert not window.start.isVisible()
    assert window.canvas.hasFocus()
    key(window.canvas, "Ctrl+W")
    assert window.start.isVisible()
    assert len(window.start.recent_buttons) == 1


# --- leaving


def test_leaving_unsaved_work_asks_once_and_staying_keeps_it(window: MainWindow, tmp_path: Path) -> None:
    edited(window, copy_of_sample(tmp_path))
    key(window.canvas, "Ctrl+W")
    QTest.keyClick(dialog(), Qt.Key.Key_Escape)
    settle()
    assert window.editor.document is not None
    assert window.editor.unsaved
    back_to(window)
    key(window.canvas, "Ctrl+W")
    answer("Discard changes")
    assert window.editor.document is None


def test_what_the_save_page_says_will_be_lost_is_agreed_to_by_saving(window: MainWindow, tmp_path: Path) -> None:
    deep = QImage(64, 48, QImage.Format.Format_RGBA64)
    deep.fill(0x80204060)  # half transparent
    deep.save(str(tmp_path / "deep.png"))
    open_photo(window, tmp_path / "deep.png")
    key(window.canvas, "Ctrl+Shift+S")
    page = dialog()
    assert isinstance(page, SavePicture)
    page.name.setText("deep.jpg")
    assert "JPEG keeps 8 bits" in page.notes.text()
    assert "transparency" in page.notes.text()
    answer("Save")
    wait_until(lambda: (tmp_path / "deep.jpg").is_file() and not window.editor.jobs)
    assert not any(card.message.severity is Severity.ERROR for card in window.messages.cards)
    key(window.canvas, "Ctrl+S")  # the same again, without the page
    wait_until(lambda: not window.editor.jobs)
    assert not any(card.message.severity is Severity.ERROR for card in window.messages.cards)


def test_saving_on_the_way_out_leaves_only_when_it_is_saved(window: MainWindow, tmp_path: Path) -> None:
    edited(window, copy_of_sample(tmp_path))
    key(window.canvas, "Ctrl+W")
    answer("Save")
    assert window.editor.document is not None
    answer("Save")  # the page with name and format
    wait_until(lambda: window.editor.document is None)
    assert (tmp_path / "lion_lacuna.jpg").is_file()


def test_always_save_is_remembered_and_asks_no_more(window: MainWindow, tmp_path: Path) -> None:
    window.prefer("save_without_asking", True)
    edited(window, copy_of_sample(tmp_path))
    key(window.canvas, "Ctrl+W")
    wait_until(lambda: window.editor.document is None)
    assert (tmp_path / "lion_lacuna.jpg").is_file()


def test_a_quality_that_was_chosen_holds_for_the_next_save(window: MainWindow, tmp_path: Path) -> None:
    edited(window, copy_of_sample(tmp_path))
    key(window.canvas, "Ctrl+S")
    page = dialog()
    assert isinstance(page, SavePicture)
    page.manner.setCurrentIndex(1)
    page.quality.setValue(20)
    answer("Save")
    saved = tmp_path / "lion_lacuna.jpg"
    wait_until(lambda: not window.editor.jobs)
    small = saved.stat().st_size
    back_to(window)
    paint(window, (0.45, 0.6), (0.5, 0.6))
    fill(window)
    key(window.canvas, "Ctrl+S")
    wait_until(lambda: not window.editor.jobs)
    assert not window.editor.unsaved
    assert saved.stat().st_size < 1.1 * small


def test_what_is_always_saved_into_another_folder_overwrites_nothing_there(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards_of_a_camera = [copy_of_sample(tmp_path / folder, to="DSC1.jpg") for folder in ("card 1", "card 2")]
    monkeypatch.setattr("lacuna.ui.files.os.access", lambda folder, _mode: "card" not in folder.name)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    window.prefer("save_without_asking", True)
    for path in (*cards_of_a_camera, SAMPLES / "lion.jpg", SAMPLES / "lion.jpg"):
        edited(window, path)
        window.settings.last_folder = str(pictures)
        window.files.close()
        wait_until(lambda: window.editor.document is None and not window.editor.jobs)
    names = ["DSC1_lacuna-2.jpg", "DSC1_lacuna.jpg", "lion_lacuna-2.jpg", "lion_lacuna.jpg"]
    assert sorted(path.name for path in pictures.iterdir()) == names


def test_a_pasted_picture_is_saved_where_dialogs_begin(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, pictures = tmp_path / "elsewhere", tmp_path / "pictures"
    elsewhere.mkdir()
    pictures.mkdir()
    monkeypatch.chdir(elsewhere)
    window.settings.last_folder = str(pictures)
    QGuiApplication.clipboard().setImage(QImage(str(SAMPLES / "lion.jpg")))
    settle()
    key(window, "Ctrl+V")
    wait_until(lambda: window.editor.document is not None)
    key(window.canvas, "Ctrl+S")
    page = dialog()
    assert isinstance(page, SavePicture)
    assert page.path == pictures / "untitled_lacuna.png"
    answer("Save")
    wait_until((pictures / "untitled_lacuna.png").is_file)
    assert list(elsewhere.iterdir()) == []


def test_a_mask_alone_asks_nothing(window: MainWindow, tmp_path: Path) -> None:
    open_photo(window, copy_of_sample(tmp_path))
    paint(window, (0.4, 0.4), (0.6, 0.6))
    key(window.canvas, "Ctrl+W")
    assert QApplication.activeModalWidget() is None
    assert window.editor.document is None


def test_closing_the_window_with_unsaved_work_asks_and_then_ends(window: MainWindow, tmp_path: Path) -> None:
    ended: list[bool] = []
    window.ended.connect(lambda: ended.append(True))
    edited(window, copy_of_sample(tmp_path))
    window.close()
    assert window.isVisible()
    QTest.keyClick(dialog(), Qt.Key.Key_Escape)
    assert window.isVisible()
    window.close()
    answer("Discard changes")
    assert ended == [True]
    assert not window.isVisible()


def test_a_change_after_the_save_began_is_asked_about_before_the_window_ends(
    window: MainWindow, tmp_path: Path
) -> None:
    ended: list[bool] = []
    window.ended.connect(lambda: ended.append(True))
    edited(window, copy_of_sample(tmp_path))
    window.close()
    answer("Save")
    answer("Save")  # the page with name and format: the picture is frozen now
    document = window.editor.document
    assert document is not None
    with document.edit("Meanwhile") as edit, edit.write(document.photo, Region(0, 0, 9, 9)) as pixels:
        pixels[...] = 3
    wait_until(lambda: QApplication.activeModalWidget() is not None)
    assert ended == []
    QTest.keyClick(dialog(), Qt.Key.Key_Escape)
    assert window.isVisible()
    assert window.editor.unsaved


def test_a_window_that_is_closed_while_a_file_is_written_stays_until_it_is(window: MainWindow, tmp_path: Path) -> None:
    ended: list[bool] = []
    window.ended.connect(lambda: ended.append(True))
    open_photo(window, copy_of_sample(tmp_path))
    go = threading.Event()
    window.editor.work.run("Save", lambda _progress: go.wait(20), lambda _result: None, bound=False, kept=True)
    window.close()
    assert window.isVisible()
    assert cards(window) == ["A file is still being written."]
    assert ended == []
    go.set()
    wait_until(lambda: ended == [True])
    assert not window.isVisible()


def test_a_window_that_is_ended_stays_until_the_session_is_on_disk(window: MainWindow, tmp_path: Path) -> None:
    ended: list[bool] = []
    edited(window, copy_of_sample(tmp_path))
    document = window.editor.document
    assert document is not None
    window.ended.connect(lambda: ended.append(document.writer.idle))
    go = threading.Event()
    document.writer.submit(lambda: go.wait(20) and None)
    window.end()
    assert window.isVisible()
    assert cards(window)[-1] == "A file is still being written."
    go.set()
    wait_until(lambda: ended == [True])
    assert not window.isVisible()


@pytest.mark.parametrize("saved", [True, False])
def test_a_window_that_is_ended_stays_until_what_was_painted_is_worked_out(
    window: MainWindow, tmp_path: Path, saved: bool
) -> None:
    open_photo(window, copy_of_sample(tmp_path))
    go = threading.Event()
    window.editor.work.run("Wait", lambda _progress: go.wait(20), lambda _result: None, bound=False)
    key(window.canvas, "J")
    width, height = window.canvas.width(), window.canvas.height()
    drag(window.canvas, (0.6 * width, 0.4 * height), modifiers=Qt.KeyboardModifier.AltModifier)
    paint(window, (0.45, 0.6), (0.5, 0.62))
    if saved:
        window.editor.save(tmp_path / "saved.png")
    document = window.editor.document
    assert document is not None
    window.end()
    assert window.isVisible()
    go.set()
    wait_until(lambda: not window.isVisible(), 60)  # the first use compiles
    assert document.history.labels == ["Heal"]
    assert (tmp_path / "saved.png").exists() == saved


def test_a_pasted_picture_is_made_in_the_worker(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def made(image: QImage) -> Photo:
        threads.append(threading.current_thread())
        return photo_of(image)

    monkeypatch.setattr("lacuna.ui.clipboard.photo_of", made)
    image = QImage(str(SAMPLES / "lion.jpg"))
    QGuiApplication.clipboard().setImage(image)
    settle()
    key(window, "Ctrl+V")
    wait_until(lambda: window.editor.document is not None)
    assert window.editor.document is not None
    assert np.array_equal(window.editor.document.photo.pixels, photo_of(image).pixels)
    assert threads
    assert threading.main_thread() not in threads


# --- files


def test_next_and_previous_go_through_the_folder_and_say_where_it_ends(window: MainWindow, tmp_path: Path) -> None:
    first = copy_of_sample(tmp_path, "bridge.jpg", "1.jpg")
    second = copy_of_sample(tmp_path, "house.jpg", "2.jpg")
    open_photo(window, first)
    viewport = window.canvas.viewport
    assert viewport.zoom == 1 < viewport.fitting
    key(window.canvas, "Ctrl+0")
    key(window.canvas, "PgDown")
    wait_until(lambda: window.picture_name() == "2.jpg")
    assert 1 < viewport.zoom == viewport.fitting
    key(window.canvas, "PgDown")
    wait_until(lambda: any("last picture" in text for text in cards(window)))
    key(window.canvas, "Alt+Left")
    wait_until(lambda: window.picture_name() == "1.jpg")
    assert second.is_file()


@pytest.mark.parametrize("verb", ["ask_open", "ask_import_mask"])
def test_the_dialogs_that_open_list_every_kind_of_file_that_can_be_read(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    shown_filters: list[str] = []
    for name, none in (("getOpenFileNames", []), ("getOpenFileName", "")):
        monkeypatch.setattr(
            f"lacuna.ui.files.QFileDialog.{name}",
            lambda *asked, none=none: (shown_filters.append(asked[3]), (none, ""))[1],
        )
    getattr(window.files, verb)()
    assert all(f"*{suffix} " in shown_filters[0] for suffix in READABLE)


def test_several_files_given_are_the_list_that_next_goes_through(window: MainWindow, tmp_path: Path) -> None:
    files = [copy_of_sample(tmp_path / folder, to="same.jpg") for folder in ("a", "b")]
    window.files.open(files)
    wait_until(lambda: window.editor.document is not None)
    settle()
    assert not window.action_set["file.previous"].isEnabled()
    key(window.canvas, "PgDown")
    wait_until(lambda: window.editor.document is not None and window.editor.document.header.path == files[1])
    settle()
    assert not window.action_set["file.next"].isEnabled()


def test_a_file_that_cannot_be_read_is_said_with_its_name_and_the_start_stays(
    window: MainWindow, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_text("no picture at all")
    window.files.open([broken])
    wait_until(lambda: window.messages.cards)
    assert "broken.png" in cards(window)[0]
    assert window.messages.cards[0].message.severity is Severity.ERROR
    assert QApplication.activeModalWidget() is None
    wait_until(lambda: window.start.isVisible())


def test_a_picture_that_is_too_large_can_be_allowed_once(tmp_path: Path) -> None:
    huge = tmp_path / "huge.png"
    image = QImage(9000, 6000, QImage.Format.Format_Grayscale8)
    image.fill(128)
    image.save(str(huge))
    with opened_window() as window:
        window.prefer("megapixel_limit", 50)
        window.files.open([huge])
        assert "huge.png" in " ".join(w.text() for w in dialog().findChildren(QLabel))
        answer("Open it this time")
        wait_until(lambda: window.editor.document is not None, 20)
        assert window.editor.document is not None
        assert window.editor.document.shape == (6000, 9000)


def test_recent_files_are_remembered_newest_first(window: MainWindow, tmp_path: Path) -> None:
    files = [copy_of_sample(tmp_path, to=f"{n}.jpg") for n in (1, 2)]
    for path in (*files, files[0]):
        open_photo(window, path)
    assert window.editor.settings.recent == [str(files[0]), str(files[1])]
    window.bars.recent.aboutToShow.emit()
    assert [a.text() for a in window.bars.recent.actions()][:2] == ["&1  1.jpg", "&2  2.jpg"]


def test_recent_files_are_there_at_the_next_start_even_after_a_crash(home: Path, tmp_path: Path) -> None:
    files = [copy_of_sample(tmp_path, to=f"{n}.jpg") for n in (1, 2)]
    with opened_window() as window:
        for path in files:
            open_photo(window, path)
        after_a_crash = Settings.load()  # nothing has been shut down yet
        assert after_a_crash.recent == [str(files[1]), str(files[0])]
    with opened_window() as window:
        assert [button.toolTip() for button in window.start.recent_buttons] == [str(files[1]), str(files[0])]
        QTest.mouseClick(window.start.recent_buttons[1], LEFT)
        wait_until(lambda: window.picture_name() == "1.jpg")
        window.files.forget_recent()
    with opened_window() as window:
        assert window.start.recent_buttons == []


# --- work that was kept


def choose(window: MainWindow, text: str) -> None:
    """Press a button of the card in view."""
    (card,) = window.messages.cards
    QTest.mouseClick(next(b for b in card.findChildren(QPushButton) if b.text() == text), LEFT)
    settle()


def offered(window: MainWindow) -> list[str]:
    return [card.accessibleName() for card in window.messages.cards]


@pytest.fixture
def two_kept(tmp_path: Path) -> None:
    """Lacuna has ended twice with unsaved work: of old.jpg first, of new.jpg an hour later."""
    for hours_ago, name in ((2, "old.jpg"), (1, "new.jpg")):
        with desk() as ended:
            ended.open(copy_of_sample(tmp_path, to=name))
            (folder,) = (f for f in sessions_folder().iterdir() if f not in {s.folder for s in sessions()})
            with ended.document.edit("Edit") as edit, edit.write(ended.document.photo, Region(0, 0, 9, 9)) as pixels:
                pixels[...] = 3
        os.utime(folder / LOG, (time.time() - 3600 * hours_ago,) * 2)


def test_of_two_sessions_the_second_is_offered_after_the_first_is_put_off(two_kept: None) -> None:
    with opened_window() as window:
        window.unfinished.offer()
        (first,) = offered(window)
        assert "(1 of 2)" in first
        assert "new.jpg" in first
        choose(window, "Later")
        (second,) = offered(window)
        assert "(2 of 2)" in second
        assert "old.jpg" in second
        choose(window, "Later")
        assert offered(window) == []
        window.unfinished.offer()
        assert offered(window) == []  # both were put off until the next start
    with opened_window() as window:
        window.unfinished.offer()
        assert "(1 of 2)" in offered(window)[0]


def test_a_session_is_given_up_and_the_other_is_brought_back(two_kept: None) -> None:
    with opened_window() as window:
        window.unfinished.offer()
        choose(window, "Discard")
        assert [session.name for session in window.editor.restorable()] == ["old.jpg"]
        assert "old.jpg" in offered(window)[0]
        choose(window, "Restore")
        wait_until(lambda: window.picture_name() == "old.jpg")
        assert window.editor.unsaved


def test_after_one_session_is_brought_back_the_other_waits_for_the_next_start(two_kept: None, tmp_path: Path) -> None:
    with opened_window() as window:
        window.unfinished.offer()
        choose(window, "Restore")
        wait_until(lambda: window.picture_name() == "new.jpg")
        assert offered(window) == []
        window.editor.save(tmp_path / "saved.jpg")
        wait_until(lambda: not window.editor.unsaved)
    with opened_window() as window:
        window.unfinished.offer()
        (left,) = offered(window)
        assert "old.jpg" in left
        assert " of " not in left


# --- dropping and pasting


def drop(window: MainWindow, path: Path, x: float, modifiers: Qt.KeyboardModifier) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    at = QPointF(window.stage.mapTo(window, window.stage.rect().center()))
    at.setX(window.stage.mapTo(window, window.stage.rect().topLeft()).x() + x * window.stage.width())
    copy = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(at.toPoint(), copy, data, LEFT, modifiers)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(at, copy, data, LEFT, modifiers))
    settle()


NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


def test_a_dropped_picture_is_opened(window: MainWindow) -> None:
    drop(window, SAMPLES / "house.jpg", 0.9, NONE)
    wait_until(lambda: window.picture_name() == "house.jpg")


@pytest.mark.parametrize(("x", "modifiers"), [(0.9, NONE), (0.1, CTRL)])
def test_dropped_on_the_right_half_or_with_ctrl_it_becomes_the_mask(
    window: MainWindow, x: float, modifiers: Qt.KeyboardModifier
) -> None:
    open_photo(window)
    document = window.editor.document
    assert document is not None
    drop(window, SAMPLES / "lion-mask.png", x, modifiers)
    wait_until(lambda: document.mask.pixels.any())
    assert window.picture_name() == "lion.jpg"
    assert document.history.labels


def test_a_mask_of_another_size_is_asked_about_and_put_as_chosen(window: MainWindow) -> None:
    open_photo(window)
    document = window.editor.document
    assert document is not None
    window.files.import_mask(SAMPLES / "flamingos-mask.png")
    assert not document.mask.pixels.any()
    QTest.keyClick(dialog(), Qt.Key.Key_Escape)
    settle()
    assert not document.mask.pixels.any()
    window.files.import_mask(SAMPLES / "flamingos-mask.png")
    answer("Use the mask")
    wait_until(lambda: document.mask.pixels.any())
    window.files.import_mask(SAMPLES / "missing.png")
    wait_until(lambda: any("missing.png" in text for text in cards(window)))


def test_leaving_the_window_while_dragging_hides_the_zones(window: MainWindow) -> None:
    open_photo(window)
    window.stage.drag_at(window.stage.rect().center(), with_mask=True)
    assert window.stage._zones.isVisible()
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not window.stage._zones.isVisible()


def test_the_result_can_be_copied_and_pasted_as_a_picture(window: MainWindow) -> None:
    open_photo(window)
    assert window.editor.document is not None
    pixels = window.editor.document.photo.pixels.copy()
    key(window.canvas, "Ctrl+C")
    wait_until(lambda: any("clipboard" in text for text in cards(window)))
    image = QGuiApplication.clipboard().image()
    assert np.array_equal(photo_of(image).pixels, pixels)
    window.editor.close()
    settle()
    key(window, "Ctrl+V")
    wait_until(lambda: window.editor.document is not None)
    assert np.array_equal(window.editor.document.photo.pixels, pixels)
    assert window.picture_name() == "Untitled"


def test_an_image_pasted_over_an_open_picture_is_asked_about(window: MainWindow) -> None:
    open_photo(window)
    document = window.editor.document
    assert document is not None
    QGuiApplication.clipboard().setImage(QImage(str(SAMPLES / "lion-mask.png")))
    settle()
    key(window.canvas, "Ctrl+V")
    answer("As mask")
    wait_until(lambda: document.mask.pixels.any())
    assert window.editor.document is document
    assert np.array_equal(document.mask.pixels, mask_of(QImage(str(SAMPLES / "lion-mask.png"))))


def test_deep_pictures_and_transparency_survive_the_clipboard() -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 65536, (5, 7, 3), np.uint16)
    alpha = rng.integers(1, 65536, (5, 7), np.uint16)
    back = photo_of(image_of(Photo(pixels, alpha)))
    assert np.array_equal(back.pixels, pixels)
    assert back.alpha is not None
    assert np.array_equal(back.alpha, alpha)


# --- panels


def test_choosing_a_backend_changes_its_form_and_its_settings_reach_the_editor(window: MainWindow) -> None:
    panel = window.fill_panel
    names = [panel.backends.itemText(i) for i in range(panel.backends.count())]
    assert len(names) >= 2
    panel.backends.setFocus()
    QTest.keyClick(panel.backends, Qt.Key.Key_Down)
    settle()
    assert window.editor.backend == "ns"
    slider = next(s for s in panel.findChildren(QSlider) if s.isVisible())
    before = window.editor.params.radius
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Right)
    settle()
    assert window.editor.params.radius == before + 1
    panel.reset.click()
    settle()
    assert window.editor.params.radius == before


def test_the_estimate_follows_the_mask(window: MainWindow) -> None:
    open_photo(window)
    paint(window, (0.4, 0.4), (0.6, 0.6))
    wait_until(lambda: "region" in window.fill_panel.estimate.text())
    assert window.fill_panel.problem.isHidden()
    assert "first use" not in window.fill_panel.estimate.text()  # nothing is compiled for this method
    registry.refresh()
    window.editor.use_backend("patchmatch")
    wait_until(lambda: "first use" in window.fill_panel.estimate.text())
    window.editor.clear_mask()
    wait_until(lambda: "region" not in window.fill_panel.estimate.text())


def test_filling_the_transparency_is_offered_where_there_is_any(window: MainWindow, tmp_path: Path) -> None:
    open_photo(window)
    assert window.fill_panel.alpha.isHidden()
    clear = QImage(64, 48, QImage.Format.Format_RGBA8888)
    clear.fill(0x80204060)
    clear.save(str(tmp_path / "clear.png"))
    open_photo(window, tmp_path / "clear.png")
    window.action_set["mask.alpha"].trigger()
    wait_until(lambda: window.editor.document.mask_count() == 64 * 48)
    box = window.fill_panel.alpha.fields["fill_alpha"].widgets[0]
    assert box.isVisible()
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert window.editor.settings.preferences.fill_alpha


def test_how_a_fill_is_joined_is_chosen_in_the_panel_and_explained(window: MainWindow) -> None:
    open_photo(window)
    box = window.fill_panel.seam.fields["composite"].widgets[0]
    assert isinstance(box, QComboBox)
    assert box.isVisible()
    label = next(label for label in window.fill_panel.seam.findChildren(QLabel) if label.buddy() is box)
    assert "Poisson" in label.toolTip()
    box.setFocus()
    interval = QApplication.keyboardInputInterval()
    QApplication.setKeyboardInputInterval(10_000)  # on a busy machine letters come slowly
    try:
        QTest.keyClicks(box, "Poi")
    finally:
        QApplication.setKeyboardInputInterval(interval)
    assert window.editor.settings.preferences.composite == "poisson"


def test_what_was_chosen_automatically_stays_in_the_panel_until_something_else_is_done(window: MainWindow) -> None:
    open_photo(window)
    choice = window.fill_panel.choice
    window.editor.use_backend("auto")
    window.editor.set_param("methods", "telea,ns")
    paint(window, (0.45, 0.5), (0.55, 0.5))
    assert choice.isHidden()
    fill(window)
    (method,) = window.editor.report.methods
    assert choice.isVisible()
    name = registry.info(method).name
    assert choice.text().splitlines()[0] == f"Chosen: {name}"
    assert f"{name} was chosen" in choice.text()
    assert method not in re.findall(r"\w+", choice.text())
    assert " dB" in choice.text()
    window.editor.use_backend("telea")
    settle()
    assert choice.isHidden()
    window.editor.use_backend("auto")
    settle()
    assert choice.isVisible()
    assert cards(window) == []
    paint(window, (0.4, 0.4), (0.45, 0.4))
    assert choice.isHidden()


def test_the_mask_is_grown_by_the_amount_that_was_set_and_it_is_remembered(window: MainWindow) -> None:
    open_photo(window)
    document = window.editor.document
    assert document is not None
    paint(window, (0.45, 0.5), (0.55, 0.5))
    before = document.mask_bounds()
    window.action_set["mask.edge"].trigger()
    page = dialog()
    assert isinstance(page, MaskEdge)
    back_to(page)
    amount = page.form.fields["grow_by"].widgets[-1]
    amount.setFocus()
    QTest.keyClick(amount, Qt.Key.Key_A, CTRL)
    QTest.keyClicks(amount, "12")
    QTest.keyClick(amount, Qt.Key.Key_Return)
    assert page.isVisible()
    QTest.mouseClick(page.grow, LEFT)
    wait_until(lambda: document.mask_bounds() == before.pad(12).clip(document.shape))
    QTest.keyClick(page, Qt.Key.Key_Escape)
    back_to(window)
    key(window.canvas, "Ctrl+Up")
    wait_until(lambda: document.mask_bounds() == before.pad(24).clip(document.shape))
    window.editor.settings.save()
    assert Settings.load().preferences.grow_by == 12


def test_the_fill_button_fills(window: MainWindow) -> None:
    open_photo(window)
    paint(window, (0.45, 0.5), (0.55, 0.5))
    QTest.mouseClick(window.fill_panel.button, LEFT)
    wait_until(lambda: window.editor.unsaved, 20)


def test_tool_options_follow_the_tool_and_reach_the_editor(window: MainWindow) -> None:
    for tool in window.editor.tools:
        window.editor.use(tool.id)
        settle()
        form = window.options.form
        assert form is not None
        assert form.params is tool.Options
    window.editor.use("brush")
    settle()
    assert window.options.form is not None
    size = window.options.form.fields["size"].widgets[1]
    size.setFocus()
    QTest.keyClick(size, Qt.Key.Key_A, CTRL)
    QTest.keyClicks(size, "77")
    QTest.keyClick(size, Qt.Key.Key_Return)
    settle()
    assert window.editor.options.size == 77


def test_enter_in_a_box_gives_the_keyboard_back_to_the_picture_and_fills_nothing(window: MainWindow) -> None:
    open_photo(window)
    paint(window, (0.45, 0.5), (0.55, 0.5))
    assert window.options.form is not None
    size = window.options.form.fields["size"].widgets[1]
    size.setFocus()
    QTest.keyClick(size, Qt.Key.Key_Return)
    settle()
    assert window.canvas.hasFocus()
    assert not window.editor.jobs
    assert not window.editor.unsaved


def test_choosing_a_line_of_the_history_goes_there(window: MainWindow) -> None:
    open_photo(window)
    document = window.editor.document
    assert document is not None
    for _time in range(3):
        window.editor.invert_mask()
    settle()
    panel = window.history_panel
    assert panel.model.rowCount() == 4
    panel.list.setFocus()
    QTest.mouseClick(panel.list.viewport(), LEFT, pos=panel.list.visualRect(panel.model.index(1)).center())
    settle()
    assert document.history.position == 1
    QTest.keyClick(panel.list, Qt.Key.Key_End)
    settle()
    assert document.history.position == 3


def test_the_status_line_tells_size_depth_zoom_mask_and_the_pixel_below_the_pointer(window: MainWindow) -> None:
    open_photo(window)
    document = window.editor.document
    assert document is not None
    status = window.status
    assert status.size_text.text() == "512 × 384 px   8 bit"
    key(window.canvas, "Ctrl+1")
    assert status.zoom.currentText() == "100 %"
    window.canvas.cursor_moved.emit(10.5, 20.5)
    wait_until(lambda: status.position.text() == "10, 20")
    assert status.colour.text().split() == [str(v) for v in document.photo.pixels[20, 10]]
    window.editor.select_all()
    wait_until(lambda: status.mask_share.text() == "Mask 100 %")
    window.canvas.cursor_moved.emit(-1.0, 5.0)
    wait_until(lambda: status.position.text() == "")


def test_the_colour_in_the_status_line_follows_the_picture(window: MainWindow) -> None:
    open_photo(window)
    document = window.editor.document
    assert document is not None
    paint(window, (0.45, 0.5), (0.5, 0.55), (0.55, 0.5))
    rows, columns = np.nonzero(document.mask.pixels)
    x, y = int(columns[len(columns) // 2]), int(rows[len(rows) // 2])

    def shown() -> list[str]:
        return window.status.colour.text().split()

    def told() -> list[str]:
        return [str(v) for v in document.photo.pixels[y, x]]

    window.canvas.cursor_moved.emit(x + 0.5, y + 0.5)
    wait_until(lambda: shown() == told())
    before = shown()
    fill(window)
    filled = told()
    assert filled != before
    wait_until(lambda: shown() == filled)
    window.editor.undo()
    wait_until(lambda: shown() == before)


def test_a_zoom_can_be_typed_or_chosen(window: MainWindow) -> None:
    open_photo(window)
    edit = window.status.zoom.lineEdit()
    assert edit is not None
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, "250")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    settle()
    assert window.canvas.viewport.zoom == pytest.approx(2.5)
    assert window.canvas.hasFocus()
    edit.setText("nonsense")
    edit.setFocus()
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert window.status.zoom.currentText() == "250 %"
    window.status.zoom.activated.emit(0)
    settle()
    assert window.canvas.viewport.fitted


# --- jobs, messages, errors


def test_the_job_bar_shows_a_long_job_cancels_it_and_moves_nothing(window: MainWindow) -> None:
    open_photo(window)
    canvas = window.canvas.geometry()

    def slowly(progress: Progress) -> None:
        import time

        for step in range(2000):
            progress.at(step / 2000, "Counting")
            time.sleep(0.005)

    window.editor.work.run("Slow work", slowly, lambda _result: None)
    wait_until(lambda: window.status.job.isVisible())
    wait_until(lambda: "Counting" in window.status.job.text.text())
    assert window.canvas.geometry() == canvas
    wait_until(lambda: window.status.job.progress.value() > 0)
    QTest.mouseClick(window.status.job.cancel, LEFT)
    wait_until(lambda: not window.editor.jobs)
    wait_until(lambda: window.status.hint.isVisible())


def test_a_call_that_cannot_be_stopped_is_named_while_the_next_job_waits(window: MainWindow) -> None:
    from threading import Event

    go_on = Event()
    window.editor.work.run("Deaf", lambda _progress: go_on.wait(10), lambda _result: None, interruptible=False)
    wait_until(lambda: window.status.job.isVisible())
    wait_until(lambda: window.editor.jobs[0].started is not None)
    done: list[object] = []
    window.editor.work.run("Next", lambda _progress: "done", done.append)
    window.editor.cancel()
    wait_until(lambda: "cannot be stopped" in window.status.job.text.text())
    go_on.set()
    wait_until(lambda: done == ["done"])


def in_view(window: MainWindow) -> list[MessageCard]:
    return [card for card in window.messages.cards if card.isVisible()]


def test_a_message_is_shown_once_and_can_be_closed(window: MainWindow) -> None:
    message = Message("Something to know.", "And what to do.", Severity.WARNING)
    for _time in range(2):
        window.say(message)
    assert cards(window) == ["Something to know."]
    card = window.messages.cards[0]
    assert card.accessibleName() == "Something to know. And what to do."
    cross = next(b for b in card.findChildren(QAbstractButton) if b.accessibleName() == "Close this message")
    QTest.mouseClick(cross, LEFT)
    assert cards(window) == []
    assert not window.messages.isVisible()


def test_several_messages_can_all_be_read(window: MainWindow) -> None:
    texts = ["The first thing to know.", "The second, which came right after it.", "And a third."]
    for text in texts:
        window.say(Message(text, severity=Severity.WARNING))
        QApplication.sendPostedEvents()
        for card in in_view(window):
            assert card.height() >= card.heightForWidth(card.width()) > 0
            assert card.geometry().bottom() <= window.messages.height()
    assert [card.message.sentence for card in in_view(window)] == texts[:0:-1]
    assert window.messages.more.text() == "1 more message"
    window.messages.close_card(in_view(window)[0])
    assert [card.message.sentence for card in in_view(window)] == texts[1::-1]
    assert not window.messages.more.isVisible()


def test_a_question_stays_in_view_whatever_is_said_after_it(window: MainWindow) -> None:
    window.messages.say(Message("Well?"), (Answer("Yes", lambda: None, primary=True),))
    for number in range(3):
        window.say(Message(f"Note {number}"))
    assert {card.message.sentence for card in in_view(window)} == {"Well?", "Note 2"}


def test_that_a_file_could_not_be_opened_is_over_with_the_next_that_is(window: MainWindow, tmp_path: Path) -> None:
    window.files.open([tmp_path / "missing.png"])
    wait_until(lambda: len(cards(window)) == 1)
    window.editor.said(Message.of(CannotSave("The disk is full.")))
    open_photo(window)
    wait_until(lambda: cards(window) == ["The disk is full."])


def test_the_status_line_reports_a_fill_until_the_next_stroke(window: MainWindow) -> None:
    open_photo(window)
    assert "compared" not in window.status.hint.text()
    paint(window, (0.45, 0.5), (0.55, 0.5))
    window.editor.fill()
    wait_until(lambda: "all others were compared" in window.status.hint.text())
    paint(window, (0.3, 0.3), (0.4, 0.3))
    assert "compared" not in window.status.hint.text()


def test_a_hint_that_has_no_room_ends_in_dots(window: MainWindow) -> None:
    hint = window.status.hint
    assert hint.shown == hint.text()
    whole = grabbed(hint)
    window.resize(820, 700)
    settle()
    assert hint.shown.endswith("…")
    assert hint.text().startswith(hint.shown[:-1])
    assert not np.array_equal(grabbed(hint), whole[:, : hint.width()])


def test_where_pixels_came_from_is_not_shown_over_the_original(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_photo(window)
    window.prefer("show_origin", True)
    canvas, target = window.canvas, [0.0, 0.0]
    monkeypatch.setattr(window.editor.filling.origins, "at", lambda _document, _x, _y: tuple(target))

    def crosses(pointer: float, source: float) -> int:
        """Beside the nib, with the pointer and the place that it came from at these shares of the canvas."""
        x, y = canvas.viewport.to_image(source * canvas.width(), 0.5 * canvas.height())
        target[:] = int(x), int(y)
        move(canvas, pointer * canvas.width(), 0.5 * canvas.height())
        return len(canvas.outline.circles) - 1

    assert crosses(0.4, 0.6) == 1
    window.compare(True)
    wait_until(lambda: canvas.scene.original is not None)
    assert crosses(0.6, 0.65) == 1
    assert crosses(0.4, 0.6) == 0
    assert crosses(0.6, 0.4) == 0
    canvas.hold_original(True)
    assert crosses(0.6, 0.65) == 0
    canvas.hold_original(False)


def test_an_answer_on_a_card_is_carried_out_once(window: MainWindow) -> None:
    heard: list[str] = []
    window.messages.say(Message("Well?"), (Answer("Yes", lambda: heard.append("yes")),))
    button = next(b for b in window.messages.cards[0].findChildren(QPushButton) if b.text() == "Yes")
    QTest.mouseClick(button, LEFT)
    assert heard == ["yes"]
    assert cards(window) == []


def test_an_exception_in_a_backend_comes_as_a_dialog_and_leaves_the_document_as_it_was(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lacuna.engine.registry import backend

    def fail(*_args: object) -> None:
        raise IndexError("an unforeseen index")

    monkeypatch.setattr(type(backend("telea")), "fill", fail)
    open_photo(window)
    document = window.editor.document
    assert document is not None
    paint(window, (0.45, 0.5), (0.55, 0.5))
    before, mask = document.photo.pixels.copy(), document.mask.pixels.copy()
    window.editor.use_backend("telea")
    window.editor.fill()
    box = dialog()
    assert isinstance(box, ErrorDetails)
    assert "an unforeseen index" in box.details.toPlainText()
    assert "Traceback" in box.details.toPlainText()
    assert np.array_equal(document.photo.pixels, before)
    assert np.array_equal(document.mask.pixels, mask)
    QTest.keyClick(box, Qt.Key.Key_Escape)


def test_a_hint_to_paint_first_goes_once_something_is_painted(window: MainWindow) -> None:
    open_photo(window)
    key(window.canvas, "Return")
    assert any("Paint over" in text for text in cards(window))
    paint(window, (0.45, 0.5), (0.55, 0.5))
    wait_until(lambda: not cards(window))
    window.editor.select_all()
    window.editor.fill()
    settle()
    assert any("whole picture" in text for text in cards(window))
    key(window.canvas, "Ctrl+D")
    wait_until(lambda: not cards(window))


@pytest.mark.parametrize("ends", ["a source is named", "another tool", "the picture is closed"])
def test_that_nothing_is_chosen_to_copy_from_is_said_as_long_as_it_is_so(window: MainWindow, ends: str) -> None:
    open_photo(window)
    window.editor.use("clone")
    paint(window, (0.45, 0.5), (0.55, 0.5))
    assert cards(window) == ["Nothing is chosen to copy from."]
    if ends == "a source is named":
        QTest.mouseClick(window.canvas, LEFT, Qt.KeyboardModifier.AltModifier, window.canvas.rect().center())
    elif ends == "another tool":
        window.editor.use("heal")
    else:
        window.editor.close()
    wait_until(lambda: not cards(window))


def test_a_warning_about_a_picture_goes_with_it_and_one_about_something_else_stays(
    window: MainWindow, tmp_path: Path
) -> None:
    spoilt = tmp_path / "spoilt.png"
    spoilt.write_bytes(b"no picture")
    open_photo(window)
    window.editor.import_mask(spoilt)
    wait_until(lambda: len(cards(window)) == 1)
    (about_the_mask,) = cards(window)
    window.files.open([tmp_path / "missing.png"])
    wait_until(lambda: len(cards(window)) == 2)
    window.editor.close()
    wait_until(lambda: len(cards(window)) == 1)
    assert cards(window) != [about_the_mask]


def test_what_is_to_be_known_of_a_save_comes_on_one_card_that_goes_by_itself(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "SECONDS_OF_A_NOTE", 0.5)
    edited(window, copy_of_sample(tmp_path))
    window.editor.save(tmp_path / "saved.jpg", quality=40)
    wait_until(lambda: cards(window) == ["Saved as “saved.jpg”."])
    assert window.messages.cards[0].message.hint
    wait_until(lambda: not cards(window))


def test_what_stays_until_it_is_over_goes_then_and_not_before(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "SECONDS_OF_A_NOTE", 0.05)
    over: list[bool] = []
    window.say(Message("It waits.", stays=True, over=lambda: bool(over)))
    window.say(Message("It is short."))
    wait_until(lambda: cards(window) == ["It waits."])
    over.append(True)
    window.editor.state_changed()
    wait_until(lambda: not cards(window))


def test_no_dialog_comes_during_a_stroke(window: MainWindow) -> None:
    open_photo(window)
    centre = window.canvas.rect().center()
    press(window.canvas, centre.x(), centre.y())
    window.say(Message.of(unexpected("Fill", ValueError("no"))))
    settle()
    assert QApplication.activeModalWidget() is None
    release(window.canvas, centre.x(), centre.y())
    assert isinstance(dialog(), ErrorDetails)
    dialog().close()


# --- looks and memory


def test_preferences_hold_at_once(window: MainWindow) -> None:
    open_photo(window)
    window.prefer("overlay_colour", "#34c759")
    assert window.canvas.scene.overlay_colour == "#34c759"
    bar = window.findChild(QToolBar, "options")
    toggle = bar.widgetForAction(window.action_set["fill.after_stroke"])
    QTest.mouseClick(toggle, LEFT)
    settle()
    assert window.editor.settings.preferences.fill_after_stroke
    assert toggle.isChecked()
    paint(window, (0.45, 0.5), (0.55, 0.5))
    wait_until(lambda: window.editor.unsaved, 20)


def test_the_layout_is_remembered(home: Path) -> None:
    with opened_window() as window:
        window.docks["history"].hide()
        window.resize(1111, 777)
        settle()
        window.end()
        kept = window.editor.settings.layout
    with opened_window(Settings(layout=kept)) as window:
        assert not window.docks["history"].isVisible()
        assert window.docks["fill"].isVisible()


def test_a_layout_of_a_higher_screen_gives_way_to_one_with_tabs_on_a_low_one(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lacuna.ui import layout

    kept = layout.kept(window)
    assert not window.tabifiedDockWidgets(window.docks["history"])
    monkeypatch.setattr(layout, "room_on", lambda _window: QSize(800, 460))
    layout.restore(window, window.docks, kept)
    settle()
    assert len(window.tabifiedDockWidgets(window.docks["fill"])) == 3
    assert not window.fill_panel.visibleRegion().isEmpty()
    low = layout.kept(window)
    window.docks["history"].raise_()
    layout.restore(window, window.docks, low)
    settle()
    assert not window.fill_panel.visibleRegion().isEmpty()


@pytest.mark.parametrize("layout", ["nonsense", "AAAA.BBBB", "...."])
def test_a_damaged_layout_leaves_a_usable_window(layout: str) -> None:
    with opened_window(Settings(layout=layout)) as window:
        assert window.docks["fill"].isVisible()
        assert window.width() > 600


def test_a_window_from_a_larger_screen_comes_back_on_this_one(window: MainWindow) -> None:
    from lacuna.ui import layout

    window.move(5000, 4000)
    text = layout.kept(window)
    window.move(0, 0)
    layout.restore(window, window.docks, text)
    assert window.screen().availableGeometry().intersects(window.geometry())
    window.resize(9000, 7000)
    text = layout.kept(window)
    layout.restore(window, window.docks, text)
    assert window.width() <= window.screen().availableGeometry().width()


def test_every_control_has_a_name_for_screen_readers(window: MainWindow) -> None:
    open_photo(window)
    for tool in window.editor.tools:
        window.editor.use(tool.id)
        settle()
        for widget in (*window.findChildren(QAbstractButton), *window.findChildren(QSlider)):
            if widget.isVisible() and not widget.objectName().startswith("qt_"):
                name = QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
                assert name, (widget, widget.parent())
    for combo in window.findChildren(QComboBox):
        assert combo.accessibleName()
    assert QAccessible.queryAccessibleInterface(window.canvas).text(QAccessible.Text.Name)


def test_tab_goes_round_the_window_in_the_order_in_which_its_parts_stand(window: MainWindow) -> None:
    open_photo(window)
    window.editor.use("lasso")
    window.editor.use("brush")  # its options are made anew, after everything else
    settle()
    assert window.options.form is not None
    options = window.options.form.fields["size"].widgets[1]
    order = [
        window.bars.before_options, options, window.bars.last_tool, window.canvas, window.fill_panel.backends,
        window.fill_panel.button, window.history_panel.list, window.status.zoom,
    ]  # fmt: skip
    window.editor.invert_mask()
    settle()
    window.bars.before_options.setEnabled(True)
    window.bars.before_options.setFocus()
    seen: list[QWidget] = []
    while (widget := window.focusWidget()) is not None and widget not in seen and len(seen) < 150:
        seen.append(widget)
        QTest.keyClick(widget, Qt.Key.Key_Tab)
    assert window.focusWidget() is window.bars.before_options
    places = [seen.index(part) for part in order]
    assert places == sorted(places)


def test_docks_can_be_hidden_and_shown_from_the_menu(window: MainWindow) -> None:
    docks = {dock.objectName() for dock in window.findChildren(QDockWidget)}
    assert docks == {"fill", "enlarge", "zoom", "navigator", "history"}
    for action in window.bars.panels.actions():
        was = action.isChecked()
        action.trigger()
        assert action.isChecked() is not was


def test_a_window_that_has_no_editor_yet_takes_keys_calmly_and_can_be_closed(app: QApplication) -> None:
    window = shown(MainWindow(Settings()), 900, 700)
    for text in ("B", "Return", "Ctrl+O", "\\", "Ctrl+V"):
        key(window, text)
    assert not any(window.action_set[row.id].isEnabled() for row in ROWS)
    ended: list[bool] = []
    window.ended.connect(lambda: ended.append(True))
    window.close()
    assert ended == [True]


HEAVY = ("numpy", "cv2", "PIL", "tifffile", "torch", "onnxruntime", "scipy", "numba", "typer", "rich", "platformdirs")


def test_the_first_paint_comes_before_anything_heavy_is_imported(home: Path) -> None:
    program = textwrap.dedent("""
        import sys
        from PySide6.QtWidgets import QApplication
        from lacuna.ui.application import Program
        app = QApplication(["lacuna"])
        program = Program(app, [])
        program.window.painted.disconnect()
        program.window.painted.connect(lambda: (print(" ".join(sys.modules)), app.exit(0)))
        app.exec()
    """)
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    loaded = {name.split(".")[0] for name in ran.stdout.split()}
    assert "PySide6" in loaded
    assert not loaded & set(HEAVY)


def test_the_window_keeps_a_core_for_itself(home: Path) -> None:
    program = textwrap.dedent("""
        import sys
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication
        from lacuna.engine import cores
        from lacuna.ui import application
        cores.count = lambda: 4
        app = QApplication(["lacuna"])
        QTimer.singleShot(0, app, lambda: app.exit(cores.free()))
        sys.exit(application.main())
    """)
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 3, ran.stderr
