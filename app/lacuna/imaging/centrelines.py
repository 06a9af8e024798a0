"""Lines that were painted, as polylines along their middles."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.photo import Hole
from lacuna.imaging.polylines import Polyline

Pixel = tuple[int, int]  # (y, x)

AROUND = ((-1, 0), (0, 1), (1, 0), (0, -1), (-1, 1), (1, 1), (1, -1), (-1, -1))  # straight ones first
STRAIGHT = 0.75  # pixels by which a polyline may leave the middle, and the share of a width
SLACK = 0.125
SHORTEST = 3  # pixels; what is shorter beside a crossing is a spur that thinning left


def centrelines(marks: Hole) -> list[Polyline]:
    """Polylines along the middles of what `marks` (h, w) shows, each as wide as its mark, from end or crossing to the
    next; a dot is a line of one point twice.
    """
    import cv2

    count, labels, boxes, _middles = cv2.connectedComponentsWithStats(marks.view(np.uint8), connectivity=8)
    found: list[Polyline] = []
    for label in range(1, count):
        x, y, width, height = boxes[label, :4]
        alone = np.pad(labels[y : y + height, x : x + width] == label, 1)
        # Distances count from the middle of the nearest pixel outside: half a pixel beyond the mark's border.
        depth = cv2.distanceTransform(alone.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        thin = thinned(alone)
        for path in _paths(thin):
            wide = max(1.0, 2 * float(np.median([depth[place] for place in path])) - 1)
            found.append(Polyline(_smoothed(path, y - 1, x - 1, max(STRAIGHT, SLACK * wide)), wide))
    return found


def widest(marks: Hole) -> float:
    """How wide marks (h, w) are at the most, in pixels; 0 without any."""
    import cv2

    depth = cv2.distanceTransform(np.pad(marks, 1).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return max(0.0, 2 * float(depth.max()) - 1)


def thinned(marks: Hole) -> Hole:
    """What is left of marks when their borders are taken away as long as nothing comes apart or grows shorter.

    Guo and Hall, Parallel thinning with two-subiteration algorithms, Communications of the ACM 1989, which leaves the
    ends of slanting lines. Only marked pixels are looked at.
    """
    thin = np.pad(marks, 1)
    flat, width = thin.reshape(-1), thin.shape[1]
    ring = np.array((-width, 1 - width, 1, width + 1, width, width - 1, -1, -width - 1))  # from above, clockwise
    there = np.flatnonzero(flat)
    while True:
        before = len(there)
        for first in (True, False):
            n, ne, e, se, s, sw, w, nw = flat[there[:, None] + ring].T
            parts = sum((~a & (b | c)).astype(np.int8) for a, b, c in ((n, ne, e), (e, se, s), (s, sw, w), (w, nw, n)))
            pairs = sum((a | b).astype(np.int8) for a, b in ((nw, n), (ne, e), (se, s), (sw, w)))
            others = sum((a | b).astype(np.int8) for a, b in ((n, ne), (e, se), (s, sw), (w, nw)))
            beside = np.minimum(pairs, others)
            kept = (n | ne | ~se) & e if first else (s | sw | ~nw) & w
            goes = (parts == 1) & (beside >= 2) & (beside <= 3) & ~kept
            flat[there[goes]] = False
            there = there[~goes]
        if len(there) == before:
            return thin[1:-1, 1:-1]


def _paths(thin: Hole) -> Iterator[list[Pixel]]:
    """The pixels of thin lines in order, from end or crossing to the next; closed ones begin and end at one pixel."""
    left = {(int(y), int(x)) for y, x in np.argwhere(thin)}
    near = {place: _near(place, left) for place in left}
    ends = [place for place, others in near.items() if len(others) != 2]
    walked: set[frozenset[Pixel]] = set()
    for start in (*ends, *near):
        for other in near[start]:
            if frozenset((start, other)) in walked:
                continue
            path = [start, other]
            walked.add(frozenset(path))
            while len(near[path[-1]]) == 2 and path[-1] != start:
                following = next(place for place in near[path[-1]] if place != path[-2])
                walked.add(frozenset((path[-1], following)))
                path.append(following)
            if len(path) >= SHORTEST or not any(len(near[end]) > 2 for end in (start, path[-1])):
                yield path
    for place, others in near.items():
        if not others:
            yield [place, place]


def _near(place: Pixel, there: set[Pixel]) -> list[Pixel]:
    """Its neighbours; not across a corner that a straight neighbour takes already."""
    y, x = place
    straight = [(y + dy, x + dx) for dy, dx in AROUND[:4] if (y + dy, x + dx) in there]
    found = list(straight)
    for dy, dx in AROUND[4:]:
        if (y + dy, x + dx) in there and (y + dy, x) not in straight and (y, x + dx) not in straight:
            found.append((y + dy, x + dx))
    return found


def _smoothed(path: list[Pixel], down: int, across: int, most: float) -> tuple[tuple[float, float], ...]:
    """The middles of pixels with as few points as stay `most` near to all, (x, y) in image coordinates."""
    import cv2

    points: NDArray[np.int32] = np.array([(x + across, y + down) for y, x in path], np.int32)
    few = cv2.approxPolyDP(points.reshape(-1, 1, 2), most, False).reshape(-1, 2)
    if len(few) == 1 or (
        len(path) > 2 and path[0] == path[-1]
    ):  # of a ring the end, which is its beginning, is left out
        few = np.vstack([few, few[:1]])
    return tuple((float(x) + 0.5, float(y) + 0.5) for x, y in few)
