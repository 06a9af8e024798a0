"""A fill of a whole photo in one go, for programs without a window: command line and batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract import models
from lacuna.contract.fill import FillOptions, Runtime
from lacuna.contract.guides import GuideStroke
from lacuna.contract.params import to_dict
from lacuna.contract.progress import Progress
from lacuna.engine import device, registry
from lacuna.engine.arrays import size_mismatch
from lacuna.engine.fill import FillRequest, FillResult, Window, fill
from lacuna.engine.plan import windows_for
from lacuna.engine.sampling import sources_box
from lacuna.errors import LacunaError
from lacuna.i18n import _
from lacuna.imaging.photo import Hole, Mask, Photo


@dataclass(frozen=True)
class FillSettings:
    """How what is marked in a photo is filled."""

    backend: str
    params: Any
    options: FillOptions = field(default_factory=FillOptions)
    seed: int = 0

    def described(self) -> Mapping[str, Any]:
        """All that the pixels depend on beside the photo and its mask, for JSON: the weights of a model, too."""
        model = registry.backend(self.backend).needs(self.params).model
        return {
            "backend": self.backend,
            "params": to_dict(self.params),
            "options": asdict(self.options),
            "seed": self.seed,
            "model": None if model is None else [model, models.weights_digest(model)],
        }


def filled(photo: Photo, mask: Mask, how: FillSettings, on: str, progress: Progress) -> tuple[Photo, FillResult]:
    """A copy of the photo with what `mask` (H, W) marks filled `on` a device ("auto", "cpu", "cuda"), and the report.

    Errors as in `engine.fill.fill`, and LacunaError should pixels outside the mask have changed.
    """
    request = request_for(photo, mask, how.backend, how.params, options=how.options, seed=how.seed)
    runtime = device.runtime_for(on, registry.backend(how.backend).needs(how.params))
    after, result = fill_photo(photo, request, runtime, progress)
    if not result.untouched:  # cannot happen by construction; it is looked at all the same
        raise LacunaError(_("Pixels outside the mask have changed: please report this."))
    return after, result


def request_for(
    photo: Photo,
    mask: Mask,
    backend: str,
    params: Any,
    *,
    options: FillOptions,
    seed: int = 0,
    sources: Hole | None = None,
    edges: NDArray[np.float32] | None = None,
    guides: tuple[GuideStroke, ...] = (),
) -> FillRequest:
    """The request that fills what `mask` (H, W) marks; it looks at the photo's own pixels and copies none.

    `sources` (H, W) is what a backend that copies may copy, `edges` (H, W) in [0, 1] what one that follows edges should
    follow; `guides` are in picture coordinates. Raises UnknownBackend, and SizeMismatch for a plane of another size.
    """
    size = (photo.height, photo.width)
    for plane in (mask, sources, edges):
        if plane is not None and plane.shape != size:
            raise size_mismatch((plane.shape[0], plane.shape[1]), size)
    needs = registry.backend(backend).needs(params)
    regions = windows_for(mask, needs, options, sources=sources_box(sources, guides, needs, size))
    windows = tuple(
        Window(
            region,
            photo.pixels[region.slices],
            mask[region.slices],
            None if photo.alpha is None else photo.alpha[region.slices],
            None if sources is None else sources[region.slices],
            None if edges is None else edges[region.slices],
        )
        for region in regions
    )
    return FillRequest(windows, size, photo.white, backend, params, photo.grey, options, seed, guides, recipe=False)


def fill_photo(photo: Photo, request: FillRequest, runtime: Runtime, progress: Progress) -> tuple[Photo, FillResult]:
    """A copy of the photo with the request's holes filled, and the report. Errors as in `engine.fill.fill`."""
    result = fill(request, runtime, progress)
    pixels = photo.pixels.copy()
    alpha = None if photo.alpha is None else photo.alpha.copy()
    for piece in result.pieces:
        pixels[piece.region.slices] = piece.pixels
        if alpha is not None and piece.alpha is not None:
            alpha[piece.region.slices] = piece.alpha
    return photo.with_pixels(pixels, alpha), result
