"""A mark as it lies in a picture, and the blend by which it came there, taken back.

A mark of colour C and alpha a over a picture B gave I = (1 - a) B + a C, in the values that the file holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.mask import grow as widened
from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region

OPAQUE = 0.92  # alpha from which on a rounding of half a level becomes six: a fill does better
NOTHING = 1 / 512  # alpha below which a picture of 8 bits is as it was


@dataclass(frozen=True, eq=False)
class Matte:
    """A mark as it lies in a picture: `colours` (h, w, 3) in fractions of white and `alpha` (h, w) in [0, 1], opacity
    included, over the pixels of `region`, which may reach beyond the picture."""

    colours: NDArray[np.float32]
    alpha: NDArray[np.float32]
    region: Region

    def over(self, region: Region) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Alpha and colours over the pixels of another region: nothing where the mark is not."""
        alpha = np.zeros((region.height, region.width), np.float32)
        colours = np.zeros((region.height, region.width, 3), np.float32)
        shared = region.intersect(self.region)
        if not shared.empty:
            alpha[shared.slices_in(region)] = self.alpha[shared.slices_in(self.region)]
            colours[shared.slices_in(region)] = self.colours[shared.slices_in(self.region)]
        return alpha, colours

    def mask(self, shape: tuple[int, ...], grow: float = 0) -> Hole:
        """Every pixel of a picture of `shape` that the mark has changed, (H, W), widened by `grow` pixels."""
        plane = np.zeros(shape[:2], bool)
        seen = self.region.clip(shape)
        if not seen.empty:
            plane[seen.slices] = self.alpha[seen.slices_in(self.region)] > NOTHING
        return widened(plane.view(np.uint8), grow) > 0 if grow else plane


def without(values: NDArray[Any], colours: NDArray[Any], alpha: NDArray[Any]) -> NDArray[np.float32]:
    """The blend taken back, unclipped: what is more opaque than OPAQUE as if it were just that."""
    a = np.minimum(alpha, OPAQUE)[..., None].astype(np.float32)
    back: NDArray[np.float32] = (values - a * colours) / (1 - a)
    return back
