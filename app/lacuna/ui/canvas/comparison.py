"""Before and after: the original in place of the picture while a key is held, or left of a divider."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from lacuna.i18n import _
from lacuna.imaging.region import Region
from lacuna.ui.canvas.divider import Divider, write
from lacuna.ui.canvas.tile_cache import Layer
from lacuna.ui.canvas.view import View


class Comparison:
    """What of the original a view shows: all of it while it is `held`, else what lies left of the `divider`."""

    def __init__(self, view: View, divider: Divider) -> None:
        self._view = view
        self.divider = divider
        self.on = False
        self.held = False
        view.scene.original_changed.connect(self._refresh)
        view.scene.replaced.connect(self._refresh)

    @property
    def active(self) -> bool:
        return self.on or self.held

    def show(self, on: bool) -> None:
        """Compare with a divider, or stop."""
        self.on = on
        self.divider.show(on and not self.held)
        self._refresh()

    def hold(self, on: bool) -> None:
        """Show the original in place of the picture for as long as it is held."""
        if on != self.held:
            self.held = on
            if self.on:
                self.divider.show(not on)
            self._refresh()

    def _refresh(self) -> None:
        if self.active:
            self._view.scene.want_original()
        self._view.update()

    def covers(self, x: float) -> bool:
        """Does the original cover the picture in this column of device pixels?"""
        ready = self.active and self._view.scene.original is not None
        return ready and (self.held or x < self.divider.x)

    def layers_at(self, rect: Region, after: list[Layer]) -> list[tuple[Region, list[Layer]]]:
        """Which layers to paint where: the original before the divider, or everywhere, as far as it is ready."""
        original = self._view.scene.original
        if original is None or not self.active:
            return [(rect, after)]
        if self.held:
            return [(rect, [original])]
        left, right = self.divider.halves(rect)
        before: list[Layer] = [original]
        return [(part, layers) for part, layers in ((left, before), (right, after)) if not part.empty]

    def paint(self, painter: QPainter) -> None:
        """The divider, and a word on what is to be seen."""
        view = self._view
        if not self.active or view.scene.photo is None:
            return
        ready = view.scene.original is not None
        if ready and self.on and not self.held:
            self.divider.paint(painter)
            write(painter, view, _("Before"), Qt.AlignmentFlag.AlignLeft)
            write(painter, view, _("After"), Qt.AlignmentFlag.AlignRight)
        elif ready:
            write(painter, view, _("Original"), Qt.AlignmentFlag.AlignHCenter)
        elif view.scene.original_problem is not None:
            write(painter, view, view.scene.original_problem.sentence, Qt.AlignmentFlag.AlignHCenter)
        else:
            write(painter, view, _("The original is being loaded …"), Qt.AlignmentFlag.AlignHCenter)
