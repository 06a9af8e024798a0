"""Which guide lies under the pointer: asked at each of its moves, and quickly answered for hundreds of guides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.guides import Guide, GuideStroke
from lacuna.editor.tool import Pointer

NEAR = 8.0  # screen pixels: so near to the pointer a point or a line is meant

Points = NDArray[np.float64]  # (n, 2): x and y


class Nearness:
    """Keeps the points of the guides that it was asked about last as one array."""

    def __init__(self) -> None:
        self._guides: tuple[GuideStroke, ...] = ()
        self._each: dict[int, Points] = {}  # by the stroke's identity
        self._points: Points = np.empty((0, 2))
        self._stroke = np.empty(0, np.int64)  # that each point is of
        self._index = np.empty(0, np.int64)  # which of its points

    def point(
        self, guides: tuple[GuideStroke, ...], at: Pointer, kinds: tuple[Guide, ...]
    ) -> tuple[GuideStroke, int] | None:
        """The line whose point lies nearest to the pointer, and which point that is; None if none is near."""
        self._follow(guides)
        far = np.hypot(*(self._points - (at.x, at.y)).T)
        far[~self._of(kinds)[self._stroke]] = np.inf
        nearest = int(far.argmin()) if far.size else -1
        if nearest < 0 or far[nearest] * at.scale > NEAR:
            return None
        return guides[self._stroke[nearest]], int(self._index[nearest])

    def stroke(self, guides: tuple[GuideStroke, ...], at: Pointer, kinds: tuple[Guide, ...]) -> GuideStroke | None:
        """The guide that lies nearest to the pointer, of areas the one around it; None if none is near."""
        self._follow(guides)
        wanted = self._of(kinds)
        widths = np.array([stroke.width for stroke in guides])
        best, found = np.inf, None
        for i in np.flatnonzero(wanted)[::-1]:  # the last drawn lies on top
            points, stroke = self._each[id(guides[i])], guides[i]
            middle = 0.0 if stroke.closed and _within(points, at) else _distance(points, at, closed=stroke.closed)
            far = max(0.0, middle - widths[i] / 2)
            if far < best:
                best, found = far, stroke
        return found if best * at.scale <= NEAR else None

    def _of(self, kinds: tuple[Guide, ...]) -> NDArray[np.bool_]:
        return np.array([stroke.kind in kinds for stroke in self._guides], bool)

    def _follow(self, guides: tuple[GuideStroke, ...]) -> None:
        if guides is self._guides:
            return
        known, self._guides = self._each, guides
        each = [known.get(id(stroke)) for stroke in guides]
        points = [np.array(s.points, np.float64) if p is None else p for s, p in zip(guides, each, strict=True)]
        self._each = dict(zip(map(id, guides), points, strict=True))
        counts = [len(part) for part in points]
        self._points = np.concatenate([np.empty((0, 2)), *points])
        self._stroke = np.repeat(np.arange(len(guides)), counts)
        self._index = np.concatenate([np.empty(0, np.int64), *map(np.arange, counts)])


def _within(points: Points, at: Pointer) -> bool:
    (x0, y0), (x1, y1) = points.T, np.roll(points, -1, axis=0).T
    across = (y0 > at.y) != (y1 > at.y)
    crossed = at.x < x0[across] + (at.y - y0[across]) / (y1 - y0)[across] * (x1 - x0)[across]
    return np.count_nonzero(crossed) % 2 == 1


def _distance(points: Points, at: Pointer, *, closed: bool) -> float:
    """From a stroke's middle line to the pointer, in image pixels."""
    ends = np.concatenate([points, points[:1]]) if closed else points
    starts, steps = ends[:-1], np.diff(ends, axis=0)
    if not len(starts):
        return float(np.hypot(*(points[0] - (at.x, at.y))))
    lengths = np.maximum((steps**2).sum(1), 1e-12)
    along = np.clip(((np.array((at.x, at.y)) - starts) * steps).sum(1) / lengths, 0, 1)
    return float(np.hypot(*(starts + along[:, None] * steps - (at.x, at.y)).T).min())
