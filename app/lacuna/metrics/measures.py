"""All measures of one fill, together: inside the hole, and over a rectangle around it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Hole, Pixels
from lacuna.imaging.region import Region
from lacuna.metrics import library
from lacuna.metrics.fidelity import detail, l1, l2, psnr, ssim, tv
from lacuna.metrics.gradients import gmsd
from lacuna.metrics.patches import TruePatches
from lacuna.metrics.seam import seam


@dataclass(frozen=True)
class Measures:
    """In the hole alone: `psnr` in dB, `ssim` up to 1, `l1`, `l2` and `tv` in percent of white, `tv_truth` the truth's.

    `detail` and `seam` are 1 at best, `swd` and `gmsd` 0.
    """

    psnr: float
    ssim: float
    l1: float
    l2: float
    tv: float
    tv_truth: float
    detail: float
    swd: float
    seam: float
    gmsd: float


@dataclass(frozen=True)
class BoxMeasures:
    """The same over all of the hole's box, known pixels too, and what needs a rectangle: `ms_ssim`, `vif`, 1 at best.

    These two are None without the extra `metrics` and where the picture is too small for them.
    """

    psnr: float
    ssim: float
    l1: float
    l2: float
    tv: float
    gmsd: float
    ms_ssim: float | None
    vif: float | None


class Truth:
    """The true picture below a hole: (H, W, 3) `pixels`, (H, W) bool `hole`; what several fills share is made once."""

    def __init__(self, pixels: Pixels, hole: Hole, white: float = 255.0) -> None:
        self.pixels, self.hole, self.white = pixels, hole, white
        self.box = _box(hole)
        self._patches = TruePatches(pixels, hole, white)
        self._tv = tv(pixels, hole, white)

    def measure(self, filled: Pixels) -> Measures:
        """Of `filled`, the whole picture with the fill put in."""
        asked = self.pixels, filled, self.hole, self.white
        return Measures(
            psnr=psnr(*asked),
            ssim=ssim(*asked),
            l1=l1(*asked),
            l2=l2(*asked),
            tv=tv(filled, self.hole, self.white),
            tv_truth=self._tv,
            detail=detail(*asked),
            swd=self._patches.distance(filled),
            seam=seam(filled, self.hole, self.white),
            gmsd=gmsd(*asked),
        )

    def measure_box(self, filled: Pixels) -> BoxMeasures:
        """Of `filled`, the whole picture with the fill put in."""
        truth, there = self.pixels[self.box.slices], filled[self.box.slices]
        everywhere = np.ones(truth.shape[:2], bool)
        asked = truth, there, everywhere, self.white
        side = min(truth.shape[:2]) if library.installed() else 0
        rectangles = truth, there, self.white
        return BoxMeasures(
            psnr=psnr(*asked),
            ssim=ssim(*asked),
            l1=l1(*asked),
            l2=l2(*asked),
            tv=tv(there, everywhere, self.white),
            gmsd=gmsd(*asked),
            ms_ssim=library.ms_ssim(*rectangles) if side >= library.MS_SSIM_SIDE else None,
            vif=_number(library.vif(*rectangles)) if side >= library.VIF_SIDE else None,
        )


def _box(hole: Hole) -> Region:
    """The hole's bounding box, with as much around it as MS-SSIM needs and the picture has."""
    box = bounds(hole)
    height, width = hole.shape
    y0, y1 = _widened(box.y0, box.y1, height)
    x0, x1 = _widened(box.x0, box.x1, width)
    return Region(y0, x0, y1, x1)


def _widened(start: int, end: int, side: int) -> tuple[int, int]:
    length = max(end - start, min(library.MS_SSIM_SIDE, side))
    start = min(max(0, (start + end - length) // 2), side - length)
    return start, start + length


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
