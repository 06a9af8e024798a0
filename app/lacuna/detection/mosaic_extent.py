"""How far a mosaic reaches below a mask that is wider than it: good pixels beside it are to stay as they are.

Its whole blocks are found as everywhere (`detection/pixelated.py`). Where a selection has cut blocks at its border,
what is flat of these is added, from the sides that they share with the mosaic.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.progress import Progress
from lacuna.detection.mosaic import Mosaic, find_mosaic
from lacuna.detection.pixelated import CALM, NOISE, ROUNDED, USUAL, Pixelated, by_block, cuts, find_mosaics
from lacuna.imaging.photo import Hole, Mask

SAME_SIZE = 0.03  # of a block's side
Grey = NDArray[np.float32]


def mosaic_below(pixels: NDArray[np.uint8], mask: Mask, mosaic: Mosaic, progress: Progress) -> Hole:
    """(H, W) which masked pixels of a picture (H, W, 3) lie in blocks of this mosaic.

    All of them where that cannot be told: nothing there shows such blocks, or the rest of it shows them, too.
    """
    masked = mask > 0
    extent = np.zeros(masked.shape, bool)
    for found in find_mosaics(pixels, progress=progress):
        if _same_size(found.mosaic, mosaic) and (masked[found.region.slices] & found.mask).any():
            extent |= _with_cut_blocks(pixels, found)
    inside, rest = masked & extent, masked & ~extent
    left = find_mosaic(pixels, rest) if inside.any() and rest.any() else None
    untold = not inside.any() or (left is not None and left.likely and _same_size(left, mosaic))
    return masked if untold else inside


def _same_size(one: Mosaic, other: Mosaic) -> bool:
    return all(
        math.isclose(own.size, its.size, rel_tol=SAME_SIZE)
        for own, its in ((one.down, other.down), (one.across, other.across))
    )


def _with_cut_blocks(pixels: NDArray[np.uint8], found: Pixelated) -> Hole:
    """(H, W) the pixels of a mosaic, with those of the blocks that its border cuts."""
    extent = np.zeros(pixels.shape[:2], bool)
    extent[found.region.slices] = found.mask
    down, across = found.mosaic.down, found.mosaic.across
    around = found.region.pad(math.ceil(max(down.size, across.size))).clip(pixels.shape)
    part, taken = pixels[around.slices].astype(np.float32), extent[around.slices]
    rows = cuts(down.lines(*down.around(around.y0, around.y1)), around.y0, around.y1)
    columns = cuts(across.lines(*across.around(around.x0, around.x1)), around.x0, around.x1)
    _mean, strays = by_block(part, rows, columns)
    usual = float(np.median(strays[taken[np.ix_(rows[:-1], columns[:-1])]]))
    calm = max(min(CALM, NOISE * usual + ROUNDED), USUAL * usual)
    for grey, own, lines, others in (
        (part.mean(axis=2), taken, rows, columns),
        (part.mean(axis=2).T, taken.T, columns, rows),
    ):
        _extend(grey, own, lines, others, calm)
        _extend(grey[::-1], own[::-1], len(grey) - lines[::-1], others, calm)
    return extent


def _extend(grey: Grey, taken: Hole, rows: NDArray[np.int64], columns: NDArray[np.int64], calm: float) -> None:
    """Take what is flat of the blocks below those that are taken, from the line between both on."""
    above = taken[rows[1:-1] - 1] & ~taken[rows[1:-1]]  # at the line, which pixels of it have a mosaic above alone
    for row, column in zip(*np.nonzero(np.add.reduceat(above, columns[:-1], axis=1)), strict=True):
        top, bottom = int(rows[row + 1]), int(rows[row + 2])
        across = columns[column] + np.flatnonzero(above[row, columns[column] : columns[column + 1]])
        strip = grey[top:bottom, across]
        flat = 0
        while flat < len(strip) and strip[: flat + 1].std() <= calm:
            flat += 1
        taken[top : top + flat, across] = True
