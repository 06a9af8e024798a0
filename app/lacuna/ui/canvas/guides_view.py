"""The guides over the picture, each kind in its colour over a dark edge; only those in what is painted anew."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from lacuna.contract.guides import Guide, GuideStroke
from lacuna.imaging.region import Region
from lacuna.ui.canvas.viewport import Viewport

EDGE = QColor(0, 0, 0, 170)
COLOURS = {
    Guide.LINE: QColor("#00c2ff"),
    Guide.ERASE_EDGE: QColor("#ff9f0a"),
    Guide.SOURCE: QColor("#34c759"),
    Guide.NEVER: QColor("#ff453a"),
    Guide.HINT: QColor("#bf5af2"),
}
THINNEST = 1.5  # device-independent pixels
WITHIN = 40  # of 255: how much an area is tinted
POINT = 2.5  # device-independent radius of a point that can be moved


class _Drawn:
    """A stroke with its polygon, in image coordinates, and the box that holds it."""

    def __init__(self, stroke: GuideStroke) -> None:
        self.stroke = stroke
        self.polygon = QPolygonF([QPointF(x, y) for x, y in stroke.points])
        columns, rows = zip(*stroke.points, strict=True)
        self.box = min(rows), min(columns), max(rows), max(columns)

    def on_screen(self, viewport: Viewport, ratio: float) -> Region:
        """The device pixels that it covers."""
        (x0, y0), (x1, y1) = viewport.to_screen(*self.box[1::-1]), viewport.to_screen(*self.box[:1:-1])
        reach = self.width(viewport, ratio) / 2 + (2 + POINT) * ratio + 1
        return Region(
            math.floor(y0 - reach), math.floor(x0 - reach), math.ceil(y1 + reach) + 1, math.ceil(x1 + reach) + 1
        )

    def width(self, viewport: Viewport, ratio: float) -> float:
        return max(THINNEST * ratio, self.stroke.width * viewport.zoom)


class GuidesView:
    """The guides of the picture as they are drawn now. `points`: those of lines are marked, as they can be moved."""

    def __init__(self) -> None:
        self._guides: tuple[GuideStroke, ...] = ()
        self._drawn: list[_Drawn] = []
        self._points = False

    def become(
        self, guides: tuple[GuideStroke, ...], viewport: Viewport, ratio: float, *, points: bool
    ) -> list[Region]:
        """Draw `guides` from now on; the device pixels of the view that look different thereby."""
        if guides is self._guides and points == self._points:
            return []
        known = {id(each.stroke): each for each in self._drawn}
        before, self._guides = self._drawn, guides
        self._drawn = [known.get(id(stroke)) or _Drawn(stroke) for stroke in guides]
        if points != self._points:
            self._points = points
            changed: Iterable[_Drawn] = (*before, *self._drawn)
        else:
            changed = set(before) ^ set(self._drawn)
        return [each.on_screen(viewport, ratio) for each in changed]

    def paint(self, painter: QPainter, viewport: Viewport, ratio: float, dirty: Sequence[Region]) -> None:
        """Paint what lies in `dirty` parts of the view; the painter works in device pixels."""
        seen = [each for each in self._drawn if any(each.on_screen(viewport, ratio).overlaps(part) for part in dirty)]
        if not seen:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for each in seen:
            painter.save()
            painter.translate(viewport.x, viewport.y)
            painter.scale(viewport.zoom, viewport.zoom)
            self._paint(painter, each, each.width(viewport, ratio), ratio)
            painter.restore()
            if self._points and not each.stroke.closed:
                self._paint_points(painter, each, viewport, ratio)
        painter.restore()

    @staticmethod
    def _paint(painter: QPainter, each: _Drawn, width: float, ratio: float) -> None:
        stroke = each.stroke
        colour = COLOURS[stroke.kind] if stroke.colour is None else QColor.fromRgbF(*stroke.colour)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for tone, wide in ((EDGE, width + 2 * ratio), (colour, width)):
            pen = QPen(tone, wide, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
            pen.setCosmetic(True)
            painter.setPen(pen)
            if stroke.closed:
                painter.drawPolygon(each.polygon)
            else:
                painter.drawPolyline(each.polygon)
        if stroke.closed:
            tint = QColor(colour)
            tint.setAlpha(WITHIN)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tint)
            painter.drawPolygon(each.polygon)

    @staticmethod
    def _paint_points(painter: QPainter, each: _Drawn, viewport: Viewport, ratio: float) -> None:
        painter.setPen(QPen(EDGE, ratio))
        painter.setBrush(Qt.GlobalColor.white)
        for x, y in each.stroke.points:
            painter.drawEllipse(QPointF(*viewport.to_screen(x, y)), POINT * ratio, POINT * ratio)
