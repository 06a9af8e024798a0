"""A smaller view of the canvas's picture beside it, that follows at its own pace: no stroke waits for it."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QWidget

from lacuna.imaging.region import Region
from lacuna.ui.canvas.canvas import Canvas
from lacuna.ui.canvas.tile_cache import Layer
from lacuna.ui.canvas.view import View

PACE = 33  # ms from news to paint


class SideView(View):
    """Shows what the canvas shows, by the same tiles, in its own place and size."""

    def __init__(self, canvas: Canvas, parent: QWidget | None = None) -> None:
        self.canvas = canvas
        self._news: list[Region] = []
        self._pace = QTimer()
        super().__init__(canvas.scene, parent)
        self._pace.setParent(self)
        self._pace.setSingleShot(True)
        self._pace.setInterval(PACE)
        self._pace.timeout.connect(self._tell)
        canvas.look_changed.connect(self.update)

    def scene_changed(self, regions: tuple[Region, ...]) -> None:
        self._news += regions
        self._later()

    def follow(self) -> None:
        """Something moved: look at it soon."""
        self._later()

    def catch_up(self) -> None:
        """Called before what changed is painted; nothing by itself."""

    def _later(self) -> None:
        if not self._pace.isActive():
            self._pace.start()

    def _tell(self) -> None:
        news, self._news = self._news, []
        if not self.isVisible():
            return
        self.catch_up()
        super().scene_changed(tuple(news))
        # Painted now, by itself: a stroke's next paint would else be done together with this one, and after it.
        QCoreApplication.sendPostedEvents(self.window(), QEvent.Type.UpdateRequest)

    def layers_at(self, rect: Region) -> list[tuple[Region, list[Layer]]]:
        scene = self.scene
        if self.canvas.comparison.held and scene.original is not None:
            return [(rect, [scene.original])]
        layers: list[Layer] = [] if scene.photo is None else [scene.photo]
        if self.canvas.show_mask and scene.mask is not None:
            layers.append(scene.mask)
        return [(rect, layers)]
