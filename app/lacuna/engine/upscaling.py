"""One enlargement from request to result: steps, tiles, depth, alpha. Plain functions; no thread, no Qt.

Points of the last step are asked for tile by tile and go straight into the result. Each step asks the one before for
the part that it needs, so that no picture in between is ever there as a whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lacuna import words
from lacuna.contract import default
from lacuna.contract.enlargement import Enlargement
from lacuna.contract.fill import Needs, Runtime
from lacuna.contract.progress import Cancelled, Progress
from lacuna.contract.upscale import Part, UpscaleNeeds, UpscaleWork
from lacuna.engine import device as devices
from lacuna.engine import upscalers
from lacuna.engine.composite import as_grey
from lacuna.engine.invention import failed, loading
from lacuna.engine.paces import Spent
from lacuna.engine.shrinking import shrunk
from lacuna.engine.upscale_steps import shrinks, steps
from lacuna.engine.upscale_tiles import LEAST, Sink, Span, Tiling, bytes_per_pixel, put_together, spans, tiling
from lacuna.errors import LacunaError, OutOfMemory, PictureTooLarge, UnknownModel
from lacuna.i18n import _
from lacuna.imaging.colour import from_float, to_float
from lacuna.imaging.photo import Photo, Pixels
from lacuna.imaging.region import Region

ALPHA = "bicubic"  # what alpha is enlarged by: no network has learned what it looks like
ALPHA_SHARE = 0.05  # of the progress
CARD = 100.0  # times as fast as a core of a laptop is a graphics card, before it is measured
WHOLE = 1 << 40  # no limit to a part

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

    `problem` says why it would be refused, and what helps; "" if it would not.
    """

    rows: int
    columns: int
    seconds: float
    memory: int
    bytes: int
    steps: int
    problem: str = ""


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
    told = _Told()
    pixels, alpha = _made(request, method, told, progress)
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
    parts = len(_steps(request, method))
    return UpscaleEstimate(
        wanted.height, wanted.width, seconds, size + _working_bytes(request, method), size, parts, problem
    )


@dataclass(frozen=True, eq=False)
class _Method:
    """An upscaler as it is used in one enlargement."""

    id: str
    model: str
    needs: UpscaleNeeds
    runtime: Runtime

    @property
    def key(self) -> str:
        """Under which name its pace is remembered."""
        return f"upscale:{self.id}:{self.needs.model or ''}:{self.runtime.device}"

    def seconds(self, pixels: float, points: float) -> float:
        """Of calls that look at so many pixels in all for so many points."""
        cost = (pixels * self.needs.part_seconds + points * self.needs.point_seconds) / 1e6
        return cost / (CARD if self.runtime.device == "cuda" else self.runtime.threads)


@dataclass(eq=False)
class _Told:
    notes: list[str] = field(default_factory=list)
    spent: dict[str, Spent] = field(default_factory=dict)


def _method(request: UpscaleRequest) -> _Method:
    needs = upscalers.upscaler(request.method).needs(request.model)
    runtime = devices.runtime_for(request.device, Needs(devices=needs.devices))
    return _Method(request.method, request.model, needs, runtime)


def _plain(runtime: Runtime) -> _Method:
    """What enlarges alpha."""
    needs = upscalers.upscaler(ALPHA).needs("")
    return _Method(ALPHA, "", needs, Runtime("cpu", runtime.threads, runtime.memory))


def _steps(request: UpscaleRequest, method: _Method) -> tuple[Enlargement, ...]:
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


def _refuse(request: UpscaleRequest, method: _Method) -> None:
    """Raises UnknownModel for a method that cannot run, and PictureTooLarge for what memory cannot hold."""
    if method.needs.missing:
        names = ", ".join(name for name in upscalers.ids() if not upscalers.upscaler(name).needs("").missing)
        raise UnknownModel(method.needs.missing, hint=_("Methods that need no model: {names}.").format(names=names))
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


def _result_bytes(request: UpscaleRequest) -> int:
    channels = 3 if request.alpha is None else 4
    return request.wanted.area * channels * int(request.pixels.dtype.itemsize)


def _budget(request: UpscaleRequest, runtime: Runtime) -> float:
    """Bytes for tiles: what the run may take, less the result where both lie in the same memory."""
    return float(max(0, runtime.memory - _result_bytes(request)))


