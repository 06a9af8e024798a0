"""Which planes a picture shows, such as walls, floors and facades, and which of them goes on where in a hole.

Huang, Kang, Ahuja and Kopf, "Image completion using planar structure guidance", 2014, section 4.1: two vanishing
points make a plane's orientation, and the plane is likely where many lines run to the one and many to the other.
Where none is likely the picture is taken as it is, seen from the front.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.backends.patch_levels import Bytes, nearest_known, width_of
from lacuna.backends.vanishing import WORKED, Numbers, Vanishing, segments, vanishing_points
from lacuna.contract.progress import Progress
from lacuna.imaging.photo import Hole

SPREAD = 0.04  # of the diagonal: how far a line speaks for its plane
STEEP = 6.0  # of 255 a pixel: an edge
LEAN = 0.07  # sine of the angle by which an edge may miss a point
CHANCE = 0.09  # twice the share of edges that run towards any point
THICK = 2.5  # pixels across an edge
SHRUNK = 4  # how much smaller the maps of lines are
FRONT = 0.6  # lines of each kind within that distance that a plane must have to be likelier than none
SLANT = 0.3  # sine of the angle between the two directions below which a plane is seen too much from the side
FLAT = 1.15  # depths in and around the hole that differ by less are as good as one
HORIZON = 0.3  # of the depth at the hole's middle, inverted: beyond lies too little of the picture to speak of
SHARE = 0.1  # of the hole: a smaller part is not worth a plane of its own
FEWEST = 64  # nor one of fewer pixels

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Plane:
    """One plane: its two vanishing points (3,), in pixels of the crop, and where it lies.

    `hole` (h, w) are the pixels of the hole that it runs on through, `around` (h, w) all pixels that look like it.
    """

    points: tuple[Numbers, Numbers]
    hole: Hole
    around: NDArray[np.bool_]

    @property
    def middle(self) -> Numbers:
        """(x, y, 1) amid its part of the hole."""
        y, x = np.nonzero(self.hole)
        return np.array([x.mean(), y.mean(), 1.0])


def nearness(points: tuple[Numbers, Numbers], origin: Numbers, x: Any, y: Any) -> Any:
    """How near the plane with these vanishing points is at (x, y): 1 at `origin` (3,), 0 on the horizon."""
    line = np.cross(*points)
    return (line[0] * x + line[1] * y + line[2]) / (line @ origin)


def planes_of(cv2: Any, picture: Bytes, hole: Hole, progress: Progress) -> tuple[Plane, ...]:
    """The planes (seen at a slant) that go on in `hole`, the one with the largest part first."""
    scale = min(1.0, float(np.sqrt(WORKED / hole.size)))
    size = (max(1, round(scale * hole.shape[1])), max(1, round(scale * hole.shape[0])))
    grey = cv2.cvtColor(nearest_known(cv2, picture, hole), cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    progress.check()
    lines = segments(cv2, grey, small)
    progress.check()
    found = vanishing_points(lines, grey.shape, progress)
    spread = max(SPREAD * float(np.hypot(*small.shape)), width_of(cv2, small) / 4)
    densities = _densities(cv2, grey, small, found, spread, progress)
    back = np.array([1 / scale, 1 / scale, 1.0])  # pixels reach from 0 to 1, but for the matrices middles do
    enlarged = [_moved(point, back, 0.5 / scale - 0.5) for point in found]
    return _parts(cv2, enlarged, densities, hole)


def _moved(found: Vanishing, factor: Numbers, shift: float) -> Numbers:
    point = found.point * factor
    point[:2] += shift * point[2]
    return np.asarray(point / np.linalg.norm(point))


def _densities(
    cv2: Any, grey: Bytes, hole: Hole, found: tuple[Vanishing, ...], spread: float, progress: Progress
) -> list[Floats]:
    """For each point, (h, w): how many lines that run towards it pass within `spread` pixels of what is known there.

    Its segments count, and single pixels of edges: those of bricks are too short to be found as segments. Of pixels
    counts what is more than chance, so that grass, which has edges of every direction, counts for nothing.
    """
    dx, dy = (cv2.Sobel(grey, cv2.CV_32F, 1 - axis, axis, scale=1 / 8) for axis in (0, 1))
    steep = np.hypot(dx, dy)
    known = cv2.dilate(hole.view(np.uint8), np.ones((3, 3), np.uint8)) == 0
    edge = (steep >= STEEP) & known
    y, x = np.nonzero(edge)
    dx, dy, steep = dx[edge], dy[edge], steep[edge]

    size = max(1, hole.shape[1] // SHRUNK), max(1, hole.shape[0] // SHRUNK)

    def blurred(plane: Any) -> Floats:  # smaller, since a blur leaves nothing that is as small
        progress.check()
        small = cv2.resize(plane.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.GaussianBlur(small, (0, 0), spread / SHRUNK, borderType=cv2.BORDER_CONSTANT), np.float32)

    counts, edges = np.maximum(blurred(known), 1e-3), blurred(edge)
    densities = []
    for each in found:
        way = each.point[0] - each.point[2] * x, each.point[1] - each.point[2] * y
        towards = np.zeros(hole.shape, bool)
        towards[y, x] = np.abs(dx * way[0] + dy * way[1]) <= LEAN * steep * np.hypot(*way)
        single = np.maximum(blurred(towards) - CHANCE * edges, 0) / THICK
        drawn = np.zeros(hole.shape, np.float32)
        for x0, y0, x1, y1 in np.rint(each.segments).astype(int).tolist():
            cv2.line(drawn, (x0, y0), (x1, y1), 1.0)
        densities.append(np.asarray(spread * (single + blurred(drawn * known)) / counts, np.float32))
    return densities


def _parts(cv2: Any, points: list[Numbers], densities: list[Floats], hole: Hole) -> tuple[Plane, ...]:
    """The planes of all pairs of points, each with the pixels where it is likelier than the others."""
    y, x = np.mgrid[: hole.shape[0], : hole.shape[1]].astype(np.float32)
    hypotheses: list[tuple[tuple[Numbers, Numbers], NDArray[np.bool_]]] = []
    scores: list[Floats] = []
    for one, other in combinations(range(len(points)), 2):
        pair = points[one], points[other]
        small = densities[one] * densities[other]
        score = cv2.resize(small, hole.shape[::-1], interpolation=cv2.INTER_LINEAR)
        line = np.cross(*pair)
        side = line[0] * x + line[1] * y + line[2] > 0
        for here in (side, ~side):  # a floor and a ceiling are two
            if (hole & here).any():
                hypotheses.append((pair, here))
                scores.append(np.where(here, score, 0))
    if not scores:
        return ()
    winner, any_plane = np.argmax(scores, axis=0), np.sum(scores, axis=0) > FRONT**2  # each is half at their seam
    planes = []
    for number, (pair, _here) in enumerate(hypotheses):
        around = (winner == number) & any_plane
        part = hole & around
        if np.count_nonzero(part) < max(FEWEST, SHARE * np.count_nonzero(hole)):
            continue
        plane = Plane(pair, part, around)
        part &= nearness(pair, plane.middle, x, y) > HORIZON
        if part.any() and _slanted(plane):
            planes.append(plane)
    return tuple(sorted(planes, key=lambda plane: -np.count_nonzero(plane.hole)))


def _slanted(plane: Plane) -> bool:
    """Whether rectifying it changes more than a shear does, and is not hopeless."""
    middle = plane.middle
    ways = [point[:2] - point[2] * middle[:2] for point in plane.points]
    lengths = [float(np.hypot(*way)) for way in ways]
    if abs(ways[0][0] * ways[1][1] - ways[0][1] * ways[1][0]) < SLANT * lengths[0] * lengths[1]:
        return False
    y, x = np.nonzero(plane.hole)
    corners_y = np.array([y.min(), y.max(), y.min(), y.max()])
    corners_x = np.array([x.min(), x.min(), x.max(), x.max()])
    depths = nearness(plane.points, middle, corners_x, corners_y)
    return bool(depths.max() > FLAT * max(depths.min(), 1e-6))
