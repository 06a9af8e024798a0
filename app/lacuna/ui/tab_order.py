"""In which order Tab goes through parts of the window that were not made in the order in which they stand."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def stops(part: QWidget) -> list[QWidget]:
    """The widgets of `part`, itself included, at which Tab stops, in the order in which they were made."""
    return [
        widget
        for widget in (part, *part.findChildren(QWidget))
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.focusProxy() is None
        and widget.window() is part.window()  # not the list that a combo box pops up
    ]


def chain(first: QWidget, *parts: QWidget) -> QWidget:
    """Let Tab go from `first` through all stops of each part in turn; the last stop is returned."""
    last = first
    for part in parts:
        for stop in stops(part):
            if stop is not last:
                QWidget.setTabOrder(last, stop)
                last = stop
    return last
