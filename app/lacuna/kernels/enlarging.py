"""Points of an enlarged picture as sums over hidden units: the last step of Meta-SR by terms, see `networks.meta_sr`.

No graph has an operator for it: one would write out, and read again, a number for each point, colour and unit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.kernels.compiled import compiled_fast

Array = NDArray[Any]


@compiled_fast
def summed(
    terms: Array,
    constant: Array,
    by_row: Array,
    by_column: Array,
    row_of: Array,
    column_of: Array,
    mix: Array,
    mean: Array,
    out: Array,
) -> None:
    """Fill `out` (a, b, 3) from `terms` (3, r, w, u) and `constant` (r, w, 3) of pixels, and the parts of the units by
    row (a, u) and column (b, u); each point lies in the pixel `row_of`, `column_of`. Last its colours are mixed by a
    matrix (3, 3), and the mean is added."""
    zero = np.float32(0)
    for i in range(len(row_of)):
        row = row_of[i]
        for j in range(len(column_of)):
            column = column_of[j]
            red, green, blue = zero, zero, zero
            for unit in range(by_row.shape[1]):
                active = max(by_row[i, unit] + by_column[j, unit], zero)
                red += active * terms[0, row, column, unit]
                green += active * terms[1, row, column, unit]
                blue += active * terms[2, row, column, unit]
            red += constant[row, column, 0]
            green += constant[row, column, 1]
            blue += constant[row, column, 2]
            for colour in range(3):
                mixed = mix[colour, 0] * red + mix[colour, 1] * green + mix[colour, 2] * blue
                out[i, j, colour] = mixed + mean[colour]
