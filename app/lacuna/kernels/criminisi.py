"""Filling by patch priority: Criminisi, Perez and Toyama, "Region filling and object removal by exemplar-based image
inpainting", IEEE Transactions on Image Processing, 2004.

The search is exact: for each target the best of all source patches, by the sum of squared differences over the known
pixels of the target. Most candidates are refused by a lower bound of that sum (`criminisi_bounds`); the target is the
pixel of the front with the highest priority (`criminisi_front`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.kernels.compiled import compiled
from lacuna.kernels.criminisi_bounds import (
    BLOCK,
    GROUP,
    PLANES,
    REFUSED,
    add_few_looks,
    add_looks,
    choose_looks,
    fewer_survivors,
    limit_of,
    prepare,
    survivors,
)
from lacuna.kernels.criminisi_candidates import STRIP, difference, guess, misplaced, offer, try_hints
from lacuna.kernels.criminisi_front import confidence_of, remove, renew
from lacuna.kernels.criminisi_state import (
    BLOCKS,
    CHANGED_BOTTOM,
    CHANGED_LEFT,
    CHANGED_RIGHT,
    CHANGED_TOP,
    CURSOR,
    FILLED,
    FRONT,
    HEIGHT,
    LEFT,
    LOOKS,
    MIDDLE,
    NONE,
    RANDOM,
    STRIPS,
    TARGET,
    TOP,
    WIDTH,
    State,
)

ROWS = 128  # rows prepared at a time
FRONT_ROWS = 16  # rows whose front is found at a time
PATCH_COST = 1000  # what a patch takes beside its search, in blocks
UNCHANGED = (NONE, NONE, 0, 0)


def start(
    image: NDArray[np.uint8],
    hole: NDArray[np.bool_],
    sources: NDArray[np.bool_],
    *,
    radius: int,
    core: int,
    reach: int,
    floor: float,
    guesses: int = 0,
    seed: int = 0,
    echoes: NDArray[np.int32] | None = None,
    beside: NDArray[np.uint8] | None = None,
    urgent: NDArray[np.bool_] | None = None,
    film: NDArray[np.uint8] | None = None,
    check: Callable[[], None] = lambda: None,
) -> State | None:
    """A fill of `hole` (h, w) in `image` (h, w, 3) from patches that lie wholly in `sources` and are known.

    Patches of `radius` are compared and their middle of radius `core` is copied; sources are looked for within `reach`
    of the target in both directions, further away where there are none. `floor` is added to the data term, which is 0
    where nothing but flat colour meets the front: a small one, 0.001, is the paper's order without its stops, a large
    one grows the fill evenly from all sides. With `guesses` the search is not exact: so often sources are drawn, by
    `seed`, from far to near, which takes the same time in a picture of any size; before, what continues `echoes` is
    tried, for each pixel (h, w) the flat place of its like in the picture, or -1. `beside` and `urgent` (h, w) are what
    lines say of the pixels near them, MIDDLE elsewhere, and where they run: targets there come first, and sources are
    liked that lie as they do. None if there is no source at all. `check` is called every few milliseconds.
    """
    height, columns = hole.shape
    side = 2 * radius + 1
    width = columns + BLOCK + radius + STRIP
    size = height * width
    strips = -(-3 * side // STRIP)
    rgb = np.zeros(3 * size + 2 * STRIP, np.uint8)
    known = np.zeros(size, np.uint8)
    numbers = np.zeros(16, np.int64)
    numbers[TARGET] = -1
    numbers[CHANGED_TOP:] = UNCHANGED
    numbers[RANDOM] = (seed * 747796405 + 2891336453) % 2**32 or 1  # xorshift stays at 0 for ever
    state = State(
        height=height, columns=columns, width=width, radius=radius, core=core, reach=min(reach, height + width),
        floor=float(floor), guesses=guesses,
        rgb=rgb, known=known, sums=np.zeros(PLANES * size + 4 * width + BLOCK, np.float32),
        refused=np.full(size + BLOCK, REFUSED), sources=np.zeros(height * (width + 1), np.int32),
        confidence=np.zeros(size), priority=np.zeros(size), came_from=np.zeros(size, np.int32),
        echoes=np.zeros(size if guesses else 0, np.int32),
        beside=np.full(0 if beside is None else size, MIDDLE, np.uint8),
        film=np.zeros(0 if film is None else 3 * size, np.uint8),
        urgent=np.zeros(0 if urgent is None else size, np.uint8), along=np.zeros(0, np.int32),
        heap=np.zeros(np.count_nonzero(hole), np.int32), place=np.zeros(size, np.int32),
        looks=np.zeros(side * side, np.int64), wanted=np.zeros(side * side, np.float32),
        pixels=np.zeros((side, strips * STRIP), np.float32), counts=np.zeros((side, strips * STRIP), np.float32),
        strips=np.zeros(side * strips + 1, np.int64), strip_pixels=np.zeros((side * strips + 1, STRIP), np.float32),
        strip_counts=np.zeros((side * strips + 1, STRIP), np.float32),
        order=np.zeros(height, np.int32), best=np.zeros(3, np.int64), numbers=numbers,
    )  # fmt: skip
    rows, marks = rgb[: 3 * size].reshape(height, width, 3), known.reshape(height, width)
    for top in range(0, height, ROWS):
        check()
        band = slice(top, top + ROWS)
        rows[band, :columns] = np.where(hole[band, :, None], 0, image[band])
        marks[band, :columns] = ~hole[band]
    if guesses and echoes is not None:
        y, x = np.nonzero(echoes >= 0)
        v, u = np.divmod(echoes[y, x], columns)
        state.echoes[y * width + x] = v * width + u + 1
    if beside is not None and urgent is not None and film is not None:
        state.film.reshape(height, width, 3)[:, :columns] = film
        state.beside.reshape(height, width)[:, :columns] = beside
        state.urgent.reshape(height, width)[:, :columns] = urgent & hole
        y, x = np.nonzero(((beside != MIDDLE) | urgent) & ~hole)
        state = state._replace(along=(y * width + x).astype(np.int32))
    allowed = sources & ~hole
    depth, found = np.zeros(columns, np.int64), 0
    for top in range(0, height, ROWS):
        check()
        found += prepare(state, allowed, depth, top, min(height, top + ROWS))
    if not found:
        return None
    for top in range(0, height, FRONT_ROWS):
        check()
        renew(state, top, 0, top + FRONT_ROWS, columns)
    return state


def filled(state: State) -> int:
    """How many pixels have been filled so far."""
    return int(state.numbers[FILLED])


def aimed(state: State) -> bool:
    """Whether there is a target whose source has still to be found."""
    return bool(state.numbers[TARGET] >= 0)


def blocks_of(state: State) -> int:
    """How many blocks of candidates have to be searched for the target."""
    return int(state.numbers[BLOCKS])


def came_from(state: State, rows: slice, columns: slice) -> NDArray[np.int32]:
    """(h, w, 2) int32: (y, x) of the source of each filled pixel there, (-1, -1) elsewhere."""
    flat = state.came_from.reshape(state.height, state.width)[rows, columns]
    places = np.full((*flat.shape, 2), -1, np.int32)
    there = np.nonzero(flat)
    places[there] = np.stack(np.divmod(flat[there] - 1, state.width), axis=-1)
    return places


def take_changed(state: State) -> tuple[int, int, int, int]:
    """(y0, x0, y1, x1) around what was filled since the last call, half-open; empty if nothing was."""
    y0, x0, y1, x1 = (int(end) for end in state.numbers[CHANGED_TOP:])
    state.numbers[CHANGED_TOP:] = UNCHANGED
    return min(y0, y1), min(x0, x1), y1, x1


@compiled
def step(state: Any, blocks: Any) -> Any:
    """Go on for about `blocks` blocks of candidates; False when nothing is left to fill."""
    numbers = state.numbers
    while blocks > 0:
        if numbers[TARGET] < 0 and not aim(state):
            return False
        if state.guesses > 0 and numbers[CURSOR] == 0 and guess(state):
            numbers[CURSOR] = numbers[BLOCKS]
        last = min(numbers[BLOCKS], numbers[CURSOR] + blocks)
        search(state, numbers[CURSOR], last, state.best)
        blocks -= last - numbers[CURSOR]
        numbers[CURSOR] = last
        if last == numbers[BLOCKS]:
            copy(state)
            blocks -= PATCH_COST
    return True


@compiled
def aim(state: Any) -> Any:
    """Make the front pixel of the highest priority the target; False if there is no front.

    `numbers[BLOCKS]` says how many blocks of candidates have to be searched for it.
    """
    height, width, columns, radius = state.height, state.width, state.columns, state.radius
    numbers, known = state.numbers, state.known
    if numbers[FRONT] == 0:
        return False
    target = np.int64(state.heap[0])
    y, x = target // width, target % width
    side = 2 * radius + 1
    for row in range(side):
        for column in range(state.counts.shape[1]):
            state.counts[row, column] = 0
    for v in range(max(0, y - radius), min(height, y + radius + 1)):
        for u in range(max(0, x - radius), min(columns, x + radius + 1)):
            at = v * width + u
            if known[at]:
                row, column = v - y + radius, 3 * (u - x + radius)
                for c in range(3):
                    state.pixels[row, column + c] = state.rgb[3 * at + c]
                    state.counts[row, column + c] = 1
    _cut_strips(state, side)
    choose_looks(state, side)
    top, bottom, left, right = window_of(state, y, x)
    numbers[TARGET] = target
    numbers[TOP], numbers[HEIGHT], numbers[LEFT], numbers[WIDTH] = top, bottom - top, left, right - left
    numbers[CURSOR] = 0
    numbers[BLOCKS] = (bottom - top) * ((right - left + BLOCK - 1) // BLOCK)
    state.best[0], state.best[1], state.best[2] = NONE, NONE, NONE
    n = 0
    for first in (0, 4, 2, 6, 1, 3, 5, 7):  # a source as good as the best soon turns up, wherever that lies
        for row in range(first, bottom - top, 8):
            state.order[n] = row
            n += 1
    try_hints(state)
    return True


@compiled
def window_of(state: Any, y: Any, x: Any) -> Any:
    """Where sources of a target are looked for, as half-open (top, bottom, left, right): there is one at least."""
    height, columns, radius = state.height, state.columns, state.radius
    reach = state.reach
    found = 0
    while found == 0:
        top, bottom = max(radius, y - reach), min(height - radius, y + reach + 1)
        left, right = max(radius, x - reach), min(columns - radius, x + reach + 1)
        if left < right:
            for v in range(top, bottom):
                found += state.sources[v * (state.width + 1) + right] - state.sources[v * (state.width + 1) + left]
        reach *= 2
    return top, bottom, left, right


@compiled
def search(state: Any, first: Any, last: Any, best: Any) -> Any:
    """Look among the blocks `first` to `last` for a source better than `best`, and put it there.

    Several threads may search for one target, each with a `best` of its own.
    """
    width, numbers = state.width, state.numbers
    sums, refused, looks, wanted = state.sums, state.refused, state.looks, state.wanted
    rgb, strips = state.rgb, state.strips[: numbers[STRIPS]]
    pixels, counts = state.strip_pixels, state.strip_counts
    target, corner = numbers[TARGET], state.radius * (width + 1)
    y, x = target // width, target % width
    top, left, right = numbers[TOP], numbers[LEFT], numbers[LEFT] + numbers[WIDTH]
    across = (numbers[WIDTH] + BLOCK - 1) // BLOCK
    count = numbers[LOOKS]
    bounds = np.empty(BLOCK, np.float32)
    limit = limit_of(best[0])
    for block in range(first, last):
        v = top + state.order[block // across]
        u = left + block % across * BLOCK
        end = min(u + BLOCK, right)
        before = v * (width + 1)
        if state.sources[before + end] == state.sources[before + u]:
            continue
        at = v * width + u
        if count >= GROUP and survivors(sums, refused, at, looks, wanted, limit) == 0:
            continue
        if count >= 2 * GROUP and fewer_survivors(sums, refused, at, looks, wanted, limit) == 0:
            continue
        for i in range(BLOCK):
            bounds[i] = refused[at + i]
        k, left_over = 0, BLOCK
        while k + GROUP <= count and left_over > 0:
            if k + 2 * GROUP <= count:
                left_over = add_looks(sums, at, looks[k:], wanted[k:], limit, bounds)
                k += 2 * GROUP
            else:
                left_over = add_few_looks(sums, at, looks[k:], wanted[k:], limit, bounds)
                k += GROUP
        if left_over == 0:
            continue
        for i in range(end - u):
            if bounds[i] <= limit:
                total = difference(rgb, 3 * (at + i - corner), strips, pixels, counts, best[0])
                if total <= best[0] and refused[at + i] == 0:
                    total += misplaced(state, target, at + i)
                    offer(best, total, (v - y) ** 2 + (u + i - x) ** 2, at + i)
                    limit = limit_of(best[0])


@compiled
def copy(state: Any) -> Any:
    """Fill what is unknown in the core of the target's patch from the best source; the front follows."""
    width, columns, core, numbers = state.width, state.columns, state.core, state.numbers
    target = numbers[TARGET]
    y, x = target // width, target % width
    shift = state.best[2] - target
    confidence = confidence_of(state, y, x)
    for v in range(max(0, y - core), min(state.height, y + core + 1)):
        for u in range(max(0, x - core), min(columns, x + core + 1)):
            at = v * width + u
            if state.known[at]:
                continue
            for c in range(3):
                state.rgb[3 * at + c] = state.rgb[3 * (at + shift) + c]
            state.known[at] = 1
            state.confidence[at] = confidence
            state.came_from[at] = at + shift + 1
            numbers[FILLED] += 1
            numbers[CHANGED_TOP] = min(numbers[CHANGED_TOP], v)
            numbers[CHANGED_LEFT] = min(numbers[CHANGED_LEFT], u)
            numbers[CHANGED_BOTTOM] = max(numbers[CHANGED_BOTTOM], v + 1)
            numbers[CHANGED_RIGHT] = max(numbers[CHANGED_RIGHT], u + 1)
            remove(state, at)
    around = core + state.radius + 1
    renew(state, y - around, x - around, y + around + 1, x + around + 1)
    numbers[TARGET] = -1


@compiled
def _cut_strips(state: Any, side: Any) -> Any:
    """The strips of the target's rows that hold known numbers, every third row first; an even number of them."""
    n = 0
    for first in range(3):
        for v in range(first, side, 3):
            for s in range(0, state.counts.shape[1], STRIP):
                known = np.float32(0)
                for j in range(STRIP):
                    known += state.counts[v, s + j]
                    state.strip_pixels[n, j] = state.pixels[v, s + j]
                    state.strip_counts[n, j] = state.counts[v, s + j]
                if known > 0:
                    state.strips[n] = 3 * v * state.width + s
                    n += 1
    if n % 2:
        state.strips[n] = state.strips[0]
        for j in range(STRIP):
            state.strip_counts[n, j] = 0
        n += 1
    state.numbers[STRIPS] = n
