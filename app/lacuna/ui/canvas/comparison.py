"""Before and after: the original in place of the picture while a key is held, or left of a divider."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter

from lacuna.i18n import _
from lacuna.imaging.region import Region
from lacuna.ui.canvas import overlays
from lacuna.ui.canvas.tile_cache import Layer
from lacuna.ui.canvas.view import View

GRIP = 8.0  # how near to the divider a press takes hold of it, in the widget's units
EDGE = 24.0  # how near to the view's border the divider may come


class Comparison:
    """What of the original a view shows. `split` is where the divider stands, as a share of the view's width."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.on = False
        self.held = False
        self.split = 0.5
        self.dragging = False
        self.hot = False  # the pointer is over the handle
        view.scene.original_changed.connect(self._refresh)
        view.scene.replaced.connect(self._refresh)

    @property
    def active(self) -> bool:
        return self.on or self.held

    def show(self, on: bool) -> None:
        """Compare with a divider, or stop."""
        self.on = on
        self.dragging = self.hot = False
        self._refresh()

    def hold(self, on: bool) -> None:
        """Show the original in place of the picture for as long as it is held."""
        if on != self.held:
            self.held = on
            self._refresh()

    def _refresh(self) -> None:
        if self.active:
            self._view.scene.want_original()
        self._view.update()

    @property
    def x(self) -> int:
        """The divider's device pixel."""
        width, edge = self._view.viewport.width, EDGE * self._view.ratio
        return round(min(max(self.split * width, edge), max(edge, width - edge)))

    def covers(self, x: float) -> bool:
        """Does the original cover the picture in this column of device pixels?"""
        ready = self.active and self._view.scene.original is not None
        return ready and (self.held or x < self.x)

    def layers_at(self, rect: Region, after: list[Layer]) -> list[tuple[Region, list[Layer]]]:
        """Which layers to paint where: the original before the divider, or everywhere, as far as it is ready."""
        original = self._view.scene.original
        if original is None or not self.active:
            return [(rect, after)]
        if self.held:
            return [(rect, [original])]
        left = Region(rect.y0, rect.x0, rect.y1, min(rect.x1, self.x))
        right = Region(rect.y0, max(rect.x0, self.x), rect.y1, rect.x1)
        before: list[Layer] = [original]
        return [(part, layers) for part, layers in ((left, before), (right, after)) if not part.empty]

    # --- dragging ----------------------------------------------------------------------------------------------------
    def grips(self, at: QPointF) -> bool:
        """Would a press there take hold of the divider?"""
        return self.on and not self.held and abs(at.x() * self._view.ratio - self.x) <= GRIP * self._view.ratio

    def drag_to(self, at: QPointF) -> None:
        """Move the divider below the pointer."""
        before = self.x
        self.split = at.x() * self._view.ratio / max(1, self._view.viewport.width)
        self._view.update_device(self._bounds(before).union(self._bounds(self.x)))

    def warm(self, hot: bool) -> None:
        """The pointer came over the handle, or left it."""
        if hot != self.hot:
            self.hot = hot
            self._view.update_device(self._bounds(self.x))

    def _bounds(self, x: int) -> Region:
        return overlays.divider_bounds(x, self._view.viewport.height, self._view.ratio)

    # --- painting ----------------------------------------------------------------------------------------------------
    def paint(self, painter: QPainter) -> None:
        """The divider, and a word on what is to be seen."""
        view = self._view
        if not self.active or view.scene.photo is None:
            return
        ready = view.scene.original is not None
        if ready and self.on and not self.held:
            overlays.paint_divider(painter, self.x, view.viewport.height, view.ratio, hot=self.hot or self.dragging)
            self._note(painter, _("Before"), Qt.AlignmentFlag.AlignLeft)
            self._note(painter, _("After"), Qt.AlignmentFlag.AlignRight)
        elif ready:
            self._note(painter, _("Original"), Qt.AlignmentFlag.AlignHCenter)
        elif view.scene.original_problem is not None:
            self._note(painter, view.scene.original_problem.sentence, Qt.AlignmentFlag.AlignHCenter)
        else:
            self._note(painter, _("The original is being loaded …"), Qt.AlignmentFlag.AlignHCenter)

    def _note(self, painter: QPainter, text: str, align: Qt.AlignmentFlag) -> None:
        view, gap = self._view, round(12 * self._view.ratio)
        width = view.viewport.width
        x = {Qt.AlignmentFlag.AlignLeft: gap, Qt.AlignmentFlag.AlignRight: width - gap}.get(align, width // 2)
        rect = overlays.note_rect(text, view.font(), x, gap, view.ratio, align)
        overlays.paint_note(painter, text, view.font(), rect, view.ratio)
