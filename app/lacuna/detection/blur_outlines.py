"""Boxes and ovals that are drawn around a part without detail as tightly as its sharp surroundings say.

From the middle of each such part rays go out to the first sharp cell. The sides of a box are where most of them end,
an oval goes through where they end; those that went on through a gap in the surroundings, or were stopped by a grain
within, are outvoted. Then each side is moved as long as more of the outline divides sharp from soft.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region

RAYS = 96
FARTHEST = 0.45  # of the longer side of the picture: a ray's length
LARGEST = 0.5  # of each side of the picture: what is larger is not a patch in it
BEYOND = 5  # cells by which an outline may reach out of the picture
LEAST_HALF = 7  # cells from the middle of a part to the nearest sharp one
LEAST_SIDE = 12  # cells of an outline
APART = 15  # cells: of all middles within it the one farthest from anything sharp counts
MOST = 200  # middles, the largest parts first
SIDEWAYS = 0.3  # cosine to a side's direction, above which a ray tells where it is
FITS = 6  # rounds in which an oval is fitted, each to the share of the rays that lie best
SHARES = (0.9, 0.55)  # in the first round and the last
CLOSE = 0.05  # of the radius: so near to the oval a ray's end lies well
BORDER = 2  # the mark of a cell beyond the picture
POINTS = 96  # of an outline that are looked at
OUTSIDE = (0.5, 1.5, 2.5)  # cells beyond the outline: there is detail
INSIDE = (2.5, 3.5, 4.5)  # cells within: there is none; nearer lies what its edge itself leaves
WITHIN = 3  # cells from the outline to the part that is to have no detail
INSCRIBED = 0.72  # of an oval's sides: the box in it
STEPS = (4, 2, 1, 1)  # cells by which sides are moved
STRAYS, GRAINS = 0.5, 4.0  # what a point with detail inside, and its share of the part within, take off the worth
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Outlines:
    """Many of one shape: `sides` (n, 4) are y0, x0, y1, x1 in cells; an oval touches its sides."""

    sides: Floats
    oval: bool

    @property
    def middles(self) -> tuple[Floats, Floats]:
        return (self.sides[:, 0] + self.sides[:, 2]) / 2, (self.sides[:, 1] + self.sides[:, 3]) / 2

    @property
    def halves(self) -> tuple[Floats, Floats]:
        return (self.sides[:, 2] - self.sides[:, 0]) / 2, (self.sides[:, 3] - self.sides[:, 1]) / 2

    def points(self, *outward: float) -> tuple[Floats, Floats]:
        """(n, k, POINTS) y and x, so many cells out from the outline; each quarter of them lies on another side."""
        down, across = self._directions()
        (y, x), (half_y, half_x) = self.middles, self.halves
        if self.oval:
            normal_y, normal_x = down / half_y[:, None], across / half_x[:, None]
            length = np.hypot(normal_y, normal_x)
            normal_y, normal_x = normal_y / length, normal_x / length
        else:
            normal_y, normal_x = (np.where(abs(each) == 1, each, 0.0)[None] for each in (down, across))
        out = np.array(outward)[:, None]
        at_y = y[:, None] + half_y[:, None] * down
        at_x = x[:, None] + half_x[:, None] * across
        return at_y[:, None] + out * normal_y[:, None], at_x[:, None] + out * normal_x[:, None]

    def placed(self, shape: tuple[int, ...], size: int = 1, grown: float = 0.0) -> tuple[Region, Hole]:
        """Of the first: its region and (h, w) which pixels of that lie within, `grown` by so many, in a picture of
        this (height, width) whose cells are `size` pixels wide."""
        y0, x0, y1, x1 = self.sides[0] * size + grown * np.array([-1, -1, 1, 1])
        box = Region(math.floor(y0), math.floor(x0), math.ceil(y1), math.ceil(x1)).clip(shape)
        rows, columns = np.arange(box.y0, box.y1) + 0.5, np.arange(box.x0, box.x1) + 0.5
        if not self.oval:
            return box, np.outer((rows > y0) & (rows < y1), (columns > x0) & (columns < x1))
        down, across = (2 * rows - y0 - y1) / (y1 - y0), (2 * columns - x0 - x1) / (x1 - x0)
        return box, np.add.outer(down * down, across * across) <= 1

    def _directions(self) -> tuple[Floats, Floats]:
        """(POINTS,) from the middle, as shares of the halves."""
        if self.oval:
            angles = (np.arange(POINTS) + 0.5) * 2 * np.pi / POINTS - 3 * np.pi / 4
            return np.sin(angles), np.cos(angles)
        quarter = POINTS // 4
        along, edge = (np.arange(quarter) + 0.5) / quarter * 2 - 1, np.ones(quarter)
        return np.concatenate([-edge, along, edge, along]), np.concatenate([along, edge, along, -edge])


def outlines(sharp: Hole) -> list[tuple[Outlines, Floats]]:
    """The boxes and the ovals in a grid (h, w), each once, with its worth (n,): up to 1, if all of it divides."""
    rows, columns = _middles(sharp)
    if not rows.size:
        return []
    ends = _ends(sharp, rows, columns)
    grains = summed(sharp)
    found = []
    for drawn in (_boxes(ends, sharp.shape), _ovals(ends, rows, columns)):
        likely = Outlines(_apart(drawn.sides[_fits_in(drawn.sides, sharp.shape)]), drawn.oval)
        if len(likely.sides):
            found.append(_climbed(sharp, grains, likely))
    return found


def dividing(sharp: Hole, drawn: Outlines) -> tuple[Hole, Hole, Hole]:
    """(n, POINTS): where the outlines divide detail from none, where there is detail inside, and what of them lies in
    the picture: neither is told of the rest."""
    y, x = drawn.points(*OUTSIDE, *(-each for each in INSIDE))
    detail = looked_at(sharp, y, x)
    outside, inside = (part.any(axis=1) for part in np.split(detail, [len(OUTSIDE)], axis=1))
    y, x = y[:, 0], x[:, 0]
    seen = (y >= 0) & (x >= 0) & (y < sharp.shape[0]) & (x < sharp.shape[1])
    return outside & ~inside & seen, inside & seen, seen


def summed(plane: NDArray[Any]) -> Floats:
    """(h + 1, w + 1): the sum of all cells above and left of each corner, for `mean_within`."""
    import cv2

    return np.asarray(cv2.integral(plane.astype(np.float32), sdepth=cv2.CV_64F))


def mean_within(sums: Floats, drawn: Outlines, inset: float) -> Floats:
    """(n,): the mean over the cells so far within, in the largest box."""
    cuts = []
    for middle, half, length in zip(drawn.middles, drawn.halves, sums.shape, strict=True):
        inner = np.maximum(half * (INSCRIBED if drawn.oval else 1) - inset, 1)
        cuts.append([np.clip(np.rint(middle + sign * inner), 0, length - 1).astype(np.intp) for sign in (-1, 1)])
    (y0, y1), (x0, x1) = cuts
    total = sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]
    return np.asarray(np.maximum(total, 0) / np.maximum((y1 - y0) * (x1 - x0), 1))


def looked_at(plane: NDArray[Any], y: Floats, x: Floats) -> NDArray[Any]:
    """The cells at these points; beyond the picture those at its border."""
    rows = np.clip(y, 0, plane.shape[0] - 1).astype(np.int32)
    columns = np.clip(x, 0, plane.shape[1] - 1).astype(np.int32)
    return plane[rows, columns]


@dataclass(frozen=True, eq=False)
class _Ends:
    """(n, RAYS): where each ray ends, and whether something sharp stopped it or the picture's border; else nothing."""

    y: Floats
    x: Floats
    stopped: Hole
    left: Hole


