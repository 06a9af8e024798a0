"""Where fills can be tried out on the person's own photo: holes of the same shape in what is known around a hole.

Thin marks and wide shapes in one hole are told apart here first: what is best for the one is bad for the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.fill import Context, Needs
from lacuna.engine.plan import cuts
from lacuna.imaging.mask import bounds, components, distance_outside
from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region

WIDE = 4.0  # pixels from its middle to its rim: a hole from here on is a shape, below it a bundle of lines
CORE = 5.5  # pixels from the middle to the rim of the widest speck that is still a mark
LINE = 3.5  # the same of a line: a smooth fill of a speck is soon overlooked, along a line it is a streak
LENGTH = 16.0  # pixels of a line at least, for each square pixel of that
REACH = 2.5 * CORE  # so far from the middle of such a disc may the corner of a shape lie; it is no mark
FEW = 0.1  # of the hole: what hangs on shapes is no marks, but their tips
KEPT = 0.6  # share of the shape that has to lie on known pixels
NEARLY = 0.9  # places that keep so much of what the best one keeps are as good
AREA = 1 << 18  # pixels of a shape's box at most: what lies around specks takes time too
LONG = 512  # pixels of its longer side: what lies around a long line is a square
LEAST = 16  # pixels: less of a shape measures nothing
SHRINK = 0.75  # sides, when a wide shape finds no room
GRID = 96  # cells along the longer side in which places are looked for
POOL = 64  # places among which those far from each other are chosen
MARGIN = 32  # pixels around a part of a hole that has nothing to do with the others: more than any distance here


@dataclass(frozen=True, eq=False)
class Place:
    """Known pixels that are taken for a hole: `probe` (h, w) bool, at `box`, which is tight around it."""

    box: Region
    probe: Hole

    @property
    def pixels(self) -> int:
        return int(np.count_nonzero(self.probe))


def half_width(hole: Hole) -> float:
    """Pixels from the middle of the hole to its rim, as a rule: twice the mean distance to the nearest known pixel.

    Exact for long strips. One wide spot among scratches counts by its area; the picture's border is no rim.
    """
    depth = sum(float(distance_outside(~hole[near])[hole[near]].sum(dtype=np.float64)) for near in _apart(hole))
    return 2.0 * depth / np.count_nonzero(hole)


def parted(hole: Hole) -> tuple[Hole, ...]:
    """The thin marks of a hole and its wide shapes, each (h, w); one alone where there is nothing else."""
    shapes, lines = np.zeros_like(hole), np.zeros_like(hole)
    for near in _apart(hole):
        depth = distance_outside(~hole[near])
        if not (depth > LINE).any():
            continue
        labels = components(hole[near]).labels
        deepest = np.zeros(int(labels.max()) + 1, np.float32)
        np.maximum.at(deepest, labels[hole[near]], depth[hole[near]])
        line = np.bincount(labels.ravel(), minlength=deepest.size) > LENGTH * deepest**2
        cores: Hole = depth > np.where(line, np.float32(LINE), np.float32(CORE))[labels]
        if not cores.any():
            continue
        wide = np.zeros(deepest.size, bool)
        wide[labels[cores]] = True
        shapes[near] |= wide[labels]
        lines[near] |= wide[labels] & (distance_outside(cores) > REACH)
    if np.count_nonzero(lines) >= FEW * np.count_nonzero(hole):
        shapes &= ~lines
    marks = hole & ~shapes
    return (marks, shapes) if marks.any() and shapes.any() else (hole,)


def _apart(hole: Hole) -> Iterator[tuple[slice, slice]]:
    """What has to be looked at for distances to and within a hole: specks in a large crop are a small part of it."""
    return (cut.crop.slices for cut in cuts(hole, Needs(context=Context(MARGIN, 0.0))))


def places(part: Hole, hole: Hole, count: int, limit: int, seed: int) -> tuple[Place, ...]:
    """Up to `count` places for the shape of a `part` of `hole`, (H, W) both, on known pixels; none where no room is.

    They lie near the hole, but not near each other. A shape of more than `limit` pixels, too far apart or without room
    is made smaller first: of lines and strokes a part is taken, as wide as they are, and what is compact shrinks. The
    same seed gives the same places.
    """
    shape: Hole = part[bounds(part).slices]
    half = half_width(part)
    # Two holes with a thin strip between them are one hole of another shape.
    near_hole = np.zeros_like(hole)
    for near in _apart(hole):
        near_hole[near] |= distance_outside(hole[near]) <= 2.5 + min(16.0, half / 2)
    least = min(LEAST, int(np.count_nonzero(shape)))
    while np.count_nonzero(shape) > limit or shape.size > AREA or max(shape.shape) > LONG:
        shape = _smaller(shape, half >= WIDE)
    while np.count_nonzero(shape) >= least and shape.size:
        found = _placed(shape, bounds(part), near_hole, count, np.random.default_rng(seed))
        if found:
            return found
        shape = _smaller(shape, half >= WIDE)
    return ()


def _smaller(shape: Hole, wide: bool) -> Hole:
    """The fuller half of the shape, or all of it at a smaller scale where that leaves it wider: no stroke gets thin."""
    axis = int(shape.shape[1] > shape.shape[0])
    smaller: Hole = max(np.array_split(shape, 2, axis=axis), key=np.count_nonzero)
    if wide:
        smaller = max(smaller, _shrunk(shape), key=lambda hole: half_width(np.pad(hole, 1)) if hole.any() else 0.0)
    if not smaller.any() or smaller.shape == shape.shape:
        return np.zeros((0, 0), bool)
    return smaller[bounds(smaller).slices]


def _shrunk(shape: Hole) -> Hole:
    import cv2

    size = [max(1, int(side * SHRINK)) for side in shape.shape]
    reduced: Hole = np.asarray(cv2.resize(shape.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)) > 0.5
    return reduced


def _placed(shape: Hole, own: Region, near_hole: Hole, count: int, chance: np.random.Generator) -> tuple[Place, ...]:
    """The places of one size of the shape, which lies at `own` itself."""
    kept, rows, columns = _kept(shape, near_hole)
    good = np.flatnonzero(kept >= max(KEPT, NEARLY * float(kept.max(initial=0.0))))
    away = np.hypot(rows[good] - own.y0, columns[good] - own.x0)
    nearer = good[np.argsort(away, kind="stable")][: max(POOL, len(good) // 2)]
    pool = chance.permutation(nearer)[:POOL]
    found: list[Place] = []
    apart = np.hypot(rows[pool] - own.y0, columns[pool] - own.x0)
    order = np.argmin(apart) if len(pool) else 0  # the first lies nearest to the hole, each next far from the others
    apart = np.full(len(pool), np.inf)
    while len(found) < count and (apart >= 0).any() and len(pool):
        at = int(pool[order])
        place = _exactly(shape, near_hole, int(rows[at]), int(columns[at]))
        if place is not None:
            found.append(place)
            apart = np.minimum(apart, np.hypot(rows[pool] - rows[at], columns[pool] - columns[at]))
        apart[order] = -1.0
        order = np.argmax(apart)
    return tuple(found)


def _kept(shape: Hole, near_hole: Hole) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]]:
    """For places of the shape, its top left corner at (row, column): about which share of it lies on known pixels."""
    cell = max(1, -(-max(near_hole.shape) // GRID))
    small = _coarse(shape, cell, 0.0)
    lost = _coarse(near_hole, cell, 1.0)
    margins = [(side // 2, side // 2) for side in small.shape]  # a place may reach over the border by half
    lost = np.pad(lost, margins, constant_values=1.0)
    size = (lost.shape[0], lost.shape[1])
    if small.shape[0] > size[0] or small.shape[1] > size[1]:
        nothing = np.zeros(0, np.int64)
        return np.zeros(0), nothing, nothing
    # The correlation of both, by their spectra: hundreds of places at once.
    overlap = np.fft.irfft2(np.fft.rfft2(lost) * np.conj(np.fft.rfft2(small, size)), size)
    overlap = overlap[: size[0] - small.shape[0] + 1, : size[1] - small.shape[1] + 1]
    rows, columns = np.indices(overlap.shape).reshape(2, -1)
    kept = 1.0 - np.rint(overlap.ravel() / small.sum() * 1e6) / 1e6  # equal places stay equal
    return kept, (rows - margins[0][0]) * cell, (columns - margins[1][0]) * cell


def _coarse(marked: Hole, cell: int, beyond: float) -> NDArray[np.float64]:
    """The share that is marked of each cell; what lies beyond the array counts as `beyond`."""
    rows, columns = (-(-side // cell) for side in marked.shape)
    whole = np.full((rows * cell, columns * cell), beyond)
    whole[: marked.shape[0], : marked.shape[1]] = marked
    return np.asarray(whole.reshape(rows, cell, columns, cell).mean(axis=(1, 3)))


def _exactly(shape: Hole, near_hole: Hole, row: int, column: int) -> Place | None:
    """The shape put there pixel by pixel, or None if too little of it lies on known ones after all."""
    region = Region(row, column, row + shape.shape[0], column + shape.shape[1])
    inside = region.clip(near_hole.shape)
    probe = shape[inside.shift(-row, -column).slices] & ~near_hole[inside.slices]
    if np.count_nonzero(probe) < KEPT * np.count_nonzero(shape):
        return None
    tight = bounds(probe)
    return Place(tight.shift(inside.y0, inside.x0), probe[tight.slices])
