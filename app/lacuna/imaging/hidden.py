"""Colours for what cannot be seen: whoever resamples a picture must not mix what its fully transparent pixels hide."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RADII = (1, 4, 16, 64)  # pixels: of squares, the smallest first that holds something visible
REACH = RADII[-1]


def spread(colours: NDArray[np.float32], visible: NDArray[np.float32]) -> NDArray[np.float32]:
    """Colours (h, w, c) where each pixel whose `visible` (h, w) is 0 has the mean of what can be seen around it.

    It is weighed by how visible that is, and depends on nothing beyond REACH; what has nothing visible so near keeps
    its own colour.
    """
    import cv2

    seen = colours * visible[..., None]
    found, left = colours.copy(), visible == 0
    for radius in RADII:
        side = (2 * radius + 1, 2 * radius + 1)
        weight = cv2.boxFilter(visible, -1, side, normalize=False, borderType=cv2.BORDER_CONSTANT)
        # Sums that run along leave a rounding where nothing is: less than the faintest pixel of 16 bits adds.
        there = left & (weight > 0.5 / 65535)
        if there.any():
            sums = cv2.boxFilter(seen, -1, side, normalize=False, borderType=cv2.BORDER_CONSTANT)
            found[there] = sums.reshape(colours.shape)[there] / weight[there][:, None]
            left &= ~there
        if not left.any():
            break
    return found
