"""What is drawn over the tiles, in device pixels: nib, edges, frames, divider, notes.

Everything is drawn in two tones, so that no picture hides it. Each thing tells the device pixels it covers, so that a
move repaints those and no others.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPainterPath, QPen

from lacuna.editor.edges import Edges
from lacuna.imaging.region import Region
from lacuna.ui.canvas.viewport import Viewport

DARK = QColor(0, 0, 0, 170)
LIGHT = QColor(255, 255, 255, 235)
SMALL_NIB = 4.0  # device-independent radius below which arms show where it is
WHOLE_BOX = 300.0  # device pixels of radius up to which a nib is repainted with all that is in it: many boxes cost too
ARM = (7.0, 14.0)  # where they begin and end


class EdgesView:
    """Edges that a fill has followed, each in its place over the picture, as images that are made once."""

    def __init__(self) -> None:
        self._edges: tuple[Edges, ...] = ()
        self._images: list[QImage] = []

    def become(self, edges: tuple[Edges, ...], viewport: Viewport) -> list[Region]:
        """Show `edges` from now on; the device pixels of the view that look different thereby."""
        before = self._edges
        if edges == before:
            return []
        self._edges, self._images = edges, [_drawn(each.strength) for each in edges]
        return [viewport.on_screen(each.region).pad(1) for each in (*before, *edges)]

    def paint(self, painter: QPainter, viewport: Viewport) -> None:
        painter.save()
        painter.translate(viewport.x, viewport.y)
        painter.scale(viewport.zoom, viewport.zoom)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, viewport.zoom < 1)  # larger ones are squares
        for each, image in zip(self._edges, self._images, strict=True):
            painter.drawImage(QPointF(each.region.x0, each.region.y0), image)
        painter.restore()


def _drawn(strength: NDArray[np.float32]) -> QImage:
    """White lines, each with a dark one below it to the right, and nothing between them."""
    light = np.clip(strength * np.float32(255), 0, 255).astype(np.uint8)
    pixels = np.empty((*light.shape, 4), np.uint8)
    pixels[..., :3] = light[..., None]  # a premultiplied white is as bright as it is opaque
    pixels[..., 3] = light
    shadow = light[:-1, :-1] // np.uint8(2)
    np.maximum(pixels[1:, 1:, 3], shadow, out=pixels[1:, 1:, 3])
    height, width = light.shape
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888_Premultiplied).copy()


@lru_cache(4)  # where the nib was drawn is asked for again when it has moved on
def ring(x: float, y: float, radius: float, ratio: float) -> tuple[Region, ...]:
    """Boxes that together cover a nib as `paint_nib` draws it: for a large one not what lies within."""
    line = 3 * ratio
    if radius < WHOLE_BOX:
        reach = max(radius, ARM[1] * ratio) + line
        return (box_of(x - reach, y - reach, x + reach, y + reach),)
    outer, inner = radius + line, radius - line
    bands = min(32, max(4, round(outer / 100)))
    heights = [-outer * math.cos(math.pi * i / bands) for i in range(bands + 1)]
    boxes = []
    for top, bottom in pairwise(heights):
        near = 0.0 if top < 0 < bottom else min(abs(top), abs(bottom))
        far = max(abs(top), abs(bottom))
        wide = math.sqrt(max(0.0, outer * outer - near * near))
        hollow = math.sqrt(inner * inner - far * far) if far < inner else 0.0
        if hollow < 8 * ratio:
            boxes.append(box_of(x - wide, y + top, x + wide, y + bottom))
        else:
            boxes.append(box_of(x - wide, y + top, x - hollow, y + bottom))
            boxes.append(box_of(x + hollow, y + top, x + wide, y + bottom))
    return tuple(boxes)


def paint_nib(painter: QPainter, x: float, y: float, radius: float, ratio: float) -> None:
    """A circle at its true size, light within dark; arms around one too small to be found."""
    width = max(1.0, ratio)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(DARK, width))
    painter.drawEllipse(QPointF(x, y), radius + width / 2, radius + width / 2)
    painter.setPen(QPen(LIGHT, width))
    painter.drawEllipse(QPointF(x, y), max(0.5, radius - width / 2), max(0.5, radius - width / 2))
    if radius < SMALL_NIB * ratio:
        x, y = round(x), round(y)  # lines of an even width between two rows of pixels: half a pixel off they are grey
        for pen in (QPen(DARK, 2 * (width + 1)), QPen(LIGHT, 2 * width)):
            painter.setPen(pen)
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                near, far = ARM[0] * ratio, ARM[1] * ratio
                painter.drawLine(QPointF(x + dx * near, y + dy * near), QPointF(x + dx * far, y + dy * far))
    painter.restore()


def paint_frame(painter: QPainter, rect: Region, ratio: float, colour: QColor = LIGHT) -> None:
    """A frame just around device pixels: `colour` within dark."""
    width = max(1, round(ratio))
    for i, tone in enumerate((colour, DARK)):
        out = rect.pad((i + 1) * width)
        for x0, y0, x1, y1 in (
            (out.x0, out.y0, out.x1, out.y0 + width),
            (out.x0, out.y1 - width, out.x1, out.y1),
            (out.x0, out.y0 + width, out.x0 + width, out.y1 - width),
            (out.x1 - width, out.y0 + width, out.x1, out.y1 - width),
        ):
            painter.fillRect(QRect(x0, y0, x1 - x0, y1 - y0), tone)


def frame_bounds(rect: Region, ratio: float) -> Region:
    """The device pixels that `paint_frame` covers, and what lies within."""
    return rect.pad(2 * max(1, round(ratio)))


def paint_focus(painter: QPainter, rect: Region, width: int, colour: QColor) -> None:
    """A frame within the view's border: it has the keyboard."""
    for x0, y0, x1, y1 in (
        (rect.x0, rect.y0, rect.x1, rect.y0 + width),
        (rect.x0, rect.y1 - width, rect.x1, rect.y1),
        (rect.x0, rect.y0 + width, rect.x0 + width, rect.y1 - width),
        (rect.x1 - width, rect.y0 + width, rect.x1, rect.y1 - width),
    ):
        painter.fillRect(QRect(x0, y0, x1 - x0, y1 - y0), colour)


