"""Enlarging in the window: its panel, the preview over the picture, where results go, and undoing a mosaic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QTimer

from lacuna.contract.enlargement import Enlargement
from lacuna.editor.enlarged_preview import Sight
from lacuna.editor.enlarging import Extent
from lacuna.editor.values import Message
from lacuna.errors import InvalidParameter, LacunaError
from lacuna.i18n import _
from lacuna.imaging.fitting import over_long
from lacuna.imaging.formats import SUFFIX, WRITABLE
from lacuna.imaging.region import Region
from lacuna.ui.canvas.enlarged_view import drawer

if TYPE_CHECKING:
    from lacuna.document.document import Document
    from lacuna.ui.canvas.viewport import Look
    from lacuna.ui.main_window import MainWindow

AFTER = 180  # milliseconds of quiet before a preview is begun
MOST = 1.5  # times the points that the view has pixels: beyond that only the middle of the view is made


class Enlarge:
    """For the window and its actions. The preview is on while it is asked for and the panel is in view."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._editor = window.editor
        self._canvas = window.canvas
        self._dock = window.docks["enlarge"]
        self._panel = window.enlarge_panel
        self._wanted = True
        self._seen = False  # the panel, and not another one that shares its place
        self._zoomed: float | None = None  # the zoom that was chosen here, as long as nobody chose another
        self._before: Look | None = None  # of the view, before the preview
        self._soon = QTimer(window)
        self._soon.setSingleShot(True)
        self._soon.setInterval(AFTER)
        self._soon.timeout.connect(self._make)
        self._dock.visibilityChanged.connect(self._seen_or_not)
        self._panel.preview_asked.connect(self.show_preview)
        self._panel.run_asked.connect(self._run)
        self._panel.save_asked.connect(self._ask_save)
        self._panel.full_size_asked.connect(self._look_closely)
        self._canvas.view_changed.connect(self._later)
        self._editor.enlarging.changed.add(self._changed)
        self._editor.document_changed.add(self._document_changed)
        self._editor.models.changed.add(self._later)
        self._document_changed()

    # --- the panel ---------------------------------------------------------------------------------------------------
    def open(self) -> None:
        """Show the panel for the whole picture."""
        self._open(Extent.WHOLE)

    def open_masked(self) -> None:
        """Show it for the masked part."""
        self._open(Extent.MASKED)

    def _open(self, extent: Extent) -> None:
        """The keyboard goes to the factor."""
        self._editor.enlarging.set_extent(extent)
        self._wanted = True
        self._dock.show()
        self._dock.raise_()
        self._seen_or_not(True)
        document = self._editor.document
        if document is not None and extent is Extent.MASKED:
            part = self._editor.enlarging.region(document)
            self._canvas.centre_on((part.x0 + part.x1) / 2, (part.y0 + part.y1) / 2)
        self._panel.size_fields.factor.setFocus()
        self._panel.size_fields.factor.selectAll()

    def _run(self) -> None:
        """The keyboard goes to the picture: in a field undo would be that of what was typed."""
        self.close_preview()
        if self._editor.enlarging.extent is Extent.MASKED:
            self._window.files.leave(self._editor.open_enlarged)
        else:
            self._editor.enlarge()

    def _ask_save(self) -> None:
        document = self._editor.document
        if document is None:
            return
        try:
            made = self._editor.enlarging.enlargement(document)
        except InvalidParameter:
            return  # the panel says it
        from lacuna.ui.dialogs.save_picture import SavePicture

        proposed = self._window.files.proposed()
        if over_long(WRITABLE.get(proposed.suffix.lower(), ""), made.rows, made.columns):
            proposed = proposed.with_suffix(SUFFIX["PNG"])

        def save(path: Path, quality: int | None) -> None:
            self._editor.save_enlarged(path, quality)

        SavePicture(
            proposed,
            document.header,
            8 * document.photo.pixels.itemsize,
            document.alpha is not None,
            save,
            self._window,
            sides=(made.rows, made.columns),
        ).open()

    # --- the preview -------------------------------------------------------------------------------------------------
    @property
    def previewing(self) -> bool:
        return self._canvas.enlarged.on

    def show_preview(self, on: bool) -> None:
        """The person wants the preview, or no more."""
        self._wanted = on
        self._follow()

    def close_preview(self) -> None:
        """Back to the picture; the keyboard goes there."""
        self.show_preview(False)
        self._window.results.view.setFocus()

    def _seen_or_not(self, seen: bool) -> None:
        self._seen = seen
        self._follow()

    def _follow(self) -> None:
        """The preview comes and goes with the panel, the picture and the person's wish."""
        side_by_side = self._window.side_by_side.on
        on = self._wanted and self._seen and self._editor.document is not None and not side_by_side
        if on != self.previewing:
            self._window.status.previewing = on
            self._begin() if on else self._end()
        self._panel.show_preview(on)

    def _begin(self) -> None:
        self._window.compare(False)
        viewport = self._canvas.viewport
        self._before = viewport.look
        self._canvas.enlarged.show(True)
        factor = self._factor()
        if factor is not None and viewport.zoom < factor:
            self._look_closely()
        self._later()
        self._editor.state_changed()

    def _end(self) -> None:
        self._soon.stop()
        self._editor.enlarged_preview.cancel()
        self._canvas.enlarged.show(False)
        unmoved = self._canvas.viewport.zoom == self._zoomed
        if unmoved and self._before is not None:
            self._canvas.navigation.take_up(self._before)
        self._zoomed = None
        self._editor.state_changed()

    def _look_closely(self) -> None:
        """One point of the result is one pixel of the screen."""
        factor = self._factor()
        if factor is not None:
            self._canvas.navigation.zoom_to(factor)
            self._zoomed = self._canvas.viewport.zoom

    def _factor(self) -> float | None:
        made = self._made()
        return None if made is None else made.factor

    def _made(self) -> Enlargement | None:
        document = self._editor.document
        try:
            return None if document is None else self._editor.enlarging.enlargement(document)
        except InvalidParameter:
            return None

    def _changed(self) -> None:
        if self.previewing:
            if self._zoomed is not None and self._canvas.viewport.zoom == self._zoomed:
                self._look_closely()
            self._later()

    def _document_changed(self) -> None:
        document = self._editor.document
        if document is not None:
            document.photo.changed.add(lambda _plane, _change: self._later())
            document.mask.changed.add(lambda _plane, _change: self._masked(document))
        self._follow()

    def _masked(self, document: Document) -> None:
        if self._editor.enlarging.extent is Extent.MASKED and document is self._editor.document:
            self._later()

    def _later(self) -> None:
        """Make it anew once the person rests; what is on its way would come too late."""
        if self.previewing:
            self._editor.enlarged_preview.cancel()
            self._soon.start()

    def _make(self) -> None:
        document, made = self._editor.document, self._made()
        enlarged = self._canvas.enlarged
        if document is None or made is None or not self.previewing:
            enlarged.forget()
            return
        sight = self._sight(document, made)
        if sight is None:
            enlarged.forget()
            return
        enlarged.expect(sight)

        def ended(error: LacunaError | None) -> None:
            enlarged.end("" if error is None else error.sentence)

        draw = drawer(document, sight, self._canvas.scene.checker)
        self._editor.enlarged_preview.make(document, sight, draw, enlarged.add, ended)

    def _sight(self, document: Document, made: Enlargement) -> Sight | None:
        """What is in view of the enlarged part; of very much of it the middle."""
        region, viewport = self._editor.enlarging.region(document), self._canvas.viewport
        seen = viewport.visible.intersect(region)
        if seen.empty:
            return None
        seen = seen.shift(-region.y0, -region.x0)
        down, across = float(made.down), float(made.across)
        window = Region(
            int(seen.y0 * down), int(seen.x0 * across), -int(-seen.y1 * down // 1), -int(-seen.x1 * across // 1)
        )
        window = window.clip((made.rows, made.columns))
        most = MOST * viewport.width * viewport.height
        if window.area > most:
            share = (most / window.area) ** 0.5
            height, width = int(window.height * share), int(window.width * share)
            y0, x0 = window.y0 + (window.height - height) // 2, window.x0 + (window.width - width) // 2
            window = Region(y0, x0, y0 + height, x0 + width)
        return None if window.empty else Sight(region, made, window, self._editor.enlarging.way)

    # --- mosaics -----------------------------------------------------------------------------------------------------
    def ask_mosaic(self) -> None:
        """Look for the mosaic below the mask, and ask whether it was found right, beside it if there is room."""
        from lacuna.ui.dialogs.placing import place_beside
        from lacuna.ui.dialogs.undo_mosaic import UndoMosaic

        document = self._editor.document
        if document is None:
            return
        masked = document.mask_bounds()
        if masked.empty:
            self._editor.tell(Message(_("Nothing is masked."), _("Paint over the mosaic first.")))
            return
        dialog = UndoMosaic(self._editor, self._window)
        dialog.open()
        part, ratio = self._canvas.viewport.on_screen(masked), self._canvas.devicePixelRatioF()
        seen = QRectF(part.x0 / ratio, part.y0 / ratio, part.width / ratio, part.height / ratio)
        place_beside(dialog, self._canvas, seen.toAlignedRect())