def _middles(sharp: Hole) -> tuple[Floats, Floats]:
    """y and x of the cells farthest from anything sharp."""
    import cv2

    far = cv2.distanceTransform((~sharp).view(np.uint8), cv2.DIST_L2, 3)
    peaks = (far >= cv2.dilate(far, np.ones((APART, APART), np.uint8))) & (far >= LEAST_HALF)
    rows, columns = np.nonzero(peaks)
    first = np.argsort(-far[rows, columns], kind="stable")[:MOST]
    return rows[first] + 0.5, columns[first] + 0.5


def _angles() -> Floats:
    return np.arange(RAYS) * 2 * np.pi / RAYS


def _ends(sharp: Hole, rows: Floats, columns: Floats) -> _Ends:
    import cv2

    far = np.arange(1, 2 + int(FARTHEST * max(sharp.shape)))
    # wider by a cell, so that no ray slips through between two; where it ends is put right below
    walls = cv2.dilate(sharp.view(np.uint8), np.ones((3, 3), np.uint8))
    walls = np.pad(walls, len(far), constant_values=BORDER)
    sines, cosines = np.sin(_angles()), np.cos(_angles())
    # all middles lie in the middle of a cell, so that the cells of a ray are as far from each
    down, across = (np.floor(0.5 + far * ray[:, None]).astype(np.int32) for ray in (sines, cosines))
    start = (rows.astype(np.int32) + len(far)) * walls.shape[1] + columns.astype(np.int32) + len(far)
    met = walls.ravel()[start[:, None, None] + (down * walls.shape[1] + across)]
    first = np.argmax(met > 0, axis=2)
    end = np.take_along_axis(met, first[..., None], axis=2)[..., 0]
    reach = np.where(end > 0, far[first] + 1, far[-1])
    return _Ends(rows[:, None] + reach * sines, columns[:, None] + reach * cosines, end == 1, end == BORDER)


