"""The table of actions: what must hold of every row, and of the actions made from it."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from lacuna import paths
from lacuna.ui.action_set import plain_text
from lacuna.ui.actions import BY_ID, ROWS, Menu
from lacuna.ui.dialogs.shortcuts import Shortcuts
from lacuna.ui.main_window import MainWindow
from tests.ui.support import settle, shown
from tests.ui.windows import back_to, key, open_photo

# The keys that people know from elsewhere, as promised.
PROMISED = {
    "B": "tool.brush", "E": "tool.eraser", "L": "tool.lasso", "Shift+L": "tool.polygon", "M": "tool.rectangle",
    "W": "tool.wand", "H": "tool.hand", "Shift+B": "tool.restore", "X": "tool.swap",
    "[": "tool.smaller", ",": "tool.smaller", "]": "tool.larger", ".": "tool.larger",
    "Shift+[": "tool.much_smaller", "Shift+]": "tool.much_larger", "Shift+,": "tool.much_smaller",
    "Shift+.": "tool.much_larger", "Backspace": "tool.back",
    "Ctrl+0": "view.fit", "Ctrl+1": "view.actual_size", "Ctrl++": "view.zoom_in", "Ctrl+-": "view.zoom_out",
    "Return": "fill.enter", "Enter": "fill.enter", "Ctrl+Return": "fill.enter", "Esc": "fill.escape", "R": "fill.again",
    "Ctrl+Shift+D": "mask.reuse", "Ctrl+D": "mask.clear", "Del": "mask.clear", "Ctrl+Shift+I": "mask.invert",
    "Ctrl+Up": "mask.grow", "Ctrl+Down": "mask.shrink", "Shift+F6": "mask.feather", "Ctrl+A": "mask.all",
    "F": "mask.fill_loop", "Q": "view.mask", "\\": "view.original", "`": "view.magnifier", "Y": "view.compare",
    **{str(n): f"view.opacity.{n}" for n in range(1, 10)},
    "Ctrl+Z": "edit.undo", "Ctrl+Shift+Z": "edit.redo", "Ctrl+Y": "edit.redo",
    "Ctrl+O": "file.open", "Ctrl+S": "file.save", "Ctrl+Shift+S": "file.save_as", "Ctrl+Shift+M": "mask.export",
    "Ctrl+C": "edit.copy", "Ctrl+V": "edit.paste", "PgDown": "file.next", "PgUp": "file.previous",
    "Alt+Right": "file.next", "Alt+Left": "file.previous", "F1": "help.shortcuts", "?": "help.shortcuts",
    "Left": "view.nudge.left", "Right": "view.nudge.right", "Up": "view.nudge.up", "Down": "view.nudge.down",
}  # fmt: skip


def test_every_id_is_there_once() -> None:
    assert len(BY_ID) == len(ROWS)


def test_every_key_belongs_to_one_action() -> None:
    counted = Counter(k for row in ROWS for k in row.keys)
    assert [k for k, times in counted.items() if times > 1] == []


def test_every_key_is_one_that_qt_knows_in_its_portable_spelling() -> None:
    for row in ROWS:
        for k in row.keys:
            assert QKeySequence(k).toString() == k


def test_the_promised_keys_do_what_was_promised() -> None:
    assert {k: row.id for row in ROWS for k in row.keys if k in PROMISED} == PROMISED


def test_no_action_takes_tab_alt_or_the_keys_that_are_kept_for_later() -> None:
    used = {k for row in ROWS for k in row.keys}
    assert not used & {"Tab", "Shift+Tab", "Alt", "Space", "Z"}


def test_every_icon_is_there() -> None:
    for row in ROWS:
        if row.icon:
            assert (paths.resources() / "icons" / f"{row.icon}.svg").is_file()


def test_mnemonics_of_a_menu_are_different() -> None:
    for menu in Menu:
        letters = [row.text[row.text.index("&") + 1].lower() for row in ROWS if row.menu is menu and "&" in row.text]
        assert len(letters) == len(set(letters)), menu


# --- in a window ----------------------------------------------------------------------------------------------------

NEEDS_A_PICTURE = {
    row.id
    for row in ROWS
    if row.id.split(".")[0] in ("mask", "view", "fill", "guides") and not row.id.startswith("view.opacity")
} - {"fill.after_stroke", "view.full_screen"} | {
    "file.save", "file.save_as", "file.save_project", "file.save_recipe", "file.close", "file.next", "file.previous",
    "edit.undo", "edit.redo", "edit.copy", "edit.paste_mask", "edit.enlarge", "tool.back",
}  # fmt: skip
NEEDS_A_MASK = {
    "mask.clear", "mask.grow", "mask.shrink", "mask.feather", "mask.edge", "mask.fill_loop", "mask.crop", "mask.export",
    "fill.escape",
}  # fmt: skip


def enabled(window: MainWindow) -> set[str]:
    return {row.id for row in ROWS if window.action_set[row.id].isEnabled()}


def test_without_a_picture_only_what_needs_none_is_enabled(window: MainWindow) -> None:
    settle()
    everything = {row.id for row in ROWS}
    clipboard = {"edit.paste", "edit.paste_picture"}
    assert enabled(window) - clipboard == everything - NEEDS_A_PICTURE - clipboard


def test_with_a_picture_the_rest_is_enabled_as_it_becomes_possible(window: MainWindow) -> None:
    open_photo(window)
    settle()
    on = enabled(window)
    assert not on & (NEEDS_A_MASK | {"mask.alpha", "edit.undo", "edit.redo", "fill.again", "tool.back"})
    assert {"file.save", "mask.all", "fill.enter", "view.fit", "edit.copy"} <= on
    window.editor.select_all()
    settle()
    assert (NEEDS_A_MASK | {"edit.undo"}) <= enabled(window)
    window.editor.undo()
    settle()
    assert "edit.redo" in enabled(window)
    assert "edit.undo" not in enabled(window)


def test_tooltips_name_the_keys(window: MainWindow) -> None:
    assert window.action_set["tool.brush"].toolTip() == "Brush (B)"
    assert window.action_set["file.open"].toolTip() == "Open (Ctrl+O)"


LETTERS = {
    "E": "eraser", "L": "lasso", "Shift+L": "polygon", "M": "rectangle", "W": "wand", "H": "hand", "Shift+B": "restore",
    "B": "brush",
}  # fmt: skip


@pytest.mark.parametrize(("letter", "tool"), LETTERS.items())
def test_a_letter_takes_a_tool_and_ticks_its_button(window: MainWindow, letter: str, tool: str) -> None:
    window.editor.use("hand" if tool != "hand" else "brush")
    key(window if window.stage.shows_start else window.canvas, letter)
    settle()
    assert window.editor.tool.id == tool
    ticked = [row.id for row in ROWS if row.id.startswith("tool.") and window.action_set[row.id].isChecked()]
    assert ticked == [f"tool.{tool}"]


def test_digits_set_the_opacity_of_the_mask(window: MainWindow) -> None:
    open_photo(window)
    key(window.canvas, "8")
    settle()
    assert window.editor.settings.preferences.overlay_opacity == 0.8
    assert window.canvas.scene.overlay_opacity == 0.8


def test_letters_typed_into_a_box_stay_there(window: MainWindow) -> None:
    open_photo(window)
    window.editor.use("brush")
    settle()
    box = window.status.zoom.lineEdit()
    assert box is not None
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "e[1")
    assert window.editor.tool.id == "brush"
    assert box.text() == "e[1"


def test_a_held_key_shows_the_original_until_it_is_let_go(window: MainWindow) -> None:
    open_photo(window)
    canvas = window.canvas
    QTest.keyPress(canvas, Qt.Key.Key_QuoteLeft)
    assert canvas.magnifier
    QTest.keyRelease(canvas, Qt.Key.Key_QuoteLeft)
    assert not canvas.magnifier
    QTest.keyPress(canvas, Qt.Key.Key_Backslash)
    assert canvas.comparison.active
    QTest.keyRelease(canvas, Qt.Key.Key_Backslash)
    assert not canvas.comparison.active


def test_a_key_is_held_wherever_the_keyboard_is_but_in_a_field_being_typed_into(window: MainWindow) -> None:
    open_photo(window)
    backend = window.editor.backend
    window.action_set.rebind("view.original", ("N",))  # a letter, for which a combo box would search
    for part in (window.fill_panel.backends, window.history_panel.list, window.fill_panel.button):
        part.setFocus()
        QTest.keyPress(part, Qt.Key.Key_N)
        assert window.canvas.comparison.active
        QTest.keyRelease(part, Qt.Key.Key_N)
        assert not window.canvas.comparison.active
    assert window.editor.backend == backend
    box = window.status.zoom.lineEdit()
    assert box is not None
    box.setFocus()
    QTest.keyPress(box, Qt.Key.Key_N)
    assert not window.canvas.comparison.active
    QTest.keyRelease(box, Qt.Key.Key_N)


def test_from_the_menu_a_held_action_stays_until_it_is_chosen_again(window: MainWindow) -> None:
    open_photo(window)
    window.action_set["view.magnifier"].trigger()
    assert window.canvas.magnifier
    window.action_set["view.magnifier"].trigger()
    assert not window.canvas.magnifier


# --- the shortcut sheet ---------------------------------------------------------------------------------------------


@pytest.fixture
def sheet(window: MainWindow) -> Shortcuts:
    return shown(Shortcuts(window.action_set, window))


def choose(sheet: Shortcuts, action_id: str) -> None:
    sheet.list.setCurrentItem(sheet.items[action_id])


def test_f1_and_the_question_mark_open_the_sheet(window: MainWindow) -> None:
    for text in ("F1", "?"):
        key(window, text)
        sheet = window.findChild(Shortcuts)
        assert sheet is not None
        assert sheet.isVisible()
        sheet.close()
        back_to(window)


def test_the_sheet_lists_every_action(sheet: Shortcuts) -> None:
    assert set(sheet.items) == {row.id for row in ROWS}
    for row in ROWS:
        assert plain_text(row) in sheet.items[row.id].text(0)


def test_the_sheet_finds_actions_by_words_and_by_keys(sheet: Shortcuts) -> None:
    def visible() -> set[str]:
        return {action_id for action_id, item in sheet.items.items() if not item.isHidden()}

    sheet.search.setText("eraser")
    assert visible() == {"tool.eraser"}
    sheet.search.setText("shift+f6")
    assert visible() == {"mask.feather"}
    sheet.search.clear()
    assert len(visible()) == len(ROWS)


def test_a_key_can_be_given_to_another_action_and_works_at_once(window: MainWindow, sheet: Shortcuts) -> None:
    choose(sheet, "tool.lasso")
    sheet.keys.setKeySequence(QKeySequence("K"))
    assert sheet.conflict.text() == ""
    sheet.replace.click()
    sheet.close()
    back_to(window)
    key(window, "K")
    assert window.editor.tool.id == "lasso"
    assert window.editor.settings.shortcuts == {"tool.lasso": ["K"]}


def test_a_conflict_is_shown_and_the_last_one_wins(window: MainWindow, sheet: Shortcuts) -> None:
    choose(sheet, "tool.lasso")
    sheet.keys.setKeySequence(QKeySequence("Ctrl+D"))
    assert "Clear" in sheet.conflict.text()
    sheet.add.click()
    assert window.action_set.keys("tool.lasso") == ("L", "Ctrl+D")
    assert window.action_set.keys("mask.clear") == ("Del",)
    choose(sheet, "mask.clear")
    sheet.restore.click()
    assert window.action_set.keys("mask.clear") == ("Ctrl+D", "Del")
    assert window.action_set.keys("tool.lasso") == ("L",)


def test_all_keys_can_be_reset(window: MainWindow, sheet: Shortcuts) -> None:
    window.action_set.rebind("tool.brush", ("Ctrl+O",))
    assert window.action_set["file.open"].shortcuts() == []
    next(b for b in sheet.findChildren(QPushButton) if b.text() == "Reset all").click()
    assert window.editor.settings.shortcuts == {}
    assert window.action_set["file.open"].shortcut() == QKeySequence("Ctrl+O")
