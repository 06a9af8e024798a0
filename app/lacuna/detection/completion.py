"""Outlines that a hole interrupts, completed inside it: strong edges that meet its rim, joined in pairs that fit.

Two edges fit if a smooth curve leads from one to the other and what lies left and right of both is alike; on one side
is enough if the line is nearly straight, as what a roof stands out from may change along it. The cost of
bending is that of Sharon, Brandt and Basri, Completion energies and scale, 2000: an arc costs less than an S. Which
structures continue behind a hole is the question of Xiong et al., Foreground-aware image inpainting, 2019, who ask a
network; this needs none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.edges import canny, gradient, grey_values, smoothed
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Hole

AROUND = 48  # pixels around the hole's box that are looked at
LARGEST = 640  # pixels: a longer box is looked at at a smaller size
NEAR = 4.5  # pixels from the rim at which an edge meets it: beside a hole none is found
BACK = 16  # pixels along an edge that say where it is heading
SHORTEST = 10  # pixels along an edge before it meets the rim
ASIDE = (2, 3, 4, 5)  # pixels beside an edge where its two colours are
BEND = 0.45  # radians of bending that halve the trust, roughly
UNLIKE = 0.35  # of the step across an edge: by so much colours may differ
ONE_SIDE, UNLIKE_ONE_SIDE, STRAIGHT = 0.8, 0.2, 0.2  # trust in, and bounds of, lines that are alike on one side alone
STEP = 0.15  # of white: a step across an edge that is trusted wholly
FAR, LEAST = 160.0, 0.4  # pixels: a gap so long is trusted by a third, and none by less than so much
STEEPEST = math.radians(70)  # between an edge and the straight way to its partner
SURE = 0.3  # the confidence from which on a line is worth a look: on photos four of five are right
MOST = 24

Pixels = NDArray[np.float32]
Curve = NDArray[np.float64]  # (n, 2): x, y


@dataclass(frozen=True)
class Completion:
    """A line through the hole, from known edge to known edge: `points` (x, y), `confidence` 0 to 1."""

    points: tuple[tuple[float, float], ...]
    confidence: float


@dataclass(frozen=True, eq=False)
class Crossing:
    """Where an edge meets the hole: its end, its direction there (of length 1, into the hole), its colours."""

    at: NDArray[np.float64]
    heading: NDArray[np.float64]
    left: NDArray[np.float64]
    right: NDArray[np.float64]

    @property
    def step(self) -> float:
        return float(np.linalg.norm(self.left - self.right))


@dataclass(frozen=True, eq=False)
class Joined:
    """Two crossings as one line: how far that is to be trusted, 0 to 1, and the way from one to the other."""

    trust: float
    first: Crossing
    second: Crossing
    curve: Curve

    @property
    def ends(self) -> tuple[int, int]:
        return id(self.first), id(self.second)


def completions(
    pixels: NDArray[Any], hole: Hole, white: float, *, check: Callable[[], None] = lambda: None
) -> tuple[Completion, ...]:
    """Lines that are likely to run behind `hole` (h, w) of a picture (h, w, 3), the surest first, `MOST` at the most.

    No two of them cross or share an end. What the picture shows in the hole is not looked at. `check` may end it.
    """
    box = bounds(hole)
    if box.empty:
        return ()
    scale = max(1.0, max(box.height, box.width) / LARGEST)
    view = box.pad(round(AROUND * scale)).clip(hole.shape)
    shown, gap = _smaller(pixels[view.slices], hole[view.slices], scale)
    shown = np.clip(shown / np.float32(white), 0, 1, dtype=np.float32)
    check()
    joined = []
    for together in crossings(shown, gap):
        for number, first in enumerate(together):
            check()
            for second in together[number + 1 :]:
                trust = _trust(first, second)
                if trust > SURE / 4 and _within(curve := _curve(first, second), gap):
                    joined.append(Joined(trust, first, second, curve))
    return tuple(
        Completion(tuple((float(x) * scale + view.x0, float(y) * scale + view.y0) for x, y in few(curve)), confidence)
        for confidence, curve in islice(_chosen(joined), MOST)
    )


def few(curve: NDArray[np.float64]) -> NDArray[np.float64]:
    """The curve with as few points as stay half a pixel near to it, that it can be changed by."""
    import cv2

    return np.asarray(cv2.approxPolyDP(curve.astype(np.float32).reshape(-1, 1, 2), 0.5, False).reshape(-1, 2))


def crossings(pixels: Pixels, hole: Hole) -> list[list[Crossing]]:
    """Where edges of the known part meet the hole, if they are long enough to say where they are heading.

    Those that meet the same connected part of it are together.
    """
    import cv2

    known = ~hole
    grey = grey_values(pixels)
    edges = canny(grey, known)
    away, nearest = cv2.distanceTransformWithLabels(
        known.view(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_CCOMP
    )
    down, right = gradient(smoothed(grey, known, 1.0))
    ends = edges & (away <= NEAR)
    count, labels = cv2.connectedComponents(ends.view(np.uint8), connectivity=8)
    found: dict[int, list[Crossing]] = {}
    places = np.argwhere(ends)
    order = np.lexsort((away[ends], labels[ends]))
    firsts = order[np.searchsorted(labels[ends][order], np.arange(1, count))]  # of each the pixel nearest to the hole
    for y, x in places[firsts].tolist():
        path = _path(edges, (y, x), away)
        if len(path) >= SHORTEST:
            crossing = _crossing(path, pixels, known, down, right)
            if crossing is not None:
                found.setdefault(int(nearest[y, x]), []).append(crossing)
    return list(found.values())


def _smaller(pixels: NDArray[Any], hole: Hole, scale: float) -> tuple[NDArray[Any], Hole]:
    """Both at a smaller size, where what holds anything of the hole is hole."""
    import cv2

    if scale == 1.0:
        return pixels, hole
    size = (max(1, round(hole.shape[1] / scale)), max(1, round(hole.shape[0] / scale)))
    known = cv2.resize((~hole).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)), np.asarray(known) < 0.999


def _path(edges: Hole, start: tuple[int, int], away: NDArray[Any]) -> Curve:
    """The pixels of an edge from the rim outwards (x, y), the way that leads farthest from the hole."""
    path, seen = [start], {start}
    while len(path) < BACK:
        y, x = path[-1]
        beside = [
            (y + dy, x + dx)
            for dy in (-1, 0, 1)
            for dx in (-1, 0, 1)
            if (y + dy, x + dx) not in seen
            and 0 <= y + dy < edges.shape[0]
            and 0 <= x + dx < edges.shape[1]
            and edges[y + dy, x + dx]
        ]
        if not beside:
            break
        seen.update(beside)
        path.append(max(beside, key=lambda place: float(away[place])))
    return np.array([(x + 0.5, y + 0.5) for y, x in path])


def _crossing(
    path: NDArray[np.float64],
    pixels: Pixels,
    known: Hole,
    down: NDArray[np.float64],
    right: NDArray[np.float64],
) -> Crossing | None:
    """The end of a path, seen as heading the way of a straight line laid through it."""
    middle = path.mean(axis=0)
    _values, vectors = np.linalg.eigh(np.cov((path - middle).T))
    heading = vectors[:, 1]
    if heading @ (path[0] - path[-1]) < 0:
        heading = -heading
    off = (path - middle) @ np.array((-heading[1], heading[0]))
    if np.abs(off).max() > 2.5:  # it turns: nobody can say where to
        return None
    sides = []
    for side in (1, -1):  # left of the heading, y pointing down, is (y, -x)
        normal = side * np.array((heading[1], -heading[0]))
        places = np.floor(path[:, None] + normal * np.array(ASIDE)[None, :, None]).astype(int).reshape(-1, 2)
        inside = (places >= 0).all(axis=1) & (places < (known.shape[1], known.shape[0])).all(axis=1)
        places = places[inside]
        places = places[known[places[:, 1], places[:, 0]]]
        if len(places) < SHORTEST:
            return None
        sides.append(np.median(pixels[places[:, 1], places[:, 0]], axis=0).astype(np.float64))
    return Crossing(path[0], heading, sides[0], sides[1])


def _trust(first: Crossing, second: Crossing) -> float:
    """How well two crossings are one line, 0 to 1."""
    way = second.at - first.at
    length = float(np.hypot(*way))
    if length < SHORTEST:
        return 0.0
    leaving, arriving = _turn(way, first.heading), _turn(-second.heading, way)
    if max(abs(leaving), abs(arriving)) > STEEPEST:
        return 0.0
    bending = leaving**2 + arriving**2 - leaving * arriving
    apart = np.array([np.linalg.norm(first.left - second.right), np.linalg.norm(first.right - second.left)])
    step = min(first.step, second.step)
    if step <= 0:
        return 0.0
    alike = max(
        _fall(apart.mean() / step, UNLIKE),
        ONE_SIDE * _fall(apart.min() / step, UNLIKE_ONE_SIDE) * _fall(math.sqrt(bending), STRAIGHT),
    )
    return _fall(math.sqrt(bending), BEND) * alike * min(1.0, step / STEP) * max(LEAST, math.exp(-length / FAR))


def _fall(value: float, width: float) -> float:
    """1 at 0, and 0.6 at `width`: a bell."""
    return math.exp(-((float(value) / width) ** 2) / 2)


def _turn(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """The angle from one direction to the other, -pi to pi."""
    return math.atan2(float(a[0] * b[1] - a[1] * b[0]), float(a @ b))


def _curve(first: Crossing, second: Crossing) -> Curve:
    """A cubic from one to the other that leaves and arrives as they are heading, (n, 2)."""
    length = float(np.hypot(*(second.at - first.at)))
    t = np.linspace(0, 1, max(3, round(length / 4)))[:, None]
    h00, h10, h01, h11 = 2 * t**3 - 3 * t**2 + 1, t**3 - 2 * t**2 + t, -2 * t**3 + 3 * t**2, t**3 - t**2
    leaves, arrives = length * first.heading, -length * second.heading
    return np.asarray(h00 * first.at + h10 * leaves + h01 * second.at + h11 * arrives)


def _within(curve: Curve, hole: Hole) -> bool:
    """Does it stay in the hole, but for its ends?"""
    columns, rows = np.floor(curve).astype(int).T
    there = (rows >= 0) & (rows < hole.shape[0]) & (columns >= 0) & (columns < hole.shape[1])
    if not there.all():
        return False
    outside = np.flatnonzero(~hole[rows, columns])
    steps = np.hypot(*np.diff(curve, axis=0).T)
    along = np.concatenate(([0.0], np.cumsum(steps)))
    return bool((np.minimum(along[outside], along[-1] - along[outside]) <= 2 * NEAR).all())


def _chosen(joined: list[Joined]) -> Iterator[tuple[float, Curve]]:
    """Pairs that are each other's best, less sure where another would do nearly as well; none crosses a surer one."""
    trusts: dict[int, list[float]] = {}
    for pair in joined:
        for end in pair.ends:
            trusts.setdefault(end, []).append(pair.trust)
    rated = []
    for pair in joined:
        ranked = [sorted(trusts[end], reverse=True) for end in pair.ends]
        if all(best[0] == pair.trust for best in ranked):
            rival = max(best[1] if len(best) > 1 else 0.0 for best in ranked)
            rated.append((pair.trust * (1 - rival / pair.trust / 2), pair.curve))
    taken: list[Curve] = []
    for confidence, curve in sorted(rated, key=lambda each: -each[0]):
        if confidence >= SURE and not any(_cross(curve, other) for other in taken):
            taken.append(curve)
            yield confidence, curve


def _cross(one: Curve, other: Curve) -> bool:
    """Do two lines of straight pieces cross?"""
    a, b, c, d = one[:-1, None], one[1:, None], other[None, :-1], other[None, 1:]

    def side(p: Curve, q: Curve, r: Curve) -> Curve:
        along, to = q - p, r - p
        return np.asarray(along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0])

    return bool(((side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)).any())
