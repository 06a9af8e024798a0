"""The membrane against OpenCV's Telea on the full frame, thin marks, and the composite's solver."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from lacuna.bench.calibration import slowness
from lacuna.bench.figure import Figure, median
from lacuna.bench.pictures import large, square_hole
from lacuna.imaging.region import Region

SUBJECT = "exemplar"
ROUNDS = 3
SIDE = 500  # of the hole
FASTER = 6.0
THIN_SECONDS = 0.3
SEAM_SECONDS = 1.0


def membrane_rows() -> list[Figure]:
    """CPU seconds, one thread, best of 3 after one untimed call; ratios of runs in turn."""
    slow = slowness()
    return [_against_telea(), _thin(slow), _composite(slow)]


def _against_telea() -> Figure:
    """The copy of the frame is part of our time."""
    import cv2

    import lacuna

    picture = large(24)
    mask = square_hole(picture.shape, SIDE)
    ratios, ours = [], []
    for number in range(ROUNDS + 1):
        theirs = _seconds(lambda: cv2.inpaint(picture, mask, 3, cv2.INPAINT_TELEA))
        own = _seconds(lambda: lacuna.fill(picture, mask, "membrane"))
        if number:
            ratios.append(theirs / own)
            ours.append(own)
    what = f"membrane, 24 MP, hole {SIDE} x {SIDE}: faster than cv2's Telea on the full frame"
    return Figure(SUBJECT, what, median(ratios), "x", FASTER, least=True, note=f"{1000 * median(ours):.0f} ms")


def _thin(slow: float) -> Figure:
    """A picture as large as those of the evaluation set, with as many thin marks."""
    import cv2

    import lacuna

    picture = np.ascontiguousarray(large(24)[1000:1384, 1000:1512])
    mask = np.zeros(picture.shape[:2], np.uint8)
    for x in range(10, 512, 50):
        cv2.line(mask, (x, 0), (512 - x, 383), 255, 3)
    seconds = min(_seconds(lambda: lacuna.fill(picture, mask, "membrane")) for _round in range(ROUNDS + 1))
    share = 100 * np.count_nonzero(mask) / mask.size
    what = f"membrane with lines, 512 x 384, thin marks over {share:.0f} %"
    return Figure(SUBJECT, what, seconds, "s", THIN_SECONDS * slow)


def _composite(slow: float) -> Figure:
    from lacuna.contract.fill import Composite
    from lacuna.engine.seam import join

    picture = np.ascontiguousarray(large(24)[1000:2010, 1000:2010])
    box = Region(5, 5, 1005, 1005)
    hole = np.zeros(picture.shape[:2], bool)
    hole[box.slices] = True
    filled = np.ascontiguousarray(picture[::-1])
    runs = [
        _seconds(lambda: join(picture, filled, hole, box, Composite.POISSON, 255.0)) for _round in range(ROUNDS + 1)
    ]
    what = "Poisson composite, a million unknown pixels of three channels"
    return Figure(SUBJECT, what, min(runs[1:]), "s", SEAM_SECONDS * slow)


def _seconds(act: Callable[[], object]) -> float:
    start = time.process_time()
    act()
    return time.process_time() - start
