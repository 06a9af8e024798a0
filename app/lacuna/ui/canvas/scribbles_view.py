"""The scribbles that an object was found by, thin over the picture as long as it is proposed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QPainter, QPen

from lacuna.imaging.polylines import Polyline
from lacuna.imaging.region import Region
from lacuna.ui.canvas.overlays import DARK
from lacuna.ui.canvas.pieces import Pieces
from lacuna.ui.canvas.viewport import Viewport

INSIDE, OUTSIDE = QColor("#34c759"), QColor("#ff453a")
LINE, HALO = 2.0, 1.0  # device-independent pixels; the halo on either side

Lines = tuple[Polyline, ...]


class ScribblesView:
    """Those that are drawn now."""

    def __init__(self) -> None:
        self._scribbles: tuple[Lines, Lines] = ((), ())
        self._pieces: list[tuple[QColor, Pieces]] = []

    def become(self, inside: Lines, outside: Lines, viewport: Viewport, ratio: float) -> list[Region]:
        """Draw these from now on; the device pixels of the view that look different thereby."""
        before, after = self._scribbles, (inside, outside)
        if before == after:
            return []
        self._scribbles = after
        both = ((INSIDE, inside), (OUTSIDE, outside))
        self._pieces = [(colour, Pieces(np.array(line.points, np.float32) for line in lines)) for colour, lines in both]
        boxes = [_box(np.array(line.points)) for lines in (*before, *after) for line in lines]
        return [viewport.on_screen(box).pad(round(_reach(ratio)) + 1) for box in boxes]

    def paint(self, painter: QPainter, viewport: Viewport, ratio: float, dirty: Sequence[Region]) -> None:
        """Paint what lies in `dirty` parts of the view; the painter works in device pixels."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(viewport.x, viewport.y)
        painter.scale(viewport.zoom, viewport.zoom)
        for colour, pieces in self._pieces:
            polygons = pieces.within(viewport, dirty, _reach(ratio))
            for tone, width in ((DARK, LINE + 2 * HALO), (colour, LINE)):
                pen = QPen(tone, width * ratio)
                pen.setCosmetic(True)
                painter.setPen(pen)
                for polygon in polygons:
                    painter.drawPolyline(polygon)
        painter.restore()


def _box(points: NDArray[np.float64]) -> Region:
    (x0, y0), (x1, y1) = np.floor(points.min(0)), np.ceil(points.max(0))
    return Region(int(y0), int(x0), int(y1) + 1, int(x1) + 1)


def _reach(ratio: float) -> float:
    return (LINE / 2 + HALO) * ratio + 2
