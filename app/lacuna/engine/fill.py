"""One fill from request to result: grow, plan, crop, call the backend, composite. Plain functions; no thread, no Qt."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract import models
from lacuna.contract.edges import PackedEdges, PredictedEdges
from lacuna.contract.fill import FillOptions, FillStep, Runtime
from lacuna.contract.guides import GuideStroke, kinds_near, listed
from lacuna.contract.params import to_dict
from lacuna.contract.progress import Progress
from lacuna.engine import registry
from lacuna.engine.composite import as_grey, composite, differs
from lacuna.engine.edges import fitting, predictor
from lacuna.engine.grain import RING, add, measure
from lacuna.engine.invention import Crop, Invented, Method, Told, invent, no_memory
from lacuna.engine.opened import Opened, cost, load, needs_of, open_windows
from lacuna.engine.paces import Spent
from lacuna.engine.plan import Cut
from lacuna.engine.sampling import copies
from lacuna.engine.seam import join
from lacuna.i18n import _
from lacuna.imaging.colour import to_bytes
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Hole, Mask, Pixels
from lacuna.imaging.region import Region


@dataclass(frozen=True, eq=False)
class Window:
    """A part of a picture with its mask: `pixels` (h, w, 3), `mask` (h, w) uint8, `alpha` (h, w) or None, at `region`.

    Holds every hole pixel of its part and the context that the backend needs around it, or as much as the picture has.
    `sources` (h, w) bool is what may be copied; None is all that is known. `edges` (h, w) float32 in [0, 1] are those
    that the picture has and the fill should have; None where nobody says.
    """

    region: Region
    pixels: Pixels
    mask: Mask
    alpha: NDArray[Any] | None = None
    sources: Hole | None = None
    edges: NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class FillRequest:
    """A fill as a value: copies (or read-only views) of the windows wanted, and how. Picklable."""

    windows: tuple[Window, ...]
    size: tuple[int, int]  # (height, width) of the whole picture
    white: float
    backend: str
    params: Any
    grey: bool = False
    options: FillOptions = field(default_factory=FillOptions)
    seed: int = 0
    guides: tuple[GuideStroke, ...] = ()  # in picture coordinates
    predicted: tuple[PredictedEdges, ...] = ()  # edges that were completed before: those that still fit are followed
    recipe: bool = True  # the result carries its recipe step


@dataclass(frozen=True, eq=False)
class Piece:
    """Pixels to put at `region`: inside the mask the fill, elsewhere the picture's own, bit for bit.

    `came_from` (h, w, 2) int32 is the pixel (y, x) of the picture that each filled one was copied from, -1 where that
    is not known and outside the mask; None from a backend that does not say. `edges` (h, w) in [0, 1] are those that
    the fill followed, inside the mask and out, from a backend that completes them.
    """

    region: Region
    pixels: Pixels
    alpha: NDArray[Any] | None = None
    came_from: NDArray[np.int32] | None = None
    edges: NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class FillResult:
    """`pieces` to write, the recipe `step` if it was asked for, and the report's numbers.

    `mask_pixels` counts the mask as painted, `filled_pixels` after growing, `changed_pixels` those that differ now.
    `untouched` is the outcome of the comparison of all pixels outside the grown mask with the input. `methods` are the
    ids of the backends that a backend chose, each once, if it is one that chooses; `precisions` what networks
    calculated in. `spent` is what the calls took, by the keys of `paces`.
    """

    pieces: tuple[Piece, ...]
    step: FillStep | None
    seconds: float
    device: str
    regions: int
    mask_pixels: int
    filled_pixels: int
    changed_pixels: int
    untouched: bool
    notes: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ()
    spent: Mapping[str, Spent] = field(default_factory=dict)


def fill(request: FillRequest, runtime: Runtime, progress: Progress) -> FillResult:
    """Fill the holes of `request`. Raises UnsuitableMask, UnknownBackend, BackendFailed, OutOfMemory, Cancelled.

    `progress.show` is told each piece as soon as it is done, and before that what the backend shows of it. The outcome
    does not depend on the windows, as long as they hold what `plan.windows_for` asks for.
    """
    start = time.perf_counter()
    needs = needs_of(request)
    opened = open_windows(request, needs)
    composite_as = request.options.composite
    method = Method(request.backend, request.params, needs, runtime, request.white, request.seed, composite_as)
    rest = load(request.backend, runtime, progress)
    total = sum(cost(cut) for window in opened for cut in window.cuts)
    pieces: list[Piece] = []
    told = Told()
    if not copies(needs) and any(window.sources is not None for window in request.windows):
        told.notes.append(_("This method copies nothing: the sampling area was not used."))
    if not needs.edges and any(window.edges is not None for window in request.windows):
        told.notes.append(_("This method follows no edges: those that were given were not used."))
    unheard = kinds_near(request.guides, [window.region for window in request.windows]) - needs.guides
    if unheard:
        sentence = _("This method does not follow: {kinds}. They were not used.")
        told.notes.append(sentence.format(kinds=listed(unheard)))
    changed, untouched = 0, True
    filled_pixels = sum(window.pixels for window in opened)
    for window in opened:
        for cut in window.cuts:
            part = rest.part(cost(cut) / total)
            part.at(0.0, _("Filling"))
            try:
                piece, different = _fill_cut(request, method, window, cut, filled_pixels, told, part)
            except MemoryError as error:  # when the fill was there, and was to be joined
                raise no_memory((cut.crop.height, cut.crop.width), error) from error
            pieces.append(piece)
            changed += int(np.count_nonzero(different))
            untouched &= not (different & (window.weight[cut.box.slices] == 0)).any()
            progress.show(piece.region, piece.pixels)
    return FillResult(
        pieces=tuple(pieces),
        step=step_of(request, told.methods) if request.recipe else None,
        seconds=time.perf_counter() - start,
        device=runtime.device,
        regions=len(pieces),
        mask_pixels=sum(int(np.count_nonzero(window.mask)) for window in request.windows),
        filled_pixels=filled_pixels,
        changed_pixels=changed,
        untouched=untouched,
        notes=tuple(dict.fromkeys(told.notes)),
        methods=tuple(dict.fromkeys(told.methods)),
        precisions=tuple(dict.fromkeys(told.precisions)),
        spent=told.spent,
    )


@dataclass(frozen=True)
class Survey:
    """What a fill would do: calls of the backend, pixels of the mask as painted, pixels to fill."""

    regions: int
    mask_pixels: int
    filled_pixels: int


def survey(request: FillRequest) -> Survey:
    """What `fill` would do, without doing it. Raises UnsuitableMask and UnknownBackend as it would."""
    needs = needs_of(request)
    opened = open_windows(request, needs)
    return Survey(
        regions=sum(len(window.cuts) for window in opened),
        mask_pixels=sum(int(np.count_nonzero(window.mask)) for window in request.windows),
        filled_pixels=sum(window.pixels for window in opened),
    )


def step_of(request: FillRequest, methods: Iterable[str] = ()) -> FillStep:
    """The fill as a recipe step: everything but the picture's pixels. `methods` are those that its backend chose."""
    box, mask = _as_png([(window.region, window.mask) for window in request.windows])
    model = registry.backend(request.backend).needs(request.params).model
    allowed = [(w.region, w.sources.view(np.uint8) * np.uint8(255)) for w in request.windows if w.sources is not None]
    edges = [(w.region, to_bytes(w.edges, 1.0)) for w in request.windows if w.edges is not None]
    return FillStep(
        backend=request.backend,
        params=to_dict(request.params),
        seed=request.seed,
        options=request.options,
        box=box,
        mask=mask,
        size=request.size,
        guides=request.guides,
        model=model,
        model_sha256=None if model is None else models.weights_digest(model),
        sources=_as_png(allowed) if allowed else None,
        edges=_as_png(edges) if edges else None,
        predicted=tuple(PackedEdges.of(each) for each in request.predicted) if predictor(request.backend) else (),
        chosen=_weights_of(methods),
    )


