"""One fill from request to result: grow, plan, crop, call the backend, composite. Plain functions; no thread, no Qt."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.fill import FillOptions, FillStep, Needs, Runtime
from lacuna.contract.guides import GuideStroke
from lacuna.contract.params import to_dict
from lacuna.contract.progress import Cancelled, Progress
from lacuna.engine import registry
from lacuna.engine.call import answer
from lacuna.engine.composite import as_grey, composite, differs, weights
from lacuna.engine.plan import Cut, cuts
from lacuna.engine.work import prepare
from lacuna.errors import BackendFailed, LacunaError, OutOfMemory, UnsuitableMask
from lacuna.i18n import _
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Hole, Mask, Pixels
from lacuna.imaging.region import Region

LOADING = 0.1  # share of the progress that a first use takes for imports and weights


@dataclass(frozen=True, eq=False)
class Window:
    """A part of a picture with its mask: `pixels` (h, w, 3), `mask` (h, w) uint8, `alpha` (h, w) or None, at `region`.

    Holds every hole pixel of its part and the context that the backend needs around it, or as much as the picture has.
    """

    region: Region
    pixels: Pixels
    mask: Mask
    alpha: NDArray[Any] | None = None


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
    recipe: bool = True  # the result carries its recipe step


@dataclass(frozen=True, eq=False)
class Piece:
    """Pixels to put at `region`: inside the mask the fill, elsewhere the picture's own, bit for bit."""

    region: Region
    pixels: Pixels
    alpha: NDArray[Any] | None = None


