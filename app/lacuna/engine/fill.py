"""One fill from request to result: grow, plan, crop, call the backend, composite. A plain function; no thread, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from lacuna.contract.fill import FillOptions, FillStep, Runtime
from lacuna.contract.guides import GuideStroke
from lacuna.contract.progress import Progress
from lacuna.imaging.photo import Mask, Pixels
from lacuna.imaging.region import Region


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
    options: FillOptions = FillOptions()
    seed: int = 0
    guides: tuple[GuideStroke, ...] = ()


@dataclass(frozen=True, eq=False)
class Piece:
    """Pixels to put at `region`: inside the mask the fill, elsewhere the picture's own, bit for bit."""

    region: Region
    pixels: Pixels
    alpha: NDArray[Any] | None = None


@dataclass(frozen=True, eq=False)
class FillResult:
    """`pieces` to write, the recipe `step`, and the report's numbers.

    `mask_pixels` counts the mask as painted, `filled_pixels` after growing, `changed_pixels` those that differ now.
    `untouched` is the outcome of the comparison of all pixels outside the grown mask with the input.
    """

    pieces: tuple[Piece, ...]
    step: FillStep
    seconds: float
    device: str
    regions: int
    mask_pixels: int
    filled_pixels: int
    changed_pixels: int
    untouched: bool
    notes: tuple[str, ...] = ()


def fill(request: FillRequest, runtime: Runtime, progress: Progress) -> FillResult:
    """Fill the holes of `request`. Raises UnsuitableMask, UnknownBackend, BackendFailed, OutOfMemory, Cancelled."""
    raise NotImplementedError
