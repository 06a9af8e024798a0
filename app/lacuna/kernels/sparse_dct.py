"""Thin marks filled so that the picture around them stays simple in its frequencies: lines and texture run on.

Guleryuz, "Nonlinear approximation-based image recovery using adaptive sparse reconstructions and iterated denoising",
2006: blocks over the hole are transformed, coefficients below a threshold are dropped, and what the blocks say of each
unknown pixel is averaged; the threshold falls from round to round. Different here: one grid of blocks a round, moved
from round to round, thresholds that rise with the frequency, and steps longer than the average asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.kernels.block_votes import SIDE, vote
from lacuna.kernels.compiled import compiled, compiled_fast, inlined

STRIDE = 4  # of the grid of blocks
ROUNDS = 14
FIRST, LAST = 60.0, 4.0  # thresholds of the first and the last round, of 255, for an orthonormal transform
THRESHOLDS = np.geomspace(FIRST, LAST, ROUNDS)
STEP = np.float32(1.5)  # of the way from the old value to the blocks' average
CALL = 50_000  # blocks in one call of the kernel: some 20 ms
HEED = 64  # pixels that take as long to go over as a block


def continue_across(
    plane: NDArray[np.float32],
    hole: NDArray[np.bool_],
    white: float,
    at: Callable[[float], None] = lambda fraction: None,
) -> NDArray[np.float32]:
    """`plane` (h, w) with the pixels of `hole` made anew; they have to be filled smoothly already.

    Known pixels farther than SIDE from the hole do not matter. `white` is the value of white. `at` is told how much is
    done, at least every 50 ms.
    """
    shape = plane.shape[0] + 2 * SIDE, plane.shape[1] + 2 * SIDE
    padded, unknown = np.empty(shape, np.float32), np.empty(shape, np.bool_)
    sums = np.zeros((shape[0] + 1, shape[1] + 1), np.int32)
    _lay_out(plane, hole, _mirrored(plane.shape[0]), _mirrored(plane.shape[1]), padded, unknown, sums)
    total, weight = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    thresholds = (THRESHOLDS * (white / 255)).astype(np.float32)
    number, row = 0, 0
    while number < ROUNDS:
        at((number + row * STRIDE / shape[0]) / ROUNDS)
        number, row = _go_on(padded, unknown, sums, thresholds, number, row, CALL, total, weight)
    return np.ascontiguousarray(padded[SIDE:-SIDE, SIDE:-SIDE])


def _mirrored(side: int) -> NDArray[np.intp]:
    """Which of `side` pixels stands at each place of a padded row: beyond the border they are mirrored."""
    around = np.arange(-SIDE, side + SIDE) % (2 * side)
    return np.minimum(around, 2 * side - 1 - around)


@compiled
def _lay_out(plane: Any, hole: Any, rows: Any, columns: Any, padded: Any, unknown: Any, sums: Any) -> None:
    """The padded planes, and for each place how many unknown pixels lie above it and to its left."""
    for y in range(padded.shape[0]):
        row = rows[y]
        held = 0
        for x in range(padded.shape[1]):
            column = columns[x]
            padded[y, x] = plane[row, column]
            unknown[y, x] = hole[row, column]
            held += hole[row, column]
            sums[y + 1, x + 1] = sums[y, x + 1] + held


@inlined
def _holds_unknown(sums: Any, y: int, x: int) -> bool:
    held: bool = sums[y + SIDE, x + SIDE] - sums[y + SIDE, x] - sums[y, x + SIDE] + sums[y, x] > 0
    return held


@compiled
def _go_on(
    plane: Any,
    unknown: Any,
    sums: Any,
    thresholds: Any,
    number: int,
    row: int,
    call: int,
    total: Any,
    weight: Any,
) -> tuple[int, int]:
    """Rounds from the row `row` of blocks of round `number` on, until about `call` blocks are done; where to go on."""
    done = 0
    while number < thresholds.shape[0] and done < call:
        # Steps of 5 and 7 visit ways to lay the grid that are far from each other, and none twice.
        dy, dx = number * 5 % STRIDE, (number * 7 + number // STRIDE) % STRIDE
        y = row * STRIDE + dy
        if y < sums.shape[0] - SIDE:
            for x in range(dx, sums.shape[1] - SIDE, STRIDE):
                if _holds_unknown(sums, y, x):
                    vote(plane, y, x, thresholds[number], total, weight)
                    done += 1
            row += 1
        else:
            _heed(plane, unknown, total, weight)
            done += plane.size // HEED
            number, row = number + 1, 0
    return number, row


@compiled_fast
def _heed(plane: Any, unknown: Any, total: Any, weight: Any) -> None:
    """Move each unknown pixel towards what the blocks say of it; empty the votes."""
    for y in range(plane.shape[0]):
        for x in range(plane.shape[1]):
            if unknown[y, x] and weight[y, x] > 0:
                plane[y, x] += STEP * (total[y, x] / weight[y, x] - plane[y, x])
            total[y, x] = 0.0
            weight[y, x] = 0.0
