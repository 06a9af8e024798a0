"""The table's rows as living QActions: made once, enabled as the editor says, rebound as the person likes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from lacuna.i18n import _
from lacuna.ui.actions import BY_ID, ROWS, Reach, Row
from lacuna.ui.icons import icon

if TYPE_CHECKING:
    from lacuna.ui.main_window import MainWindow


class ActionSet(QObject):
    """All actions of the window by id. `rebound` follows each change of keys."""

    rebound = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._actions = {row.id: self._made(row) for row in ROWS}
        self._tips: dict[str, str] = {}
        self._held: dict[int, Row] = {}
        self._holds: list[QShortcut] = []  # what is held has keys of its own: an action is not told which key it was
        self._latched: set[str] = set()
        self._bind()

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def keys(self, action_id: str) -> tuple[str, ...]:
        """The keys in force, as portable text: the person's own, or those of the table."""
        own = self._window.settings.shortcuts.get(action_id)
        return BY_ID[action_id].keys if own is None else tuple(own)

    def rebind(self, action_id: str, keys: Iterable[str]) -> None:
        """Give an action other keys; whatever else had them loses them. The table's own keys are kept as no change."""
        wanted = tuple(keys)
        for other in ROWS:
            if other.id != action_id and set(self.keys(other.id)) & set(wanted):
                self._keep(other.id, tuple(k for k in self.keys(other.id) if k not in wanted))
        self._keep(action_id, wanted)
        self._bind()
        self.rebound.emit()

    def reset(self, action_id: str = "") -> None:
        """Give one action, or all of them, the keys of the table back."""
        if action_id:
            self.rebind(action_id, BY_ID[action_id].keys)
            return
        self._window.settings.shortcuts.clear()
        self._bind()
        self.rebound.emit()

    def owner(self, key: str, but: str = "") -> str:
        """The id of the action that has `key` now, other than `but`; "" if it is free."""
        return next((row.id for row in ROWS if row.id != but and key in self.keys(row.id)), "")

    def with_key(self, action_id: str, text: str) -> str:
        """A tool tip of `text`, with the key of that action behind it if it has one."""
        key = self._actions[action_id].shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        return f"{text} ({key})" if key else text

    def refresh(self) -> None:
        """Enable and tick every action as the state of the window asks for; before it has an editor, none is."""
        if not self._window.furnished:
            for action in self._actions.values():
                action.setEnabled(False)
            return
        for row in ROWS:
            action = self._actions[row.id]
            enabled = row.enabled(self._window)
            if action.isEnabled() != enabled:
                action.setEnabled(enabled)
            if row.checked is not None:
                action.setChecked(row.checked(self._window))
            if row.refusal is not None:
                action.setToolTip("\n".join(filter(None, (self._tips[row.id], row.refusal(self._window)))))
            if row.everywhere is not None:
                action.setShortcutContext(
                    Qt.ShortcutContext.WindowShortcut
                    if row.everywhere(self._window)
                    else Qt.ShortcutContext.WidgetShortcut
                )

    def _hold(self, row: Row, key: int) -> None:
        """Begin what lasts as long as `key` is down."""
        if self._window.furnished and key not in self._held and row.enabled(self._window):
            self._held[key] = row
            row.verb(self._window)

    def key_released(self, event: QKeyEvent) -> bool:
        """End it; True if the key was one of those."""
        if event.isAutoRepeat() or event.key() not in self._held:
            return False
        self._release(self._held.pop(event.key()))
        return True

    def release_all(self) -> None:
        """End everything that is held: the window lost the keyboard and will not hear the release."""
        while self._held:
            self._release(self._held.popitem()[1])

    def _release(self, row: Row) -> None:
        if row.released is not None:
            row.released(self._window)

    def _keep(self, action_id: str, keys: tuple[str, ...]) -> None:
        shortcuts = self._window.settings.shortcuts
        if keys == BY_ID[action_id].keys:
            shortcuts.pop(action_id, None)
        else:
            shortcuts[action_id] = list(keys)

    def _made(self, row: Row) -> QAction:
        action = QAction(_(row.text), self._window)
        action.setObjectName(row.id)
        if row.icon:
            action.setIcon(icon(row.icon))
            action.setIconVisibleInMenu(False)
        action.setCheckable(row.checked is not None)
        action.triggered.connect(lambda _on=False, row=row: self._run(row))
        if row.reach is Reach.CANVAS:
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        else:
            self._window.addAction(action)
        return action

    def give_to(self, view: QWidget) -> None:
        """Let a view of the picture have the actions that work in such a one alone."""
        for row in ROWS:
            if row.reach is Reach.CANVAS:
                view.addAction(self._actions[row.id])

    def _run(self, row: Row) -> None:
        if (
            row.reach is Reach.HELD and row.id in self._latched
        ):  # from the menu: no key is let go, the next choice ends it
            self._latched.discard(row.id)
            self._release(row)
            return
        if row.reach is Reach.HELD:
            self._latched.add(row.id)
        row.verb(self._window)
        if row.checked is not None:  # a click ticked it already; the state decides
            self._actions[row.id].setChecked(row.checked(self._window))

    def _bind(self) -> None:
        for hold in self._holds:
            hold.deleteLater()
        self._holds = []
        for row in ROWS:
            keys = [QKeySequence(key) for key in self.keys(row.id)]
            action = self._actions[row.id]
            plain = plain_text(row)
            shown = keys[0].toString(QKeySequence.SequenceFormat.NativeText) if keys else ""
            if row.reach is Reach.HELD:
                self._holds += [self._holding(row, key) for key in keys]
                action.setText(f"{_(row.text)}\t{shown}" if shown else _(row.text))
            else:
                action.setShortcuts(keys)
            self._tips[row.id] = f"{plain} ({shown})" if shown else plain
            action.setToolTip(self._tips[row.id])

    def _holding(self, row: Row, sequence: QKeySequence) -> QShortcut:
        """The key that holds `row`. As a shortcut it comes before what a combo box or a list would search for."""
        hold = QShortcut(sequence, self._window)
        hold.setAutoRepeat(False)
        key = sequence[0].key()  # type: ignore[index]
        hold.activated.connect(lambda: self._hold(row, key))
        return hold


def plain_text(row: Row) -> str:
    """The text of an action without its mnemonic and its dots."""
    return without_mnemonic(_(row.text)).removesuffix("…")


def without_mnemonic(text: str) -> str:
    """A menu's text as it is read; in Chinese the mnemonic stands behind it in brackets.

    >>> without_mnemonic("&File"), without_mnemonic("文件(&F)")
    ('File', '文件')
    """
    return re.sub(r"\(&\w\)", "", text).replace("&", "")
