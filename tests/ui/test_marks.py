"""A mark is found and taken out from the menu, and nothing changes before the person agrees."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from lacuna.editor.values import Message
from lacuna.ui.dialogs.take_out_mark import TakeOutMark
from lacuna.ui.main_window import MainWindow
from tests.detection.marked import marked, photo, placed, template
from tests.pictures import write
from tests.ui.support import settle, wait_until
from tests.ui.windows import open_photo


def dialog() -> TakeOutMark:
    (found,) = [each for each in QApplication.topLevelWidgets() if isinstance(each, TakeOutMark)]
    return found


def test_the_mark_and_what_lies_beneath_are_shown_before_it_is_taken_out(window: MainWindow, tmp_path: Path) -> None:
    alpha = np.rint(template().alpha * 255).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "mark.png"), np.dstack([template().colours, alpha]))
    pixels = marked(photo(110, 170), template(), placed(template(), 85, 50, 0.9), 0.5)
    open_photo(window, write(tmp_path / "photo.png", pixels))
    editor = window.editor
    said: list[Message] = []
    editor.said.add(said.append)
    window.action_set["mask.take_out"].trigger()
    assert said[-1].hint.startswith("Find the mark first")
    editor.marks.find_file(tmp_path / "mark.png")
    wait_until(lambda: editor.proposals.shown, 60)
    settle()

    for agreed in (False, True):
        window.action_set["mask.take_out"].trigger()
        wait_until(lambda: any(isinstance(each, TakeOutMark) for each in QApplication.topLevelWidgets()), 60)
        settle()
        shown = dialog()
        assert editor.document is not None
        assert np.array_equal(editor.document.photo.pixels, pixels)
        if agreed:
            QTest.mouseClick(shown.button, Qt.MouseButton.LeftButton)
        else:
            QTest.keyClick(shown, Qt.Key.Key_Escape)
        wait_until(lambda: not any(isinstance(each, TakeOutMark) for each in QApplication.topLevelWidgets()))
        assert np.array_equal(editor.document.photo.pixels, pixels) != agreed
    window.action_set["mask.take_out"].trigger()
    assert said[-1].hint.startswith("Find the mark first")
