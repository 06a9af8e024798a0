"""Nibs, strokes and polygons as coverage: (h, w) uint8 arrays to be laid over a mask.

A stroke is what a round nib sweeps over, so a segment's coverage is a profile of the distance to it: one formula for
hard and soft nibs, for any length and for a radius that changes on the way. No dabs, hence no spacing and no beads.
Points are in image coordinates (pixel 0 covers 0..1); pixel centres lie at halves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.photo import Mask
from lacuna.imaging.region import Region

Coverage = NDArray[np.uint8]  # (h, w), 255 = wholly under the nib

SUBPIXEL_BITS = 4  # polygons are drawn in sixteenths of a pixel
BLOCK = 96  # side of the blocks that a wide nib is cut into: its core and what lies outside need no distances


@dataclass(frozen=True, slots=True)
class NibPoint:
    """The nib at one moment: its centre and its radius, in image pixels."""

    x: float
    y: float
    radius: float


def segment(a: NibPoint, b: NibPoint, hardness: float, shape: tuple[int, ...]) -> Iterator[tuple[Region, Coverage]]:
    """What a nib sweeps over from `a` to `b`, in parts: (region inside `shape`, coverage there).

    `hardness` 1 gives an edge of one pixel, 0 a fall from the centre on. The parts overlap at most in what is covered
    by both, so lay them over the picture with `paint` or `erase`. `a` equal to `b` gives one dab.
    """
    length = math.hypot(b.x - a.x, b.y - a.y)
    reach = max(a.radius, b.radius)
    pieces = max(1, math.ceil(length / max(128.0, 2 * reach)))  # a long slanted box would be mostly empty
    for i in range(pieces):
        start, end = _between(a, b, i / pieces), _between(a, b, (i + 1) / pieces)
        box = _box(start, end).clip(shape)
        if box.empty:
            continue
        if reach < BLOCK:
            yield box, _swept(start, end, hardness, box)
        else:
            yield from _blocks(start, end, hardness, box)


def dab(at: NibPoint, hardness: float, shape: tuple[int, ...]) -> Iterator[tuple[Region, Coverage]]:
    """One stamp of the nib; see `segment`."""
    return segment(at, at, hardness, shape)


def paint(mask: Mask, coverage: Coverage) -> None:
    """Lay `coverage` over `mask` in place: the larger of both, so that strokes never darken each other's edge."""
    np.maximum(mask, coverage, out=mask)


def erase(mask: Mask, coverage: Coverage) -> None:
    """Take `coverage` off `mask` in place: the smaller of the mask and what the nib leaves."""
    np.minimum(mask, 255 - coverage, out=mask)


