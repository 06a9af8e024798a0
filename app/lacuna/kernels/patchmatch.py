"""The field of PatchMatch: for each patch that touches the hole, where in the known picture its like is.

Barnes, Shechtman, Finkelstein and Goldman, "PatchMatch: a randomized correspondence algorithm for structural image
editing", 2009: a good match of a neighbour is tried one step on, then places at random ever nearer to the best one.

Pictures are flat: four bytes a pixel, row after row, so that a row of a patch is 32 bytes in one piece. A place is
`y * width + x` of a patch's upper left pixel. A field holds the place of the source for each place of a target, and -1
where there is no target.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lacuna.kernels.compiled import compiled, inlined
from lacuna.kernels.patch_distance import FAR, distance, sum_up_one

Bytes = NDArray[np.uint8]
Places = NDArray[np.int32]


@inlined
def next_random(state):  # type: ignore[no-untyped-def]
    """The next number of a random sequence: Marsaglia's xorshift of 32 bits, 2003."""
    state = np.uint32(state ^ np.uint32(state << np.uint32(13)))
    state = np.uint32(state ^ np.uint32(state >> np.uint32(17)))
    return np.uint32(state ^ np.uint32(state << np.uint32(5)))


@inlined
def _near(target, source, width, apart):  # type: ignore[no-untyped-def]
    """Whether two places are less than `apart` rows and columns from each other."""
    near = False
    if apart > 0:
        rows = abs(source // width - target // width)
        near = rows < apart and abs(source % width - target % width) < apart
    return near


@compiled
def search(
    picture: Bytes,
    sums: NDArray[np.int16],
    shift: int,
    width: int,
    allowed: Bytes,
    targets: Places,
    begin: int,
    end: int,
    field: Places,
    before: Places,
    costs: Places,
    offsets: Places,
    backward: bool,
    radius: int,
    apart: int,
    seed: int,
) -> None:
    """One round over the targets `begin` to `end`, a band: `field` and `costs` become better, or stay.

    Neighbours outside the band are read from `before`, the field as it was when the round began: so the outcome does
    not depend on which band is done first. `allowed` is 1 where a patch may come from; `offsets` are distances of
    places of which some, by chance, are tried for each target. `radius` is how far the random search begins to look,
    `apart` how many rows or columns a source must at least lie away: 0 for targets in the hole, which are no sources.
    """
    state = np.uint32((seed * 747796405 + 2891336453) & 0xFFFFFFFF) | np.uint32(1)
    first, last = targets[begin], targets[end - 1]
    size = allowed.size
    height = size // width
    count = offsets.size
    step = -1 if not backward else 1
    for index in range(begin, end):
        number = index if not backward else begin + end - 1 - index
        target = targets[number]
        best = field[target]
        sum_up_one(picture, width, target, sums)
        cost = distance(picture, sums, target, best, width, shift, FAR)
        for direction in range(2):
            move = step if direction == 0 else step * width
            neighbour = target + move
            if neighbour < 0 or neighbour >= size:
                continue
            source = field[neighbour] if first <= neighbour <= last else before[neighbour]
            if source < 0:
                continue
            source = source - move
            if source < 0 or source >= size or source == best or allowed[source] == 0:
                continue
            if _near(target, source, width, apart):
                continue
            found = distance(picture, sums, target, source, width, shift, cost)
            if found < cost:
                cost, best = found, np.int32(source)
        if count:
            state = next_random(state)
            source = target + offsets[np.int64(state >> np.uint32(8)) % count]
            if (
                0 <= source < size
                and source != best
                and allowed[source] != 0
                and not _near(target, source, width, apart)
            ):
                found = distance(picture, sums, target, source, width, shift, cost)
                if found < cost:
                    cost, best = found, np.int32(source)
        reach = radius
        y = best // width
        x = best - y * width
        while reach >= 1 and cost > 0:
            state = next_random(state)
            span = 2 * reach + 1
            ny = y + ((np.int64(state & np.uint32(0xFFFF)) * span) >> 16) - reach
            nx = x + ((np.int64(state >> np.uint32(16)) * span) >> 16) - reach
            reach >>= 1
            if ny < 0 or nx < 0 or ny >= height or nx >= width:
                continue
            source = ny * width + nx
            if allowed[source] == 0 or source == best or _near(target, source, width, apart):
                continue
            found = distance(picture, sums, target, source, width, shift, cost)
            if found < cost:
                cost, best = found, np.int32(source)
                y, x = ny, nx
        field[target] = best
        costs[number] = cost
