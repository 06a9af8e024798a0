"""Targets of a fill by patch priority whose sources are looked for before their turn, many at a time.

Which source is best for a pixel of the front follows from the picture's own patches and from what is known around that
pixel. An answer that was found early therefore stands until something within its patch is filled: in whatever order
the targets come, each gets the source that it would have got in its turn.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lacuna.kernels.compiled import compiled
from lacuna.kernels.criminisi import copy, window_of
from lacuna.kernels.criminisi_front import before
from lacuna.kernels.criminisi_state import FRONT, TARGET, State

# Targets asked for at a time. More than half of the targets lie where the one before has filled: on photos the second
# is of use two times in three, further ones hardly ever.
BATCH = 2
KEPT = 64  # answers that may wait for their turn
MIDDLE = 128  # taken from every number, which keeps their products small; sums of differences stay the same

ANSWERED, ASKED = range(2)  # places in `Ahead.numbers`


class Ahead(NamedTuple):
    """Front pixels with an answer, then those that are asked for, and what a search has to know of these.

    The sum of squared differences of a target and a source is the target's own squares and, for each of its known
    pixels, the source's squares less twice the products: `weights` holds for each pixel of a patch the three factors of
    its colours and one of its squares, all of numbers less MIDDLE.
    """

    batch: int  # as many are asked for at a time, at most
    targets: NDArray[np.int64]  # (n,) flat, as in `State`
    answers: NDArray[np.int64]  # (n, 3): sum, squared distance and centre of the best source, as in `State.best`
    weights: NDArray[np.float32]  # (n, side, 4 * side), 0 where the target is not known
    squares: NDArray[np.int64]  # (n,): of the target's known numbers
    windows: NDArray[np.int64]  # (n, 4): top, bottom, left and right of where sources are looked for, half-open
    numbers: NDArray[np.int64]  # how many are answered, and how many are asked for after them


def ahead_of(state: State, batch: int = BATCH) -> Ahead:
    """Nothing asked for yet."""
    n, side = KEPT + batch, 2 * state.radius + 1
    return Ahead(
        batch=batch, targets=np.zeros(n, np.int64), answers=np.zeros((n, 3), np.int64),
        weights=np.zeros((n, side, 4 * side), np.float32), squares=np.zeros(n, np.int64),
        windows=np.zeros((n, 4), np.int64), numbers=np.zeros(2, np.int64),
    )  # fmt: skip


@compiled
def ask(state: Any, ahead: Any) -> Any:
    """Choose which pixels of the front are searched for next: how many, 0 when nothing is left to fill.

    First the one whose turn it is, then those of the next highest priority which lie where none of these fills.
    """
    numbers, targets = ahead.numbers, ahead.targets
    if numbers[ANSWERED] + ahead.batch > len(targets):
        numbers[ANSWERED] = 0  # answers that wait for so long are of little use
    first = numbers[ANSWERED]
    last = first
    while last < first + ahead.batch:
        best = np.int64(-1)
        for i in range(state.numbers[FRONT]):
            target = np.int64(state.heap[i])
            if (best < 0 or before(state, target, best)) and _is_free(state, ahead, target, first, last):
                best = target
        if best < 0:
            break
        targets[last] = best
        _describe(state, ahead, last, best // state.width, best % state.width)
        last += 1
    numbers[ASKED] = last - first
    return last - first


@compiled
def _is_free(state: Any, ahead: Any, target: Any, first: Any, last: Any) -> Any:
    """Whether a target has no answer, nor lies where one of those `first` to `last` fills."""
    free = True
    for k in range(first):
        free = free and ahead.targets[k] != target
    for k in range(first, last):
        free = free and not _touch(state, ahead.targets[k], target)
    return free


@compiled
def fill_answered(state: Any, ahead: Any) -> Any:
    """Fill while the target whose turn it is has an answer."""
    numbers, targets = ahead.numbers, ahead.targets
    numbers[ANSWERED] += numbers[ASKED]
    numbers[ASKED] = 0
    while state.numbers[FRONT] > 0:
        k = 0
        while k < numbers[ANSWERED] and targets[k] != state.heap[0]:
            k += 1
        if k == numbers[ANSWERED]:
            return
        target = targets[k]
        state.numbers[TARGET] = target
        for i in range(3):
            state.best[i] = ahead.answers[k, i]
        copy(state)
        left = 0
        for i in range(numbers[ANSWERED]):
            if not _touch(state, target, targets[i]):
                targets[left] = targets[i]
                for j in range(3):
                    ahead.answers[left, j] = ahead.answers[i, j]
                left += 1
        numbers[ANSWERED] = left


@compiled
def _touch(state: Any, filled: Any, target: Any) -> Any:
    """Whether what is filled at one pixel can lie within the patch of another."""
    width, near = state.width, state.radius + state.core
    return abs(filled // width - target // width) <= near and abs(filled % width - target % width) <= near


@compiled
def _describe(state: Any, ahead: Any, k: Any, y: Any, x: Any) -> Any:
    """Note what a search has to know of the target `k`."""
    radius, weights = state.radius, ahead.weights
    side = 2 * radius + 1
    squares = np.int64(0)
    for v in range(side):
        for u in range(side):
            row, column = y + v - radius, x + u - radius
            at = row * state.width + column
            known = 0 <= row < state.height and 0 <= column < state.columns and state.known[at] != 0
            for c in range(3):
                value = np.int64(state.rgb[3 * at + c]) - MIDDLE if known else np.int64(0)
                weights[k, v, 4 * u + c] = -2 * value
                squares += value * value
            weights[k, v, 4 * u + 3] = 1 if known else 0
    ahead.squares[k] = squares
    ahead.windows[k, 0], ahead.windows[k, 1], ahead.windows[k, 2], ahead.windows[k, 3] = window_of(state, y, x)
