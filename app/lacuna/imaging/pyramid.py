"""Half-size levels of a plane for display: stale at once where it changes, made again when they are looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.blank import blank
from lacuna.imaging.region import Region

CELL = 64  # side of the square of a level that is made again as one
SMALLEST = 256  # the long side of the last level is at most this
BAND = 1 << 18  # bytes of a source that are halved at a time: scratch that stays in the cache


class Pyramid:
    """Levels 0 (the plane itself, in its own depth, never copied) to `levels - 1`, each half as large, uint8.

    Level n has ceil(H / 2**n) x ceil(W / 2**n) pixels; each is the mean of a 2 x 2 box of the level before, and at an
    odd end of what is left of the box. With `peak` it is the box's maximum instead, for masks: a line of one pixel
    stays a line at every zoom, where a mean would let it fade; what is shown is never less than what will be filled.

    uint16 is shown by its upper 8 bits, float by `white`. Making parts anew gives the same bytes as making all of it.
    Used by one thread at a time; the worker that opens a picture builds it and hands it over.
    """

    def __init__(self, pixels: NDArray[Any], *, white: float = 255.0, peak: bool = False, empty: bool = False) -> None:
        self.white = white
        self.peak = peak
        self.reset(pixels, empty=empty)

    def reset(self, pixels: NDArray[Any], *, empty: bool = False) -> None:
        """Show other pixels, of any size; everything is stale, unless `empty` says that all of them are 0."""
        self._levels: list[NDArray[Any]] = [pixels]
        self._stale: list[NDArray[np.bool_]] = [np.zeros((0, 0), np.bool_)]
        self._inked: list[NDArray[np.bool_]] = [np.zeros((0, 0), np.bool_)]  # cells that may hold more than zeros
        height, width = pixels.shape[:2]
        while max(height, width) > SMALLEST:
            height, width = -(-height // 2), -(-width // 2)
            shape = (height, width, *pixels.shape[2:])
            self._levels.append(blank(shape) if empty else np.empty(shape, np.uint8))
            cells = -(-height // CELL), -(-width // CELL)
            self._stale.append(np.full(cells, not empty))
            self._inked.append(np.full(cells, not empty))

    @property
    def levels(self) -> int:
        """How many there are, level 0 included."""
        return len(self._levels)

    def shape(self, n: int) -> tuple[int, int]:
        """(height, width) of level `n`."""
        height, width = self._levels[n].shape[:2]
        return height, width

    def stale(self, region: Region) -> None:
        """Say that `region` of the plane has changed. A microsecond a level, whatever its size."""
        region = region.clip(self._levels[0].shape)
        if region.empty:
            return
        y0, x0, y1, x1 = region.y0, region.x0, region.y1 - 1, region.x1 - 1
        for cells in self._stale[1:]:
            y0, x0, y1, x1 = y0 >> 1, x0 >> 1, y1 >> 1, x1 >> 1
            cells[y0 // CELL : y1 // CELL + 1, x0 // CELL : x1 // CELL + 1] = True

    def fresh(self, n: int, region: Region) -> bool:
        """Can `region` of level `n` be read without making anything?"""
        return n == 0 or not self._cells(n, region).any()

    def read(self, n: int, region: Region) -> NDArray[Any]:
        """A view of `region` (in pixels of level `n`, clipped); makes first what is stale there."""
        region = region.clip(self._levels[n].shape)
        self._freshen(n, region)
        return self._levels[n][region.slices]

    def level(self, n: int) -> NDArray[Any]:
        """The whole of level `n`."""
        return self.read(n, Region.whole(self._levels[n].shape))

    def build(self) -> None:
        """Make every level."""
        self.level(self.levels - 1)
        for n in range(1, self.levels):
            self.level(n)

    @property
    def nbytes(self) -> int:
        """Memory of the levels above 0."""
        return sum(level.nbytes for level in self._levels[1:])

    def _cells(self, n: int, region: Region) -> NDArray[np.bool_]:
        rows = slice(region.y0 // CELL, max(0, region.y1 - 1) // CELL + 1)
        return self._stale[n][rows, region.x0 // CELL : max(0, region.x1 - 1) // CELL + 1]

    def _freshen(self, n: int, region: Region) -> None:
        if n == 0 or region.empty:
            return
        cells = self._cells(n, region)
        if not cells.any():
            return
        top, left = region.y0 // CELL, region.x0 // CELL
        for y0, x0, y1, x1 in _blocks(cells):
            part = Region(top + y0, left + x0, top + y1, left + x1)
            target = Region(part.y0 * CELL, part.x0 * CELL, part.y1 * CELL, part.x1 * CELL).clip(self._levels[n].shape)
            source = Region(target.y0 * 2, target.x0 * 2, target.y1 * 2, target.x1 * 2).clip(self._levels[n - 1].shape)
            self._freshen(n - 1, source)
            self._halve(n, source, target)
        cells[...] = False

    def _halve(self, n: int, source: Region, target: Region) -> None:
        """Make `target` of level `n` from `source` of the level before."""
        pixels, out = self._levels[n - 1][source.slices], self._levels[n][target.slices]
        if self.peak:
            import cv2

            inked = self._inked[n][target.y0 // CELL : -(-target.y1 // CELL), target.x0 // CELL : -(-target.x1 // CELL)]
            ink = cv2.countNonZero(pixels) > 0
            if not ink and not inked.any():
                return  # not written to, zeros cost no memory
            inked[...] = ink
        if pixels.dtype == np.uint8 and not self.peak:
            _means(pixels, out)
            return
        rows = max(1, BAND // (2 * max(1, pixels[0].nbytes)))
        scratch = np.empty((rows, pixels.shape[1] + 1 & ~1), np.uint8) if self.peak else None
        for y in range(0, out.shape[0], rows):
            band = _eight_bits(pixels[2 * y : 2 * (y + rows)], self.white)
            if scratch is not None:
                _peaks(band, out[y : y + rows], scratch)
            else:
                _means(band, out[y : y + rows])


def _eight_bits(band: NDArray[Any], white: float) -> NDArray[np.uint8]:
    if band.dtype == np.uint8:
        return band
    if band.dtype == np.uint16:
        return (band >> 8).astype(np.uint8)
    scaled = np.nan_to_num(band * np.float32(255.0 / white), nan=0.0, posinf=255.0, neginf=0.0)
    return np.clip(scaled + np.float32(0.5), 0, 255).astype(np.uint8)


def _means(band: NDArray[np.uint8], target: NDArray[np.uint8]) -> None:
    import cv2

    height, width = band.shape[0] // 2, band.shape[1] // 2
    if height and width:
        cv2.resize(
            band[: 2 * height, : 2 * width], (width, height), dst=target[:height, :width], interpolation=cv2.INTER_AREA
        )
    if band.shape[1] % 2 and height:
        pair = band[: 2 * height, -1].reshape(height, 2, *band.shape[2:])
        target[:height, -1] = _mean(pair, 1)
    if band.shape[0] % 2:
        if width:
            pair = band[-1, : 2 * width].reshape(width, 2, *band.shape[2:])
            target[-1, :width] = _mean(pair, 1)
        if band.shape[1] % 2:
            target[-1, -1] = band[-1, -1]


def _mean(pair: NDArray[np.uint8], axis: int) -> NDArray[np.uint8]:
    """Mean of two, rounded as INTER_AREA rounds: halves go up."""
    return ((pair.sum(axis=axis, dtype=np.uint16) + 1) >> 1).astype(np.uint8)


def _peaks(band: NDArray[np.uint8], target: NDArray[np.uint8], scratch: NDArray[np.uint8]) -> None:
    """Column neighbours first, then row neighbours as the two bytes of one number: half the work of striding."""
    if band.shape[0] % 2:
        band = np.concatenate([band, band[-1:]])
    tall = scratch[: band.shape[0] // 2]
    width = band.shape[1]
    np.maximum(band[0::2], band[1::2], out=tall[:, :width])
    if width % 2:
        tall[:, width] = tall[:, width - 1]
    pairs = tall.view(np.uint16)
    target[...] = np.maximum(pairs >> 8, pairs & 255)


def _blocks(cells: NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """Rectangles (y0, x0, y1, x1) that cover the True cells and no others."""
    if cells.all():
        return [(0, 0, cells.shape[0], cells.shape[1])]
    blocks: dict[tuple[int, int], list[tuple[int, int, int, int]]] = {}
    padded = np.zeros(cells.shape[1] + 2, np.bool_)
    for y in np.flatnonzero(cells.any(axis=1)):
        padded[1:-1] = cells[y]
        edges = np.flatnonzero(padded[1:] != padded[:-1])
        for x0, x1 in zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True):
            column = blocks.setdefault((x0, x1), [])
            if column and column[-1][2] == y:
                column[-1] = (column[-1][0], x0, int(y) + 1, x1)
            else:
                column.append((int(y), x0, int(y) + 1, x1))
    return sorted(b for column in blocks.values() for b in column)
