"""Guide lines that were found and are not guides yet: taken by Enter or a click, moved by their points, or dropped."""

from __future__ import annotations

import math

from lacuna.contract.guides import Guide, GuideStroke
from lacuna.document.document import Document
from lacuna.editor.guide_gestures import DRAGGED, Guiding, with_point_moved
from lacuna.editor.nearness import Nearness
from lacuna.editor.tool import Outline, Pointer
from lacuna.i18n import _
from lacuna.listeners import Listeners


class ProposedLines:
    """Those of one document, for the mask that they were found for. Nothing is changed before they are taken.

    `changed()` tells that others are shown. All methods are called on the owner's thread.
    """

    def __init__(self) -> None:
        self.changed: Listeners[[]] = Listeners()
        self._strokes: tuple[GuideStroke, ...] = ()
        self._document: Document | None = None
        self._mask = 0  # its revision then
        self._moment = 0  # of its history
        self._near = Nearness()

    @property
    def strokes(self) -> tuple[GuideStroke, ...]:
        document = self._document
        return self._strokes if document is not None and document.mask.revision == self._mask else ()

    @property
    def all_settled(self) -> bool:
        """None is left that was neither taken nor dropped, not even for another mask."""
        return not self._strokes

    def show(self, document: Document, strokes: tuple[GuideStroke, ...]) -> None:
        """Propose these in the place of others."""
        self._document, self._mask, self._strokes = document, document.mask.revision, strokes
        self._moment = document.history.here()
        self.changed()

    @property
    def done_last(self) -> bool:
        """They were shown after the last edit that is in force."""
        document = self._document
        return document is not None and bool(self.strokes) and not document.history.edited_since(self._moment)

    def drop(self) -> None:
        if self._strokes:
            self._strokes, self._document = (), None
            self.changed()

    def take(self, *chosen: GuideStroke) -> None:
        """Make these guides, or all: one edit."""
        document, taken = self._document, chosen or self.strokes
        if document is None or not taken:
            return
        self._strokes = tuple(stroke for stroke in self._strokes if stroke not in taken)
        with document.edit(_("Complete outlines")) as edit:
            edit.put(document.put_guides, (*document.guides, *taken))
        self.changed()

    def refuse(self, stroke: GuideStroke) -> None:
        """Propose one no more."""
        self._strokes = tuple(other for other in self._strokes if other is not stroke)
        self.changed()

    def put(self, before: GuideStroke, after: GuideStroke) -> None:
        """Propose one as it was changed."""
        self._strokes = tuple(after if stroke is before else stroke for stroke in self._strokes)
        self.changed()

    def press(self, document: Document, at: Pointer) -> Considering | None:
        """A gesture with the line under the pointer, if one is there."""
        if document is not self._document or not self.strokes:
            return None
        point = self._near.point(self.strokes, at, (Guide.LINE,))
        stroke = self._near.stroke(self.strokes, at, (Guide.LINE,)) if point is None or at.erases else point[0]
        if stroke is None:
            return None
        return Considering(document, self, stroke, None if point is None or at.erases else point[1], at)


class Considering(Guiding):
    """A press on a proposed line: a click takes it, with Alt it drops it, a drag of a point moves that."""

    def __init__(
        self, document: Document, lines: ProposedLines, stroke: GuideStroke, point: int | None, at: Pointer
    ) -> None:
        super().__init__(document, erases=at.erases, label=_("Complete outlines"))
        self._lines, self._stroke, self._point = lines, stroke, point
        self._after = stroke
        self._start = at
        self._dragged = False

    def move(self, at: Pointer) -> None:
        across, down = at.x - self._start.x, at.y - self._start.y
        self._dragged = self._dragged or math.hypot(across, down) * at.scale > DRAGGED
        if self._dragged and self._point is not None:
            self._after = with_point_moved(self._stroke, self._point, across, down)

    def release(self, at: Pointer) -> bool:
        self.move(at)
        self.finish()
        return True

    def finish(self) -> None:
        if self._dragged:
            if self._after is not self._stroke:
                self._lines.put(self._stroke, self._after)
        elif self.erases:
            self._lines.refuse(self._stroke)
        else:
            self._lines.take(self._stroke)

    def outline(self) -> Outline:
        return Outline(path=self._after.points, guide=self._stroke)
