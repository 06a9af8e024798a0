"""A recipe for a picture of another size than it was made with: where its steps belong there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from lacuna.contract.enlargement import Enlargement
from lacuna.contract.fill import FillStep
from lacuna.contract.steps import CropStep, EnlargeStep, PaintStep, Size, Step, size_after
from lacuna.engine.recipes import Recipe, decoded_plane, painted_elsewhere
from lacuna.errors import UnsuitableRecipe
from lacuna.i18n import _
from lacuna.imaging.lossless import encoded
from lacuna.imaging.region import Region

Plane = tuple[Region, bytes]


class Placing(StrEnum):
    """A corner or the centre that steps keep their distance to; or both sides scaled to those of the picture."""

    TOP_LEFT = "top-left"
    TOP_RIGHT = "top-right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM_RIGHT = "bottom-right"
    CENTRE = "centre"
    PERCENT = "percent"


def placed(recipe: Recipe, size: Size, placing: Placing) -> Recipe:
    """The recipe for a picture of this (height, width); itself, if that is the size that it was made for.

    Enlargements keep their factors. Raises UnsuitableRecipe for steps that would lie outside of the picture, and for
    pixels that were painted by hand.
    """
    if size == recipe.size:
        return recipe
    steps, here = [], size
    for number, step in enumerate(recipe.steps, 1):
        moved = step if here == step.size else _moved(step, _Move.between(step.size, here, placing), number)
        steps.append(moved)
        here = size_after(moved)
    return Recipe(size, tuple(steps))


@dataclass(frozen=True)
class _Move:
    """From a picture of size `old` to one of size `new`: first scaled, then shifted."""

    new: Size
    down: float = 1.0
    across: float = 1.0
    dy: int = 0
    dx: int = 0

    @classmethod
    def between(cls, old: Size, new: Size, placing: Placing) -> _Move:
        if placing is Placing.PERCENT:
            return cls(new, new[0] / old[0], new[1] / old[1])
        dy, dx = new[0] - old[0], new[1] - old[1]
        if placing is Placing.CENTRE:
            return cls(new, dy=dy // 2, dx=dx // 2)
        return cls(
            new,
            dy=dy if placing in (Placing.BOTTOM_LEFT, Placing.BOTTOM_RIGHT) else 0,
            dx=dx if placing in (Placing.TOP_RIGHT, Placing.BOTTOM_RIGHT) else 0,
        )

    def region(self, box: Region, number: int) -> Region:
        y0, x0, y1, x1 = (
            round(edge * factor) for edge, factor in zip(_edges(box), (self.down, self.across) * 2, strict=True)
        )
        found = Region(y0, x0, max(y1, y0 + 1), max(x1, x0 + 1)).shift(self.dy, self.dx)
        if found.clip(self.new) != found:
            raise UnsuitableRecipe(
                _("Step {number} of the recipe would lie outside of a picture of {width} × {height} pixels.").format(
                    number=number, width=self.new[1], height=self.new[0]
                ),
                hint=_("Place it at another corner, or in per cent of the sides."),
            )
        return found

    def plane(self, plane: Plane, number: int) -> Plane:
        box, png = plane
        found = self.region(box, number)
        if (found.height, found.width) == (box.height, box.width):
            return found, png
        import cv2

        pixels = decoded_plane(box, png)
        return found, encoded(cv2.resize(pixels, (found.width, found.height), interpolation=cv2.INTER_NEAREST_EXACT))


def _edges(box: Region) -> tuple[int, int, int, int]:
    return box.y0, box.x0, box.y1, box.x1


def _moved(step: Step, move: _Move, number: int) -> Step:
    match step:
        case FillStep():
            box, mask = move.plane((step.box, step.mask), number)
            sources, edges = (
                None if plane is None else move.plane(plane, number) for plane in (step.sources, step.edges)
            )
            guides = tuple(stroke.scaled(move.down, move.across).shift(move.dy, move.dx) for stroke in step.guides)
            moved = replace(step, box=box, mask=mask, size=move.new, guides=guides)
            return replace(moved, sources=sources, edges=edges, predicted=())  # for another picture they are others
        case CropStep():
            return CropStep(move.region(step.region, number), move.new)
        case EnlargeStep():
            made, (height, width) = step.enlargement, move.new
            rows, columns = max(1, int(height * made.down)), max(1, int(width * made.across))
            return replace(
                step, enlargement=Enlargement(height, width, rows, columns, made.down, made.across, made.rule)
            )
        case PaintStep():
            raise painted_elsewhere(step, number)
