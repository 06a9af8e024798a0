"""Where a mask is: for each tile the number of its pixels above 0 and their box, counted again when read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lacuna.document.plane import Plane
from lacuna.document.tiles import MANY, by_row, extremes
from lacuna.imaging.region import TILE, Region


class Occupancy:
    """Watches a mask plane. A change only marks its tiles; the next question looks at those again.

    So a brush move costs next to nothing, and a question about 100 megapixels the tiles that changed since the last.
    """

    def __init__(self, mask: Plane, *, empty: bool) -> None:
        self._mask = mask
        self._begin(stale=not empty)
        mask.changed.add(lambda _plane, change: self._mark(change.region))
        mask.resized.add(lambda _plane: self._begin(stale=True))

    def _begin(self, *, stale: bool) -> None:
        rows, columns = -(-self._mask.shape[0] // TILE), -(-self._mask.shape[1] // TILE)
        self._stale = np.full((rows, columns), stale)
        self._counts = np.zeros((rows, columns), np.int64)
        self._boxes = np.zeros((rows, columns, 4), np.int64)  # y0, x0, y1, x1 in image pixels, where counted above 0

    def _mark(self, region: Region) -> None:
        rows = slice(region.y0 // TILE, (region.y1 - 1) // TILE + 1)
        self._stale[rows, region.x0 // TILE : (region.x1 - 1) // TILE + 1] = True

    def _look(self) -> None:
        if not self._stale.any():
            return
        for row, columns in by_row((row, column) for row, column in np.argwhere(self._stale).tolist()):
            for column in self._swept(row, np.array(columns)) if len(columns) >= MANY else columns:
                self._count(row, column)
        self._stale[...] = False

    def _swept(self, row: int, columns: NDArray[np.int64]) -> list[int]:
        """Settle the tiles of a row that are all empty or all full; the columns of the others."""
        height, width = self._mask.shape
        low, high = extremes(self._mask.pixels, row, int(columns[0]), int(columns[-1]) + 1)
        low, high = low[columns - columns[0]], high[columns - columns[0]]
        y0, y1 = row * TILE, min((row + 1) * TILE, height)
        x0, x1 = columns * TILE, np.minimum((columns + 1) * TILE, width)
        self._counts[row, columns] = np.where(low > 0, (y1 - y0) * (x1 - x0), 0)
        self._boxes[row, columns] = np.stack([np.full_like(x0, y0), x0, np.full_like(x0, y1), x1], axis=1)
        mixed: list[int] = columns[(low == 0) & (high > 0)].tolist()
        return mixed

    def _count(self, row: int, column: int) -> None:
        import cv2

        y0, x0 = row * TILE, column * TILE
        tile = self._mask.pixels[y0 : y0 + TILE, x0 : x0 + TILE]
        x, y, width, height = cv2.boundingRect(tile)  # of what is above 0
        self._counts[row, column] = cv2.countNonZero(tile)
        self._boxes[row, column] = y0 + y, x0 + x, y0 + y + height, x0 + x + width

    @property
    def count(self) -> int:
        """Number of pixels above 0."""
        self._look()
        return int(self._counts.sum())

    @property
    def bounds(self) -> Region:
        """The box of all pixels above 0, empty if there are none."""
        self._look()
        return _around(self._boxes[self._counts > 0])

    def boxes(self) -> list[Region]:
        """A box for each group of tiles that hold pixels above 0 and touch each other, corners included.

        Each is the exact box of its pixels; together they hold every pixel above 0. Boxes of two groups may overlap.
        """
        self._look()
        import cv2

        occupied = self._counts > 0
        groups, labels = cv2.connectedComponents(occupied.astype(np.uint8), connectivity=8)
        return sorted(_around(self._boxes[labels == n]) for n in range(1, groups))


def _around(boxes: np.ndarray) -> Region:
    if not len(boxes):
        return Region(0, 0, 0, 0)
    y0, x0 = boxes[:, :2].min(axis=0)
    y1, x1 = boxes[:, 2:].max(axis=0)
    return Region(int(y0), int(x0), int(y1), int(x1))
