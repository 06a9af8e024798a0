"""The whole picture, small, with the part that the canvas shows: drag it to look elsewhere."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lacuna.i18n import _
from lacuna.imaging.region import Region
from lacuna.ui.canvas import overlays
from lacuna.ui.canvas.canvas import Canvas
from lacuna.ui.canvas.navigation import notches
from lacuna.ui.canvas.painting import as_rect
from lacuna.ui.canvas.side_view import SideView
from lacuna.ui.theme import current

SHADE = QColor(0, 0, 0, 90)  # over what the canvas does not show
ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class NavigatorPanel(QWidget):
    """The overview with a margin around it."""

    def __init__(self, canvas: Canvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = Overview(canvas, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.view)


class Overview(SideView):
    """The whole picture; pressing or dragging brings that point into the middle of the canvas."""

    def __init__(self, canvas: Canvas, parent: QWidget | None = None) -> None:
        super().__init__(canvas, parent)
        self.setAccessibleName(_("Overview of the picture"))
        self.setAccessibleDescription(_("The arrow keys move the part that is shown; plus and minus zoom."))
        self.setMinimumSize(120, 90)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        canvas.view_changed.connect(self.follow)
        self.scene_replaced()

    def scene_replaced(self) -> None:
        self.viewport.show(self.scene.shape)
        self.update()

    def catch_up(self) -> None:
        self.update()

    def paint_over(self, painter: QPainter) -> None:
        picture = self.viewport.picture
        seen = self.canvas.viewport.visible
        if seen.empty or not all(self.scene.shape):
            return
        x0, y0 = self.viewport.to_screen(seen.x0, seen.y0)
        x1, y1 = self.viewport.to_screen(seen.x1, seen.y1)
        inside = Region(round(y0), round(x0), max(round(y1), round(y0) + 2), max(round(x1), round(x0) + 2))
        if inside.intersect(picture) != picture:
            for part in (
                Region(picture.y0, picture.x0, inside.y0, picture.x1),
                Region(inside.y1, picture.x0, picture.y1, picture.x1),
                Region(inside.y0, picture.x0, inside.y1, inside.x0),
                Region(inside.y0, inside.x1, inside.y1, picture.x1),
            ):
                if not part.empty:
                    painter.fillRect(as_rect(part), SHADE)
            overlays.paint_frame(painter, inside, self.ratio)
        if self.hasFocus():
            whole = Region(0, 0, self.viewport.height, self.viewport.width)
            overlays.paint_focus(painter, whole, round(2 * self.ratio), QColor(current().focus))

    def _go_to(self, at: QPointF) -> None:
        x, y = self.viewport.to_image(at.x() * self.ratio, at.y() * self.ratio)
        height, width = self.scene.shape
        self.canvas.centre_on(min(max(x, 0), width), min(max(y, 0), height))

    def sizeHint(self) -> QSize:
        return QSize(240, 180)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._go_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go_to(event.position())

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.canvas.navigation.zoom_to(self.canvas.viewport.stepped(notches(event)))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in ARROWS:
            self.canvas.navigation.nudge(*ARROWS[key])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.canvas.navigation.zoom_in()
        elif key == Qt.Key.Key_Minus:
            self.canvas.navigation.zoom_out()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusOutEvent(event)
