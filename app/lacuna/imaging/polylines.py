"""Lines between points, as pixels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from lacuna.imaging.photo import Mask

SHIFT = 4  # bits behind the point of a coordinate that is drawn
SUBPIXELS = 1 << SHIFT
FARTHEST = 1 << (30 - SHIFT)  # OpenCV counts in 32 bits
WIDEST = 32767  # what OpenCV draws at most


@dataclass(frozen=True)
class Polyline:
    """`points` (x, y) in image coordinates, where pixel 0 covers 0..1; `closed`: an outline with all that is within."""

    points: tuple[tuple[float, float], ...]
    width: float = 1.0
    closed: bool = False


def drawn(lines: Iterable[Polyline], shape: tuple[int, int]) -> Mask:
    """(h, w) uint8: 1 on the lines and within closed ones, else 0."""
    import cv2

    plane = np.zeros(shape, np.uint8)
    for line in lines:
        middles = np.array(line.points) * SUBPIXELS - SUBPIXELS / 2  # OpenCV counts from the middle of a pixel
        limit = FARTHEST * SUBPIXELS - 1
        points = np.rint(np.clip(middles, -limit, limit)).astype(np.int32).reshape(-1, 1, 2)
        if line.closed:
            cv2.fillPoly(plane, [points], 1, shift=SHIFT)
        thickness = min(WIDEST, max(1, round(line.width) - 1))  # OpenCV's comes out odd: 2 as 3 pixels, 3 and 4 as 5
        cv2.polylines(plane, [points], line.closed, 1, thickness, shift=SHIFT)
    return plane
