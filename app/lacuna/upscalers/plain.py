"""Enlarging by a fixed kernel: the measure that any network has to beat, and what there is without a model."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from lacuna.contract.fill import Runtime
from lacuna.contract.params import Suggestion
from lacuna.contract.progress import Progress
from lacuna.contract.upscale import Enlarged, UpscaleNeeds, UpscaleWork
from lacuna.i18n import N_, _
from lacuna.imaging.resampling import BICUBIC, LANCZOS, Kernel, resampled
from lacuna.networks.positions import Pane

BAND = 128  # rows of points between two looks whether to stop: some hundredths of a second


class Plain:
    """One kernel at exact positions. It enlarges any number of channels; subclasses say which kernel."""

    id: str
    name: str
    summary: str
    kernel: ClassVar[Kernel]
    point_seconds: ClassVar[float]  # of a megapixel of points on a laptop core

    def needs(self, model: str) -> UpscaleNeeds:
        missing = _("“{backend}” has no models.").format(backend=self.id) if model else ""
        return UpscaleNeeds(missing=missing, reach=self.kernel.radius + 1, point_seconds=self.point_seconds)

    def models(self) -> tuple[Suggestion, ...]:
        return ()

    def load(self, runtime: Runtime) -> None:
        """Nothing is."""

    def enlarge(self, work: UpscaleWork, model: str, progress: Progress) -> Enlarged:
        at = work.points
        found = np.empty((at.height, at.width, work.image.shape[2]), np.float32)
        for top in range(at.y0, at.y1, BAND):
            progress.at((top - at.y0) / at.height)
            pane = Pane(work.enlargement, top, at.x0, min(top + BAND, at.y1), at.x1, work.row, work.column)
            found[top - at.y0 : top - at.y0 + BAND] = resampled(work.image, pane, self.kernel)
        progress.at(1.0)
        return Enlarged(found)

    def unload(self) -> None:
        """Nothing is kept."""


class Bicubic(Plain):
    id = "bicubic"
    name = N_("Bicubic")
    summary = N_("Smooth, at once, needs no model.")
    kernel = BICUBIC
    point_seconds = 0.06


class Lanczos(Plain):
    id = "lanczos"
    name = N_("Lanczos")
    summary = N_("A little sharper than bicubic, with faint rims beside edges; needs no model.")
    kernel = LANCZOS
    point_seconds = 0.07
