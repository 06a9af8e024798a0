"""Lasso, polygon and rectangle: shapes that are painted into the mask when they are closed."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from lacuna.contract.params import choice
from lacuna.contract.progress import Progress
from lacuna.document.document import Document
from lacuna.document.frozen import Frozen
from lacuna.editor.strokes import ERASE, MODES, PAINT
from lacuna.editor.tool import Covered, Gesture, Laid, Modifier, Outline, Pointer, Rest
from lacuna.i18n import N_, _
from lacuna.imaging import brush
from lacuna.imaging.photo import Mask
from lacuna.imaging.region import Region

CLOSE = 8.0  # screen pixels: a click so near to a polygon's first point closes it
FINEST_MOVE = 0.5  # image pixels between the points of a lasso

NOWHERE = Region(0, 0, 0, 0)
Points = list[tuple[float, float]]


@dataclass(frozen=True)
class SelectionOptions:
    """Whether a closed shape is painted or erased."""

    mode: str = choice(PAINT, MODES, label=N_("Mode"))


def erases(at: Pointer, options: Any) -> bool:
    """Does a gesture that begins so take away from the mask?"""
    return at.erases or options.mode == ERASE


class Lasso:
    """Draws round what should go."""

    id = "lasso"
    name = N_("Lasso")
    Options: type = SelectionOptions
    paints_mask = True
    continues = False

    def begins(self, at: Pointer) -> bool:
        return True

    def forget(self) -> None:
        return

    def press(self, document: Document, at: Pointer, options: Any) -> Gesture | None:
        return LassoLoop(document, at, erases(at, options))

    def outline(self, at: Pointer, options: Any) -> Outline:
        return Outline()


class Polygon(Lasso):
    """Straight sides from click to click."""

    id = "polygon"
    name = N_("Polygon")

    def press(self, document: Document, at: Pointer, options: Any) -> Gesture | None:
        return PolygonCorners(document, at, erases(at, options))


class Rectangle(Lasso):
    """A box from corner to corner; with Shift a square."""

    id = "rectangle"
    name = N_("Rectangle")

    def press(self, document: Document, at: Pointer, options: Any) -> Gesture | None:
        return RectangleDrag(document, at, erases(at, options))


class Shape:
    """What the shapes share: nothing is changed before they are closed, so there is nothing to put back."""

    def __init__(self, document: Document, erases: bool, label: str) -> None:
        self._document = document
        self.erases = erases
        self.label = label
        self._region = NOWHERE

    @property
    def drawn(self) -> Region:
        return self._region

    @property
    def covered(self) -> Covered:
        return {}

    @property
    def rest(self) -> Rest | None:
        return None

    @property
    def writes(self) -> bool:
        return False

    def press(self, at: Pointer) -> bool:
        return False

    def back(self) -> bool:
        return False

    def cancel(self) -> None:
        return

    def _lay(self, region: Region, coverage: brush.Coverage) -> None:
        mask = self._document.mask
        if region.empty or (self.erases and not mask.pixels[region.slices].any()):
            return
        with self._document.edit(self.label) as edit, edit.write(mask, region) as pixels:
            (brush.erase if self.erases else brush.paint)(pixels, coverage)
        self._region = region


class Sought(Shape, ABC):
    """A shape that a job finds, in the photo as it was when the gesture ended: from when on it has a `rest`."""

    proposes = False
    _photo: Frozen | None = None
    _found: tuple[Region, Mask] | None = None

    @property
    def rest(self) -> Rest | None:
        return self if self._photo is not None else None

    @property
    def laid(self) -> tuple[Laid, ...]:
        return ()

    def painted_over(self, covered: Covered) -> None:
        return  # it changes the mask

    def begin(self) -> None:
        return

    @abstractmethod
    def run(self, progress: Progress) -> None: ...

    @abstractmethod
    def make(self) -> Region: ...

    def dropped(self) -> None:
        return


class LassoLoop(Shape):
    """A loop drawn by hand, closed where it is let go."""

    def __init__(self, document: Document, at: Pointer, erases: bool) -> None:
        super().__init__(document, erases, _("Erase lasso") if erases else _("Lasso"))
        self._points: Points = [(at.x, at.y)]

    def move(self, at: Pointer) -> None:
        if math.dist(self._points[-1], (at.x, at.y)) >= FINEST_MOVE:
            self._points.append((at.x, at.y))

    def release(self, at: Pointer) -> bool:
        self.move(at)
        self.finish()
        return True

    def finish(self) -> None:
        self._lay(*brush.polygon(self._points, self._document.mask.shape))

    def outline(self) -> Outline:
        return Outline(path=tuple(self._points))


class PolygonCorners(Shape):
    """Corners clicked one by one; a click near the first, a double click or Enter closes."""

    def __init__(self, document: Document, at: Pointer, erases: bool) -> None:
        super().__init__(document, erases, _("Erase polygon") if erases else _("Polygon"))
        self._points: Points = [(at.x, at.y)]
        self._pointer = (at.x, at.y)

    def move(self, at: Pointer) -> None:
        self._pointer = (at.x, at.y)

    def release(self, at: Pointer) -> bool:
        self._pointer = (at.x, at.y)
        return False

    def press(self, at: Pointer) -> bool:
        point = (at.x, at.y)
        if len(self._points) > 2 and math.dist(point, self._points[0]) * at.scale <= CLOSE:
            self.finish()
            return True
        if math.dist(point, self._points[-1]) > 0:
            self._points.append(point)
        self._pointer = point
        return False

    def finish(self) -> None:
        self._lay(*brush.polygon(self._points, self._document.mask.shape))

    def back(self) -> bool:
        self._points.pop()
        return not self._points

    def outline(self) -> Outline:
        return Outline(path=(*self._points, self._pointer))


class RectangleDrag(Shape):
    """A box of whole pixels from the press to the pointer."""

    def __init__(self, document: Document, at: Pointer, erases: bool) -> None:
        super().__init__(document, erases, _("Erase rectangle") if erases else _("Rectangle"))
        self._start = (at.x, at.y)
        self._end = self._start

    def move(self, at: Pointer) -> None:
        x, y = at.x, at.y
        if at.modifiers & Modifier.SHIFT:
            side = max(abs(x - self._start[0]), abs(y - self._start[1]))
            x = self._start[0] + math.copysign(side, x - self._start[0])
            y = self._start[1] + math.copysign(side, y - self._start[1])
        self._end = (x, y)

    def release(self, at: Pointer) -> bool:
        self.move(at)
        self.finish()
        return True

    def finish(self) -> None:
        box = self._box().clip(self._document.mask.shape)
        self._lay(box, np.full((box.height, box.width), 255, np.uint8))

    def outline(self) -> Outline:
        box = self._box()
        return Outline(path=((box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)), closed=True)

    def _box(self) -> Region:
        (xa, ya), (xb, yb) = self._start, self._end
        return Region(round(min(ya, yb)), round(min(xa, xb)), round(max(ya, yb)), round(max(xa, xb)))
