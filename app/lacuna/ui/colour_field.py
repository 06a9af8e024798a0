"""A colour as a control: a button that shows it and opens the system's way of choosing another."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QColorDialog, QToolButton, QWidget

from lacuna.contract.params import Param
from lacuna.i18n import _
from lacuna.ui import theme
from lacuna.ui.fields import Field


class ColourField(Field):
    """Its value is "#rrggbb"."""

    def __init__(self, param: Param, parent: QWidget) -> None:
        super().__init__(param, parent)
        self.button = _Swatch(parent)
        self.button.clicked.connect(self._ask)
        self._named(self.button)
        self.show_value(param.default)

    def value(self) -> Any:
        return self.button.colour.name()

    def show_value(self, value: Any) -> None:
        if value != self.value():
            self.button.colour = QColor(value)
            self.button.setAccessibleDescription(value)
            self.button.update()

    def _ask(self) -> None:
        dialog = QColorDialog(self.button.colour, self.button.window())
        dialog.setWindowTitle(_(self.param.label))
        dialog.colorSelected.connect(self._chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.finished.connect(self.done)
        dialog.open()

    def _chosen(self, colour: QColor) -> None:
        self.show_value(colour.name())
        self.changed.emit(colour.name())


class _Swatch(QToolButton):
    """A button that is filled with its colour, within a rim that no theme hides."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.colour = QColor()
        self.setFixedSize(QSize(40, 26))

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            rim = now.focus if self.hasFocus() else now.quiet
            painter.setPen(QPen(QColor(rim), 2 if self.hasFocus() or self.underMouse() else 1))
            painter.setBrush(self.colour)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 5, 5)
