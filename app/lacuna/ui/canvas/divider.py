"""The line that parts a view in two, before and after, and what is written at its top. Dragged, or moved by keys."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter

from lacuna.imaging.region import Region
from lacuna.ui.canvas import overlays
from lacuna.ui.canvas.view import View

GRIP = 8.0  # how near to the divider a press takes hold of it, in the widget's units
EDGE = 24.0  # how near to the view's border the divider may come
STEP = 0.05  # of the view's width, by a key
GAP = 12  # around a note


class Divider:
    """`split` is where it stands, as a share of the view's width; `shown` whether something is parted by it now."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.shown = False
        self.split = 0.5
        self.dragging = False
        self.hot = False  # the pointer is over the handle

    def show(self, on: bool) -> None:
        """Part the view, or no more; one that is being dragged stays in hand."""
        if on != self.shown:
            self.shown = on
            self.dragging = self.hot = False

    @property
    def x(self) -> int:
        """Its device pixel."""
        width, edge = self._view.viewport.width, EDGE * self._view.ratio
        return round(min(max(self.split * width, edge), max(edge, width - edge)))

    def halves(self, rect: Region) -> tuple[Region, Region]:
        """What of a rectangle of device pixels lies left of it, and what right."""
        left = Region(rect.y0, rect.x0, rect.y1, min(rect.x1, self.x))
        return left, Region(rect.y0, max(rect.x0, self.x), rect.y1, rect.x1)

    def grips(self, at: QPointF) -> bool:
        """Would a press there take hold of it?"""
        return self.shown and abs(at.x() * self._view.ratio - self.x) <= GRIP * self._view.ratio

    def drag_to(self, at: QPointF) -> None:
        """Move it below the pointer."""
        self._put(at.x() * self._view.ratio / max(1, self._view.viewport.width))

    def step(self, steps: int) -> None:
        """Move it by the keyboard, to the right where that is positive."""
        if self.shown:
            self._put(self.x / max(1, self._view.viewport.width) + steps * STEP)

    def _put(self, split: float) -> None:
        before = self.x
        self.split = split
        self._view.update_device(self._bounds(before).union(self._bounds(self.x)))

    def warm(self, hot: bool) -> None:
        """The pointer came over the handle, or left it."""
        if hot != self.hot:
            self.hot = hot
            self._view.update_device(self._bounds(self.x))

    def _bounds(self, x: int) -> Region:
        return overlays.divider_bounds(x, self._view.viewport.height, self._view.ratio)

    def paint(self, painter: QPainter) -> None:
        view = self._view
        overlays.paint_divider(painter, self.x, view.viewport.height, view.ratio, hot=self.hot or self.dragging)


def write(painter: QPainter, view: View, text: str, align: Qt.AlignmentFlag) -> None:
    """A note at the top of a view: at the left, at the right, or in the middle."""
    gap, width = round(GAP * view.ratio), view.viewport.width
    text = view.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, view.width() - 4 * GAP)
    x = {Qt.AlignmentFlag.AlignLeft: gap, Qt.AlignmentFlag.AlignRight: width - gap}.get(align, width // 2)
    rect = overlays.note_rect(text, view.font(), x, gap, view.ratio, align)
    overlays.paint_note(painter, text, view.font(), rect, view.ratio)
