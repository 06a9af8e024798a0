"""Text over a picture, found without a template: captions, signatures and the date stamps of cameras.

Letters are parts that stand out by thin strokes (`letters.py`); those in a row are judged together
(`letter_rows.py`, `letter_weights.py`), at a working size; the pixels of a row that is likely enough are then found at
the picture's own (`letter_strokes.py`). Nothing is read: what a row says plays no part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.progress import Progress
from lacuna.detection import letter_weights
from lacuna.detection.letter_kinds import Kind, kind_of
from lacuna.detection.letter_rows import Row, rows_of
from lacuna.detection.letter_strokes import stroked
from lacuna.detection.letters import STROKES, planes_of, swept
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region

DEFAULT_CONFIDENCE = 0.5  # 4 of 72 photos without lettering have a row above it: windows and trunks
LEAST_CONFIDENCE = 0.1  # below it nothing is told
SIDE = 1600  # pixels of the long side at which rows are looked for
ENLARGED = 2.0  # at most: letters 8 pixels high run into each other
SHARED = 0.4  # of the smaller of two rows: then they are the same


@dataclass(frozen=True, eq=False)
class Lettering:
    """A row of letters: (h, w) which pixels of `region` it takes, with its soft rim, outline and shadow."""

    region: Region
    mask: Hole
    confidence: float
    kind: Kind


def find_lettering(
    pixels: NDArray[np.uint8], *, least: float = DEFAULT_CONFIDENCE, progress: Progress | None = None
) -> tuple[Lettering, ...]:
    """Every row of letters of a picture (H, W, 3) that is found with a confidence of `least`, the surest first."""
    progress = progress or Progress()
    scale = _scale(pixels.shape)
    likely = _likely(at_working_size(pixels), least, progress.part(0.9))
    found: list[Lettering] = []
    for confidence, row in likely:
        progress.check()
        box = _enlarged(row.box, scale, pixels.shape)
        if any(_same(box, each.region) for each in found):
            continue
        region, mask = _refined(pixels, row, box, scale)
        if not mask.any() or any(_same(region, each.region) for each in found):
            continue
        kind = _kind(row, region, pixels.shape)
        found.append(Lettering(region, mask, confidence, kind))
    progress.at(1.0)
    return tuple(found)


def at_working_size(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture as it is looked at."""
    import cv2

    scale = _scale(pixels.shape)
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    kernel = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(pixels, size, interpolation=kernel), np.uint8)


def rows(seen: NDArray[np.uint8], progress: Progress | None = None) -> Iterator[Row]:
    """Whatever stands in a row in a picture of working size, in any plane and size of strokes."""
    planes = planes_of(seen)
    sweeps = [(number, widest) for number in range(len(planes)) for widest in STROKES]
    for n, (number, widest) in enumerate(sweeps):
        for sweep in swept(seen, planes[number], number, widest):
            if progress:
                progress.at(n / len(sweeps))
            yield from rows_of(sweep, planes[number])


def _scale(shape: tuple[int, ...]) -> float:
    return min(ENLARGED, SIDE / max(shape[:2]))


def _likely(seen: NDArray[np.uint8], least: float, progress: Progress) -> Sequence[tuple[float, Row]]:
    """Those that are likely rows of letters, with how likely they are; the likeliest first."""
    found = [(_confidence(row), row) for row in rows(seen, progress)]
    likely = [each for each in found if each[0] >= max(least, LEAST_CONFIDENCE)]
    return sorted(likely, key=lambda each: -each[0])


def _confidence(row: Row) -> float:
    apart = (row.measures - letter_weights.MEANS) / letter_weights.DEVIATIONS
    apart = np.clip(apart, -letter_weights.FARTHEST, letter_weights.FARTHEST)
    score = letter_weights.LINEAR @ apart + letter_weights.SQUARED @ (apart * apart) + letter_weights.BIAS
    return float(1 / (1 + np.exp(-score)))


def _enlarged(box: Region, scale: float, shape: tuple[int, ...]) -> Region:
    return Region(int(box.y0 / scale), int(box.x0 / scale), -int(-box.y1 // scale), -int(-box.x1 // scale)).clip(shape)


def _same(one: Region, other: Region) -> bool:
    return one.intersect(other).area > SHARED * min(one.area, other.area)


def _refined(pixels: NDArray[np.uint8], row: Row, box: Region, scale: float) -> tuple[Region, Hole]:
    """The row's pixels at the picture's size."""
    import cv2

    letters = row.sweep.letters[row.members]
    own = row.marked.astype(np.float32)
    rough = cv2.resize(own, (box.width, box.height), interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR)
    marked = rough > min(0.4, 0.8 * float(rough.max()))
    region, mask = stroked(pixels, marked, box, row.height / scale, float(np.median(letters.stroke)) / scale)
    inner = bounds(mask)
    return inner.shift(region.y0, region.x0), mask[inner.slices]


def _kind(row: Row, region: Region, shape: tuple[int, ...]) -> Kind:
    to_side = min(region.x0, shape[1] - region.x1) / shape[1]
    to_edge = min(region.y0, shape[0] - region.y1) / shape[0]
    return kind_of(row.sweep.letters[row.members], to_side, to_edge)