def _tilings(request: UpscaleRequest, method: _Method, part: int = WHOLE) -> list[tuple[Enlargement, Tiling]]:
    budget = _budget(request, method.runtime)
    return [
        (step, tiling(SHRINKING if shrinks(step) else method.needs, step, budget, tile=request.tile, part=part))
        for step in _steps(request, method)
    ]


def _working_bytes(request: UpscaleRequest, method: _Method) -> int:
    """The most that the tiles of a step take."""
    most = 0.0
    for step, tiles in _tilings(request, method):
        pixels = min(tiles.part, step.height) * min(tiles.part, step.width)
        per_pixel = bytes_per_pixel(method.needs, max(step.down, step.across))
        most = max(most, method.needs.least_bytes + pixels * per_pixel)
    return round(most)


def _planned_seconds(request: UpscaleRequest, method: _Method) -> float:
    share = request.wanted.area / (request.enlargement.rows * request.enlargement.columns)
    total = 0.0
    for step, tiles in _tilings(request, method):
        if shrinks(step):
            continue  # next to nothing
        seen = 1.0
        for length in (step.height, step.width):
            side = min(tiles.side, length)
            seen *= min(side + 2 * tiles.halo, length) / side
        pixels = step.height * step.width * share
        total += method.seconds(pixels * seen, step.rows * step.columns * share)
    return total


# --- the run ----------------------------------------------------------------------------------------------------------
def _made(
    request: UpscaleRequest, method: _Method, told: _Told, progress: Progress
) -> tuple[Pixels, NDArray[Any] | None]:
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
        try:
            _fill_in(request, method, levels, told, attempt, pixels, alpha)
        except MemoryError as error:
            limit = max((min(tiles.part, max(step.height, step.width)) for step, tiles in levels), default=0) // 2
            if limit < LEAST:
                raise _no_memory(request, error) from error
            told.notes.append(_("Memory ended: smaller tiles were used."))
        else:
            return pixels, alpha


def _fill_in(
    request: UpscaleRequest,
    method: _Method,
    levels: list[tuple[Enlargement, Tiling]],
    told: _Told,
    progress: Progress,
    pixels: Pixels,
    alpha: NDArray[Any] | None,
) -> None:
    """The result, into `pixels` and `alpha`."""
    wanted = request.wanted

    def colours(where: Region, points: Part) -> None:
        found = as_grey(points) if request.grey else points
        pixels[where.slices_in(wanted)] = from_float(found, pixels.dtype, request.white)

    source: _Source = _Colours(request, told)
    for step, tiles in levels:
        make = _shrinking(told) if shrinks(step) else _enlarging(method, told)
        source = _Level(source, step, make, tiles, told)
    source.into(wanted, colours, progress.part(1 - ALPHA_SHARE if alpha is not None else 1.0))
    if alpha is None:
        return
    assert request.alpha is not None
    opaque = _opaque(request.alpha)

    def transparency(where: Region, points: Part) -> None:
        # Beside an edge a kernel overshoots: more than opaque there is nothing.
        alpha[where.slices_in(wanted)] = from_float(np.clip(points[..., 0], 0, 1), alpha.dtype, opaque)

    plain = _plain(method.runtime)
    source = _Alpha(request.alpha, opaque)
    for step in steps(request.enlargement, plain.needs.most):
        needs, make = (SHRINKING, _shrinking(told)) if shrinks(step) else (plain.needs, _enlarging(plain, told))
        cut = tiling(needs, step, _budget(request, plain.runtime), tile=None, part=WHOLE)
        source = _Level(source, step, make, cut, told)
    source.into(wanted, transparency, progress.part(ALPHA_SHARE))


def _opaque(alpha: NDArray[Any]) -> float:
    return 1.0 if alpha.dtype.kind == "f" else float(np.iinfo(alpha.dtype).max)


class _Source(Protocol):
    """A picture that is there, or is made where it is asked for."""

    def part(self, region: Region, progress: Progress) -> Part: ...

    def into(self, region: Region, sink: Sink, progress: Progress) -> None: ...


class _Plane:
    """A picture that is there."""

    def into(self, region: Region, sink: Sink, progress: Progress) -> None:
        """By bands, so that as floats the whole is never there."""
        for top in range(region.y0, region.y1, LEAST):
            progress.at((top - region.y0) / region.height)
            band = Region(top, region.x0, min(top + LEAST, region.y1), region.x1)
            sink(band, self.part(band, progress))

    def part(self, region: Region, progress: Progress) -> Part:
        raise NotImplementedError


