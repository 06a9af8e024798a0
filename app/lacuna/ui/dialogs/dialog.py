"""What all our dialogs share: margins, a heading, sentences that wrap, and buttons that say what they do.

None is larger than its screen: what is above the buttons scrolls there.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from lacuna.ui.layout import room_on
from lacuna.ui.scrolled import Scrolled

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
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        page = QWidget(self)
        self.body = QVBoxLayout(page)
        self.body.setContentsMargins(20, 18, 20, 0)
        self.body.setSpacing(12)
        self._page = _Page(page, self)
        whole.addWidget(self._page, 1)
        self._buttons = QHBoxLayout()
        self._buttons.setContentsMargins(20, 16, 20, 16)
        self._buttons.setSpacing(8)
        self._buttons.addStretch(1)
        whole.addLayout(self._buttons)
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
        button = QPushButton(text, self)
        button.setAutoDefault(default)
        button.setDefault(default)
        button.clicked.connect(lambda: call())
        if left:
            self._buttons.insertWidget(0, button)
        else:
            self._buttons.addWidget(button)
        return button

    def room(self) -> QSize:
        """What the page above the buttons may take at most."""
        return room_on(self) - QSize(0, self._buttons.sizeHint().height())

    def showEvent(self, event: QShowEvent) -> None:
        size = self.size()
        if not event.spontaneous():  # Qt would stop at two thirds of the screen, and something would scroll
            size = size.expandedTo(QSize(0, self.heightForWidth(size.width())))
        self.resize(size.boundedTo(room_on(self)))
        super().showEvent(event)


class _Page(Scrolled):
    """All above the buttons: the dialog is as high as it needs, and grows with it, as long as the screen has room."""

    def __init__(self, contents: QWidget, dialog: Dialog) -> None:
        super().__init__(contents, dialog)
        self._dialog = dialog
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def minimumSizeHint(self) -> QSize:
        least = super().minimumSizeHint()
        return QSize(least.width(), min(self._contents.minimumSizeHint().height(), self._dialog.room().height()))

    def hasHeightForWidth(self) -> bool:
        return self._contents.hasHeightForWidth()

    def heightForWidth(self, width: int) -> int:
        return min(self._contents.heightForWidth(width), self._dialog.room().height())


def words(text: str, parent: QWidget, *, quiet: bool = False) -> QLabel:
    """A sentence or several, wrapped."""
    label = QLabel(text, parent)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("quiet", quiet)
    return label
