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

SMALL = 16_384  # pixels; below, distances everywhere cost less than finding out where they are needed
THIN_RIM = 12  # pixels; below, only the rim of a wide nib needs distances
COARSE = 4  # a wide soft rim is so smooth that every fourth pixel tells the rest, to one level of 255


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
        rim = (1 - hardness) * min(a.radius, b.radius) + 1
        if box.area > SMALL and rim < THIN_RIM:
            yield box, _filled(start, end, hardness, box)
        elif box.area > SMALL and rim > COARSE * COARSE * 3:
            yield box, _coarse(start, end, hardness, box)
        else:
            yield box, _swept(start, end, hardness, box)


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
    """The inside of the closed line through (x, y) `points`: (region inside `shape`, coverage).

    Each pixel gets the share of its area that lies inside, so the same line gives the same hole at any zoom. A line
    that crosses itself encloses all that it goes round in one sense: a loop drawn a little too far leaves no gap.
    Fewer than three points enclose nothing.
    """
    if len(points) < 3:
        return Region(0, 0, 0, 0), np.zeros((0, 0), np.uint8)
    line = np.asarray(points, np.float64)
    x0, y0 = np.floor(line.min(axis=0)).astype(int)
    x1, y1 = np.ceil(line.max(axis=0)).astype(int)
    box = Region(int(y0), int(x0), int(y1), int(x1)).clip(shape)
    if box.empty:
        return Region(0, 0, 0, 0), np.zeros((0, 0), np.uint8)
    parts = _parts(line - (box.x0, box.y0), box.height, box.width)

    # What a part adds to all pixels right of it in its row: the height it covers, shared out at the pixel it lies in.
    middle = (parts[0] + parts[1]) / 2
    rise = parts[1][:, 1] - parts[0][:, 1]
    row = np.floor(middle[:, 1]).astype(np.int64)
    column = np.clip(np.floor(middle[:, 0]), 0, box.width).astype(np.int64)
    share = np.clip(middle[:, 0] - column, 0, 1)
    stride = box.width + 2  # two more columns take what lies to the right, so that each row sums to nothing
    first = row * stride + column
    place, at = np.unique(np.concatenate([first, first + 1]), return_inverse=True)
    change = np.bincount(at, np.concatenate([rise * (1 - share), rise * share]), place.size)
    level = np.rint(255 * np.minimum(1, np.abs(np.cumsum(change)))).astype(np.uint8)

    flat = np.repeat(
        np.concatenate([[np.uint8(0)], level]), np.diff(np.concatenate([[0], place, [box.height * stride]]))
    )
    return box, flat.reshape(box.height, stride)[:, : box.width]


