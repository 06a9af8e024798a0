"""Pixelated regions anywhere in a picture, found by themselves, each with its grid.

In a mosaic nearly every clear step between two neighbouring pixels is alone on its line and goes on along it, as the
sides of blocks do; in photos hardly any is. Where that holds in both directions the grid is looked for
(`detection/mosaic.py`). Large blocks are looked for in the picture with every second, fourth, ... pixel of each axis,
which keeps their sides as sharp as they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.progress import Progress
from lacuna.detection.mosaic import LIKELY, Mosaic, find_mosaic, inner_pixels, mosaic_of_size
from lacuna.detection.overlap import apart
from lacuna.imaging.mask import bounds, components
from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region

CLEAR = 8.0  # levels
ALONE = 0.5  # of a step: what may be left beside it
GOES_ON = 0.5  # of a step: by how much it may change along its line
PURE = 0.3  # of the clear steps within reach: so many are sides of blocks
STANDS = 0.3  # of the largest step nearby, by which a step is clear: below it lies what JPEG leaves beside large ones
NEARBY = 9  # pixels
WINDOW = 28  # pixels of the picture of a step of size, within which steps are counted
LEAST = 0.7 / WINDOW  # of the pixels there: sides of blocks
FEWEST = 4  # blocks along each side of a region
SMALLEST_SIDE = 64  # of a picture that is still made smaller
SQUARE = 1.15  # the longer side of a block to the other, at most
FLAT = 0.5  # of the median step between blocks: what a block's inner pixels may stray by
USUAL = 2.5  # times what they stray by in the middle of a region
CALM = 3.0  # levels, as well
NOISE = 4.0  # times what they stray by in the middle: less is nothing, and without any each step shows a block
ROUNDED = 0.05  # levels: nothing, in sums of numbers with a fraction
SIDES = 1  # of a block at the border of a region that are clear steps, at least
GROWN = 8  # blocks by which a region is widened, as there are fewer steps within reach at its border
HALF = 0.5  # of the longest row of blocks: shorter ones are not counted to a rectangle, if with them it is none
LACKING, BEYOND = 0.25, 0.12  # of a rectangle: so many of its blocks may not be found, and so many beside it
ALL = 0.9  # of the blocks that it lacks then are flat, by LOOSE times the measure
LOOSE = 2.0
OFTEN = 0.6  # of a region's blocks are flat, or it is none
Steps = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Pixelated:
    """A pixelated region: its grid, in coordinates of the picture, and (h, w) which pixels of `region` it takes."""

    region: Region
    mask: Hole
    mosaic: Mosaic

    @property
    def confidence(self) -> float:
        return self.mosaic.confidence


def find_mosaics(pixels: NDArray[np.uint8], *, progress: Progress | None = None) -> tuple[Pixelated, ...]:
    """Every pixelated region of a picture (H, W, 3), the surest first; none overlaps another."""
    progress = progress or Progress()
    found: list[Pixelated] = []
    for step in _sizes(pixels.shape):
        progress.check()
        for candidate in _candidates(pixels[::step, ::step]):
            progress.check()
            region = Region(*(step * n for n in (candidate[0].y0, candidate[0].x0, candidate[0].y1, candidate[0].x1)))
            wide = np.repeat(np.repeat(candidate[1], step, axis=0), step, axis=1)
            clipped = region.clip(pixels.shape)
            one = _examined(pixels, clipped, wide[: clipped.height, : clipped.width])
            if one is not None:
                found.append(one)
    return apart(sorted(found, key=lambda each: -each.confidence * each.mask.sum()), pixels.shape)


def most_masked(found: Sequence[Pixelated], mask: Hole | NDArray[np.uint8]) -> Mosaic | None:
    """The mosaic of the region of which a mask (H, W) takes the most pixels: for one that is much wider, in which
    `find_mosaic` sees more of the picture than of the blocks. None if it takes none of any."""

    def taken(one: Pixelated) -> int:
        return int(np.count_nonzero(one.mask & (mask[one.region.slices] > 0)))

    best = max(found, key=taken, default=None)
    return None if best is None or not taken(best) else best.mosaic


def _sizes(shape: tuple[int, ...]) -> Iterator[int]:
    step = 1
    while min(shape[:2]) // step >= SMALLEST_SIDE:
        yield step
        step *= 2


def _candidates(pixels: NDArray[np.uint8]) -> list[tuple[Region, Hole]]:
    """Where steps look like those of blocks of about 3 to 10 pixels: regions, and which of their pixels."""
    import cv2

    # brightness alone, since JPEG leaves steps of colour less sharp
    grey = np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY), np.uint8)
    likely = np.ones(grey.shape, bool)
    for axis in (0, 1):
        sides, clear = _sides(grey, axis)
        window = (WINDOW, WINDOW)
        of_blocks = cv2.boxFilter(sides.astype(np.float32), -1, window)
        of_all = cv2.boxFilter(clear.astype(np.float32), -1, window)
        likely &= (of_blocks > LEAST) & (of_blocks > PURE * of_all)
    least = FEWEST * 3
    parts = components(likely)
    return [
        (box, parts.labels[box.slices] == number)
        for number, box in enumerate(parts.boxes, 1)
        if box.height >= least and box.width >= least
    ]


def _sides(grey: NDArray[np.uint8], axis: int) -> tuple[Hole, Hole]:
    """(h, w) which steps to the pixel before, along `axis`, are sides of blocks, and which are clear at all."""
    import cv2

    part = grey if axis == 1 else grey.T
    signed = np.zeros(part.shape, np.int16)
    signed[:, 1:] = part[:, 1:].astype(np.int16) - part[:, :-1]
    steps = np.abs(signed)
    largest = cv2.dilate(steps, np.ones((NEARBY, NEARBY), np.uint8))
    clear = (steps > CLEAR) & (steps > STANDS * largest)
    beside = np.zeros_like(steps)
    beside[:, 1:] = steps[:, :-1]
    beside[:, :-1] = np.maximum(beside[:, :-1], steps[:, 1:])
    changed = np.abs(signed[1:] - signed[:-1])
    goes_on = np.zeros_like(clear)
    least = GOES_ON * steps
    goes_on[1:] = changed <= least[1:]
    goes_on[:-1] |= changed <= least[:-1]
    sides = clear & (beside <= ALONE * steps) & goes_on
    return (sides, clear) if axis == 1 else (sides.T, clear.T)


def _examined(pixels: NDArray[np.uint8], region: Region, likely: Hole) -> Pixelated | None:
    """The mosaic there, if there is one, with its mask made of whole blocks."""
    seen, marked = pixels[region.slices], likely.view(np.uint8)
    mosaic = find_mosaic(seen, marked)
    if mosaic is None:
        return None
    low, high = sorted((mosaic.down.size, mosaic.across.size))
    if high > SQUARE * low:  # one axis shows every second line alone
        mosaic = mosaic_of_size(seen, marked, low, low)
    blocks = min(region.height / mosaic.down.size, region.width / mosaic.across.size)
    sure = mosaic.confidence * (1 - 1 / max(1.0, blocks))
    if blocks < FEWEST - 1 or sure < LIKELY:
        return None
    return _in_blocks(pixels, region, likely, mosaic.moved(region.y0, region.x0))


def _in_blocks(pixels: NDArray[np.uint8], region: Region, likely: Hole, mosaic: Mosaic) -> Pixelated | None:
    """With the flat blocks in and beside `likely` as its mask; None if too few of those within are flat."""
    import cv2

    reach = int(np.ceil((GROWN + 1) * max(mosaic.down.size, mosaic.across.size)))
    around = region.pad(reach).clip(pixels.shape)
    rows = cuts(mosaic.down.lines(*mosaic.down.around(around.y0, around.y1)), around.y0, around.y1)
    columns = cuts(mosaic.across.lines(*mosaic.across.around(around.x0, around.x1)), around.x0, around.x1)
    part = pixels[around.slices].astype(np.float32)
    mean, spread = by_block(part, rows, columns)
    near = np.zeros(part.shape[:2], np.float32)
    near[region.slices_in(around)] = likely
    inside, _spread = by_block(near[..., None], rows, columns)
    inside = inside[..., 0]
    between = np.concatenate(
        [np.abs(np.diff(mean, axis=axis)).max(axis=2)[_both(inside > 0.5, axis)] for axis in (0, 1)]
    )
    if not between.size:
        return None
    usual = float(np.median(spread[inside > 0.5]))  # 0, or what JPEG leaves
    noise = NOISE * usual + ROUNDED
    calm = max(min(CALM, noise), min(USUAL * usual, FLAT * float(np.median(between))))
    flat = spread < calm
    if flat[inside > 0.5].mean() < OFTEN:
        return None
    blocks = flat & (_clear_sides(part, rows, columns, min(CLEAR, noise)) >= SIDES)
    grown = ((inside > 0.5) & flat).view(np.uint8)
    for _block in range(GROWN):  # the window sees less of blocks at the border
        before = grown
        grown = grown | (cv2.dilate(grown, np.ones((3, 3), np.uint8)) & blocks.view(np.uint8))
        if np.array_equal(grown, before):
            break
    closed = cv2.morphologyEx(grown, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    marked = _squared(_in_fours(closed > 0), spread < LOOSE * calm)
    mask = np.repeat(np.repeat(marked, np.diff(rows), axis=0), np.diff(columns), axis=1)
    if not mask.any():
        return None
    box = bounds(mask)
    return Pixelated(box.shift(around.y0, around.x0), mask[box.slices], mosaic)


def _in_fours(blocks: Hole) -> Hole:
    """Those that stand in a square of four. An opening of OpenCV's by an even side would move them by one."""
    fours = blocks[:-1, :-1] & blocks[1:, :-1] & blocks[:-1, 1:] & blocks[1:, 1:]
    kept = np.zeros_like(blocks)
    for down, across in itertools.product((slice(None, -1), slice(1, None)), repeat=2):
        kept[down, across] |= fours
    return kept


