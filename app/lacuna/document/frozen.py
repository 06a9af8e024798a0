"""A plane as it was at one moment, readable by another thread while the plane is painted on.

Nothing is copied at the freeze and nothing is locked. The owner copies a tile aside before it first writes to it; the
reader copies from the live array and then looks whether that tile was put aside meanwhile. What the owner writes, it
writes after the tile was put aside, so a reader who saw any of it also finds the tile.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.document.sheet import Cut
from lacuna.document.tiles import packed_tiles
from lacuna.imaging.region import TILE, Region


class Frozen:
    """Made by `Plane.freeze` in the owner's thread; `tile`, `read` and `take` are for one reader in any thread.

    It costs the owner a copy of each tile painted over while it lives: let go of it, or `release` it, when read.
    """

    def __init__(self, cut: Cut, view: NDArray[Any], tiles: frozenset[tuple[int, int]] | None) -> None:
        self._cut = cut
        self._live = view
        self._wanted = tiles
        self._aside: dict[tuple[int, int], NDArray[Any]] = {}  # packed
        self._rows_taken = 0
        self._released = False
        self.shape: tuple[int, ...] = view.shape
        self.dtype = view.dtype

    def tile(self, row: int, column: int) -> NDArray[Any]:
        """A copy of one tile."""
        copy = self._live[Region.of_tile(row, column, self.shape).slices].copy()
        aside = self._aside.get((row, column))
        return copy if aside is None else np.broadcast_to(aside, copy.shape)

    def read(self, region: Region) -> NDArray[Any]:
        """A copy of `region`, which lies inside."""
        out = self._live[region.slices].copy()
        for key in region.tiles() if self._aside else ():
            aside = self._aside.get(key)
            if aside is not None:
                box = Region.of_tile(*key, self.shape)
                part = region.intersect(box)
                whole = np.broadcast_to(aside, (box.height, box.width, *self.shape[2:]))
                out[part.shift(-region.y0, -region.x0).slices] = whole[part.shift(-box.y0, -box.x0).slices]
        return out

    def take(self) -> NDArray[Any]:
        """A copy of all of it, once: rows already copied are no longer guarded while the rest is read."""
        out = np.empty(self.shape, self.dtype)
        columns = -(-self.shape[1] // TILE)
        for row in range(-(-self.shape[0] // TILE)):
            band = slice(row * TILE, (row + 1) * TILE)
            np.copyto(out[band], self._live[band])
            for column in range(columns) if self._aside else ():
                aside = self._aside.pop((row, column), None)
                if aside is not None:
                    out[Region.of_tile(row, column, self.shape).slices] = aside
            self._rows_taken = row + 1
        self.release()
        return out

    def release(self) -> None:
        """Nothing of it will be read any more."""
        self._released = True
        self._aside = {}

    def before_write(self, cut: Cut, region: Region) -> None:
        """For planes alone: `region` of `cut` is about to be written to."""
        if self._released or cut.sheet is not self._cut.sheet:
            return
        dy, dx = cut.box.y0 - self._cut.box.y0, cut.box.x0 - self._cut.box.x0
        keys = [
            key
            for key in region.shift(dy, dx).clip(self.shape).tiles()
            if key not in self._aside and key[0] >= self._rows_taken and (self._wanted is None or key in self._wanted)
        ]
        self._aside.update(packed_tiles(self._live, keys))
