"""How fast this machine is: a plain numpy exemplar search, to which floors given in seconds are scaled."""

from __future__ import annotations

import time

import numpy as np

from lacuna.bench.figure import Figure, median
from lacuna.bench.pictures import large

USUAL = 30.0  # ms: what the search takes on the machine to which floors in seconds belong


def run() -> list[Figure]:
    """Squared differences of one 9 x 9 patch against all positions of a 256 x 256 picture, in milliseconds."""
    value = _milliseconds()
    note = f"floors in ms and s are scaled by {max(1.0, value / USUAL):.2f}"
    return [Figure("calibration", "numpy exemplar search, 256 x 256", value, "ms", note=note)]


def slowness() -> float:
    """How many times slower this machine is now than the usual one; at least 1."""
    return max(1.0, _milliseconds() / USUAL)


def _milliseconds() -> float:
    picture = large(24)[:256, :256].astype(np.float32)
    patch = picture[100:109, 100:109]
    seconds = []
    for _ in range(7):
        start = time.thread_time()
        windows = np.lib.stride_tricks.sliding_window_view(picture, (9, 9), axis=(0, 1))  # (248, 248, 3, 9, 9)
        differences = ((windows - patch.transpose(2, 0, 1)) ** 2).sum(axis=(2, 3, 4))
        assert differences[100, 100] == 0
        seconds.append(time.thread_time() - start)
    return 1000 * median(seconds)
