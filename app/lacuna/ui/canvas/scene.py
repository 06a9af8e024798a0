"""What all views of a picture show: the layers over a document, their tiles, and news of what looks different now.

A scene follows the editor; a view follows a scene. It holds no pixels of its own but tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QColor, QImage

from lacuna.document.document import Document
from lacuna.document.plane import Change, Plane
from lacuna.editor.editor import Editor
from lacuna.engine.jobs import Job, State
from lacuna.errors import LacunaError
from lacuna.imaging.photo import Mask, Pixels, white_of
from lacuna.imaging.region import Region
from lacuna.ui.canvas.contrast import CANDIDATES, Colour, best
from lacuna.ui.canvas.mask_layer import MaskLayer, MaskStyle
from lacuna.ui.canvas.original import Loaded, OriginalLoader
from lacuna.ui.canvas.photo_layer import PhotoLayer
from lacuna.ui.canvas.scale import Scale
from lacuna.ui.canvas.sources import LaidLevels, MaskSource, PictureSource, display_of, eight_bits
from lacuna.ui.canvas.tile_cache import EVERYWHERE, TileCache, remembered

AUTO = "auto"
PACE = 25  # ms from a dab to its ring and outline
BELOW = 12  # image pixels around the mask that count as what lies below it
NEIGHBOURHOOD = 256  # image pixels around the mask whose colours the tint has to differ from


class Scene(QObject):
    """The layers of the open document: `photo`, `mask`, and `original` once it was asked for and is there.

    `coarse` is a first sight of a picture that is being opened: an image and the (height, width) of what it stands for.
    """

    replaced = Signal()  # another picture, or none, or another size of it
    changed = Signal(object)  # tuple of Regions of the picture that look different
    restyled = Signal()  # the mask looks different everywhere
    original_changed = Signal()  # the original came, went, or cannot be had

    def __init__(self, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.editor = editor
        self.cache = TileCache()
        self.photo: PhotoLayer | None = None
        self.mask: MaskLayer | None = None
        self.original: PhotoLayer | None = None
        self.original_problem: LacunaError | None = None
        self.coarse: tuple[QImage, tuple[int, int]] | None = None
        self.style = MaskStyle()
        self._colour = AUTO
        self._checker = 8
        self._stroked = False  # a stroke has begun since the colour was chosen
        self.scale = Scale(1.0)  # at which the person paints
        self.seen = Region(0, 0, 0, 0)  # what the person sees of the picture meanwhile
        self._dabbed: list[Region] = []  # whose rings are still to be drawn
        self._pace = QTimer(self)
        self._pace.setSingleShot(True)
        self._pace.setInterval(PACE)
        self._pace.timeout.connect(self._settle)
        self._forget: list[Callable[[], None]] = []
        self._others: list[PhotoLayer | MaskLayer] = []  # that some views show in place of `photo` and `mask`
        self._previews: list[tuple[Region, Pixels]] = []
        self._preview_job: Job | None = None
        self._offered: object = None  # the result that is shown
        self._loader = OriginalLoader(self)
        self._loader.loaded.connect(self._original_loaded)
        self._loader.failed.connect(self._original_failed)
        editor.document_changed.add(self._document_changed)
        editor.coarse.add(self._coarse_seen)
        editor.previewed.add(self._previewed)
        editor.state_changed.add(self._state_changed)
        editor.job_changed.add(self._job_changed)
        if editor.document is not None:
            self._document_changed()

    @property
    def document(self) -> Document | None:
        return self.editor.document

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of what is shown; (0, 0) for nothing."""
        if self.photo is not None:
            return self.photo.shape
        return self.coarse[1] if self.coarse is not None else (0, 0)

    # --- how the mask looks ------------------------------------------------------------------------------------------
    @property
    def overlay_colour(self) -> str:
        """ "auto" for one that contrasts with the picture around the mask, or "#rrggbb"."""
        return self._colour

    @overlay_colour.setter
    def overlay_colour(self, colour: str) -> None:
        self._colour = colour
        self._restyle(colour=self._chosen())

    @property
    def overlay_opacity(self) -> float:
        """Of what was painted, 0 to 1; the ring that is filled with it is fainter."""
        return self.style.opacity

    @overlay_opacity.setter
    def overlay_opacity(self, opacity: float) -> None:
        self._restyle(opacity=opacity)

    @property
    def checker(self) -> int:
        """The side of a square below what is transparent, in device pixels."""
        return self._checker

    def use_pixel_ratio(self, ratio: float) -> None:
        """Lines and checkers keep their size on a screen of this many device pixels a unit."""
        self._checker = max(4, round(8 * ratio))
        for layer in (self.photo, self.original, *self._others):
            if isinstance(layer, PhotoLayer) and layer.checker != self._checker:
                layer.checker = self._checker
                self.cache.forget(layer)
        self._restyle(line=max(1, round(ratio)))

    def begin_stroke(self, x: float, y: float) -> None:
        """A stroke begins at an image point: on an empty mask, the moment to choose its colour anew."""
        document = self.document
        if document is None:
            return
        self._stroked = True
        if document.mask_bounds().empty:
            self._restyle(colour=self._chosen(Region(int(y), int(x), int(y) + 1, int(x) + 1)))

    def _chosen(self, around: Region | None = None) -> Colour:
        if self._colour != AUTO:
            c = QColor(self._colour)
            return c.redF(), c.greenF(), c.blueF()
        document = self.document
        now = self.style.colour if self.style.colour in CANDIDATES else None
        if document is None or self.photo is None:
            return now or CANDIDATES[0]
        box = around if around is not None else document.mask_bounds()
        if box.empty:
            box = Region.whole(document.shape)
        # What is to be masked may be a small part of what surrounds it: a red thing is looked at by itself, too.
        boxes = [box.pad(reach).clip(document.shape) for reach in (BELOW, NEIGHBOURHOOD)]
        samples = [_sample(document.photo.pixels, box) for box in boxes if not box.empty]
        if not samples:
            return now or CANDIDATES[0]
        return best((eight_bits(sample, document.header.white) for sample in samples), now)

    def _restyle(self, **changes: object) -> None:
        style = replace(self.style, **changes)  # type: ignore[arg-type]
        if style == self.style:
            return
        self.style = style
        for layer in (self.mask, *self._others):
            if isinstance(layer, MaskLayer):
                layer.style = style
                self.cache.forget(layer)
        self.restyled.emit()

    # --- other layers ------------------------------------------------------------------------------------------------
    def under(self, pieces: tuple[tuple[Region, Pixels], ...]) -> PhotoLayer:
        """The picture below other pieces than those in view, kept up to date until `let_go` or `replaced`."""
        assert self.photo is not None
        layer = PhotoLayer(self.photo.source.under(pieces), self._checker)
        self._others.append(layer)
        return layer

    def masked(self, parts: Iterable[tuple[Region, Mask]]) -> MaskLayer:
        """A mask of these parts alone, in the style of the mask until `let_go` or `replaced`."""
        layer = MaskLayer(MaskSource(LaidLevels(self.shape, parts)), self.style)
        self._others.append(layer)
        return layer

    def let_go(self, layer: PhotoLayer | MaskLayer) -> None:
        """No view shows it any more."""
        if layer in self._others:
            self._others.remove(layer)
            self.cache.forget(layer)

    # --- the original ------------------------------------------------------------------------------------------------
    def want_original(self) -> None:
        """Make `original` ready, unless it is; `original_changed` follows."""
        document = self.document
        if document is not None and self.original is None and self.original_problem is None:
            self._loader.load(document)

    def _original_loaded(self, loaded: Loaded) -> None:
        document = loaded.document
        if document is not self.document or loaded.frame != document.frame:
            self.want_original()  # cropped, enlarged, or another picture, while it was being decoded
            return
        if loaded.pixels is not None and not document.original_ready:
            document.set_original(loaded.pixels, loaded.frame.stretches)
        header = document.header
        source = PictureSource(loaded.levels, None, header.white, display_of(header))
        self.original = PhotoLayer(source, self._checker)
        self.original_changed.emit()

    def _original_failed(self, error: LacunaError) -> None:
        self.original_problem = error
        self.original_changed.emit()

    def _drop_original(self) -> None:
        if self.original is not None:
            self.cache.forget(self.original)
        self.original = self.original_problem = None

    # --- what the editor tells ---------------------------------------------------------------------------------------
    def _document_changed(self) -> None:
        for forget in self._forget:
            forget()
        self._forget.clear()
        self._previews.clear()
        self._offered = None
        document = self.document
        if document is not None:
            self.coarse = None
            for plane in document.planes.values():
                self._forget += [plane.changed.add(self._plane_changed), plane.resized.add(self._plane_resized)]
        self._layers_changed()

    def _plane_resized(self, plane: Plane) -> None:
        self._previews.clear()
        # All planes of a document are resized in one go, and the photo may not be the last.
        document = self.document
        assert document is not None
        if len({p.shape[:2] for p in document.planes.values()}) == 1:
            self._layers_changed()

    def _layers_changed(self) -> None:
        self.cache.forget()
        self._others.clear()
        self._drop_original()
        document = self.document
        if document is None:
            self.photo = self.mask = None
        else:
            header = document.header
            alpha = None if document.alpha is None else document.alpha.pixels
            source = PictureSource(document.photo_pyramid, alpha, header.white, display_of(header))
            self.photo = PhotoLayer(source, self._checker)
            self.mask = MaskLayer(MaskSource(document.mask_pyramid), self.style)
            self._put_pieces()
            self._put_strokes()
            self._restyle(growth=self.editor.growth, colour=self._chosen())
        self.replaced.emit()

    def _plane_changed(self, plane: Plane, change: Change) -> None:
        document = self.document
        if document is None or self.photo is None or self.mask is None or self.photo.shape != document.shape:
            return
        if plane is document.mask:
            self._mask_changed(plane, change)
            return
        if plane is document.alpha:
            self.photo.source.alpha_stale(change.region)
        for layer in self._photos():
            self.cache.stale(layer, change.region)
        self.changed.emit((change.region,))

    def _mask_changed(self, plane: Plane, change: Change) -> None:
        assert self.mask is not None
        if self.editor.gesture is None or change.differs is None:
            self.cache.stale(self.mask, change.region)
            self.changed.emit(self._grown((change.region,)))
            return
        # A stroke is going on: its pixels are tinted at once, and the ring around them follows at its own pace.
        part = change.within(self.seen.pad(int(self.style.growth + 8 / self.scale.zoom) + 4))  # so far a change reaches
        # What lies wholly in sight is marked by the dab alone, at the zoom that is seen.
        hidden = self.seen if part.region != change.region else EVERYWHERE
        self.cache.stale(self.mask, change.region, scale=self.scale, seen=hidden)
        if part.differs is None:
            return
        values = plane.pixels[part.region.slices]
        self.cache.dab(self.mask, self.scale, part.region, part.differs, values, self.style.tints)
        self.changed.emit((part.region,))
        self._dabbed = remembered(self._dabbed, part.region)
        if not self._pace.isActive():
            self._pace.start()

    def look_at(self, zoom: float, seen: Region) -> None:
        """The person sees this region of the picture now, at this zoom."""
        if (zoom, seen) != (self.scale.zoom, self.seen):
            self.scale, self.seen = Scale(zoom), seen
            if self.mask is not None:
                self.cache.look_around(self.mask)

    @property
    def settled(self) -> bool:
        """Nothing is left to be made anew after a dab."""
        return not self._pace.isActive()

    def _settle(self) -> None:
        dabbed, self._dabbed = self._dabbed, []
        if self.mask is not None:
            self.cache.settle(self.mask, self.scale)
            self.changed.emit(self._grown(dabbed))

    def _coarse_seen(self, pixels: Pixels, size: tuple[int, int]) -> None:
        rgb = np.ascontiguousarray(eight_bits(pixels, white_of(pixels)))
        image = QImage(rgb.data, rgb.shape[1], rgb.shape[0], rgb.strides[0], QImage.Format.Format_RGB888)
        self.coarse = (image.convertToFormat(QImage.Format.Format_RGB32), size)
        self.photo = self.mask = None
        self.cache.forget()
        self._others.clear()
        self._drop_original()
        self.replaced.emit()

    def _state_changed(self) -> None:
        if self.coarse is not None and self.document is not None and not self.editor.opening:
            self.coarse = None  # the picture of that first sight has not come
            self._layers_changed()
        if self._previews and self._preview_job not in self.editor.jobs:
            self._drop_previews()  # only now: the result has been put in, though it may have waited for a gesture
        if self.photo is None:
            return
        if self._stroked and self.editor.gesture is None:
            self._stroked = False
            self._restyle(colour=self._chosen())  # now it is known what lies below
        if self.editor.growth != self.style.growth:
            self._restyle(growth=self.editor.growth)
        offer = self.editor.offer
        offered = None if offer is None else offer.shown
        if offered is not self._offered:
            self._offered = offered
            self._put_pieces()
        self._put_strokes()

    def _previewed(self, region: Region, pixels: Pixels) -> None:
        running = self.editor.jobs[0] if self.editor.jobs else None
        if running is not self._preview_job:
            self._previews.clear()
            self._preview_job = running
        self._previews.append((region, pixels))
        self._put_pieces()

    def _job_changed(self, job: Job) -> None:
        if job is self._preview_job and job.state is State.CANCELLING:
            self._drop_previews()

    def _drop_previews(self) -> None:
        self._preview_job = None
        if self._previews:
            self._previews.clear()
            self._put_pieces()

    @property
    def asked_regions(self) -> tuple[Region, ...]:
        """Where a result is shown that asks whether it should be put in; tries are compared without a frame."""
        offer = self.editor.offer
        return () if offer is None or offer.base is not None else tuple(region for region, _pixels in offer.pieces)

    def _put_pieces(self) -> None:
        """Show the pieces of the running fill and of the result offered, and not the mask that lies over them."""
        if self.photo is None or self.mask is None:
            return
        offer = self.editor.offer
        pieces = tuple(self._previews) + (() if offer is None else offer.pieces)
        before = self.photo.source.pieces
        self.photo.source.pieces = pieces
        self.mask.source.hidden = tuple(region for region, _pixels in pieces)
        regions = {region for region, _pixels in (*before, *pieces)}
        for region in regions:
            self.cache.stale(self.photo, region)
            self.cache.stale(self.mask, region)
        if regions:
            self.changed.emit(self._grown(regions))

    def _put_strokes(self) -> None:
        """Show what was painted and is not in the picture yet."""
        strokes = self.editor.laid
        if self.photo is None or strokes == self.photo.source.strokes:
            return
        changed = set(self.photo.source.strokes) ^ set(strokes)
        for layer in self._photos():
            layer.source.strokes = strokes
            for stroke in changed:
                self.cache.stale(layer, stroke.region)
        self.changed.emit(tuple(stroke.region for stroke in changed))

    def _photos(self) -> list[PhotoLayer]:
        return [layer for layer in (self.photo, *self._others) if isinstance(layer, PhotoLayer)]

    def _grown(self, regions: Iterable[Region]) -> tuple[Region, ...]:
        """With the ring by which a mask there would grow."""
        reach = int(self.style.growth + 1)
        return tuple(region.pad(reach) for region in regions)

    def close(self) -> None:
        """Wait for what runs beside the window."""
        self._loader.wait()


def _sample(pixels: Pixels, box: Region) -> Pixels:
    """Some 64 x 64 pixels of a part."""
    every = max(1, max(box.height, box.width) // 64)
    return pixels[box.y0 : box.y1 : every, box.x0 : box.x1 : every]
