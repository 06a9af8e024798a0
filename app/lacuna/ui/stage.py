"""The middle of the window: the canvas or what takes its place, and what floats above."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QStackedLayout, QWidget

from lacuna.i18n import _
from lacuna.ui import theme
from lacuna.ui.scrolled import Scrolled


class Floating(Protocol):
    """A part that lies over the canvas, and finds its own place there."""

    def place(self) -> None: ...

    def raise_(self) -> None: ...


class Zone(Enum):
    """Where a file is dropped."""

    PICTURE = "picture"
    MASK = "mask"


class Stage(QWidget):
    """Canvas, start panel and results side by side in one place; what floats over them moves nothing."""

    def __init__(self, start: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas: QWidget | None = None
        self._beside: QWidget | None = None
        self._start = Scrolled(start, self)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self._start)
        self._floating: tuple[Floating, ...] = ()
        self._zones = DropZones(self)

    def furnish(self, canvas: QWidget, beside: QWidget, *floating: Floating) -> None:
        """Take the canvas in and what shows results side by side, and keep what floats over them in its place."""
        self._canvas, self._beside = canvas, beside
        self._stack.addWidget(canvas)
        self._stack.addWidget(beside)
        self._floating = floating
        for part in floating:
            part.place()

    def show_canvas(self, on: bool) -> None:
        """Show the canvas, or the start panel; results side by side stay in view."""
        assert self._canvas is not None
        if not on or self._stack.currentWidget() is not self._beside:
            self._show(self._canvas if on else self._start)

    def show_results(self, on: bool) -> None:
        """Show results side by side, or the canvas again."""
        assert self._canvas is not None
        assert self._beside is not None
        self._show(self._beside if on else self._canvas)

    def _show(self, part: QWidget) -> None:
        self._stack.setCurrentWidget(part)
        for above in self._floating:
            above.raise_()

    @property
    def shows_start(self) -> bool:
        return self._stack.currentWidget() is self._start

    def drag_at(self, at: QPoint | None, *, with_mask: bool) -> Zone | None:
        """Show where a file dragged to `at` (in this widget) would go; None hides the zones."""
        if at is None or not self.rect().contains(at):
            self._zones.hide()
            return None
        self._zones.setGeometry(self.rect())
        zone = self._zones.point(at, with_mask)
        self._zones.show()
        self._zones.raise_()
        return zone

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._zones.setGeometry(self.rect())
        for part in self._floating:
            part.place()


class DropZones(QWidget):
    """Two halves, or one whole, that say what dropping here does. Takes no events: the window does."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._with_mask = False
        self._zone = Zone.PICTURE
        self.hide()

    def point(self, at: QPoint, with_mask: bool) -> Zone:
        self._with_mask = with_mask
        self._zone = Zone.MASK if with_mask and at.x() > self.width() / 2 else Zone.PICTURE
        self.update()
        return self._zone

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        whole = QRectF(self.rect()).adjusted(16, 16, -16, -16)
        areas = {Zone.PICTURE: (whole, _("Open this picture"))}
        if self._with_mask:
            half = (whole.width() - 16) / 2
            areas = {
                Zone.PICTURE: (QRectF(whole.x(), whole.y(), half, whole.height()), _("Open this picture")),
                Zone.MASK: (QRectF(whole.right() - half, whole.y(), half, whole.height()), _("Use it as the mask")),
            }
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            font = painter.font()
            font.setPointSizeF(font.pointSizeF() * 1.4)
            painter.setFont(font)
            for zone, (area, text) in areas.items():
                here = zone is self._zone
                fill = QColor(now.accent if here else now.window)
                fill.setAlpha(215)
                painter.setBrush(fill)
                painter.setPen(QPen(QColor(now.accent_text if here else now.border), 2, Qt.PenStyle.DashLine))
                painter.drawRoundedRect(area, 12, 12)
                painter.setPen(QColor(now.accent_text if here else now.text))
                painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)
