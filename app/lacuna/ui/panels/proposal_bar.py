"""A small bar over the lower edge of the picture: how much is proposed for the mask, and what Enter and Esc do."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from lacuna.editor.editor import Editor
from lacuna.i18n import _, ngettext
from lacuna.ui.action_set import ActionSet
from lacuna.ui.icons import icon

GAP = 16  # between the bar and the edge of the picture


class ProposalBar(QFrame):
    """Lives over the stage and moves nothing. In view as long as something is proposed, and no results are offered."""

    def __init__(self, editor: Editor, actions: ActionSet, host: QWidget) -> None:
        super().__init__(host)
        self._editor = editor
        self._actions = actions
        self._host = host
        self.setProperty("card", True)
        self.setAccessibleName(_("What is proposed for the mask"))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(10)
        self.text = QLabel(self)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self.text, 1)
        self.accept = QPushButton(_("Mark it"), self)
        self.accept.setProperty("primary", True)
        self.accept.clicked.connect(lambda: editor.proposals.accept())
        self.cross = QToolButton(self)
        self.cross.setIcon(icon("close"))
        self.cross.setIconSize(QSize(14, 14))
        self.cross.setAccessibleName(_("Drop what is proposed"))
        self.cross.clicked.connect(lambda: editor.proposals.drop())
        for button in (self.accept, self.cross):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        editor.state_changed.add(self.refresh)
        editor.document_changed.add(self.refresh)
        actions.rebound.connect(self.refresh)
        self.hide()

    def refresh(self) -> None:
        """Say what is proposed now."""
        proposals = self._editor.proposals
        wanted = proposals.shown and self._editor.offer is None
        if wanted:
            self.text.setText(self._said(len(proposals.found), len(proposals.chosen), clicked=proposals.clicked))
            self.accept.setText(ngettext("Mark it", "Mark them", len(proposals.chosen)))
            self.accept.setEnabled(bool(proposals.chosen))
            self.accept.setToolTip(self._tip("fill.enter", _("Put what is on into the mask")))
            self.cross.setToolTip(self._tip("fill.escape", _("Drop what is proposed")))
        if wanted != self.isVisibleTo(self._host):
            self.setVisible(wanted)
            self.raise_()
        self.place()

    @staticmethod
    def _said(count: int, on: int, *, clicked: bool) -> str:
        if not clicked:
            return _("Enter marks what is outlined, Esc drops it.")
        found = ngettext("{count} part found", "{count} parts found", count).format(count=count)
        return _("{found}, {on} on: a click switches one, Enter marks those that are on, Esc drops all.").format(
            found=found, on=on
        )

    def _tip(self, action: str, text: str) -> str:
        key = self._actions[action].shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        return f"{text} ({key})" if key else text

    def place(self) -> None:
        """Take the place over the host's lower edge; where the text is too long for it, it is broken."""
        if not self.isVisibleTo(self._host):
            return
        margins = self.contentsMargins()
        buttons = self.sizeHint().width() - margins.left() - margins.right()
        room = self._host.width() - 2 * GAP
        whole = self.text.sizeHint().width() if not self.text.wordWrap() else room
        self.text.setWordWrap(whole + buttons > room)
        width = min(room, whole + buttons)
        height = self.heightForWidth(width) if self.hasHeightForWidth() else self.sizeHint().height()
        self.setGeometry((self._host.width() - width) // 2, self._host.height() - height - GAP, width, height)
