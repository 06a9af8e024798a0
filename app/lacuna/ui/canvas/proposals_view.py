"""What is proposed for the mask, outlined over the picture: whole lines around what is on, dashes around the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPen

from lacuna.editor.proposals import Proposals, Proposed
from lacuna.imaging.region import Region
from lacuna.ui.canvas.overlays import DARK
from lacuna.ui.canvas.pieces import Pieces, touched
from lacuna.ui.canvas.viewport import Viewport

ON = QColor("#ffd60a")
OFF = QColor(255, 255, 255, 200)
LINE = 1.5  # device-independent pixels
HALO = 1.25  # on either side of it
DASHES = (3.0, 3.0)  # in widths of the line


class _Drawn:
    """One of them with its lines in pieces, made when they are first seen at a zoom."""

    def __init__(self, proposed: Proposed, on: bool) -> None:
        self.proposed, self.on = proposed, on
        self._pieces: dict[int, Pieces] = {}

    def pieces(self, zoom: float) -> Pieces:
        level = self.proposed.outline.level(zoom)
        if level not in self._pieces:
            lines = self.proposed.outline.levels[level]
            self._pieces[level] = Pieces(np.concatenate([line, line[:1]]) for line in lines)
        return self._pieces[level]


class ProposalsView:
    """The outlines as they are drawn now."""

    def __init__(self) -> None:
        self._drawn: list[_Drawn] = []
        self._boxes = _boxes([])

    def become(self, proposals: Proposals, viewport: Viewport, ratio: float) -> list[Region]:
        """Draw these from now on; the device pixels of the view that look different thereby."""
        wanted = list(zip(proposals.found, proposals.on, strict=True))
        if wanted == [(each.proposed, each.on) for each in self._drawn]:
            return []
        before = {id(each.proposed): each for each in self._drawn}
        changed = [each for each in self._drawn if (each.proposed, each.on) not in wanted]
        drawn = []
        for proposed, on in wanted:
            each = before.get(id(proposed)) or _Drawn(proposed, on)
            if each.on is not on or id(proposed) not in before:
                changed.append(each)
            each.on = on
            drawn.append(each)
        self._drawn, self._boxes = drawn, _boxes(drawn)
        return [_on_screen(each, viewport, ratio) for each in changed]

    def paint(self, painter: QPainter, viewport: Viewport, ratio: float, dirty: Sequence[Region]) -> None:
        """Paint what lies in `dirty` parts of the view; the painter works in device pixels."""
        seen = np.flatnonzero(touched(self._boxes, viewport, dirty, _reach(ratio)))
        if not seen.size:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.translate(viewport.x, viewport.y)
        painter.scale(viewport.zoom, viewport.zoom)
        for each in (self._drawn[i] for i in seen):
            polygons = each.pieces(viewport.zoom).within(viewport, dirty, _reach(ratio))
            for pen in _pens(each.on, ratio):
                painter.setPen(pen)
                for polygon in polygons:
                    painter.drawPolyline(polygon)
        painter.restore()


def _boxes(drawn: Sequence[_Drawn]) -> NDArray[np.float64]:
    regions = [each.proposed.region for each in drawn]
    return np.array([(r.x0, r.y0, r.x1, r.y1) for r in regions], np.float64).reshape(-1, 4)


def _pens(on: bool, ratio: float) -> list[QPen]:
    pens = []
    for colour, width in ((DARK, LINE + 2 * HALO), (ON if on else OFF, LINE)):
        pen = QPen(colour, width * ratio)
        pen.setCosmetic(True)
        if not on:
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            pen.setDashPattern([dash * LINE / width for dash in DASHES])
        pens.append(pen)
    return pens


def _reach(ratio: float) -> float:
    return (LINE / 2 + HALO) * ratio + 2


def _on_screen(each: _Drawn, viewport: Viewport, ratio: float) -> Region:
    return viewport.on_screen(each.proposed.region.pad(1)).pad(round(_reach(ratio)) + 1)
