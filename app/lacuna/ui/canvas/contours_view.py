"""Edges in place of the picture: its own, those that a model predicts in the hole, and the lines that were drawn.

The picture is dimmed below them, or hidden. What is seen is mapped by a worker; until a new map is there, the last one
stays in its place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QObject, QPointF, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter

from lacuna.document.document import Document
from lacuna.editor.contour_sight import ContourMap
from lacuna.editor.editor import Editor
from lacuna.editor.values import Message
from lacuna.errors import LacunaError
from lacuna.imaging.region import Region
from lacuna.ui.canvas.painting import as_rect
from lacuna.ui.canvas.view import View

GROUND = QColor(18, 18, 20)
DIMMED = 0.8  # how much of the picture is covered
PICTURE = QColor("#f2f2f2")  # on the ground: light, red and blue differ for whoever sees no colours, too
PREDICTED = QColor("#ff4fb8")
HOLE = 0.14  # how much lighter the hole is
FAINTEST = 20  # of 255: an edge that a model is less sure of is not drawn
AFTER = 40  # ms from a change to the next map
AGAIN = 2000  # ms from a map that failed to the next try
BEYOND = 0.15  # of the view's sides that is mapped around it, so that small moves need no new map


@dataclass(frozen=True, eq=False)
class Drawn:
    """A map as an image, and where it lies: `region` of a level, `size` of whose pixels are one."""

    image: QImage
    region: Region
    size: int


def drawn(found: ContourMap) -> Drawn:
    """For the worker: the edges in their colours, with nothing between them but a light hole."""
    share = np.where(found.hole, np.float32(HOLE), np.float32(0))
    strength = np.where(found.predicted >= FAINTEST, np.sqrt(found.predicted * np.float32(1 / 255)), np.float32(0))
    pixels = np.empty((*found.hole.shape, 4), np.uint8)
    layers = ((share, QColor(255, 255, 255)), (strength, PREDICTED), (found.picture.astype(np.float32), PICTURE))
    mixed = np.zeros((*found.hole.shape, 4), np.float32)
    for alpha, colour in layers:
        tone = np.array((colour.red(), colour.green(), colour.blue(), 255), np.float32)
        mixed += alpha[..., None] * (tone - mixed)
    pixels[...] = np.rint(mixed)
    height, width = found.hole.shape
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888_Premultiplied)
    # The screen's own order, once: else each paint would turn it round. A copy, that keeps no array alive.
    return Drawn(image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied), found.region, found.size)


class ContoursView(QObject):
    """What a view shows of edges while it is `on`. `toggled` follows each change of that."""

    toggled = Signal(bool)

    def __init__(self, view: View, editor: Editor) -> None:
        super().__init__(view)
        self._view = view
        self._editor = editor
        self._on = False
        self._drawn: Drawn | None = None
        self._key: object = None  # what the map in view, or the one on its way, was made from
        self._region = Region(0, 0, 0, 0)
        self._waiting = False  # a map is on its way
        self._failed = False  # so did the last one, which was said
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._look)
        editor.state_changed.add(self.look)
        editor.filling.came.add(self._filled)
        view.scene.changed.connect(self.look)
        view.scene.replaced.connect(self._forget)

    @property
    def on(self) -> bool:
        return self._on

    @on.setter
    def on(self, on: bool) -> None:
        if on != self._on:
            self._on = on
            self._forget()
            self.toggled.emit(on)

    @property
    def finished(self) -> bool:
        """What is seen is mapped."""
        return not self._later.isActive() and not self._waiting and self._drawn is not None

    def look(self, _changed: object = None) -> None:
        """Something may look different: map it anew, if it does."""
        if self._on and not self._later.isActive():
            self._later.start(AFTER)

    def _filled(self) -> None:
        """What was asked for is to be seen, which it is not below this."""
        self.on = False

    def _forget(self) -> None:
        self._editor.contours.sight.cancel()
        self._drawn, self._key, self._waiting, self._failed = None, None, False, False
        self._later.stop()
        self.look()
        self._view.update()

    def _look(self) -> None:
        document, gesture = self._editor.document, self._editor.gesture
        if not self._on or document is None or (gesture is not None and gesture.writes):
            return
        level = self._level(document)
        side, shape = 1 << level, document.photo_pyramid.shape(level)
        seen = self._view.viewport.visible
        part = Region(seen.y0 // side, seen.x0 // side, -(-seen.y1 // side), -(-seen.x1 // side)).clip(shape)
        contours = self._editor.contours
        key = (
            level,
            document.photo.revision,
            document.mask.revision,
            document.predicted,
            contours.strokes,
            contours.sigma,
        )
        if part.empty or (key == self._key and self._region.intersect(part) == part):
            return
        wide = part.pad(round(BEYOND * max(part.height, part.width))).clip(shape)
        self._key, self._region, self._waiting = key, wide, True
        contours.sight.make(document, level, wide, drawn, self._came, self._map_failed)

    def _level(self, document: Document) -> int:
        zoom = max(1e-6, self._view.viewport.zoom)
        return min(document.photo_pyramid.levels - 1, max(0, round(math.log2(1 / zoom))))

    def _came(self, drawn: Drawn) -> None:
        self._drawn, self._waiting = drawn, False
        self._view.update()
        if self._failed:
            self._failed = False
            self._editor.state_changed()  # what was said of it is over

    def _map_failed(self, error: LacunaError) -> None:
        """It may have been for want of memory, which others may free: try again, and say it once."""
        self._key, self._waiting = None, False
        self._later.start(AGAIN)
        if not self._failed:
            self._failed = True
            self._editor.tell(replace(Message.of(error), over=lambda: not self._failed))

    def paint(self, painter: QPainter, *, plain: bool) -> None:
        """The ground over the picture, hidden where it is `plain`, and the edges; in device pixels."""
        viewport = self._view.viewport
        inside = Region(0, 0, viewport.height, viewport.width).intersect(viewport.picture)
        ground = QColor(GROUND)
        ground.setAlphaF(1.0 if plain else DIMMED)
        painter.fillRect(as_rect(inside), ground)
        if self._drawn is None:
            return
        drawn, scale = self._drawn, viewport.zoom * self._drawn.size
        painter.save()
        painter.setClipRect(as_rect(inside))
        painter.translate(viewport.x, viewport.y)
        painter.scale(scale, scale)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 1)  # larger ones are squares
        painter.drawImage(QPointF(drawn.region.x0, drawn.region.y0), drawn.image)
        painter.restore()
