"""What a backend makes of one crop: at the size and in the sections that suit it, with the photo's detail put back.

When memory ends the same is tried at half the size, and said.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.fill import Composite, Filled, Needs, Runtime
from lacuna.contract.guides import GuideStroke
from lacuna.contract.progress import Cancelled, Progress
from lacuna.engine import registry
from lacuna.engine.band import band_along
from lacuna.engine.call import answer
from lacuna.engine.composite import as_dtype, as_grey
from lacuna.engine.paces import Spent, key, planned
from lacuna.engine.seam import coarse, join
from lacuna.engine.sections import Section, detail_lost, sections, smallest
from lacuna.engine.work import Prepared, prepare
from lacuna.errors import BackendFailed, LacunaError, OutOfMemory, UnsuitableMask
from lacuna.i18n import _
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Hole, Pixels
from lacuna.imaging.region import Region

BAND = 0.5  # of the finest that a fill holds: what a blur by so much removes is detail, and comes from the photo
MEAN = 0.5  # of what is coarser a soft model makes so much: it and the patches err apart, so their mean errs less
BAND_SHARE = 0.25  # of the progress, where a band along lines is filled first
NOTABLE = 1.25  # times smaller: of what ran at about its own size nothing need be said
COARSE_SHARE = 0.5  # of the progress, where detail is brought back afterwards


@dataclass(frozen=True, eq=False)
class Crop:
    """What is cut out for one hole: as in `FillWork`, at the picture's own size."""

    image: Pixels
    hole: Hole
    grey: bool
    guides: tuple[GuideStroke, ...]
    sources: Hole | None
    edges: NDArray[np.float32] | None
    share: float

    def cut(self, view: Region) -> Crop:
        """A part of it."""
        if view == Region.whole(self.hole.shape):
            return self
        return replace(
            self,
            image=self.image[view.slices],
            hole=self.hole[view.slices],
            guides=tuple(stroke.shift(-view.y0, -view.x0) for stroke in self.guides),
            sources=None if self.sources is None else self.sources[view.slices],
            edges=None if self.edges is None else self.edges[view.slices],
        )


@dataclass(frozen=True, eq=False)
class Invented:
    """A crop with its hole filled, in its own size and depth, and how that is best joined to what lies around."""

    pixels: Pixels
    composite: Composite
    came_from: NDArray[np.int32] | None = None
    edges: NDArray[np.float32] | None = None


@dataclass(eq=False)
class Told:
    """What the calls of a fill have said so far, and what they took, by the keys of `paces`."""

    notes: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    precisions: list[str] = field(default_factory=list)
    spent: dict[str, Spent] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Method:
    """A backend as it is used in one fill. `composite` is how the person wants the fill to be joined."""

    backend: str
    params: Any
    needs: Needs
    runtime: Runtime
    white: float
    seed: int
    composite: Composite = Composite.AUTO

    @property
    def joining(self) -> Composite:
        return self.needs.composite if self.composite is Composite.AUTO else self.composite


def invent(method: Method, crop: Crop, told: Told, progress: Progress) -> Invented:
    """The crop filled by the method. Raises OutOfMemory, BackendFailed, Cancelled, and what a backend tells people."""
    band = None
    if method.needs.band is not None:
        scale = max(part.scale for part in sections(crop.hole, method.needs))
        band = band_along(crop.guides, crop.hole, scale)
    if band is None:
        return _invent(method, crop, told, progress)
    return _along_lines(method, crop, band, told, progress)


def _along_lines(method: Method, crop: Crop, band: Hole, told: Told, progress: Progress) -> Invented:
    """First the band, by patches that follow the lines; the method then sees it as known."""
    assert method.needs.band is not None
    first = _helping(method, method.needs.band)
    deaf = replace(method, needs=replace(method.needs, band=None))
    turn = progress.part(BAND_SHARE)
    try:
        _load(first, turn)
        prepared = prepared_for(first, crop, crop.hole.shape[:2])
        led = _restored(first, prepared, _call(first, prepared, told, turn))
    except (MemoryError, UnsuitableMask) as error:
        told.notes.append(
            _("There was not enough memory to follow the lines.")
            if isinstance(error, MemoryError)
            else _("Too little of the photo is known around the mask to follow the lines.")
        )
        return _invent(deaf, crop, told, progress)
    rest = crop.hole & ~band
    pixels = np.where(band[..., None], led.pixels, crop.image)
    came_from = _empty(crop.hole) if led.came_from is None else led.came_from
    if not rest.any():
        return Invented(pixels, led.composite, came_from)
    share = crop.share * float(np.count_nonzero(rest) / np.count_nonzero(crop.hole))
    seen = replace(crop, image=pixels, hole=rest, share=share)
    found = _invent(deaf, seen, told, progress)
    box = bounds(rest)
    # Joined here, to the band as well: behind this nobody knows where it ends.
    joined = join(pixels, found.pixels, rest, box, found.composite, method.white, found.came_from, check=progress.check)
    mixed = pixels.astype(joined.dtype)
    np.copyto(mixed[box.slices], joined, where=rest[box.slices][..., None])
    origins = _empty(crop.hole) if found.came_from is None else found.came_from
    came_from = np.where(rest[..., None], origins, np.where(band[..., None], came_from, np.int32(-1)))
    return Invented(mixed, Composite.PLAIN, came_from, found.edges)


