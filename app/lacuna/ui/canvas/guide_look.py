"""How a guide looks, done or begun: its kind's colour within light within dark, so that no ground hides it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from lacuna.contract.guides import Guide, GuideStroke

DARK = QColor(25, 25, 28)
LIGHT = QColor(255, 255, 255)
COLOURS = {
    Guide.LINE: QColor("#00c2ff"),
    Guide.ERASE_EDGE: QColor("#ff9f0a"),
    Guide.SOURCE: QColor("#34c759"),
    Guide.NEVER: QColor("#ff453a"),
    Guide.HINT: QColor("#bf5af2"),
}
GREY = QColor(150, 150, 150)
FAINT = 0.6
THINNEST = 2.0  # device-independent pixels
BAND = 6.0  # from so many on a line is a core in a band of its width, through which the picture can be seen
HALO = 1.0  # of light, and as much of dark around it
WITHIN = 45  # of 255: how much an area is tinted
BAND_TINT = 90
POINT = 2.5  # device-independent radius of a point that can be moved


def shown_width(stroke: GuideStroke, zoom: float, ratio: float) -> float:
    """In device pixels."""
    return max(THINNEST * ratio, stroke.width * zoom)


def reach(stroke: GuideStroke, zoom: float, ratio: float) -> float:
    """How many device pixels it covers on either side of its points, marked ones included."""
    return max(shown_width(stroke, zoom, ratio) / 2 + 2 * HALO * ratio, (POINT + 1) * ratio) + 2


def paint_stroke(
    painter: QPainter,
    polygon: QPolygonF,
    stroke: GuideStroke,
    zoom: float,
    ratio: float,
    *,
    ignored: bool = False,
    dashed: bool = False,
    pieces: Sequence[QPolygonF] = (),
) -> None:
    """Paint a guide along `polygon`, in image coordinates; the painter's unit is the device pixel of that `zoom`.

    Of a long one that is no area `pieces` are those that have to be painted.

    One that is `ignored` by the method chosen is grey, and the picture can be seen through it. One that is `dashed` is
    proposed only: its colour comes and goes on the light line.
    """
    colour = COLOURS[stroke.kind] if stroke.colour is None else QColor.fromRgbF(*stroke.colour)
    width = shown_width(stroke, zoom, ratio)
    painter.save()
    if ignored:
        colour = GREY
        painter.setOpacity(FAINT)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.scale(zoom, zoom)
    if stroke.kind is not Guide.HINT and width > BAND * ratio:  # a hint is paint, and covers what is below
        _draw(painter, polygon, stroke, _tinted(colour, BAND_TINT), width)
        width = THINNEST * ratio
    for tone, wider in ((DARK, 4 * HALO), (LIGHT, 2 * HALO), (colour, 0.0)):
        for part in pieces or (polygon,):
            _draw(painter, part, stroke, tone, width + wider * ratio, dashed=dashed and tone is colour)
    if stroke.closed:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_tinted(colour, WITHIN))
        painter.drawPolygon(polygon)
    painter.restore()


def paint_points(painter: QPainter, polygon: QPolygonF, zoom: float, ratio: float) -> None:
    """Mark the points of a line that can be moved."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(zoom, zoom)
    for colour, radius in ((DARK, POINT + 1), (LIGHT, POINT)):
        pen = QPen(colour, 2 * radius * ratio, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawPoints(polygon)
    painter.restore()


def _draw(
    painter: QPainter,
    polygon: QPolygonF,
    stroke: GuideStroke,
    colour: QColor,
    width: float,
    *,
    dashed: bool = False,
) -> None:
    style, cap = Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap
    if dashed:
        style, cap = Qt.PenStyle.DashLine, Qt.PenCapStyle.FlatCap
    pen = QPen(colour, width, style, cap, Qt.PenJoinStyle.RoundJoin)
    pen.setCosmetic(True)
    painter.setPen(pen)
    if stroke.closed:
        painter.drawPolygon(polygon)
    else:
        painter.drawPolyline(polygon)


def _tinted(colour: QColor, alpha: int) -> QColor:
    tint = QColor(colour)
    tint.setAlpha(alpha)
    return tint
