"""What tests of batches share: small pictures, and a marking that stops the process that works on some of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lacuna.backends.opencv import RadiusParams
from lacuna.contract.fill import FillOptions
from lacuna.contract.progress import Progress
from lacuna.engine.batch.marking import Finding, Marked, MaskFile
from lacuna.engine.batch.treatment import Treatment
from lacuna.engine.photos import FillSettings
from lacuna.imaging.photo import Photo
from tests.pictures import lion, write

SIDES = (64, 80)
BOX = np.zeros(SIDES, np.uint8)
BOX[50:60, 60:74] = 255  # in the corner at the bottom right


def part(number: int, sides: tuple[int, int] = SIDES) -> Any:
    """A crop of a photo, another one for each number."""
    y, x = 100 + 7 * (number % 20), 200 + 11 * (number % 13)
    return lion()[y : y + sides[0], x : x + sides[1]]


def folder_of(path: Path, count: int, suffix: str = ".png") -> Path:
    """A folder of so many small pictures."""
    path.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        write(path / f"{number + 1}{suffix}", part(number))
    return path


def mask_of(path: Path) -> MaskFile:
    return MaskFile(write(path / "mask.png", BOX).read_bytes(), "mask.png")


def treatment(marking: Any, **how: Any) -> Treatment:
    """A fill by a method that has nothing to compile."""
    return Treatment(marking, FillSettings("telea", RadiusParams(), FillOptions()), **how)


@dataclass(frozen=True)
class Dangerous:
    """Marks as `mask` does, but ends the process over pictures whose names begin with `deadly`.

    With `fragile` only for the first time, of which a file of that name in the folder `witnesses` tells.
    """

    mask: MaskFile
    witnesses: Path

    def marked(self, photo: Photo, name: str, accepted: frozenset[int] | None, progress: Progress) -> Marked:
        witness = self.witnesses / name
        if name.startswith("deadly") or (name.startswith("fragile") and not witness.exists()):
            witness.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.mask.marked(photo, name, accepted, progress)

    def found(self, photo: Photo, name: str, progress: Progress) -> tuple[Finding, ...]:
        return self.mask.found(photo, name, progress)

    def described(self) -> Mapping[str, Any]:
        return self.mask.described()
