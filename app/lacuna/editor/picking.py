"""Pick an object: a scribble inside it marks all of it; more scribbles add to it, and with Alt take away."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lacuna.contract.params import number
from lacuna.contract.progress import Progress
from lacuna.detection import objects
from lacuna.detection.objects import Scribbles
from lacuna.document.document import Document
from lacuna.document.edit import Edit
from lacuna.editor.selections import Lasso, Points, Sought
from lacuna.editor.tool import Outline, Pointer
from lacuna.i18n import N_, _
from lacuna.imaging.photo import Mask
from lacuna.imaging.polylines import Polyline
from lacuna.imaging.region import Region


@dataclass(frozen=True)
class PickOptions:
    """How wide a scribble is, on the screen."""

    width: float = number(6.0, 1.0, 40.0, unit="px", label=N_("Width"), step=1, help=N_("Of the scribble, on screen."))


@dataclass(eq=False)
class Picked:
    """An object that is being picked: what was scribbled for it, and the edit that it is in the mask by."""

    document: Document
    scribbles: list[Scribble] = field(default_factory=list)
    waiting: int = 0  # scribbles whose object is still being found
    edit: Edit | None = None

    @property
    def newest(self) -> bool:
        """The object is the last that was done."""
        return self.edit is not None and self.document.history.newest is self.edit

    @property
    def goes_on(self) -> bool:
        """A further scribble is about the same object."""
        return self.newest or self.waiting > 0

    @property
    def lines(self) -> Scribbles:
        """As they are now."""
        inside = tuple(each.line for each in self.scribbles if not each.erases)
        return Scribbles(inside, tuple(each.line for each in self.scribbles if each.erases))


class Pick(Lasso):
    """Marks the object that is scribbled into."""

    id = "pick"
    name = N_("Pick an object")
    Options: type = PickOptions
    paints_mask = False  # a fill after the first scribble would leave nothing to correct

    def __init__(self) -> None:
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
            self._picked = Picked(document)
        return Scribble(self._picked, at, options.width / max(at.scale, 1e-6))


class Scribble(Sought):
    """One line of scribble; the object is found by a job, and takes the place of what was found before it."""

    def __init__(self, picked: Picked, at: Pointer, width: float) -> None:
        super().__init__(picked.document, at.erases, _("Pick an object"))
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
            self._found = objects.picked(
                photo.read, (photo.shape[0], photo.shape[1]), header.white, self._lines, progress.check
            )
        finally:
            photo.release()

    def make(self) -> Region:
        assert self._found is not None
        picked, document = self._picked, self._document
        picked.waiting -= 1
        if picked.newest:
            document.history.undo()
        picked.edit = self._put(*self._found)
        return self.drawn

    def dropped(self) -> None:
        self._picked.waiting -= 1
        self._picked.scribbles.remove(self)

    def _put(self, region: Region, coverage: Mask) -> Edit | None:
        """The edit that paints all of the object; None where nothing comes of it, and the history stays as it is."""
        if region.empty or not coverage.any():
            return None
        with self._document.edit(self.label) as edit, edit.write(self._document.mask, region) as pixels:
            np.maximum(pixels, coverage, out=pixels)
        self._region = region
        return edit if self._document.history.newest is edit else None
