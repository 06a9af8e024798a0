"""Pick an object: a scribble inside it proposes all of it; more scribbles add to it, and with Alt take away."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from lacuna.contract.params import number
from lacuna.contract.progress import Progress
from lacuna.detection import objects
from lacuna.detection.objects import Scribbles
from lacuna.document.document import Document
from lacuna.editor.proposals import Proposals, Proposed
from lacuna.editor.selections import NOWHERE, Lasso, Points, Sought
from lacuna.editor.tool import Outline, Pointer
from lacuna.i18n import N_, _
from lacuna.imaging.polylines import Polyline
from lacuna.imaging.region import Region


@dataclass(frozen=True)
class PickOptions:
    """How wide a scribble is, on the screen."""

    width: float = number(6.0, 1.0, 40.0, unit="px", label=N_("Width"), step=1, help=N_("Of the scribble, on screen."))


@dataclass(eq=False)
class Picked:
    """An object that is being picked: what was scribbled for it, and what is proposed thereby."""

    document: Document
    proposals: Proposals
    scribbles: list[Scribble] = field(default_factory=list)
    waiting: int = 0  # scribbles whose object is still being found
    proposed: Proposed | None = None

    @property
    def goes_on(self) -> bool:
        """A further scribble is about the same object: it is neither marked yet nor dropped."""
        return self.waiting > 0 or (self.proposed is not None and self.proposals.found == (self.proposed,))

    @property
    def lines(self) -> Scribbles:
        """As they are now."""
        inside = tuple(each.line for each in self.scribbles if not each.erases)
        return Scribbles(inside, tuple(each.line for each in self.scribbles if each.erases))

    def propose(self, proposed: Proposed) -> None:
        self.proposed = proposed
        self.proposals.show(self.document, (proposed,), _("Pick an object"), clicked=False, back=self.back)

    def back(self) -> None:
        """The last scribble is taken back: what was proposed before it is proposed again."""
        *before, last = (each for each in self.scribbles if each.proposed is not None)  # others are being dropped
        self.scribbles.remove(last)
        if before and before[-1].proposed is not None:
            self.propose(before[-1].proposed)
        else:
            self.proposals.drop()


class Pick(Lasso):
    """Proposes the object that is scribbled into."""

    id = "pick"
    name = N_("Pick an object")
    Options: type = PickOptions
    paints_mask = False  # a fill after the first scribble would leave nothing to correct

    def __init__(self, proposals: Proposals) -> None:
        self._proposals = proposals
        self._picked: Picked | None = None

    def begins(self, at: Pointer) -> bool:
        """There has to be something to take away from."""
        return not at.erases or (self._picked is not None and self._picked.goes_on)

    def forget(self) -> None:
        self._picked = None

    def press(self, document: Document, at: Pointer, options: Any) -> Scribble | None:  # type: ignore[override]
        if not self.begins(at):
            return None
        if self._picked is None or self._picked.document is not document or not self._picked.goes_on:
            self._picked = Picked(document, self._proposals)
        return Scribble(self._picked, at, options.width / max(at.scale, 1e-6))


class Scribble(Sought):
    """One line of scribble; the object is found by a job, and proposed in the place of what was found before it."""

    def __init__(self, picked: Picked, at: Pointer, width: float) -> None:
        super().__init__(picked.document, at.erases, _("Pick an object"))
        self.proposed: Proposed | None = None
        self._picked = picked
        self._width = width
        self._points: Points = [(at.x, at.y)]

    def move(self, at: Pointer) -> None:
        if math.dist(self._points[-1], (at.x, at.y)) >= self._width / 4:
            self._points.append((at.x, at.y))

    def release(self, at: Pointer) -> bool:
        self.move(at)
        self.finish()
        return True

    def finish(self) -> None:
        self._picked.scribbles.append(self)
        self._picked.waiting += 1
        self._photo = self._document.photo.freeze()

    @property
    def line(self) -> Polyline:
        return Polyline(tuple(self._points if len(self._points) > 1 else self._points * 2), self._width)

    def outline(self) -> Outline:
        return Outline(path=tuple(self._points))

    # --- what is left to a job ---------------------------------------------------------------------------------------
    def begin(self) -> None:
        self._lines = self._picked.lines

    def run(self, progress: Progress) -> None:
        assert self._photo is not None
        photo, header = self._photo, self._document.header
        try:
            region, coverage = objects.picked(
                photo.read, (photo.shape[0], photo.shape[1]), header.white, self._lines, progress.check
            )
        finally:
            photo.release()
        if coverage.any():
            self.proposed = Proposed(coverage, region, label=self.label)

    def make(self) -> Region:
        """Nothing is changed in the document yet."""
        self._picked.waiting -= 1
        if self.proposed is None:  # nothing was found: as if it had not been drawn
            self._picked.scribbles.remove(self)
        else:
            self._picked.propose(self.proposed)
        return NOWHERE

    def dropped(self) -> None:
        self._picked.waiting -= 1
        self._picked.scribbles.remove(self)
