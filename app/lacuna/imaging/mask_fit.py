"""One mask for pictures of other sizes: held to a corner or to the middle, or stretched in per cent of both sides."""

from __future__ import annotations

from enum import Enum

import numpy as np

from lacuna.imaging.mask_file import CUT
from lacuna.imaging.photo import Mask
from lacuna.imaging.region import Region


class MaskFit(Enum):
    """What to do with a mask of another size."""

    REFUSE = "refuse"
    STRETCH = "percent"
    TOP_LEFT = "top-left"
    TOP_RIGHT = "top-right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM_RIGHT = "bottom-right"
    CENTRE = "centre"


def place(fit: MaskFit, mask: tuple[int, int], picture: tuple[int, int]) -> Region:
    """Where a mask comes to lie in a picture, beyond which it may reach; sizes are (height, width)."""
    if fit is MaskFit.STRETCH:
        return Region.whole(picture)
    below, right = picture[0] - mask[0], picture[1] - mask[1]
    y, x = {
        MaskFit.REFUSE: (0, 0),  # of its size
        MaskFit.TOP_LEFT: (0, 0),
        MaskFit.TOP_RIGHT: (0, right),
        MaskFit.BOTTOM_LEFT: (below, 0),
        MaskFit.BOTTOM_RIGHT: (below, right),
        MaskFit.CENTRE: (below // 2, right // 2),
    }[fit]
    return Region.whole(mask).shift(y, x)


def fitted(mask: Mask, shape: tuple[int, int], fit: MaskFit) -> Mask:
    """`mask` in the size `shape` (height, width).

    A corner or the middle keeps its pixels as they are; what falls outside is cut off. Stretched it keeps hard edges
    hard, and where it becomes smaller all that it marks stays marked, however thin. ValueError for another size under
    REFUSE: who reads the mask says which sizes they are.
    """
    if mask.shape == shape:
        return mask
    if fit is MaskFit.REFUSE:
        raise ValueError("the mask has another size")
    if fit is MaskFit.STRETCH:
        return _stretched(mask, shape)
    at = place(fit, (mask.shape[0], mask.shape[1]), shape)
    placed = np.zeros(shape, np.uint8)
    to = at.clip(shape)
    placed[to.slices] = mask[to.shift(-at.y0, -at.x0).slices]
    return placed


def _stretched(mask: Mask, shape: tuple[int, int]) -> Mask:
    import cv2

    shrinks = shape[0] < mask.shape[0] or shape[1] < mask.shape[1]
    kernel = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    shares = np.asarray(cv2.resize(mask.astype(np.float32), (shape[1], shape[0]), interpolation=kernel))
    if np.isin(mask, (0, 255)).all():
        return np.where(shares > 0 if shrinks else shares >= CUT, np.uint8(255), np.uint8(0))
    return np.rint(shares).astype(np.uint8)
