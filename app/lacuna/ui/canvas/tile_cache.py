"""Tiles of a zoomed picture as ready images, least recently used ones forgotten first, bounded in bytes.

A tile is a square of device pixels of one layer at one scale, so painting is copying. What changes in the picture marks
parts of tiles stale; a stale part is made anew, in place, when the tile is next painted. What a stroke has just painted
may be dabbed onto its tiles at once, so that the hand need not wait for rings and outlines: it is made anew a little
later, by `settle`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from lacuna.imaging.region import TILE, Region
from lacuna.ui.canvas.scale import Scale, indices
from lacuna.ui.canvas.viewport import scaled

Argb = NDArray[np.uint32]  # 0xAARRGGBB, premultiplied where not opaque
Key = tuple[int, int]  # row, column
NOWHERE = Region(0, 0, 0, 0)
EVERYWHERE = Region(-(1 << 40), -(1 << 40), 1 << 40, 1 << 40)
BUDGET = 96 << 20
MANY = 64  # changes that a group remembers one by one, and tiles that are looked at one by one
EMPTY_COST = 128  # bytes that an empty tile's entry is taken to cost
SCATTERED = 1.5  # times their own area that the box around stale parts may have to be made as one


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
    """Pixels and the image over them; no pixels where nothing is to be seen.

    `stale` is in the tile's own pixels; with `dabbed` it shows something near enough to the truth to be painted.
    """

    __slots__ = ("dabbed", "image", "pixels", "stale")

    def __init__(self, pixels: Argb | None, opaque: bool) -> None:
        self.stale: Region | None = None
        self.dabbed = False
        self.put(pixels, opaque)

    def put(self, pixels: Argb | None, opaque: bool) -> None:
        """Take other pixels."""
        self.pixels = pixels
        self.image: QImage | None = None
        if pixels is not None:
            kind = QImage.Format.Format_RGB32 if opaque else QImage.Format.Format_ARGB32_Premultiplied
            self.image = QImage(pixels.data, pixels.shape[1], pixels.shape[0], pixels.strides[0], kind)

    def mark(self, y0: int, x0: int, y1: int, x1: int, *, dabbed: bool) -> None:
        """Say that a part is not up to date."""
        old = self.stale
        if old is not None:
            y0, x0, y1, x1 = min(y0, old.y0), min(x0, old.x0), max(y1, old.y1), max(x1, old.x1)
        self.dabbed = dabbed and (old is None or self.dabbed)
        self.stale = Region(y0, x0, y1, x1)

    @property
    def nbytes(self) -> int:
        return EMPTY_COST if self.pixels is None else self.pixels.nbytes


class Group:
    """The tiles of one layer at one scale. `changes` are those it has not looked at since it was last used."""

    def __init__(self, layer: Layer, scale: Scale) -> None:
        self.layer = layer
        self.scale = scale
        self.size = scaled(layer.shape, scale.zoom)
        self.tiles: dict[Key, Tile] = {}
        self.changes: list[Region] = []
        self.dabbed: set[Key] = set()
        self.unseen: list[Region] = []  # changes that tiles in sight have not been marked with

    def rect(self, key: Key) -> Region:
        """The device pixels of the zoomed picture that a tile holds."""
        return Region.of_tile(*key, self.size, TILE)

    def catch_up(self) -> None:
        """Mark what has changed meanwhile."""
        for region in self.changes:
            self.mark(region)
        self.changes.clear()

    def mark(self, region: Region, *, dabbed: bool = False, but: Region = NOWHERE) -> None:
        """Mark the tiles that image pixels `region` show in, but not those that show some of the image region `but`."""
        spared = NOWHERE if but.empty else zoomed(but, self.scale.zoom)
        rows, columns = (range(a // TILE, -(-b // TILE)) for a, b in ((spared.y0, spared.y1), (spared.x0, spared.x1)))
        rect = zoomed(region, self.scale.zoom).pad(self.layer.reach(self.scale)).clip(self.size)
        for key in rect.tiles() if rect.area < MANY * TILE * TILE else tuple(self.tiles):
            tile = self.tiles.get(key)
            if tile is None or (key[0] in rows and key[1] in columns):
                continue
            y0, x0 = max(0, rect.y0 - key[0] * TILE), max(0, rect.x0 - key[1] * TILE)
            y1, x1 = min(TILE, rect.y1 - key[0] * TILE), min(TILE, rect.x1 - key[1] * TILE)
            if y0 < y1 and x0 < x1:
                tile.mark(y0, x0, y1, x1, dabbed=dabbed)
                if tile.dabbed:
                    self.dabbed.add(key)

    def stale_rect(self, key: Key) -> Region:
        """The stale device pixels of the zoomed picture of a tile that has some."""
        stale = self.tiles[key].stale
        assert stale is not None
        return stale.shift(key[0] * TILE, key[1] * TILE).clip(self.size)


class TileCache:
    """The tiles of all layers; views of one picture share it."""

    def __init__(self, budget: int = BUDGET) -> None:
        self.budget = budget
        self.nbytes = 0
        self._groups: dict[tuple[int, tuple[float, bool]], Group] = {}
        self._order: OrderedDict[tuple[Group, Key], Tile] = OrderedDict()  # least recently used first

    def __len__(self) -> int:
        return len(self._order)

    def group(self, layer: Layer, scale: Scale) -> Group:
        """A layer's tiles at a scale, for the length of one paint."""
        name = (id(layer), scale.key)
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = Group(layer, scale)
        if group.changes:
            group.catch_up()
        return group

    def tile(self, group: Group, key: Key) -> Tile:
        """A tile, up to date, or near enough to it after a dab."""
        tile = group.tiles.get(key)
        if tile is None:
            pixels = group.layer.render(group.scale, group.rect(key))
            tile = Tile(None if pixels is None else np.ascontiguousarray(pixels), group.layer.opaque)
            self._put(group, key, tile)
            return tile
        self._order.move_to_end((group, key))
        if tile.stale is not None and not tile.dabbed:
            rect = group.stale_rect(key)
            self._write(group, key, rect, group.layer.render(group.scale, rect))
        return tile

    def stale(self, layer: Layer, region: Region, *, scale: Scale | None = None, seen: Region = NOWHERE) -> None:
        """Say that image pixels of `layer` have changed.

        Tiles at `scale` that show some of the image region `seen` are left as they are until `look_around`: what
        changed in their visible parts is told by `dab`.
        """
        for group in self._groups.values():
            if group.layer is not layer:
                continue
            if scale is None or group.scale.key != scale.key:
                group.changes = remembered(group.changes, region)
            elif seen != EVERYWHERE:
                group.catch_up()
                group.mark(region, but=seen)
                group.unseen = remembered(group.unseen, region)

    def look_around(self, layer: Layer) -> None:
        """Other parts of the picture are seen now: no tile is left as it is any longer."""
        for group in self._groups.values():
            if group.layer is layer and group.unseen:
                for region in group.unseen:
                    group.mark(region)
                group.unseen.clear()

    def dab(
        self,
        layer: Layer,
        scale: Scale,
        part: Region,
        changed: NDArray[np.bool_],
        values: NDArray[np.uint8],
        tints: Argb,
    ) -> None:
        """Show at once those image pixels of `part` that have `changed`, by the `tints` of their `values`, at `scale`.

        What surrounds them (rings, outlines) is left to `settle`. Nothing is done for other scales: see `stale`.
        """
        group = self._groups.get((id(layer), scale.key))
        if group is not None:
            group.catch_up()
            self._dab(group, part, changed, values, tints)
            group.mark(part, dabbed=True)

    def settle(self, layer: Layer, scale: Scale) -> None:
        """Make anew what was dabbed, at `scale` now, elsewhere when it is next painted."""
        for group in self._groups.values():
            if group.layer is not layer or not group.dabbed:
                continue
            keys = [key for key in group.dabbed if key in group.tiles]
            group.dabbed.clear()
            for key in keys:
                group.tiles[key].dabbed = False
            if group.scale.key == scale.key:
                self.mend(group, keys)

    def mend(self, group: Group, keys: Iterable[Key]) -> None:
        """Bring those of these tiles up to date that are there, in one go if their stale parts lie close together."""
        stale = []
        for key in keys:
            tile = group.tiles.get(key)
            if tile is not None and tile.stale is not None and not tile.dabbed:
                stale.append((key, group.stale_rect(key)))
        if not stale:
            return
        box = Region.around(rect for _key, rect in stale)
        if box.area > SCATTERED * sum(rect.area for _key, rect in stale):
            for key, rect in stale:
                self._write(group, key, rect, group.layer.render(group.scale, rect))
            return
        pixels = group.layer.render(group.scale, box)
        for key, rect in stale:
            self._write(group, key, rect, None if pixels is None else pixels[rect.shift(-box.y0, -box.x0).slices])

    def forget(self, layer: Layer | None = None) -> None:
        """Let go of all tiles, or those of one layer."""
        for group in [g for g in self._groups.values() if layer is None or g.layer is layer]:
            for key in tuple(group.tiles):
                self._drop(group, key)

    def _dab(
        self, group: Group, part: Region, changed: NDArray[np.bool_], values: NDArray[np.uint8], tints: Argb
    ) -> None:
        zoom = group.scale.zoom
        rows, y0, y1 = indices(zoom, group.layer.shape[0], part.y0, part.y1)
        columns, x0, x1 = indices(zoom, group.layer.shape[1], part.x0, part.x1)
        if y0 >= y1 or x0 >= x1:
            return  # too small to fall on a device pixel
        if zoom != 1.0:
            rows, columns = rows - part.y0, columns - part.x0
            changed = np.take(np.take(changed, columns, 1), rows, 0)
            values = np.take(np.take(values, columns, 1), rows, 0)
        rect = Region(y0, x0, y1, x1)
        for key in rect.tiles():
            tile = group.tiles.get(key)
            if tile is None:
                continue
            inside = rect.intersect(group.rect(key))
            source = inside.shift(-y0, -x0).slices
            where = changed[source]
            if not where.any():
                continue
            if tile.pixels is None:
                self._fill_out(group, key)
            assert tile.pixels is not None
            target = tile.pixels[inside.shift(-key[0] * TILE, -key[1] * TILE).slices]
            target[where] = tints[values[source][where]]

    def _write(self, group: Group, key: Key, rect: Region, part: Argb | None) -> None:
        """Put new pixels at `rect` of the zoomed picture into a tile; an empty tile becomes one with pixels."""
        tile = group.tiles[key]
        tile.stale, tile.dabbed = None, False
        if tile.pixels is None:
            if part is None or not part.any():
                return
            self._fill_out(group, key)
        assert tile.pixels is not None
        tile.pixels[rect.shift(-key[0] * TILE, -key[1] * TILE).slices] = 0 if part is None else part

    def _fill_out(self, group: Group, key: Key) -> None:
        """Give an empty tile pixels."""
        tile, rect = group.tiles[key], group.rect(key)
        self.nbytes -= tile.nbytes
        tile.put(np.zeros((rect.height, rect.width), np.uint32), group.layer.opaque)
        self.nbytes += tile.nbytes

    def _put(self, group: Group, key: Key, tile: Tile) -> None:
        group.tiles[key] = tile
        self._order[group, key] = tile
        self.nbytes += tile.nbytes
        while self.nbytes > self.budget and len(self._order) > 1:
            self._drop(*next(iter(self._order)))

    def _drop(self, group: Group, key: Key) -> None:
        self.nbytes -= self._order.pop((group, key)).nbytes
        del group.tiles[key]
        if not group.tiles:
            self._groups.pop((id(group.layer), group.scale.key), None)


def remembered(regions: list[Region], region: Region) -> list[Region]:
    """One more region; many become the box around them."""
    return [*regions, region] if len(regions) < MANY else [Region.around((*regions, region))]


def zoomed(region: Region, zoom: float) -> Region:
    """The device pixels of the zoomed picture that may show something of an image region."""
    return Region(
        int(region.y0 * zoom) - 1, int(region.x0 * zoom) - 1, int(region.y1 * zoom) + 2, int(region.x1 * zoom) + 2
    )
