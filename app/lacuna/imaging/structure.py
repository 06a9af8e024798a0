"""Lines that run across a hole: how they go on outside of it, and which pixels they part.

A path is a line with a point at each pixel of its length, (n, 2) float64 (x, y) in image coordinates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.photo import Hole
from lacuna.imaging.polylines import Polyline
from lacuna.imaging.region import Region

Path = NDArray[np.float64]

NEAR = 6.0  # pixels: a line that ends so close to the hole's rim was meant to reach it
TANGENT = 12  # pixels of a line that say where it is heading
BEND = 3  # points either way of which the direction at one is the mean
# Added to both coordinates, so that no line runs through the middle of a pixel, which would be on neither side of it.
HAIR = np.array((0.00731, 0.00417))


@dataclass(frozen=True, eq=False)
class Parting:
    """Which neighbours a line stands between: (y, x) and (y, x + 1) in `across`, (y, x) and (y + 1, x) in `down`."""

    across: NDArray[np.bool_]  # (h, w - 1)
    down: NDArray[np.bool_]  # (h - 1, w)

    def ends(self) -> Hole:
        """The pixels that are parted from a neighbour."""
        found = np.zeros((self.across.shape[0], self.down.shape[1]), bool)
        for cut, sides in ((self.across, (np.s_[:, 1:], np.s_[:, :-1])), (self.down, (np.s_[1:], np.s_[:-1]))):
            for side in sides:
                found[side] |= cut
        return found

    def within(self, region: Region) -> Parting:
        """The same of a part of the picture."""
        y0, x0, y1, x1 = region.y0, region.x0, region.y1, region.x1
        return Parting(self.across[y0:y1, x0 : x1 - 1], self.down[y0 : y1 - 1, x0:x1])


def parting(lines: Iterable[Polyline], hole: Hole, outside: float) -> Parting | None:
    """What lines, continued as by `paths`, part; None if that is no pixel of the hole."""
    crossing = paths(lines, hole, outside)
    found = parted_by(crossing, (hole.shape[0], hole.shape[1])) if crossing else None
    return None if found is None or not (found.ends() & hole).any() else found


def paths(lines: Iterable[Polyline], hole: Hole, outside: float) -> list[Path]:
    """Those of the lines that cross the hole, continued straight on until they are `outside` pixels beyond its rim.

    An end deep inside the hole stays where it is.
    """
    found = []
    for line in lines:
        path = pixel_by_pixel(line)
        if inside(path, hole).any():
            if not line.closed:
                path = _continued(_continued(path, hole, outside)[::-1], hole, outside)[::-1]
            found.append(path)
    return found


def parted_by(paths: Iterable[Path], shape: tuple[int, int]) -> Parting:
    """What paths part in a picture of this (height, width): whoever goes from pixel to pixel cannot slip through."""
    height, width = shape
    across, down = np.zeros((height, max(0, width - 1)), bool), np.zeros((max(0, height - 1), width), bool)
    for path in paths:
        middles = path - 0.5 + HAIR
        rows, columns = _crossed(middles[:, 1], middles[:, 0])
        there = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width - 1)
        across[rows[there], columns[there]] = True
        columns, rows = _crossed(middles[:, 0], middles[:, 1])
        there = (rows >= 0) & (rows < height - 1) & (columns >= 0) & (columns < width)
        down[rows[there], columns[there]] = True
    return Parting(across, down)


def parts(pixels: Hole, parting: Parting | None = None) -> tuple[int, NDArray[np.int32]]:
    """The pixels in connected parts, left, right, up and down: how many, and each one's number from 1 on, else 0."""
    import cv2

    if parting is None:
        count, labels = cv2.connectedComponents(pixels.view(np.uint8), connectivity=4, ltype=cv2.CV_32S)
        return count - 1, np.asarray(labels)
    height, width = pixels.shape
    links = np.zeros((2 * height - 1, 2 * width - 1), np.uint8)  # between two pixels stands whether they are connected
    links[::2, ::2] = pixels
    links[::2, 1::2] = pixels[:, 1:] & pixels[:, :-1] & ~parting.across
    links[1::2, ::2] = pixels[1:] & pixels[:-1] & ~parting.down
    count, labels = cv2.connectedComponents(links, connectivity=4, ltype=cv2.CV_32S)
    return count - 1, np.ascontiguousarray(labels[::2, ::2])


