"""A guide line that follows the picture's edges: moving shows the path, a click fixes it, Enter ends."""

from __future__ import annotations

import math

import numpy as np

from lacuna.contract.guides import GuideStroke
from lacuna.detection.tracing import Paths
from lacuna.document.document import Document
from lacuna.editor.guide_gestures import Drawing, Point
from lacuna.editor.tool import Modifier, Outline, Pointer
from lacuna.imaging.colour import luma, to_bytes
from lacuna.imaging.region import Region

SEEN = 160  # pixels around the last point that are looked at, as large as they are on the screen or up to half of that


class Snapping(Drawing):
    """Each click fixes the path that is shown; with Shift it leads straight on, and so it does within the mask."""

    def __init__(self, document: Document, at: Pointer, stroke: GuideStroke) -> None:
        super().__init__(document, at, stroke)
        self._fixed: list[int] = []  # how many points stood when each click came
        self._around = Around(document, (at.x, at.y), at.scale)  # made at each click, as it takes some 20 ms
        self._points = [self._around.start]
        self._path: tuple[Point, ...] = ()  # from the last point to the pointer

    def move(self, at: Pointer) -> None:
        self._scale = at.scale
        self._pointer = (at.x, at.y)
        if at.modifiers & Modifier.SHIFT:
            self._path = (self._meant(at),)
        else:
            self._path = self._around.to(self._pointer)[1:]

    def release(self, at: Pointer) -> bool:
        return False

    def press(self, at: Pointer) -> bool:
        self.move(at)
        if self._path and math.dist(self._path[-1], self._points[-1]) > 0:
            self._fixed.append(len(self._points))
            self._points += self._path
            self._go_on()
        return False

    def _go_on(self) -> None:
        self._path = ()
        self._around = Around(self._document, self._points[-1], self._scale)

    def back(self) -> bool:
        if not self._fixed:
            return True
        del self._points[self._fixed.pop() :]
        self._go_on()
        return False

    def outline(self) -> Outline:
        return Outline(path=(*self._points, *self._path), guide=self._stroke)


class Around:
    """The paths around a point of the picture, in its coordinates, at about the size at which it is seen."""

    def __init__(self, document: Document, start: Point, scale: float) -> None:
        pyramid, mask = document.photo_pyramid, document.mask_pyramid
        level = max(0, math.ceil(math.log2(1 / max(scale, 1e-6)) - 1e-6))
        level = min(level, pyramid.levels - 1)
        self._side = 1 << level
        x, y = (math.floor(part / self._side) for part in start)
        seen = Region(y, x, y + 1, x + 1).pad(SEEN)
        shape = pyramid.shape(level)
        seen = seen.clip(shape)
        self._corner = seen.x0, seen.y0
        grey = to_bytes(luma(np.ascontiguousarray(pyramid.read(level, seen))), document.header.white)
        self._paths = Paths(grey, mask.read(level, seen) > 0, self._down(start))

    @property
    def start(self) -> Point:
        """Where the paths begin: on an edge, if one was near."""
        return self._up(self._paths.start)

    def to(self, end: Point) -> tuple[Point, ...]:
        return tuple(map(self._up, self._paths.to(self._down(end))))

    def _down(self, point: Point) -> Point:
        return point[0] / self._side - self._corner[0], point[1] / self._side - self._corner[1]

    def _up(self, point: Point) -> Point:
        return (point[0] + self._corner[0]) * self._side, (point[1] + self._corner[1]) * self._side