def paint_divider(painter: QPainter, x: int, height: int, ratio: float, *, hot: bool) -> None:
    """The line between before and after, and the handle to drag it by."""
    width = max(1, round(ratio))
    painter.fillRect(QRect(x - 2 * width, 0, 4 * width, height), DARK)
    painter.fillRect(QRect(x - width, 0, 2 * width, height), LIGHT)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    radius = 15 * ratio
    centre = QPointF(x, height / 2)
    painter.setPen(QPen(DARK, width))
    painter.setBrush(QColor(255, 255, 255) if hot else QColor(240, 240, 240))
    painter.drawEllipse(centre, radius, radius)
    painter.setPen(QPen(QColor(40, 40, 40), 2 * ratio, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for way in (-1, 1):
        tip = centre + QPointF(way * 9 * ratio, 0)
        arrow = QPainterPath(tip + QPointF(-way * 4 * ratio, -5 * ratio))
        arrow.lineTo(tip)
        arrow.lineTo(tip + QPointF(-way * 4 * ratio, 5 * ratio))
        painter.drawPath(arrow)
    painter.restore()


def divider_bounds(x: int, height: int, ratio: float) -> Region:
    """The device pixels that `paint_divider` covers."""
    reach = math.ceil(17 * ratio)
    return Region(0, x - reach, height, x + reach)


def note_rect(text: str, font: QFont, x: int, y: int, ratio: float, align: Qt.AlignmentFlag) -> Region:
    """The device pixels of a note whose top is at `y` and whose left, middle or right is at `x`."""
    metrics = QFontMetrics(font)
    width = math.ceil((metrics.horizontalAdvance(text) + 24) * ratio)
    height = math.ceil((metrics.height() + 10) * ratio)
    left = {Qt.AlignmentFlag.AlignLeft: x, Qt.AlignmentFlag.AlignRight: x - width}.get(align, x - width // 2)
    return Region(y, left, y + height, left + width)


def paint_note(painter: QPainter, text: str, font: QFont, rect: Region, ratio: float) -> None:
    """A few words on a dark pill."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(20, 20, 22, 200))
    box = QRectF(rect.x0, rect.y0, rect.width, rect.height)
    painter.drawRoundedRect(box, rect.height / 2, rect.height / 2)
    painter.setPen(QColor(255, 255, 255))
    scaled = QFont(font)
    if font.pointSizeF() > 0:
        scaled.setPointSizeF(font.pointSizeF() * ratio)
    else:
        scaled.setPixelSize(round(font.pixelSize() * ratio))
    painter.setFont(scaled)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def box_of(x0: float, y0: float, x1: float, y1: float) -> Region:
    return Region(math.floor(y0), math.floor(x0), math.ceil(y1) + 1, math.ceil(x1) + 1)
