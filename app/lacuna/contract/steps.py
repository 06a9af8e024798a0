"""What was done to a picture, as values: steps of a recipe, in coordinates of the picture as it was at each."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lacuna.contract.enlargement import Enlargement
from lacuna.contract.fill import FillStep
from lacuna.contract.guides import are_sound
from lacuna.imaging.region import Region

Size = tuple[int, int]  # (height, width)


@dataclass(frozen=True)
class CropStep:
    """A picture of `size` was cut to `region`."""

    region: Region
    size: Size


@dataclass(frozen=True)
class EnlargeStep:
    """A picture was enlarged by a method, with a `model` ("" where it has none) of these weights.

    `dpi` is what the picture states as dots an inch since; None for what it said before.
    """

    enlargement: Enlargement
    method: str
    model: str = ""
    model_sha256: str | None = None
    dpi: float | None = None

    @property
    def size(self) -> Size:
        """Of the picture before it."""
        return self.enlargement.height, self.enlargement.width


@dataclass(frozen=True)
class Excerpt:
    """The pixels of a `region` of a plane ("photo" or "alpha") as `imaging.lossless` has them.

    `below` is the digest of the pixels that stood there before.
    """

    plane: str
    region: Region
    pixels: bytes
    below: str


@dataclass(frozen=True)
class PaintStep:
    """What no function makes again, such as a stroke of the clone brush: its pixels, put in as they are.

    They belong where they were painted: below them has to be what was there then.
    """

    label: str
    size: Size
    excerpts: tuple[Excerpt, ...]


Step = FillStep | CropStep | EnlargeStep | PaintStep


def size_after(step: Step) -> Size:
    """The size of the picture once the step is done."""
    if isinstance(step, CropStep):
        return step.region.height, step.region.width
    if isinstance(step, EnlargeStep):
        return step.enlargement.rows, step.enlargement.columns
    return step.size


def require_sound(step: Step, size: Size) -> None:
    """Raises ValueError for a step that cannot be one of a picture of this size: it was written by nobody of ours."""
    if step.size != size:
        raise ValueError(f"a step of a picture of {step.size}, not of {size}")
    for region in _regions(step):
        if region.empty or region.clip(size) != region:
            raise ValueError(f"{region} lies outside of {size}")
    if isinstance(step, FillStep):
        if not (are_sound(step.guides) and all(stroke.points for stroke in step.guides)):
            raise ValueError("guides that no picture can have")
        if not all(0 <= width < math.inf for width in (step.options.grow, step.options.feather)):
            raise ValueError(f"{step.options} that no fill can have")
    if isinstance(step, EnlargeStep):
        made = step.enlargement
        if min(made.rows, made.columns) < 1 or min(made.down, made.across) <= 0:
            raise ValueError(f"{made} gives no picture")


def _regions(step: Step) -> list[Region]:
    if isinstance(step, FillStep):
        planes = [plane[0] for plane in (step.sources, step.edges) if plane is not None]
        return [step.box, *planes, *(edges.region for edges in step.predicted)]
    if isinstance(step, CropStep):
        return [step.region]
    return [excerpt.region for excerpt in step.excerpts] if isinstance(step, PaintStep) else []
