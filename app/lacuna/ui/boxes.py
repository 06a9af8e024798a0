"""Boxes for a number, a line of text or a choice, which keep their keys to themselves while they are edited.

Enter and Esc neither run nor cancel a fill then, and letters take no tool in hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QElapsedTimer, QEvent, QLocale, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QValidator
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget


class SpinBox(QSpinBox):
    """A whole number that keeps Enter and Esc from becoming shortcuts; `done` is called after either.

    One that is `kept` Enter takes the number of, and no more: Enter again is no key of the picture's.
    """

    def __init__(self, done: Callable[[], None], parent: QWidget, *, kept: bool = False) -> None:
        super().__init__(parent)
        self._done, self._kept = done, kept
        _box_ready(self)

    def validate(self, text: str, position: int) -> Any:
        """“1,4” and “1.400” stay as they are typed, and are no number: a whole number has no marks in it."""
        if _marks(self, text):
            return QValidator.State.Intermediate, text, position
        return super().validate(text, position)

    def fixup(self, text: str) -> str:
        """As it is: Qt would take the marks away."""
        return text

    def event(self, event: QEvent) -> bool:
        if _keeps(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if _ends(event):
            _end(self, event)


class DoubleSpinBox(QDoubleSpinBox):
    """The same for a number with a fraction. Comma and point both begin that, whatever else they mean somewhere."""

    def __init__(self, done: Callable[[], None], parent: QWidget, *, kept: bool = False) -> None:
        super().__init__(parent)
        self._done, self._kept = done, kept
        _box_ready(self)
        numbers = QLocale(self.locale())
        numbers.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator | QLocale.NumberOption.RejectGroupSeparator)
        self.setLocale(numbers)

    def validate(self, text: str, position: int) -> Any:
        """Were a comma refused as it is typed, “2,7” would be 27. Which of two marks is meant nobody knows."""
        if _marks(self, text) > 1:
            return QValidator.State.Intermediate, text, position
        if _marks(self, text):
            text = re.sub("[,.]", self.locale().decimalPoint(), text, count=1)
        return super().validate(text, position)

    def fixup(self, text: str) -> str:
        return text

    def textFromValue(self, value: float) -> str:
        """Without noughts that say nothing: 30, not 30.0."""
        text = super().textFromValue(value)
        point = self.locale().decimalPoint()
        return text.rstrip("0").removesuffix(point) if point in text else text

    def event(self, event: QEvent) -> bool:
        if _keeps(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if _ends(event):
            _end(self, event)


class LineEdit(QLineEdit):
    """A line of text that keeps Enter and Esc from becoming shortcuts; `done` is called after either."""

    def __init__(self, done: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._done = done

    def event(self, event: QEvent) -> bool:
        if _keeps(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if _ends(event):
            self._done()


class Chooser(QComboBox):
    """A combo box; `picked` follows a choice from a list that the pointer opened, as the person is through then."""

    picked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pointed = False
        self._typed = QElapsedTimer()  # since the last letter that was looked for among the choices
        self.activated.connect(lambda _index: self.picked.emit() if self._pointed else None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pointed = True
        super().mousePressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Of a word that is being typed no further letter is a tool's key."""
        if event.type() == QEvent.Type.ShortcutOverride and self._typed.isValid():
            assert isinstance(event, QKeyEvent)
            if event.text().isalnum() and not self._typed.hasExpired(QApplication.keyboardInputInterval()):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._pointed = False
        if event.text().isalnum():
            self._typed.restart()
        super().keyPressEvent(event)


def _keeps(event: QEvent) -> bool:
    """Is it Enter or Esc on the way to becoming a shortcut? Taken here, it comes back as a plain key."""
    if event.type() != QEvent.Type.ShortcutOverride:
        return False
    assert isinstance(event, QKeyEvent)
    if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return False
    return event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)


def _ends(event: QKeyEvent) -> bool:
    return event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)


def _end(box: SpinBox | DoubleSpinBox, event: QKeyEvent) -> None:
    """Enter has taken the number, or Esc has not."""
    if box._kept and event.key() != Qt.Key.Key_Escape:
        box.selectAll()
    else:
        box._done()


def _box_ready(box: QAbstractSpinBox) -> None:
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the wheel alone does not take the keyboard away


def _marks(box: SpinBox | DoubleSpinBox, text: str) -> int:
    """How many commas and points there are in a number as it is typed."""
    number = text.removeprefix(box.prefix()).removesuffix(box.suffix())
    return number.count(",") + number.count(".")
