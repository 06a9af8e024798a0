"""What was done to a picture, one change after the other, with the pixels that each has left: for projects and recipes.

The owner's thread only takes hold of what undo keeps. A worker walks back from the picture as it was then: what it
finds below a change is what that has changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.enlargement import Enlargement
from lacuna.contract.fill import FillStep
from lacuna.contract.progress import Progress
from lacuna.contract.steps import CropStep, Excerpt, PaintStep, Size, Step
from lacuna.document.document import Document
from lacuna.document.edit import Edit, SavedTiles, Swapped, SwappedPlane
from lacuna.document.frozen import Frozen
from lacuna.document.history import PICTURE
from lacuna.document.spill import Lent
from lacuna.document.stretch import Stretch
from lacuna.document.tiles import Key, in_blocks, merged
from lacuna.errors import UnsuitableRecipe
from lacuna.i18n import _
from lacuna.imaging.lossless import digest, encoded
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Metadata, Photo
from lacuna.imaging.region import Region

Planes = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Deed:
    """One change of a picture of `size`, and what it has left.

    `excerpts` are its pixels; after an enlargement, of which `enlargement` and `metadata` tell, the whole planes. A
    crop has left none.
    """

    label: str
    size: Size
    step: Step | None = None
    excerpts: tuple[Excerpt, ...] = ()
    enlargement: Enlargement | None = None
    metadata: Metadata | None = None

    @property
    def size_after(self) -> Size:
        if isinstance(self.step, CropStep):
            return self.step.region.height, self.step.region.width
        made = self.enlargement
        return self.size if made is None else (made.rows, made.columns)


@dataclass(frozen=True, eq=False)
class Account:
    """The deeds in force, and the picture that they have led to."""

    deeds: tuple[Deed, ...]
    end: Photo


def steps_of(deeds: Sequence[Deed]) -> tuple[Step, ...]:
    """The steps of a recipe; what no function makes again by its pixels. Raises UnsuitableRecipe.

    A fill that has taken back the one before it stands alone, in the place of that.
    """
    steps: list[Step] = []
    for deed in deeds:
        step = step_of(deed)
        if takes_back(step) and steps:
            steps.pop()
        steps.append(replace(step, instead=False) if isinstance(step, FillStep) else step)
    return tuple(steps)


def takes_back(step: Step) -> bool:
    """Was it made of the picture below the change before it?"""
    return isinstance(step, FillStep) and step.instead


def step_of(deed: Deed) -> Step:
    """The step that does a deed again. Raises UnsuitableRecipe for one that nobody knows how to do again."""
    repeatable = deed.step.repeatable if isinstance(deed.step, FillStep) else deed.step is not None
    if deed.step is not None and repeatable:
        return deed.step
    if deed.enlargement is not None:
        raise UnsuitableRecipe(
            _("“{label}” was done by an older Lacuna, which did not keep how.").format(label=deed.label),
            hint=_("Save a project instead: that keeps the pixels."),
        )
    return PaintStep(deed.label, deed.size, deed.excerpts)


class FrozenHistory:
    """What was done to a document up to now. Made on the owner's thread; `read` is for one worker, once."""

    def __init__(self, document: Document) -> None:
        entries = document.history.entries[: document.history.position]
        self._end = document.freeze()
        self._metadata, self._stretches = document.header.metadata, document.stretches
        self._done = [_Done.of(edit) for edit in entries if any(edit.touches(name) for name in PICTURE)]

    def read(self, progress: Progress) -> Account:
        """Walk back through all of it. Raises UnreadableFile for tiles on disk that are gone, and Cancelled."""
        end = self._end.read()
        planes = {"photo": end.pixels.copy()}
        if end.alpha is not None:
            planes["alpha"] = end.alpha.copy()
        state = _State(planes, self._metadata, self._stretches)
        deeds: list[Deed] = []
        try:
            for number, done in enumerate(reversed(self._done)):
                progress.at(number / len(self._done))
                deeds.append(state.take_back(done))
        finally:
            self.release()
        return Account(tuple(reversed(deeds)), end)

    def release(self) -> None:
        """Nothing of it will be read any more."""
        for done in self._done:
            done.release()


