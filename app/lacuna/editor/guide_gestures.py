"""What is done with guides from a press to its end: drawn, surrounded, moved, taken away; each is one edit."""

from __future__ import annotations

import math
from dataclasses import replace

from lacuna.contract.guides import Guide, GuideStroke
from lacuna.document.document import Document
from lacuna.editor.nearness import Nearness
from lacuna.editor.selections import Points, Shape
from lacuna.editor.tool import Modifier, Outline, Pointer
from lacuna.i18n import N_, _
from lacuna.imaging.polylines import smoothed

DRAGGED = 4.0  # screen pixels: a press that goes farther draws by hand, one that does not sets a corner
TURNS = math.pi / 4  # with Shift a straight segment has one of these directions
DOT = 0.01  # image pixels between the two points of a dot, which is drawn by its width
RUBBER = 12.0  # screen pixels: so wide at least edges are rubbed out
SMOOTH = 4.0  # screen pixels along a line drawn by hand, over which it is smoothed

LABELS = {  # of what is drawn, in the history
    Guide.LINE: N_("Guide line"),
    Guide.ERASE_EDGE: N_("Rub out edges"),
    Guide.HINT: N_("Colour hint"),
    Guide.SOURCE: N_("Sampling area"),
    Guide.NEVER: N_("Area never to copy from"),
}

Point = tuple[float, float]


class Guiding(Shape):
    """What gestures with guides share: the document has them as a value, and their end puts another one there."""

    def __init__(self, document: Document, *, erases: bool = False, label: str) -> None:
        super().__init__(document, erases, label)

    def move(self, at: Pointer) -> None:
        return

    def outline(self) -> Outline:
        return Outline()

    def _put(self, guides: tuple[GuideStroke, ...]) -> None:
        if guides != self._document.guides:
            with self._document.edit(self.label) as edit:
                edit.put(self._document.put_guides, guides)


class Drawing(Guiding):
    """A line: as the pointer goes if it is dragged; else corners, clicked one by one, until Enter or a double click."""

    def __init__(self, document: Document, at: Pointer, stroke: GuideStroke) -> None:
        super().__init__(document, label=_(LABELS[stroke.kind]))
        self._stroke = stroke
        self._points: Points = [(at.x, at.y)]
        self._pointer: Point = (at.x, at.y)
        self._by_hand = False
        self._cornered = False  # it has been let go without a drag
        self._scale = at.scale

    def move(self, at: Pointer) -> None:
        self._scale = at.scale
        if self._cornered:
            self._pointer = self._meant(at)
            return
        self._pointer = (at.x, at.y)
        if self._by_hand or math.dist(self._points[0], self._pointer) * at.scale > DRAGGED:
            self._by_hand = True
            if math.dist(self._points[-1], self._pointer) * at.scale >= 1:
                self._points.append(self._pointer)

    def release(self, at: Pointer) -> bool:
        self.move(at)
        if self._by_hand:
            self.finish()
            return True
        self._cornered = True
        return False

    def press(self, at: Pointer) -> bool:
        point = self._meant(at)
        if math.dist(point, self._points[-1]) > 0:
            self._points.append(point)
        self._pointer = point
        return False

    def finish(self) -> None:
        points = tuple(self._points)
        if self._by_hand:
            points = smoothed(points, SMOOTH / max(self._scale, 1e-6), 1 / max(self._scale, 1e-6) / 2)
        if len(points) > 1:
            self._put((*self._document.guides, replace(self._stroke, points=points)))

    def back(self) -> bool:
        self._points.pop()
        return not self._points

    def outline(self) -> Outline:
        path = tuple(self._points) if self._by_hand else (*self._points, self._pointer)
        return Outline(path=path, guide=self._stroke)

    def _meant(self, at: Pointer) -> Point:
        """Where the next corner is; with Shift level, upright or aslant from the last."""
        x, y = self._points[-1]
        length = math.dist((x, y), (at.x, at.y))
        if not at.modifiers & Modifier.SHIFT or length == 0:
            return at.x, at.y
        angle = round(math.atan2(at.y - y, at.x - x) / TURNS) * TURNS
        return x + length * math.cos(angle), y + length * math.sin(angle)


class Painting(Drawing):
    """A stroke of colour: a click alone leaves a dot."""

    def release(self, at: Pointer) -> bool:
        self.move(at)
        if not self._by_hand:
            x, y = self._points[0]
            self._points = [(x, y), (x + DOT, y)]
        self.finish()
        return True


