"""One of several views that move together: shows what it is given of the picture, and turns the pointer into moves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from lacuna.imaging.region import Region
from lacuna.ui.canvas.canvas import Canvas
from lacuna.ui.canvas.mask_layer import MaskLayer
from lacuna.ui.canvas.navigation import Drag, Navigation
from lacuna.ui.canvas.photo_layer import PhotoLayer
from lacuna.ui.canvas.tile_cache import Layer
from lacuna.ui.canvas.view import View

DRAGS = (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton)


class LinkedView(View):
    """Shares the viewport of `navigation` with its neighbours, whose owner gives that a size and an aim.

    A drag moves all of them; a press that does not become one is a click. While the canvas shows the original, so do
    all of these.
    """

    clicked = Signal()
    double_clicked = Signal()

    def __init__(self, canvas: Canvas, navigation: Navigation, parent: QWidget | None = None) -> None:
        self._canvas = canvas
        super().__init__(canvas.scene, parent, navigation.viewport)
        self._navigation = navigation
        self._photo: PhotoLayer | None = None
        self._mask: MaskLayer | None = None
        self._pressed: QPointF | None = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        canvas.look_changed.connect(self.update)

    def show_layers(self, photo: PhotoLayer | None, mask: MaskLayer | None) -> None:
        """Show this picture, and this mask over it."""
        if (photo, mask) != (self._photo, self._mask):
            self._photo, self._mask = photo, mask
            self.update()

    def layers_at(self, rect: Region) -> list[tuple[Region, list[Layer]]]:
        original = self.scene.original
        if self._canvas.comparison.held and original is not None:
            return [(rect, [original])]
        mask = self._mask if self._canvas.show_mask else None
        return [(rect, [layer for layer in (self._photo, mask) if layer is not None])]

    def scene_replaced(self) -> None:
        self.update()

    def fit_to_widget(self) -> None:
        """Nothing: see the class."""

    # --- Qt ----------------------------------------------------------------------------------------------------------
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in DRAGS and self._pressed is None:
            self._pressed = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None or not event.buttons():
            return
        if self._navigation.drag is Drag.NONE:
            by = event.position() - self._pressed
            if by.manhattanLength() < QApplication.startDragDistance():
                return
            self._navigation.begin(Drag.PAN, self._pressed)
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self._navigation.move(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None or event.buttons():
            return
        dragged = self._navigation.drag is not Drag.NONE
        self._pressed = None
        self._navigation.end()
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        if not dragged and event.button() is Qt.MouseButton.LeftButton:
            self.clicked.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.double_clicked.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._navigation.wheel(event)
        event.accept()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and self._navigation.gesture(event):
            event.accept()
            return True
        return super().event(event)
