"""Straight edges of a picture, and the points in which those that are parallel in space seem to meet.

Points are homogeneous, (x, y, w) in pixels: w is 0 for lines that are parallel in the picture too. Candidates are
meetings of two segments (random sample consensus, Fischler and Bolles, 1981), and each gets the votes of the segments
that run towards it, by their lengths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.progress import Progress
from lacuna.imaging.photo import Hole

WORKED = 400_000  # pixels: larger pictures are reduced to that, which takes the noise out of their edges too
SHORTEST = 8.0  # pixels at the working size: shorter segments say too little of their direction
HEARD = 600  # segments whose votes decide between candidates, drawn by chance where there are more
POINTS = 3  # as many as a built scene usually has
CANDIDATES = 3000
CHUNK = 500  # candidates at a time: some 10 ms
AIM = 1.0  # pixels at the working size: how far from a segment's end the line to its vanishing point may pass
TILT = 0.05  # and the sine of the angle between them, for short segments
FEWEST = 10  # segments that make a vanishing point
SHARE = 0.12  # of all length that is not used yet; one direction in thirty is what chance gives
SAME = 0.2  # sine of the angle below which two points are one, seen from all over the picture
REFINED = 6  # rounds

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Vanishing:
    """A vanishing point (3,) and the `segments` (n, 4), as x0, y0, x1, y1, that run towards it."""

    point: Numbers
    segments: Numbers


def segments(cv2: Any, grey: NDArray[np.uint8], hole: Hole) -> Numbers:
    """(n, 4) the straight edges of the known part of `grey`. `grey` may hold anything in the hole."""
    # at its own size: reduced by 0.8, as usual, the ends of short edges lean. Some 50 ms, that cannot be stopped.
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_NONE, 1.0).detect(grey)[0]
    if found is None:
        return np.zeros((0, 4))
    lines = found.reshape(-1, 4).astype(np.float64)
    lengths = np.hypot(lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1])
    lines = lines[lengths >= SHORTEST]
    near = cv2.dilate(hole.view(np.uint8), np.ones((5, 5), np.uint8))
    at = np.linspace(0, 1, 9)
    xs = np.rint(lines[:, :1] + at * (lines[:, 2:3] - lines[:, :1])).astype(int).clip(0, grey.shape[1] - 1)
    ys = np.rint(lines[:, 1:2] + at * (lines[:, 3:] - lines[:, 1:2])).astype(int).clip(0, grey.shape[0] - 1)
    return np.asarray(lines[near[ys, xs].mean(axis=1) < 0.25])


def vanishing_points(lines: Numbers, shape: tuple[int, int], progress: Progress) -> tuple[Vanishing, ...]:
    """Up to `POINTS` of them, the best supported first, for segments (n, 4) of a picture of `shape` (height, width)."""
    scale = np.hypot(*shape) / 2
    middle = np.array([shape[1] / 2, shape[0] / 2])
    random = np.random.default_rng(0)  # of its own: the points belong to the picture, not to a seed
    rest = _Bundle.of((lines.reshape(-1, 2, 2) - middle) / scale)
    tolerance = AIM / scale
    found: list[Vanishing] = []
    points: list[Numbers] = []
    while len(found) < POINTS and rest.lengths.size >= FEWEST:
        point, members = _best(rest, tolerance, random, progress)
        if members.sum() < FEWEST or rest.lengths[members].sum() < SHARE * rest.lengths.sum():
            break
        if not any(_alike(point, other) for other in points):
            points.append(point)
            ends = rest.ends[members].reshape(-1, 4) * scale + np.tile(middle, 2)
            found.append(Vanishing(_unconditioned(point, middle, scale), ends))
        rest = rest.only(~members)
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Bundle:
    """Segments as `ends` (n, 2, 2), with what is asked of them again and again; about -1 to 1."""

    ends: Numbers
    middles: Numbers  # (n, 2)
    ways: Numbers  # (n, 2) of length 1
    lengths: Numbers
    lines: Numbers  # (n, 3), whose first two are of length 1

    @staticmethod
    def of(ends: Numbers) -> _Bundle:
        along = ends[:, 1] - ends[:, 0]
        lengths = np.hypot(along[:, 0], along[:, 1])
        ways, middles = along / lengths[:, None], ends.mean(axis=1)
        normals = np.stack([-ways[:, 1], ways[:, 0]], axis=1)
        lines = np.concatenate([normals, -(normals * middles).sum(axis=1, keepdims=True)], axis=1)
        return _Bundle(ends, middles, ways, lengths, lines)

    def only(self, kept: NDArray[Any]) -> _Bundle:
        return _Bundle(*(part[kept] for part in (self.ends, self.middles, self.ways, self.lengths, self.lines)))

    def towards(self, points: Numbers, tolerance: float) -> NDArray[np.bool_]:
        """(m, n): which segments run towards which of `points` (m, 3)."""
        x = points[:, :1] - points[:, 2:] * self.middles[:, 0]
        y = points[:, 1:2] - points[:, 2:] * self.middles[:, 1]
        across = np.abs(self.ways[:, 0] * y - self.ways[:, 1] * x)
        return np.asarray(across <= np.minimum(TILT, 2 * tolerance / self.lengths) * np.hypot(x, y))


def _best(
    bundle: _Bundle, tolerance: float, random: np.random.Generator, progress: Progress
) -> tuple[Numbers, NDArray[np.bool_]]:
    """The point (3,) that most of the length runs towards, and which segments (n,) do."""
    count = bundle.lengths.size
    share = bundle.lengths / bundle.lengths.sum()
    heard = bundle.only(random.permutation(count)[:HEARD])
    best, most = np.array([1.0, 0.0, 0.0]), -1.0
    for _chunk in range(0, CANDIDATES, CHUNK):
        progress.check()
        one, other = random.choice(count, (2, CHUNK), p=share)
        meetings = np.cross(bundle.lines[one], bundle.lines[other])
        size = np.linalg.norm(meetings, axis=1)
        meetings = meetings[size > 1e-9] / size[size > 1e-9, None]
        if not len(meetings):
            continue
        votes = heard.towards(meetings, tolerance) @ heard.lengths
        if votes.max() > most:
            best, most = meetings[votes.argmax()], votes.max()
    members = bundle.towards(best[None], tolerance)[0]
    for _round in range(REFINED):
        better = _fitted(bundle.only(members), best)
        now = bundle.towards(better[None], tolerance)[0]
        if bundle.lengths[now].sum() < bundle.lengths[members].sum():
            break
        best, members = better, now
    return best, members


def _fitted(bundle: _Bundle, near: Numbers) -> Numbers:
    """The point with the least squared angles to the segments of `bundle`, by one reweighted step from `near`."""
    far = np.hypot(*(near[:2, None] - near[2] * bundle.middles.T))
    weighted = bundle.lines * (bundle.lengths / np.maximum(far, 1e-6))[:, None]
    return np.asarray(np.linalg.eigh(weighted.T @ weighted)[1][:, 0])


def _alike(one: Numbers, other: Numbers) -> bool:
    """Whether two points lie in the same direction, as seen from the middle and the corners of the picture."""
    seen_from = np.array([[0.0, 0.0], [-0.7, -0.7], [-0.7, 0.7], [0.7, -0.7], [0.7, 0.7]])
    ways = [point[:2] - point[2] * seen_from for point in (one, other)]
    sines = np.abs(ways[0][:, 0] * ways[1][:, 1] - ways[0][:, 1] * ways[1][:, 0])
    return bool((sines < SAME * np.hypot(*ways[0].T) * np.hypot(*ways[1].T)).all())


def _unconditioned(point: Numbers, middle: Numbers, scale: float) -> Numbers:
    return np.array([*(scale * point[:2] + middle * point[2]), point[2]])
