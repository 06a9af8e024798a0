"""The field of PatchMatch where a source may be turned, scaled, mirrored, and its contrast bent.

Barnes, Shechtman, Goldman and Finkelstein, "The generalized PatchMatch correspondence algorithm", 2010, section 3.2;
gain and bias of each channel by Darabi et al., "Image Melding", 2012, section 3.1. What is plain, with nothing turned,
is in `patchmatch`, `patch_distance` and `patch_votes`, several times faster; places are as there.

A turn is a row of `Turns`: for each of the 64 pixels of a patch, how far away its source is sampled, at the nearest
pixel. Turns go round the middle of a patch; turn 0 is none. `room` says for each place by how many pixels on each side
a square of known and allowed ones may be larger than a patch, plus 1; 0 where not even that fits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from lacuna.kernels.compiled import compiled, generated, inlined
from lacuna.kernels.patch_distance import BYTE, DEAR, PATCH, SHORT, WORD, at, vector_of
from lacuna.kernels.patch_votes import put_averages
from lacuna.kernels.patchmatch import next_random

PIXELS = PATCH * PATCH
LANES = 4 * PATCH
SUM, SQUARES, APART = 0, 4, 8  # in moments, four channels each: of the source, and of target minus source
NUMBERS = 12
WIDE = 4  # pixels: while the random search looks farther, it draws any turn; then those beside the best
FLAT = 64.0  # variance, times 64, below which a patch has no contrast that could be bent

Bytes = NDArray[np.uint8]
Places = NDArray[np.int32]
Shorts = NDArray[np.int16]
Floats = NDArray[np.float32]


class Turns(NamedTuple):
    """All that may be done to a source at one level, and how far its colours may be bent."""

    offsets: Places  # (n * 64): bytes from a source's place to what is sampled, in the target's order
    matrices: NDArray[np.float64]  # (n, 4), row by row: a step (y, x) of the target is this step of the source
    need: Bytes  # (n): the room that all samples take
    shift: int  # 64 times the most by which a colour may shift
    weakest: float  # the gain of a channel's contrast, from here
    strongest: float  # to here; 1 and 1 for none


@generated
def _measure(_typing: Any, picture: Any, p: Any, stride: Any, q: Any, offsets: Any, first: Any, moments: Any) -> Any:
    """Sums of the patch sampled around the byte `q`, and of its differences from the one at `p`, into `moments`.

    `first` is where the turn's 64 offsets begin.
    """

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, target, step, source, table, begin, result = arguments
        words, wide = ir.VectorType(SHORT, LANES), ir.VectorType(WORD, LANES)
        row_of_bytes, eight = ir.VectorType(BYTE, LANES), ir.VectorType(WORD, PATCH)
        long = ir.IntType(64)

        def sampled(row: int) -> Any:
            place = builder.add(begin, long(row * PATCH))
            moves = builder.load(at(context, builder, signature.args[4], table, place, eight), align=4)
            gathered = ir.Constant(eight, ir.Undefined)
            for i in range(PATCH):
                byte = builder.add(source, builder.sext(builder.extract_element(moves, WORD(i)), long))
                pixel = builder.load(at(context, builder, signature.args[0], array, byte, WORD), align=1)
                gathered = builder.insert_element(gathered, pixel, WORD(i))
            return builder.zext(builder.bitcast(gathered, row_of_bytes), words)

        sums = ir.Constant(words, [0] * LANES)  # 8 bytes each: fits
        squares = apart = ir.Constant(wide, [0] * LANES)
        for row in range(PATCH):
            pointer = at(context, builder, signature.args[0], array, target, row_of_bytes)
            wanted = builder.zext(builder.load(pointer, align=1), words)
            found = sampled(row)
            difference = builder.sub(wanted, found)
            sums = builder.add(sums, found)
            squares = builder.add(squares, builder.zext(builder.mul(found, found), wide))
            apart = builder.add(apart, builder.zext(builder.mul(difference, difference), wide))
            target = builder.add(target, step)
        for place, total in ((SUM, builder.zext(sums, wide)), (SQUARES, squares), (APART, apart)):
            count = LANES
            while count > 4:
                count //= 2
                halves = (vector_of(WORD, count, list(range(begin_, begin_ + count))) for begin_ in (0, count))
                lower, upper = (builder.shuffle_vector(total, total, half) for half in halves)
                total = builder.add(lower, upper)
            pointer = at(context, builder, signature.args[6], result, long(place), total.type)
            builder.store(total, pointer, align=4)
        return context.get_dummy_value()

    arguments = (picture, types.int64, types.int64, types.int64, offsets, types.int64, moments)
    return types.void(*arguments), code


@inlined
def _measured(picture, width, turns, target, source, turn, moments):  # type: ignore[no-untyped-def]
    _measure(
        picture, np.int64(4) * target, np.int64(4) * width, np.int64(4) * source,
        turns.offsets, np.int64(PIXELS) * turn, moments,
    )  # fmt: skip


@inlined
def _bias(turns, own, moments, channel):  # type: ignore[no-untyped-def]
    """By how much the sum of a target exceeds that of a source, and that within the limit."""
    difference = np.int64(own[SUM + channel]) - np.int64(moments[SUM + channel])
    return difference, min(max(difference, -np.int64(turns.shift)), np.int64(turns.shift))


@inlined
def _gain(turns, own, moments, channel):  # type: ignore[no-untyped-def]
    """The ratio of the contrasts of target and source within the limits, and 64 times variance and covariance."""
    t, s = np.float64(own[SUM + channel]), np.float64(moments[SUM + channel])
    squares, other = np.float64(own[SQUARES + channel]), np.float64(moments[SQUARES + channel])
    wanted, found = squares - t * t / PIXELS, other - s * s / PIXELS
    both = (squares + other - np.float64(moments[APART + channel])) / 2 - t * s / PIXELS
    ratio = 1.0
    if found > FLAT and turns.strongest > 1:
        ratio = min(max(np.sqrt(max(wanted, 0.0) / found), turns.weakest), turns.strongest)
    return ratio, found, both


@inlined
def _distance(turns, own, moments):  # type: ignore[no-untyped-def]
    """int32: the squared differences that are left once the source's colours are bent; what that saves costs a part."""
    total = np.int64(moments[APART + 3])
    for channel in range(3):
        difference, bias = _bias(turns, own, moments, channel)
        part = abs(bias) // DEAR
        part = part if bias > 0 else -part
        total += np.int64(moments[APART + channel]) - (((2 * difference - bias - part) * bias) >> 6)
        if turns.strongest > 1:
            ratio, variance, both = _gain(turns, own, moments, channel)
            saved = (1 - ratio) * ((1 + ratio) * variance - 2 * both)
            total -= np.int64(saved - max(saved, 0.0) / DEAR)
    return np.int32(total)


