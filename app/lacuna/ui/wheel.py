"""The wheel over a control that stands in a list: it turns the list, not the control, unless that has the keyboard."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget


class _Guard(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.Wheel:
            return False
        assert isinstance(watched, QWidget)
        if watched.hasFocus():
            return False
        event.ignore()  # it goes on to the parent, and so to the list
        return True


def leave_wheel(widget: QWidget) -> None:
    """Let `widget` heed the wheel only while it has the keyboard, which the wheel does not give it."""
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget.installEventFilter(_Guard(widget))
