"""Where a picture shows fine detail, cell by cell of a grid small enough to be searched, whatever the picture's size.

Detail is what a slight blur takes away. It is sharp where there is enough of it for the slopes beside it: a soft edge
of strong contrast has some too, and is none the sharper for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.progress import Progress
from lacuna.imaging.photo import Hole

CELLS = 640  # of the longer side of the grid, at most
CLEAR = (2.0, 4.0)  # levels of detail that count: what rounding leaves in a blur is less, and what JPEG leaves mostly
STEEP = 0.5  # of the slope nearby: a sharp edge has 1.5, and one blurred by 3 pixels 0.1
FINE, SOFT = 1.0, 2.0  # pixels of the blurs that take detail away, and everything but slopes
NEARBY = 7  # pixels: how far the slope of an edge reaches
LONE, AROUND = 3, 5  # sharp pixels in a square of so many: fewer are chance
SHARE = 0.04  # of a cell's pixels are sharp, then it is
BAND = 1 << 21  # pixels that are looked at in one go: 0.1 s of a core
REACH = 16  # pixels beyond a band that its own depend on
Cells = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Sharpness:
    """`sharp`: which cells (h, w) have detail, for each measure of CLEAR; `detail` and `slope` (h, w), in levels and
    levels per pixel, are means of squares; `colours` (h, w, 3) are means. A cell is `size` x `size` pixels; those at
    the right and below may reach beyond the picture."""

    sharp: tuple[Hole, ...]
    detail: Cells
    slope: Cells
    colours: Cells
    size: int


def sharpness(pixels: NDArray[np.uint8], progress: Progress) -> Sharpness:
    """Of a picture (H, W, 3). Raises Cancelled. Linear in the area, 50 ns of a core for each pixel."""
    height, width = pixels.shape[:2]
    size = -(-max(height, width) // CELLS)
    rows = max(1, BAND // (width * size)) * size
    bands = []
    for top in range(0, height, rows):
        progress.at(top / height)
        above, below = min(top, REACH), min(REACH, max(0, height - top - rows))
        part = np.ascontiguousarray(pixels[top - above : top + rows + below])
        bands.append([_in_cells(plane[above : len(plane) - below], size) for plane in _planes(part)])
    *shares, detail, slope, colours = (np.concatenate(each) for each in zip(*bands, strict=True))
    return Sharpness(tuple(share >= SHARE for share in shares), detail, slope, colours, size)


def _planes(part: NDArray[np.uint8]) -> list[NDArray[Any]]:
    import cv2

    grey = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), FINE))
    soft = cv2.GaussianBlur(grey, (0, 0), SOFT)
    slope = cv2.magnitude(*(cv2.Sobel(soft, -1, dx, 1 - dx, scale=1 / 8) for dx in (1, 0)))
    least = STEEP * cv2.dilate(slope, np.ones((NEARBY, NEARBY), np.uint8))
    shares = []
    for clear in CLEAR:
        sharp = (detail > np.maximum(least, clear)).astype(np.uint8)
        count = cv2.boxFilter(sharp, -1, (AROUND, AROUND), normalize=False)
        shares.append((sharp & (count >= LONE)).astype(np.float32))
    return [*shares, detail * detail, slope * slope, part]


def _in_cells(plane: NDArray[Any], size: int) -> Cells:
    """The mean of each cell; beyond the plane its last pixels go on."""
    import cv2

    height, width = plane.shape[:2]
    down, across = -(-height // size), -(-width // size)
    whole = cv2.copyMakeBorder(plane, 0, down * size - height, 0, across * size - width, cv2.BORDER_REPLICATE)
    small = cv2.resize(whole.astype(np.float32), (across, down), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)