@inlined
def _turned(turns, turn, y, x):  # type: ignore[no-untyped-def]
    """Where a turn takes the point (y, x), rounded. A step between two points is the difference: it does not drift."""
    a, b = turns.matrices[turn, 0], turns.matrices[turn, 1]
    c, d = turns.matrices[turn, 2], turns.matrices[turn, 3]
    return np.int64(np.floor(a * y + b * x + 0.5)), np.int64(np.floor(c * y + d * x + 0.5))


@inlined
def _fits(room, turns, width, height, y, x, turn):  # type: ignore[no-untyped-def]
    fits = False
    if 0 <= y < height and 0 <= x < width:
        fits = room[y * width + x] >= turns.need[turn]
    return fits


@compiled
def search(
    picture: Bytes,
    width: int,
    room: Bytes,
    turns: Any,
    targets: Places,
    begin: int,
    end: int,
    field: Places,
    turned: Shorts,
    before: Places,
    turned_before: Shorts,
    costs: Places,
    offsets: Places,
    backward: bool,
    radius: int,
    seed: int,
) -> None:
    """One round over the targets `begin` to `end`; as `patchmatch.search`, with the turn of each place in `turned`.

    A neighbour's source is followed in the direction into which it is turned; `offsets` are tried unturned.
    """
    state = np.uint32((seed * 747796405 + 2891336453) & 0xFFFFFFFF) | np.uint32(1)
    first, last = targets[begin], targets[end - 1]
    size = room.size
    height = size // width
    kinds = turns.need.size
    own, moments = np.zeros(NUMBERS, np.int32), np.zeros(NUMBERS, np.int32)
    step = -1 if not backward else 1
    for index in range(begin, end):
        number = index if not backward else begin + end - 1 - index
        target = np.int64(targets[number])
        ty, tx = target // width, target % width
        best, turn = np.int64(field[target]), np.int64(turned[target])
        _measured(picture, width, turns, target, target, 0, own)
        _measured(picture, width, turns, target, best, turn, moments)
        cost = _distance(turns, own, moments)
        for direction in range(2):
            ny, nx = ty + (step if direction == 1 else 0), tx + (step if direction == 0 else 0)
            neighbour = ny * width + nx
            if neighbour < 0 or neighbour >= size:
                continue
            inside = first <= neighbour <= last
            place = np.int64(field[neighbour] if inside else before[neighbour])
            if place < 0:
                continue
            other = np.int64(turned[neighbour] if inside else turned_before[neighbour])
            fy, fx = _turned(turns, other, ny, nx)
            gy, gx = _turned(turns, other, ty, tx)
            sy, sx = place // width + gy - fy, place % width + gx - fx
            source = sy * width + sx
            if (source == best and other == turn) or not _fits(room, turns, width, height, sy, sx, other):
                continue
            _measured(picture, width, turns, target, source, other, moments)
            found = _distance(turns, own, moments)
            if found < cost:
                cost, best, turn = found, source, other
        if offsets.size:
            state = next_random(state)
            source = target + offsets[np.int64(state >> np.uint32(8)) % offsets.size]
            if 0 <= source < size and room[source] != 0:
                _measured(picture, width, turns, target, source, 0, moments)
                found = _distance(turns, own, moments)
                if found < cost:
                    cost, best, turn = found, source, np.int64(0)
        reach = radius
        y, x = best // width, best % width
        while reach >= 1 and cost > 0:
            state = next_random(state)
            span = 2 * reach + 1
            ny = y + ((np.int64(state & np.uint32(0xFFFF)) * span) >> 16) - reach
            nx = x + ((np.int64(state >> np.uint32(16)) * span) >> 16) - reach
            state = next_random(state)
            draw = np.int64(state >> np.uint32(8))
            other = turn
            if reach > WIDE:
                other = draw % kinds
            elif draw % 2:
                other = (turn + (draw // 2) % 3 + kinds - 1) % kinds
            reach >>= 1
            source = ny * width + nx
            if (source == best and other == turn) or not _fits(room, turns, width, height, ny, nx, other):
                continue
            _measured(picture, width, turns, target, source, other, moments)
            found = _distance(turns, own, moments)
            if found < cost:
                cost, best, turn = found, source, other
                y, x = ny, nx
        field[target], turned[target] = best, turn
        costs[number] = cost


@compiled
def bend(
    picture: Bytes, width: int, turns: Any, targets: Places, begin: int, end: int,
    field: Places, turned: Shorts, gains: Floats, shifts: Floats,
) -> None:  # fmt: skip
    """How each source has to be bent to stand in for its target: `gains` and `shifts` (n, 4) of its bytes."""
    own, moments = np.zeros(NUMBERS, np.int32), np.zeros(NUMBERS, np.int32)
    for number in range(begin, end):
        target = np.int64(targets[number])
        _measured(picture, width, turns, target, target, 0, own)
        _measured(picture, width, turns, target, np.int64(field[target]), np.int64(turned[target]), moments)
        gains[number, 3], shifts[number, 3] = 1, 0
        for channel in range(3):
            _, bias = _bias(turns, own, moments, channel)
            ratio, _, _ = _gain(turns, own, moments, channel)
            gains[number, channel] = ratio
            shifts[number, channel] = (bias + (1 - ratio) * moments[SUM + channel]) / PIXELS


@compiled
def vote(
    picture: Bytes, width: int, hole: Bytes, targets: Places, rows: Places, field: Places, turned: Shorts,
    offsets: Places, gains: Floats, shifts: Floats, weights: Floats, top: int, bottom: int, left: int, right: int,
) -> None:  # fmt: skip
    """Put the average of all votes into each hole pixel of the rows `top` to `bottom`; as `patch_votes.vote`."""
    first = max(0, left - PATCH + 1)
    columns = right + PATCH - first
    values = np.zeros((bottom - top) * columns * 4, np.float32)
    totals = np.zeros((bottom - top) * columns, np.float32)
    for y in range(max(0, top - PATCH + 1), bottom):
        for number in range(rows[y], rows[y + 1]):
            target = np.int64(targets[number])
            weight = weights[number]
            x = target - y * width - first
            source = np.int64(4) * field[target]
            table = np.int64(PIXELS) * turned[target]
            for row in range(max(0, top - y), min(PATCH, bottom - y)):
                start = (y + row - top) * columns + x
                for i in range(PATCH):
                    byte = source + offsets[table + row * PATCH + i]
                    for channel in range(4):
                        value = gains[number, channel] * np.float32(picture[byte + channel]) + shifts[number, channel]
                        values[4 * (start + i) + channel] += weight * value
                    totals[start + i] += weight
    put_averages(picture, width, hole, values, totals, columns, first, top, bottom, left, right)


@compiled
def collect(
    image: NDArray[Any], dark: float, unit: float, pixels: Places, begin: int, end: int, numbers: Places,
    field: Places, turned: Shorts, offsets: Places, gains: Floats, shifts: Floats, weights: Floats,
    result: Floats, came_from: Places,
) -> None:  # fmt: skip
    """The votes for the pixels `begin` to `end` in the depth of `image`; as `patch_votes.collect`.

    `dark` is what a byte of 0 is in the picture. `came_from` takes the pixel that the heaviest vote samples.
    """
    width = image.shape[1]
    zero, step = np.float32(dark), np.float32(unit)
    sums = np.zeros(3, np.float32)
    for index in range(begin, end):
        pixel = np.int64(pixels[index])
        y, x = pixel // width, pixel % width
        sums[:] = 0
        total = np.float32(0)
        heaviest = np.float32(-1)
        for dy in range(min(PATCH - 1, y) + 1):
            for dx in range(min(PATCH - 1, x) + 1):
                target = pixel - dy * width - dx
                number = numbers[target]
                if number < 0:
                    continue
                weight = weights[number]
                sampled = field[target] + offsets[np.int64(PIXELS) * turned[target] + dy * PATCH + dx] // 4
                sy, sx = sampled // width, sampled % width
                for channel in range(3):
                    value = gains[number, channel] * (np.float32(image[sy, sx, channel]) - zero) + zero
                    sums[channel] += weight * (value + step * shifts[number, channel])
                total += weight
                if weight > heaviest:
                    heaviest = weight
                    came_from[index, 0], came_from[index, 1] = sy, sx
        for channel in range(3):
            result[index, channel] = sums[channel] / total
