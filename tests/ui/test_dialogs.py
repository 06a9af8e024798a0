"""The dialogs, each driven by keyboard or mouse and asked what it did."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QColor, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QPushButton

from lacuna import paths
from lacuna.contract.params import describe
from lacuna.editor.values import Message, Severity
from lacuna.engine.registry import backends
from lacuna.imaging.mask_fit import MaskFit, place
from lacuna.imaging.photo import Metadata, Photo, Source
from lacuna.settings import Preferences as Values
from lacuna.ui.dialogs.about import About
from lacuna.ui.dialogs.compare_methods import CompareMethods
from lacuna.ui.dialogs.error_details import ErrorDetails
from lacuna.ui.dialogs.mask_size import FITS, MaskSize
from lacuna.ui.dialogs.preferences import GROUPS, Preferences
from lacuna.ui.dialogs.question import overwrite_source, paste_as, too_large, unsaved
from lacuna.ui.dialogs.save_picture import SavePicture
from lacuna.ui.main_window import MainWindow
from lacuna.ui.pictures import mask_image
from tests.ui.support import grabbed, settle, shown, wait_until
from tests.ui.windows import open_photo

LION = paths.resources() / "samples" / "lion.jpg"
Enter, Escape = Qt.Key.Key_Return, Qt.Key.Key_Escape


class Heard(list[Any]):
    def say(self, *what: Any) -> None:
        self.append(what[0] if len(what) == 1 else what)

    def word(self, what: str) -> Any:
        return lambda: self.append(what)


@pytest.fixture
def heard() -> Heard:
    return Heard()


def click(dialog: QDialog, text: str) -> None:
    button = next(b for b in dialog.findChildren(QPushButton) if b.text() == text)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    settle()


def top_dialog() -> QDialog:
    found = QApplication.activeModalWidget()
    assert isinstance(found, QDialog)
    return found


# --- unsaved work ---------------------------------------------------------------------------------------------------


def ask_unsaved(heard: Heard) -> Any:
    return shown(unsaved("lion.jpg", heard.say, heard.word("discard"), None))


def test_unsaved_changes_are_saved_by_enter(heard: Heard) -> None:
    QTest.keyClick(ask_unsaved(heard), Enter)
    assert heard == [False]


def test_unsaved_changes_stay_by_esc(heard: Heard) -> None:
    question = ask_unsaved(heard)
    QTest.keyClick(question, Escape)
    assert not question.isVisible()
    assert heard == []


def test_unsaved_changes_are_discarded_only_by_their_own_button(heard: Heard) -> None:
    click(ask_unsaved(heard), "Discard changes")
    assert heard == ["discard"]


def test_always_save_is_remembered_with_the_save(heard: Heard) -> None:
    dialog = ask_unsaved(heard)
    assert dialog.tick is not None
    QTest.keyClick(dialog.tick, Qt.Key.Key_Space)
    click(dialog, "Save")
    assert heard == [True]


@pytest.mark.parametrize("harmless", [Enter, Escape])
def test_neither_enter_nor_esc_overwrites_the_original_or_opens_what_is_too_large(
    harmless: Qt.Key, heard: Heard
) -> None:
    for dialog in (
        overwrite_source("lion.jpg", heard.word("overwrite"), None),
        too_large("It is large.", "", heard.word("allow"), None),
    ):
        QTest.keyClick(shown(dialog), harmless)
        assert not dialog.isVisible()
    assert heard == []


def test_a_pasted_image_can_become_a_picture_or_a_mask(heard: Heard) -> None:
    for text in ("As mask", "As new picture", "Cancel"):
        click(shown(paste_as(8, 6, heard.word("picture"), heard.word("mask"), None)), text)
    assert heard == ["mask", "picture"]


# --- saving ---------------------------------------------------------------------------------------------------------


def save_dialog(
    heard: Heard, proposed: Path, source: Path | None = None, kind: str = "JPEG", bits: int = 8, alpha: bool = False
) -> SavePicture:
    header = Photo(
        np.zeros((0, 0, 3), np.uint8), source=None if source is None else Source(source, kind, kind != "JPEG", bits)
    )
    return shown(SavePicture(proposed, header, bits, alpha, heard.say, sides=(9, 9)))


def test_enter_saves_under_the_proposed_name_with_the_quality_of_the_source(heard: Heard, tmp_path: Path) -> None:
    dialog = save_dialog(heard, tmp_path / "a_lacuna.jpg", tmp_path / "a.jpg")
    assert dialog.manner.currentText() == "As the source"
    QTest.keyClick(dialog, Enter)
    assert heard == [(tmp_path / "a_lacuna.jpg", None)]


def test_a_jpeg_quality_can_be_set_by_hand(heard: Heard, tmp_path: Path) -> None:
    dialog = save_dialog(heard, tmp_path / "a_lacuna.jpg", tmp_path / "a.jpg")
    assert not dialog.quality.isVisible()
    dialog.manner.setFocus()
    QTest.keyClick(dialog.manner, Qt.Key.Key_Down)
    assert dialog.quality.isVisible()
    dialog.quality.setValue(80)
    QTest.keyClick(dialog, Enter)
    assert heard == [(tmp_path / "a_lacuna.jpg", 80)]


def test_the_format_changes_the_name_and_the_name_the_format(heard: Heard, tmp_path: Path) -> None:
    dialog = save_dialog(heard, tmp_path / "a_lacuna.jpg", tmp_path / "a.jpg")
    dialog.format.setFocus()
    QTest.keyClick(dialog.format, Qt.Key.Key_Up)
    assert dialog.name.text() == "a_lacuna.png"
    assert not dialog.manner.isVisible()  # there is no quality to choose
    dialog.name.setText("b.tiff")
    assert dialog.format.currentText() == "TIFF"
    dialog.name.setText("b")
    assert dialog.path == tmp_path / "b.tif"


def test_what_a_format_would_lose_is_said_before_it_is_lost(heard: Heard, tmp_path: Path) -> None:
    dialog = save_dialog(heard, tmp_path / "a.png", tmp_path / "source.png", "PNG", bits=16, alpha=True)
    assert dialog.notes.text() == ""
    dialog.name.setText("a.jpg")
    assert "8 bits" in dialog.notes.text()
    assert "transparency" in dialog.notes.text()
    assert dialog.manner.currentText() == "Very good (95)"


def test_what_a_format_leaves_out_beside_the_pixels_is_said_of_each(heard: Heard, tmp_path: Path) -> None:
    header = Photo(np.zeros((0, 0, 3), np.uint8), metadata=Metadata(iptc=b"names", text=(("Comment", "seen"),)))
    dialog = shown(SavePicture(tmp_path / "a.png", header, 8, False, heard.say, sides=(9, 9)))
    for name, words in {
        "a.png": (),
        "a.webp": ("IPTC", "comments"),
        "a.tif": ("comments",),
        "a.dib": ("IPTC",),
    }.items():
        dialog.name.setText(name)
        assert dialog.path.name == name
        assert all(word in dialog.notes.text() for word in words)
        assert bool(dialog.notes.text()) == bool(words)


def test_heic_is_offered_only_where_it_can_be_written(
    heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for able in (False, True):
        monkeypatch.setattr("lacuna.imaging.heif.can_write", lambda able=able: able)
        assert (save_dialog(heard, tmp_path / "a.png").format.findText("HEIC") >= 0) == able


def test_a_file_that_is_there_is_replaced_only_under_that_word(heard: Heard, tmp_path: Path) -> None:
    (tmp_path / "there.png").write_bytes(b"x")
    dialog = save_dialog(heard, tmp_path / "there.png")
    assert dialog.button.text() == "Replace"
    assert "replaced" in dialog.notes.text()
    dialog.name.setText("new.png")
    assert dialog.button.text() == "Save"


def test_overwriting_the_original_asks_once_more(heard: Heard, tmp_path: Path) -> None:
    source = tmp_path / "a.jpg"
    source.write_bytes(b"x")
    dialog = save_dialog(heard, source, source)
    QTest.keyClick(dialog, Enter)
    question = top_dialog()
    assert question is not dialog
    assert heard == []
    QTest.keyClick(question, Enter)  # keeps it
    assert heard == []
    assert dialog.isVisible()
    QTest.keyClick(dialog, Enter)
    click(top_dialog(), "Overwrite the original")
    assert heard == [(source, None)]


def test_without_a_name_nothing_can_be_saved(heard: Heard, tmp_path: Path) -> None:
    dialog = save_dialog(heard, tmp_path / "a.png")
    dialog.name.setText("  ")
    assert not dialog.button.isEnabled()


@pytest.mark.parametrize("typed", ["/", "~", "~/", "..", "../", ".", "./", "inner/", "inner/..", "inner/."])
def test_half_of_a_path_cannot_be_saved_yet(heard: Heard, tmp_path: Path, typed: str) -> None:
    (tmp_path / "inner").mkdir()
    dialog = save_dialog(heard, tmp_path / "a.png")
    dialog.name.clear()
    QTest.keyClicks(dialog.name, typed)
    assert not dialog.button.isEnabled()
    dialog.format.activated.emit(1)
    QTest.keyClick(dialog, Enter)
    assert heard == []
    assert dialog.name.text() == typed


def test_a_path_can_be_typed_for_a_name(heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    there = tmp_path / "there"
    there.mkdir()
    dialog = save_dialog(heard, tmp_path / "elsewhere" / "a.png")
    dialog.name.clear()
    for typed in (f"{there}/b.png", "~/there/b.png", "../there/b"):
        dialog.name.setText(typed)
        assert os.path.normpath(dialog.path) == str(there / "b.png")
        assert dialog.folder.toolTip().endswith("there")
        assert dialog.button.isEnabled()
    dialog.name.setText("n" * 400)  # longer than any system takes: the save says so
    assert dialog.button.isEnabled()


# --- a mask of another size ----------------------------------------------------------------------------------------


TINT = QColor(20, 200, 40, 128)


def mask_dialog(heard: Heard, size: tuple[int, int] = (30, 20)) -> MaskSize:
    mask = np.zeros((size[1], size[0]), np.uint8)
    mask[5:15, 5:25] = 255
    return shown(MaskSize(size, (60, 80), QImage(str(LION)), mask_image(mask), TINT, heard.say))


def test_both_sizes_are_named(heard: Heard) -> None:
    dialog = mask_dialog(heard)
    text = " ".join(label.text() for label in dialog.findChildren(type(dialog.body.itemAt(0).widget())))  # type: ignore[union-attr]
    for number in ("30", "20", "60", "80"):
        assert number in text


@pytest.mark.parametrize("fit", [fit for fit, _text in FITS])
def test_each_way_to_fit_a_mask_can_be_chosen(fit: MaskFit, heard: Heard) -> None:
    dialog = mask_dialog(heard)
    dialog.choices[fit].click()
    QTest.keyClick(dialog, Enter)
    assert heard == [fit]


def test_cancelling_uses_no_mask(heard: Heard) -> None:
    QTest.keyClick(mask_dialog(heard), Escape)
    assert heard == []


def test_a_mask_of_the_same_shape_is_first_offered_stretched_any_other_anchored(heard: Heard) -> None:
    assert mask_dialog(heard, (30, 40)).fit is MaskFit.STRETCH
    assert mask_dialog(heard, (30, 20)).fit is MaskFit.TOP_LEFT


def test_the_preview_shows_where_the_mask_would_lie(heard: Heard) -> None:
    dialog = mask_dialog(heard)
    shots = []
    for fit in (MaskFit.TOP_LEFT, MaskFit.BOTTOM_RIGHT, MaskFit.STRETCH):
        dialog.choices[fit].click()
        shots.append(grabbed(dialog.preview))
    assert not np.array_equal(shots[0], shots[1])
    assert not np.array_equal(shots[1], shots[2])
    assert (shots[2] == TINT.getRgb()[:3]).all(axis=2).any()  # the mask's frame


def test_the_preview_has_the_colour_that_the_mask_has_on_the_canvas(window: MainWindow, tmp_path: Path) -> None:
    open_photo(window)
    scene = window.canvas.scene
    scene.overlay_colour, scene.overlay_opacity = "#12c832", 0.5
    cv2.imwrite(str(tmp_path / "mask.png"), np.full((100, 100), 255, np.uint8))
    window.files.import_mask(tmp_path / "mask.png")
    wait_until(lambda: isinstance(QApplication.activeModalWidget(), MaskSize))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, MaskSize)
    assert (grabbed(dialog.preview) == (0x12, 0xC8, 0x32)).all(axis=2).any()
    dialog.reject()


@pytest.mark.parametrize(
    ("fit", "box"),
    [
        (MaskFit.STRETCH, (0, 0, 60, 80)),
        (MaskFit.TOP_LEFT, (0, 0, 30, 20)),
        (MaskFit.TOP_RIGHT, (30, 0, 30, 20)),
        (MaskFit.BOTTOM_LEFT, (0, 60, 30, 20)),
        (MaskFit.BOTTOM_RIGHT, (30, 60, 30, 20)),
        (MaskFit.CENTRE, (15, 30, 30, 20)),
    ],
)
def test_places_of_a_mask(fit: MaskFit, box: tuple[int, int, int, int]) -> None:
    at = place(fit, (20, 30), (80, 60))
    assert (at.x0, at.y0, at.width, at.height) == box


# --- the others -----------------------------------------------------------------------------------------------------


def test_details_of_an_error_can_be_copied() -> None:
    dialog = shown(ErrorDetails(Message("It broke.", "Try again.", Severity.ERROR, "Traceback: line 3")))
    click(dialog, "Copy details")
    copied = QGuiApplication.clipboard().text()
    assert copied == "It broke.\n\nTry again.\n\nTraceback: line 3"
    QTest.keyClick(dialog, Enter)
    assert not dialog.isVisible()


def test_preferences_show_every_setting_and_tell_each_change_at_once(heard: Heard) -> None:
    dialog = shown(Preferences(Values(feather=3.0), heard.say))
    names = [name for form in dialog.forms for name in form.fields]
    assert sorted(names) == sorted(p.name for p in describe(Values))
    fields = {name: field for form in dialog.forms for name, field in form.fields.items()}
    assert fields["feather"].value() == 3.0
    QTest.keyClick(fields["fill_after_stroke"].widgets[0], Qt.Key.Key_Space)
    assert heard == [("fill_after_stroke", True)]
    click(dialog, "Reset all")
    assert ("feather", 0.0) in heard
    assert {name: field.value() for name, field in fields.items()} == dataclasses.asdict(Values())


def test_every_preference_stands_in_one_group() -> None:
    assert sorted(name for _title, names in GROUPS for name in names) == sorted(p.name for p in describe(Values))


def test_about_names_versions_and_licences_and_copies_them() -> None:
    dialog = shown(About())
    text = dialog.parts.toPlainText()
    assert "LGPL-3.0" in text
    assert np.__version__ in text
    click(dialog, "Copy versions")
    assert np.__version__ in QGuiApplication.clipboard().text()


def test_every_control_of_every_dialog_is_reached_by_tab_and_has_a_name(heard: Heard, tmp_path: Path) -> None:
    dialogs = [
        ask_unsaved(heard),
        save_dialog(heard, tmp_path / "a.jpg"),
        mask_dialog(heard),
        shown(Preferences(Values(), heard.say)),
        shown(About()),
    ]
    for dialog in dialogs:
        for widget in dialog.findChildren(QPushButton):
            assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            assert QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
        dialog.activateWindow()
        first = dialog.focusWidget()
        seen = set()
        for _step in range(60):
            assert first is not None
            widget = dialog.focusWidget()
            assert widget is not None
            seen.add(widget)
            QTest.keyClick(widget, Qt.Key.Key_Tab)
        buttons = {b for b in dialog.findChildren(QPushButton) if b.isEnabled() and b.isVisible()}
        assert buttons <= seen


def test_methods_to_compare_are_the_chosen_one_and_those_that_are_ticked(heard: Heard) -> None:
    known = tuple(dataclasses.replace(backends()[0], id=name, name=name) for name in "abcdefghij")
    broken = dataclasses.replace(known[0], id="broken", missing="It lacks something.")
    dialog = shown(CompareMethods((*known, broken), "c", heard.say))
    assert "broken" not in dialog.ticks
    assert not dialog.button.isEnabled()
    assert not dialog.ticks["c"].isEnabled()
    for name in "abdefgh":
        dialog.ticks[name].click()
    assert not dialog.ticks["i"].isEnabled()
    dialog.ticks["a"].click()
    assert dialog.ticks["i"].isEnabled()
    QTest.keyClick(dialog, Enter)
    assert heard == [["c", "b", "d", "e", "f", "g", "h"]]
