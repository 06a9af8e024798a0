"""The front of a fill by patch priority: the hole pixels beside known ones, in a heap, the next to be filled on top.

Criminisi, Perez and Toyama, "Region filling and object removal by exemplar-based image inpainting", 2004, equations 1
and 2: confidence times data.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lacuna.kernels.compiled import compiled, inlined
from lacuna.kernels.criminisi_state import FRONT

ALPHA = 255.0  # the paper's normalisation of the data term
LINE = 3.0  # added to the data term on a drawn line, above all that edges in the picture reach
NORMAL = 2  # radius within which the direction of the front is estimated


@compiled
def renew(state: Any, top: Any, left: Any, bottom: Any, right: Any) -> Any:
    """Bring the front within a rectangle up to date: hole pixels with a known one beside, above or below."""
    height, width, columns, known = state.height, state.width, state.columns, state.known
    for y in range(max(0, top), min(height, bottom)):
        for x in range(max(0, left), min(columns, right)):
            at = y * width + x
            if not known[at] and (
                (x > 0 and known[at - 1])
                or (x < columns - 1 and known[at + 1])
                or (y > 0 and known[at - width])
                or (y < height - 1 and known[at + width])
            ):
                data = _data(state, y, x) + state.floor
                if state.urgent.size > 0 and state.urgent[at]:
                    data += LINE
                state.priority[at] = confidence_of(state, y, x) * data
                if state.place[at] == 0:
                    state.heap[state.numbers[FRONT]] = at
                    state.numbers[FRONT] += 1
                    state.place[at] = state.numbers[FRONT]
                _settle(state, state.place[at] - 1)


@compiled
def confidence_of(state: Any, y: Any, x: Any) -> Any:
    """How much of the patch around a pixel is known, and how surely (the paper's C)."""
    width, radius = state.width, state.radius
    total = 0.0
    for v in range(max(0, y - radius), min(state.height, y + radius + 1)):
        for u in range(max(0, x - radius), min(state.columns, x + radius + 1)):
            at = v * width + u
            if state.known[at]:
                total += state.confidence[at] if state.came_from[at] else 1.0
    return total / ((2 * radius + 1) * (2 * radius + 1))


@compiled
def _data(state: Any, y: Any, x: Any) -> Any:
    """How strongly an edge runs into the front at a pixel (the paper's D), by the strongest gradient in its patch."""
    height, width, columns, radius, known = state.height, state.width, state.columns, state.radius, state.known
    strongest, across, down = np.int64(0), np.int64(0), np.int64(0)
    for v in range(max(1, y - radius), min(height - 1, y + radius + 1)):
        for u in range(max(1, x - radius), min(columns - 1, x + radius + 1)):
            at = v * width + u
            if known[at] and known[at - 1] and known[at + 1] and known[at - width] and known[at + width]:
                gx = _luma(state.rgb, at + 1) - _luma(state.rgb, at - 1)
                gy = _luma(state.rgb, at + width) - _luma(state.rgb, at - width)
                if gx * gx + gy * gy > strongest:
                    strongest, across, down = gx * gx + gy * gy, gx, gy
    nx, ny = np.int64(0), np.int64(0)
    for v in range(max(0, y - NORMAL), min(height, y + NORMAL + 1)):
        for u in range(max(0, x - NORMAL), min(columns, x + NORMAL + 1)):
            if not known[v * width + u]:
                nx += u - x
                ny += v - y
    if nx == 0 and ny == 0:
        return 0.0
    # The isophote is the gradient turned by a right angle; the gradient is of three channels and over two pixels.
    return abs(down * nx - across * ny) / (6.0 * ALPHA * np.sqrt(np.float64(nx * nx + ny * ny)))


@inlined
def _luma(rgb: Any, at: Any) -> Any:
    return np.int64(rgb[3 * at]) + np.int64(rgb[3 * at + 1]) + np.int64(rgb[3 * at + 2])


@compiled
def remove(state: Any, pixel: Any) -> Any:
    """Take `pixel` out of the front, if it is there."""
    at = state.place[pixel] - 1
    if at < 0:
        return
    state.place[pixel] = 0
    state.numbers[FRONT] -= 1
    last = state.heap[state.numbers[FRONT]]
    if last != pixel:
        state.heap[at] = last
        state.place[last] = at + 1
        _settle(state, at)


@compiled
def _settle(state: Any, at: Any) -> Any:
    """Move the entry `at` of the heap up or down to where its priority belongs."""
    heap, place, size = state.heap, state.place, state.numbers[FRONT]
    pixel = heap[at]
    while at > 0:
        above = (at - 1) // 2
        if not before(state, pixel, heap[above]):
            break
        heap[at] = heap[above]
        place[heap[at]] = at + 1
        at = above
    while True:
        below = 2 * at + 1
        if below + 1 < size and before(state, heap[below + 1], heap[below]):
            below += 1
        if below >= size or not before(state, heap[below], pixel):
            break
        heap[at] = heap[below]
        place[heap[at]] = at + 1
        at = below
    heap[at] = pixel
    place[pixel] = at + 1


@inlined
def before(state: Any, a: Any, b: Any) -> Any:
    """Pixel `a` is filled before `b`: the higher priority, then the first in reading order."""
    return state.priority[a] > state.priority[b] or (state.priority[a] == state.priority[b] and a < b)
