"""Gradient magnitude similarity deviation: how unevenly a fill is off in its edges and textures.

W. Xue, L. Zhang, X. Mou, A. Bovik, "Gradient magnitude similarity deviation: a highly efficient perceptual image
quality index", 2014. Our own, as of the libraries that have it none is kept up: piq's last release is of July 2023, and
brings torchvision along. The tests hold it to that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.colour import luma, to_bytes
from lacuna.imaging.photo import Hole, Pixels
from lacuna.metrics.patches import halved

TAPS = np.array([[1, 0, -1], [1, 0, -1], [1, 0, -1]], np.float64) / 3  # Prewitt's
STEADY = 170.0  # the paper's T, of 8-bit pictures


def gmsd(truth: Pixels, filled: Pixels, hole: Hole, white: float = 255.0) -> float:
    """Standard deviation over the hole of how similar the lengths of gradients are; 0 = equal.

    Of the 8-bit luma at half the size, where a pixel is hole if one of its four was. `truth` and `filled` (H, W, 3).
    """
    a, b = (_lengths(luma(to_bytes(pixels, white)).astype(np.float64)) for pixels in (truth, filled))
    similar = (2 * a * b + STEADY) / (a * a + b * b + STEADY)
    return float(similar[halved(hole)].std())


def _lengths(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    import cv2

    even = np.pad(grey, [(0, side % 2) for side in grey.shape], mode="edge")
    half = (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4
    # Nothing beyond the border, as in the paper's program: the same in both pictures.
    along, down = (cv2.filter2D(half, cv2.CV_64F, taps, borderType=cv2.BORDER_CONSTANT) for taps in (TAPS, TAPS.T))
    return np.hypot(along, down)
