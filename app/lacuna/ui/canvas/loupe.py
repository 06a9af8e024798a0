"""A magnifying glass at the pointer, for as long as its key is held."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from lacuna.imaging.region import Region
from lacuna.ui.canvas import overlays
from lacuna.ui.canvas.painting import LayerPainter, as_rect
from lacuna.ui.canvas.view import View
from lacuna.ui.canvas.viewport import LARGEST, Viewport

RADIUS = 110.0  # in the widget's units
POWER = 4.0  # times the view's own zoom
LEAST = 2.0  # the zoom that it has at least


class Loupe:
    """Shows what lies under the pointer larger, in a circle around it."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.on = False
        self._at: tuple[float, float] | None = None  # device pixels

    def show(self, on: bool, at: QPointF | None) -> None:
        self.on = on
        self.follow(at)

    def follow(self, at: QPointF | None) -> None:
        """The pointer is there now."""
        before = self.bounds
        self._at = None if at is None or not self.on else (at.x() * self._view.ratio, at.y() * self._view.ratio)
        for bounds in (before, self.bounds):
            if not bounds.empty:
                self._view.update_device(bounds)

    @property
    def bounds(self) -> Region:
        """The device pixels that it covers."""
        if self._at is None:
            return Region(0, 0, 0, 0)
        x, y, reach = round(self._at[0]), round(self._at[1]), round((RADIUS + 3) * self._view.ratio)
        return Region(y - reach, x - reach, y + reach, x + reach)

    def paint(self, painter: QPainter) -> None:
        view = self._view
        if self._at is None or view.scene.photo is None:
            return
        x, y = self._at
        ratio, radius = view.ratio, RADIUS * view.ratio
        glass = Viewport(view.viewport.width, view.viewport.height)
        glass.image = view.viewport.image
        glass.zoom = min(LARGEST, max(LEAST, 2.0 ** round(math.log2(POWER * view.viewport.zoom))))
        point = view.viewport.to_image(x, y)
        glass.x, glass.y = round(x - point[0] * glass.zoom), round(y - point[1] * glass.zoom)
        circle = QPainterPath()
        circle.addEllipse(QPointF(x, y), radius, radius)
        area = self.bounds.clip((view.viewport.height, view.viewport.width))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipPath(circle)
        painter.fillRect(as_rect(area), QColor(128, 128, 128))
        tiles = LayerPainter(painter, view.scene.cache, glass)
        tiles.paint([layer for _part, layers in view.layers_at(area)[-1:] for layer in layers], area, keep_clip=True)
        painter.setClipping(False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen, reach in ((QPen(overlays.DARK, 3 * ratio), radius), (QPen(overlays.LIGHT, 1.5 * ratio), radius)):
            painter.setPen(pen)
            painter.drawEllipse(QPointF(x, y), reach, reach)
        painter.restore()
