"""Candidates for the source of a target that are named one by one: what continues neighbours, and what chance brings.

Chance is the random search of PatchMatch (Barnes, Shechtman, Finkelstein and Goldman, 2009): ever nearer to the best.
What continues the sources of filled neighbours, and the echoes of known ones, is its propagation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lacuna.kernels.compiled import compiled, compiled_fast
from lacuna.kernels.criminisi_state import HEIGHT, LEFT, MIDDLE, NONE, RANDOM, STRIPS, TARGET, TOP, WIDTH
from lacuna.kernels.patchmatch import next_random

HINTS = 16  # continued sources of neighbours that are tried
MORE_HINTS = 64  # where they are most of what is tried
ALONG = 4  # times the guesses: most that lie elsewhere beside a line are passed over by one look
SOFT = 3  # by which the difference from a colour that is only a soft fill's is divided
CLOSE = 12  # by which what lines say of two pixels may differ: some pixel's breadth
STRIP = 32  # numbers of a patch row compared together: the 27 of nine pixels fit


@compiled
def try_hints(state: Any) -> Any:
    """Begin with what continues the sources of filled neighbours: a good one lets the search refuse much at once."""
    width, radius, numbers = state.width, state.radius, state.numbers
    strips, pixels, counts = state.strips[: numbers[STRIPS]], state.strip_pixels, state.strip_counts
    target = numbers[TARGET]
    y, x = target // width, target % width
    most = HINTS if state.guesses == 0 else MORE_HINTS
    tried = np.empty(most, np.int64)
    n = 0
    for v in range(max(0, y - radius), min(state.height, y + radius + 1)):
        for u in range(max(0, x - radius), min(state.columns, x + radius + 1)):
            source = np.int64(state.came_from[v * width + u]) - 1
            if source < 0 and state.guesses > 0:
                source = np.int64(state.echoes[v * width + u]) - 1
            if source < 0 or n == most:
                continue
            cy, cx = source // width + y - v, source % width + x - u
            if not (
                numbers[TOP] <= cy < numbers[TOP] + numbers[HEIGHT]
                and numbers[LEFT] <= cx < numbers[LEFT] + numbers[WIDTH]
            ):
                continue
            centre = cy * width + cx
            again = state.refused[centre] > 0
            for k in range(n):
                again = again or tried[k] == centre
            if again:
                continue
            tried[n] = centre
            n += 1
            corner = 3 * (centre - radius * width - radius)
            total = difference(state.rgb, corner, strips, pixels, counts, state.best[0])
            if total <= state.best[0]:
                total += misplaced(state, target, centre)
                offer(state.best, total, (cy - y) ** 2 + (cx - x) ** 2, centre)


@compiled
def misplaced(state: Any, target: Any, centre: Any) -> Any:
    """What lines say against a source, by nine pixels: how unlike the target it lies beside them, and how unlike a soft
    fill along them it is where the target is unknown.
    """
    total, soft = np.int64(0), np.int64(0)
    if state.beside.size > 0:
        width, radius = state.width, state.radius
        y, x = target // width, target % width
        for v in range(-radius, radius + 1, radius):
            for u in range(-radius, radius + 1, radius):
                if 0 <= y + v < state.height and 0 <= x + u < state.columns:
                    step = v * width + u
                    away = np.int64(state.beside[target + step]) - np.int64(state.beside[centre + step])
                    total += away * away
                    if not state.known[target + step]:
                        for c in range(3):
                            apart = np.int64(state.film[3 * (target + step) + c])
                            apart -= np.int64(state.rgb[3 * (centre + step) + c])
                            soft += apart * apart
        total = (total + soft // SOFT) * (2 * radius + 1) ** 2 // 9
    return total


@compiled
def _guess_along(state: Any, random: Any) -> Any:
    """Try sources beside lines, if the target lies beside one: the state of the random sequence behind that."""
    width, radius, numbers = state.width, state.radius, state.numbers
    strips, pixels, counts = state.strips[: numbers[STRIPS]], state.strip_pixels, state.strip_counts
    target = numbers[TARGET]
    y, x = target // width, target % width
    wanted = np.int64(state.beside[target])
    if wanted == MIDDLE and state.urgent[target] == 0:
        return random
    for _number in range(ALONG * state.guesses):
        random = next_random(random)
        centre = np.int64(state.along[np.int64(random >> np.uint32(8)) % state.along.size])
        v, u = centre // width, centre % width
        if abs(np.int64(state.beside[centre]) - wanted) > CLOSE or state.refused[centre] > 0:
            continue
        if not (
            numbers[TOP] <= v < numbers[TOP] + numbers[HEIGHT] and numbers[LEFT] <= u < numbers[LEFT] + numbers[WIDTH]
        ):
            continue
        corner = 3 * (centre - radius * width - radius)
        total = difference(state.rgb, corner, strips, pixels, counts, state.best[0])
        if total <= state.best[0]:
            total += misplaced(state, target, centre)
            offer(state.best, total, (v - y) ** 2 + (u - x) ** 2, centre)
    return random


@compiled
def offer(best: Any, total: Any, distance: Any, centre: Any) -> Any:
    """Keep the better: the smaller sum, then the nearer, then the one that comes first in reading order."""
    if total < best[0] or (total == best[0] and (distance < best[1] or (distance == best[1] and centre < best[2]))):
        best[0], best[1], best[2] = total, distance, centre


@compiled
def guess(state: Any) -> Any:
    """Try sources at random, `state.guesses` times from far to near; whether there is a source for the target now."""
    width, radius, numbers = state.width, state.radius, state.numbers
    strips, pixels, counts = state.strips[: numbers[STRIPS]], state.strip_pixels, state.strip_counts
    y, x = numbers[TARGET] // width, numbers[TARGET] % width
    top, left = numbers[TOP], numbers[LEFT]
    bottom, right = top + numbers[HEIGHT], left + numbers[WIDTH]
    random = np.uint32(numbers[RANDOM])
    if state.along.size > 0:
        random = _guess_along(state, random)
    for number in range(state.guesses):
        reach = max(numbers[HEIGHT], numbers[WIDTH])
        while reach >= 1 and state.best[0] > 0:
            cy, cx = (
                (y, x) if number % 2 == 0 or state.best[0] == NONE else (state.best[2] // width, state.best[2] % width)
            )
            first_y, first_x = max(top, cy - reach), max(left, cx - reach)
            rows, columns = min(bottom, cy + reach + 1) - first_y, min(right, cx + reach + 1) - first_x
            reach >>= 1
            random = next_random(random)
            v = first_y + ((np.int64(random & np.uint32(0xFFFF)) * rows) >> 16)
            u = first_x + ((np.int64(random >> np.uint32(16)) * columns) >> 16)
            centre = v * width + u
            if rows < 1 or columns < 1 or state.refused[centre] > 0:
                continue
            corner = 3 * (centre - radius * width - radius)
            total = difference(state.rgb, corner, strips, pixels, counts, state.best[0])
            if total <= state.best[0]:
                total += misplaced(state, numbers[TARGET], centre)
                offer(state.best, total, (v - y) ** 2 + (u - x) ** 2, centre)
    numbers[RANDOM] = np.int64(random)
    return state.best[0] < NONE


@compiled_fast
def difference(rgb: Any, start: Any, strips: Any, wanted: Any, counts: Any, limit: Any) -> Any:
    """The sum of squared differences of the patch whose first number stands at `start`, or one that is over `limit`."""
    total = np.int64(0)
    for k in range(0, strips.shape[0], 2):
        first, second = start + strips[k], start + strips[k + 1]
        p, q = rgb[first : first + STRIP], rgb[second : second + STRIP]
        a, b, known_a, known_b = wanted[k], wanted[k + 1], counts[k], counts[k + 1]
        part = np.float32(0)
        for j in range(STRIP):
            d = (np.float32(p[j]) - a[j]) * known_a[j]
            e = (np.float32(q[j]) - b[j]) * known_b[j]
            part += d * d + e * e
        total += np.int64(part)  # of whole numbers, below 2 ** 24: exact in whatever order
        if total > limit:
            break
    return total
