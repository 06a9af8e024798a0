"""Putting a fill into the picture: the mask's value is its weight, and where the mask is 0 not one bit changes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.fill import FillOptions
from lacuna.imaging.mask import Side, feather, grow
from lacuna.imaging.photo import Hole, Mask, Pixels


def weights(mask: Mask, options: FillOptions) -> Mask:
    """How much of the fill goes into each pixel, 0 to 255: the mask, grown and feathered as `options` say.

    Every pixel above 0 is in the hole. Growth carries a soft edge outward; feathering softens inside the hole alone.
    """
    grown = grow(mask, options.grow) if options.grow >= 1 else mask
    return feather(grown, options.feather, Side.INSIDE) if options.feather > 0 else grown


def composite(before: Pixels, filled: Pixels, weight: Mask) -> Pixels:
    """`before` with `filled` in it by `weight` (h, w); a new array of `before`'s shape and dtype.

    Of shape (h, w, 3), or (h, w) for alpha. `filled` may be float in the same range: it is rounded. Undefined old
    values (NaN) are replaced, whatever the weight.
    """
    import cv2

    fill = np.ascontiguousarray(as_dtype(filled, before.dtype))
    after = np.array(before, order="C")
    cv2.copyTo(fill, np.ascontiguousarray(weight), after)
    soft = (weight > 0) & (weight < 255)
    if soft.any():
        share = weight[soft].astype(np.float64).reshape(-1, *[1] * (before.ndim - 2)) / 255
        old, new = before[soft].astype(np.float64), fill[soft].astype(np.float64)
        mixed = np.where(np.isfinite(old), old, new) * (1 - share) + new * share
        after[soft] = as_dtype(mixed, before.dtype)
    return after


def as_dtype(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """`values` in `dtype`: rounded and clipped for whole numbers, as they are for floats."""
    if values.dtype == dtype:
        return values
    if dtype.kind == "f":
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    rounded = np.rint(values)
    return np.clip(rounded, limits.min, limits.max, out=rounded).astype(dtype)


def as_grey(filled: Pixels) -> Pixels:
    """Three equal channels: the luma of a fill for a grey picture (Rec. 601, as OpenCV's grey)."""
    import cv2

    red, green, blue = filled[..., 0], filled[..., 1], filled[..., 2]
    if np.array_equal(red, green) and np.array_equal(red, blue):
        return filled
    luma = cv2.cvtColor(np.ascontiguousarray(filled), cv2.COLOR_RGB2GRAY)
    return np.repeat(luma[..., None], 3, axis=2)


def differs(before: Pixels, after: Pixels) -> Hole:
    """(h, w): which pixels differ in any bit of any channel. NaN equals itself if its bits do."""
    bits = np.dtype(f"u{before.dtype.itemsize}")
    changed = before.view(bits) != after.view(bits)
    if changed.ndim == 2:
        return np.asarray(changed)
    return np.asarray(changed[..., 0] | changed[..., 1] | changed[..., 2])
