"""The pictures of an enlargement, each made out of the one below where it is asked for: the lowest is the request's."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.enlargement import Enlargement
from lacuna.contract.fill import Runtime
from lacuna.contract.progress import Cancelled, Progress
from lacuna.contract.upscale import Part, UpscaleNeeds, UpscaleWork
from lacuna.engine import upscalers
from lacuna.engine.invention import failed
from lacuna.engine.paces import Spent
from lacuna.engine.shrinking import shrunk
from lacuna.engine.upscale_steps import shrinks
from lacuna.engine.upscale_tiles import Sink, Strip, Tiling, put_together, strips
from lacuna.errors import BackendFailed, LacunaError
from lacuna.i18n import N_, _
from lacuna.imaging.colour import to_float
from lacuna.imaging.hidden import REACH, spread
from lacuna.imaging.photo import Pixels
from lacuna.imaging.region import Region

BY_AREAS = N_("By a factor below 1 the picture is made smaller by areas, whatever the method.")
CARD = 100.0  # times as fast as a core of a laptop is a graphics card, before it is measured


@dataclass(frozen=True, eq=False)
class ChosenUpscaler:
    """An upscaler as it is used in one enlargement."""

    id: str
    model: str
    needs: UpscaleNeeds
    runtime: Runtime

    def on_the_processor(self) -> ChosenUpscaler:
        """The same where a graphics card has failed."""
        return replace(self, runtime=replace(self.runtime, device="cpu"))

    @property
    def key(self) -> str:
        """Under which name its pace is remembered."""
        return f"upscale:{self.id}:{self.needs.model or ''}:{self.runtime.device}"

    def seconds(self, pixels: float, points: float) -> float:
        """Of calls that look at so many pixels in all, those of a rim among them, for so many points."""
        cost = (pixels * self.needs.part_seconds + points * self.needs.point_seconds) / 1e6
        return cost / (CARD if self.runtime.device == "cuda" else self.runtime.threads)


@dataclass(eq=False)
class Told:
    """What the calls of an enlargement have said so far, and what they took, by the keys of `paces`."""

    notes: list[str] = field(default_factory=list)
    spent: dict[str, Spent] = field(default_factory=dict)


class Underlying(Protocol):
    """A picture that is there, or is made where it is asked for."""

    def part(self, region: Region, progress: Progress) -> Part: ...


class Colours:
    """The request's own picture. What is fully transparent has the colours around it, so that its own bleed nowhere."""

    def __init__(self, pixels: Pixels, white: float, alpha: NDArray[Any] | None, told: Told) -> None:
        self._pixels, self._white, self._alpha, self._told = pixels, white, alpha, told

    def part(self, region: Region, progress: Progress) -> Part:
        if self._alpha is None:
            return self._floats(region)
        wide = region.pad(REACH).clip(self._alpha.shape)
        alpha = self._alpha[wide.slices]
        if alpha.all():
            return self._floats(region)
        progress.check()
        visible = to_float(alpha, opacity(alpha))
        return np.ascontiguousarray(spread(self._floats(wide), visible)[region.slices_in(wide)])

    def _floats(self, region: Region) -> Part:
        found = to_float(self._pixels[region.slices], self._white)
        if self._pixels.dtype.kind == "f" and not np.isfinite(found).all():
            self._told.notes.append(_("Pixels whose values are no numbers were taken for black."))
            found = np.where(np.isfinite(found), found, np.float32(0))
        return found


class Alpha:
    """The request's transparency, opaque at 1."""

    def __init__(self, alpha: NDArray[Any]) -> None:
        self._alpha, self._opaque = alpha, opacity(alpha)

    def part(self, region: Region, progress: Progress) -> Part:
        return to_float(self._alpha[region.slices], self._opaque)[..., None]


def opacity(alpha: NDArray[Any]) -> float:
    """The value of what is opaque."""
    return 1.0 if alpha.dtype.kind == "f" else float(np.iinfo(alpha.dtype).max)


def stacked(
    lowest: Underlying,
    levels: Sequence[tuple[Enlargement, Tiling]],
    method: ChosenUpscaler,
    told: Told,
    *,
    limited: bool,
) -> Level:
    """The uppermost of at least one level. Of `limited` pictures no value lies beyond black and white."""
    source: Any = lowest
    for step, tiles in levels:
        make = _shrinking(told) if shrinks(step) else _enlarging(method, told)
        source = Level(source, step, make, tiles, told, limited=limited)
    found: Level = source
    return found


Make = Callable[[UpscaleWork, Progress], Part]


class Level:
    """What one step makes of the picture below it, wherever it is asked for."""

    def __init__(
        self, below: Underlying, step: Enlargement, make: Make, tiles: Tiling, told: Told, *, limited: bool
    ) -> None:
        self._below, self._step, self._make, self._tiles, self._told = below, step, make, tiles, told
        self._limited = limited

    def part(self, region: Region, progress: Progress) -> Part:
        """For the step above: no network has seen values beyond white, and one would make specks of them."""
        found: list[Part] = []

        def keep(where: Region, points: Part) -> None:
            if not found:
                found.append(np.empty((region.height, region.width, points.shape[2]), np.float32))
            found[0][where.slices_in(region)] = points

        self.into(region, keep, progress)
        if self._limited:
            np.clip(found[0], 0, 1, out=found[0])
        return found[0]

    def into(self, region: Region, sink: Sink, progress: Progress) -> None:
        step = self._step
        rows = strips(region.y0, region.y1, step.down, step.height, self._tiles)
        columns = strips(region.x0, region.x1, step.across, step.width, self._tiles)
        weight = 1 / (len(rows) * len(columns))

        def tile(down: Strip, across: Strip) -> Part:
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
        return float(1 / (1 + self._step.down * self._step.across)) if isinstance(self._below, Level) else 0.0


def _shrinking(told: Told) -> Make:
    def make(work: UpscaleWork, progress: Progress) -> Part:
        progress.check()
        told.notes.append(_(BY_AREAS))
        return shrunk(work)

    return make


class CardFailed(Exception):
    """A graphics card did not do what the processor may: for the one who began the enlargement, and nobody else."""


def _enlarging(method: ChosenUpscaler, told: Told) -> Make:
    on_a_card = method.runtime.device != "cpu"

    def make(work: UpscaleWork, progress: Progress) -> Part:
        with upscalers.turn(method.id, method.runtime, progress) as upscaler:
            begun = time.perf_counter()
            try:
                found = upscaler.enlarge(work, method.model, progress)
                if found.points.shape[:2] != (work.points.height, work.points.width):
                    raise ValueError(f"points of {found.points.shape[:2]} for {work.points}")
            except BackendFailed as error:
                if on_a_card:
                    raise CardFailed(str(error)) from error
                raise
            except (Cancelled, LacunaError, MemoryError):
                raise
            except Exception as error:  # an installed package may fail in any way
                if on_a_card:
                    raise CardFailed(" ".join(str(error).split()) or type(error).__name__) from error
                raise failed(method.id, error) from error
        told.notes += found.notes
        planned = method.seconds(work.seen(method.needs.rim), work.points.area)
        spent = Spent(planned, time.perf_counter() - begun)
        told.spent[method.key] = told.spent.get(method.key, Spent(0.0, 0.0)) + spent
        return found.points

    return make
