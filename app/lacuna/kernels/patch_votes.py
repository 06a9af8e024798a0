"""What the patches that cover a pixel say it should be: their average by weight, or the best of them.

Wexler, Shechtman and Irani, "Space-time completion of video", 2007, section 3. Sources are wholly known, so votes may
be written into the picture they are read from.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from lacuna.kernels.compiled import compiled, compiled_fast, generated, inlined
from lacuna.kernels.patch_distance import BYTE, PATCH, WORD, at, bias_of, vector_of

Bytes = NDArray[np.uint8]
Places = NDArray[np.int32]
Floats = NDArray[np.float32]


@generated
def _bias(_typing: Any, sums: Any, p: Any, q: Any, limit: Any, biases: Any) -> Any:
    """Put the shift in colour for the source at `q` that stands in for the target at `p` into `biases` (4)."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, target, source, bound, result = arguments
        _, bias = bias_of(context, builder, signature.args[0], array, (target, source), bound)
        floats = builder.sitofp(bias, ir.VectorType(ir.FloatType(), 4))
        mean = builder.fmul(floats, vector_of(ir.FloatType(), 4, [1 / PATCH**2] * 4))
        start = ir.IntType(64)(0)
        builder.store(mean, at(context, builder, signature.args[4], result, start, mean.type), align=4)
        return context.get_dummy_value()

    return types.void(sums, types.uint64, types.uint64, types.int32, biases), code


