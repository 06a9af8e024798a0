"""Fills by PatchMatch itself, without the engine around it, and a person who stops them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.backends.patchmatch import PatchMatch, PatchMatchParams
from lacuna.contract.fill import Filled, FillWork, Runtime
from lacuna.contract.progress import Progress
from lacuna.imaging.photo import Hole


def completed(
    image: NDArray[Any],
    hole: Hole,
    *,
    threads: int = 1,
    params: PatchMatchParams | None = None,
    progress: Progress | None = None,
    **rest: Any,
) -> Filled:
    """What the backend itself makes of a crop."""
    backend = PatchMatch()
    backend.load(Runtime(threads=threads))
    white = 1.0 if image.dtype.kind == "f" else float(np.iinfo(image.dtype).max)
    return backend.fill(FillWork(image, hole, white, **rest), params or PatchMatchParams(), progress or Progress())


class Impatient(Progress):
    """Cancelled in the report after the first `after` of them; `told` counts the reports."""

    def __init__(self, after: int) -> None:
        super().__init__(self._hear)
        self.after = after
        self.told = 0

    def _hear(self, _fraction: float, _stage: str) -> None:
        self.told += 1
        if self.told > self.after:
            self.cancel()