def aside(paths: Sequence[Path], shape: tuple[int, int], within: float) -> NDArray[np.float32]:
    """(h, w): how far the middle of each pixel lies from the nearest path, to its right (positive, as one goes) or its
    left; NaN farther than `within`, and beyond the ends.
    """
    import cv2

    found = np.full(shape, np.nan, np.float32)
    points, headings = np.concatenate(paths), np.concatenate([_headings(path) for path in paths])
    ends = np.cumsum([len(path) for path in paths])
    first, last = np.zeros(len(points), bool), np.zeros(len(points), bool)
    first[ends - [len(path) for path in paths]], last[ends - 1] = True, True
    columns, rows = np.floor(points).astype(np.int64).T
    there = np.flatnonzero((rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1]))
    if not there.size:
        return found
    number = np.full(shape, -1, np.int64)
    number[rows[there], columns[there]] = there
    off = (number < 0).view(np.uint8)
    away, labels = cv2.distanceTransformWithLabels(off, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    of_label = np.zeros(int(labels.max()) + 1, np.int64)
    of_label[labels[off == 0]] = number[off == 0]
    y, x = np.nonzero(away <= within + 1)
    nearest = of_label[labels[y, x]]
    to = np.stack((x + 0.5, y + 0.5), axis=1) - points[nearest]
    along = (headings[nearest] * to).sum(axis=1)
    right = headings[nearest, 0] * to[:, 1] - headings[nearest, 1] * to[:, 0]
    far = np.where(np.abs(along) <= 1, np.abs(right), np.hypot(*to.T))
    beyond = (first[nearest] & (along < -1)) | (last[nearest] & (along > 1))
    far[beyond | (far > within)] = np.nan
    found[y, x] = np.copysign(far, right)
    return found


def _headings(path: Path) -> Path:
    """The direction of a path at each of its points, of length 1."""
    places = np.arange(len(path))
    steps = path[np.minimum(places + BEND, len(path) - 1)] - path[np.maximum(places - BEND, 0)]
    return steps / np.maximum(np.hypot(*steps.T), 1e-9)[:, None]


def pixel_by_pixel(line: Polyline) -> Path:
    corners = np.array((*line.points, line.points[0]) if line.closed else line.points, np.float64)
    lengths = np.hypot(*np.diff(corners, axis=0).T)
    far = np.concatenate(([0.0], np.cumsum(lengths)))
    kept = np.concatenate(([True], lengths > 0))
    count = max(2, int(np.ceil(far[-1])) + 1)
    # The corners stay: a path that cut them would part other pixels than the line.
    places = np.union1d(np.linspace(0.0, far[-1], count), far)
    return np.stack([np.interp(places, far[kept], corners[kept, axis]) for axis in range(2)], axis=1)


def inside(path: Path, hole: Hole) -> NDArray[np.bool_]:
    """Which points lie on pixels of the hole."""
    columns, rows = np.floor(path).astype(np.int64).T
    there = (rows >= 0) & (rows < hole.shape[0]) & (columns >= 0) & (columns < hole.shape[1])
    found = np.zeros(len(path), bool)
    found[there] = hole[rows[there], columns[there]]
    return found


def _continued(path: Path, hole: Hole, outside: float) -> Path:
    """The path with its last end continued."""
    heading = path[-1] - path[max(0, len(path) - 1 - TANGENT)]
    length = float(np.hypot(*heading))
    if length == 0:
        return path
    within = inside(path, hole)
    beyond = len(path) - 1 - int(np.flatnonzero(within).max())  # points behind the last one in the hole
    steps = np.arange(1, int(NEAR + outside) + 2)[:, None]
    more = path[-1] + steps * (heading / length)
    more_within = inside(more, hole)
    if beyond == 0:
        if more_within[: int(NEAR)].all():
            return path
        leaves = int(np.argmin(more_within))
    else:
        leaves = 0
    again = np.flatnonzero(more_within[leaves:])
    end = leaves + max(0, int(np.ceil(outside)) - beyond)
    return np.concatenate((path, more[: min(end, leaves + int(again[0]) if again.size else end)]))


def _crossed(along: NDArray[np.float64], aside: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where a path with a point at each pixel crosses the whole numbers of one coordinate: those, and the whole numbers
    below the other coordinate there.
    """
    first, last = along[:-1], along[1:]
    line = np.ceil(np.minimum(first, last))
    crosses = line < np.maximum(first, last)
    first, last, line = first[crosses], last[crosses], line[crosses]
    share = (line - first) / (last - first)
    place = aside[:-1][crosses] + share * (aside[1:] - aside[:-1])[crosses]
    return line.astype(np.int64), np.floor(place).astype(np.int64)
