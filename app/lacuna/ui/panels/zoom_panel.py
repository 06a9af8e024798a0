"""The picture magnified around the pointer, or around a place that is pinned."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QMouseEvent, QPainter, QShowEvent, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from lacuna import words
from lacuna.i18n import _
from lacuna.ui.canvas import overlays
from lacuna.ui.canvas.canvas import Canvas
from lacuna.ui.canvas.navigation import notches
from lacuna.ui.canvas.side_view import SideView

ZOOMS = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0)
FIRST = 4.0


class ZoomPanel(QWidget):
    """The magnified view, its zoom, and the switch that pins it."""

    def __init__(self, canvas: Canvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = Magnified(canvas, self)
        self.pin = QCheckBox(_("Pinned"), self)
        self.pin.setToolTip(_("Keep showing this place while the pointer goes elsewhere"))
        self.zoom = QComboBox(self)
        self.zoom.setAccessibleName(_("Zoom of the magnified view"))
        for zoom in ZOOMS:
            self.zoom.addItem(words.zoom(zoom), zoom)
        label = QLabel(_("Zoom"), self)
        label.setBuddy(self.zoom)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.zoom)
        row.addStretch(1)
        row.addWidget(self.pin)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.view, 1)
        column.addLayout(row)
        self.zoom.currentIndexChanged.connect(lambda _index: self.view.use_zoom(self.zoom.currentData()))
        self.pin.toggled.connect(self.view.hold)
        self.view.pinned.connect(self.pin.setChecked)
        self.view.stepped.connect(self._step)
        self.zoom.setCurrentIndex(ZOOMS.index(FIRST))
        self.view.use_zoom(FIRST)

    def _step(self, steps: int) -> None:
        self.zoom.setCurrentIndex(min(len(ZOOMS) - 1, max(0, self.zoom.currentIndex() + steps)))


class Magnified(SideView):
    """Follows the pointer over the canvas. Dragging it pins it; its wheel asks for another zoom."""

    pinned = Signal(bool)
    stepped = Signal(int)

    def __init__(self, canvas: Canvas, parent: QWidget | None = None) -> None:
        self._held = False
        self._point = (0.0, 0.0)
        self._zoom = FIRST
        self._drag: QPointF | None = None
        self._wheel = 0.0
        super().__init__(canvas, parent)
        self.setAccessibleName(_("Magnified view"))
        self.setMinimumSize(120, 90)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        canvas.cursor_moved.connect(self._cursor_moved)
        self.scene_replaced()

    def use_zoom(self, zoom: float) -> None:
        """Show `zoom` device pixels an image pixel, around the same point."""
        self._zoom = zoom
        self._look()

    def hold(self, on: bool) -> None:
        """Stay at this place, or follow the pointer again."""
        self._held = on

    def scene_replaced(self) -> None:
        height, width = self.scene.shape
        self.viewport.show((height, width))
        self._point = (width / 2, height / 2)
        self._look()

    def _cursor_moved(self, x: float | None, y: float | None) -> None:
        if x is not None and y is not None and not self._held:
            self._point = (x, y)
            self.follow()

    def catch_up(self) -> None:
        before = (self.viewport.x, self.viewport.y, self.viewport.zoom)
        self._aim()
        if before != (self.viewport.x, self.viewport.y, self.viewport.zoom) or self._nib():
            self.update()

    def _look(self) -> None:
        self._aim()
        self.update()

    def _aim(self) -> None:
        self.viewport.zoom_to(self._zoom, 0, 0)
        self.viewport.centre_on(*self._point)

    def _nib(self) -> tuple[tuple[float, float, float], ...]:
        return self.canvas.outline.circles

    def paint_over(self, painter: QPainter) -> None:
        for x, y, radius in self._nib():
            overlays.paint_nib(painter, *self.viewport.to_screen(x, y), radius * self.viewport.zoom, self.ratio)

    def sizeHint(self) -> QSize:
        return QSize(240, 180)

    def fit_to_widget(self) -> None:
        super().fit_to_widget()
        self._aim()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look()

    def hideEvent(self, event: QHideEvent) -> None:
        self._drag = None
        super().hideEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is None:
            return
        by = (event.position() - self._drag) * self.ratio / self.viewport.zoom
        if not by.isNull():
            self._drag = event.position()
            self.pinned.emit(True)
            self._point = (self._point[0] - by.x(), self._point[1] - by.y())
            self._look()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._wheel += notches(event)
        steps = int(self._wheel)
        self._wheel -= steps
        if steps:
            self.stepped.emit(steps)
        event.accept()
