"""Parts of the picture that were found and are not in the mask yet: outlined, switched on and off, then marked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import InitVar, dataclass, field

import numpy as np
from numpy.typing import NDArray

from lacuna.detection.objects import Scribbles
from lacuna.document.document import Document
from lacuna.editor.tool import Button, Modifier, Pointer
from lacuna.imaging.outlines import Traced, traced
from lacuna.imaging.photo import Hole, Mask
from lacuna.imaging.region import Region
from lacuna.listeners import Listeners

NONE = Scribbles(())


@dataclass(frozen=True, eq=False)
class Proposed:
    """A part that may be marked: `mask` (h, w) at `region`, bool, or uint8 where its edge is soft.

    Making one traces its outline, which takes a while for a large one: make it in a job, whose `check()` may raise to
    stop. `confidence` is 0 to 1, None where there is none; `label` says what it is, in the person's language.
    """

    mask: Hole | Mask
    region: Region
    confidence: float | None = None
    label: str = ""
    check: InitVar[Callable[[], object]] = lambda: None
    outline: Traced = field(init=False, repr=False)

    def __post_init__(self, check: Callable[[], object]) -> None:
        object.__setattr__(self, "outline", traced(_inside(self.mask), self.region.x0, self.region.y0, check))

    @property
    def coverage(self) -> Mask:
        """(h, w) uint8: how strongly it is to be marked."""
        hard = self.mask.dtype == bool
        return np.where(self.mask, np.uint8(255), np.uint8(0)) if hard else np.asarray(self.mask, np.uint8)

    def holds(self, x: float, y: float) -> bool:
        """Does an image point lie within it?"""
        column, row = int(x // 1) - self.region.x0, int(y // 1) - self.region.y0
        height, width = self.mask.shape
        return 0 <= row < height and 0 <= column < width and bool(_inside(self.mask[row, column]))


class Proposals:
    """What is proposed for the mask of one document. Nothing is changed before `accept`, which makes one edit.

    `changed()` tells that others are shown, or one was switched; `dropped()` that the person wants none, nor any that
    are still being worked out. All methods are called on the owner's thread.
    """

    def __init__(self) -> None:
        self.changed: Listeners[[]] = Listeners()
        self.dropped: Listeners[[]] = Listeners()
        self.found: tuple[Proposed, ...] = ()
        self.on: tuple[bool, ...] = ()  # of each
        self.scribbles = NONE  # that they were found by
        self.clicked = True  # a click within one switches it
        self._document: Document | None = None
        self._label = ""
        self._back: Callable[[], object] | None = None
        self._moment = 0  # of the document's history, when they were shown
        self._switched: list[tuple[int, int]] = []  # which, and at which moment

    def show(
        self,
        document: Document,
        found: Sequence[Proposed],
        label: str,
        *,
        clicked: bool = True,
        back: Callable[[], object] | None = None,
        scribbles: Scribbles = NONE,
        moment: int | None = None,
    ) -> None:
        """Propose these in the place of any others; `label` names the edit that `accept` makes.

        Where a tool goes on with them, they are not `clicked`, and `back()` is what undo means: by default all go.
        `scribbles` are those that it has found them by. Those that were shown before come with the `moment` of the
        document's history at which they were, or undo would take them back before the edits that were made since.
        """
        self.found, self.on = tuple(found), (True,) * len(found)
        self.clicked, self.scribbles = clicked, scribbles
        self._document, self._label, self._back = document, label, back
        self._moment, self._switched = document.history.here() if moment is None else moment, []
        self.changed()

    @property
    def shown(self) -> bool:
        return bool(self.found)

    @property
    def chosen(self) -> tuple[Proposed, ...]:
        """Those that are on."""
        return tuple(each for each, on in zip(self.found, self.on, strict=True) if on)

    # --- one by one --------------------------------------------------------------------------------------------------
    def at(self, x: float, y: float) -> int | None:
        """The place of the smallest that holds an image point and can be switched there; None if none does."""
        inside = [i for i, each in enumerate(self.found) if self.clicked and each.holds(x, y)]
        return min(inside, key=lambda i: self.found[i].region.area, default=None)

    def press(self, at: Pointer) -> bool:
        """A plain press within one switches it; False for a press that means something else."""
        index = self.at(at.x, at.y) if at.button is Button.LEFT and at.modifiers is Modifier.NONE else None
        if index is not None:
            self.switch(index)
        return index is not None

    def switch(self, index: int) -> None:
        """On becomes off, and back."""
        assert self._document is not None
        self._switched.append((index, self._document.history.here()))
        self._turn(index)

    def _turn(self, index: int) -> None:
        self.on = tuple(not on if i == index else on for i, on in enumerate(self.on))
        self.changed()

    # --- all ---------------------------------------------------------------------------------------------------------
    def accept(self) -> None:
        """Put all that are on into the mask, as one edit; none makes no edit."""
        document, chosen, label = self._document, self.chosen, self._label
        self._forget()
        if document is None or not chosen:
            return
        with document.edit(label) as edit:
            for each in chosen:
                inside = each.region.clip(document.shape)
                if not inside.empty:
                    with edit.write(document.mask, inside) as pixels:
                        np.maximum(pixels, each.coverage[inside.slices_in(each.region)], out=pixels)

    def drop(self) -> None:
        """Forget all, and what would be proposed next."""
        self._forget()
        self.dropped()

    def _forget(self) -> None:
        if self.found:
            self.found, self.on, self._document, self._back = (), (), None, None
            self.scribbles, self._switched = NONE, []
            self.changed()

    @property
    def done_last(self) -> bool:
        """They were shown, or one was switched, after the last edit that is in force."""
        moment = self._switched[-1][1] if self._switched else self._moment
        return self._document is not None and self.shown and not self._document.history.edited_since(moment)

    def back(self) -> None:
        """Undo: the last one that was switched is switched back, else what made them is taken back, or all go."""
        if self._switched:
            self._turn(self._switched.pop()[0])
        else:
            (self._back or self.drop)()


def _inside(mask: NDArray[np.generic]) -> Hole:
    """bool: what is marked, of a soft mask what is marked by half or more."""
    return np.asarray(mask if mask.dtype == bool else np.asarray(mask) >= 128, bool)
