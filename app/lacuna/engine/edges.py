"""The edge stage alone: a hole's edges as the fill would follow them, for a person to look at and to change.

The stages meet in `PredictedEdges`. A fill follows those that were made for just the crop that it fills, and completes
edges anew where the mask, the picture around it or the model is another by now. So nothing depends on whether they were
looked at before, as EdgeConnect paints along edges in 8 bits anyway; what was drawn and rubbed out is in the strokes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lacuna.contract import models
from lacuna.contract.edges import PredictedEdges
from lacuna.contract.fill import EdgePredictor, Runtime
from lacuna.contract.progress import Progress
from lacuna.engine import registry
from lacuna.engine.invention import Crop, Method, Told, failing_as, no_memory, prepared_for
from lacuna.engine.opened import cost, load, needs_of, open_windows
from lacuna.engine.sections import Section, sections, smallest
from lacuna.errors import UnknownBackend
from lacuna.i18n import _
from lacuna.imaging.colour import to_bytes
from lacuna.imaging.region import Region

if TYPE_CHECKING:
    from lacuna.engine.fill import FillRequest


def predictor(backend_id: str) -> EdgePredictor | None:
    """The backend, if it completes edges before it paints. Raises UnknownBackend."""
    found = registry.backend(backend_id)
    return found if isinstance(found, EdgePredictor) else None


def predictors() -> tuple[str, ...]:
    """The ids of all backends that complete edges, whether they can run or not; quick, as the window asks often."""
    return _predictors_among(registry.ids())


def predict(request: FillRequest, runtime: Runtime, progress: Progress) -> tuple[PredictedEdges, ...]:
    """The edges that a fill of `request` would complete, one value for each of its crops.

    Holes are grown, cropped and made smaller as the fill would. One that is filled in sections is completed in the same
    ones, but from what is known alone: there are no colours yet in those before. Raises as `engine.fill.fill` does.
    """
    needs = needs_of(request)
    if predictor(request.backend) is None:
        raise UnknownBackend(_("“{backend}” completes no edges.").format(backend=request.backend))
    opened = open_windows(request, needs)
    method = Method(request.backend, request.params, needs, runtime, request.white, request.seed)
    rest = load(request.backend, runtime, progress)
    total = sum(cost(cut) for window in opened for cut in window.cuts)
    found = []
    for window in opened:
        for cut in window.cuts:
            part = rest.part(cost(cut) / total)
            part.at(0.0, _("Predicting edges"))
            hole = window.weight[cut.crop.slices] > 0
            crop = Crop(window.window.pixels[cut.crop.slices], hole, request.grey, (), None, None, 1.0)
            seen, edges = _completed(method, crop, part)
            there = cut.crop.shift(window.window.region.y0, window.window.region.x0)
            region = seen.shift(there.y0, there.x0)
            found.append(PredictedEdges(region, to_bytes(edges, 1.0), hole[seen.slices], _digest(method, crop)))
    return tuple(found)


def fitting(
    predicted: Sequence[PredictedEdges], method: Method, crop: Crop, region: Region, told: Told
) -> NDArray[np.float32] | None:
    """The edges (h, w) that were predicted for this crop, at `region` of the picture; None, and a note, if none fit."""
    if not predicted or predictor(method.backend) is None:
        return None
    digest = ""
    for edges in predicted:
        if edges.region.intersect(region) == edges.region:
            there = edges.region.slices_in(region)
            digest = digest or _digest(method, crop)
            if edges.seen == digest and np.array_equal(crop.hole[there], edges.hole):
                plane = np.zeros(crop.hole.shape, np.float32)
                plane[there] = edges.strength * np.float32(1 / 255)
                return plane
    if any(_share_hole(edges, crop, region) for edges in predicted):
        told.notes.append(_("The mask or the picture changed since edges were predicted: they were predicted anew."))
    return None


def _share_hole(edges: PredictedEdges, crop: Crop, region: Region) -> bool:
    both = edges.region.intersect(region)
    if both.empty:
        return False
    return bool((edges.hole[both.slices_in(edges.region)] & crop.hole[both.slices_in(region)]).any())


@lru_cache(4)
def _predictors_among(known: tuple[str, ...]) -> tuple[str, ...]:
    usable = [name for name in known if registry.info(name).Params is not registry.NoParams]
    return tuple(name for name in usable if predictor(name) is not None)


def _completed(method: Method, crop: Crop, progress: Progress) -> tuple[Region, NDArray[np.float32]]:
    """What of the crop is seen, and the edges there, at the crop's own size."""
    halvings = 0
    while True:
        try:
            return _in_sections(method, crop, sections(crop.hole, method.needs, halvings), progress)
        except MemoryError as error:
            if smallest(crop.hole, method.needs, halvings):
                raise no_memory(crop.hole.shape, error) from error
            halvings += 1


def _in_sections(
    method: Method, crop: Crop, parts: tuple[Section, ...], progress: Progress
) -> tuple[Region, NDArray[np.float32]]:
    seen = Region.around(part.view for part in parts)
    edges = np.zeros(crop.hole.shape, np.float32)
    total = sum(part.size[0] * part.size[1] for part in parts)
    for part in parts:
        found = _one(method, crop.cut(part.view), part.size, progress.part(part.size[0] * part.size[1] / total))
        mine = ~crop.hole[part.view.slices]
        mine[part.core.slices_in(part.view)] = True
        np.copyto(edges[part.view.slices], found, where=mine)
    return seen, edges[seen.slices]


def _one(method: Method, crop: Crop, size: tuple[int, int], progress: Progress) -> NDArray[np.float32]:
    prepared = prepared_for(method, crop, size)
    with failing_as(method.backend), registry.turn(method.backend, progress) as backend:
        assert isinstance(backend, EdgePredictor)
        return prepared.spread(backend.predict_edges(prepared.work, method.params, progress))


def _digest(method: Method, crop: Crop) -> str:
    """Of all on which the edges of a crop depend."""
    backend = predictor(method.backend)
    assert backend is not None
    settings = [method.backend, *(f"{name}={getattr(method.params, name)}" for name in backend.shapes_edges)]
    if method.needs.model is not None:
        settings.append(models.weights_digest(method.needs.model) or method.needs.model)
    found = hashlib.blake2b("\n".join(settings).encode(), digest_size=16)
    found.update(np.packbits(crop.hole).tobytes())
    found.update(np.where(crop.hole[..., None], crop.image.dtype.type(0), crop.image).tobytes())
    return found.hexdigest()
