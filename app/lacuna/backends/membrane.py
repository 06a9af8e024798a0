"""The smooth fill: at once and without a model, the first choice for scratches, dust and thin marks.

Every pixel of the hole is the mean of its neighbours, as a soap film spans a frame (`kernels/poisson.py`). Across thin
marks lines and texture then run on, found in the frequencies of the surroundings (`kernels/sparse_dct.py`).
Drawn lines part the film, so that colours meet around their ends alone (`kernels/parted.py`), and colours that are put
into the hole are as good as known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacuna.backends.hints import hinted
from lacuna.contract.fill import Context, Filled, FillWork, Needs, Runtime
from lacuna.contract.guides import Guide, lines_of
from lacuna.contract.params import switch
from lacuna.contract.progress import Progress
from lacuna.i18n import N_
from lacuna.imaging.photo import Hole
from lacuna.imaging.structure import Parting, parting

THIN = 16  # pixels: as wide as the blocks that are compared; what is wider has no texture to find in the middle
CORNER = 14.0  # pixels: so far from the middle of such a disc a corner of 90 degrees may lie
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # Rec. 601; colours gain 0.04 dB for three times the work
SMOOTH_SHARE = 0.2  # of the time
BESIDE = THIN // 2 + 1  # pixels from a drawn line: a block there may lie over both sides, and see them as one texture


@dataclass(frozen=True)
class MembraneParams:
    lines: bool = switch(
        True, label=N_("Continue lines"),
        help=N_("Lines and texture run on across marks up to 16 pixels wide. Off: all becomes smooth."),
    )  # fmt: skip


class Membrane:
    """A soap film over the hole; across thin marks with the texture of what lies around them."""

    id = "membrane"
    name = N_("Membrane (smooth)")
    summary = N_("Scratches, dust, wires and letters, at once. Wide holes become smooth.")
    Params = MembraneParams

    def needs(self, params: MembraneParams) -> Needs:
        return Needs(
            guides=frozenset({Guide.LINE, Guide.HINT}),
            context=Context(minimum=THIN if params.lines else 2, share=0.0),
            smooth=True,
            compiles=True,
            megapixel_seconds=0.15,
            rim_seconds=0.004 if params.lines else 0.001,
            bytes_per_pixel=60.0,  # two float fields of three channels, their coarser levels, planes of the blocks
        )

    def load(self, runtime: Runtime) -> None:
        import cv2

        from lacuna.kernels import parted, poisson, sparse_dct

        self._cv2, self._poisson, self._parted, self._sparse = cv2, poisson, parted, sparse_dct
        # Whatever has still to be compiled is compiled here, where the program says that it loads.
        hole = np.zeros((24, 24), bool)
        hole[8:16, 8:16] = True
        poisson.solve(np.zeros((24, 24, 3), np.float32), hole)
        parted.solve(np.zeros((24, 24, 3), np.float32), hole, np.zeros((24, 23), bool), np.zeros((23, 24), bool))
        sparse_dct.continue_across(np.zeros((24, 24), np.float32), hole, 1.0)

    def unload(self) -> None:
        pass

    def fill(self, work: FillWork, params: MembraneParams, progress: Progress) -> Filled:
        film, left = hinted(work)
        smooth = progress.part(SMOOTH_SHARE if params.lines else 1.0)
        cuts = parting(lines_of(work.guides), left, 1.0)
        if cuts is None:
            self._poisson.solve(film, left, tolerance=_tolerance(work), check=smooth.check)
        else:
            self._parted.solve(film, left, cuts.across, cuts.down, tolerance=_tolerance(work), check=smooth.check)
        smooth.at(1.0)
        thin = self._thin(work.hole) & left if params.lines else None
        if thin is not None and cuts is not None:
            thin = thin & ~self._beside(cuts)
        if thin is not None and thin.any():
            luma = film @ LUMA
            found = self._sparse.continue_across(luma, thin, work.white, progress.part(1 - SMOOTH_SHARE).at)
            film += (found - luma)[..., None]
        return Filled(film)

    def _beside(self, cuts: Parting) -> Hole:
        """Within BESIDE pixels of a line."""
        away = self._cv2.distanceTransform((~cuts.ends()).view(np.uint8), self._cv2.DIST_L2, self._cv2.DIST_MASK_5)
        near: NDArray[np.bool_] = np.asarray(away) < BESIDE
        return near

    def _thin(self, hole: Hole) -> Hole:
        """The parts of the hole into which no disc of THIN pixels across fits, but for the corners of wider parts."""
        radius = THIN / 2
        depth = self._cv2.distanceTransform(hole.view(np.uint8), self._cv2.DIST_L2, self._cv2.DIST_MASK_5)
        cores = np.asarray(depth) > radius
        if not cores.any():
            return hole
        away = self._cv2.distanceTransform((~cores).view(np.uint8), self._cv2.DIST_L2, self._cv2.DIST_MASK_5)
        thin: NDArray[np.bool_] = hole & (np.asarray(away) > CORNER)
        return thin


def _tolerance(work: FillWork) -> float:
    """The change at which to stop; the error behind it is a quarter of that. Floats are made as fine as 16 bits."""
    if work.image.dtype == np.uint8:
        return 2.0
    brightest = float(np.abs(work.image[~work.hole]).max(initial=0.0))
    return max(0.5, 0.5 * brightest / work.white) * work.white / 65535