@dataclass(frozen=True, eq=False)
class FillResult:
    """`pieces` to write, the recipe `step` if it was asked for, and the report's numbers.

    `mask_pixels` counts the mask as painted, `filled_pixels` after growing, `changed_pixels` those that differ now.
    `untouched` is the outcome of the comparison of all pixels outside the grown mask with the input.
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


def fill(request: FillRequest, runtime: Runtime, progress: Progress) -> FillResult:
    """Fill the holes of `request`. Raises UnsuitableMask, UnknownBackend, BackendFailed, OutOfMemory, Cancelled.

    `progress.show` is told each piece as soon as it is done. The outcome does not depend on the windows, as long as
    they hold what `plan.windows_for` asks for.
    """
    start = time.perf_counter()
    needs = registry.backend(request.backend).needs(request.params)
    opened = [_open(window, request.options, needs) for window in request.windows]
    _refuse_unsuitable(opened, request.size)
    rest = _load(request.backend, runtime, progress)
    total = sum(_cost(cut) for window in opened for cut in window.cuts)
    pieces: list[Piece] = []
    notes: list[str] = []
    changed, untouched = 0, True
    for window in opened:
        for cut in window.cuts:
            part = rest.part(_cost(cut) / total)
            part.at(0.0, _("Filling"))
            piece, different = _fill_cut(request, needs, window, cut, notes, part)
            pieces.append(piece)
            changed += int(np.count_nonzero(different))
            untouched &= not (different & (window.weight[cut.box.slices] == 0)).any()
            progress.show(piece.region, piece.pixels)
    return FillResult(
        pieces=tuple(pieces),
        step=step_of(request) if request.recipe else None,
        seconds=time.perf_counter() - start,
        device=runtime.device,
        regions=len(pieces),
        mask_pixels=sum(int(np.count_nonzero(window.mask)) for window in request.windows),
        filled_pixels=sum(window.pixels for window in opened),
        changed_pixels=changed,
        untouched=untouched,
        notes=tuple(dict.fromkeys(notes)),
    )


@dataclass(frozen=True)
class Survey:
    """What a fill would do: calls of the backend, pixels of the mask as painted, pixels to fill."""

    regions: int
    mask_pixels: int
    filled_pixels: int


def survey(request: FillRequest) -> Survey:
    """What `fill` would do, without doing it. Raises UnsuitableMask and UnknownBackend as it would."""
    needs = registry.backend(request.backend).needs(request.params)
    opened = [_open(window, request.options, needs) for window in request.windows]
    _refuse_unsuitable(opened, request.size)
    return Survey(
        regions=sum(len(window.cuts) for window in opened),
        mask_pixels=sum(int(np.count_nonzero(window.mask)) for window in request.windows),
        filled_pixels=sum(window.pixels for window in opened),
    )


def step_of(request: FillRequest) -> FillStep:
    """The fill as a recipe step: everything but the picture's pixels."""
    import cv2

    painted = [bounds(window.mask).shift(window.region.y0, window.region.x0) for window in request.windows]
    box = Region.around(region for region in painted)
    mask = np.zeros((box.height, box.width), np.uint8)
    for window in request.windows:
        shared = window.region.intersect(box)
        there = shared.shift(-box.y0, -box.x0).slices
        here = shared.shift(-window.region.y0, -window.region.x0).slices
        mask[there] = window.mask[here]
    _ok, png = cv2.imencode(".png", mask, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return FillStep(
        backend=request.backend,
        params=to_dict(request.params),
        seed=request.seed,
        options=request.options,
        box=box,
        mask=png.tobytes(),
        size=request.size,
        guides=request.guides,
    )


@dataclass(frozen=True, eq=False)
class _Opened:
    """A window with its decision: `weight` (h, w) of the fill, its `cuts` in window coordinates, hole pixels."""

    window: Window
    weight: Mask
    cuts: tuple[Cut, ...]
    pixels: int


def _open(window: Window, options: FillOptions, needs: Needs) -> _Opened:
    weight = weights(window.mask, options)
    hole = weight > 0
    return _Opened(window, weight, cuts(hole, needs), int(np.count_nonzero(hole)))


def _refuse_unsuitable(opened: list[_Opened], size: tuple[int, int]) -> None:
    pixels = sum(window.pixels for window in opened)
    if not pixels:
        raise UnsuitableMask(_("The mask is empty: there is nothing to fill."), hint=_("Mark what should go."))
    if pixels >= size[0] * size[1]:
        raise UnsuitableMask(
            _("The mask covers the whole picture: nothing is left to fill it from."),
            hint=_("Leave some of the picture unmarked; an inverted mask may be what was meant."),
        )


def _load(backend_id: str, runtime: Runtime, progress: Progress) -> Progress:
    """Load the backend if this is its first use; what is left of `progress`."""
    if not registry.needs_loading(backend_id, runtime):
        return progress.part(1.0)
    progress.at(0.0, _("Loading"))
    try:
        registry.loaded(backend_id, runtime)
    except (LacunaError, MemoryError):
        raise
    except Exception as error:  # an installed package may fail in any way
        raise _failed(backend_id, error) from error
    progress.part(LOADING).at(1.0)
    return progress.part(1.0 - LOADING)


def _cost(cut: Cut) -> float:
    return cut.box.area + 1000.0  # a call has a price of its own


def _fill_cut(
    request: FillRequest, needs: Needs, opened: _Opened, cut: Cut, notes: list[str], progress: Progress
) -> tuple[Piece, Hole]:
    """The filled piece of one cut, and which of its pixels differ from before."""
    window, crop = opened.window, cut.crop
    inner = cut.box.shift(-crop.y0, -crop.x0).slices  # the box in crop coordinates
    region = cut.box.shift(window.region.y0, window.region.x0)
    weight = opened.weight[cut.box.slices]
    hole = opened.weight[crop.slices] > 0
    origin = (window.region.y0 + crop.y0, window.region.x0 + crop.x0)
    guides = tuple(stroke.shift(-origin[0], -origin[1]) for stroke in request.guides)
    fills_alpha = request.options.alpha and window.alpha is not None
    colour_share = 0.75 if fills_alpha else 1.0

    def invent(image: Pixels, grey: bool, part: Progress) -> Pixels:
        return _invent(request, needs, image, hole, grey, guides, notes, part)[inner]

    filled = invent(window.pixels[crop.slices], request.grey, progress.part(colour_share))
    before = window.pixels[cut.box.slices]
    after = composite(before, as_grey(filled) if request.grey else filled, weight)
    different = differs(before, after)
    if not fills_alpha:
        return Piece(region, after), different
    assert window.alpha is not None
    three = np.repeat(window.alpha[crop.slices][..., None], 3, axis=2)
    alpha_before = window.alpha[cut.box.slices]
    alpha = composite(alpha_before, as_grey(invent(three, True, progress.part(1 - colour_share)))[..., 0], weight)
    return Piece(region, after, alpha), different | differs(alpha_before, alpha)


def _invent(
    request: FillRequest,
    needs: Needs,
    image: Pixels,
    hole: Hole,
    grey: bool,
    guides: tuple[GuideStroke, ...],
    notes: list[str],
    progress: Progress,
) -> Pixels:
    """The backend's pixels for a crop: at its own size, or smaller where it does not fit, which is noted."""
    scale = 1
    while needs.max_pixels is not None and hole.size > needs.max_pixels * scale * scale:
        scale *= 2
    for last in (False, True):
        if scale > 1:
            notes.append(_("The fill ran at 1/{scale} of the size.").format(scale=scale))
        try:
            return _call(request, needs, image, hole, grey, guides, scale, progress)
        except MemoryError as error:
            if last:
                raise OutOfMemory(
                    _("There is not enough memory to fill a region of {width} × {height} pixels.").format(
                        width=hole.shape[1], height=hole.shape[0]
                    ),
                    hint=_("Fill it in several smaller parts, or close other programs."),
                    cause=error,
                ) from error
            scale *= 2
    raise AssertionError("unreachable")


def _call(
    request: FillRequest,
    needs: Needs,
    image: Pixels,
    hole: Hole,
    grey: bool,
    guides: tuple[GuideStroke, ...],
    scale: int,
    progress: Progress,
) -> Pixels:
    prepared = prepare(
        image,
        hole,
        white=request.white,
        grey=grey,
        seed=request.seed,
        guides=guides,
        size=needs.size,
        scale=scale,
    )
    try:
        return prepared.restore(answer(request.backend, needs, prepared.work, request.params, progress))
    except (Cancelled, LacunaError, MemoryError):
        raise
    except Exception as error:  # whatever a method may raise, known to us or installed
        if _out_of_memory(error):
            raise MemoryError(str(error)) from error
        raise _failed(request.backend, error) from error


def _out_of_memory(error: Exception) -> bool:
    """OpenCV and torch have their own names for it."""
    return type(error).__name__ == "OutOfMemoryError" or getattr(error, "code", None) == -4  # cv::Error::StsNoMem


def _failed(backend_id: str, error: Exception) -> BackendFailed:
    said = " ".join(str(error).split()) or type(error).__name__
    return BackendFailed(
        _("The backend “{backend}” failed: {reason}").format(backend=backend_id, reason=said),
        hint=_("The picture is as it was. Try another backend, or report the details."),
        cause=error,
        details="".join(traceback.format_exception(error)),
    )
