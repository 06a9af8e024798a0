"""What of a plane was shown last: tells which pixels of a region that was written to really differ.

A stroke with a large nib writes its whole box at each move, and changes a thin sickle of it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from numpy.typing import NDArray

from lacuna.imaging.region import Region

KEPT = 256  # tiles that are remembered: 16 MB of a mask
LARGE = 64  # tiles of a change from which on it is not looked at closely


class Seen:
    """Copies of the tiles of one plane that changed lately."""

    def __init__(self) -> None:
        self._tiles: OrderedDict[tuple[int, int], NDArray[Any]] = OrderedDict()

    def changes(self, pixels: NDArray[Any], region: Region) -> list[Region]:
        """The parts of `region` that differ from what was there at the last look, or might: a box a tile at most."""
        keys = list(region.tiles())
        if len(keys) > LARGE:
            for key in keys if len(keys) < len(self._tiles) else tuple(self._tiles):
                self._tiles.pop(key, None)
            return [region]
        found = []
        for key in keys:
            tile = Region.of_tile(*key, pixels.shape)
            part = tile.intersect(region)
            old = self._tiles.get(key)
            if old is None:
                self._keep(key, pixels[tile.slices].copy())
                found.append(part)
                continue
            self._tiles.move_to_end(key)
            inside = part.shift(-tile.y0, -tile.x0).slices
            box = _differing(old[inside], pixels[part.slices])
            if not box.empty:
                old[inside] = pixels[part.slices]
                found.append(box.shift(part.y0, part.x0))
        return found

    def _keep(self, key: tuple[int, int], tile: NDArray[Any]) -> None:
        self._tiles[key] = tile
        if len(self._tiles) > KEPT:
            self._tiles.popitem(last=False)


def _differing(old: NDArray[Any], new: NDArray[Any]) -> Region:
    """The box of what differs between two arrays (h, w)."""
    other = old != new
    rows = other.any(axis=1)
    if not rows.any():
        return Region(0, 0, 0, 0)
    y0, y1 = int(rows.argmax()), rows.size - int(rows[::-1].argmax())
    columns = other[y0:y1].any(axis=0)
    return Region(y0, int(columns.argmax()), y1, columns.size - int(columns[::-1].argmax()))