def _helping(method: Method, backend: str) -> Method:
    """Another backend with its usual settings, for a part of the method's work."""
    return replace(
        method,
        backend=backend,
        params=registry.backend(backend).Params(),
        needs=registry.info(backend).needs,
        runtime=replace(method.runtime, device="cpu"),
    )


def _load(method: Method, progress: Progress) -> None:
    """Load the method's backend, if this is its first use."""
    if registry.needs_loading(method.backend, method.runtime):
        progress.at(0.0, loading())
        registry.loaded(method.backend, method.runtime)


def _invent(method: Method, crop: Crop, told: Told, progress: Progress) -> Invented:
    """The crop filled by the method itself."""
    halvings = 0
    while True:
        parts = sections(crop.hole, method.needs, halvings)
        scale = max(part.scale for part in parts)
        attempt = progress.shown_through(progress.show if progress.watched else None)  # from its beginning
        try:
            invented = _attempt(method, crop, parts, told, attempt)
        except MemoryError as error:
            if smallest(crop.hole, method.needs, halvings):
                raise no_memory(crop.hole.shape, error) from error
            halvings += 1
        except UnsuitableMask as error:
            if halvings:  # it is so only at the smaller size
                raise no_memory(crop.hole.shape, error) from error
            raise
        else:
            if scale > NOTABLE:
                told.notes.append(_("The fill ran at {percent} % of the size.").format(percent=round(100 / scale)))
            return invented


def _attempt(method: Method, crop: Crop, parts: tuple[Section, ...], told: Told, progress: Progress) -> Invented:
    detail, finest = method.needs.detail, detail_lost(parts, method.needs)
    if detail is None or finest is None:
        return _in_sections(method, crop, parts, told, progress)
    large = _in_sections(method, crop, parts, told, progress.part(COARSE_SHARE))
    # The colours are brought to those around before detail is sought: what is sought by its colours is found then.
    box = bounds(crop.hole)
    start = large.pixels.astype(np.float32)
    start[box.slices] = join(
        crop.image, large.pixels, crop.hole, box, method.joining, method.white, check=progress.check
    )
    if progress.watched:
        progress.show(box, as_dtype(start[box.slices], crop.image.dtype))
    fine = _helping(method, detail)
    view = Region.around(part.view for part in parts)
    try:
        found = _detailed(fine, crop.cut(view), start[view.slices], finest, told, progress.part(1 - COARSE_SHARE))
    except (MemoryError, UnsuitableMask) as error:
        told.notes.append(
            _("There was not enough memory to bring back the detail of the photo.")
            if isinstance(error, MemoryError)
            else _("Too little of the photo is known around the mask to bring back its detail.")
        )
        return replace(large, pixels=start, composite=Composite.PLAIN)
    pixels = start.copy()
    pixels[view.slices] = found.pixels
    shift = coarse(crop.image, start, pixels, crop.hole, box, BAND * finest, method.white, progress.check)
    pixels[box.slices] += np.float32(1.0 if method.needs.fine <= 1 else MEAN) * shift
    came_from = _empty(crop.hole)
    assert found.came_from is not None
    came_from[view.slices] = np.where(found.came_from >= 0, found.came_from + _origin(view), -1)
    return Invented(pixels, found.composite, came_from, large.edges)


def _in_sections(method: Method, crop: Crop, parts: tuple[Section, ...], told: Told, progress: Progress) -> Invented:
    """All sections, one after the other: each sees what those before it have filled."""
    whole = Region.whole(crop.hole.shape)
    if len(parts) == 1 and parts[0].view == whole:
        return _one(method, crop, parts[0], told, progress)
    pixels, left = crop.image.copy(), crop.hole.copy()
    came_from: NDArray[np.int32] | None = None
    edges: NDArray[np.float32] | None = None
    total = sum(part.size[0] * part.size[1] for part in parts)
    for part in parts:
        turn = progress.part(part.size[0] * part.size[1] / total)
        seen = replace(crop, image=pixels, hole=left).cut(part.view)
        share = crop.share * float(np.count_nonzero(left[part.core.slices]) / np.count_nonzero(crop.hole))
        found = _one(method, replace(seen, share=share), part, told, _moved(turn, part.view))
        inside = part.core.shift(-part.view.y0, -part.view.x0).slices
        mine = left[part.core.slices]
        np.copyto(pixels[part.core.slices], found.pixels[inside], where=mine[..., None])
        if found.came_from is not None:
            came_from = _empty(crop.hole) if came_from is None else came_from
            origins = np.where(found.came_from >= 0, found.came_from + _origin(part.view), -1)
            np.copyto(came_from[part.core.slices], origins[inside], where=mine[..., None])
        if found.edges is not None:
            edges = np.zeros(crop.hole.shape, np.float32) if edges is None else edges
            edges[part.view.slices] = np.maximum(edges[part.view.slices], found.edges)
        left[part.core.slices] = False
    return Invented(pixels, method.joining, came_from, edges)


