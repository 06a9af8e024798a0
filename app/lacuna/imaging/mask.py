"""What can be done to a mask: find its extent and its parts, widen, narrow and soften it.

A mask is (H, W) uint8, 255 = fill this, values between are soft. Distances are Euclidean, in pixels, measured between
centres; the picture's own border is no edge of the mask. OpenCV is imported at the first use that needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.photo import Hole, Mask
from lacuna.imaging.region import Region

# A soft mask is widened level by level; between so many levels the values are interpolated.
SOFT_LEVELS = 16
RIM_LOOK = 1 << 21  # pixels that are enough to tell the length of a rim: some ms


class Side(Enum):
    """Where the soft edge of a feathered mask lies."""

    INSIDE = "inside"  # no pixel is added, none is lost
    OUTSIDE = "outside"  # what was painted keeps its value
    BOTH = "both"  # half the width on either side


@dataclass(frozen=True, eq=False)
class Components:
    """The connected parts of a hole: `labels` (h, w) int32, 0 = none, i + 1 = the part whose box is `boxes[i]`."""

    labels: NDArray[np.int32]
    boxes: tuple[Region, ...]


def bounds(mask: Mask | Hole) -> Region:
    """The smallest region that holds every pixel above 0, empty if there is none. One pass: 1 ms for 24 megapixels."""
    marked = as_bool(mask)
    rows = np.flatnonzero(marked.any(axis=1))
    if not rows.size:
        return Region(0, 0, 0, 0)
    y0, y1 = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(marked[y0:y1].any(axis=0))
    return Region(y0, int(columns[0]), y1, int(columns[-1]) + 1)


def components(mask: Mask | Hole) -> Components:
    """The parts of a mask that touch, diagonally too. Holds two int32 planes: not for a whole 100-megapixel frame."""
    import cv2

    marked = np.ascontiguousarray(as_bool(mask)).view(np.uint8)
    _count, labels, stats, _centres = cv2.connectedComponentsWithStats(marked, connectivity=8, ltype=cv2.CV_32S)
    boxes = tuple(Region(y, x, y + h, x + w) for x, y, w, h, _area in stats[1:].tolist())
    return Components(np.asarray(labels, np.int32), boxes)


def rim(mask: Mask | Hole) -> int:
    """How many sides of pixels lie between the mask and what is not: 4 n for a square of n x n.

    The picture's own border is none. Of a large mask only every so many-th row and column is walked along.
    """
    marked = as_bool(mask)
    step = max(1, marked.size // RIM_LOOK)
    rows, columns = marked[::step], marked[:, ::step]
    return int(step * (np.count_nonzero(rows[:, 1:] != rows[:, :-1]) + np.count_nonzero(columns[1:] != columns[:-1])))


def grow(mask: Mask, radius: float) -> Mask:
    """The mask, widened by a disc of `radius` pixels: each pixel takes the highest value within that distance.

    Softness is kept: a soft edge moves outward unchanged. Linear in the area whatever the radius: one distance pass, or
    up to 16 if the mask is soft; what they span is exact, in between it is interpolated.
    """
    box = bounds(mask)
    if radius < 1 or box.empty:  # a disc below one pixel reaches no neighbour
        return mask.copy()
    wide = box.pad(int(radius)).clip(mask.shape)
    grown = np.zeros_like(mask)
    grown[wide.slices] = _grown(mask[wide.slices], radius)
    return grown


def shrink(mask: Mask, radius: float) -> Mask:
    """The mask, narrowed by a disc of `radius` pixels: each pixel takes the lowest value within that distance.

    At the picture's border nothing is lost: beyond it there is neither mask nor picture.
    """
    box = bounds(mask)
    if radius < 1 or box.empty:
        return mask.copy()
    wide = box.pad(1).clip(mask.shape)  # one ring of what is not mask says where its edges are
    narrowed = np.zeros_like(mask)
    narrowed[wide.slices] = 255 - _grown(255 - mask[wide.slices], radius)
    return narrowed


def feather(mask: Mask, radius: float, side: Side = Side.INSIDE) -> Mask:
    """The mask with a soft edge `radius` pixels wide, smooth at both ends.

    INSIDE lowers values near the edge, to 1 at least: the hole stays the same. OUTSIDE adds a ring around it. BOTH
    centres the new edge on the old one. Values that were soft before are scaled by the new edge, not replaced.
    """
    box = bounds(mask)
    if radius <= 0 or box.empty:
        return mask.copy()
    outward = {Side.INSIDE: 0.0, Side.BOTH: 0.5, Side.OUTSIDE: 1.0}[side]  # share of the edge beyond the old one
    wide = box.pad(int(np.ceil(radius * outward)) + 1).clip(mask.shape)
    part = mask[wide.slices]
    marked = part > 0
    # Signed distance from the edge, which runs half-way between the last pixel and the next; inside is positive.
    depth = np.where(marked, distance_outside(~marked) - 0.5, 0.5 - distance_outside(marked))
    weight = _smooth(outward + depth / np.float32(max(radius, 0.01)))
    soft = np.rint(np.where(marked, part, 255) * weight).astype(np.uint8)
    softened = np.zeros_like(mask)
    softened[wide.slices] = np.where(marked, np.maximum(soft, 1), soft)
    return softened


def distance_outside(marked: Hole) -> NDArray[np.float32]:
    """For each pixel its distance to the nearest marked one, 0 where marked; infinite where nothing is marked."""
    import cv2

    if not marked.any():
        return np.full(marked.shape, np.inf, np.float32)
    away = np.ascontiguousarray(~marked).view(np.uint8)
    return np.asarray(cv2.distanceTransform(away, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)


def reduced(mask: Mask, side: int) -> Mask:
    """A mask made small for a preview, at most `side` pixels long; thin strokes stay: a block's largest value counts.

    As it is, if it is that small already.
    """
    step = max(1, -(-max(mask.shape) // side))
    rows = np.maximum.reduceat(mask, np.arange(0, mask.shape[0], step), axis=0)
    small: Mask = np.maximum.reduceat(rows, np.arange(0, mask.shape[1], step), axis=1)
    return small


def as_bool(mask: Mask | Hole) -> Hole:
    """The same bytes as bool, for `any` and `all` alone: no copy, and numpy scans bool many times faster than uint8."""
    return np.asarray(mask).view(np.bool_)


def _grown(part: Mask, radius: float) -> Mask:
    values = np.flatnonzero(np.bincount(part.ravel(), minlength=256)[1:]) + 1
    if values.size == 0:
        return part.copy()
    levels = _levels(values)
    grown = np.zeros(part.shape, np.uint8)
    if len(levels) == values.size:
        for level in levels:
            grown[_near(distance_outside(part >= level), radius)] = level
        return grown
    soft = np.zeros(part.shape, np.float32)
    below = distance_outside(part >= levels[0])
    soft[_near(below, radius)] = levels[0]
    for low, high in pairwise(levels):
        above = distance_outside(part >= high)
        between = _near(below, radius) & ~_near(above, radius)
        share = (radius - below[between]) / np.maximum(above[between] - below[between], 1e-3)
        soft[between] = low + (high - low) * np.clip(share, 0, 1)
        soft[_near(above, radius)] = high
        below = above
    # Where nothing wider lies near, interpolation must not fall below what stood there.
    return np.maximum(soft.astype(np.uint8), part)


def _levels(values: NDArray[np.int64]) -> list[int]:
    if values.size <= SOFT_LEVELS:
        return [int(v) for v in values]
    chosen = np.unique(np.linspace(0, values.size - 1, SOFT_LEVELS).round().astype(int))
    return [int(v) for v in values[chosen]]


def _near(distance: NDArray[np.float32], radius: float) -> Hole:
    near: Hole = distance <= radius + 1e-3  # float32 square roots
    return near


def _smooth(share: NDArray[Any]) -> NDArray[Any]:
    """0 up to 0, 1 from 1 on, without a kink at either."""
    t = np.clip(share, 0, 1)
    smooth: NDArray[Any] = t * t * (3 - 2 * t)
    return smooth