def _parts(line: NDArray[np.float64], height: int, width: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The closed `line` cut where it crosses from pixel to pixel: (n, 2) starts and ends, within 0..`height`."""
    start, end = line, np.roll(line, -1, axis=0)
    step = end - start
    edges, places = [np.arange(len(line)).repeat(2)], [np.tile([0.0, 1.0], len(line))]
    for axis, most in ((0, width), (1, height)):
        low = np.ceil(np.clip(np.minimum(start[:, axis], end[:, axis]), 0, most + 1)).astype(np.int64)
        high = np.floor(np.clip(np.maximum(start[:, axis], end[:, axis]), -1, most)).astype(np.int64)
        counts = np.where(step[:, axis] == 0, 0, np.maximum(0, high - low + 1))
        edge = np.arange(len(line)).repeat(counts)
        crossed = np.arange(counts.sum()) - (np.cumsum(counts) - counts - low).repeat(counts)
        edges.append(edge)
        places.append((crossed - start[edge, axis]) / step[edge, axis])
    edge, place = np.concatenate(edges), np.clip(np.concatenate(places), 0, 1)
    order = np.lexsort((place, edge))
    edge, place = edge[order], place[order]
    points = start[edge] + place[:, None] * step[edge]
    same = edge[1:] == edge[:-1]
    a, b = points[:-1][same], points[1:][same]
    middle = (a[:, 1] + b[:, 1]) / 2
    inside = (middle > 0) & (middle < height)
    return a[inside], b[inside]


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


def _swept(a: NibPoint, b: NibPoint, hardness: float, box: Region) -> Coverage:
    import cv2

    ys = np.arange(box.y0, box.y1, dtype=np.float32) + np.float32(0.5)
    xs = np.arange(box.x0, box.x1, dtype=np.float32) + np.float32(0.5)
    distance, radius = _distance(a, b, ys, xs)
    if hardness >= 1:
        inside: Any = cv2.subtract(radius, distance) if isinstance(radius, np.ndarray) else distance
        scale, offset = (255.0, 127.5) if isinstance(radius, np.ndarray) else (-255.0, 255.0 * (radius + 0.5))
        return _to_bytes(inside, scale, offset)
    softened: Coverage = cv2.LUT(_depth(distance, radius, hardness), _profile())  # type: ignore[assignment]
    return softened


def _depth(distance: NDArray[np.float32], radius: Any, hardness: float) -> Coverage:
    """How deep in the rim each pixel lies: 0 at its outer end, 255 at its inner and beyond."""
    if isinstance(radius, np.ndarray):
        return _to_bytes((radius + np.float32(0.5) - distance) / (radius * np.float32(1 - hardness) + 1), 255.0, 0.0)
    width = radius * (1 - hardness) + 1
    return _to_bytes(distance, -255.0 / width, 255.0 * (radius + 0.5) / width)


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


def _filled(a: NibPoint, b: NibPoint, hardness: float, box: Region) -> Coverage:
    """`_swept` for a nib with a thin rim: rows filled from side to side, distances on the rim alone."""
    softness = 1 - hardness
    core_a = NibPoint(a.x, a.y, hardness * a.radius - 0.5)
    core_b = NibPoint(b.x, b.y, hardness * b.radius - 0.5)
    rows = np.arange(box.y0, box.y1) + 0.5
    left, right = _spans(NibPoint(a.x, a.y, a.radius + 0.5), NibPoint(b.x, b.y, b.radius + 0.5), rows, box)
    core_left, core_right = _spans(core_a, core_b, rows, box)
    empty = core_left >= core_right
    core_left = np.where(empty, right, np.clip(core_left, left, right))
    core_right = np.where(empty, right, np.clip(core_right, left, right))

    columns = np.arange(box.width, dtype=np.int16)
    inside = columns >= core_left[:, None]
    inside &= columns < core_right[:, None]
    coverage = np.negative(inside.view(np.uint8))  # True is 1, and -1 is 255
    for start, end in ((left, core_left), (core_right, right)):
        lengths = np.maximum(0, end - start).astype(np.int64)
        row = np.repeat(np.arange(box.height), lengths)
        column = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths - start, lengths)
        distance, radius = _to_line(a, b, column + (box.x0 + 0.5), row + (box.y0 + 0.5))
        depth = np.clip((radius + 0.5 - distance) / (radius * softness + 1), 0, 1)
        levels = np.rint(255 * depth).astype(np.uint8)
        coverage[row, column] = levels if hardness >= 1 else _profile()[levels]
    return coverage


def _spans(a: NibPoint, b: NibPoint, rows: NDArray[Any], box: Region) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """First and last-but-one column, within `box`, of the pixel centres of each row that lie in the hull of two discs.

    The hull is convex and bounded by both circles and the two lines that touch both.
    """
    left = np.full(rows.shape, np.inf)
    right = np.full(rows.shape, -np.inf)
    for disc in (a, b):
        if disc.radius > 0:
            half = np.sqrt(np.maximum(0, disc.radius**2 - (rows - disc.y) ** 2))
            met = np.abs(rows - disc.y) <= disc.radius
            np.minimum(left, disc.x - half, out=left, where=met)
            np.maximum(right, disc.x + half, out=right, where=met)
    dx, dy = b.x - a.x, b.y - a.y
    length = math.hypot(dx, dy)
    fall = (a.radius - b.radius) / length if length > 0 else 1.0
    if abs(fall) < 1 and min(a.radius, b.radius) > 0:
        ux, uy, side = dx / length, dy / length, math.sqrt(1 - fall * fall)
        for turn in (side, -side):
            nx, ny = fall * ux - turn * uy, fall * uy + turn * ux
            (xa, ya), (xb, yb) = (
                (a.x + a.radius * nx, a.y + a.radius * ny),
                (b.x + b.radius * nx, b.y + b.radius * ny),
            )
            if ya != yb:
                met = (rows >= min(ya, yb)) & (rows <= max(ya, yb))
                x = xa + (rows - ya) * ((xb - xa) / (yb - ya))
                np.minimum(left, x, out=left, where=met)
                np.maximum(right, x, out=right, where=met)
    first = np.clip(np.ceil(left - 0.5 - box.x0), 0, box.width)
    after = np.clip(np.floor(right - 0.5 - box.x0) + 1, 0, box.width)
    return first.astype(np.int16), after.astype(np.int16)


def _coarse(a: NibPoint, b: NibPoint, hardness: float, box: Region) -> Coverage:
    """`_swept` for a nib with a wide rim: every `COARSE`th pixel, on a grid alike for all strokes; the rest between."""
    import cv2

    grid = Region(box.y0 // COARSE - 1, box.x0 // COARSE - 1, -(-box.y1 // COARSE) + 1, -(-box.x1 // COARSE) + 1)
    ys = (np.arange(grid.y0, grid.y1, dtype=np.float32) + np.float32(0.5)) * COARSE
    xs = (np.arange(grid.x0, grid.x1, dtype=np.float32) + np.float32(0.5)) * COARSE
    distance, radius = _distance(a, b, ys, xs)
    depth = _depth(distance, radius, hardness)
    fine = cv2.resize(cv2.LUT(depth, _profile()), None, fx=COARSE, fy=COARSE, interpolation=cv2.INTER_LINEAR)
    return fine[box.shift(-grid.y0 * COARSE, -grid.x0 * COARSE).slices]  # type: ignore[return-value]


def _to_line(a: NibPoint, b: NibPoint, xs: NDArray[Any], ys: NDArray[Any]) -> tuple[NDArray[np.float64], Any]:
    """`_distance` for points one by one."""
    dx, dy = b.x - a.x, b.y - a.y
    length = math.hypot(dx, dy)
    if length <= abs(a.radius - b.radius):
        larger = a if a.radius >= b.radius else b
        return np.hypot(xs - larger.x, ys - larger.y), larger.radius
    ux, uy = dx / length, dy / length
    along = (xs - a.x) * ux + (ys - a.y) * uy
    across = np.abs((ys - a.y) * ux - (xs - a.x) * uy)
    fall = (a.radius - b.radius) / length
    place = np.clip(along - across * (fall / math.sqrt(1 - fall * fall)), 0, length)
    return np.hypot(along - place, across), a.radius - place * fall


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
