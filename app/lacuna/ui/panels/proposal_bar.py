"""A small bar over an edge of the picture: how much is proposed for the mask, and what Enter and Esc do."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from lacuna.i18n import _, ngettext
from lacuna.imaging.region import Region
from lacuna.ui.action_set import ActionSet
from lacuna.ui.answer_buttons import accept_button, cross_button
from lacuna.ui.canvas.canvas import Canvas
from lacuna.ui.messages import Messages

GAP = 16  # between the bar and the edge of the picture


class ProposalBar(QFrame):
    """Lives over the stage. In view as long as something is proposed, and no results are offered.

    It is at the lower edge, unless it would cover more there of what is proposed than at the upper one; the messages
    make room for it. `placed` follows each change of its place, and whenever it comes or goes.
    """

    placed = Signal()

    def __init__(self, canvas: Canvas, messages: Messages, actions: ActionSet, host: QWidget) -> None:
        super().__init__(host)
        editor = self._editor = canvas.editor
        self._canvas = canvas
        self._messages = messages
        self._above = False
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
        self.accept = accept_button(_("Mark it"), editor.mark, self)
        self.cross = cross_button(_("Drop what is proposed"), editor.drop_proposed, self)
        for button in (self.accept, self.cross):
            row.addWidget(button)
        editor.state_changed.add(self.refresh)
        editor.document_changed.add(self.refresh)
        actions.rebound.connect(self.refresh)
        canvas.view_changed.connect(self.place)
        self.hide()

    def refresh(self) -> None:
        """Say what is proposed now."""
        proposals = self._editor.proposals
        wanted = proposals.shown and self._editor.offer is None
        if wanted:
            self.text.setText(self._said(len(proposals.found), len(proposals.chosen), clicked=proposals.clicked))
            self.accept.setText(ngettext("Mark it", "Mark them", len(proposals.chosen)))
            self.accept.setEnabled(bool(proposals.chosen))
            self.accept.setToolTip(self._actions.with_key("fill.enter", _("Put what is on into the mask")))
            self.cross.setToolTip(self._actions.with_key("fill.escape", _("Drop what is proposed")))
        if wanted != self.isVisibleTo(self._host):
            self._above = False
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

    def place(self) -> None:
        """Take the place over an edge of the host; where the text is too long for it, it is broken."""
        if not self.isVisibleTo(self._host):
            self._messages.leave_clear(self, 0)
            self.placed.emit()
            return
        margins = self.contentsMargins()
        buttons = self.sizeHint().width() - margins.left() - margins.right()
        room = self._host.width() - 2 * GAP
        whole = self.text.sizeHint().width() if not self.text.wordWrap() else room
        self.text.setWordWrap(whole + buttons > room)
        width = min(room, whole + buttons)
        height = self.heightForWidth(width) if self.hasHeightForWidth() else self.sizeHint().height()
        place = QRect((self._host.width() - width) // 2, GAP, width, height)
        low = place.translated(0, self._host.height() - height - 2 * GAP)
        here, there = (place, low) if self._above else (low, place)
        if self._covered(here) > self._covered(there):
            self._above, here = not self._above, there
        self.setGeometry(here)
        self._messages.leave_clear(self, here.bottom() + GAP if self._above else 0)
        self.placed.emit()

    def _covered(self, place: QRect) -> int:
        """How much of what is proposed lies below a part of the host, by its boxes."""
        ratio, corner = self._canvas.ratio, self._canvas.mapTo(self._host, QPoint())
        place = place.translated(-corner)
        start, end = place.topLeft() * ratio, place.bottomRight() * ratio
        there = Region(start.y(), start.x(), end.y(), end.x())
        boxes = (self._canvas.viewport.on_screen(each.region) for each in self._editor.proposals.found)
        return sum(box.intersect(there).area for box in boxes)
