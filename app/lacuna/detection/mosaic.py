"""The grid of a mosaic (a pixelated part of a picture), found by itself, and its blocks as the small picture they are.

Steps between neighbouring pixels are voted on: in a mosaic they lie on lines with a fixed distance, whole or fractional
(a picture reduced and enlarged again has 6.4 pixels a block, say), and nothing happens between them. A comb of lines
is laid over the votes of each axis in every size and phase; the one that correlates best is the grid. What noise of
JPEG and a slight blur add is spread evenly, or has its maximum on the line still.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Hole, Mask, Pixels
from lacuna.imaging.region import Region

SMALLEST, LARGEST = 3.0, 256.0  # sides of a block that are looked for, in pixels
FEWEST_BLOCKS = 3  # across the region: fewer lines stand nowhere by chance
SAMPLED = 512  # rows or columns that vote: more tell nothing new
STRETCH = 384  # pixels of an axis on which every size is tried; the best ones are then followed over all of it
FOLLOWED = 6
FITS = 3
NEARLY = 0.8  # of its own correlation: enough for a size that the other axis shows more clearly
SAME = 0.01  # of correlation: no reason to prefer a fractional size
NOISE = 3.0  # times the median step: what a step must pass to count for half
NOTHING = 0.12  # below it half of all photos lie that have none
LIKELY = 0.35  # confidence from which a mosaic is taken for one
MARGIN = 12  # blocks around the region that become part of the small picture, as surroundings of what is enlarged
Profile = NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """The lines of one axis: between whole pixels, nearest to `start + k * size`, and `start` is at least 0."""

    size: float
    start: float
    score: float = 0.0  # correlation of the comb with what was voted, at most 1

    def lines(self, first: int, last: int) -> NDArray[np.int64]:
        """Where the lines number `first` to `last`, both among them, are."""
        return np.floor(self.start + np.arange(first, last + 1) * self.size + 0.5).astype(np.int64)

    def around(self, begin: int, end: int) -> tuple[int, int]:
        """The numbers of the lines that enclose the pixels from `begin` to `end`."""
        first = math.floor((begin - self.start) / self.size) + 1
        while self.lines(first, first)[0] > begin:
            first -= 1
        last = first
        while self.lines(last, last)[0] < end:
            last += 1
        return first, last

    def moved(self, by: int) -> Grid:
        """The same lines, counted from a pixel that lies `by` before."""
        return replace(self, start=(self.start + by) % self.size)


@dataclass(frozen=True)
class Mosaic:
    """A grid of blocks over a picture: its lines, and how sure it is that there is one, from 0 to 1."""

    down: Grid
    across: Grid
    confidence: float

    @property
    def likely(self) -> bool:
        return self.confidence >= LIKELY

    def moved(self, dy: int, dx: int) -> Mosaic:
        """The same over a picture whose corner lies `dy` up and `dx` left."""
        return replace(self, down=self.down.moved(dy), across=self.across.moved(dx))


@dataclass(frozen=True)
class Blocks:
    """The blocks of a mosaic as a picture of one pixel each, and which pixels of the large one they stand for.

    `place` may reach beyond the picture, where its border cuts blocks.
    """

    pixels: Pixels
    place: Region


def find_mosaic(pixels: Pixels, mask: Mask | Hole) -> Mosaic | None:
    """The mosaic of which the masked pixels of a picture (H, W, 3) consist, or None if nothing there looks like one.

    `confidence` says how far to trust it: below LIKELY it is a guess to be looked at, below NOTHING none.
    """
    if not mask.any():
        return None
    steps = [_steps(pixels, mask, axis) for axis in (0, 1)]
    votes = [_votes(*both) for both in steps]
    best = [_best_grid(of_axis) for of_axis in votes]
    best = [_by_the_other(votes[axis], best[axis], best[1 - axis]) for axis in (0, 1)]
    if best[0] is None or best[1] is None:
        return None
    found = _judged(steps, mask, best[0], best[1])
    return found if found.confidence >= NOTHING else None


def mosaic_of_size(pixels: Pixels, mask: Mask | Hole, height: float, width: float) -> Mosaic:
    """The mosaic of blocks of this size, as a person says: only where its lines lie is looked for."""
    steps = [_steps(pixels, mask, axis) for axis in (0, 1)]
    down, across = (
        _phased(_votes(*steps[axis]), float(size)) or Grid(float(size), 0.0)
        for axis, size in enumerate((height, width))
    )
    return _judged(steps, mask, down, across)


def blocks_of(pixels: Pixels, mask: Mask | Hole, mosaic: Mosaic) -> Blocks:
    """The small picture behind a mosaic: the mean of each block's inner pixels, in the picture's dtype.

    The pixels beside a line are left out where the block has others, since blur and JPEG mix them with the next block.
    Around the mask the picture itself is reduced to MARGIN more blocks, so that what is enlarged has surroundings.
    """
    box = bounds(mask)
    rows, columns = (
        _block_lines(grid, begin, end, length)
        for grid, begin, end, length in (
            (mosaic.down, box.y0, box.y1, pixels.shape[0]),
            (mosaic.across, box.x0, box.x1, pixels.shape[1]),
        )
    )
    place = Region(int(rows[0]), int(columns[0]), int(rows[-1]), int(columns[-1]))
    seen = place.clip(pixels.shape)
    rows, columns = (
        np.clip(lines, low, high) - low for lines, low, high in ((rows, seen.y0, seen.y1), (columns, seen.x0, seen.x1))
    )
    inner = np.outer(inner_pixels(rows), inner_pixels(columns))
    masked = inner & (mask[seen.slices] > 0)
    part = pixels[seen.slices]
    count, total = _sums(part, masked, rows, columns)
    count_all, total_all = _sums(part, inner, rows, columns)
    partly = count > 0
    count, total = np.where(partly, count, count_all), np.where(partly[..., None], total, total_all)
    mean = total / count[..., None]
    if np.issubdtype(pixels.dtype, np.integer):
        mean = np.rint(mean)
    return Blocks(mean.astype(pixels.dtype), place)


def _steps(pixels: Pixels, mask: Mask | Hole, axis: int) -> tuple[NDArray[np.float32], Hole]:
    """(n, l + 1): the step to each pixel of the mask's box along `axis` from the one before, and to the one behind the
    box; and which of them lie between two masked pixels. Of large boxes some rows stand for all."""
    box = bounds(mask)
    around = box.pad(1)
    rows = np.clip(np.arange(around.y0, around.y1), 0, pixels.shape[0] - 1)
    columns = np.clip(np.arange(around.x0, around.x1), 0, pixels.shape[1] - 1)
    if axis == 0:
        rows = rows[:, None]
        columns = columns[None, 1 : -1 : -(-box.width // SAMPLED)]
    else:
        rows = rows[1 : -1 : -(-box.height // SAMPLED), None]
        columns = columns[None]
    part, inside = pixels[rows, columns], mask[rows, columns] > 0
    if axis == 0:
        part, inside = part.swapaxes(0, 1), inside.swapaxes(0, 1)
    steps = np.abs(np.diff(part.astype(np.float32), axis=1)).sum(axis=2)
    between = inside[:, 1:] & inside[:, :-1]
    between[:, [0, -1]] = False
    return steps, between


def _votes(steps: NDArray[np.float32], between: Hole) -> Profile:
    """For each place along the axis, before, between and behind the pixels, which share of the rows across it has a
    clear step just there. Steps outside of the mask have no vote, but those beside them must be larger."""
    if not between.any():
        return np.zeros(steps.shape[1])
    floor = NOISE * float(np.median(steps[between])) + 1e-6 * float(steps.max()) + 1e-12
    sides = np.pad(steps, ((0, 0), (1, 1)))
    peaks = between & (steps >= sides[:, :-2]) & (steps > sides[:, 2:])
    clear = np.where(peaks, steps * steps / (steps * steps + floor * floor), 0).sum(axis=0)
    return clear / np.maximum(between.sum(axis=0), 1)


def _best_grid(votes: Profile) -> Grid | None:
    """The comb that correlates best with the votes, fitted to them over the whole axis."""
    length = len(votes) - 1
    if length < FEWEST_BLOCKS * SMALLEST or not votes.any():
        return None
    begin, stretch = _busiest(votes)
    found = sorted(_tried(stretch), key=lambda grid: -grid.score)[:FOLLOWED]
    return max(
        (_followed(votes, replace(grid, start=grid.start + begin)) for grid in found), key=lambda grid: grid.score
    )


def _busiest(votes: Profile) -> tuple[int, Profile]:
    """The STRETCH with the most votes: a part of the mosaic may be empty sky."""
    if len(votes) <= STRETCH:
        return 0, votes
    total = np.concatenate([[0.0], np.cumsum(votes)])
    begin = int(np.argmax(total[STRETCH:] - total[:-STRETCH]))
    return begin, votes[begin : begin + STRETCH]


def _tried(votes: Profile) -> Iterator[Grid]:
    """The best phase of every size, in steps by which the last line moves half a pixel; local maxima alone."""
    size, length = SMALLEST, len(votes) - 1
    last: list[Grid] = []
    while size <= min(LARGEST, length / FEWEST_BLOCKS):
        grid = _phased(votes, size)
        if grid is not None:
            last = [*last[-2:], grid]
            if len(last) == 3 and last[0].score <= last[1].score > last[2].score:
                yield last[1]
        size += 0.5 * size / length
    yield from last


def _phased(votes: Profile, size: float) -> Grid | None:
    """The comb of this size in the phase that correlates best with the votes."""
    length = len(votes) - 1
    starts = np.arange(0.0, size, 1.0 if size.is_integer() else 0.5)
    lines = np.floor(starts[:, None] + np.arange(-1, int(length / size) + 1) * size + 0.5).astype(np.int64)
    within = (lines > 0) & (lines < length)
    count = within.sum(axis=1)
    on = np.where(within, votes[np.clip(lines, 0, length)], 0).sum(axis=1)
    scores = _correlation(on, count, votes)
    best = int(np.argmax(scores))
    if not np.isfinite(scores[best]):
        return None
    return Grid(size, float(starts[best]), float(scores[best]))


def _correlation(on: NDArray[np.floating], count: NDArray[np.integer], votes: Profile) -> NDArray[np.floating]:
    """Of the votes between pixels with a comb of `count` lines that gather `on` of them."""
    length, total = len(votes) - 2, float(votes.sum())
    spread = max(float(votes @ votes) / length - (total / length) ** 2, 1e-12)
    share = count / length
    with np.errstate(divide="ignore", invalid="ignore"):
        together = (on - share * total) / length
        scores = together / np.sqrt(share * (1 - share) * spread)
    return np.where((count > 1) & (count < length), scores, -np.inf)


def _followed(votes: Profile, grid: Grid) -> Grid:
    """The comb, fitted to the votes beside its lines by least squares, and a whole size where that serves as well."""
    for _round in range(FITS):
        grid = _fitted(votes, grid)
    best = _scored(votes, grid)
    whole = float(round(grid.size))
    if whole >= SMALLEST:
        phased = _phased(votes, whole)
        if phased is not None and phased.score >= best.score - SAME:
            return phased
    return best


def _fitted(votes: Profile, grid: Grid) -> Grid:
    first, last = grid.around(0, len(votes) - 1)
    places = grid.lines(first, last)[:, None] + np.arange(-1, 2)
    within = (places > 0) & (places < len(votes) - 1)
    weights = np.where(within, votes[np.clip(places, 0, len(votes) - 1)], 0) ** 2
    weight = weights.sum(axis=1)
    if np.count_nonzero(weight) < FEWEST_BLOCKS - 1:
        return grid
    centre = (weights * places).sum(axis=1) / np.maximum(weight, 1e-12)
    slope, start = np.polyfit(np.arange(first, last + 1), centre, 1, w=np.sqrt(weight))
    if not SMALLEST <= slope <= LARGEST:
        return grid
    return replace(grid, size=float(slope), start=float(start % slope))


def _scored(votes: Profile, grid: Grid) -> Grid:
    lines = _within(grid, len(votes) - 1)
    return replace(grid, score=float(_correlation(votes[lines].sum(), np.array(len(lines)), votes)))


def _within(grid: Grid, length: int) -> NDArray[np.int64]:
    lines = grid.lines(*grid.around(0, length))
    return lines[(lines > 0) & (lines < length)]


def _by_the_other(votes: Profile, own: Grid | None, other: Grid | None) -> Grid | None:
    """Blocks are square but for rounding: an axis that tells less takes the other's size where that fits as well."""
    if other is None or (own is not None and own.score >= other.score):
        return own
    if own is not None and abs(own.size - other.size) * len(votes) / own.size < 1:
        return own
    taken = _phased(votes, other.size)
    if taken is not None and (own is None or taken.score >= NEARLY * own.score):
        return taken
    return own


