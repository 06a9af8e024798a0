"""How near an enlarged picture comes to the truth, as published comparisons measure it: without its border.

Pictures are (H, W, 3) with values up to 255. Luma is that of ITU-R BT.601, by the numbers that MATLAB has for it; their
divisors differ between PSNR and SSIM, as in the program by which Meta-SR was measured.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.metrics.fidelity import K1, K2, SIGMA, WINDOW

LUMA = np.array([65.738, 129.057, 25.064])
PSNR_WHITE, SSIM_WHITE, BLACK = 256, 255, 16

Picture = NDArray[Any]


def border_of(factor: Fraction | float) -> int:
    """How many pixels are left out along each side: there the network sees what is beyond the picture."""
    return math.ceil(factor)


def luma_psnr(truth: Picture, enlarged: Picture, border: int) -> float:
    """Peak signal to noise ratio of the luma in dB; infinite where nothing differs."""
    return _decibel(_shaved(_difference(truth, enlarged) @ (LUMA / PSNR_WHITE), border))


def rgb_psnr(truth: Picture, enlarged: Picture, border: int) -> float:
    """The same over all three channels."""
    return _decibel(_shaved(_difference(truth, enlarged), border))


def luma_ssim(truth: Picture, enlarged: Picture, border: int) -> float:
    """Structural similarity of the luma, mean over all places of its window in what is left; 1 = equal.

    A picture that has none left gives NaN.
    """
    x, y = (picture.astype(np.float64) @ (LUMA / SSIM_WHITE) + BLACK for picture in (truth, enlarged))
    return _similarity(_shaved(x, border), _shaved(y, border))


def rgb_ssim(truth: Picture, enlarged: Picture, border: int) -> float:
    """The mean of the three channels' similarities."""
    pairs = zip(np.moveaxis(_shaved(truth, border), 2, 0), np.moveaxis(_shaved(enlarged, border), 2, 0), strict=True)
    return float(np.mean([_similarity(x.astype(np.float64), y.astype(np.float64)) for x, y in pairs]))


def _similarity(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    import cv2

    if min(x.shape) < WINDOW:
        return math.nan
    inner = WINDOW // 2

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        blurred = cv2.GaussianBlur(values, (WINDOW, WINDOW), SIGMA)
        return np.asarray(blurred, np.float64)[inner:-inner, inner:-inner]

    mean_x, mean_y = mean(x), mean(y)
    variances = mean(x * x) - mean_x**2 + mean(y * y) - mean_y**2
    covariance = mean(x * y) - mean_x * mean_y
    c1, c2 = (K1 * 255) ** 2, (K2 * 255) ** 2
    similar = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    return float((similar / ((mean_x**2 + mean_y**2 + c1) * (variances + c2))).mean())


def _difference(truth: Picture, enlarged: Picture) -> NDArray[np.float64]:
    return (enlarged.astype(np.float64) - truth.astype(np.float64)) / 255


def _shaved(values: Picture, border: int) -> Picture:
    return values[border : len(values) - border, border : values.shape[1] - border]


def _decibel(apart: NDArray[np.float64]) -> float:
    error = float(np.square(apart).mean()) if apart.size else math.nan
    return math.inf if error == 0 else -10 * math.log10(error)
