"""Pick an object: a scribble inside it proposes all of it; more scribbles add to it, and with Alt take away."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np

from lacuna.contract import models
from lacuna.contract.params import Suggestion, number, text
from lacuna.contract.progress import Progress
from lacuna.detection import objects
from lacuna.detection.objects import Scribbles, Segment
from lacuna.document.document import Document
from lacuna.editor.proposals import Proposals, Proposed
from lacuna.editor.selections import NOWHERE, Lasso, Points, Sought
from lacuna.editor.tool import Outline, Pointer
from lacuna.errors import UnknownModel
from lacuna.i18n import N_, _
from lacuna.imaging.mask import grow
from lacuna.imaging.polylines import Polyline
from lacuna.imaging.region import Region

GROW, GROW_SIDE = 3.0, 512  # image pixels that a soft border takes, in a picture with a long side of so many


def grow_for(shape: tuple[int, int]) -> float:
    """How much of what lies around an object has its colours mixed in, in a picture of this size.

    With one pixel less a fill of a bird at 512 pixels showed its outline. Larger pictures are less sharp, but not as
    much as they are larger.
    """
    return float(round(GROW * max(1.0, math.sqrt(max(shape) / GROW_SIDE))))


class Pickers(Protocol):
    """The networks of the person's own that pick objects."""

    def picker_problem(self, name: str) -> str:
        """Why this one cannot, and what helps; "" if it can."""
        ...

    def picker(self, name: str) -> Any:
        """It, loaded; in the worker."""
        ...


def _networks() -> tuple[Suggestion, ...]:
    own = (Suggestion(model.name, model.title) for model in models.pickers())
    return (Suggestion("", _("GrabCut, by colours")), *own)


@dataclass(frozen=True)
class PickOptions:
    """How wide a scribble is, on the screen, and what finds the object."""

    width: float = number(6.0, 1.0, 40.0, unit="px", label=N_("Width"), step=1, help=N_("Of the scribble, on screen."))
    grow: float = number(
        GROW,
        0.0,
        100.0,
        unit="px",
        label=N_("Grow"),
        step=1,
        help=N_("Takes in the soft border of the object, from the next scribble on."),
    )
    model: str = text(
        "",
        label=N_("By"),
        help=N_("What finds the object: a network of your own may."),
        suggested=_networks,
    )


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

    def propose(self, found: Scribble) -> None:
        """What this scribble has found."""
        assert found.proposed is not None
        self.proposed = found.proposed
        self.proposals.show(
            self.document,
            (found.proposed,),
            _("Pick an object"),
            clicked=False,
            back=self.back,
            scribbles=self.lines,
            moment=found.moment,
        )

    def back(self) -> None:
        """The last scribble is taken back: what was proposed before it is proposed again."""
        *before, last = (each for each in self.scribbles if each.proposed is not None)  # others are being dropped
        self.scribbles.remove(last)
        if before:
            self.propose(before[-1])
        else:
            self.proposals.drop()


class Pick(Lasso):
    """Proposes the object that is scribbled into."""

    id = "pick"
    name = N_("Pick an object")
    Options: type = PickOptions
    paints_mask = False  # a fill after the first scribble would leave nothing to correct

    def __init__(self, proposals: Proposals, pickers: Pickers) -> None:
        self._proposals = proposals
        self._pickers = pickers
        self._picked: Picked | None = None
        proposals.dropped.add(self.forget)

    def problem(self, options: Any) -> str:
        """Why nothing can be picked as the options are; "" if it can."""
        return self._pickers.picker_problem(options.model) if options.model else ""

    def begins(self, at: Pointer) -> bool:
        """There has to be something to take away from."""
        return not at.erases or (self._picked is not None and self._picked.goes_on)

    def forget(self) -> None:
        self._picked = None

    def press(self, document: Document, at: Pointer, options: Any) -> Scribble | None:
        """Raises UnknownModel without the network that is to find the object."""
        if not self.begins(at):
            return None
        if self.problem(options):
            raise UnknownModel(self.problem(options))
        if self._picked is None or self._picked.document is not document or not self._picked.goes_on:
            self._picked = Picked(document, self._proposals)
        return Scribble(self._picked, at, options, self._opener(options.model))

    def _opener(self, model: str) -> Callable[[], Any] | None:
        return (lambda: self._pickers.picker(model)) if model else None


class Scribble(Sought):
    """One line of scribble; the object is found by a job, and proposed in the place of what was found before it."""

    proposes = True

    def __init__(self, picked: Picked, at: Pointer, options: Any, opened: Callable[[], Any] | None) -> None:
        """`opened()` gives the network that finds the object, in the worker; without one GrabCut does."""
        super().__init__(picked.document, at.erases, _("Pick an object"))
        self.proposed: Proposed | None = None
        self.moment: int | None = None  # of the history, when that was shown first
        self._picked = picked
        self._opened = opened
        self._width = options.width / max(at.scale, 1e-6)
        self._grow = options.grow
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
                photo.read,
                (photo.shape[0], photo.shape[1]),
                header.white,
                self._lines,
                progress.check,
                self._segment(progress),
            )
        finally:
            photo.release()
        if coverage.any():
            wide = region.pad(math.ceil(self._grow)).clip((photo.shape[0], photo.shape[1]))
            whole = np.zeros((wide.height, wide.width), np.uint8)
            whole[region.slices_in(wide)] = coverage
            self.proposed = Proposed(grow(whole, self._grow), wide, label=self.label, check=progress.check)

    def _segment(self, progress: Progress) -> Segment | None:
        if self._opened is None:
            return None
        progress.at(0.0, _("Loading"))
        network = self._opened()
        return Segment(network.side, partial(network.likely, progress=progress))

    def make(self) -> Region:
        """Nothing is changed in the document yet."""
        self._picked.waiting -= 1
        if self.proposed is None:  # nothing was found: as if it had not been drawn
            self._picked.scribbles.remove(self)
        else:
            self.moment = self._document.history.here()
            self._picked.propose(self)
        return NOWHERE

    def dropped(self) -> None:
        self._picked.waiting -= 1
        self._picked.scribbles.remove(self)
