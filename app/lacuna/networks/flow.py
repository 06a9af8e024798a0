"""Where attention copies from, as colours: the published programs' way to show it (after Middlebury's flow pictures).

The hue tells the direction and the saturation the distance. Numpy alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RAMPS = (15, 6, 4, 11, 13, 6)  # steps from red to yellow, green, cyan, blue, magenta and back to red


def _wheel() -> NDArray[np.float64]:
    """(55, 3) colours in [0, 1]: in each ramp one channel rises, or one falls, while another stays full."""
    full = ((0, 1, 1), (1, 0, -1), (1, 2, 1), (2, 1, -1), (2, 0, 1), (0, 2, -1))
    ramps = []
    for steps, (stays, moves, way) in zip(RAMPS, full, strict=True):
        ramp = np.zeros((steps, 3))
        ramp[:, stays] = 255
        rise = np.floor(255 * np.arange(steps) / steps)
        ramp[:, moves] = rise if way > 0 else 255 - rise
        ramps.append(ramp)
    return np.concatenate(ramps) / 255


WHEEL = _wheel()


def flow_colours(keys: NDArray[np.int64]) -> NDArray[np.uint8]:
    """(B, h, w, 3) for the chosen `keys` (B, h, w), which count cells row by row.

    The farthest copy so far is the unit: within a batch each picture knows those before it, as published.
    """
    _batch, height, width = keys.shape
    down = keys // width - np.arange(height)[:, None]
    right = keys % width - np.arange(width)
    distance = np.hypot(down, right)
    farthest = np.maximum.accumulate(distance.max(axis=(1, 2)))[:, None, None] + np.finfo(float).eps
    down, right, distance = down / farthest, right / farthest, distance / farthest
    turn = (np.arctan2(-right, -down) / np.pi + 1) / 2 * (len(WHEEL) - 1)
    first = np.floor(turn).astype(int)
    part = (turn - first)[..., None]
    hue = (1 - part) * WHEEL[first] + part * WHEEL[(first + 1) % len(WHEEL)]
    faded = np.where(distance[..., None] <= 1, 1 - distance[..., None] * (1 - hue), 0.75 * hue)
    return np.floor(255 * faded).astype(np.uint8)
