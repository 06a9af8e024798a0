"""Filling by patch priority: Criminisi, Perez and Toyama, "Region filling and object removal by exemplar-based image
inpainting", IEEE Transactions on Image Processing, 2004.

The search is exact: for each target the best of all source patches, by the sum of squared differences over the known
pixels of the target. Most candidates are refused, 64 neighbours at a time, by a lower bound of that sum, made of a few
looks into planes that were prepared once. The 27 numbers of a square of 3 x 3 pixels are a vector; turned so that its
first parts are the mean brightness and its slopes across and down, it differs from another by the squared differences
of these three, and by at least the squared difference of the lengths of the two rests. Squares of 2 x 2 and single
pixels, for what the larger leave over, are compared by their mean brightness alone.

Pixels are named by their flat index in rows of `width`, longer than the picture's by what a block of candidates may
reach beyond its end. All but the sources, their sums and `known` is zero where nothing was filled: memory that a fill
never touches is never taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lacuna.kernels.compiled import compiled, compiled_fast, inlined

BLOCK = 64  # candidates looked at together
GROUP = 4  # looks before the bound of a block is compared for the first time
STRIP = 32  # numbers of a patch row compared together: the 27 of nine pixels fit
REFUSED = np.float32(1e30)  # bound of what is no source
UNBOUNDED = np.float32(1e29)  # limit of bounds while there is no best yet
SCALE = 27.0  # looks are scaled so that their squares sum to this many times the bound
SLOPE = float(np.sqrt(SCALE / 18))  # of a difference between two rows or columns of three pixels, 18 numbers
SLACK = 1e-3  # rounding of the bounds in float32, generously
ALPHA = 255.0  # the paper's normalisation of the data term
NORMAL = 2  # radius within which the direction of the front is estimated
HINTS = 16  # continued sources of neighbours that are tried before the search
ROWS = 128  # rows prepared at a time
FRONT_ROWS = 16  # rows whose front is found at a time
PATCH_COST = 1000  # what a patch takes beside its search, in blocks
NONE = 2**62
UNCHANGED = (NONE, NONE, 0, 0)

# Planes of `State.sums`, each over the square whose upper left pixel names it: sum of R + G + B, slopes, length of the
# rest; then the sums of smaller squares. A look's plane decides the factor that brings it to SCALE.
MEAN, ACROSS, DOWN, REST, TWO, ONE = range(6)
PLANES = 6

# Places in `State.numbers`.
FRONT, FILLED, TARGET, CURSOR, BLOCKS, LOOKS, STRIPS, TOP, LEFT, HEIGHT, WIDTH = range(11)
# y0, x0, y1, x1 of what was filled since it was last asked for:
CHANGED_TOP, CHANGED_LEFT, CHANGED_BOTTOM, CHANGED_RIGHT = range(11, 15)


class State(NamedTuple):
    """A fill that can be left and taken up again."""

    height: int
    columns: int
    width: int  # columns and a margin
    radius: int  # of the patch that is compared
    core: int  # radius of the part of it that is copied
    reach: int  # how far from the target sources are looked for
    floor: float  # added to the data term
    rgb: NDArray[np.uint8]  # (height * width * 3): known and filled pixels, 0 in the hole
    known: NDArray[np.uint8]  # 1 where known or filled
    sums: NDArray[np.float32]  # PLANES planes, flat
    refused: NDArray[np.float32]  # 0 for the centre of a source, else REFUSED
    sources: NDArray[np.int32]  # (height, width + 1), flat: sources of a row before each column
    confidence: NDArray[np.float64]  # of filled pixels; that of the picture's own is 1
    priority: NDArray[np.float64]  # of the front
    came_from: NDArray[np.int32]  # source of a filled pixel and 1, else 0
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


def start(
    image: NDArray[np.uint8],
    hole: NDArray[np.bool_],
    sources: NDArray[np.bool_],
    *,
    radius: int,
    core: int,
    reach: int,
    floor: float,
    check: Callable[[], None] = lambda: None,
) -> State | None:
    """A fill of `hole` (h, w) in `image` (h, w, 3) from patches that lie wholly in `sources` and are known.

    Patches of `radius` are compared and their middle of radius `core` is copied; sources are looked for within `reach`
    of the target in both directions, further away where there are none. `floor` is added to the data term, which is 0
    where nothing but flat colour meets the front: a small one, 0.001, is the paper's order without its stops, a large
    one grows the fill evenly from all sides. None if there is no source at all. `check` is called every few
    milliseconds.
    """
    height, columns = hole.shape
    side = 2 * radius + 1
    width = columns + BLOCK + radius + STRIP
    size = height * width
    strips = -(-3 * side // STRIP)
    rgb = np.zeros(3 * size + 2 * STRIP, np.uint8)
    known = np.zeros(size, np.uint8)
    numbers = np.zeros(15, np.int64)
    numbers[TARGET] = -1
    numbers[CHANGED_TOP:] = UNCHANGED
    state = State(
        height=height, columns=columns, width=width, radius=radius, core=core, reach=min(reach, height + width),
        floor=float(floor),
        rgb=rgb, known=known, sums=np.zeros(PLANES * size + 4 * width + BLOCK, np.float32),
        refused=np.full(size + BLOCK, REFUSED), sources=np.zeros(height * (width + 1), np.int32),
        confidence=np.zeros(size), priority=np.zeros(size), came_from=np.zeros(size, np.int32),
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
    allowed = sources & ~hole
    depth, found = np.zeros(columns, np.int64), 0
    for top in range(0, height, ROWS):
        check()
        found += _prepare(state, allowed, depth, top, min(height, top + ROWS))
    if not found:
        return None
    for top in range(0, height, FRONT_ROWS):
        check()
        _renew(state, top, 0, top + FRONT_ROWS, columns)
    return state


def filled(state: State) -> int:
    """How many pixels have been filled so far."""
    return int(state.numbers[FILLED])


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
    _choose_looks(state, side)
    reach = state.reach
    found = 0
    while found == 0:
        top, bottom = max(radius, y - reach), min(height - radius, y + reach + 1)
        left, right = max(radius, x - reach), min(columns - radius, x + reach + 1)
        if left < right:
            for v in range(top, bottom):
                found += state.sources[v * (width + 1) + right] - state.sources[v * (width + 1) + left]
        reach *= 2
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
    _try_hints(state)
    return True


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
    limit = _limit(best[0])
    for block in range(first, last):
        v = top + state.order[block // across]
        u = left + block % across * BLOCK
        end = min(u + BLOCK, right)
        before = v * (width + 1)
        if state.sources[before + end] == state.sources[before + u]:
            continue
        at = v * width + u
        if count >= GROUP and _survivors(sums, refused, at, looks, wanted, limit) == 0:
            continue
        if count >= 2 * GROUP and _fewer_survivors(sums, refused, at, looks, wanted, limit) == 0:
            continue
        for i in range(BLOCK):
            bounds[i] = refused[at + i]
        k, left_over = 0, BLOCK
        while k + GROUP <= count and left_over > 0:
            if k + 2 * GROUP <= count:
                left_over = _add_looks(sums, at, looks[k:], wanted[k:], limit, bounds)
                k += 2 * GROUP
            else:
                left_over = _add_few_looks(sums, at, looks[k:], wanted[k:], limit, bounds)
                k += GROUP
        if left_over == 0:
            continue
        for i in range(end - u):
            if bounds[i] <= limit:
                total = _difference(rgb, 3 * (at + i - corner), strips, pixels, counts, best[0])
                if total <= best[0] and refused[at + i] == 0:
                    _offer(best, total, (v - y) ** 2 + (u + i - x) ** 2, at + i)
                    limit = _limit(best[0])


@compiled
def copy(state: Any) -> Any:
    """Fill what is unknown in the core of the target's patch from the best source; the front follows."""
    width, columns, core, numbers = state.width, state.columns, state.core, state.numbers
    target = numbers[TARGET]
    y, x = target // width, target % width
    shift = state.best[2] - target
    confidence = _confidence(state, y, x)
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
            _remove(state, at)
    around = core + state.radius + 1
    _renew(state, y - around, x - around, y + around + 1, x + around + 1)
    numbers[TARGET] = -1


