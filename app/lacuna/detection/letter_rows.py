"""Letters that stand in a row, and what tells a row of letters from windows, leaves and railings in numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacuna.detection.letters import Ints, Letters, Sweep
from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region

FEWEST = 3  # letters of a row; a part that is as wide as two letters counts for two
APART = 1.3  # farthest gap, in heights of the taller
HEIGHTS = 2.0  # of the taller to the lower
STROKES_ALIKE = 2.0
TINT = 0.35  # how far the colours of two neighbours may lie apart, in what they stand out by
LEVELS = 12.0  # and in levels
LEVEL = 0.4  # how far their middles or feet may lie apart, in heights of the lower
SLOPE = 0.2  # and in distance along the row: some 11 degrees
OUTLIER = 0.45  # of the row's height, from the line through its feet or its middles
CHUNK = 256  # letters that are compared with all that lie near, at a time


@dataclass(frozen=True, eq=False)
class Row:
    """Letters of one sweep, by their places in it, and the numbers that it is judged by."""

    sweep: Sweep
    members: Ints
    box: Region
    height: float
    measures: NDArray[np.float64]

    @property
    def marked(self) -> Hole:
        """(h, w) which pixels of `box` are its letters'."""
        return np.isin(self.sweep.labels[self.box.slices], self.sweep.letters.label[self.members])


def rows_of(sweep: Sweep, plane: NDArray[np.uint8]) -> Iterator[Row]:
    """Every row of the sweep, good or bad."""
    letters = sweep.letters
    for members in _chains(letters):
        members = _straight(letters, members)
        if _count(letters, members) >= FEWEST:
            yield _measured(sweep, plane, members)


def _count(letters: Letters, members: Ints) -> float:
    height = np.median(letters.height[members])
    return float(np.maximum(1, letters.width[members] / np.maximum(1, height)).sum())


def _chains(letters: Letters) -> list[Ints]:
    """Sets of letters, each beside another of its set that is like it."""
    order = np.argsort(letters.y0 + letters.y1, kind="stable")
    ordered = letters[order]
    first, second = [], []
    middle = (ordered.y0 + ordered.y1) / 2
    for begin in range(0, len(ordered), CHUNK):
        end = min(len(ordered), begin + CHUNK)
        reach = ordered.height[begin:end].max() * (HEIGHTS * LEVEL + SLOPE * 3)
        last = int(np.searchsorted(middle, middle[end - 1] + reach, side="right"))
        a, b = _neighbours(ordered, begin, end, last)
        first.append(a)
        second.append(b)
    if not first:
        return []
    roots = _joined(len(ordered), np.concatenate(first), np.concatenate(second))
    by_root = np.argsort(roots, kind="stable")
    cuts = np.flatnonzero(np.diff(roots[by_root])) + 1
    return [order[part] for part in np.split(by_root, cuts)]


def _neighbours(letters: Letters, begin: int, end: int, last: int) -> tuple[Ints, Ints]:
    """Pairs of the letters `begin` to `end` with those up to `last`."""
    own, others = np.arange(begin, end)[:, None], np.arange(begin, last)[None]
    close = np.maximum(letters.x0[own], letters.x0[others]) - np.minimum(letters.x1[own], letters.x1[others])
    low = np.minimum(letters.height[own], letters.height[others])
    high = np.maximum(letters.height[own], letters.height[others])
    a, b = np.nonzero((close <= APART * high) & (high <= HEIGHTS * low) & (own < others))
    a, b = a + begin, b + begin
    low = np.minimum(letters.height[a], letters.height[b])
    away = np.abs(letters.x0[a] + letters.x1[a] - letters.x0[b] - letters.x1[b]) / 2
    slack = LEVEL * low + SLOPE * away
    feet = np.abs(letters.y1[a] - letters.y1[b])
    middles = np.abs(letters.y0[a] + letters.y1[a] - letters.y0[b] - letters.y1[b]) / 2
    strokes = np.abs(np.log(letters.stroke[a] / letters.stroke[b]))
    tint = np.abs(letters.colour[a] - letters.colour[b]).max(axis=1)
    stands = np.minimum(letters.contrast[a], letters.contrast[b])
    alike = (np.minimum(feet, middles) <= slack) & (away > 0.2 * low) & (strokes <= np.log(STROKES_ALIKE))
    alike &= tint <= TINT * stands + LEVELS
    return a[alike], b[alike]


