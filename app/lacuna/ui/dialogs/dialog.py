"""What all our dialogs share: margins, a heading, sentences that wrap, and buttons that say what they do."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

WIDTH = 440


class Dialog(QDialog):
    """A window-modal dialog, opened with `open()`: the loop goes on, `done` tells the outcome.

    The body goes into `body`. Buttons are named after what they do; Esc always chooses what changes nothing.
    """

    def __init__(self, title: str, heading: str = "", text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(WIDTH)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(20, 18, 20, 16)
        self.body.setSpacing(12)
        self._buttons: QHBoxLayout | None = None
        if heading:
            label = words(heading, self)
            label.setProperty("heading", True)
            font = label.font()
            font.setPointSizeF(font.pointSizeF() * 1.15)
            font.setBold(True)
            label.setFont(font)
            self.body.addWidget(label)
            self.setAccessibleName(heading)
        if text:
            self.body.addWidget(words(text, self))

    def add_button(
        self, text: str, call: Callable[[], object], *, default: bool = False, left: bool = False
    ) -> QPushButton:
        """A button in the last row, from left to right; `left` ones stand apart at the left edge."""
        if self._buttons is None:
            self._buttons = QHBoxLayout()
            self._buttons.setSpacing(8)
            self._buttons.addStretch(1)
            self.body.addSpacing(4)
            self.body.addLayout(self._buttons)
        button = QPushButton(text, self)
        button.setAutoDefault(default)
        button.setDefault(default)
        button.clicked.connect(lambda: call())
        if left:
            self._buttons.insertWidget(0, button)
        else:
            self._buttons.addWidget(button)
        return button


def words(text: str, parent: QWidget, *, quiet: bool = False) -> QLabel:
    """A sentence or several, wrapped."""
    label = QLabel(text, parent)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("quiet", quiet)
    return label