def _one(method: Method, crop: Crop, part: Section, told: Told, progress: Progress) -> Invented:
    """One call; `crop` is what the section views."""
    prepared = prepared_for(method, crop, part.size)
    filled = _call(method, prepared, told, progress)
    return _restored(method, prepared, filled)


def _detailed(
    method: Method, crop: Crop, start: NDArray[np.float32], finest: float, told: Told, progress: Progress
) -> Invented:
    """The `start`, a fill without detail finer than `finest` pixels, made fine by patches of the crop."""
    _load(method, progress)
    prepared = prepared_for(method, crop, crop.hole.shape[:2])
    start = np.where(np.isfinite(start), start, prepared.work.image)  # known pixels that are no numbers
    prepared = replace(prepared, work=replace(prepared.work, start=start, coarse=finest))
    progress.at(0.0, _("Bringing back detail"))
    return _restored(method, prepared, _call(method, prepared, told, progress))


def prepared_for(method: Method, crop: Crop, size: tuple[int, int]) -> Prepared:
    """The crop as the method is given it, at this (height, width)."""
    return prepare(
        crop.image,
        crop.hole,
        white=method.white,
        grey=crop.grey,
        seed=method.seed,
        guides=crop.guides,
        size=method.needs.size,
        small=size,
        sources=crop.sources,
        edges=crop.edges,
        share=crop.share,
    )


def _call(method: Method, prepared: Prepared, told: Told, progress: Progress) -> Filled:
    def preview(region: Region, pixels: Pixels) -> None:
        progress.show(*prepared.seen(region, pixels))

    if not prepared.work.hole.any():  # so thin that at this size every pixel holds something known
        return Filled(prepared.work.image)
    shown = progress.shown_through(preview if progress.watched else None)
    begun, loads = time.perf_counter(), registry.loads()
    with failing_as(method.backend):
        filled = answer(method.backend, method.needs, prepared.work, method.params, shown)
    if registry.loads() == loads:  # else it measures what is done but once
        name = key(method.backend, method.needs, started=prepared.work.start is not None)
        took = time.perf_counter() - begun
        spent = Spent(planned(prepared.work, method.needs), took)
        told.spent[name] = told.spent.get(name, Spent(0.0, 0.0)) + spent
    told.notes += filled.notes
    told.methods += filled.methods
    told.precisions += filled.precisions
    return filled


def _restored(method: Method, prepared: Prepared, filled: Filled) -> Invented:
    try:
        pixels = prepared.restore(filled)
        if prepared.work.grey:
            pixels = as_grey(pixels)
        return Invented(pixels, method.joining, prepared.origins(filled), prepared.edges(filled))
    except ValueError as error:  # an answer that cannot be used
        raise failed(method.backend, error) from error


def no_memory(shape: tuple[int, ...], cause: BaseException) -> OutOfMemory:
    return OutOfMemory(
        _("There is not enough memory to fill a region of {width} × {height} pixels.").format(
            width=shape[1], height=shape[0]
        ),
        hint=_("Fill it in several smaller parts, or close other programs."),
        cause=cause,
    )


@contextmanager
def failing_as(backend_id: str) -> Iterator[None]:
    """Calls of a backend: whatever it raises comes as MemoryError or BackendFailed, but for what people may read."""
    try:
        yield
    except (Cancelled, LacunaError, MemoryError):
        raise
    except Exception as error:  # whatever a method may raise, known to us or installed
        if _out_of_memory(error):
            raise MemoryError(str(error)) from error
        raise failed(backend_id, error) from error


def loading() -> str:
    """The name of the phase before a first use: imports, weights and, once on a machine, compilation."""
    return _("Loading; the first time takes some seconds")


def failed(backend_id: str, error: Exception) -> BackendFailed:
    """An exception of a backend, as people read it."""
    said = " ".join(str(error).split()) or type(error).__name__
    return BackendFailed(
        _("The method “{backend}” failed: {reason}").format(backend=backend_id, reason=said),
        hint=_("The picture is as it was. Try another method, or report the details."),
        cause=error,
        details="".join(traceback.format_exception(error)),
    )


def _out_of_memory(error: Exception) -> bool:
    """OpenCV and torch have their own names for it."""
    return type(error).__name__ == "OutOfMemoryError" or getattr(error, "code", None) == -4  # cv::Error::StsNoMem


def _moved(progress: Progress, view: Region) -> Progress:
    """What is shown of a section, shown where it lies in the crop."""

    def preview(region: Region, pixels: Pixels) -> None:
        progress.show(region.shift(view.y0, view.x0), pixels)

    return progress.shown_through(preview if progress.watched else None)


def _origin(view: Region) -> NDArray[np.int32]:
    return np.array((view.y0, view.x0), np.int32)


def _empty(hole: Hole) -> NDArray[np.int32]:
    return np.full((*hole.shape, 2), -1, np.int32)
