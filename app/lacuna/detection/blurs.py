"""Patches that somebody blurred on purpose, found by themselves: a face, a plate, a line of text.

Such a patch is a box or an oval without any detail in sharp surroundings (`sharpness.py`, `blur_outlines.py`), and
its colours go on across the outline: what lies beside it outside is now lighter, now darker than inside, while a
window or a sign differs from its surroundings along a whole side. Out of focus is softer towards its rim, or ends
with an object of no such shape. A patch over plain ground changes nothing, and is not found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.progress import Progress
from lacuna.detection.blur_outlines import (
    LARGEST,
    LEAST_SIDE,
    Floats,
    Outlines,
    dividing,
    looked_at,
    mean_within,
    outlines,
    summed,
)
from lacuna.detection.overlap import apart
from lacuna.detection.sharpness import Sharpness, sharpness
from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region

DEFAULT_CONFIDENCE = 0.5  # 1 of 50 photos has one above it that nobody made
WORTH = 0.5  # of an outline: below it no patch was ever seen
SMALLEST = 384  # pixels of the long side of a picture that is still made smaller: soft ones are sharp then
BESIDE = (2.0, 3.0, 4.0)  # cells from the outline, on either side: there its edge itself leaves nothing
WELL_WITHIN = 6.0  # cells from the outline, whose edge is the slope of nothing inside
GRAIN = 0.8  # cells of a blur that takes grain from colours
HIDDEN = 0.3  # of a side lies in the picture, or it is not asked
GROWN = 1.5  # cells by which a patch is widened: a fill would go on with what is left of its rim
# A logistic regression over the measures of `_measures` and their squares: `packaging/blurring.py fit`.
WEIGHTS = np.array([-5.293, -6.748, -4.154, -5.874, 2.573, -1.352, -1.687, 0.900, 0.083, -1.717, 1.272, -0.907])
BIAS = -9.615


@dataclass(frozen=True, eq=False)
class Blurred:
    """A blurred patch: (h, w) which pixels of `region` it takes, and how surely it was made."""

    region: Region
    mask: Hole
    confidence: float


def find_blurs(
    pixels: NDArray[np.uint8], *, least: float = DEFAULT_CONFIDENCE, progress: Progress | None = None
) -> tuple[Blurred, ...]:
    """Every blurred patch of a picture (H, W, 3) found with a confidence of `least`, the surest first; none lies
    mostly in others. Raises Cancelled."""
    progress = progress or Progress()
    found: list[_Likely] = []
    looks = tuple(steps(pixels.shape))
    for step in looks:
        part = progress.part(1 / len(looks))
        seen = sharpness(reduced(pixels, step), part)
        found += [one for one in _judged(seen, seen.size * step, part) if one.confidence >= least]

    def placed() -> Iterator[Blurred]:
        for one in sorted(found, key=lambda each: -each.worth):
            progress.check()
            yield Blurred(*one.outline.placed(pixels.shape, one.size, GROWN * one.size), one.confidence)

    return apart(placed(), pixels.shape)


def candidates(seen: Sharpness, progress: Progress) -> Iterator[tuple[Outlines, Floats, Floats]]:
    """Outlines that might be of patches, with their measures (n, 6), by which they are judged, and their worth (n,).
    Raises Cancelled."""
    for sharp in seen.sharp:
        progress.check()
        for drawn, worth in outlines(sharp):
            progress.check()
            good = worth >= WORTH
            if good.any():
                likely = Outlines(drawn.sides[good], drawn.oval)
                yield likely, _measures(seen, sharp, likely), worth[good]


def terms(measures: Floats) -> Floats:
    """(n, 12): what is weighed, measures and their squares: too little of some is as wrong as too much."""
    return np.concatenate([measures, measures * measures], axis=1)


def steps(shape: tuple[int, ...]) -> Iterator[int]:
    """By how much a picture is made smaller, each time it is looked at."""
    step = 1
    least, most = sorted(shape[:2])
    while step == 1 or (most >= SMALLEST * step and LARGEST * least > LEAST_SIDE * step):
        yield step
        step *= 2


def reduced(pixels: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """The means of `step` x `step` pixels; the few at the right and below that fill no square are left out."""
    import cv2

    if step == 1:
        return pixels
    height, width = (length // step for length in pixels.shape[:2])
    whole = np.ascontiguousarray(pixels[: height * step, : width * step])
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


@dataclass(frozen=True, eq=False)
class _Likely:
    """One outline in cells of `size` pixels. Of those around one patch the worthiest is its outline, not the surest: an
    oval around a box holds as much that was blurred."""

    outline: Outlines
    size: int
    confidence: float
    worth: float


def _judged(seen: Sharpness, size: int, progress: Progress) -> Iterator[_Likely]:
    for drawn, measures, worth in candidates(seen, progress):
        confidence = 1 / (1 + np.exp(-(terms(measures) @ WEIGHTS + BIAS)))
        for each in range(len(worth)):
            outline = Outlines(drawn.sides[each : each + 1], drawn.oval)
            yield _Likely(outline, size, float(confidence[each]), float(worth[each]))


def _measures(seen: Sharpness, sharp: Hole, drawn: Outlines) -> Floats:
    """(n, 6): how much the colours step at the outline, against their contrast beside it; how one-sided these steps
    are; how much detail there is inside for the slopes there; these slopes against those around; how much of the worst
    side divides; the size."""
    import cv2

    colours = cv2.GaussianBlur(seen.colours, (0, 0), GRAIN)
    outside, inside = (
        looked_at(colours, *drawn.points(*(sign * each for each in BESIDE))).mean(axis=1) for sign in (1, -1)
    )
    by_side = (outside - inside).reshape(len(drawn.sides), 4, -1, 3)
    usual = np.sqrt((by_side**2).sum(axis=3).mean(axis=2)) + 1
    lasting = np.linalg.norm(by_side.mean(axis=2), axis=2)
    contrast = np.sqrt(((outside - outside.mean(axis=1, keepdims=True)) ** 2).sum(axis=2).mean(axis=1))
    detail, slope = (np.sqrt(mean_within(summed(plane), drawn, WELL_WITHIN)) for plane in (seen.detail, seen.slope))
    around = np.sqrt(looked_at(seen.slope, *drawn.points(*BESIDE)).mean(axis=(1, 2)))
    on, _inside, visible = dividing(sharp, drawn)
    shown = visible.reshape(len(on), 4, -1).mean(axis=2)
    share = np.where(shown > HIDDEN, on.reshape(len(on), 4, -1).mean(axis=2) / np.maximum(shown, HIDDEN), 1)
    half_y, half_x = drawn.halves
    return np.stack(
        [
            np.log(lasting.mean(axis=1) / (contrast + 5) + 0.05),
            lasting.sum(axis=1) / usual.sum(axis=1),
            np.log((detail + 0.1) / (slope + 0.2)),
            np.log((slope + 0.2) / (around + 0.2)),
            share.min(axis=1),
            np.log(2 * np.sqrt(half_y * half_x) / max(sharp.shape)),
        ],
        axis=1,
    )
