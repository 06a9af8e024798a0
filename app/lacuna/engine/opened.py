"""A request taken apart before anything is filled: what each window decides, in which calls, and the backend ready."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lacuna.contract.fill import FillOptions, Needs, Runtime
from lacuna.contract.progress import Progress
from lacuna.engine import registry
from lacuna.engine.composite import weights
from lacuna.engine.invention import failed, loading
from lacuna.engine.plan import Cut, cuts
from lacuna.engine.sampling import copies, sampled
from lacuna.errors import LacunaError, UnknownModel, UnsuitableMask
from lacuna.i18n import _
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Hole, Mask

if TYPE_CHECKING:
    from lacuna.engine.fill import FillRequest, Window


def needs_of(request: FillRequest) -> Needs:
    """What its backend asks for. Raises UnknownModel where it cannot run, and UnknownBackend."""
    needs = registry.backend(request.backend).needs(request.params)
    if needs.missing:
        raise UnknownModel(needs.missing)
    return needs


@dataclass(frozen=True, eq=False)
class Opened:
    """A window with its decision: `weight` (h, w) of the fill, its `cuts` in window coordinates, hole pixels.

    `sources` (h, w) is what may be copied, or None: all that is known, or a backend that copies nothing.
    """

    window: Window
    weight: Mask
    cuts: tuple[Cut, ...]
    pixels: int
    sources: Hole | None = None


def open_windows(request: FillRequest, needs: Needs) -> list[Opened]:
    """Its windows taken apart. Raises UnsuitableMask where nothing is to be filled, or all of the picture."""
    heard = [sampled(window, request.guides) for window in request.windows] if copies(needs) else request.windows
    found = [_open(window, request.options, needs) for window in heard]
    _refuse_unsuitable(found, request.size)
    return found


def load(backend_id: str, runtime: Runtime, progress: Progress) -> Progress:
    """Load the backend if this is its first use; what is left of `progress`."""
    if not registry.needs_loading(backend_id, runtime):
        return progress.part(1.0)
    progress.at(0.0, loading())
    try:
        registry.loaded(backend_id, runtime)
    except LacunaError:
        raise
    except Exception as error:  # an installed package may fail in any way
        raise failed(backend_id, error) from error
    return progress.part(1.0)


def cost(cut: Cut) -> float:
    """Its share of the progress, against that of others."""
    return cut.box.area + 1000.0  # a call has a price of its own


def _open(window: Window, options: FillOptions, needs: Needs) -> Opened:
    weight = weights(window.mask, options)
    hole = weight > 0
    pixels = int(np.count_nonzero(hole))
    if window.sources is None or not copies(needs) or not pixels:
        return Opened(window, weight, cuts(hole, needs), pixels)
    sources = window.sources & ~hole
    if not sources.any():
        raise UnsuitableMask(
            _("The sampling area is empty: there is nothing to copy from."),
            hint=_("Mark a part outside the mask as the place to copy from."),
        )
    return Opened(window, weight, cuts(hole, needs, bounds(sources)), pixels, sources)


def _refuse_unsuitable(opened: list[Opened], size: tuple[int, int]) -> None:
    pixels = sum(window.pixels for window in opened)
    if not pixels:
        raise UnsuitableMask(_("The mask is empty: there is nothing to fill."), hint=_("Mark what should go."))
    if pixels >= size[0] * size[1]:
        raise UnsuitableMask(
            _("The mask covers the whole picture: nothing is left to fill it from."),
            hint=_("Leave some of the picture unmarked; an inverted mask may be what was meant."),
        )
