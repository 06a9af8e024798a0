"""Pictures with a blurred patch of which all is known, as tests need them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.region import Region


def softened(
    picture: NDArray[np.uint8], region: Region, sigma: float, *, oval: bool = False
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A copy that is blurred in the region, or in the oval that fills it; and where that is, (H, W)."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    if oval:
        middle = (region.x0 + region.width // 2, region.y0 + region.height // 2)
        cv2.ellipse(mask, middle, (region.width // 2, region.height // 2), 0, 0, 360, 1, -1)
    else:
        mask[region.slices] = 1
    blurred = cv2.GaussianBlur(picture, (0, 0), sigma)
    return np.where(mask[..., None] > 0, blurred, picture), mask > 0
