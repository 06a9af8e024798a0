"""How unlike two patches are: the sum of squared differences of 8 x 8 pixels of four bytes.

Written in the compiler's own language for vectors, because loops in Python become a byte at a time here: 15 ns instead
of 85. The vectors are cut to whatever registers the machine has.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from lacuna.kernels.compiled import generated, inlined

PATCH = 8  # pixels: a row of four bytes each is one piece of 32
HALF = 4  # rows, after which a distance that has lost already is not followed
FAR = np.int32(2**31 - 1)  # above every distance: 8 x 8 x 4 x 255 ** 2 is below 2 ** 24


@generated
def _rows(_typing: Any, picture: Any, p: Any, q: Any, stride: Any) -> Any:
    """int32: the sum of `HALF` rows that begin at the bytes `p` and `q`, `stride` apart. Nothing checks the bounds."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bytes_, words = (ir.VectorType(ir.IntType(bits), 4 * PATCH) for bits in (8, 16))
        sums = ir.VectorType(ir.IntType(32), 4 * PATCH)
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data

        def row(at: Any) -> Any:
            place = builder.bitcast(builder.gep(data, [at]), bytes_.as_pointer())
            return builder.zext(builder.load(place, align=1), words)

        total = ir.Constant(sums, [0] * (4 * PATCH))
        _array, first, second, step = arguments
        for _ in range(HALF):
            difference = builder.sub(row(first), row(second))
            square = builder.mul(difference, difference)  # of a byte's difference: fits 16 bits without a sign
            total = builder.add(total, builder.zext(square, sums))
            first, second = builder.add(first, step), builder.add(second, step)
        name = f"llvm.vector.reduce.add.v{4 * PATCH}i32"
        reduce = builder.module.globals.get(name) or ir.Function(
            builder.module, ir.FunctionType(ir.IntType(32), [sums]), name
        )
        return builder.call(reduce, [total])

    return types.int32(picture, types.uint64, types.uint64, types.uint64), code


@inlined
def distance(picture, target, source, width, limit):  # type: ignore[no-untyped-def]
    """int32: the distance of the patches at two places of a flat picture; any number from `limit` on, if no less."""
    stride = np.uint64(4) * np.uint64(width)
    p = np.uint64(4) * np.uint64(target)
    q = np.uint64(4) * np.uint64(source)
    total = _rows(picture, p, q, stride)
    if total < limit:
        half = np.uint64(HALF) * stride
        total = np.int32(total + _rows(picture, p + half, q + half, stride))
    return total
