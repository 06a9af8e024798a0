"""How unlike two patches are: the sum of squared differences of 8 x 8 pixels of four bytes, but for a shift in colour.

A source may be brightened, darkened or tinted by up to a limit (the bias of Darabi et al., "Image Melding", 2012,
section 3.1): the best shift is the difference of the two means, so it follows from sums kept for every place.

Written in the compiler's own language for vectors, because loops in Python become a byte at a time here: 15 ns a
distance instead of 85. The vectors are cut to whatever registers the machine has.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from lacuna.kernels.compiled import compiled, generated, inlined

PATCH = 8  # pixels: a row of four bytes each is one piece of 32
HALF = 4  # rows, after which a distance that has lost already is not followed
FAR = np.int32(2**30)  # above every distance: 8 x 8 x 4 x 255 ** 2 is below 2 ** 24
DEAR = 4  # a shift costs a quarter of what it saves, so that no source is bent where another fits as it is

BYTE, SHORT, WORD = (ir.IntType(bits) for bits in (8, 16, 32))


def at(context: Any, builder: Any, kind: Any, array: Any, place: Any, vector: Any) -> Any:
    """Where in an array (of numba's type `kind`) the `vector` lies that begins at the element `place`."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [place]), vector.as_pointer())


def vector_of(element: Any, count: int, values: list[Any]) -> Any:
    return ir.Constant(ir.VectorType(element, count), values)


def total_of(builder: Any, vector: Any) -> Any:
    """The sum of a vector of 32-bit numbers."""
    name = f"llvm.vector.reduce.add.v{vector.type.count}i32"
    found = builder.module.globals.get(name)
    return builder.call(found or ir.Function(builder.module, ir.FunctionType(WORD, [vector.type]), name), [vector])


def bias_of(context: Any, builder: Any, kind: Any, sums: Any, places: tuple[Any, Any], limit: Any) -> tuple[Any, Any]:
    """<4 x i32>: by how much the sums of a target exceed those of a source, and that within `limit`; texture has none.

    `places` are 4 times the places of target and source.
    """
    four = ir.VectorType(SHORT, 4)
    wide = ir.VectorType(WORD, 4)
    target, source = (
        builder.sext(builder.load(at(context, builder, kind, sums, place, four), align=2), wide) for place in places
    )
    difference = builder.sub(target, source)
    ceiling = vector_of(WORD, 4, [0] * 4)
    for channel in range(3):
        ceiling = builder.insert_element(ceiling, limit, WORD(channel))
    floor = builder.neg(ceiling)
    low = builder.select(builder.icmp_signed("<", difference, floor), floor, difference)
    return difference, builder.select(builder.icmp_signed(">", low, ceiling), ceiling, low)


@generated
def _rows(_typing: Any, picture: Any, p: Any, q: Any, stride: Any) -> Any:
    """int32: the sum of `HALF` rows that begin at the bytes `p` and `q`, `stride` apart."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        words, wide = ir.VectorType(SHORT, 4 * PATCH), ir.VectorType(WORD, 4 * PATCH)
        array, first, second, step = arguments

        def row(place: Any) -> Any:
            pointer = at(context, builder, signature.args[0], array, place, ir.VectorType(BYTE, 4 * PATCH))
            return builder.zext(builder.load(pointer, align=1), words)

        total = ir.Constant(wide, [0] * (4 * PATCH))
        for _ in range(HALF):
            difference = builder.sub(row(first), row(second))
            square = builder.mul(difference, difference)  # of a byte's difference: fits 16 bits without a sign
            total = builder.add(total, builder.zext(square, wide))
            first, second = builder.add(first, step), builder.add(second, step)
        return total_of(builder, total)

    return types.int32(picture, types.uint64, types.uint64, types.uint64), code


@generated
def _saved(_typing: Any, sums: Any, p: Any, q: Any, limit: Any) -> Any:
    """int32: by how much a shift in colour lessens the distance of the places at `p` and `q` of the sums."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, first, second, bound = arguments
        difference, bias = bias_of(context, builder, signature.args[0], array, (first, second), bound)
        quarter = builder.sdiv(bias, vector_of(WORD, 4, [DEAR] * 4))
        gain = builder.mul(builder.sub(builder.sub(builder.add(difference, difference), bias), quarter), bias)
        return total_of(builder, builder.ashr(gain, vector_of(WORD, 4, [6] * 4)))  # by the 64 pixels

    return types.int32(sums, types.uint64, types.uint64, types.int32), code


@generated
def _sum(_typing: Any, picture: Any, p: Any, stride: Any, sums: Any, q: Any) -> Any:
    """Put the sums of the four channels of the patch at the byte `p` into `sums` at `q`."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, place, step, result, to = arguments
        total: Any = None
        for _ in range(PATCH):
            pointer = at(context, builder, signature.args[0], array, place, ir.VectorType(BYTE, 4 * PATCH))
            row = builder.zext(builder.load(pointer, align=1), ir.VectorType(SHORT, 4 * PATCH))
            total = row if total is None else builder.add(total, row)
            place = builder.add(place, step)
        count = 4 * PATCH
        while count > 4:
            count //= 2
            halves = (vector_of(WORD, count, list(range(first, first + count))) for first in (0, count))
            lower, upper = (builder.shuffle_vector(total, total, half) for half in halves)
            total = builder.add(lower, upper)
        builder.store(total, at(context, builder, signature.args[3], result, to, total.type), align=2)
        return context.get_dummy_value()

    return types.void(picture, types.uint64, types.uint64, sums, types.uint64), code


@inlined
def distance(picture, sums, target, source, width, shift, limit):  # type: ignore[no-untyped-def]
    """int32: the distance of the patches at two places of a flat picture; any number from `limit` on, if no less.

    `sums` holds the sums of four channels for each place; `shift` is 64 times the most by which a colour may shift.
    """
    stride = np.uint64(4) * np.uint64(width)
    p = np.uint64(4) * np.uint64(target)
    q = np.uint64(4) * np.uint64(source)
    saved = _saved(sums, p, q, np.int32(shift))
    total = np.int32(_rows(picture, p, q, stride) - saved)
    if total < limit:
        half = np.uint64(HALF) * stride
        total = np.int32(total + _rows(picture, p + half, q + half, stride))
    return total


@inlined
def sum_up_one(picture, width, place, sums):  # type: ignore[no-untyped-def]
    """The sums of the four channels of the patch at `place`, into `sums` (four for each place)."""
    byte = np.uint64(4) * np.uint64(place)
    _sum(picture, byte, np.uint64(4) * np.uint64(width), sums, byte)


@compiled
def sum_up(
    picture: NDArray[np.uint8], width: int, places: NDArray[np.int32], begin: int, end: int, sums: NDArray[np.int16]
) -> None:
    """The sums of the patches at the places `begin` to `end`, into `sums`."""
    for number in range(begin, end):
        sum_up_one(picture, width, places[number], sums)