class _Colours(_Plane):
    """The request's own picture."""

    def __init__(self, request: UpscaleRequest, told: _Told) -> None:
        self._request, self._told = request, told

    def part(self, region: Region, progress: Progress) -> Part:
        found = to_float(self._request.pixels[region.slices], self._request.white)
        if found.dtype.kind == "f" and not np.isfinite(found).all():
            self._told.notes.append(_("Pixels whose values are no numbers were taken for black."))
            found = np.where(np.isfinite(found), found, np.float32(0))
        return found


class _Alpha(_Plane):
    def __init__(self, alpha: NDArray[Any], opaque: float) -> None:
        self._alpha, self._opaque = alpha, opaque

    def part(self, region: Region, progress: Progress) -> Part:
        return to_float(self._alpha[region.slices], self._opaque)[..., None]


Make = Callable[[UpscaleWork, Progress], Part]


class _Level:
    """What one step makes of the picture below it, wherever it is asked for."""

    def __init__(self, below: _Source, step: Enlargement, make: Make, tiles: Tiling, told: _Told) -> None:
        self._below, self._step, self._make, self._tiles, self._told = below, step, make, tiles, told

    def part(self, region: Region, progress: Progress) -> Part:
        found: list[Part] = []

        def keep(where: Region, points: Part) -> None:
            if not found:
                found.append(np.empty((region.height, region.width, points.shape[2]), np.float32))
            found[0][where.slices_in(region)] = points

        self.into(region, keep, progress)
        return found[0]

    def into(self, region: Region, sink: Sink, progress: Progress) -> None:
        step = self._step
        rows = spans(region.y0, region.y1, step.down, step.height, self._tiles)
        columns = spans(region.x0, region.x1, step.across, step.width, self._tiles)
        weight = 1 / (len(rows) * len(columns))

        def tile(down: Span, across: Span) -> Part:
            part = progress.part(weight)
            part.at(0.0, _("Enlarging"))
            seen = Region(down.first, across.first, down.last, across.last)
            points = Region(down.start, across.start, down.stop, across.stop)
            image = self._below.part(seen, part.part(self._share))
            return self._make(UpscaleWork(image, step, points, down.first, across.first), part.part(1 - self._share))

        spread = put_together(rows, columns, tile, sink)
        if spread:
            sentence = _(
                "Memory is short: tiles overlapped by {count} pixels, where they differed by {steps:.2f} of 255."
            )
            self._told.notes.append(sentence.format(count=self._tiles.halo, steps=255 * spread))

    @property
    def _share(self) -> float:
        """Of the progress of a tile, what goes to the picture below: by how much smaller that is."""
        return 0.0 if isinstance(self._below, _Plane) else float(1 / (1 + self._step.down * self._step.across))


def _shrinking(told: _Told) -> Make:
    def make(work: UpscaleWork, progress: Progress) -> Part:
        progress.check()
        told.notes.append(_("By a factor below 1 the picture is made smaller by areas, whatever the method."))
        return shrunk(work)

    return make


def _enlarging(method: _Method, told: _Told) -> Make:
    def make(work: UpscaleWork, progress: Progress) -> Part:
        with upscalers.turn(method.id, method.runtime, progress) as upscaler:
            begun = time.perf_counter()
            try:
                found = upscaler.enlarge(work, method.model, progress)
                if found.points.shape[:2] != (work.points.height, work.points.width):
                    raise ValueError(f"points of {found.points.shape[:2]} for {work.points}")
            except (Cancelled, LacunaError, MemoryError):
                raise
            except Exception as error:  # an installed package may fail in any way
                raise failed(method.id, error) from error
        told.notes += found.notes
        planned = method.seconds(work.image.shape[0] * work.image.shape[1], work.points.area)
        spent = Spent(planned, time.perf_counter() - begun)
        told.spent[method.key] = told.spent.get(method.key, Spent(0.0, 0.0)) + spent
        return found.points

    return make


def _no_memory(request: UpscaleRequest, cause: BaseException) -> OutOfMemory:
    return OutOfMemory(
        _("There is not enough memory to enlarge to {width} × {height} pixels.").format(
            width=request.wanted.width, height=request.wanted.height
        ),
        hint=_("Choose a smaller size, or close other programs."),
        cause=cause,
    )