@generated
def _add_row(_typing: Any, result: Any, to: Any, picture: Any, p: Any, biases: Any, weight: Any) -> Any:
    """Add `weight` times the 32 bytes of `picture` from `p`, shifted by `biases`, to `result` from `to`."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        count = 4 * PATCH
        floats = ir.VectorType(ir.FloatType(), count)
        four = ir.VectorType(ir.FloatType(), 4)
        target, place, source, first, shifts, factor = arguments
        start = ir.IntType(64)(0)
        pointer = at(context, builder, signature.args[2], source, first, ir.VectorType(BYTE, count))
        words = builder.zext(builder.load(pointer, align=1), ir.VectorType(WORD, count))
        shift = builder.load(at(context, builder, signature.args[4], shifts, start, four), align=4)
        tiled = builder.shuffle_vector(shift, shift, vector_of(WORD, count, list(range(4)) * PATCH))
        values = builder.fadd(builder.sitofp(words, floats), tiled)
        lone = builder.insert_element(ir.Constant(floats, ir.Undefined), factor, WORD(0))
        spread = builder.shuffle_vector(lone, lone, vector_of(WORD, count, [0] * count))
        pointer = at(context, builder, signature.args[0], target, place, floats)
        builder.store(builder.fadd(builder.load(pointer, align=4), builder.fmul(values, spread)), pointer, align=4)
        return context.get_dummy_value()

    arguments = (result, types.uint64, picture, types.uint64, biases, types.float32)
    return types.void(*arguments), code


@inlined
def put_averages(  # type: ignore[no-untyped-def]
    picture, width, hole, values, totals, columns, first, top, bottom, left, right
):
    """Write `values` over `totals`, which begin at row `top` and column `first`, into the hole of `picture`."""
    for y in range(top, bottom):
        for x in range(left, right):
            if hole[y * width + x]:
                start = (y - top) * columns + x - first
                scale = np.float32(1.0) / totals[start]
                for channel in range(4):
                    value = values[4 * start + channel] * scale + np.float32(0.5)
                    value = min(max(value, np.float32(0)), np.float32(255))
                    picture[4 * (y * width + x) + channel] = np.uint8(value)


@compiled_fast
def vote(
    picture: Bytes,
    sums: NDArray[np.int16],
    shift: int,
    width: int,
    hole: Bytes,
    targets: Places,
    rows: Places,
    field: Places,
    weights: Floats,
    top: int,
    bottom: int,
    left: int,
    right: int,
) -> None:
    """Put the average of all votes into each hole pixel of the rows `top` to `bottom`.

    `rows[y]` is the number of the first target in row y or below. Holes lie in the columns `left` to `right`.
    """
    first = max(0, left - PATCH + 1)
    columns = right + PATCH - first  # a patch that begins in the last column of the hole ends here
    biases = np.zeros(4, np.float32)
    values = np.zeros((bottom - top) * columns * 4, np.float32)
    totals = np.zeros((bottom - top) * columns, np.float32)
    for y in range(max(0, top - PATCH + 1), bottom):
        for number in range(rows[y], rows[y + 1]):
            target = targets[number]
            weight = weights[number]
            x = target - y * width - first
            source = np.int64(field[target])
            _bias(sums, np.uint64(4 * np.int64(target)), np.uint64(4 * source), np.int32(shift), biases)
            for row in range(max(0, top - y), min(PATCH, bottom - y)):
                start = (y + row - top) * columns + x
                byte = np.uint64(4 * (source + row * width))
                _add_row(values, np.uint64(4 * start), picture, byte, biases, weight)
                for i in range(PATCH):
                    totals[start + i] += weight
    put_averages(picture, width, hole, values, totals, columns, first, top, bottom, left, right)


@compiled
def collect(
    image: NDArray[Any],
    sums: NDArray[np.int16],
    shift: int,
    unit: float,
    pixels: Places,
    begin: int,
    end: int,
    numbers: Places,
    field: Places,
    weights: Floats,
    result: Floats,
    came_from: Places,
) -> None:
    """The votes for the pixels `begin` to `end` of `pixels` in the depth of `image` (h, w, 3), where a byte is `unit`.

    `numbers` holds the number of the target at each place, or -1. `result` (n, 3) takes the average of the votes,
    `came_from` (n, 2) the pixel (y, x) that the heaviest of them names.
    """
    width = image.shape[1]
    biases = np.zeros(4, np.float32)
    step = np.float32(unit)
    for index in range(begin, end):
        pixel = np.int64(pixels[index])
        y, x = pixel // width, pixel % width
        red = green = blue = total = np.float32(0)
        heaviest = np.float32(-1)
        for dy in range(min(PATCH - 1, y) + 1):
            for dx in range(min(PATCH - 1, x) + 1):
                target = pixel - dy * width - dx
                number = numbers[target]
                if number < 0:
                    continue
                weight = weights[number]
                best = np.int64(field[target])
                _bias(sums, np.uint64(4 * target), np.uint64(4 * best), np.int32(shift), biases)
                source = best + dy * width + dx
                sy, sx = source // width, source % width
                red += weight * (np.float32(image[sy, sx, 0]) + step * biases[0])
                green += weight * (np.float32(image[sy, sx, 1]) + step * biases[1])
                blue += weight * (np.float32(image[sy, sx, 2]) + step * biases[2])
                total += weight
                if weight > heaviest:
                    heaviest = weight
                    came_from[index, 0], came_from[index, 1] = sy, sx
        result[index, 0], result[index, 1], result[index, 2] = red / total, green / total, blue / total


@compiled
def relax(values: Floats, width: int, hole: Bytes, holes: Places, leak: float, sweeps: int) -> None:
    """Make each pixel of `holes` more like the mean of its neighbours, by `sweeps` of successive over-relaxation.

    `values` (h * w * 4) is changed in the hole alone. `leak` draws towards 0, the stronger the farther from the rim:
    it is the weight of one more neighbour of that value.
    """
    height = hole.size // width
    speed = np.float32(1.7)
    for sweep in range(sweeps):
        for index in range(holes.size):
            pixel = np.int64(holes[index if sweep % 2 == 0 else holes.size - 1 - index])
            y, x = pixel // width, pixel % width
            for channel in range(4):
                total, count = np.float32(0), np.float32(leak)
                if y > 0:
                    total += values[4 * (pixel - width) + channel]
                    count += np.float32(1)
                if y + 1 < height:
                    total += values[4 * (pixel + width) + channel]
                    count += np.float32(1)
                if x > 0:
                    total += values[4 * (pixel - 1) + channel]
                    count += np.float32(1)
                if x + 1 < width:
                    total += values[4 * (pixel + 1) + channel]
                    count += np.float32(1)
                place = 4 * pixel + channel
                values[place] += speed * (total / count - values[place])
