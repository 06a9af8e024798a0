"""All measures of one fill, together."""

from __future__ import annotations

from dataclasses import dataclass

from lacuna.imaging.photo import Hole, Pixels
from lacuna.metrics.fidelity import detail, l1, psnr, ssim
from lacuna.metrics.patches import TruePatches


@dataclass(frozen=True)
class Measures:
    """`psnr` in dB, `ssim` up to 1, `l1` as a share of white, `detail` 1 at best, `swd` 0 at best; all in the hole."""

    psnr: float
    ssim: float
    l1: float
    detail: float
    swd: float


class Truth:
    """The true picture below a hole: (H, W, 3) `pixels`, (H, W) bool `hole`; what several fills share is made once."""

    def __init__(self, pixels: Pixels, hole: Hole, white: float = 255.0) -> None:
        self.pixels, self.hole, self.white = pixels, hole, white
        self._patches = TruePatches(pixels, hole, white)

    def measure(self, filled: Pixels) -> Measures:
        """Of `filled`, the whole picture with the fill put in."""
        asked = self.pixels, filled, self.hole, self.white
        return Measures(psnr(*asked), ssim(*asked), l1(*asked), detail(*asked), self._patches.distance(filled))