@dataclass(frozen=True, eq=False)
class _Whole:
    """All pixels of a plane before it was cut to `region`, or (None) before others took their place."""

    name: str
    region: Region | None
    frozen: Frozen | None  # of a sheet in memory
    lent: Lent | None  # of one on disk
    box: Region

    @classmethod
    def of(cls, swapped: SwappedPlane) -> _Whole:
        plane, cut = swapped.plane, swapped.before
        if cut.sheet.spilled:
            return cls(plane.name, swapped.region, None, cut.sheet.lend(), cut.box)
        return cls(plane.name, swapped.region, plane.freeze_cut(cut), None, cut.box)

    def take(self) -> NDArray[Any]:
        if self.frozen is not None:
            return self.frozen.take()
        assert self.lent is not None
        return self.lent.take()[0, 0][self.box.slices].copy()

    def release(self) -> None:
        for held in (self.frozen, self.lent):
            if held is not None:
                held.release()


@dataclass(frozen=True, eq=False)
class _Done:
    """An edit as it is now, with all that has to be read from it."""

    label: str
    step: Step | None
    tiles: tuple[tuple[str, Lent], ...]
    wholes: tuple[_Whole, ...]
    values: dict[str, Any]  # before it, by the document's method that puts them

    @classmethod
    def of(cls, edit: Edit) -> _Done:
        tiles = [o for o in edit.operations if isinstance(o, SavedTiles) and o.plane.name in PICTURE]
        wholes = [o for o in edit.operations if isinstance(o, SwappedPlane) and o.plane.name in PICTURE]
        values = {o.put.__name__: o.before for o in edit.operations if isinstance(o, Swapped)}
        return cls(
            edit.label,
            edit.step,
            tuple((o.plane.name, o.lend()) for o in tiles),
            tuple(_Whole.of(o) for o in wholes),
            values,
        )

    def release(self) -> None:
        for _name, lent in self.tiles:
            lent.release()
        for whole in self.wholes:
            whole.release()


class _State:
    """The picture on the way back."""

    def __init__(self, planes: Planes, metadata: Metadata, stretches: tuple[Stretch, ...]) -> None:
        self.planes, self.metadata, self.stretches = planes, metadata, stretches

    @property
    def size(self) -> Size:
        height, width = self.planes["photo"].shape[:2]
        return height, width

    def take_back(self, done: _Done) -> Deed:
        """Go back to before an edit; what that was."""
        if not done.wholes:
            excerpts = [e for name, lent in done.tiles for e in _changed(name, self.planes[name], lent.take())]
            return Deed(done.label, self.size, done.step, tuple(excerpts))
        if done.wholes[0].region is not None:
            return self._uncut(done, done.wholes[0].region)
        return self._shrunk(done)

    def _uncut(self, done: _Done, region: Region) -> Deed:
        for whole in done.wholes:
            before = whole.take()
            before[region.slices] = self.planes[whole.name]  # what was done since is taken back already
            self.planes[whole.name] = before
        step = done.step or CropStep(region, self.size)  # an older Lacuna kept none
        return Deed(done.label, self.size, step)

    def _shrunk(self, done: _Done) -> Deed:
        after = [
            Excerpt(whole.name, Region.whole(self.planes[whole.name].shape), encoded(self.planes[whole.name]), "")
            for whole in done.wholes
        ]
        made, metadata = self.stretches[-1].enlargement, self.metadata
        self.stretches = done.values["put_stretches"]
        self.metadata = done.values.get("put_metadata", metadata)
        for whole in done.wholes:
            self.planes[whole.name] = whole.take()
        told = None if self.metadata == metadata else metadata
        return Deed(done.label, self.size, done.step, tuple(after), made, told)


def _changed(name: str, plane: NDArray[Any], before: dict[Key, NDArray[Any]]) -> Iterator[Excerpt]:
    """Put the tiles of `before` into a plane, and give what was in their place."""
    blocks = merged(Region.of_tile(*key, plane.shape) for key in before)
    after = [(block, plane[block.slices].copy()) for block in blocks]
    for region, tile in in_blocks(before, plane.shape):
        plane[region.slices] = tile
    for block, pixels in after:
        differs = _bits(pixels) != _bits(np.ascontiguousarray(plane[block.slices]))
        box = bounds(differs.any(axis=2) if differs.ndim == 3 else differs)
        if not box.empty:
            region = box.shift(block.y0, block.x0)
            yield Excerpt(name, region, encoded(pixels[box.slices]), digest(plane[region.slices]))


def _bits(pixels: NDArray[Any]) -> NDArray[Any]:
    """As whole numbers, by which NaN equals itself."""
    return pixels.view(f"u{pixels.itemsize}")
