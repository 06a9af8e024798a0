"""Putting tiles on a widget: in whole device pixels, and with no more work than a frame has time for."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QPainter, QRegion
from PySide6.QtWidgets import QWidget

from lacuna.imaging.region import TILE, Region
from lacuna.ui.canvas.scale import Scale
from lacuna.ui.canvas.tile_cache import Group, Layer, TileCache
from lacuna.ui.canvas.viewport import Viewport

PATIENCE = 0.008  # seconds of smoothing in one paint; what is left is shown as squares and smoothed by the next


@contextmanager
def device_painter(widget: QWidget) -> Iterator[QPainter]:
    """A painter whose unit is the device pixel and whose origin lies on one, at any scaling of the desktop."""
    with QPainter(widget) as painter:
        ratio = widget.devicePixelRatio()
        if ratio != 1:
            painter.scale(1 / ratio, 1 / ratio)
        shift = origin_shift(painter)
        if not shift.isNull():
            painter.translate(shift)
        yield painter


def origin_shift(painter: QPainter) -> QPointF:
    """From the painter's origin to the device pixel that is nearest to it."""
    transform = painter.deviceTransform()
    return QPointF(round(transform.dx()) - transform.dx(), round(transform.dy()) - transform.dy())


def device_region(region: QRegion, ratio: float) -> list[Region]:
    """The device pixels of each rectangle of a region in a widget's own coordinates, rounded outwards."""
    rects: list[QRect] = list(region)  # type: ignore[call-overload]  # iterable, though its stub does not say so
    return [to_device(rect, ratio) for rect in rects]


def to_device(rect: QRect, ratio: float) -> Region:
    """The device pixels that a rectangle of a widget touches, and one around where they do not fall on its edge."""
    spill = 0 if ratio == int(ratio) else 1
    return Region(
        math.floor(rect.y() * ratio) - spill,
        math.floor(rect.x() * ratio) - spill,
        math.ceil((rect.y() + rect.height()) * ratio) + spill,
        math.ceil((rect.x() + rect.width()) * ratio) + spill,
    )


def to_widget(region: Region, ratio: float) -> QRect:
    """The rectangle of a widget that holds all of these device pixels."""
    spill = 0 if ratio == int(ratio) else 1
    y0, x0 = math.floor(region.y0 / ratio) - spill, math.floor(region.x0 / ratio) - spill
    y1, x1 = math.ceil(region.y1 / ratio) + spill, math.ceil(region.x1 / ratio) + spill
    return QRect(x0, y0, x1 - x0, y1 - y0)


def as_rect(region: Region) -> QRect:
    return QRect(region.x0, region.y0, region.width, region.height)


class LayerPainter:
    """Paints layers of one view for the length of one paint event; `unfinished` collects what is not smooth yet."""

    def __init__(self, painter: QPainter, cache: TileCache, viewport: Viewport, patience: float = PATIENCE) -> None:
        """`patience` is how many seconds may be spent on smoothing."""
        self.painter = painter
        self.cache = cache
        self.viewport = viewport
        self.scale = Scale(viewport.zoom)
        self.rough = Scale(viewport.zoom, smooth=False)
        self.left = patience
        self.unfinished: list[Region] = []

    def mend(self, parts: Iterable[tuple[Region, list[Layer]]]) -> None:
        """Bring the tiles below these parts of the view up to date, for many small parts at once."""
        wanted: dict[Group, set[tuple[int, int]]] = {}
        for rect, layers in parts:
            inside = rect.intersect(self.viewport.picture).shift(-self.viewport.y, -self.viewport.x)
            for layer in layers:
                wanted.setdefault(self.cache.group(layer, self.scale), set()).update(inside.tiles())
        for group, keys in wanted.items():
            self.cache.mend(group, keys)

    def paint(self, layers: Iterable[Layer], rect: Region, *, keep_clip: bool = False) -> None:
        """Paint the part of the view `rect` that the picture covers, within the painter's own clip if that is kept."""
        rect = rect.intersect(self.viewport.picture)
        if rect.empty:
            return
        clip = Qt.ClipOperation.IntersectClip if keep_clip else Qt.ClipOperation.ReplaceClip
        self.painter.setClipRect(as_rect(rect), clip)
        inside = rect.shift(-self.viewport.y, -self.viewport.x)
        for layer in layers:
            group = self.cache.group(layer, self.scale)
            for key in inside.tiles():
                self._paint_tile(layer, group, key)

    def _paint_tile(self, layer: Layer, group: Group, key: tuple[int, int]) -> None:
        at = QPoint(self.viewport.x + key[1] * TILE, self.viewport.y + key[0] * TILE)
        if group.scale.interpolates and key not in group.tiles:
            if self.left > 0:
                began = time.perf_counter()
                self.cache.tile(group, key)
                self.left -= time.perf_counter() - began
            else:
                group = self.cache.group(layer, self.rough)
                self.unfinished.append(Region(at.y(), at.x(), at.y() + TILE, at.x() + TILE))
        tile = self.cache.tile(group, key)
        if tile.image is not None:
            self.painter.drawImage(at, tile.image)