@compiled
def _prepare(state: Any, allowed: Any, depth: Any, top: Any, bottom: Any) -> Any:
    """Sums and sources of some rows, from the top down; how many sources end there.

    `depth` (columns) counts the allowed pixels that stand above one another.
    """
    height, width, columns, radius = state.height, state.width, state.columns, state.radius
    size = height * width
    mean, across = state.sums[MEAN * size : (MEAN + 1) * size], state.sums[ACROSS * size : (ACROSS + 1) * size]
    down, rest = state.sums[DOWN * size : (DOWN + 1) * size], state.sums[REST * size : (REST + 1) * size]
    two, one = state.sums[TWO * size : (TWO + 1) * size], state.sums[ONE * size : (ONE + 1) * size]
    column, slope, square = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    for y in range(top, bottom):
        for x in range(columns):
            column[x], slope[x], square[x] = 0, 0, 0
        for v in range(y, min(height, y + 3)):
            sign = v - y - 1
            for x in range(columns):
                at = 3 * (v * width + x)
                r, g, b = np.float64(state.rgb[at]), np.float64(state.rgb[at + 1]), np.float64(state.rgb[at + 2])
                column[x] += r + g + b
                slope[x] += sign * (r + g + b)
                square[x] += r * r + g * g + b * b
                if v == y:
                    one[v * width + x] = 3 * (r + g + b)
        for x in range(columns - 2):
            at = y * width + x
            total = column[x] + column[x + 1] + column[x + 2]
            a, d = SLOPE * (column[x + 2] - column[x]), SLOPE * (slope[x] + slope[x + 1] + slope[x + 2])
            mean[at], across[at], down[at] = total, a, d
            squares = square[x] + square[x + 1] + square[x + 2]
            rest[at] = np.sqrt(max(0.0, SCALE * squares - total * total - a * a - d * d))
    for y in range(max(0, top - 1), min(bottom, height - 1)):
        if y + 1 < bottom:
            for x in range(columns - 1):
                at = y * width + x
                two[at] = 0.5 * (one[at] + one[at + 1] + one[at + width] + one[at + width + 1])
    side, found = 2 * radius + 1, 0
    for y in range(top, bottom):
        run = 0
        for x in range(columns):
            depth[x] = depth[x] + 1 if allowed[y, x] else 0
            run = run + 1 if depth[x] >= side else 0
            if run >= side:
                state.refused[(y - radius) * width + x - radius] = 0
                found += 1
        if y >= side - 1:
            v = y - radius
            for x in range(width):
                there = 1 if state.refused[v * width + x] == 0 else 0
                state.sources[v * (width + 1) + x + 1] = state.sources[v * (width + 1) + x] + there
    return found


