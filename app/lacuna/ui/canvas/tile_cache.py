"""Tiles of a zoomed picture as ready images, least recently used ones forgotten first, bounded in bytes.

A tile is a square of device pixels of one layer at one scale, so painting is copying. What changes in the picture marks
parts of tiles stale; a stale part is made anew, in place, when the tile is next painted.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from lacuna.imaging.region import TILE, Region
from lacuna.ui.canvas.scale import Scale
from lacuna.ui.canvas.viewport import scaled

Argb = NDArray[np.uint32]  # 0xAARRGGBB, premultiplied where not opaque
BUDGET = 96 << 20
MANY = 64 * TILE * TILE  # device pixels from which on all tiles are looked at, instead of those in question
SCATTERED = 1.5  # times their own area that the box around stale parts may have to be made as one
EMPTY_COST = 128  # bytes that an empty tile's entry is taken to cost


class Layer(Protocol):
    """Something that can be drawn at any scale."""

    opaque: bool
    shape: tuple[int, int]  # (height, width) of the picture

    def render(self, scale: Scale, rect: Region) -> Argb | None:
        """The device pixels `rect` of the zoomed picture; None if all of them are empty."""
        ...

    def reach(self, scale: Scale) -> int:
        """How many device pixels beyond a changed pixel the layer's own pixels may change."""
        ...


class Tile:
    """Pixels and the image over them; no pixels where nothing is to be seen. `stale` is in the tile's own pixels."""

    __slots__ = ("image", "pixels", "stale")

    def __init__(self, pixels: Argb | None, opaque: bool) -> None:
        self.pixels = pixels
        self.stale: Region | None = None
        self.image: QImage | None = None
        if pixels is not None:
            kind = QImage.Format.Format_RGB32 if opaque else QImage.Format.Format_ARGB32_Premultiplied
            self.image = QImage(pixels.data, pixels.shape[1], pixels.shape[0], pixels.strides[0], kind)

    def mark(self, y0: int, x0: int, y1: int, x1: int) -> None:
        """Say that a part is not up to date."""
        if self.stale is not None:
            old = self.stale
            y0, x0, y1, x1 = min(y0, old.y0), min(x0, old.x0), max(y1, old.y1), max(x1, old.x1)
        self.stale = Region(y0, x0, y1, x1)

    @property
    def nbytes(self) -> int:
        return EMPTY_COST if self.pixels is None else self.pixels.nbytes


Group = tuple[int, tuple[float, bool]]  # id of the layer, key of the scale
Key = tuple[int, int]  # row, column


