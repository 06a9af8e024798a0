"""What a fill by patch priority remembers between two steps.

Pixels are named by their flat index in rows of `width`, longer than the picture's by what a block of candidates may
reach beyond its end. All but the sources, their sums and `known` is zero where nothing was filled: memory that a fill
never touches is never taken.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NONE = 2**62
MIDDLE = 128  # what stands in `State.beside` far from lines, and on one

# Places in `State.numbers`.
FRONT, FILLED, TARGET, CURSOR, BLOCKS, LOOKS, STRIPS, TOP, LEFT, HEIGHT, WIDTH, RANDOM = range(12)
# y0, x0, y1, x1 of what was filled since it was last asked for:
CHANGED_TOP, CHANGED_LEFT, CHANGED_BOTTOM, CHANGED_RIGHT = range(12, 16)


class State(NamedTuple):
    """A fill that can be left and taken up again."""

    height: int
    columns: int
    width: int  # columns and a margin
    radius: int  # of the patch that is compared
    core: int  # radius of the part of it that is copied
    reach: int  # how far from the target sources are looked for
    floor: float  # added to the data term
    guesses: int  # how often sources are drawn at random, from far to near, instead of the exact search; 0 for that
    rgb: NDArray[np.uint8]  # (height * width * 3): known and filled pixels, 0 in the hole
    known: NDArray[np.uint8]  # 1 where known or filled
    sums: NDArray[np.float32]  # PLANES planes, flat
    refused: NDArray[np.float32]  # 0 for the centre of a source, else REFUSED
    sources: NDArray[np.int32]  # (height, width + 1), flat: sources of a row before each column
    confidence: NDArray[np.float64]  # of filled pixels; that of the picture's own is 1
    priority: NDArray[np.float64]  # of the front
    came_from: NDArray[np.int32]  # source of a filled pixel and 1, else 0
    echoes: NDArray[np.int32]  # where the like of a pixel near the hole lies and 1, else 0; empty without guesses
    beside: NDArray[np.uint8]  # what a line says of the pixels near it, MIDDLE elsewhere; empty without lines
    film: NDArray[np.uint8]  # (height * width * 3): a soft fill of the hole along lines; empty without lines
    urgent: NDArray[np.uint8]  # 1 on a line, else 0; empty without lines
    along: NDArray[np.int32]  # known pixels near lines
    heap: NDArray[np.int32]  # the front, the highest priority on top
    place: NDArray[np.int32]  # where in the heap a pixel stands and 1, else 0
    looks: NDArray[np.int64]  # places in `sums`, counted from a candidate's centre
    wanted: NDArray[np.float32]  # what the target has there
    pixels: NDArray[np.float32]  # (side, a multiple of STRIP): the target's numbers
    counts: NDArray[np.float32]  # 1 where they are known
    strips: NDArray[np.int64]  # strips with known numbers, counted from a candidate's upper left number
    strip_pixels: NDArray[np.float32]  # (n, STRIP)
    strip_counts: NDArray[np.float32]
    order: NDArray[np.int32]  # rows of the search, from its top
    best: NDArray[np.int64]  # sum, squared distance and centre of the best source so far
    numbers: NDArray[np.int64]
