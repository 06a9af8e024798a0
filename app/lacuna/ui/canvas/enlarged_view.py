"""A part of the enlarged picture over the picture, as far as it is made: plain left of a divider, as chosen right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from lacuna.document.document import Document
from lacuna.editor.enlarged_preview import EnlargedPiece, Sight
from lacuna.i18n import _
from lacuna.imaging.region import Region
from lacuna.ui.canvas.divider import Divider, write
from lacuna.ui.canvas.painting import as_rect
from lacuna.ui.canvas.photo_layer import over_checkers
from lacuna.ui.canvas.sources import display_of, eight_bits
from lacuna.ui.canvas.view import View


@dataclass(frozen=True, eq=False)
class Drawn:
    """A piece as it is painted: an image, and the image pixels (fractions) that it lies over."""

    image: QImage
    top: float
    left: float
    height: float
    width: float
    plain: bool


def drawer(document: Document, sight: Sight, checker: int) -> Callable[[EnlargedPiece], Drawn]:
    """Makes images of pieces, in the screen's colours; for the worker. Squares below what is transparent have a side of
    `checker` pixels."""
    white, display, region = document.header.white, display_of(document.header), sight.region
    down, across = float(sight.enlargement.down), float(sight.enlargement.across)

    def draw(piece: EnlargedPiece) -> Drawn:
        at = piece.region
        rgb = eight_bits(piece.pixels, white)
        rgb = np.ascontiguousarray(rgb if display is None else display(rgb))
        if piece.alpha is not None:
            opaque = eight_bits(piece.alpha, 1.0 if piece.alpha.dtype.kind == "f" else 255.0)
            rgb = over_checkers(rgb, opaque, at, checker)
        image = QImage(rgb.data, at.width, at.height, rgb.strides[0], QImage.Format.Format_RGB888)
        return Drawn(
            image.convertToFormat(QImage.Format.Format_RGB32),  # a copy, that keeps no array alive
            region.y0 + at.y0 / down,
            region.x0 + at.x0 / across,
            at.height / down,
            at.width / across,
            piece.plain,
        )

    return draw


class EnlargedView:
    """What of the enlarged picture a view shows. What was made for another size stays until there is something newer:
    it lies in its place all the same."""

    def __init__(self, view: View, divider: Divider) -> None:
        self._view = view
        self.divider = divider
        self.on = False
        self.problem = ""
        self.finished = False
        self._sight: Sight | None = None
        self._plain: list[Drawn] = []
        self._chosen: list[Drawn] = []
        self._stale = False  # what is shown was made for another sight
        view.scene.replaced.connect(self.forget)

    def show(self, on: bool) -> None:
        """Lie over the picture, or go."""
        self.on = on
        self.divider.show(on)
        self.forget()

    def forget(self) -> None:
        """Nothing that was made is of any use."""
        self._plain, self._chosen, self._sight = [], [], None
        self.problem, self.finished = "", False
        self._view.update()

    def expect(self, sight: Sight) -> None:
        """Pieces of this will come."""
        self._sight, self._stale = sight, True
        self.problem, self.finished = "", False
        self.divider.show(self.on and sight.compared)
        self._view.update()

    def add(self, drawn: Drawn) -> None:
        """A piece of what is expected is there."""
        if self._stale:
            self._plain, self._chosen, self._stale = [], [], False
        (self._plain if drawn.plain else self._chosen).append(drawn)
        self._view.update()

    def end(self, problem: str = "") -> None:
        """No more will come."""
        self.problem, self.finished = problem, True
        self._view.update()

    @property
    def expected(self) -> Sight | None:
        return self._sight

    # --- painting ----------------------------------------------------------------------------------------------------
    def paint(self, painter: QPainter) -> None:
        """The pieces, the divider, and which side is what."""
        view, sight = self._view, self._sight
        if not self.on or sight is None or view.scene.photo is None:
            return
        left, right = self.divider.halves(Region(0, 0, view.viewport.height, view.viewport.width))
        if self.divider.shown:
            self._paint(painter, left, self._plain)
            self._paint(painter, right, [*self._plain, *self._chosen])
            self.divider.paint(painter)
            write(painter, view, _("Bicubic (plain resize)"), Qt.AlignmentFlag.AlignLeft)
        else:
            self._paint(painter, left.union(right), self._chosen)
        if self.problem:
            write(painter, view, self.problem, Qt.AlignmentFlag.AlignHCenter)
        else:
            made = _("{name} ({kind})").format(name=sight.way.name, kind=sight.way.kind)
            if sight.enlargement.factor < 1:
                made = _("Smaller by areas (plain resize)")
            if not self.finished:
                waits = view.scene.editor.enlarged_preview.waits
                made = _("{name}: waits for what runs …").format(name=made) if waits else f"{made} …"
            write(painter, view, made, Qt.AlignmentFlag.AlignRight)

    def _paint(self, painter: QPainter, part: Region, pieces: list[Drawn]) -> None:
        viewport = self._view.viewport
        painter.save()
        painter.setClipRect(as_rect(part), Qt.ClipOperation.IntersectClip)
        for piece in pieces:
            x, y = viewport.to_screen(piece.left, piece.top)
            right, bottom = viewport.to_screen(piece.left + piece.width, piece.top + piece.height)
            # Edges on whole device pixels: no hairline between pieces, and points are pixels where the zoom allows.
            x, y, right, bottom = round(x), round(y), round(right), round(bottom)
            scaled = (right - x, bottom - y) != (piece.image.width(), piece.image.height())
            painter.setRenderHint(
                QPainter.RenderHint.SmoothPixmapTransform, scaled and right - x < 3 * piece.image.width()
            )
            painter.drawImage(QRectF(x, y, right - x, bottom - y), piece.image)
        painter.restore()
