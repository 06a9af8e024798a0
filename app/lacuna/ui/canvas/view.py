"""A widget that shows a scene through a viewport: what the canvas, the zoom panel and the navigator have in common."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QWidget

from lacuna.imaging.region import Region
from lacuna.ui.canvas.painting import PATIENCE, LayerPainter, as_rect, device_painter, device_region, to_widget
from lacuna.ui.canvas.scene import Scene
from lacuna.ui.canvas.tile_cache import Layer
from lacuna.ui.canvas.viewport import Viewport
from lacuna.ui.theme import current

SETTLED = 100  # ms after the last step of a zoom, the picture is smoothed
CLOSE = 2.0  # times their own area that the box around parts may have to be painted as one


class View(QWidget):
    """Paints the part that changed, from ready tiles. `painted(region)` follows each paint, with what was painted.

    Views that share a `viewport` show the same part of the picture. `patience` is how many seconds of a paint go into
    smoothing.
    """

    painted = Signal(object)  # QRegion, in the widget's coordinates
    look_changed = Signal()  # other layers are shown

    patience = PATIENCE

    def __init__(self, scene: Scene, parent: QWidget | None = None, viewport: Viewport | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.scene = scene
        self.viewport = viewport or Viewport()
        self._show_mask = True
        self.moving = False  # the zoom is changing: squares will do
        self._surround = QColor(current().surround)
        self._unfinished: list[Region] = []
        self.dirty: list[Region] = []  # device pixels that are being painted
        self._refining = False
        self._smoothing = QTimer(self)
        self._smoothing.setSingleShot(True)
        self._smoothing.setInterval(0)
        self._smoothing.timeout.connect(self._smooth_on)
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(SETTLED)
        self._settling.timeout.connect(self._settled)
        scene.replaced.connect(self.scene_replaced)
        scene.changed.connect(self.scene_changed)
        scene.restyled.connect(self.update)
        scene.original_changed.connect(self.update)

    @property
    def ratio(self) -> float:
        """Device pixels a unit of the widget."""
        return self.devicePixelRatio()

    @property
    def show_mask(self) -> bool:
        return self._show_mask

    @show_mask.setter
    def show_mask(self, on: bool) -> None:
        self._show_mask = on
        self.update()
        self.look_changed.emit()

    @property
    def finished(self) -> bool:
        """What was painted last is as good as it gets."""
        return not self._unfinished and self.scene.settled

    # --- news of the scene -------------------------------------------------------------------------------------------
    def scene_replaced(self) -> None:
        """Another picture, or another size of it."""
        self.viewport.show(self.scene.shape)
        self.update()

    def scene_changed(self, regions: tuple[Region, ...]) -> None:
        """Regions of the picture look different."""
        margin = self._margin()
        dirty = [self.viewport.on_screen(region).pad(margin) for region in regions]
        box = Region.around(dirty)
        if box.area <= CLOSE * sum(region.area for region in dirty):
            dirty = [box]  # one larger part is painted sooner than some smaller ones
        self.update_device(*dirty)

    def update_device(self, *regions: Region) -> None:
        """Have device pixels of the view painted again."""
        dirty = QRegion()
        for region in regions:
            region = region.clip((self.viewport.height, self.viewport.width))
            if not region.empty:
                dirty += to_widget(region, self.ratio)
        if not dirty.isEmpty():
            self.update(dirty)

    def zoomed(self, gently: bool) -> None:
        """The viewport has another zoom; `gently`: more of the same will follow at once."""
        self.moving = gently
        if gently:
            self._settling.start()
        self.update()

    def _settled(self) -> None:
        self.moving = False
        self.update()

    def _margin(self) -> int:
        # Interpolation reaches two device pixels, and the mask's outline lies outside it.
        return 4 + self.scene.style.line

    # --- painting ----------------------------------------------------------------------------------------------------
    def layers_at(self, rect: Region) -> list[tuple[Region, list[Layer]]]:
        """Which layers to paint where, for the device pixels `rect`."""
        scene = self.scene
        layers: list[Layer] = [] if scene.photo is None else [scene.photo]
        if self.show_mask and scene.mask is not None:
            layers.append(scene.mask)
        return [(rect, layers)]

    def paint_over(self, painter: QPainter) -> None:
        """Paint what lies over the tiles; the painter works in device pixels."""

    def paint_coarse(self, painter: QPainter, rect: Region) -> None:
        """Paint the first sight of a picture that is being opened."""
        coarse = self.scene.coarse
        rect = rect.intersect(self.viewport.picture)
        if self.scene.photo is None and coarse is not None and not rect.empty:
            painter.setClipRect(as_rect(rect))
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(as_rect(self.viewport.picture), coarse[0])

    def _paint_surround(self, painter: QPainter, rect: Region) -> None:
        inside = rect.intersect(self.viewport.picture)
        if inside == rect:
            return
        painter.setClipping(False)
        if not all(self.scene.shape) or inside.empty:
            painter.fillRect(as_rect(rect), self._surround)
            return
        for part in (
            Region(rect.y0, rect.x0, inside.y0, rect.x1),
            Region(inside.y1, rect.x0, rect.y1, rect.x1),
            Region(inside.y0, rect.x0, inside.y1, inside.x0),
            Region(inside.y0, inside.x1, inside.y1, rect.x1),
        ):
            if not part.empty:
                painter.fillRect(as_rect(part), self._surround)

    def _smooth_on(self) -> None:
        self._refining = True
        self.update_device(*self._unfinished)

    # --- Qt ----------------------------------------------------------------------------------------------------------
    def paintEvent(self, event: QPaintEvent) -> None:
        region = QRegion(event.region())
        if self._refining:  # this paint holds all of them
            self._refining = False
            self._unfinished.clear()
        view = (self.viewport.height, self.viewport.width)
        with device_painter(self) as painter:
            patience = 0.0 if self.moving else self.patience
            tiles = LayerPainter(painter, self.scene.cache, self.viewport, patience)
            rects = [rect.clip(view) for rect in device_region(region, self.ratio)]
            parts = [part for rect in rects for part in self.layers_at(rect)]
            tiles.mend(parts)
            for rect in rects:
                self._paint_surround(painter, rect)
                self.paint_coarse(painter, rect)
            for rect, layers in parts:
                tiles.paint(layers, rect)
            painter.setClipping(False)
            self.dirty = rects
            self.paint_over(painter)
        self._unfinished += tiles.unfinished
        if self._unfinished and not self.moving:
            self._smoothing.start()
        self.painted.emit(region)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.fit_to_widget()
        super().resizeEvent(event)

    def fit_to_widget(self) -> None:
        """Take over the widget's size in device pixels."""
        self.viewport.resize(round(self.width() * self.ratio), round(self.height() * self.ratio))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._surround = QColor(current().surround)
            self.update()
        super().changeEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.fit_to_widget()
            self.update()
        return super().event(event)
