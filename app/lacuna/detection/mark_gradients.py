"""Gradients of pictures and of marks, made comparable: strong ones count no more than clear ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]  # (h, w, 2): across, down

NOISE = 3.0  # levels for each pixel of way: what is weaker is noise, or JPEG's
AROUND = 12  # pixels: how far surroundings reach against which a gradient is measured
SMOOTH = 0.8  # pixels
FAINT = 0.05  # of a mark's strongest gradient: weaker ones are of its drawing, not of its shape


def gradients(values: NDArray[Any], smooth: float = SMOOTH) -> Field:
    """Of (h, w) values: a field of derivatives, across and down, after a Gaussian of `smooth` pixels."""
    import cv2

    plane = (
        cv2.GaussianBlur(np.asarray(values, np.float32), (0, 0), smooth) if smooth else np.asarray(values, np.float32)
    )
    return np.stack(
        [cv2.Scharr(plane, cv2.CV_32F, 1, 0, scale=1 / 32), cv2.Scharr(plane, cv2.CV_32F, 0, 1, scale=1 / 32)], axis=-1
    )


def squares(field: Field) -> NDArray[np.float32]:
    """The squared length of each gradient, (h, w)."""
    return field[..., 0] * field[..., 0] + field[..., 1] * field[..., 1]


def even(field: Field, noise: float = NOISE) -> Field:
    """Each gradient as a share of itself and what is usual around it: below 1, and near 0 where it is lost in texture.

    So a faint mark on a smooth ground says as much as a strong one, and one hard edge does not drown a mark.
    """
    import cv2

    squared = squares(field)
    usual = np.sqrt(np.maximum(cv2.boxFilter(squared, -1, (2 * AROUND + 1,) * 2), 0))
    share = np.float32(1) / (np.sqrt(squared) + usual + np.float32(noise))
    shared: Field = field * share[..., None]
    return shared


def even_mark(relief: NDArray[np.float32]) -> Field:
    """The gradients of a mark, made even as a picture's are. All 0 for a mark without any."""
    field = gradients(relief)
    most = math.sqrt(float(squares(field).max(initial=0.0)))
    return even(field / max(most, 1e-9), FAINT)