def _judged(steps: Sequence[tuple[NDArray[np.float32], Hole]], mask: Mask | Hole, down: Grid, across: Grid) -> Mosaic:
    """With lines counted from the picture's corner, and how much less happens between them than on them."""
    box = bounds(mask)
    flat = math.sqrt(_flatness(*steps[0], down) * _flatness(*steps[1], across))
    found = max(0.0, min(down.score, across.score))
    return Mosaic(down, across, flat * found).moved(box.y0, box.x0)


def _flatness(steps: NDArray[np.float32], between: Hole, grid: Grid) -> float:
    """1 if all steps lie on the lines, 0 if they are there as large as elsewhere, as in any picture."""
    on = np.zeros(between.shape, bool)
    on[:, _within(grid, steps.shape[1] - 1)] = True
    at, beside = steps[between & on], steps[between & ~on]
    if not at.size or not beside.size or at.mean() <= 0:
        return 0.0
    return float(max(0.0, 1 - beside.mean() / at.mean()))


def _block_lines(grid: Grid, begin: int, end: int, length: int) -> NDArray[np.int64]:
    """The lines around a region and MARGIN more blocks, as far as there is picture below them."""
    first, last = grid.around(begin, end)
    least, most = grid.around(0, length)
    return grid.lines(max(first - MARGIN, least), min(last + MARGIN, most))


def inner_pixels(lines: NDArray[np.int64]) -> Hole:
    """True for the pixels of an axis that do not lie beside a line, where a block has any such."""
    inner = np.ones(int(lines[-1]), bool)
    for begin, end in itertools.pairwise(lines):
        if end - begin >= SMALLEST:
            inner[[begin, end - 1]] = False
    return inner


def _sums(
    part: Pixels, counted: Hole, rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Of each block: how many pixels are counted, and their sum."""

    def added(values: NDArray[np.generic]) -> NDArray[np.float64]:
        return np.add.reduceat(np.add.reduceat(values, rows[:-1], axis=0), columns[:-1], axis=1)

    return added(counted.astype(np.int64)).astype(np.int64), added(np.where(counted[..., None], part, 0.0))