def _squared(blocks: Hole, flat: Hole) -> Hole:
    """The rectangle that the blocks nearly are, if what they lack of it is flat: a dark corner, or one with noise."""
    if not blocks.any():
        return blocks
    counts = [blocks.sum(axis=axis) for axis in (1, 0)]
    for least in (0, HALF):
        rows, columns = (np.flatnonzero(count > least * count.max()) for count in counts)
        rectangle = np.zeros_like(blocks)
        rectangle[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
        lacking, beyond = rectangle & ~blocks, blocks & ~rectangle
        few = lacking.sum() <= LACKING * rectangle.sum() and beyond.sum() <= BEYOND * rectangle.sum()
        if few and flat[lacking].sum() >= ALL * lacking.sum():
            return rectangle
    return blocks


def cuts(lines: NDArray[np.int64], begin: int, end: int) -> NDArray[np.int64]:
    return np.unique(np.concatenate([[begin], lines[(lines > begin) & (lines < end)], [end]])) - begin


def _both(inside: Hole, axis: int) -> Hole:
    """Which neighbours along `axis` are both inside."""
    return inside[1:] & inside[:-1] if axis == 0 else inside[:, 1:] & inside[:, :-1]


def by_block(part: Steps, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> tuple[Steps, Steps]:
    """(m, n, c) the mean of each block, and (m, n) how far the brightness of its inner pixels strays."""

    def added(values: Steps) -> Steps:
        return np.add.reduceat(np.add.reduceat(values, rows[:-1], axis=0), columns[:-1], axis=1)

    inner = np.outer(inner_pixels(rows), inner_pixels(columns)).astype(np.float32)[..., None]
    count = added(inner)
    mean = added(part * inner) / count
    large = np.repeat(np.repeat(mean, np.diff(rows), axis=0), np.diff(columns), axis=1)
    away = (part - large).mean(axis=2, keepdims=True)
    return mean, np.sqrt(added(away * away * inner) / count)[..., 0]


def _clear_sides(part: Steps, rows: NDArray[np.int64], columns: NDArray[np.int64], least: float) -> NDArray[np.int64]:
    """(m, n): how many of the four sides of each block are steps of brightness of more than `least`."""
    grey = part.mean(axis=2)
    sides = np.zeros((len(rows) - 1, len(columns) - 1), np.int64)
    across = np.abs(grey[:, columns[1:-1]] - grey[:, columns[1:-1] - 1])
    clear = np.add.reduceat(across, rows[:-1], axis=0) / np.diff(rows)[:, None] > least
    sides[:, 1:] += clear
    sides[:, :-1] += clear
    down = np.abs(grey[rows[1:-1]] - grey[rows[1:-1] - 1])
    clear = np.add.reduceat(down, columns[:-1], axis=1) / np.diff(columns) > least
    sides[1:] += clear
    sides[:-1] += clear
    return sides
