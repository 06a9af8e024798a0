"""One named pixel array of a document, read-only to all but an open edit."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.document.frozen import Frozen
from lacuna.document.sheet import Cut, Sheet
from lacuna.imaging.mask import bounds
from lacuna.imaging.region import TILE, Region
from lacuna.listeners import Listeners


@dataclass(frozen=True, eq=False)
class Change:
    """A region of a plane that was written to, and which of its pixels differ now; None if nobody has looked."""

    region: Region
    differs: NDArray[np.bool_] | None = None

    def within(self, other: Region) -> Change:
        """What of it lies in `other`, as tight as it is known."""
        common = self.region.intersect(other)
        if common.empty or common == self.region or self.differs is None:
            return Change(common, None if common.empty else self.differs)
        differs = self.differs[common.shift(-self.region.y0, -self.region.x0).slices]
        box = bounds(differs)
        return Change(box.shift(common.y0, common.x0), None if box.empty else differs[box.slices])


class Plane:
    """Pixels with a name and a memory of when each tile last changed.

    `pixels` is a read-only view; only `Edit.write` lends a writable one, so that no change escapes undo. `changed`
    is told (plane, change) after each change, in the owner's thread. `resized` is told (plane) after `replace`.
    `blank` says that all pixels are 0.
    """

    def __init__(self, name: str, pixels: NDArray[Any], *, blank: bool = False) -> None:
        self.name = name
        self._blank = blank
        self.changed: Listeners[[Plane, Change]] = Listeners()
        self.resized: Listeners[[Plane]] = Listeners()
        self.revision = 0
        self._frozen: list[weakref.ref[Frozen]] = []
        self._take(Cut.whole(Sheet(pixels if pixels.flags.writeable else pixels.copy())))

    def _take(self, cut: Cut) -> None:
        self.cut = cut
        self._array = cut.pixels()
        self._view = self._array.view()
        self._view.flags.writeable = False
        rows, columns = -(-self.shape[0] // TILE), -(-self.shape[1] // TILE)
        self._revisions = np.full((max(1, rows), max(1, columns)), self.revision, np.int64)

    @property
    def pixels(self) -> NDArray[Any]:
        """The pixels, read-only; after a crop their rows lie apart. The view stays valid until `resized`."""
        return self._view

    @property
    def shape(self) -> tuple[int, ...]:
        return self._array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._array.dtype

    def changed_since(self, revision: int, region: Region) -> bool:
        """Did a pixel of a tile that `region` touches change after `revision`?"""
        r = region.clip(self.shape)
        if r.empty:
            return False
        rows, columns = slice(r.y0 // TILE, (r.y1 - 1) // TILE + 1), slice(r.x0 // TILE, (r.x1 - 1) // TILE + 1)
        return bool((self._revisions[rows, columns] > revision).any())

    def untouched(self, row: int, column: int) -> bool:
        """Is a tile all 0 because nothing was ever written to it? Looking would cost memory that is not there yet."""
        return self._blank and not self._revisions[row, column]

    def freeze(self, tiles: frozenset[tuple[int, int]] | None = None) -> Frozen:
        """The pixels (or only those `tiles`) as they are now, to be read by another thread while painting goes on."""
        return self._guarded(Frozen(self.cut, self._view, tiles))

    def freeze_cut(self, cut: Cut) -> Frozen:
        """The same of what this plane has shown before and may show again; its sheet is in memory."""
        return self._guarded(Frozen(cut, cut.sheet.arrays()[0, 0][cut.box.slices], None))

    def _guarded(self, frozen: Frozen) -> Frozen:
        self._frozen = [ref for ref in self._frozen if ref() is not None]
        self._frozen.append(weakref.ref(frozen))
        return frozen

    def mark(self, region: Region, differs: NDArray[np.bool_] | None = None) -> None:
        """For edits alone: say that `region` has changed, and which of its pixels differ where that is known."""
        r = region.clip(self.shape)
        if r.empty:
            return
        self.revision += 1
        rows, columns = slice(r.y0 // TILE, (r.y1 - 1) // TILE + 1), slice(r.x0 // TILE, (r.x1 - 1) // TILE + 1)
        self._revisions[rows, columns] = self.revision
        self.changed(self, Change(r, differs))

    def writable(self, region: Region) -> NDArray[Any]:
        """For edits alone: the pixels of `region`, to write into at once; what is frozen there is saved first."""
        for ref in self._frozen:
            frozen = ref()
            if frozen is not None:
                frozen.before_write(self.cut, region)
        view: NDArray[Any] = self._array[region.slices]
        return view

    def replace(self, pixels: NDArray[Any] | Cut) -> Cut:
        """For edits alone: other pixels, of any size; returns the old ones, to be put back by another `replace`."""
        old = self.cut
        self.revision += 1
        self._take(pixels if isinstance(pixels, Cut) else Cut.whole(Sheet(pixels)))
        self.resized(self)
        return old
