"""Edges by Canny (1986), as EdgeConnect was trained on them: thresholds of a picture in [0, 1], a hole that has none.

The arithmetic is that of scikit-image, the same to the pixel but for rounding: `cv2.Canny` takes 8 bits, knows no hole,
and one pixel in ten of its edges lies elsewhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.photo import Hole

LUMA = np.array([0.2125, 0.7154, 0.0721])  # Rec. 709, rounded as EdgeConnect's training data were
SIGMA = 2.0  # pixels of blur, as in the paper
WEAK, STRONG = 0.1, 0.2  # length of the gradient in a picture of [0, 1], Sobel's taps adding up to 4
TINY = float(np.finfo(np.float64).eps)


def grey_values(image: NDArray[np.floating]) -> NDArray[np.float64]:
    """(h, w), the brightness of a picture (h, w, 3) in [0, 1]."""
    return image.astype(np.float64) @ LUMA


def canny(grey: NDArray[np.floating], known: Hole | None = None, sigma: float = SIGMA) -> Hole:
    """(h, w) bool, True on edges: ridges of the gradient of `grey` in [0, 1], one pixel thin, after a blur by `sigma`.

    Where `known` is False nothing is looked at, and there is no edge there nor right beside it.
    """
    seen = np.ones(grey.shape, bool) if known is None else known
    down, right = gradient(smoothed(grey, seen, sigma))
    length = np.sqrt(down * down + right * right)
    inside = _surrounded(seen) & (length > 0) & (length >= WEAK)
    return _held_by_strong(_ridges(down, right, length, inside), length)


def smoothed(grey: NDArray[np.floating], known: Hole, sigma: float) -> NDArray[np.float64]:
    """A Gaussian blur that takes from known pixels alone, and from none beyond the border."""
    import cv2

    radius = int(4 * sigma + 0.5)
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    taps /= taps.sum()

    def blur(plane: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(cv2.sepFilter2D(plane, cv2.CV_64F, taps, taps, borderType=cv2.BORDER_CONSTANT))

    weight = known.astype(np.float64)
    return blur(np.where(known, grey, 0.0).astype(np.float64)) / (blur(weight) + TINY)


def gradient(plane: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sobel's derivatives down the rows and along the columns, not divided by 8; the border continues mirrored."""
    import cv2

    down = cv2.Sobel(plane, cv2.CV_64F, 0, 1, ksize=3, borderType=cv2.BORDER_REFLECT)
    right = cv2.Sobel(plane, cv2.CV_64F, 1, 0, ksize=3, borderType=cv2.BORDER_REFLECT)
    return np.asarray(down), np.asarray(right)


def _surrounded(known: Hole) -> Hole:
    """Where all nine pixels around are known; the outermost rows and columns are not."""
    import cv2

    block = np.ones((3, 3), np.uint8)
    eroded = cv2.erode(known.astype(np.uint8), block, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(eroded) > 0


def _ridges(down: NDArray[np.float64], right: NDArray[np.float64], length: NDArray[np.float64], inside: Hole) -> Hole:
    """Where the gradient is no shorter than one step on, either way along itself, interpolated between two pixels."""
    rows, columns = np.nonzero(inside)
    a, b, here = down[rows, columns], right[rows, columns], length[rows, columns]
    steep, flat = np.abs(a), np.abs(b)
    same = (a >= 0) & (b >= 0) | (a <= 0) & (b <= 0)
    opposite = (a <= 0) & (b >= 0) | (a >= 0) & (b <= 0)
    survives = np.zeros(rows.size, bool)
    # In each eighth of the circle: the two neighbours (down, right) that the gradient points between, and how far from
    # the first towards the second. Where several hold, the last one decides.
    for applies, near, far, share in (
        (same & (steep >= flat), (1, 0), (1, 1), (flat, steep)),
        (same & (steep <= flat), (0, 1), (1, 1), (steep, flat)),
        (opposite & (steep <= flat), (0, 1), (-1, 1), (steep, flat)),
        (opposite & (steep >= flat), (-1, 0), (-1, 1), (flat, steep)),
    ):
        y, x, w = rows[applies], columns[applies], share[0][applies] / share[1][applies]
        towards, away = (
            length[y + s * near[0], x + s * near[1]] * (1 - w) + length[y + s * far[0], x + s * far[1]] * w
            for s in (1, -1)
        )
        survives[applies] = (towards <= here[applies]) & (away <= here[applies])
    ridges = np.zeros(length.shape, bool)
    ridges[rows[survives], columns[survives]] = True
    return ridges


def _held_by_strong(ridges: Hole, length: NDArray[np.float64]) -> Hole:
    """The connected ridges, diagonally too, that are strong in at least one pixel."""
    import cv2

    count, labels = cv2.connectedComponents(ridges.view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    strong = np.zeros(count, bool)
    strong[labels[ridges & (length >= STRONG)]] = True
    return strong[labels] & ridges