def _boxes(ends: _Ends, shape: tuple[int, ...]) -> Outlines:
    sides = []
    for direction, at, length in ((np.sin(_angles()), ends.y, shape[0]), (np.cos(_angles()), ends.x, shape[1])):
        sides.append([_usual(at, ends, sign * direction > SIDEWAYS, length) for sign in (-1, 1)])
    (top, bottom), (left, right) = sides
    return Outlines(np.stack([top, left, bottom, right], axis=1), oval=False)


def _usual(at: Floats, ends: _Ends, seen: Hole, length: int) -> Floats:
    """Of each middle: the row or column at which most of the rays that see it end, one beside it counting less."""
    cells = np.clip(np.rint(at), 0, length).astype(np.intp)
    votes = np.zeros((len(at), length + 3))
    which = np.broadcast_to(np.arange(len(at))[:, None], at.shape)
    counted = seen & (ends.stopped | ends.left)
    np.add.at(votes, (which[counted], cells[counted] + 1), 1.0)
    spread = votes[:, 1:-1] + 0.6 * (votes[:, :-2] + votes[:, 2:])
    return np.argmax(spread, axis=1).astype(np.float64)


def _ovals(ends: _Ends, rows: Floats, columns: Floats) -> Outlines:
    """By least squares, as a y^2 + b x^2 + c y + d x = 1 about the middle, again and again without what lies worst."""
    y, x = ends.y - rows[:, None], ends.x - columns[:, None]
    unit = np.median(np.hypot(y, x), axis=1)[:, None]
    y, x = y / unit, x / unit
    terms = np.stack([y * y, x * x, y, x], axis=2)
    kept = ends.stopped
    for share in np.linspace(*SHARES, FITS):
        weighed = terms * kept[..., None]
        squares = weighed.swapaxes(1, 2) @ terms + 1e-6 * np.eye(4)
        a, b, c, d = np.linalg.solve(squares, weighed.sum(axis=1)[..., None])[..., 0].T
        away = np.abs(a[:, None] * y * y + b[:, None] * x * x + c[:, None] * y + d[:, None] * x - 1)
        away = np.where(ends.stopped, away, np.inf)
        kept = away <= np.maximum(np.quantile(np.minimum(away, 9.0), share, axis=1), CLOSE)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):  # a parabola is no oval: what is not finite is left out
        middle_y, middle_x = -c / (2 * a), -d / (2 * b)
        size = 1 + a * middle_y**2 + b * middle_x**2
        half_y, half_x = np.sqrt(size / a), np.sqrt(size / b)
        about = np.stack([middle_y - half_y, middle_x - half_x, middle_y + half_y, middle_x + half_x], axis=1)
    return Outlines(about * unit + np.stack([rows, columns, rows, columns], axis=1), oval=True)


def _fits_in(sides: Floats, shape: tuple[int, ...]) -> Hole:
    lengths = sides[:, 2:] - sides[:, :2]
    within = (sides[:, :2] > -BEYOND) & (sides[:, 2:] < np.array(shape) + BEYOND)
    good = within & (lengths > LEAST_SIDE) & (lengths < LARGEST * np.array(shape))
    return np.asarray(np.isfinite(sides).all(axis=1) & good.all(axis=1))


def _apart(sides: Floats) -> Floats:
    """In whole cells, each once: many rays see the same outline."""
    return np.unique(np.rint(sides), axis=0)


def _climbed(sharp: Hole, grains: Floats, drawn: Outlines) -> tuple[Outlines, Floats]:
    sides, worth = drawn.sides, _worth(sharp, grains, drawn)
    for step in STEPS:
        for side in range(4):
            for by in (-step, step):
                tried = sides.copy()
                tried[:, side] += by
                better = _worth(sharp, grains, Outlines(tried, drawn.oval))
                taken = (better > worth) & ((tried[:, 2:] - tried[:, :2]) > LEAST_SIDE).all(axis=1)
                sides = np.where(taken[:, None], tried, sides)
                worth = np.where(taken, better, worth)
    sides, first = np.unique(sides, axis=0, return_index=True)
    return Outlines(sides, drawn.oval), worth[first]


def _worth(sharp: Hole, grains: Floats, drawn: Outlines) -> Floats:
    on, inside, seen = dividing(sharp, drawn)
    count = np.maximum(seen.sum(axis=1), POINTS // 2)
    lines = (on.sum(axis=1) - STRAYS * inside.sum(axis=1)) / count
    return np.asarray(lines - GRAINS * mean_within(grains, drawn, WITHIN))
