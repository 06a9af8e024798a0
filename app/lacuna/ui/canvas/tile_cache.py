"""Tiles of a zoomed picture as ready images, least recently used ones forgotten first, bounded in bytes.

A tile is a square of device pixels of one layer at one scale, so painting is copying. What changes in the picture marks
parts of tiles stale; a stale part is made anew, in place, when the tile is next painted.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from lacuna.imaging.region import TILE, Region
from lacuna.ui.canvas.scale import Scale
from lacuna.ui.canvas.viewport import scaled

Argb = NDArray[np.uint32]  # 0xAARRGGBB, premultiplied where not opaque
BUDGET = 96 << 20
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
            changed = zoomed(region, scale.zoom).pad(layer.reach(scale))
            touched = set(changed.clip(scaled(layer.shape, scale.zoom)).tiles()) if len(keys) > 64 else keys
            for key in touched & keys if touched is not keys else keys:
                rect = tile_rect(layer, scale, *key)
                part = changed.intersect(rect)
                if not part.empty:
                    tile = self._tiles[group, key]
                    part = part.shift(-rect.y0, -rect.x0)
                    tile.stale = part if tile.stale is None else tile.stale.union(part)

    def forget(self, layer: Layer | None = None) -> None:
        """Let go of all tiles, or those of one layer."""
        for group in [g for g in self._groups if layer is None or g[0] == id(layer)]:
            for key in tuple(self._groups[group][1]):
                self._drop(group, key)

    def _mended(self, group: Group, key: Key, layer: Layer, scale: Scale, tile: Tile) -> Tile:
        stale, tile.stale = tile.stale, None
        assert stale is not None
        rect = tile_rect(layer, scale, *key)
        if tile.pixels is not None:
            part = layer.render(scale, stale.shift(rect.y0, rect.x0))
            tile.pixels[stale.slices] = 0 if part is None else part
            return tile
        part = layer.render(scale, stale.shift(rect.y0, rect.x0))
        if part is None:
            return tile
        pixels = np.zeros((rect.height, rect.width), np.uint32)
        pixels[stale.slices] = part
        self._drop(group, key)
        tile = Tile(pixels, layer.opaque)
        self._put(group, key, scale, tile)
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
