"""The lower edge: a hint or the running job at the left; position, colour, mask share, size and zoom at the right."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QStackedWidget, QStatusBar, QWidget

from lacuna import words
from lacuna.document.document import Document
from lacuna.editor.editor import Editor
from lacuna.i18n import N_, _
from lacuna.ui import theme
from lacuna.ui.boxes import LineEdit
from lacuna.ui.elided import Elided
from lacuna.ui.panels.job_bar import JobBar
from lacuna.words import depth, seconds, share

HINTS = {
    "brush": N_("Paint over what should go. Alt or the right button erases, Shift+click draws straight, Enter fills."),
    "eraser": N_("Take away from the mask. Alt or the right button paints."),
    "restore": N_("Paint the original back where a fill went too far."),
    "clone": N_("Alt+click the place to copy, then paint. What you paint over is replaced by the copy."),
    "heal": N_("Alt+click the place to copy, then paint. The copy takes on the colours around it when you let go."),
    "lasso": N_("Draw around what should go. Alt or the right button takes away."),
    "polygon": N_(
        "Click the corners. Enter or a double click closes, Backspace takes the last one back, Esc drops it."
    ),
    "rectangle": N_("Drag a rectangle over what should go. Alt or the right button takes away."),
    "wand": N_("Click a colour to mask what is like it. Alt or the right button takes away."),
    "pick": N_(
        "Scribble inside an object to outline it; more add, with Alt they take away. Enter marks it, Esc drops it."
    ),
    "guide": N_(
        "Click from corner to corner, then Enter, or draw by hand: along what is an edge beside the hole. Alt removes."
    ),
    "hint": N_("Alt+click takes a colour up, then paint where it shall stand. The right button removes a stroke."),
    "sampling": N_("Draw around what may be copied, or never. Alt or the right button removes an area."),
    "hand": N_("Drag to move the picture. Space does the same with any tool."),
}
ZOOMS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
CURSOR_EVERY = 33  # milliseconds
MASK_AFTER = 80  # milliseconds of quiet before the mask is counted again


class StatusLine(QStatusBar):
    """`zoom_asked(zoom)` is told a factor, 0 for fit; `done` that the person is through with the zoom box."""

    zoom_asked = Signal(float)
    done = Signal()

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._document: Document | None = None
        self.setSizeGripEnabled(False)

        self.left = QStackedWidget(self)
        self.left.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.hint = Elided(self)
        self.hint.setProperty("quiet", True)
        self.hint.setContentsMargins(8, 0, 8, 0)
        self.job = JobBar(editor, self)
        self.left.addWidget(self.hint)
        self.left.addWidget(self.job)
        self.job.busy.connect(self._busy)
        self.addWidget(self.left, 1)

        right = QWidget(self)
        row = QHBoxLayout(right)
        row.setContentsMargins(0, 0, 4, 0)
        row.setSpacing(16)
        self.position = _Value(_("Position"), "00000, 00000", right)
        self.swatch = _Swatch(right)
        self.colour = _Value(_("Colour"), "255  255  255", right)
        self.mask_share = _Value(_("Share of the mask"), _("Mask {share}").format(share="00.00 %"), right)
        self.size_text = _Value(_("Size and depth"), "", right)
        row.addWidget(self.position)
        colour = QHBoxLayout()
        colour.setSpacing(6)
        colour.addWidget(self.swatch)
        colour.addWidget(self.colour)
        row.addLayout(colour)
        row.addWidget(self.mask_share)
        row.addWidget(self.size_text)
        self.zoom = QComboBox(right)
        self.zoom.setEditable(True)
        self.zoom.setLineEdit(LineEdit(self._zoom_typed, self.zoom))
        self.zoom.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.zoom.setFixedWidth(92)
        self.zoom.setAccessibleName(_("Zoom"))
        self.zoom.setToolTip(_("Zoom"))
        self.zoom.addItem(_("Fit"), 0.0)
        for zoom in ZOOMS:
            self.zoom.addItem(words.zoom(zoom), zoom)
        self.zoom.activated.connect(self._zoom_chosen)
        row.addWidget(self.zoom)
        self.addPermanentWidget(right)

        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(MASK_AFTER)
        self._later.timeout.connect(self._show_mask)
        self._cursor: tuple[float | None, float | None] = (None, None)
        self._cursor_later = QTimer(self)  # a pointer moves a thousand times a second; nobody reads that fast
        self._cursor_later.setSingleShot(True)
        self._cursor_later.setInterval(CURSOR_EVERY)
        self._cursor_later.timeout.connect(self._show_cursor)
        self.side_by_side = False  # that is how results are shown now
        self.previewing = False  # an enlarged picture lies over this one
        editor.document_changed.add(self._follow)
        editor.state_changed.add(self.refresh)
        self._zoom_shown = 1.0
        self._follow()

    def refresh(self) -> None:
        tool = _(HINTS.get(self._editor.tool.id, ""))
        hint = self._preview() or self._offer() or self._proposed() or self._report() or tool
        self.hint.setText(hint)
        self.hint.setToolTip(hint)
        self._show_size()
        self._soon_cursor()  # another result may be in view below the pointer

    def _preview(self) -> str:
        if not self.previewing:
            return ""
        return _("Drag the line or press Shift and an arrow to compare; drag the picture to move it. Esc goes back.")

    def _offer(self) -> str:
        offer = self._editor.offer
        if offer is None or offer.base is None:
            return ""
        if self.side_by_side:
            text = _("Result {chosen} of {count}. Arrows or numbers choose, Enter accepts, Esc goes back.")
        else:
            text = _("Result {chosen} of {count}. Left and Right show others, Enter accepts, Esc keeps the first fill.")
        return text.format(chosen=offer.chosen + 1, count=len(offer.results))

    def _proposed(self) -> str:
        """What Enter means while something is proposed, unless a shape is begun, which it would finish."""
        editor = self._editor
        if editor.gesture is not None and not editor.gesture.writes:
            return ""
        if editor.proposals.shown and editor.proposals.clicked:
            return _("A click switches a part on or off. Enter marks those that are on, Esc drops all.")
        if editor.proposals.shown and editor.tool.id != "pick":  # whose own hint goes on to say it
            return _("Enter marks what is outlined, Esc drops it.")
        if editor.contours.proposed and not editor.proposals.shown:
            return _("Enter makes guides of the dashed lines, Esc drops all; with the tool G a click takes one.")
        return ""

    def _report(self) -> str:
        """What the last fill did, until something else is done or marked, or another kind of tool is taken in hand."""
        document, report = self._editor.document, self._editor.report
        if document is None or report is None or document.mask_count() or not self._editor.tool.paints_mask:
            return ""
        if not report.untouched:
            return _("Pixels outside the mask have changed. Please undo the fill and report this.")
        return _(
            "{filled} pixels filled ({painted} painted) in {time}; all others were compared: none changed."
        ).format(
            filled=f"{report.filled_pixels:,}".replace(",", " "),
            painted=f"{report.mask_pixels:,}".replace(",", " "),
            time=seconds(report.seconds),
        )

    def show_zoom(self, zoom: float) -> None:
        self._zoom_shown = zoom
        with QSignalBlocker(self.zoom):
            self.zoom.setCurrentIndex(self.zoom.findData(zoom))  # else leaving the box would choose what stands in it
            self.zoom.setEditText(words.zoom(zoom))

    def show_cursor(self, x: float | None, y: float | None) -> None:
        """The pixel below the pointer, in image coordinates; None and None outside the canvas. Shown a little later."""
        self._cursor = (x, y)
        self._soon_cursor()

    def _soon_cursor(self) -> None:
        if not self._cursor_later.isActive():
            self._cursor_later.start()

    def _show_cursor(self) -> None:
        x, y = self._cursor
        document = self._editor.document
        height, width = document.shape if document is not None else (0, 0)
        if document is None or x is None or y is None or not (0 <= x < width and 0 <= y < height):
            self.position.setText("")
            self.colour.setText("")
            self.swatch.show_colour(None, 1.0)
            return
        column, row = int(x), int(y)
        pixel = self._pixel(document, row, column)
        self.position.setText(f"{column}, {row}")
        self.colour.setText("  ".join(_number(v) for v in pixel))
        self.swatch.show_colour(pixel, document.header.white)

    def _pixel(self, document: Document, row: int, column: int) -> Any:
        """What is in view there: of the picture, or of a result that is offered over it."""
        offer = self._editor.offer
        for region, pixels in () if offer is None else reversed(offer.pieces):  # the last lies on top
            if region.y0 <= row < region.y1 and region.x0 <= column < region.x1:
                return pixels[row - region.y0, column - region.x0]
        return document.photo.pixels[row, column]

    def _follow(self) -> None:
        document = self._editor.document
        if document is not None and document is not self._document:
            document.photo.changed.add(lambda _plane, _change: self._soon_cursor())
            document.photo.resized.add(lambda _plane: self._soon_cursor())
            document.mask.changed.add(lambda _plane, _change: self._later.start())
            document.mask.resized.add(lambda _plane: self._later.start())
        self._document = document
        self.zoom.setEnabled(document is not None)
        self.show_cursor(None, None)
        self._show_mask()
        self.refresh()

    def _show_size(self) -> None:
        document = self._editor.document
        if document is None:
            self.size_text.setText("")
            return
        height, width = document.shape
        kind = depth(document.photo.pixels.dtype.name)
        size = _("{width} × {height} px").format(width=width, height=height)
        parts = [size, kind]
        if document.header.grey:
            parts.append(_("grey"))
        self.size_text.setText("   ".join(parts))

    def _show_mask(self) -> None:
        document = self._editor.document
        if document is None:
            self.mask_share.setText("")
            return
        height, width = document.shape
        self.mask_share.setText(_("Mask {share}").format(share=share(document.mask_count() / max(1, height * width))))

    def _busy(self, on: bool) -> None:
        self.left.setCurrentWidget(self.job if on else self.hint)

    def _zoom_chosen(self, index: int) -> None:
        self.zoom_asked.emit(self.zoom.itemData(index))
        self.done.emit()

    def _zoom_typed(self) -> None:
        zoom = zoom_of(self.zoom.currentText())
        if zoom is None:
            self.show_zoom(self._zoom_shown)
        else:
            self.zoom_asked.emit(zoom)
        self.done.emit()


class _Value(QLabel):
    """A number that changes often: keeps the width of `widest`, so that nothing beside it moves."""

    def __init__(self, name: str, widest: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setProperty("quiet", True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        if widest:
            self.setMinimumWidth(self.fontMetrics().horizontalAdvance(widest))


class _Swatch(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._colour: QColor | None = None
        self.setFixedSize(QSize(16, 16))
        self.setAccessibleName(_("Colour under the pointer"))

    def show_colour(self, pixel: Any, white: float) -> None:
        colour = None
        if pixel is not None:
            with np.errstate(invalid="ignore"):
                levels = np.nan_to_num(np.clip(np.asarray(pixel, np.float64) / white, 0, 1) * 255)
            colour = QColor(*(round(v) for v in levels.tolist()))
        if colour != self._colour:
            self._colour = colour
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._colour is None:
            return
        with QPainter(self) as painter:
            painter.setPen(QColor(theme.current().border))
            painter.setBrush(self._colour)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


def zoom_of(text: str) -> float | None:
    """The factor that was typed, in per cent; 0 for "fit"; None if it is no number.

    >>> zoom_of("250"), zoom_of("12,5 %"), zoom_of("x") is None
    (2.5, 0.125, True)
    """
    text = text.strip().rstrip("%").strip().replace(",", ".")
    if text.casefold() == _("Fit").casefold():
        return 0.0
    try:
        value = float(text) / 100
    except ValueError:
        return None
    return value if 0 < value < 1000 else None


def _number(value: Any) -> str:
    return str(int(value)) if np.issubdtype(value.dtype, np.integer) else f"{float(value):.3f}"