class Surrounding(Guiding):
    """An area, drawn around by hand and closed where it is let go."""

    def __init__(self, document: Document, at: Pointer, stroke: GuideStroke) -> None:
        super().__init__(document, label=_(LABELS[stroke.kind]))
        self._stroke = stroke
        self._points: Points = [(at.x, at.y)]
        self._scale = at.scale

    def move(self, at: Pointer) -> None:
        self._scale = at.scale
        if math.dist(self._points[-1], (at.x, at.y)) * at.scale >= 1:
            self._points.append((at.x, at.y))

    def release(self, at: Pointer) -> bool:
        self.move(at)
        self.finish()
        return True

    def finish(self) -> None:
        if len(self._points) > 2:
            few = smoothed(tuple(self._points), 0.0, 1 / max(self._scale, 1e-6) / 2)
            if len(few) > 2:
                self._put((*self._document.guides, replace(self._stroke, points=few)))

    def outline(self) -> Outline:
        return Outline(path=tuple(self._points), closed=True, guide=self._stroke)


def with_point_moved(stroke: GuideStroke, index: int, across: float, down: float) -> GuideStroke:
    """The stroke with one of its points so many image pixels further."""
    x, y = stroke.points[index]
    return replace(stroke, points=(*stroke.points[:index], (x + across, y + down), *stroke.points[index + 1 :]))


class Moving(Guiding):
    """A point of a line that is dragged elsewhere, by as much as the pointer goes."""

    def __init__(self, document: Document, stroke: GuideStroke, index: int, at: Pointer) -> None:
        super().__init__(document, label=_("Move a guide's point"))
        self._before, self._index = stroke, index
        self._after = stroke
        self._start = (at.x, at.y)
        self._dragged = False

    def move(self, at: Pointer) -> None:
        down, across = at.y - self._start[1], at.x - self._start[0]
        self._dragged = self._dragged or math.hypot(down, across) * at.scale > DRAGGED
        if self._dragged:
            self._after = with_point_moved(self._before, self._index, across, down)

    def release(self, at: Pointer) -> bool:
        self.move(at)
        self.finish()
        return True

    def finish(self) -> None:
        self._put(
            tuple(self._after if stroke is self._before else stroke for stroke in self._document.guides),
        )

    def outline(self) -> Outline:
        return Outline(path=self._after.points, guide=self._before)


class Removing(Guiding):
    """The guide under the pointer goes when the button is let go."""

    def __init__(self, document: Document, at: Pointer, kinds: tuple[Guide, ...], near: Nearness) -> None:
        super().__init__(document, erases=True, label=_("Remove a guide"))
        self._near = near
        self._kinds = kinds
        self._at = at

    def release(self, at: Pointer) -> bool:
        self._at = at
        self.finish()
        return True

    def finish(self) -> None:
        found = self._near.stroke(self._document.guides, self._at, self._kinds)
        if found is not None:
            self._put(tuple(stroke for stroke in self._document.guides if stroke is not found))


class Rubbing(Removing):
    """Takes the line under the pointer away if it is let go where it was pressed; dragged, it rubs edges out."""

    def __init__(self, document: Document, at: Pointer, kinds: tuple[Guide, ...], near: Nearness, width: float) -> None:
        super().__init__(document, at, kinds, near)
        self._start = at
        self._points: Points = [(at.x, at.y)]
        self._width = max(width, RUBBER / max(at.scale, 1e-6))

    def move(self, at: Pointer) -> None:
        moved = math.dist(self._points[-1], (at.x, at.y)) * at.scale
        if moved > (DRAGGED if len(self._points) == 1 else 1):
            self._points.append((at.x, at.y))

    def release(self, at: Pointer) -> bool:
        self.move(at)
        return super().release(self._start)

    def finish(self) -> None:
        if len(self._points) == 1:
            super().finish()
            return
        self.label = _(LABELS[Guide.ERASE_EDGE])
        few = smoothed(tuple(self._points), 0.0, 1 / max(self._start.scale, 1e-6) / 2)
        self._put((*self._document.guides, GuideStroke(Guide.ERASE_EDGE, few, self._width)))

    def outline(self) -> Outline:
        if len(self._points) == 1:
            return Outline()
        return Outline(circles=((*self._points[-1], self._width / 2),), path=tuple(self._points))
