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

from lacuna.kernels.compiled import compiled, compiled_fast, inlined

SIDE = 16  # of a block
STRIDE = 4  # of the grid of blocks
ROUNDS = 14
FIRST, LAST = 60.0, 4.0  # thresholds of the first and the last round, of 255, for an orthonormal transform
STEP = 1.5  # of the way from the old value to the blocks' average
CALL = 10_000  # blocks in one call of the kernel: some 20 ms


def _cosines() -> NDArray[np.float32]:
    """The orthonormal cosine transform of SIDE values, as the upper halves of its rows: the rest mirrors them."""
    k, n = np.mgrid[:SIDE, : SIDE // 2]
    rows = np.sqrt(2 / SIDE) * np.cos(np.pi * (2 * n + 1) * k / (2 * SIDE))
    rows[0] = np.sqrt(1 / SIDE)
    return rows.astype(np.float32)


COSINES = _cosines()
# Photographs have less to say at high frequencies: what is found there is more often the hole's edge than the picture.
RISE = (1 + np.hypot(*np.mgrid[:SIDE, :SIDE]) / SIDE).astype(np.float32)
# The middle of a block is known best: what it says at its border counts less.
WINDOW = np.outer(np.kaiser(SIDE, 2), np.kaiser(SIDE, 2)).astype(np.float32)


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
    padded = np.pad(plane, SIDE, mode="symmetric")
    unknown = np.pad(hole, SIDE, mode="symmetric")
    sums = np.zeros((unknown.shape[0] + 1, unknown.shape[1] + 1), np.int32)
    np.cumsum(np.cumsum(unknown, axis=0, dtype=np.int32), axis=1, out=sums[1:, 1:])
    total, weight = np.zeros_like(padded), np.zeros_like(padded)
    scratch = np.empty((2, SIDE, SIDE), np.float32)
    for number, threshold in enumerate(np.geomspace(FIRST, LAST, ROUNDS)):
        # Steps of 5 and 7 visit ways to lay the grid that are far from each other, and none twice.
        dy, dx = number * 5 % STRIDE, (number * 7 + number // STRIDE) % STRIDE
        blocks = np.empty((_count_blocks(sums, dy, dx), 2), np.int32)
        _find_blocks(sums, dy, dx, blocks)
        for start in range(0, len(blocks), CALL):
            at((number + start / len(blocks)) / ROUNDS)
            part = blocks[start : start + CALL]
            _vote(padded, part, np.float32(threshold * white / 255), total, weight, COSINES, RISE, WINDOW, scratch)
        _heed(padded, unknown, total, weight, np.float32(STEP))
    return np.ascontiguousarray(padded[SIDE:-SIDE, SIDE:-SIDE])


@inlined
def _holds_unknown(sums: Any, y: int, x: int) -> bool:
    held: bool = sums[y + SIDE, x + SIDE] - sums[y + SIDE, x] - sums[y, x + SIDE] + sums[y, x] > 0
    return held


@compiled
def _count_blocks(sums: Any, dy: int, dx: int) -> int:
    count = 0
    for y in range(dy, sums.shape[0] - SIDE, STRIDE):
        for x in range(dx, sums.shape[1] - SIDE, STRIDE):
            count += _holds_unknown(sums, y, x)
    return count


@compiled
def _find_blocks(sums: Any, dy: int, dx: int, blocks: Any) -> None:
    """The upper left corners (y, x) of the blocks of a grid that hold unknown pixels."""
    n = 0
    for y in range(dy, sums.shape[0] - SIDE, STRIDE):
        for x in range(dx, sums.shape[1] - SIDE, STRIDE):
            if _holds_unknown(sums, y, x):
                blocks[n, 0] = y
                blocks[n, 1] = x
                n += 1


@compiled_fast
def _heed(plane: Any, unknown: Any, total: Any, weight: Any, step: Any) -> None:
    """Move each unknown pixel towards what the blocks say of it; empty the votes."""
    for y in range(plane.shape[0]):
        for x in range(plane.shape[1]):
            if unknown[y, x] and weight[y, x] > 0:
                plane[y, x] += step * (total[y, x] / weight[y, x] - plane[y, x])
            total[y, x] = 0.0
            weight[y, x] = 0.0


@compiled_fast
def _vote(
    plane: Any, blocks: Any, threshold: Any, total: Any, weight: Any, cosines: Any, rise: Any, window: Any, scratch: Any
) -> None:
    """Add what each block says of its pixels, and how much it counts: less, the more coefficients it needed."""
    one, two = scratch[0], scratch[1]
    for n in range(blocks.shape[0]):
        y, x = blocks[n, 0], blocks[n, 1]
        for i in range(SIDE):
            for j in range(SIDE):
                one[i, j] = plane[y + i, x + j]
        _transform(one, two, cosines)
        _transpose(two, one)
        _transform(one, two, cosines)
        kept = 0
        for i in range(SIDE):
            for j in range(SIDE):
                keep = abs(two[i, j]) >= threshold * rise[i, j] or i + j == 0
                two[i, j] = two[i, j] if keep else np.float32(0)
                kept += keep
        _restore(two, one, cosines)
        _transpose(one, two)
        _restore(two, one, cosines)
        counts = np.float32(1) / np.sqrt(np.float32(kept))
        for i in range(SIDE):
            for j in range(SIDE):
                total[y + i, x + j] += counts * window[i, j] * one[i, j]
                weight[y + i, x + j] += counts * window[i, j]


@compiled_fast
def _transform(values: Any, found: Any, cosines: Any) -> None:
    """The cosine transform of each column. `values` is used up."""
    for n in range(SIDE // 2):
        for j in range(SIDE):
            low, high = values[n, j], values[SIDE - 1 - n, j]
            values[n, j] = low + high
            values[SIDE - 1 - n, j] = low - high
    for k in range(SIDE):
        c0, c1, c2, c3 = cosines[k, 0], cosines[k, 1], cosines[k, 2], cosines[k, 3]
        c4, c5, c6, c7 = cosines[k, 4], cosines[k, 5], cosines[k, 6], cosines[k, 7]
        first, step = (SIDE - 1, -1) if k % 2 else (0, 1)
        for j in range(SIDE):
            near = c0 * values[first, j] + c1 * values[first + step, j]
            near += c2 * values[first + 2 * step, j] + c3 * values[first + 3 * step, j]
            far = c4 * values[first + 4 * step, j] + c5 * values[first + 5 * step, j]
            far += c6 * values[first + 6 * step, j] + c7 * values[first + 7 * step, j]
            found[k, j] = near + far


@compiled_fast
def _restore(found: Any, values: Any, cosines: Any) -> None:
    """The inverse of `_transform`."""
    for n in range(SIDE // 2):
        c0, c1, c2, c3 = cosines[0, n], cosines[2, n], cosines[4, n], cosines[6, n]
        c4, c5, c6, c7 = cosines[8, n], cosines[10, n], cosines[12, n], cosines[14, n]
        d0, d1, d2, d3 = cosines[1, n], cosines[3, n], cosines[5, n], cosines[7, n]
        d4, d5, d6, d7 = cosines[9, n], cosines[11, n], cosines[13, n], cosines[15, n]
        for j in range(SIDE):
            even = c0 * found[0, j] + c1 * found[2, j] + c2 * found[4, j] + c3 * found[6, j]
            even += c4 * found[8, j] + c5 * found[10, j] + c6 * found[12, j] + c7 * found[14, j]
            odd = d0 * found[1, j] + d1 * found[3, j] + d2 * found[5, j] + d3 * found[7, j]
            odd += d4 * found[9, j] + d5 * found[11, j] + d6 * found[13, j] + d7 * found[15, j]
            values[n, j] = even + odd
            values[SIDE - 1 - n, j] = even - odd


@compiled_fast
def _transpose(source: Any, target: Any) -> None:
    for i in range(SIDE):
        for j in range(SIDE):
            target[j, i] = source[i, j]
