"""What one block of a plane says of its pixels once it is made simple in its frequencies: transform, threshold, back.

Written in the compiler's own language for vectors, a row of the block in each, because loops over small arrays stay
in memory: 0.2 microseconds a block instead of 1.9. The vectors are cut to whatever registers the machine has.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from lacuna.kernels.compiled import compiled, generated
from lacuna.kernels.patch_distance import at

SIDE = 16  # of a block

FLOAT, INDEX = ir.FloatType(), ir.IntType(32)
ROW = ir.VectorType(FLOAT, SIDE)
LOOSE = ("contract",)  # a product may be added without being rounded first


def _cosines() -> NDArray[np.float32]:
    """The orthonormal cosine transform of SIDE values, as the left halves of its rows: the rest mirrors them."""
    k, n = np.mgrid[:SIDE, : SIDE // 2]
    rows = np.sqrt(2 / SIDE) * np.cos(np.pi * (2 * n + 1) * k / (2 * SIDE))
    rows[0] = np.sqrt(1 / SIDE)
    return rows.astype(np.float32)


COSINES = _cosines()
# Photographs have less to say at high frequencies: what is found there is more often the hole's edge than the picture.
RISE = (1 + np.hypot(*np.mgrid[:SIDE, :SIDE]) / SIDE).astype(np.float32)
# The middle of a block is known best: what it says at its border counts less.
WINDOW = np.outer(np.kaiser(SIDE, 2), np.kaiser(SIDE, 2)).astype(np.float32)


@compiled
def vote(plane: Any, y: int, x: int, threshold: Any, total: Any, weight: Any) -> None:
    """Add to `total` what the block at (y, x) of `plane` says of its pixels, and to `weight` how much that counts.

    Coefficients below `threshold` are dropped; the more are needed, the less the block counts. All (h, w) float32.
    """
    width = np.uint64(plane.shape[1])
    _vote(plane, np.uint64(y) * width + np.uint64(x), width, threshold, total, weight)


@generated
def _vote(_typing: Any, plane: Any, place: Any, width: Any, threshold: Any, total: Any, weight: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values, first, step, least, totals, weights = arguments
        places = [first]
        for _ in range(SIDE - 1):
            places.append(builder.add(places[-1], step))

        def row(argument: int, array: Any, number: int) -> Any:
            return at(context, builder, signature.args[argument], array, places[number], ROW)

        rows = [builder.load(row(0, values, number), align=4) for number in range(SIDE)]
        # Of the turned block: thresholds and counting do not mind, and turning back is saved.
        found = _transformed(builder, _turned(builder, _transformed(builder, rows)))
        found, kept = _thinned(builder, found, _row_of(builder, least))
        rows = _restored(builder, _turned(builder, _restored(builder, found)))
        root = builder.call(builder.module.declare_intrinsic("llvm.sqrt", [FLOAT]), [kept])
        counts = _row_of(builder, builder.fdiv(FLOAT(1.0), root))
        for number in range(SIDE):
            share = builder.fmul(counts, _constant(WINDOW[number]))
            said = builder.fmul(share, rows[number], flags=LOOSE)
            for argument, array, more in ((4, totals, said), (5, weights, share)):
                pointer = row(argument, array, number)
                builder.store(builder.fadd(builder.load(pointer, align=4), more, flags=LOOSE), pointer, align=4)
        return context.get_dummy_value()

    return types.void(plane, types.uint64, types.uint64, types.float32, total, weight), code


def _transformed(builder: Any, rows: list[Any]) -> list[Any]:
    """The cosine transform of each column."""
    pairs = [(rows[n], rows[SIDE - 1 - n]) for n in range(SIDE // 2)]
    halves = [builder.fadd(*pair) for pair in pairs], [builder.fsub(*pair) for pair in pairs]
    return [_mixed(builder, halves[k % 2], COSINES[k]) for k in range(SIDE)]


def _restored(builder: Any, found: list[Any]) -> list[Any]:
    """The inverse of `_transformed`."""
    above, below = [], []
    for n in range(SIDE // 2):
        even, odd = (_mixed(builder, found[first::2], COSINES[first::2, n]) for first in (0, 1))
        above.append(builder.fadd(even, odd))
        below.append(builder.fsub(even, odd))
    return above + below[::-1]


def _turned(builder: Any, rows: list[Any]) -> list[Any]:
    """Rows as columns: squares of 2 x 2, then of twice the side, have two of their corners exchanged."""
    step = 1
    while step < SIDE:
        lanes = range(SIDE)
        left = _lanes([lane + SIDE - step if lane & step else lane for lane in lanes])
        right = _lanes([lane + SIDE if lane & step else lane + step for lane in lanes])
        turned = list(rows)
        for number in range(SIDE):
            if not number & step:
                pair = rows[number], rows[number + step]
                turned[number] = builder.shuffle_vector(*pair, left)
                turned[number + step] = builder.shuffle_vector(*pair, right)
        rows, step = turned, 2 * step
    return rows


def _thinned(builder: Any, found: list[Any], threshold: Any) -> tuple[list[Any], Any]:
    """The coefficients that reach the threshold and the first one, which is the mean; how many they are, a float."""
    nothing, one = _constant([0.0] * SIDE), _constant([1.0] * SIDE)
    mean = ir.Constant(ir.VectorType(ir.IntType(1), SIDE), [1] + [0] * (SIDE - 1))
    thinned, kept = [], nothing
    for number, values in enumerate(found):
        least = builder.fmul(threshold, _constant(RISE[number]))
        above = builder.fcmp_ordered(">=", values, least)
        keep = builder.or_(above, builder.fcmp_ordered("<=", values, builder.fneg(least)))
        if number == 0:
            keep = builder.or_(keep, mean)
        thinned.append(builder.select(keep, values, nothing))
        kept = builder.fadd(kept, builder.select(keep, one, nothing))
    count = FLOAT(0.0)
    for lane in range(SIDE):
        count = builder.fadd(count, builder.extract_element(kept, INDEX(lane)))
    return thinned, count


def _mixed(builder: Any, rows: list[Any], factors: NDArray[np.float32]) -> Any:
    total = None
    for values, factor in zip(rows, factors, strict=True):
        product = builder.fmul(values, _constant([factor] * SIDE), flags=LOOSE)
        total = product if total is None else builder.fadd(total, product, flags=LOOSE)
    return total


def _constant(values: Any) -> Any:
    return ir.Constant(ROW, [float(value) for value in values])


def _lanes(numbers: list[int]) -> Any:
    return ir.Constant(ir.VectorType(INDEX, SIDE), numbers)


def _row_of(builder: Any, value: Any) -> Any:
    """A row of equal values."""
    first = builder.insert_element(ir.Constant(ROW, ir.Undefined), value, INDEX(0))
    return builder.shuffle_vector(first, first, _lanes([0] * SIDE))
