"""A rectangle of whole image pixels, half-open, and the tiles below it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

TILE = 256  # side of a tile in pixels: the grain of undo, repaint and journal


@dataclass(frozen=True, slots=True, order=True)
class Region:
    """Half-open rectangle `[y0, y1) x [x0, x1)` in image pixels; empty where an end does not pass its start.

    >>> Region(0, 0, 10, 20).pad(5).clip((12, 12))
    Region(y0=0, x0=0, y1=12, x1=12)
    """

    y0: int
    x0: int
    y1: int
    x1: int

    @classmethod
    def whole(cls, shape: tuple[int, ...]) -> Region:
        """All of an array of shape (H, W, ...)."""
        return cls(0, 0, shape[0], shape[1])

    @classmethod
    def around(cls, regions: Iterable[Region]) -> Region:
        """The smallest region that holds all non-empty `regions`; empty if there are none."""
        solid = [r for r in regions if not r.empty]
        if not solid:
            return cls(0, 0, 0, 0)
        return cls(
            min(r.y0 for r in solid), min(r.x0 for r in solid), max(r.y1 for r in solid), max(r.x1 for r in solid)
        )

    @property
    def height(self) -> int:
        return max(0, self.y1 - self.y0)

    @property
    def width(self) -> int:
        return max(0, self.x1 - self.x0)

    @property
    def area(self) -> int:
        return self.height * self.width

    @property
    def empty(self) -> bool:
        return self.y1 <= self.y0 or self.x1 <= self.x0

    @property
    def slices(self) -> tuple[slice, slice]:
        """To index an array with: `pixels[region.slices]`."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    def slices_in(self, whole: Region) -> tuple[slice, slice]:
        """To index an array of the pixels of `whole` with, which holds this region."""
        return slice(self.y0 - whole.y0, self.y1 - whole.y0), slice(self.x0 - whole.x0, self.x1 - whole.x0)

    def clip(self, shape: tuple[int, ...]) -> Region:
        """The part inside an array of shape (H, W, ...)."""
        return Region(max(0, self.y0), max(0, self.x0), min(shape[0], self.y1), min(shape[1], self.x1))

    def pad(self, n: int) -> Region:
        """Wider by `n` pixels on each side."""
        return Region(self.y0 - n, self.x0 - n, self.y1 + n, self.x1 + n)

    def shift(self, dy: int, dx: int) -> Region:
        """Moved down by `dy` and right by `dx`."""
        return Region(self.y0 + dy, self.x0 + dx, self.y1 + dy, self.x1 + dx)

    def union(self, other: Region) -> Region:
        """The smallest region that holds both."""
        return Region.around((self, other))

    def intersect(self, other: Region) -> Region:
        """The common part, empty if there is none."""
        return Region(max(self.y0, other.y0), max(self.x0, other.x0), min(self.y1, other.y1), min(self.x1, other.x1))

    def overlaps(self, other: Region) -> bool:
        return not self.intersect(other).empty

    def tiles(self, side: int = TILE) -> Iterator[tuple[int, int]]:
        """(row, column) of each tile of the grid that this region touches."""
        if self.empty:
            return
        for row in range(self.y0 // side, (self.y1 - 1) // side + 1):
            for column in range(self.x0 // side, (self.x1 - 1) // side + 1):
                yield row, column

    @classmethod
    def of_tile(cls, row: int, column: int, shape: tuple[int, ...], side: int = TILE) -> Region:
        """The pixels of one tile, clipped to an array of shape (H, W, ...)."""
        return cls(row * side, column * side, (row + 1) * side, (column + 1) * side).clip(shape)
