"""Making a picture smaller by areas: each point is the mean of what it covers, by exact shares of pixels."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.upscale import Part, UpscaleWork


def shrunk(work: UpscaleWork) -> Part:
    """The points of the work along the axes whose factor is below 1; the others have a factor of 1.

    A point that reaches beyond the picture, as the single one of a tiny factor does, is the mean of what is there.
    """
    at, enlargement = work.points, work.enlargement
    down = _means(work.image, at.y0, at.y1, enlargement.down, enlargement.height, work.row)
    across = _means(down.swapaxes(0, 1), at.x0, at.x1, enlargement.across, enlargement.width, work.column)
    return np.ascontiguousarray(across.swapaxes(0, 1), np.float32)


def _means(values: NDArray[Any], start: int, stop: int, factor: Fraction, length: int, first: int) -> NDArray[Any]:
    """The means of `values`, which begin at the pixel `first` of `length`, that points `start` to `stop` cover."""
    if factor == 1:
        return values[start - first : stop - first]
    # Whole numbers until the last division: the same point gets the same shares whatever tile it is computed in.
    ends = [min(index / factor, Fraction(length)) for index in range(start, stop + 1)]
    pixels = np.array([end.numerator // end.denominator for end in ends]) - first
    shares = np.array([float(end % 1) for end in ends])
    inner = np.minimum(pixels, len(values) - 1)
    rest = (-1, *[1] * (values.ndim - 1))
    # Sums from the part's beginning in doubles: their differences keep more than the 24 bits of the result.
    sums = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0, dtype=np.float64)])
    until = sums[pixels] + shares.reshape(rest) * values[inner]
    covered = np.array([float(end - begin) for begin, end in pairwise(ends)])
    return np.diff(until, axis=0) / covered.reshape(rest)