@compiled
def _renew(state: Any, top: Any, left: Any, bottom: Any, right: Any) -> Any:
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
                state.priority[at] = _confidence(state, y, x) * (_data(state, y, x) + state.floor)
                if state.place[at] == 0:
                    state.heap[state.numbers[FRONT]] = at
                    state.numbers[FRONT] += 1
                    state.place[at] = state.numbers[FRONT]
                _settle(state, state.place[at] - 1)


@compiled
def _confidence(state: Any, y: Any, x: Any) -> Any:
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


@compiled
def _choose_looks(state: Any, side: Any) -> Any:
    """Cover the known pixels of the target with squares of 3 x 3, then of 2 x 2, then single pixels, without overlap.

    The means of the squares of 3 x 3 come first, in scattered order, as neighbours say much the same.
    """
    looks, wanted = state.looks, state.wanted
    size = state.height * state.width
    free = np.empty((side, side), np.bool_)
    for v in range(side):
        for u in range(side):
            free[v, u] = state.counts[v, 3 * u] > 0
    places, n = np.empty((side * side, 2), np.int64), 0
    m = _cover(free, 3, places)
    for first in range(3):
        for k in range(first, m, 3):
            v, u = places[k, 0], places[k, 1]
            total, across, down, squares = 0.0, 0.0, 0.0, 0.0
            for b in range(3):
                for a in range(9):
                    value = np.float64(state.pixels[v + b, 3 * u + a])
                    total += value
                    across += (a // 3 - 1) * value
                    down += (b - 1) * value
                    squares += value * value
            across, down = SLOPE * across, SLOPE * down
            rest = np.sqrt(max(0.0, SCALE * squares - total * total - across * across - down * down))
            place = (v - state.radius) * state.width + u - state.radius
            looks[n], wanted[n] = MEAN * size + place, total
            looks[m + 2 * n], wanted[m + 2 * n] = ACROSS * size + place, across
            looks[m + 2 * n + 1], wanted[m + 2 * n + 1] = DOWN * size + place, down
            looks[3 * m + n], wanted[3 * m + n] = REST * size + place, rest
            n += 1
    n = 4 * m
    for length in (2, 1):
        m = _cover(free, length, places)
        for first in range(3):
            for k in range(first, m, 3):
                v, u = places[k, 0], places[k, 1]
                total = 0.0
                for b in range(v, v + length):
                    for a in range(3 * u, 3 * (u + length)):
                        total += state.pixels[b, a]
                place = (v - state.radius) * state.width + u - state.radius
                looks[n], wanted[n] = (TWO if length == 2 else ONE) * size + place, total * 3.0 / length
                n += 1
    state.numbers[LOOKS] = n


@compiled
def _cover(free: Any, length: Any, places: Any) -> Any:
    """Take squares of `length` out of what is free, in reading order; how many, with their corners in `places`."""
    m = 0
    for v in range(free.shape[0] - length + 1):
        for u in range(free.shape[1] - length + 1):
            whole = True
            for b in range(v, v + length):
                for a in range(u, u + length):
                    whole = whole and free[b, a]
            if whole:
                for b in range(v, v + length):
                    for a in range(u, u + length):
                        free[b, a] = False
                places[m, 0], places[m, 1] = v, u
                m += 1
    return m


@compiled
def _try_hints(state: Any) -> Any:
    """Begin with what continues the sources of filled neighbours: a good one lets the search refuse much at once."""
    width, radius, numbers = state.width, state.radius, state.numbers
    strips, pixels, counts = state.strips[: numbers[STRIPS]], state.strip_pixels, state.strip_counts
    target = numbers[TARGET]
    y, x = target // width, target % width
    tried = np.empty(HINTS, np.int64)
    n = 0
    for v in range(max(0, y - radius), min(state.height, y + radius + 1)):
        for u in range(max(0, x - radius), min(state.columns, x + radius + 1)):
            source = np.int64(state.came_from[v * width + u]) - 1
            if source < 0 or n == HINTS:
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
            total = _difference(state.rgb, corner, strips, pixels, counts, state.best[0])
            if total <= state.best[0]:
                _offer(state.best, total, (cy - y) ** 2 + (cx - x) ** 2, centre)


@compiled
def _offer(best: Any, total: Any, distance: Any, centre: Any) -> Any:
    """Keep the better: the smaller sum, then the nearer, then the one that comes first in reading order."""
    if total < best[0] or (total == best[0] and (distance < best[1] or (distance == best[1] and centre < best[2]))):
        best[0], best[1], best[2] = total, distance, centre


@compiled
def _limit(best: Any) -> Any:
    """Bounds above this belong to candidates that are worse than `best`."""
    return UNBOUNDED if best == NONE else np.float32(SCALE * (1.0 + SLACK) * best + 1.0)


@compiled_fast
def _difference(rgb: Any, start: Any, strips: Any, wanted: Any, counts: Any, limit: Any) -> Any:
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


# The same a few times over, because loops over looks inside, or one that only sometimes writes, come out many times
# slower: each of these is a straight run over 64 neighbours, 16 at a time.


@compiled_fast
def _survivors(sums: Any, refused: Any, at: Any, looks: Any, wanted: Any, limit: Any) -> Any:
    """How many of the block of candidates that begins at `at` keep within `limit` by the first GROUP looks."""
    a, b, c, d = at + looks[0], at + looks[1], at + looks[2], at + looks[3]
    pa, pb, pc, pd = sums[a : a + BLOCK], sums[b : b + BLOCK], sums[c : c + BLOCK], sums[d : d + BLOCK]
    ta, tb, tc, td = wanted[0], wanted[1], wanted[2], wanted[3]
    begin = refused[at : at + BLOCK]
    n = np.int32(0)
    for i in range(BLOCK):
        p, q, r, s = pa[i] - ta, pb[i] - tb, pc[i] - tc, pd[i] - td
        n = np.int32(n + np.int32(begin[i] + p * p + q * q + r * r + s * s <= limit))
    return n


@compiled_fast
def _fewer_survivors(sums: Any, refused: Any, at: Any, looks: Any, wanted: Any, limit: Any) -> Any:
    """How many keep within `limit` by twice as many looks."""
    a, b, c, d = at + looks[0], at + looks[1], at + looks[2], at + looks[3]
    pa, pb, pc, pd = sums[a : a + BLOCK], sums[b : b + BLOCK], sums[c : c + BLOCK], sums[d : d + BLOCK]
    ta, tb, tc, td = wanted[0], wanted[1], wanted[2], wanted[3]
    e, f, g, h = at + looks[4], at + looks[5], at + looks[6], at + looks[7]
    pe, pf, pg, ph = sums[e : e + BLOCK], sums[f : f + BLOCK], sums[g : g + BLOCK], sums[h : h + BLOCK]
    te, tf, tg, th = wanted[4], wanted[5], wanted[6], wanted[7]
    begin = refused[at : at + BLOCK]
    n = np.int32(0)
    for i in range(BLOCK):
        p, q, r, s = pa[i] - ta, pb[i] - tb, pc[i] - tc, pd[i] - td
        t, u, v, w = pe[i] - te, pf[i] - tf, pg[i] - tg, ph[i] - th
        total = begin[i] + p * p + q * q + r * r + s * s + t * t + u * u + v * v + w * w
        n = np.int32(n + np.int32(total <= limit))
    return n


@compiled_fast
def _add_looks(sums: Any, at: Any, looks: Any, wanted: Any, limit: Any, bounds: Any) -> Any:
    """Add twice GROUP looks to the `bounds` of a block; how many keep within `limit`."""
    a, b, c, d = at + looks[0], at + looks[1], at + looks[2], at + looks[3]
    pa, pb, pc, pd = sums[a : a + BLOCK], sums[b : b + BLOCK], sums[c : c + BLOCK], sums[d : d + BLOCK]
    ta, tb, tc, td = wanted[0], wanted[1], wanted[2], wanted[3]
    e, f, g, h = at + looks[4], at + looks[5], at + looks[6], at + looks[7]
    pe, pf, pg, ph = sums[e : e + BLOCK], sums[f : f + BLOCK], sums[g : g + BLOCK], sums[h : h + BLOCK]
    te, tf, tg, th = wanted[4], wanted[5], wanted[6], wanted[7]
    n = np.int32(0)
    for i in range(BLOCK):
        p, q, r, s = pa[i] - ta, pb[i] - tb, pc[i] - tc, pd[i] - td
        t, u, v, w = pe[i] - te, pf[i] - tf, pg[i] - tg, ph[i] - th
        total = bounds[i] + p * p + q * q + r * r + s * s + t * t + u * u + v * v + w * w
        bounds[i] = total
        n = np.int32(n + np.int32(total <= limit))
    return n


@compiled_fast
def _add_few_looks(sums: Any, at: Any, looks: Any, wanted: Any, limit: Any, bounds: Any) -> Any:
    """Add GROUP looks to the `bounds` of a block; how many keep within `limit`."""
    a, b, c, d = at + looks[0], at + looks[1], at + looks[2], at + looks[3]
    pa, pb, pc, pd = sums[a : a + BLOCK], sums[b : b + BLOCK], sums[c : c + BLOCK], sums[d : d + BLOCK]
    ta, tb, tc, td = wanted[0], wanted[1], wanted[2], wanted[3]
    n = np.int32(0)
    for i in range(BLOCK):
        p, q, r, s = pa[i] - ta, pb[i] - tb, pc[i] - tc, pd[i] - td
        total = bounds[i] + p * p + q * q + r * r + s * s
        bounds[i] = total
        n = np.int32(n + np.int32(total <= limit))
    return n


@compiled
def _remove(state: Any, pixel: Any) -> Any:
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
        if not _before(state, pixel, heap[above]):
            break
        heap[at] = heap[above]
        place[heap[at]] = at + 1
        at = above
    while True:
        below = 2 * at + 1
        if below + 1 < size and _before(state, heap[below + 1], heap[below]):
            below += 1
        if below >= size or not _before(state, heap[below], pixel):
            break
        heap[at] = heap[below]
        place[heap[at]] = at + 1
        at = below
    heap[at] = pixel
    place[pixel] = at + 1


@inlined
def _before(state: Any, a: Any, b: Any) -> Any:
    """Pixel `a` is filled before `b`: the higher priority, then the first in reading order."""
    return state.priority[a] > state.priority[b] or (state.priority[a] == state.priority[b] and a < b)
