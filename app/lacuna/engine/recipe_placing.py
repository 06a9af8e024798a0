"""A recipe for a picture of another size than it was made with: where its steps belong there.

A corner or the centre is what they keep their distance to; in per cent both sides are scaled to those of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lacuna.contract.enlargement import Enlargement
from lacuna.contract.fill import FillStep
from lacuna.contract.steps import CropStep, EnlargeStep, PaintStep, Size, Step, size_after
from lacuna.engine.recipes import Recipe, decoded_plane, painted_elsewhere
from lacuna.errors import UnsuitableRecipe
from lacuna.i18n import _
from lacuna.imaging.lossless import encoded
from lacuna.imaging.mask_fit import MaskFit, fitted, place
from lacuna.imaging.region import Region

Plane = tuple[Region, bytes]


def placed(recipe: Recipe, size: Size, fit: MaskFit) -> Recipe:
    """The recipe for a picture of this (height, width); itself, if that is the size that it was made for.

    So it is under REFUSE: who replays it is told of the sizes. Enlargements keep their factors. Raises UnsuitableRecipe
    for steps that would lie outside of the picture, and for pixels that were painted by hand.
    """
    if size == recipe.size or fit is MaskFit.REFUSE:
        return recipe
    steps, here = [], size
    for number, step in enumerate(recipe.steps, 1):
        moved = step if here == step.size else _moved(step, _Move.between(step.size, here, fit), number)
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
    def between(cls, old: Size, new: Size, fit: MaskFit) -> _Move:
        if fit is MaskFit.STRETCH:
            return cls(new, new[0] / old[0], new[1] / old[1])
        at = place(fit, old, new)
        return cls(new, dy=at.y0, dx=at.x0)

    def region(self, box: Region, number: int) -> Region:
        (y0, y1), (x0, x1) = _span(box.y0, box.y1, self.down), _span(box.x0, box.x1, self.across)
        found = Region(y0, x0, y1, x1).shift(self.dy, self.dx)
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
        return found, encoded(fitted(decoded_plane(box, png), (found.height, found.width), MaskFit.STRETCH))


def _span(start: int, end: int, factor: float) -> tuple[int, int]:
    """Both scaled, and at least one pixel between them, which lies where the last of them was."""
    last = max(1, round(end * factor))
    return min(round(start * factor), last - 1), last


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
