"""What a method reaches at a place where the truth is known, for the automatic choice (`automatic.py`) to compare."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from lacuna.contract.fill import FillWork, Runtime
from lacuna.contract.progress import Progress
from lacuna.engine import registry
from lacuna.engine.fill import FillRequest, FillResult, Window, fill
from lacuna.engine.trials import Place
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Hole, Pixels
from lacuna.imaging.region import Region
from lacuna.metrics.fidelity import detail, psnr
from lacuna.metrics.patches import TruePatches

# The mix. All is weighed in dB, as what one would give up in PSNR for it.
HALVING = 0.5  # dB for each halving of detail: on wide holes the smoothest fills lead by about 1 dB with a tenth of it
CROWD = 1.0  # dB for each standard deviation that the patches as a crowd are off (swd)
MOST_HALVINGS = 4.0  # below a sixteenth, smoother is no worse
BLINDING = 45.0  # dB: what is better cannot be seen, and infinity would drown the rest
PATCHES = 300  # compared at each place and level; all of them would take longer than most fills
MARGIN = 24  # pixels around a place that measures look at


@dataclass(frozen=True)
class Grade:
    """What one method reached at one place; `swd` is 0 where texture does not count."""

    psnr: float
    detail: float
    swd: float

    def mixed(self, texture: float) -> float:
        """All in one figure, higher is better; `texture` from 0 (a line) to 1 (a wide shape) is how much it counts."""
        halvings = abs(math.log2(max(self.detail, 1e-6))) if math.isfinite(self.detail) else MOST_HALVINGS
        signal = min(self.psnr, BLINDING)
        return signal - texture * (HALVING * min(halvings, MOST_HALVINGS) + CROWD * self.swd)


class KnownPlace:
    """One place, as every method is given it, and the truth there."""

    def __init__(self, work: FillWork, place: Place, tried: list[registry.BackendInfo], texture: float) -> None:
        padding = max(MARGIN, *(info.needs.context.padding(place.box) for info in tried))
        crop = place.box.pad(padding).clip(work.hole.shape)
        if work.sources is not None:
            crop = crop.union(bounds(work.sources))
        probe = np.zeros((crop.height, crop.width), bool)
        probe[place.box.shift(-crop.y0, -crop.x0).slices] = place.probe
        hole, truth = work.hole[crop.slices], work.image[crop.slices]
        sources = ~(hole | probe) if work.sources is None else work.sources[crop.slices] & ~probe
        # What is the real hole is covered: a trial that filled it again would take three times as long.
        # What was drawn for the real hole says nothing of this place.
        self._work = replace(work, image=_covered(truth, hole), hole=probe, guides=(), edges=None, sources=sources)
        self._near = place.box.pad(MARGIN).clip(work.hole.shape).shift(-crop.y0, -crop.x0)
        self._truth, self._probe = self._work.image[self._near.slices], probe[self._near.slices]
        self._patches = TruePatches(self._truth, self._probe, work.white, PATCHES) if texture > 0 else None

    def grade(self, info: registry.BackendInfo, runtime: Runtime, progress: Progress) -> Grade:
        request = request_of(info, self._work)
        filled = _pixels(request, fill(request, runtime_for(info, runtime), progress))[self._near.slices]
        asked = self._truth, filled, self._probe, self._work.white
        crowd = self._patches.distance(filled) if self._patches is not None else 0.0
        return Grade(psnr(*asked), detail(*asked), crowd)


def _covered(image: Pixels, hole: Hole) -> Pixels:
    """`image` (h, w, 3) with the nearest known pixel in the place of each one of `hole`."""
    if not hole.any():
        return image
    import cv2

    marked = hole.view(np.uint8)
    labels = cv2.distanceTransformWithLabels(marked, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL)[1]
    pixel_of = np.zeros((int(labels.max()) + 1, 3), image.dtype)
    pixel_of[labels[~hole]] = image[~hole]
    covered = image.copy()
    covered[hole] = pixel_of[labels[hole]]
    return covered


def request_of(info: registry.BackendInfo, work: FillWork) -> FillRequest:
    """A fill of the work by a method with its default settings, as if the crop were the whole picture."""
    sources = None if work.sources is None else work.sources & ~work.hole
    whole = Region.whole(work.hole.shape)
    mask = work.hole.astype(np.uint8) * np.uint8(255)
    return FillRequest(
        windows=(Window(whole, work.image, mask, sources=sources, edges=work.edges),),
        size=(whole.height, whole.width),
        white=work.white,
        backend=info.id,
        params=info.Params(),
        grey=work.grey,
        seed=work.seed,
        guides=work.guides,
        recipe=False,
    )


def runtime_for(info: registry.BackendInfo, runtime: Runtime) -> Runtime:
    return runtime if runtime.device in info.needs.unasked else replace(runtime, device="cpu")


def _pixels(request: FillRequest, result: FillResult) -> Pixels:
    image = request.windows[0].pixels.copy()
    for piece in result.pieces:
        image[piece.region.slices] = piece.pixels
    return image
