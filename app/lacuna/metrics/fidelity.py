"""How near a fill comes to the truth, pixel by pixel: PSNR, SSIM, L1, L2, total variation, and how much detail it has.

`truth` and `filled` are (H, W, 3) of one dtype, `hole` (H, W) bool: only its pixels count, though SSIM, `tv` and
`detail` look at their neighbours too, so `filled` is the whole picture with the fill put in. `white` is the value of
white. What is in percent is so as in the table of the DeepFill paper (Yu et al. 2018).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.colour import luma, to_bytes
from lacuna.imaging.photo import Hole, Pixels

# As in "Image quality assessment: from error visibility to structural similarity" by Wang and others, 2004.
WINDOW, SIGMA = 11, 1.5
K1, K2 = 0.01, 0.03
PERCENT = 100.0


def psnr(truth: Pixels, filled: Pixels, hole: Hole, white: float = 255.0) -> float:
    """Peak signal to noise ratio in the hole, in dB, over all channels; infinite where nothing differs.

    Blur has the best of it: never to be read without `detail`.
    """
    error = float(np.square(_difference(truth, filled, hole)).mean())
    return math.inf if error == 0 else 10 * math.log10(white * white / error)


def l1(truth: Pixels, filled: Pixels, hole: Hole, white: float = 255.0) -> float:
    """Mean absolute difference in the hole over all channels, in percent of white."""
    return PERCENT * float(np.abs(_difference(truth, filled, hole)).mean()) / white


def l2(truth: Pixels, filled: Pixels, hole: Hole, white: float = 255.0) -> float:
    """Mean squared difference in the hole over all channels, in percent of white squared."""
    return PERCENT * float(np.square(_difference(truth, filled, hole)).mean()) / white**2


def tv(pixels: Pixels, hole: Hole, white: float = 255.0) -> float:
    """Total variation: mean absolute difference of the hole's pixels to the right plus that down, in percent of white.

    Over all channels, and also out of the hole. It is of one picture and no distance: a fill should have the truth's.
    """
    values = pixels.astype(np.float64)
    right = np.abs(np.diff(values, axis=1))[hole[:, :-1]]
    down = np.abs(np.diff(values, axis=0))[hole[:-1]]
    return PERCENT * sum(float(steps.mean()) for steps in (right, down) if steps.size) / white


def ssim(truth: Pixels, filled: Pixels, hole: Hole, white: float = 255.0) -> float:
    """Structural similarity (Gaussian window of 11 pixels), mean over the channels and the hole's pixels; 1 = equal."""
    import cv2

    def mean(values: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(cv2.GaussianBlur(values, (WINDOW, WINDOW), SIGMA))

    # In doubles: variances are small differences of large squares.
    x, y = truth.astype(np.float64), filled.astype(np.float64)
    mean_x, mean_y = mean(x), mean(y)
    variances = mean(x * x) - mean_x**2 + mean(y * y) - mean_y**2
    covariance = mean(x * y) - mean_x * mean_y
    c1, c2 = (K1 * white) ** 2, (K2 * white) ** 2
    similar = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    similar /= (mean_x**2 + mean_y**2 + c1) * (variances + c2)
    return float(similar[hole].mean())


def detail(truth: Pixels, filled: Pixels, hole: Hole, white: float = 255.0) -> float:
    """Mean absolute Laplacian of the 8-bit luma in the hole, over the truth's: below 1 is too smooth, above too busy.

    Against a truth without any detail it is 1 where the fill has none either, else infinite.
    """
    there, here = _busyness(truth, hole, white), _busyness(filled, hole, white)
    if there == 0:
        return 1.0 if here == 0 else math.inf
    return here / there


def _difference(truth: Pixels, filled: Pixels, hole: Hole) -> NDArray[np.float64]:
    return truth[hole].astype(np.float64) - filled[hole].astype(np.float64)


def _busyness(pixels: Pixels, hole: Hole, white: float) -> float:
    import cv2

    return float(np.abs(cv2.Laplacian(luma(to_bytes(pixels, white)), cv2.CV_32F, ksize=1)[hole]).mean(dtype=np.float64))
