"""`telea` and `ns` at 24 megapixels against `cv2.inpaint` on the full frame: the same bytes, how much sooner."""

from __future__ import annotations

import time

import numpy as np

from lacuna.bench.figure import Figure
from lacuna.bench.pictures import large, square_hole

ROUNDS = 9
BOUNDS = {("telea", 100): 8.0, ("ns", 100): 8.0, ("telea", 500): 1.9, ("ns", 500): 1.7}


def run() -> list[Figure]:
    """Ratios in CPU seconds, radius 3, one thread; the copy of the frame is part of our time.

    Both run in turn, and the best of each counts: what else runs on a core that is shared with another machine made
    the same call take 137 or 215 ms, and only ever adds.
    """
    import cv2

    import lacuna

    methods = {"telea": cv2.INPAINT_TELEA, "ns": cv2.INPAINT_NS}
    picture = large(24)
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    figures = []
    try:
        for (name, side), bound in BOUNDS.items():
            mask = square_hole(picture.shape, side)
            theirs, ours = [], []
            for _ in range(ROUNDS):
                start = time.process_time()
                plain = cv2.inpaint(picture, mask, 3, methods[name])
                middle = time.process_time()
                result = lacuna.fill(picture, mask, backend=name, radius=3)
                end = time.process_time()
                assert np.array_equal(plain, result), f"{name} differs from cv2.inpaint"
                theirs.append(middle - start)
                ours.append(end - middle)
            note = f"{1000 * min(ours):.0f} ms, same bytes"
            what = f"{name}, 24 MP, hole {side} x {side}: faster than cv2 on the full frame"
            figures.append(Figure("fills", what, min(theirs) / min(ours), "x", bound, least=True, note=note))
    finally:
        cv2.setNumThreads(before)
    return figures
