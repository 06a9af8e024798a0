"""How the original is made to lie below a picture that was enlarged: what part of it, by what, by Lanczos' kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lacuna.contract.enlargement import Enlargement
from lacuna.contract.progress import Progress
from lacuna.imaging.photo import Pixels
from lacuna.imaging.region import Region

BAND = 64  # rows at once: as floats the whole would take four times its memory, and a cancel waits for one


@dataclass(frozen=True)
class Stretch:
    """The part `box` of the original, as it was before, was enlarged."""

    box: Region
    enlargement: Enlargement


def stretched(
    original: Pixels, stretches: tuple[Stretch, ...], white: float, progress: Progress | None = None
) -> Pixels:
    """The original as it lies below the picture after all `stretches`. Raises Cancelled between two bands."""
    progress = progress or Progress()
    for number, stretch in enumerate(stretches):
        progress.at(number / len(stretches))
        part = progress.part(1 / len(stretches))
        original = _enlarged(original[stretch.box.slices], stretch.enlargement, white, part)
    return original


@dataclass(frozen=True)
class _Band:
    """Some rows of the enlarged original, and where the part that they are made of begins."""

    enlargement: Enlargement
    top: int
    bottom: int
    right: int
    row: int
    left: int = 0
    column: int = 0


def _enlarged(part: Pixels, enlargement: Enlargement, white: float, progress: Progress) -> Pixels:
    from lacuna.imaging.colour import from_float, to_float
    from lacuna.imaging.resampling import LANCZOS, resampled

    out = np.empty((enlargement.rows, enlargement.columns, 3), part.dtype)
    reach = int(LANCZOS.radius * max(1.0, 1 / float(enlargement.down))) + 2
    for top in range(0, enlargement.rows, BAND):
        progress.at(top / enlargement.rows)
        bottom = min(top + BAND, enlargement.rows)
        first = max(0, int(top / enlargement.down) - reach)
        last = min(part.shape[0], int(bottom / enlargement.down) + reach + 1)
        band = _Band(enlargement, top, bottom, enlargement.columns, first)
        points = resampled(to_float(part[first:last], white), band, LANCZOS)
        out[top:bottom] = from_float(points, part.dtype, white)
    return out
