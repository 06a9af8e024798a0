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

from lacuna.kernels.compiled import compiled, compiled_fast, generated
from lacuna.kernels.patch_distance import PATCH

Bytes = NDArray[np.uint8]
Places = NDArray[np.int32]
Floats = NDArray[np.float32]


@generated
def _add_row(_typing: Any, sums: Any, at: Any, picture: Any, p: Any, weight: Any) -> Any:
    """Add `weight` times the 32 bytes of `picture` from `p` to the floats of `sums` from `at`."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        count = 4 * PATCH
        floats = ir.VectorType(ir.FloatType(), count)
        to, start, source, first, factor = arguments
        of = context.make_array(signature.args[0])(context, builder, to).data
        read = context.make_array(signature.args[2])(context, builder, source).data
        place = builder.bitcast(builder.gep(read, [first]), ir.VectorType(ir.IntType(8), count).as_pointer())
        values = builder.zext(builder.load(place, align=1), ir.VectorType(ir.IntType(32), count))
        lone = builder.insert_element(ir.Constant(floats, ir.Undefined), factor, ir.IntType(32)(0))
        spread = builder.shuffle_vector(
            lone, ir.Constant(floats, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), count), [0] * count)
        )
        target = builder.bitcast(builder.gep(of, [start]), floats.as_pointer())
        weighed = builder.fmul(builder.sitofp(values, floats), spread)
        builder.store(builder.fadd(builder.load(target, align=4), weighed), target, align=4)
        return context.get_dummy_value()

    return types.void(sums, types.uint64, picture, types.uint64, types.float32), code


@compiled_fast
def vote(
    picture: Bytes,
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
    sums = np.zeros((bottom - top) * columns * 4, np.float32)
    totals = np.zeros((bottom - top) * columns, np.float32)
    for y in range(max(0, top - PATCH + 1), bottom):
        for number in range(rows[y], rows[y + 1]):
            target = targets[number]
            weight = weights[number]
            x = target - y * width - first
            source = np.int64(field[target])
            for row in range(max(0, top - y), min(PATCH, bottom - y)):
                at = (y + row - top) * columns + x
                _add_row(sums, np.uint64(4 * at), picture, np.uint64(4 * (source + row * width)), weight)
                for i in range(PATCH):
                    totals[at + i] += weight
    for y in range(top, bottom):
        for x in range(left, right):
            if hole[y * width + x]:
                at = (y - top) * columns + x - first
                scale = np.float32(1.0) / totals[at]
                for channel in range(4):
                    value = np.uint8(sums[4 * at + channel] * scale + np.float32(0.5))
                    picture[4 * (y * width + x) + channel] = value


@compiled
def collect(
    image: NDArray[Any],
    holes: Places,
    begin: int,
    end: int,
    numbers: Places,
    field: Places,
    weights: Floats,
    result: Floats,
    came_from: Places,
) -> None:
    """The votes for the hole pixels `begin` to `end` in the depth of `image` (h, w, 3); see `vote`.

    `numbers` holds the number of the target at each place, or -1. `result` (n, 3) takes the average of the votes,
    `came_from` (n, 2) the pixel (y, x) that the heaviest of them names.
    """
    width = image.shape[1]
    for index in range(begin, end):
        pixel = np.int64(holes[index])
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
                source = field[target] + dy * width + dx
                sy, sx = source // width, source % width
                red += weight * np.float32(image[sy, sx, 0])
                green += weight * np.float32(image[sy, sx, 1])
                blue += weight * np.float32(image[sy, sx, 2])
                total += weight
                if weight > heaviest:
                    heaviest = weight
                    came_from[index, 0], came_from[index, 1] = sy, sx
        result[index, 0], result[index, 1], result[index, 2] = red / total, green / total, blue / total


@compiled
def relax(picture: Bytes, width: int, holes: Places, hole: Bytes, values: Floats, sweeps: int) -> None:
    """A smooth fill of the pixels `holes`: each the mean of its neighbours, by `sweeps` of successive over-relaxation.

    `values` (h * w * 4) is working space that keeps fractions from one call to the next; it begins as the picture.
    """
    height = hole.size // width
    for sweep in range(sweeps):
        for index in range(holes.size):
            pixel = np.int64(holes[index if sweep % 2 == 0 else holes.size - 1 - index])
            y, x = pixel // width, pixel % width
            for channel in range(4):
                total, count = np.float32(0), np.float32(0)
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
                at = 4 * pixel + channel
                values[at] += np.float32(1.7) * (total / count - values[at])
    for index in range(holes.size):
        for channel in range(4):
            at = 4 * np.int64(holes[index]) + channel
            picture[at] = np.uint8(min(max(values[at] + np.float32(0.5), np.float32(0)), np.float32(255)))