class TileCache:
    """The tiles of all layers; views of one picture share it."""

    def __init__(self, budget: int = BUDGET) -> None:
        self.budget = budget
        self.nbytes = 0
        self._tiles: OrderedDict[tuple[Group, Key], Tile] = OrderedDict()
        self._groups: dict[Group, tuple[Scale, set[Key]]] = {}

    def __len__(self) -> int:
        return len(self._tiles)

    def ready(self, layer: Layer, scale: Scale, row: int, column: int) -> bool:
        """Would `tile` give this tile without making all of it?"""
        return ((id(layer), scale.key), (row, column)) in self._tiles

    def mend(self, layer: Layer, scale: Scale, keys: Iterable[Key]) -> None:
        """Bring those of these tiles up to date that are there, in one go if their stale parts lie close together."""
        group = (id(layer), scale.key)
        stale: list[tuple[Key, Tile, Region]] = []
        for key in keys:
            tile = self._tiles.get((group, key))
            if tile is not None and tile.stale is not None:
                stale.append((key, tile, tile.stale.shift(key[0] * TILE, key[1] * TILE)))
        if len(stale) < 2:
            return  # `tile` does as well
        box = Region.around(rect for _key, _tile, rect in stale).clip(scaled(layer.shape, scale.zoom))
        if box.area > SCATTERED * sum(rect.area for _key, _tile, rect in stale):
            return
        pixels = layer.render(scale, box)
        for key, tile, rect in stale:
            rect = rect.intersect(box)
            part = None if pixels is None else pixels[rect.shift(-box.y0, -box.x0).slices]
            self._write(group, key, layer, scale, tile, rect, part)

    def tile(self, layer: Layer, scale: Scale, row: int, column: int) -> Tile:
        """A tile, up to date."""
        group, key = (id(layer), scale.key), (row, column)
        tile = self._tiles.get((group, key))
        if tile is None:
            tile = Tile(_whole(layer, scale, tile_rect(layer, scale, row, column)), layer.opaque)
            self._put(group, key, scale, tile)
        else:
            self._tiles.move_to_end((group, key))
            if tile.stale is not None:
                tile = self._mended(group, key, layer, scale, tile)
        return tile

    def stale(self, layer: Layer, region: Region) -> None:
        """Say that image pixels of `layer` have changed."""
        for group, (scale, keys) in self._groups.items():
            if group[0] != id(layer):
                continue
            rect = zoomed(region, scale.zoom).pad(layer.reach(scale)).clip(scaled(layer.shape, scale.zoom))
            for key in rect.tiles() if rect.area < MANY else keys:
                if key in keys:
                    tile = self._tiles[group, key]
                    y0, x0 = max(0, rect.y0 - key[0] * TILE), max(0, rect.x0 - key[1] * TILE)
                    y1, x1 = min(TILE, rect.y1 - key[0] * TILE), min(TILE, rect.x1 - key[1] * TILE)
                    if y0 < y1 and x0 < x1:
                        tile.mark(y0, x0, y1, x1)

    def forget(self, layer: Layer | None = None) -> None:
        """Let go of all tiles, or those of one layer."""
        for group in [g for g in self._groups if layer is None or g[0] == id(layer)]:
            for key in tuple(self._groups[group][1]):
                self._drop(group, key)

    def _mended(self, group: Group, key: Key, layer: Layer, scale: Scale, tile: Tile) -> Tile:
        assert tile.stale is not None
        stale = tile.stale.shift(key[0] * TILE, key[1] * TILE).clip(scaled(layer.shape, scale.zoom))
        return self._write(group, key, layer, scale, tile, stale, layer.render(scale, stale))

    def _write(
        self, group: Group, key: Key, layer: Layer, scale: Scale, tile: Tile, rect: Region, part: Argb | None
    ) -> Tile:
        """Put new pixels at `rect` of the zoomed picture into a tile; an empty tile becomes one with pixels."""
        tile.stale = None
        if tile.pixels is None:
            if part is None:
                return tile
            self._drop(group, key)
            whole = tile_rect(layer, scale, *key)
            tile = Tile(np.zeros((whole.height, whole.width), np.uint32), layer.opaque)
            self._put(group, key, scale, tile)
        assert tile.pixels is not None
        tile.pixels[rect.shift(-key[0] * TILE, -key[1] * TILE).slices] = 0 if part is None else part
        return tile

    def _put(self, group: Group, key: Key, scale: Scale, tile: Tile) -> None:
        self._tiles[group, key] = tile
        self._groups.setdefault(group, (scale, set()))[1].add(key)
        self.nbytes += tile.nbytes
        while self.nbytes > self.budget and len(self._tiles) > 1:
            self._drop(*next(iter(self._tiles)))

    def _drop(self, group: Group, key: Key) -> None:
        self.nbytes -= self._tiles.pop((group, key)).nbytes
        keys = self._groups[group][1]
        keys.discard(key)
        if not keys:
            del self._groups[group]


def zoomed(region: Region, zoom: float) -> Region:
    """The device pixels of the zoomed picture that may show something of an image region."""
    return Region(
        int(region.y0 * zoom) - 1, int(region.x0 * zoom) - 1, int(region.y1 * zoom) + 2, int(region.x1 * zoom) + 2
    )


def tile_rect(layer: Layer, scale: Scale, row: int, column: int) -> Region:
    """The device pixels of the zoomed picture that a tile holds."""
    return Region.of_tile(row, column, scaled(layer.shape, scale.zoom), TILE)


def _whole(layer: Layer, scale: Scale, rect: Region) -> Argb | None:
    pixels = layer.render(scale, rect)
    return None if pixels is None else np.ascontiguousarray(pixels)
