"""Long lines in pieces, so that a small part of the view that is painted anew costs what lies in it and no more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPolygonF

from lacuna.imaging.region import Region
from lacuna.ui.canvas.viewport import Viewport

POINTS = 64  # of a piece


class Pieces:
    """Lines in image coordinates, each cut into polygons of some points, with the boxes of those as one array."""

    def __init__(self, lines: Iterable[NDArray[np.float32]]) -> None:
        """`lines` are (n, 2) points (x, y), joined from each to the next."""
        self._polygons: list[QPolygonF] = []
        boxes: list[NDArray[np.float32]] = []
        for line in lines:
            for start in range(0, max(1, len(line) - 1), POINTS):
                part = line[start : start + POINTS + 1]
                self._polygons.append(QPolygonF([QPointF(x, y) for x, y in part.tolist()]))
                boxes.append(np.concatenate([part.min(0), part.max(0)]))
        self._boxes = np.array(boxes, np.float64).reshape(-1, 4)  # x0, y0, x1, y1

    def within(self, viewport: Viewport, parts: Sequence[Region], reach: float) -> list[QPolygonF]:
        """Those that lie in some parts of the view, or up to `reach` device pixels beside them."""
        return [self._polygons[i] for i in np.flatnonzero(touched(self._boxes, viewport, parts, reach))]


def touched(
    boxes: NDArray[np.float64], viewport: Viewport, parts: Sequence[Region], reach: float | NDArray[np.float64]
) -> NDArray[np.bool_]:
    """(n,): which boxes (n, 4: x0, y0, x1, y1) in the picture touch parts of the view, or lie up to `reach` beside."""
    found = np.zeros(len(boxes), bool)
    x0, y0, x1, y1 = (boxes * viewport.zoom).T
    for part in parts:
        left, top = part.x0 - viewport.x - reach, part.y0 - viewport.y - reach
        right, bottom = part.x1 - viewport.x + reach, part.y1 - viewport.y + reach
        found |= (x0 <= right) & (x1 >= left) & (y0 <= bottom) & (y1 >= top)
    return found
