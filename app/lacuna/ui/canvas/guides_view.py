"""The guides over the picture; of hundreds only those are touched that lie in what is painted anew.

Each is drawn once for a zoom, as an image of its own: lines with soft edges take some 0.3 ms each, putting an image
where it belongs a hundredth of that. A pan changes nothing in them, as the picture lies on whole pixels of the screen.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QPainter, QPolygonF

from lacuna.contract.guides import Guide, GuideStroke
from lacuna.imaging.region import Region
from lacuna.ui.canvas.guide_look import HALO, POINT, THINNEST, paint_points, paint_stroke, reach
from lacuna.ui.canvas.pieces import touched
from lacuna.ui.canvas.viewport import Viewport

LARGEST = 1 << 18  # device pixels of an image; what would need a larger one is drawn each time
BUDGET = 1 << 24  # device pixels of all images: 64 MB


class _Drawn:
    """A stroke with its polygon, in image coordinates, the box that holds that, and its image at one zoom."""

    def __init__(self, stroke: GuideStroke, *, dashed: bool) -> None:
        self.stroke = stroke
        self.dashed = dashed
        self.polygon = QPolygonF([QPointF(x, y) for x, y in stroke.points])
        columns, rows = zip(*stroke.points, strict=True)
        self.box = min(columns), min(rows), max(columns), max(rows)
        self.image: QImage | None = None

    def covers(self, zoom: float, ratio: float) -> Region:
        """Its device pixels, from the picture's corner on."""
        x0, y0, x1, y1 = (part * zoom for part in self.box)
        out = reach(self.stroke, zoom, ratio)
        return Region(math.floor(y0 - out), math.floor(x0 - out), math.ceil(y1 + out) + 1, math.ceil(x1 + out) + 1)

    def paint(self, painter: QPainter, zoom: float, ratio: float, how: Shown) -> None:
        """From the picture's corner on."""
        kind = self.stroke.kind
        paint_stroke(painter, self.polygon, self.stroke, zoom, ratio, ignored=kind in how.ignored, dashed=self.dashed)
        if kind in how.movable:
            paint_points(painter, self.polygon, zoom, ratio)


@dataclass(frozen=True)
class Shown:
    """Which kinds have their points marked, as they can be moved, and which are grey, as no fill follows them."""

    movable: frozenset[Guide] = frozenset()
    ignored: frozenset[Guide] = frozenset()


class GuidesView:
    """The guides of the picture as they are drawn now.

    `dashed`: they are proposed only.
    """

    def __init__(self, *, dashed: bool = False) -> None:
        self._dashed = dashed
        self._guides: tuple[GuideStroke, ...] = ()
        self._drawn: list[_Drawn] = []
        self._how = Shown()
        self._made_for: object = None  # how the images look
        self._left = BUDGET
        self._arrange()

    def become(self, guides: tuple[GuideStroke, ...], how: Shown, viewport: Viewport, ratio: float) -> list[Region]:
        """Draw `guides` from now on; the device pixels of the view that look different thereby."""
        if guides is self._guides and how == self._how:
            return []
        known = {id(each.stroke): each for each in self._drawn}
        before, self._guides = self._drawn, guides
        self._drawn = [known.get(id(stroke)) or _Drawn(stroke, dashed=self._dashed) for stroke in guides]
        self._arrange()
        if how != self._how:
            self._how = how
            changed: Iterable[_Drawn] = (*before, *self._drawn)
        else:
            changed = set(before) ^ set(self._drawn)
        return [each.covers(viewport.zoom, ratio).shift(viewport.y, viewport.x) for each in changed]

    def _arrange(self) -> None:
        """What is asked for at each paint, as arrays."""
        self._boxes = np.array([each.box for each in self._drawn], np.float64).reshape(-1, 4)
        self._widths = np.array([each.stroke.width for each in self._drawn], np.float64)
        self._left = BUDGET - sum(_area(each.image) for each in self._drawn)

    def paint(self, painter: QPainter, viewport: Viewport, ratio: float, dirty: Sequence[Region]) -> None:
        """Paint what lies in `dirty` parts of the view; the painter works in device pixels."""
        if not self._drawn:
            return
        zoom = viewport.zoom
        if self._made_for != (zoom, ratio, self._how):
            self._made_for, self._left = (zoom, ratio, self._how), BUDGET
            for each in self._drawn:
                each.image = None
        lines = np.maximum(THINNEST * ratio, self._widths * zoom) / 2 + 2 * HALO * ratio
        reaches = np.maximum(lines, (POINT + 1) * ratio) + 2
        painter.save()
        painter.translate(viewport.x, viewport.y)
        for index in np.flatnonzero(touched(self._boxes, viewport, dirty, reaches)):
            each = self._drawn[index]
            box = each.covers(zoom, ratio)
            if each.image is None and box.area <= min(LARGEST, self._left):
                each.image = self._image(each, box, zoom, ratio)
                self._left -= box.area
            if each.image is None:
                each.paint(painter, zoom, ratio, self._how)
            else:
                painter.drawImage(QPoint(box.x0, box.y0), each.image)
        painter.restore()

    def _image(self, each: _Drawn, box: Region, zoom: float, ratio: float) -> QImage:
        image = QImage(box.width, box.height, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        with QPainter(image) as painter:
            painter.translate(-box.x0, -box.y0)
            each.paint(painter, zoom, ratio, self._how)
        return image


def _area(image: QImage | None) -> int:
    return 0 if image is None else image.width() * image.height()
