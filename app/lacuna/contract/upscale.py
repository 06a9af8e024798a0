"""What a way to enlarge and the engine promise each other.

The engine cuts tiles, takes factors beyond `most` in steps, makes pictures smaller by itself, and cares for depth,
alpha and memory. An upscaler is given a part of a picture and gives points of the enlarged one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.enlargement import Enlargement, Rule
from lacuna.contract.fill import Runtime
from lacuna.contract.params import Suggestion
from lacuna.contract.progress import Progress
from lacuna.imaging.region import Region

Part = NDArray[np.float32]  # (h, w, 3), white at 1, not clipped


@dataclass(frozen=True)
class UpscaleNeeds:
    """What an upscaler asks of the engine, with one of its models. `missing` says why it cannot run, or is "".

    A point depends on the pixel that it lies in and on `reach` pixels around that. `most` is the greatest factor of one
    step. A part takes `least_bytes` and `bytes_per_pixel`; all else that it takes is bounded whatever the part is. A
    megapixel of the part costs about `part_seconds` on one core of a laptop, a megapixel of points `point_seconds`.
    Where a part ends with the picture it adds `rim` pixels by itself, which count as those of the part.
    """

    model: str | None = None  # the name of the weights that it uses
    missing: str = ""
    devices: frozenset[str] = frozenset({"cpu"})
    rule: Rule = Rule.EXACT  # of positions
    reach: int = 0
    rim: int = 0
    most: int | None = None
    least_bytes: float = 0.0
    bytes_per_pixel: float = 16.0
    part_seconds: float = 0.0
    point_seconds: float = 0.1


class Ends(NamedTuple):
    """On which sides a part of a picture ends with it: beyond those nothing is known."""

    top: bool
    left: bool
    bottom: bool
    right: bool


ALL_ENDS = Ends(top=True, left=True, bottom=True, right=True)  # of a whole picture


@dataclass(frozen=True, eq=False)
class UpscaleWork:
    """Some `points` of an `enlargement`, in whole points of the enlarged picture, and the part of the picture itself
    that they come from, whose first pixel is the picture's at `row`, `column`.

    The part has `reach` pixels around those that the points lie in, or ends with the picture. No factor is below 1.
    """

    image: Part
    enlargement: Enlargement
    points: Region
    row: int = 0
    column: int = 0

    @property
    def ends(self) -> Ends:
        """On which sides the part ends with the picture."""
        height, width = self.image.shape[:2]
        whole = self.enlargement
        return Ends(
            self.row == 0, self.column == 0, self.row + height == whole.height, self.column + width == whole.width
        )

    def seen(self, rim: int) -> int:
        """How many pixels are looked at, with those of a rim where the part ends with the picture."""
        (height, width), ends = self.image.shape[:2], self.ends
        return (height + rim * (ends.top + ends.bottom)) * (width + rim * (ends.left + ends.right))


@dataclass(frozen=True, eq=False)
class Enlarged:
    """The points that were asked for, (rows, columns, 3), not clipped; `notes` are sentences that the person should
    read about how they were made."""

    points: Part
    notes: tuple[str, ...] = ()


class Upscaler(Protocol):
    """A way to enlarge. One object lives as long as the program; its calls never overlap.

    `needs` and `models` alone are called by the window as well.
    """

    id: str  # on the command line and in recipes: it never changes
    name: str  # for people, untranslated; so is the summary, one sentence
    summary: str

    def needs(self, model: str) -> UpscaleNeeds:
        """What it asks of the engine with the model of this name, or with its best one for "". Quick, before `load`."""
        ...

    def models(self) -> tuple[Suggestion, ...]:
        """The models to choose from, the best first; nothing for a way that needs none. Quick, before `load`."""
        ...

    def load(self, runtime: Runtime) -> None:
        """Import and prepare what `enlarge` needs; called once before the first one, and again for another runtime.

        Raises MemoryError, and LacunaError for what people should read.
        """
        ...

    def enlarge(self, work: UpscaleWork, model: str, progress: Progress) -> Enlarged:
        """The points of the work, white at 1. Raises MemoryError where memory ends, BackendFailed, Cancelled.

        If a graphics card fails the engine begins the enlargement anew on the processor. Calls `progress.check()` at
        least every 0.2 s where it can.
        """
        ...

    def unload(self) -> None:
        """Give memory back; `load` comes again before the next `enlarge`."""
        ...
