"""The shortcut sheet: every action with its keys, searchable, and each can be given others here."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from lacuna.i18n import N_, _
from lacuna.ui.action_set import ActionSet, plain_text, without_mnemonic
from lacuna.ui.actions import BY_ID, ROWS, Menu
from lacuna.ui.dialogs.dialog import Dialog, words
from lacuna.ui.icons import icon

# What the mouse does, and what keys do in one place alone; listed for reading, not for rebinding.
MOUSE = (
    (N_("Paint, select"), N_("Left drag")),
    (N_("Erase from the mask; with the eraser, paint it"), N_("Alt+drag, or right drag")),
    (N_("Straight segment"), N_("Shift+click")),
    (N_("Brush size"), N_("Alt+wheel")),
    (N_("Brush hardness"), N_("Shift+Alt+wheel")),
    (N_("Zoom"), N_("Wheel, Ctrl+wheel, pinch, Z+drag")),
    (N_("Move the view"), N_("Space+drag, middle drag, two fingers")),
    (N_("Collect strokes while “Fill after each stroke” is on"), N_("Hold Ctrl")),
)
SIDE_BY_SIDE = (
    (N_("Choose a result"), N_("1 to 9, arrow keys, click")),
    (N_("Accept a result"), N_("Enter, double-click")),
    (N_("Back to the picture"), N_("Esc")),
    (N_("Move and zoom all results"), N_("Drag, wheel, pinch")),
)
ID = Qt.ItemDataRole.UserRole


class Shortcuts(Dialog):
    def __init__(self, actions: ActionSet, parent: QWidget | None = None) -> None:
        super().__init__(_("Keyboard shortcuts"), parent=parent)
        self._actions = actions
        self.resize(620, 640)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(_("Search for an action or a key"))
        self.search.setAccessibleName(_("Search for an action or a key"))
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self._filter)
        self.body.addWidget(self.search)

        self.list = QTreeWidget(self)
        self.list.setColumnCount(2)
        self.list.setHeaderLabels([_("Action"), _("Keys")])
        self.list.setRootIsDecorated(False)
        self.list.setIndentation(14)
        self.list.setAccessibleName(_("Actions and their keys"))
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.currentItemChanged.connect(lambda *_items: self._show_current())
        self.body.addWidget(self.list, 1)
        self.items: dict[str, QTreeWidgetItem] = {}
        self._groups: list[tuple[QTreeWidgetItem, list[QTreeWidgetItem]]] = []
        self._fill()

        row = QHBoxLayout()
        self._name = QLabel(self)
        self.keys = QKeySequenceEdit(self)
        self.keys.setMaximumSequenceLength(1)
        self.keys.setClearButtonEnabled(True)
        self.keys.setAccessibleName(_("New key"))
        self.keys.keySequenceChanged.connect(lambda _keys: self._show_conflict())
        self.replace = self._button(_("Use this key"), self._use_key)
        self.add = self._button(_("Add this key"), self._add_key)
        self.restore = self._button(_("Reset"), self._reset_one)
        self._name.setBuddy(self.keys)
        row.addWidget(self.keys, 1)
        for button in (self.replace, self.add, self.restore):
            row.addWidget(button)
        self.body.addWidget(self._name)
        self.body.addLayout(row)
        self.conflict = words("", self)
        self.conflict.setProperty("severity", "warning")
        self.conflict.setMinimumHeight(self.conflict.fontMetrics().height())
        self.body.addWidget(self.conflict)
        self.add_button(_("Reset all"), self._reset_all, left=True)
        self.add_button(_("Close"), self.accept)
        self._show_current()
        self.search.setFocus()

    def _button(self, text: str, call: object) -> QPushButton:
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        button.clicked.connect(call)
        return button

    def _fill(self) -> None:
        for menu in Menu:
            title = _("Picture") if menu is Menu.NONE else without_mnemonic(_(menu.value))
            group, items = self._group(title)
            for row in ROWS:
                if row.menu is menu:
                    item = QTreeWidgetItem(group, [self._text(row.id), self._shown(row.id)])
                    item.setData(0, ID, row.id)
                    self.items[row.id] = item
                    items.append(item)
        for title, rows in ((_("Results side by side"), SIDE_BY_SIDE), (_("Mouse and pen"), MOUSE)):
            group, items = self._group(title)
            items.extend(QTreeWidgetItem(group, [_(what), _(how)]) for what, how in rows)
        self.list.expandAll()

    def _group(self, title: str) -> tuple[QTreeWidgetItem, list[QTreeWidgetItem]]:
        group = QTreeWidgetItem(self.list, [title])
        font = group.font(0)
        font.setBold(True)
        group.setFont(0, font)
        group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        items: list[QTreeWidgetItem] = []
        self._groups.append((group, items))
        return group, items

    def _text(self, action_id: str) -> str:
        row = BY_ID[action_id]
        text = plain_text(row)
        return f"{without_mnemonic(_(row.submenu))}: {text}" if row.submenu else text

    def _shown(self, action_id: str) -> str:
        native = QKeySequence.SequenceFormat.NativeText
        return "   ".join(QKeySequence(key).toString(native) for key in self._actions.keys(action_id))

    def _filter(self, text: str) -> None:
        wanted = text.casefold().strip()
        for group, items in self._groups:
            found = 0
            for item in items:
                here = wanted in f"{item.text(0)} {item.text(1)}".casefold()
                item.setHidden(not here)
                found += here
            group.setHidden(not found)

    def _current(self) -> str:
        item = self.list.currentItem()
        return (item.data(0, ID) or "") if item is not None else ""

    def _show_current(self) -> None:
        action_id = self._current()
        for widget in (self.keys, self.replace, self.add, self.restore):
            widget.setEnabled(bool(action_id))
        if action_id:
            self._name.setText(_("Press a new key for “{action}”:").format(action=self._text(action_id)))
            self.restore.setEnabled(self._actions.keys(action_id) != BY_ID[action_id].keys)
        else:
            self._name.setText(_("Choose an action to give it another key."))
        self.keys.clear()
        self._show_conflict()

    def _show_conflict(self) -> None:
        key = self.keys.keySequence().toString()
        action_id = self._current()
        for button in (self.replace, self.add):
            button.setEnabled(bool(key and action_id))
        owner = self._actions.owner(key, but=action_id) if key else ""
        text = _("“{key}” belongs to “{action}”, which will lose it.") if owner else ""
        native = self.keys.keySequence().toString(QKeySequence.SequenceFormat.NativeText)
        self.conflict.setText(text.format(key=native, action=self._text(owner)) if owner else "")

    def _use_key(self) -> None:
        self._actions.rebind(self._current(), (self.keys.keySequence().toString(),))
        self._refresh()

    def _add_key(self) -> None:
        action_id = self._current()
        key = self.keys.keySequence().toString()
        self._actions.rebind(action_id, dict.fromkeys((*self._actions.keys(action_id), key)))
        self._refresh()

    def _reset_one(self) -> None:
        self._actions.reset(self._current())
        self._refresh()

    def _reset_all(self) -> None:
        self._actions.reset()
        self._refresh()

    def _refresh(self) -> None:
        for action_id, item in self.items.items():
            item.setText(1, self._shown(action_id))
        self._show_current()
