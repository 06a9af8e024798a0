"""One zoom of a picture: the space of its device pixels, and how they are taken from a level of its pyramid.

The zoomed picture is a plane of its own, whose pixel (0, 0) is the picture's corner and which does not move when the
view is panned. Each of its pixels is a function of the picture and the zoom alone, never of the part that is asked for:
so tiles join without a seam, and a part made anew equals the whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.pyramid import SMALLEST
from lacuna.imaging.region import Region

SQUARES_FROM = 3.0  # from here on pixels are shown as squares
BEYOND = 64  # device pixels past the picture's edge that may be asked for
FRACTION_BITS = 5  # of cv2.remap's fixed-point weights

Reader = Callable[[int, Region], NDArray[Any]]  # pixels (h, w, ...) of a level's region, in level pixels


@dataclass(frozen=True)
class Scale:
    """A zoom (device pixels an image pixel) and whether pixels between are interpolated."""

    zoom: float
    smooth: bool = True

    def level(self, shape: tuple[int, ...]) -> int:
        """The level of a picture of that shape whose pixels come nearest to one device pixel each."""
        return min(self._wanted, top_level(shape))

    @cached_property
    def _wanted(self) -> int:
        return max(0, math.floor(-math.log2(self.zoom) + 0.5))

    @property
    def interpolates(self) -> bool:
        """Not at whole levels, which need no filter, and not where pixels are shown as squares."""
        return self.smooth and self.zoom < SQUARES_FROM and self.step(self._wanted) != 1.0

    @cached_property
    def key(self) -> tuple[float, bool]:
        """Equal for scales that show the same pixels."""
        return self.zoom, self.interpolates

    def step(self, level: int) -> float:
        """Device pixels a pixel of `level`."""
        return float(self.zoom * 2.0**level)


def level_shape(shape: tuple[int, ...], level: int) -> tuple[int, int]:
    """(height, width) of a level of a picture: each is half the one before, rounded up."""
    return -(-shape[0] >> level), -(-shape[1] >> level)


@lru_cache(16)
def top_level(shape: tuple[int, ...]) -> int:
    """The smallest level that a pyramid of that shape has."""
    long, level = max(shape[:2]), 0
    while long > SMALLEST:
        long, level = -(-long // 2), level + 1
    return level


def nearest(read: Reader, shape: tuple[int, ...], level: int, step: float, rect: Region) -> NDArray[Any]:
    """The device pixels `rect` of the zoomed picture, each the level's pixel it lies in; beyond the edge, the edge."""
    height, width = level_shape(shape, level)
    if step == 1.0 and rect.y0 >= 0 and rect.x0 >= 0 and rect.y1 <= height and rect.x1 <= width:
        return read(level, rect)
    rows, columns = _indices(step, height, rect.y0, rect.y1), _indices(step, width, rect.x0, rect.x1)
    y0, x0 = int(rows[0]), int(columns[0])
    block = read(level, Region(y0, x0, int(rows[-1]) + 1, int(columns[-1]) + 1))
    return np.take(np.take(block, columns - x0, 1), rows - y0, 0)


def between(read: Reader, shape: tuple[int, ...], level: int, step: float, rect: Region) -> NDArray[Any]:
    """The device pixels `rect` of the zoomed picture, each interpolated between four pixels of the level.

    Weights are multiples of 1/32, worked out from the pixel's place in the whole picture.
    """
    import cv2

    height, width = level_shape(shape, level)
    rows, columns = _places(step, height, rect.y0, rect.y1), _places(step, width, rect.x0, rect.x1)
    first_row, first_column = rows >> FRACTION_BITS, columns >> FRACTION_BITS
    region = Region(int(first_row[0]), int(first_column[0]), int(first_row[-1]) + 2, int(first_column[-1]) + 2).clip(
        (height, width)
    )
    if region.empty:  # wholly beyond the edge
        y0, x0 = min(max(region.y0, 0), height - 1), min(max(region.x0, 0), width - 1)
        region = Region(y0, x0, y0 + 1, x0 + 1)
    places = np.empty((rect.height, rect.width, 2), np.int16)
    places[..., 0] = first_column - region.x0
    places[..., 1] = (first_row - region.y0)[:, None]
    mask = (1 << FRACTION_BITS) - 1
    weights = (((rows & mask) << FRACTION_BITS)[:, None] | (columns & mask)).astype(np.uint16)
    block = np.ascontiguousarray(read(level, region))
    return np.asarray(cv2.remap(block, places, weights, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def indices(zoom: float, size: int, start: int, end: int) -> tuple[NDArray[np.intp], int, int]:
    """Along one axis: the image pixels that device pixels show from `start` to `end`, and which pixels these are."""
    first, last = math.ceil(start * zoom - 0.5), math.ceil(end * zoom - 0.5)
    return _indices(zoom, size, first, last), first, last


def _indices(step: float, size: int, start: int, end: int) -> NDArray[np.intp]:
    """The level's pixel that each device pixel from `start` to `end` lies in, along one axis."""
    table = _index_table(step, size)
    return table[start + BEYOND : end + BEYOND]


def _places(step: float, size: int, start: int, end: int) -> NDArray[np.int64]:
    """Where each device pixel lies between the level's pixels, in units of 1/32."""
    table = _place_table(step, size)
    return table[start + BEYOND : end + BEYOND]


@lru_cache(32)
def _index_table(step: float, size: int) -> NDArray[np.intp]:
    inside = np.floor(_centres(step, size) / step).astype(np.intp)
    return np.minimum(np.maximum(inside, 0), size - 1)


@lru_cache(32)
def _place_table(step: float, size: int) -> NDArray[np.int64]:
    return np.rint((_centres(step, size) / step - 0.5) * (1 << FRACTION_BITS)).astype(np.int64)


def _centres(step: float, size: int) -> NDArray[np.floating]:
    return np.arange(-BEYOND, math.ceil(size * step) + BEYOND) + 0.5
