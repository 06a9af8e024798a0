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


def smoothed(
    points: tuple[tuple[float, float], ...], reach: float, tolerance: float
) -> tuple[tuple[float, float], ...]:
    """A line drawn by hand without its tremble, and with as few points as stay within `tolerance` pixels of it.

    Each place becomes the mean of what lies up to `reach` pixels from it along the line; the ends stay.
    """
    import cv2

    line = np.array(points, np.float64)
    steps = np.hypot(*np.diff(line, axis=0).T)
    line = line[np.append(True, steps > 0)]
    along = np.append(0, np.cumsum(steps[steps > 0]))
    if len(line) < 3:
        return tuple((float(x), float(y)) for x, y in line)
    if reach > 0:
        even = np.linspace(0, along[-1], max(3, 2 * int(np.ceil(along[-1] / reach)) + 1))
        window = np.minimum(reach, np.minimum(even, along[-1] - even))  # narrower towards the ends
        offsets = window[:, None] * np.linspace(-1, 1, 9)
        line = np.stack([np.interp(even[:, None] + offsets, along, axis).mean(1) for axis in line.T], axis=1)
    few = cv2.approxPolyDP(line.astype(np.float32).reshape(-1, 1, 2), tolerance, False).reshape(-1, 2)
    return tuple((float(x), float(y)) for x, y in few)