def _weights_of(methods: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The models of methods with their usual settings, each once, and the hashes of their weights."""
    names = dict.fromkeys(registry.info(method).needs.model for method in methods)
    return tuple((name, digest) for name in names if name is not None and (digest := models.weights_digest(name)))


def _as_png(parts: list[tuple[Region, Mask]]) -> tuple[Region, bytes]:
    """The masks of some regions as one: the PNG of what is above 0, and the box that it fills."""
    import cv2

    box = Region.around(bounds(mask).shift(region.y0, region.x0) for region, mask in parts)
    if box.empty:  # that there are no edges says something, too
        box = Region.around(region for region, _mask in parts)
    whole = np.zeros((box.height, box.width), np.uint8)
    for region, mask in parts:
        shared = region.intersect(box)
        there = shared.shift(-box.y0, -box.x0).slices
        whole[there] = mask[shared.shift(-region.y0, -region.x0).slices]
    _ok, png = cv2.imencode(".png", whole, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return box, png.tobytes()


def _fill_cut(
    request: FillRequest, method: Method, opened: Opened, cut: Cut, total: int, told: Told, progress: Progress
) -> tuple[Piece, Hole]:
    """The filled piece of one cut of a fill of `total` pixels, and which of its pixels differ from before."""
    window, crop = opened.window, cut.crop
    inner = cut.box.shift(-crop.y0, -crop.x0).slices  # the box in crop coordinates
    region = cut.box.shift(window.region.y0, window.region.x0)
    weight = opened.weight[cut.box.slices]
    hole = opened.weight[crop.slices] > 0
    origin = (window.region.y0 + crop.y0, window.region.x0 + crop.x0)
    guides = tuple(stroke.shift(-origin[0], -origin[1]) for stroke in request.guides)
    sources = None if opened.sources is None else opened.sources[crop.slices]
    guiding = None if window.edges is None or not method.needs.edges else window.edges[crop.slices]
    fills_alpha = request.options.alpha and window.alpha is not None
    colour_share = 0.75 if fills_alpha else 1.0
    before = window.pixels[cut.box.slices]

    def preview(where: Region, pixels: Pixels) -> None:
        """What the backend shows of the crop, put in as its result would be; the seam is left to the result."""
        box = cut.box.shift(-crop.y0, -crop.x0)
        part = where.intersect(box)
        if not part.empty:
            shown = pixels[part.shift(-where.y0, -where.x0).slices]
            here = part.shift(-box.y0, -box.x0)
            mixed = composite(before[here.slices], as_grey(shown) if request.grey else shown, weight[here.slices])
            progress.show(here.shift(region.y0, region.x0), mixed)

    colours = progress.part(colour_share).shown_through(preview if progress.watched else None)
    crop_pixels = window.pixels[crop.slices]
    share = np.count_nonzero(weight) / total
    whole = Crop(crop_pixels, hole, request.grey, guides, sources, guiding, share)
    if guiding is None:
        there = Region(*origin, origin[0] + crop.height, origin[1] + crop.width)
        whole = replace(whole, edges=fitting(request.predicted, method, whole, there, told))
    invented = invent(method, whole, told, colours)
    box = cut.box.shift(-crop.y0, -crop.x0)
    joined = _joined(request, invented, crop_pixels, hole, box, origin, progress)
    after = composite(before, joined, weight)
    different = differs(before, after)
    came_from = None if invented.came_from is None else _in_picture(invented.came_from[inner], weight, origin)
    edges = None if invented.edges is None else invented.edges[inner]
    if not fills_alpha:
        return Piece(region, after, None, came_from, edges), different
    assert window.alpha is not None
    three = np.repeat(window.alpha[crop.slices][..., None], 3, axis=2)
    alpha_before = window.alpha[cut.box.slices]
    rest = progress.part(1 - colour_share).shown_through(None)  # alpha shown as colours would say nothing
    opaque = invent(method, replace(whole, image=three, grey=True, edges=guiding), told, rest).pixels[inner]
    alpha = composite(alpha_before, opaque[..., 0], weight)
    return Piece(region, after, alpha, came_from, edges), different | differs(alpha_before, alpha)


def _joined(
    request: FillRequest,
    invented: Invented,
    before: Pixels,
    hole: Hole,
    box: Region,
    origin: tuple[int, int],
    progress: Progress,
) -> Pixels:
    """The fill of `box` in a crop, its seam solved away and grain put in as the options ask."""
    options, how = request.options, invented.composite
    part = join(before, invented.pixels, hole, box, how, request.white, invented.came_from, progress.check)
    if options.grain:
        ring = box.pad(RING).clip(hole.shape).slices
        found = measure(before[ring], hole[ring], request.white)
        if found is not None:
            place = (origin[0] + box.y0, origin[1] + box.x0)  # another place, other noise
            part = add(part, hole[box.slices], found, (request.seed, *place))
    # Equal channels stay equal: what was solved and mixed side by side may differ in its last bit.
    return np.repeat(part[..., :1], 3, axis=2) if request.grey else part


def _in_picture(came_from: NDArray[np.int32], weight: Mask, origin: tuple[int, int]) -> NDArray[np.int32]:
    """Origins in the picture's coordinates; -1 where they are unknown and where nothing was filled."""
    known = (weight > 0) & (came_from[..., 0] >= 0) & (came_from[..., 1] >= 0)
    return np.where(known[..., None], came_from + np.array(origin, np.int32), np.int32(-1))