def _joined(count: int, first: Ints, second: Ints) -> Ints:
    """For each of `count` things the number of its set, if each pair is in one set."""
    roots = np.arange(count)
    while True:
        low = np.minimum(roots[first], roots[second])
        before = roots.copy()
        np.minimum.at(roots, roots[first], low)
        np.minimum.at(roots, roots[second], low)
        roots = roots[roots]
        if np.array_equal(roots, before):
            return roots


def _straight(letters: Letters, members: Ints) -> Ints:
    """Those near the line through most feet, or most middles."""
    if len(members) < 3:
        return members
    for _round in range(3):
        x = (letters.x0[members] + letters.x1[members]) / 2
        height = float(np.median(letters.height[members]))
        away = np.minimum(
            _off_line(x, letters.y1[members].astype(float)),
            _off_line(x, (letters.y0[members] + letters.y1[members]) / 2),
        )
        near = away <= OUTLIER * height
        if near.all() or near.sum() < 2:
            break
        members = members[near]
    return members


def _off_line(x: NDArray[np.floating], y: NDArray[np.floating]) -> NDArray[np.floating]:
    """How far each point lies from a line that most lie near (Theil 1950: by the median of slopes)."""
    if len(x) < 2:
        return np.zeros(len(x))
    order = np.argsort(x)
    half = len(x) // 2
    left, right = order[:half], order[-half:]
    slopes = (y[right] - y[left]) / np.maximum(x[right] - x[left], 1e-6)
    slope = float(np.clip(np.median(slopes), -0.3, 0.3))
    rest = y - slope * x
    return np.abs(rest - np.median(rest))


def _measured(sweep: Sweep, plane: NDArray[np.uint8], members: Ints) -> Row:
    letters = sweep.letters
    own = letters[members]
    height = float(np.median(own.height))
    box = Region(int(own.y0.min()), int(own.x0.min()), int(own.y1.max()), int(own.x1.max()))
    around = box.pad(max(2, round(height * 0.6))).clip(plane.shape)
    marked = sweep.labels[around.slices]
    among = np.isin(marked, own.label)
    ground = plane[around.slices][marked == 0]
    others = int(np.count_nonzero(marked)) - int(np.count_nonzero(among))
    stands = float(np.median(own.contrast))
    tint = np.asarray(np.median(own.colour, axis=0))
    order = np.argsort(own.x0)
    gaps = (own.x0[order][1:] - np.maximum.accumulate(own.x1[order])[:-1]) / height
    x = (own.x0 + own.x1) / 2
    feet = np.minimum(_off_line(x, own.y1.astype(float)), _off_line(x, (own.y0 + own.y1) / 2))
    length = own.area / own.stroke / own.height
    filled = own.area / (own.width * own.height)
    shape = plane.shape
    measures = np.array(
        [
            np.log(_count(letters, members)),
            np.log(len(members)),
            np.sqrt(((own.colour - tint) ** 2).mean()) / stands,
            np.median(own.spread) / stands,
            stands / 100,
            float(np.median(own.stroke)) / height,
            float(np.std(own.stroke) / np.mean(own.stroke)),
            float(np.std(own.height)) / height,
            float(np.mean(feet)) / height,
            float(np.median(gaps)) if len(gaps) else 0.0,
            float(np.std(gaps)) if len(gaps) else 0.0,
            float(filled.mean()),
            float(filled.std()),
            float(np.median(own.width)) / height,
            float(own.width.std()) / height,
            float(length.mean()),
            float(length.std()),
            float(np.max(tint)) / 255,
            float(np.min(tint)) / 255,
            others / max(1, int(np.count_nonzero(among))),
            float(ground.std()) / stands if ground.size else 0.0,
            np.log(height / sweep.widest),
            min(box.x0, shape[1] - box.x1) / shape[1],
            min(box.y0, shape[0] - box.y1) / shape[0],
            float(np.std(own.contrast)) / stands,
            box.width / max(1.0, own.width.sum()),
        ]
    )
    return Row(sweep, members, box, height, measures)
