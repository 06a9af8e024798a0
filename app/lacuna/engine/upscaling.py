"""One enlargement from request to result: steps, tiles, depth, alpha. Plain functions; no thread, no Qt.

Points of the last step are asked for tile by tile and go straight into the result. Each step asks the one before for
the part that it needs, so that no picture in between is ever there as a whole.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna import words
from lacuna.contract import default, models
from lacuna.contract.enlargement import Enlargement
from lacuna.contract.fill import Needs, Runtime
from lacuna.contract.progress import Progress
from lacuna.contract.steps import EnlargeStep
from lacuna.contract.upscale import Part, UpscaleNeeds
from lacuna.engine import device as devices
from lacuna.engine import upscalers
from lacuna.engine.composite import as_grey
from lacuna.engine.invention import loading
from lacuna.engine.paces import Spent
from lacuna.engine.upscale_levels import BY_AREAS, Alpha, CardFailed, ChosenUpscaler, Colours, Told, opacity, stacked
from lacuna.engine.upscale_steps import shrinks, steps
from lacuna.engine.upscale_tiles import LEAST, Tiling, bytes_per_pixel, tiling
from lacuna.errors import LacunaError, OutOfMemory, PictureTooLarge, UnknownModel
from lacuna.i18n import _
from lacuna.imaging.colour import from_float
from lacuna.imaging.photo import Photo, Pixels
from lacuna.imaging.region import Region

ALPHA = "bicubic"  # what alpha is enlarged by: no network has learned what it looks like
ALPHA_SHARE = 0.05  # of the progress
ROUNDING = 1e-6
WHOLE = 1 << 40  # no limit to a part

Levels = list[tuple[Enlargement, Tiling]]

SHRINKING = UpscaleNeeds(bytes_per_pixel=80.0, part_seconds=0.1, point_seconds=0.0)


@dataclass(frozen=True, eq=False)
class UpscaleRequest:
    """An enlargement as a value. `pixels` (H, W, 3) and `alpha` (H, W) are read where a tile needs them, and only read.

    `white` is the value of white in `pixels`; `grey`: its channels are equal and stay so. With a `region`, of the
    enlarged picture, that alone is made, as it is in the whole. `model` is "" for the best measured; `tile` is the side
    of a tile in pixels of the picture, by default as memory allows.
    """

    pixels: Pixels
    enlargement: Enlargement
    white: float
    alpha: NDArray[Any] | None = None
    grey: bool = False
    method: str = default.UPSCALER
    model: str = ""
    device: str = "auto"
    tile: int | None = None
    region: Region | None = None

    @property
    def wanted(self) -> Region:
        """What is made of the enlarged picture."""
        whole = Region(0, 0, self.enlargement.rows, self.enlargement.columns)
        return whole if self.region is None else self.region.clip((whole.height, whole.width))


@dataclass(frozen=True, eq=False)
class UpscaleResult:
    """`pixels` and `alpha` of what was wanted, in the request's dtype; sentences about how; `model` by name, or "".

    `spent` is what the calls took, by the keys of `paces`.
    """

    pixels: Pixels
    alpha: NDArray[Any] | None
    method: str
    model: str
    device: str
    seconds: float
    notes: tuple[str, ...] = ()
    spent: Mapping[str, Spent] = field(default_factory=dict)


@dataclass(frozen=True)
class UpscaleEstimate:
    """What an enlargement will take: `seconds`, bytes of `memory` in all, `bytes` of the result before it is packed.

    `problem` says why it would be refused, and what helps; "" if it would not. `notes` say by what means it would be
    made, where that is not the plain case.
    """

    rows: int
    columns: int
    seconds: float
    memory: int
    bytes: int
    steps: int
    problem: str = ""
    notes: tuple[str, ...] = ()


def request_for(photo: Photo, enlargement: Enlargement, **how: Any) -> UpscaleRequest:
    """The request that enlarges a photo; `how` are further fields of it."""
    return UpscaleRequest(photo.pixels, enlargement, photo.white, photo.alpha, photo.grey, **how)


def upscale(request: UpscaleRequest, progress: Progress) -> UpscaleResult:
    """Enlarge. Raises UnknownBackend, UnknownModel, PictureTooLarge, OutOfMemory, BackendFailed, Cancelled.

    Nothing is made before it is clear that the method is there and that memory holds the result.
    """
    begun = time.perf_counter()
    _require_fitting(request)
    method = _method(request)
    _refuse(request, method)
    told = Told()
    pixels, alpha, method = _made(request, method, told, progress)
    return UpscaleResult(
        pixels=pixels,
        alpha=alpha,
        method=request.method,
        model=method.needs.model or "",
        device=method.runtime.device,
        seconds=time.perf_counter() - begun,
        notes=tuple(dict.fromkeys(told.notes)),
        spent=told.spent,
    )


def step_of(result: UpscaleResult, enlargement: Enlargement, dpi: float | None = None) -> EnlargeStep:
    """The enlargement as a recipe step."""
    digest = models.weights_digest(result.model) if result.model else None
    return EnlargeStep(enlargement, result.method, result.model, digest, dpi)


def refuse_unknown(method: str, model: str, device: str) -> None:
    """Raises what `upscale` would, whatever the picture is: UnknownBackend and UnknownModel."""
    needs = upscalers.upscaler(method).needs(model)
    devices.resolve(device, Needs(devices=needs.devices))
    _refuse_missing(method, needs)


def refuse_impossible(request: UpscaleRequest) -> None:
    """Raises what `upscale` would before it begins: also PictureTooLarge."""
    _require_fitting(request)
    _refuse(request, _method(request))


def estimate(request: UpscaleRequest, paces: Mapping[str, float] | None = None) -> UpscaleEstimate:
    """What `upscale` would take, by the `paces` measured so far. Raises UnknownBackend; what else is wrong it says."""
    _require_fitting(request)
    method, wanted, problem = _method(request), request.wanted, ""
    try:
        _refuse(request, method)
    except LacunaError as error:
        problem = str(error)
    seconds = _planned_seconds(request, method) * (paces or {}).get(method.key, 1.0)
    size = _result_bytes(request)
    made = _steps(request, method)
    memory = size + _working_bytes(request, method)
    return UpscaleEstimate(wanted.height, wanted.width, seconds, memory, size, len(made), problem, _means(made))


def _means(made: Sequence[Enlargement]) -> tuple[str, ...]:
    if any(map(shrinks, made)):
        return (_(BY_AREAS),)
    return (_("Beyond 4 it is enlarged in {count} steps.").format(count=len(made)),) if len(made) > 1 else ()


def _method(request: UpscaleRequest) -> ChosenUpscaler:
    needs = upscalers.upscaler(request.method).needs(request.model)
    runtime = devices.runtime_for(request.device, Needs(devices=needs.devices))
    return ChosenUpscaler(request.method, request.model, needs, runtime)


def _plain(runtime: Runtime) -> ChosenUpscaler:
    """What enlarges alpha."""
    needs = upscalers.upscaler(ALPHA).needs("")
    return ChosenUpscaler(ALPHA, "", needs, Runtime("cpu", runtime.threads, runtime.memory))


def _steps(request: UpscaleRequest, method: ChosenUpscaler) -> tuple[Enlargement, ...]:
    return steps(request.enlargement, method.needs.most, method.needs.rule)


# --- before the run ---------------------------------------------------------------------------------------------------
def _require_fitting(request: UpscaleRequest) -> None:
    size = request.enlargement.height, request.enlargement.width
    if request.pixels.shape[:2] != size or (request.alpha is not None and request.alpha.shape != size):
        raise ValueError(f"the enlargement is one of a picture of {size}, not of {request.pixels.shape[:2]}")
    if request.tile is not None and request.tile < 1:
        raise ValueError(f"a tile has a side of at least 1, not {request.tile}")
    if request.wanted.empty:
        raise ValueError(f"the region {request.region} lies outside of the enlarged picture")


def _refuse(request: UpscaleRequest, method: ChosenUpscaler) -> None:
    """Raises UnknownModel for a method that cannot run, and PictureTooLarge for what memory cannot hold."""
    _refuse_missing(method.id, method.needs)
    size, free = _result_bytes(request), devices.available_memory()
    needed = size + round(LEAST**2 * method.needs.bytes_per_pixel)
    if free is not None and needed > free:
        sentence = _("The enlarged picture would have {width} × {height} pixels and take {needed}; {free} are free.")
        raise PictureTooLarge(
            sentence.format(
                width=request.wanted.width,
                height=request.wanted.height,
                needed=words.memory(needed),
                free=words.memory(free),
            ),
            _("Choose a smaller size, or close other programs."),
        )


def _refuse_missing(method: str, needs: UpscaleNeeds) -> None:
    if not needs.missing:
        return
    hint = ""
    if upscalers.missing(method):  # with no model at all
        ready = [name for name in upscalers.ids() if not upscalers.missing(name)]
        hint = _("Methods that can be used now: {names}.").format(names=", ".join(ready) or _("none"))
    raise UnknownModel(needs.missing, hint=hint)


def _result_bytes(request: UpscaleRequest) -> int:
    channels = 3 if request.alpha is None else 4
    return request.wanted.area * channels * int(request.pixels.dtype.itemsize)


def _budget(request: UpscaleRequest, runtime: Runtime) -> float:
    """Bytes for tiles: half of what is free, less where the whole result leaves less. The same for any region of it."""
    if runtime.device == "cuda":
        return float(devices.card_memory())
    whole = _result_bytes(replace(request, region=None))
    return float(min(runtime.memory, max(2 * runtime.memory - whole, runtime.memory // 4)))


def _tilings(request: UpscaleRequest, method: ChosenUpscaler, part: int = WHOLE) -> Levels:
    budget = _budget(request, method.runtime)
    return [
        (step, tiling(_needs(step, method), step, budget, tile=request.tile, part=part))
        for step in _steps(request, method)
    ]


def _needs(step: Enlargement, method: ChosenUpscaler) -> UpscaleNeeds:
    return SHRINKING if shrinks(step) else method.needs


def _working_bytes(request: UpscaleRequest, method: ChosenUpscaler) -> int:
    """The most that the tiles of a step take."""
    most = 0.0
    for step, tiles in _tilings(request, method):
        needs = _needs(step, method)
        pixels = min(tiles.part, step.height + 2 * needs.rim) * min(tiles.part, step.width + 2 * needs.rim)
        per_pixel = bytes_per_pixel(needs, max(step.down, step.across))
        most = max(most, needs.least_bytes + pixels * per_pixel)
    return round(most)


def _planned_seconds(request: UpscaleRequest, method: ChosenUpscaler) -> float:
    share = request.wanted.area / (request.enlargement.rows * request.enlargement.columns)
    total = 0.0
    for step, tiles in _tilings(request, method):
        if shrinks(step):
            continue  # next to nothing
        seen = 1.0
        for length in (step.height, step.width):
            side = min(tiles.side, length)
            seen *= min(side + 2 * tiles.halo, length + 2 * method.needs.rim) / side
        pixels = step.height * step.width * share
        total += method.seconds(pixels * seen, step.rows * step.columns * share)
    return total


# --- the run ----------------------------------------------------------------------------------------------------------
def _made(
    request: UpscaleRequest, method: ChosenUpscaler, told: Told, progress: Progress
) -> tuple[Pixels, NDArray[Any] | None, ChosenUpscaler]:
    """Pixels and alpha, and the method as it was used: where a card fails, everything is made by the processor."""
    wanted, limit = request.wanted, WHOLE
    try:
        pixels = np.empty((wanted.height, wanted.width, 3), request.pixels.dtype)
        alpha = None if request.alpha is None else np.empty((wanted.height, wanted.width), request.alpha.dtype)
    except MemoryError as error:
        raise _no_memory(request, error) from error
    if upscalers.needs_loading(method.id, method.runtime):
        progress.at(0.0, loading())
    while True:
        attempt = progress.shown_through(None)  # from its beginning
        levels = _tilings(request, method, limit)
        if not levels:  # a factor of 1
            pixels[...] = request.pixels[wanted.slices]
            if alpha is not None and request.alpha is not None:
                alpha[...] = request.alpha[wanted.slices]
            return pixels, alpha, method
        try:
            _colour(request, method, levels, told, attempt.part(1.0 if alpha is None else 1 - ALPHA_SHARE), pixels)
            if alpha is not None:
                _make_transparent(request, _plain(method.runtime), limit, told, attempt.part(ALPHA_SHARE), alpha)
        except MemoryError as error:
            limit = max(min(tiles.part, max(step.height, step.width)) for step, tiles in levels) // 2
            if limit >= LEAST:
                continue
            if method.runtime.device == "cpu":
                raise _no_memory(request, error) from error
            method, limit = _without_the_card(method, _("its memory is full"), told), WHOLE
        except CardFailed as error:
            method, limit = _without_the_card(method, str(error), told), WHOLE
        else:
            if limit < WHOLE or _smaller_than_asked(request, levels):
                told.notes.append(_("Memory was short: smaller tiles were used."))
            return pixels, alpha, method


def _without_the_card(method: ChosenUpscaler, reason: str, told: Told) -> ChosenUpscaler:
    told.notes.append(_("The graphics card failed ({reason}): the processor enlarged instead.").format(reason=reason))
    return method.on_the_processor()


def _smaller_than_asked(request: UpscaleRequest, levels: Levels) -> bool:
    tile = request.tile or 0
    return any(tiles.side < min(tile, max(step.height, step.width)) for step, tiles in levels)


def _colour(
    request: UpscaleRequest, method: ChosenUpscaler, levels: Levels, told: Told, progress: Progress, pixels: Pixels
) -> None:
    """Write what was wanted of the enlarged picture into `pixels`."""
    wanted = request.wanted

    def put(where: Region, points: Part) -> None:
        found = as_grey(points) if request.grey else points
        pixels[where.slices_in(wanted)] = from_float(found, pixels.dtype, request.white)

    colours = Colours(request.pixels, request.white, request.alpha, told)
    source = stacked(colours, levels, method, told, limited=request.pixels.dtype.kind != "f")
    source.into(wanted, put, progress)


def _make_transparent(
    request: UpscaleRequest, plain: ChosenUpscaler, limit: int, told: Told, progress: Progress, alpha: NDArray[Any]
) -> None:
    """The same of its transparency."""
    assert request.alpha is not None
    wanted, opaque = request.wanted, opacity(request.alpha)

    def put(where: Region, points: Part) -> None:
        # Beside an edge a kernel overshoots, and nothing is more than opaque. Where all is opaque it may fall short of
        # that by a rounding.
        values = np.clip(points[..., 0], 0, 1)
        values[values > 1 - ROUNDING] = 1
        alpha[where.slices_in(wanted)] = from_float(values, alpha.dtype, opaque)

    source = stacked(Alpha(request.alpha), _tilings(request, plain, limit), plain, told, limited=True)
    source.into(wanted, put, progress)


def _no_memory(request: UpscaleRequest, cause: BaseException) -> OutOfMemory:
    return OutOfMemory(
        _("There is not enough memory to enlarge to {width} × {height} pixels.").format(
            width=request.wanted.width, height=request.wanted.height
        ),
        hint=_("Choose a smaller size, or close other programs."),
        cause=cause,
    )