def polygon(points: Sequence[tuple[float, float]], shape: tuple[int, ...]) -> tuple[Region, Coverage]:
    """The inside of the closed line through (x, y) `points`, with a smooth edge: (region inside `shape`, coverage).

    Depends on the points alone, so the same line gives the same hole at any zoom. A line that crosses itself encloses
    what lies to either side of it an odd number of times. Fewer than three points enclose nothing.
    """
    import cv2

    if len(points) < 3:
        return Region(0, 0, 0, 0), np.zeros((0, 0), np.uint8)
    line = np.asarray(points, np.float64)
    x0, y0 = np.floor(line.min(axis=0)).astype(int)
    x1, y1 = np.ceil(line.max(axis=0)).astype(int)
    box = Region(int(y0), int(x0), int(y1), int(x1)).pad(1).clip(shape)
    if box.empty:
        return box, np.zeros((0, 0), np.uint8)
    coverage = np.zeros((box.height, box.width), np.uint8)
    inside = (line - (box.x0 + 0.5, box.y0 + 0.5)) * (1 << SUBPIXEL_BITS)
    cv2.fillPoly(coverage, [np.rint(inside).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=SUBPIXEL_BITS)
    return box, coverage


def _between(a: NibPoint, b: NibPoint, t: float) -> NibPoint:
    return NibPoint(a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t, a.radius + (b.radius - a.radius) * t)


def _box(a: NibPoint, b: NibPoint) -> Region:
    """All pixels that the nib may touch, half a pixel of smooth edge included."""
    return Region(
        math.floor(min(a.y - a.radius, b.y - b.radius) - 0.5),
        math.floor(min(a.x - a.radius, b.x - b.radius) - 0.5),
        math.ceil(max(a.y + a.radius, b.y + b.radius) + 0.5),
        math.ceil(max(a.x + a.radius, b.x + b.radius) + 0.5),
    )


def _blocks(a: NibPoint, b: NibPoint, hardness: float, box: Region) -> Iterator[tuple[Region, Coverage]]:
    """`_swept` block by block: full blocks cost a fill, empty ones nothing."""
    half = BLOCK / math.sqrt(2)  # from a block's centre to its corner
    rows = list(range(box.y0, box.y1, BLOCK))
    columns = list(range(box.x0, box.x1, BLOCK))
    centre_y = np.asarray(rows, np.float32) + BLOCK / 2
    centre_x = np.asarray(columns, np.float32) + BLOCK / 2
    distance, radius = _distance(a, b, centre_y, centre_x)
    outside = distance - half > radius + 0.5
    # A quarter of a block of slack: the radius at the nearest point changes a little within a block.
    slack = half * (1 + abs(a.radius - b.radius) / max(1.0, math.hypot(b.x - a.x, b.y - a.y)))
    full = distance + slack < hardness * radius - 0.5
    for i, y in enumerate(rows):
        j = 0
        while j < len(columns):
            first = j
            if outside[i, j]:
                j += 1
                continue
            kind = full[i, j]
            while j < len(columns) and not outside[i, j] and full[i, j] == kind:  # neighbours of a kind become one part
                j += 1
            region = Region(y, columns[first], min(y + BLOCK, box.y1), min(columns[j - 1] + BLOCK, box.x1))
            if kind:
                yield region, np.full((region.height, region.width), 255, np.uint8)
            else:
                yield region, _swept(a, b, hardness, region)


def _swept(a: NibPoint, b: NibPoint, hardness: float, box: Region) -> Coverage:
    import cv2

    ys = np.arange(box.y0, box.y1, dtype=np.float32) + np.float32(0.5)
    xs = np.arange(box.x0, box.x1, dtype=np.float32) + np.float32(0.5)
    distance, radius = _distance(a, b, ys, xs)
    if hardness >= 1:
        inside: Any = cv2.subtract(radius, distance) if isinstance(radius, np.ndarray) else distance
        scale, offset = (255.0, 127.5) if isinstance(radius, np.ndarray) else (-255.0, 255.0 * (radius + 0.5))
        return _to_bytes(inside, scale, offset)
    if isinstance(radius, np.ndarray):
        ramp = (radius + np.float32(0.5) - distance) / (radius * np.float32(1 - hardness) + 1)
        depth = _to_bytes(ramp, 255.0, 0.0)
    else:
        width = radius * (1 - hardness) + 1
        depth = _to_bytes(distance, -255.0 / width, 255.0 * (radius + 0.5) / width)
    softened: Coverage = cv2.LUT(depth, _profile())  # type: ignore[assignment]
    return softened


def _distance(
    a: NibPoint, b: NibPoint, ys: NDArray[np.float32], xs: NDArray[np.float32]
) -> tuple[NDArray[np.float32], Any]:
    """Distance of each point of the grid to the nib's centre line, and the radius there (a float if it is the same).

    With a changing radius the place on the line is the one whose nib reaches furthest towards the point: for
    r(t) = ra - b t it lies b |v| / sqrt(1 - b^2) before the foot of the perpendicular of length v.
    """
    import cv2

    dx, dy = b.x - a.x, b.y - a.y
    length = math.hypot(dx, dy)
    if length <= abs(a.radius - b.radius):  # one nib holds the other
        larger = a if a.radius >= b.radius else b
        u = np.broadcast_to(xs - np.float32(larger.x), (ys.size, xs.size))
        v = np.broadcast_to((ys - np.float32(larger.y))[:, None], (ys.size, xs.size))
        return np.hypot(u, v), larger.radius
    ux, uy = dx / length, dy / length
    # Along and across the line, each the sum of a row and a column; float64 until the origin is taken off.
    along = _outer((ys - a.y) * uy, (xs - a.x) * ux)
    across = _outer((ys - a.y) * ux, (xs - a.x) * -uy)
    if a.radius == b.radius:
        along -= np.clip(along, 0, np.float32(length))
        return cv2.magnitude(along, across), a.radius  # type: ignore[return-value]
    fall = (a.radius - b.radius) / length
    place = along - np.abs(across) * np.float32(fall / math.sqrt(1 - fall * fall))
    np.clip(place, 0, np.float32(length), out=place)
    along -= place
    radius = np.float32(a.radius) - place * np.float32(fall)
    return cv2.magnitude(along, across), radius  # type: ignore[return-value]


def _outer(column: NDArray[Any], row: NDArray[Any]) -> NDArray[np.float32]:
    summed: NDArray[np.float32] = np.add(column.astype(np.float32)[:, None], row.astype(np.float32)[None, :])
    return summed


def _to_bytes(values: NDArray[np.float32], scale: float, offset: float) -> Coverage:
    """`values * scale + offset`, rounded and held within 0..255, in one pass."""
    import cv2

    return cv2.addWeighted(values, scale, values, 0.0, offset, dtype=cv2.CV_8U)  # type: ignore[return-value]


@lru_cache(maxsize=1)
def _profile() -> Coverage:
    """Coverage by depth into the soft rim: flat at both ends, so that neither shows as a ring."""
    t = np.arange(256) / 255
    return np.rint(255 * t * t * (3 - 2 * t)).astype(np.uint8)
