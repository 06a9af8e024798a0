"""What a tool draws over the picture while it is used: its nib, and the line or shape that is begun."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from lacuna.editor.tool import Outline
from lacuna.imaging.region import Region
from lacuna.ui.canvas.guide_look import paint_stroke, reach
from lacuna.ui.canvas.overlays import DARK, LIGHT, box_of, paint_nib, ring
from lacuna.ui.canvas.pieces import POINTS, Pieces
from lacuna.ui.canvas.viewport import Viewport

PART = 100.0  # device pixels of a line that are repainted as one box
MOST_PARTS = 16  # of a segment, which may reach far beyond the view

Path = tuple[tuple[float, float], ...]


class OutlineView:
    """A tool's outline as it is drawn now; long paths are kept as polygons that only grow."""

    def __init__(self) -> None:
        self.outline = Outline()
        self._polygon = QPolygonF()  # of the path, in image coordinates
        self._cut: tuple[Path, Pieces] = ((), Pieces([]))  # all of a long path but for its end

    def become(self, outline: Outline, viewport: Viewport, ratio: float) -> list[Region]:
        """Draw `outline` from now on; the device pixels of the view that look different thereby."""
        before = self.outline
        if outline == before:
            return []
        dirty = self._circles(before, viewport, ratio) + self._circles(outline, viewport, ratio)
        same = outline.guide is before.guide and outline.closed is before.closed
        first, last = _common(before.path, outline.path) if same else (0, 0)
        runs = [path[max(0, first - 1) : len(path) - max(0, last - 1)] for path in (before.path, outline.path)]
        if outline.closed:
            dirty.append(self._bounds([*runs[0], *runs[1], *outline.path[:1]], outline, viewport, ratio))
        else:
            for look, run in zip((before, outline), runs, strict=True):
                dirty += [self._bounds(part, look, viewport, ratio) for part in _short(run, viewport)]
        if last:  # a point between others was moved
            self._polygon = QPolygonF([QPointF(x, y) for x, y in outline.path])
        else:  # only the end of the path is new
            while self._polygon.size() > first:
                self._polygon.removeLast()
            self._polygon.append([QPointF(x, y) for x, y in outline.path[first:]])
        self.outline = outline
        return [region for region in dirty if not region.empty]

    def bounds(self, viewport: Viewport, ratio: float) -> list[Region]:
        """The device pixels that it covers."""
        path = self._bounds(self.outline.path, self.outline, viewport, ratio)
        regions = [*self._circles(self.outline, viewport, ratio), path]
        return [region for region in regions if not region.empty]

    def paint(self, painter: QPainter, viewport: Viewport, ratio: float, dirty: Sequence[Region]) -> None:
        """Paint at least what lies in `dirty` parts of the view; the painter works in device pixels."""
        for x, y, radius in self.outline.circles:
            paint_nib(painter, *viewport.to_screen(x, y), radius * viewport.zoom, ratio)
        if self._polygon.size() > 1:
            self._paint_path(painter, viewport, ratio, dirty)

    @staticmethod
    def _bounds(points: Iterable[tuple[float, float]], outline: Outline, viewport: Viewport, ratio: float) -> Region:
        wide = 3 * ratio if outline.guide is None else reach(outline.guide, viewport.zoom, ratio)
        return _around(points, viewport, wide)

    def _near(self, viewport: Viewport, ratio: float, dirty: Sequence[Region]) -> list[QPolygonF]:
        """What of a long line lies in `dirty` parts of the view, its growing end with it; none of a short one."""
        path, guide = self.outline.path, self.outline.guide
        whole = (len(path) - 1) // POINTS * POINTS
        if guide is None or self.outline.closed or whole <= POINTS:
            return []
        if self._cut[0] != path[: whole + 1]:
            self._cut = path[: whole + 1], Pieces([np.array(path[: whole + 1], np.float32)])
        end = QPolygonF([QPointF(x, y) for x, y in path[whole:]])
        return [*self._cut[1].within(viewport, dirty, reach(guide, viewport.zoom, ratio)), end]

    def _paint_path(self, painter: QPainter, viewport: Viewport, ratio: float, dirty: Sequence[Region]) -> None:
        if self.outline.guide is not None:
            painter.save()
            painter.translate(viewport.x, viewport.y)
            pieces = self._near(viewport, ratio, dirty)
            paint_stroke(painter, self._polygon, self.outline.guide, viewport.zoom, ratio, pieces=pieces)
            painter.restore()
            return
        painter.save()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for shift, colour in ((1, DARK), (0, LIGHT)):
            pen = QPen(colour, max(1, round(ratio)))
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.save()
            painter.translate(viewport.x + shift, viewport.y + shift)
            painter.scale(viewport.zoom, viewport.zoom)
            if self.outline.closed:
                painter.drawPolygon(self._polygon)
            else:
                painter.drawPolyline(self._polygon)
            painter.restore()
        painter.restore()

    @staticmethod
    def _circles(outline: Outline, viewport: Viewport, ratio: float) -> list[Region]:
        view = Region(0, 0, viewport.height, viewport.width)
        regions = []
        for x, y, radius in outline.circles:
            sx, sy = viewport.to_screen(x, y)
            for box in ring(sx, sy, radius * viewport.zoom, ratio):
                box = box.intersect(view)
                if not box.empty:
                    regions.append(box)
        return regions


def _common(one: Path, other: Path) -> tuple[int, int]:
    """How many points two paths share from the start on, and then from the end on."""
    most = min(len(one), len(other))
    if most and one[: most - 1] == other[: most - 1]:  # as a line that is drawn by hand: at the speed of C
        first = most if one[:most] == other[:most] else max(0, most - 1)
    else:
        first = next((i for i in range(most) if one[i] != other[i]), most)
    last = next((i for i in range(most - first) if one[-1 - i] != other[-1 - i]), most - first)
    return first, last


def _short(path: Path, viewport: Viewport) -> list[Path]:
    """The path's segments, long ones in parts, so that the boxes of all hold little beside them."""
    parts: list[Path] = []
    for (x0, y0), (x1, y1) in pairwise(path):
        steps = min(MOST_PARTS, 1 + int(max(abs(x1 - x0), abs(y1 - y0)) * viewport.zoom / PART))
        cuts = [(x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps) for i in range(steps + 1)]
        parts += list(pairwise([*cuts[:-1], (x1, y1)]))
    return parts or [path]


def _around(points: Iterable[tuple[float, float]], viewport: Viewport, reach: float) -> Region:
    on_screen = [viewport.to_screen(x, y) for x, y in points]
    if not on_screen:
        return Region(0, 0, 0, 0)
    xs, ys = [x for x, _ in on_screen], [y for _, y in on_screen]
    return box_of(min(xs) - reach, min(ys) - reach, max(xs) + reach, max(ys) + reach)
