"""What of a plane was shown last: tells which pixels of a region that was written to really differ.

A stroke with a large nib writes its whole box at each move, and changes a thin sickle of it.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.region import Region

KEPT = 256  # tiles that are remembered: 16 MB of a mask
LARGE = 64  # tiles of a change from which on it is not looked at closely


@dataclass(frozen=True, eq=False)
class Change:
    """A box of pixels, and which of them differ from what was there before.

    Where nothing was seen before, those that are not 0 are taken to; None if it is too much to look at.
    """

    region: Region
    differs: NDArray[np.bool_] | None = None
    known: bool = True  # False: others may differ, too

    def within(self, other: Region) -> Change:
        """What of it lies in `other`, as tight as it is known."""
        common = self.region.intersect(other)
        if common.empty or common == self.region or self.differs is None:
            return Change(common, None if common.empty else self.differs)
        differs = self.differs[common.shift(-self.region.y0, -self.region.x0).slices]
        if not self.known:
            return Change(common, differs, known=False)
        box = _box(differs)
        return Change(box.shift(common.y0, common.x0), None if box.empty else differs[box.slices])


class Seen:
    """Copies of the tiles of one plane that changed lately."""

    def __init__(self) -> None:
        self._tiles: OrderedDict[tuple[int, int], NDArray[Any]] = OrderedDict()

    def changes(self, pixels: NDArray[Any], region: Region) -> list[Change]:
        """The parts of `region` that differ from what was there at the last look, or might: a box a tile at most."""
        keys = list(region.tiles())
        if len(keys) > LARGE:
            for key in keys if len(keys) < len(self._tiles) else tuple(self._tiles):
                self._tiles.pop(key, None)
            return [Change(region)]
        found = []
        for key in keys:
            tile = Region.of_tile(*key, pixels.shape)
            part = tile.intersect(region)
            old = self._tiles.get(key)
            if old is None:
                self._keep(key, pixels[tile.slices].copy())
                found.append(Change(part, pixels[part.slices] != 0, known=False))
                continue
            self._tiles.move_to_end(key)
            before, now = old[part.shift(-tile.y0, -tile.x0).slices], pixels[part.slices]
            differs = before != now
            box = _box(differs)
            if not box.empty:
                before[box.slices] = now[box.slices]
                found.append(Change(box.shift(part.y0, part.x0), differs[box.slices]))
        return found

    def look(self, pixels: NDArray[Any], region: Region) -> None:
        """Keep what is there now, to know the changes that will follow."""
        for key in region.clip(pixels.shape).tiles():
            if key not in self._tiles:
                self._keep(key, pixels[Region.of_tile(*key, pixels.shape).slices].copy())

    def _keep(self, key: tuple[int, int], tile: NDArray[Any]) -> None:
        self._tiles[key] = tile
        if len(self._tiles) > KEPT:
            self._tiles.popitem(last=False)


def _box(marked: NDArray[np.bool_]) -> Region:
    """The box of what is True."""
    rows: NDArray[np.bool_] = np.any(marked, axis=1)
    if not rows.any():
        return Region(0, 0, 0, 0)
    y0, y1 = int(rows.argmax()), rows.size - int(rows[::-1].argmax())
    columns: NDArray[np.bool_] = np.any(marked[y0:y1], axis=0)
    return Region(y0, int(columns.argmax()), y1, columns.size - int(columns[::-1].argmax()))
