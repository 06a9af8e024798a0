"""How the original is made to lie below a picture that was enlarged: what part of it, by what, by Lanczos' kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lacuna.contract.enlargement import Enlargement
from lacuna.imaging.photo import Pixels
from lacuna.imaging.region import Region

BAND = 256  # rows at once: as floats the whole would take four times its memory


@dataclass(frozen=True)
class Stretch:
    """The part `box` of the original, as it was before, was enlarged."""

    box: Region
    enlargement: Enlargement


def stretched(original: Pixels, stretches: tuple[Stretch, ...], white: float) -> Pixels:
    """The original as it lies below the picture after all `stretches`."""
    for stretch in stretches:
        original = _enlarged(original[stretch.box.slices], stretch.enlargement, white)
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


def _enlarged(part: Pixels, enlargement: Enlargement, white: float) -> Pixels:
    from lacuna.imaging.colour import from_float, to_float
    from lacuna.imaging.resampling import LANCZOS, resampled

    out = np.empty((enlargement.rows, enlargement.columns, 3), part.dtype)
    reach = int(LANCZOS.radius * max(1.0, 1 / float(enlargement.down))) + 2
    for top in range(0, enlargement.rows, BAND):
        bottom = min(top + BAND, enlargement.rows)
        first = max(0, int(top / enlargement.down) - reach)
        last = min(part.shape[0], int(bottom / enlargement.down) + reach + 1)
        band = _Band(enlargement, top, bottom, enlargement.columns, first)
        points = resampled(to_float(part[first:last], white), band, LANCZOS)
        out[top:bottom] = from_float(points, part.dtype, white)
    return out
