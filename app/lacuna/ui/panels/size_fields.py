"""How large an enlarged picture shall be: scrubber, factor, sides in pixels and on paper. Each follows the others."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QAbstractSpinBox, QGridLayout, QLabel, QSlider, QWidget

from lacuna.contract.enlargement import Enlargement
from lacuna.editor.enlarged_size import INCH, EnlargedSize, Said
from lacuna.i18n import _
from lacuna.ui.boxes import DoubleSpinBox, SpinBox
from lacuna.ui.wheel import leave_wheel

FINEST = 100  # steps of the scrubber in a factor of 1
SCRUBBED = (1.0, 8.0)
FACTORS = (0.01, 100_000.0)
LONGEST = 1_000_000  # pixels that a side can be asked for: what memory holds is told by the estimate
DOTS = (1.0, 9600.0)
PAPER = 10_000.0  # cm
BOX_WIDTH = 62  # at least: in the smallest window


class SizeFields(QWidget):
    """`said(what, value)` follows what the person does, in cm on paper; so does `dpi_said(dpi)`. `done`: by Esc."""

    said = Signal(object, float)
    dpi_said = Signal(float)
    done = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        inches = QLocale().measurementSystem() != QLocale.MeasurementSystem.MetricSystem
        self._cm = INCH if inches else 1.0  # of the unit on paper
        self._on_paper = _("Print (in)") if inches else _("Print (cm)")
        self.scrubber = QSlider(Qt.Orientation.Horizontal, self)
        self.scrubber.setRange(*(round(end * FINEST) for end in SCRUBBED))
        self.scrubber.setPageStep(FINEST // 2)
        self.scrubber.setSingleStep(FINEST // 20)
        self.scrubber.valueChanged.connect(lambda value: self.said.emit(Said.FACTOR, value / FINEST))
        self.factor = self._double(Said.FACTOR, *FACTORS, 2)
        self.factor.setSuffix(" ×")
        self.width_box, self.height_box = (self._whole(said) for said in (Said.WIDTH, Said.HEIGHT))
        self.print_width, self.print_height = (
            self._double(said, 0.01, PAPER, 2) for said in (Said.PRINT_WIDTH, Said.PRINT_HEIGHT)
        )
        self.long_side = self._whole(Said.LONG_SIDE)
        self.dpi = DoubleSpinBox(self.done.emit, self, kept=True)
        self.dpi.setRange(*DOTS)
        self.dpi.setDecimals(1)
        self.dpi.setSuffix(" " + _("dpi"))
        self.dpi.valueChanged.connect(self.dpi_said)
        self._lay_out()

    def show_size(self, size: EnlargedSize, made: Enlargement) -> None:
        """Show what was said and what follows from it; nothing is told."""
        self._show(self.scrubber, round(made.factor * FINEST))
        self._show(self.factor, round(made.factor, 2))
        self._show(self.width_box, made.columns)
        self._show(self.height_box, made.rows)
        self._show(self.long_side, max(made.columns, made.rows))
        self._show(self.dpi, round(size.dpi, 1))
        self._show(self.print_width, round(size.on_paper(made.columns) / self._cm, 2))
        self._show(self.print_height, round(size.on_paper(made.rows) / self._cm, 2))

    @staticmethod
    def _show(widget: QSlider | SpinBox | DoubleSpinBox, value: float) -> None:
        # What is just being typed stays, as long as it is not another number by now.
        if widget.value() != value:
            with QSignalBlocker(widget):
                widget.setValue(value)  # type: ignore[arg-type]

    def _whole(self, said: Said) -> SpinBox:
        box = SpinBox(self.done.emit, self, kept=True)
        box.setRange(1, LONGEST)
        box.valueChanged.connect(lambda value: self.said.emit(said, float(value)))
        return box

    def _double(self, said: Said, low: float, high: float, decimals: int) -> DoubleSpinBox:
        box = DoubleSpinBox(self.done.emit, self, kept=True)
        box.setDecimals(decimals)
        box.setRange(low, high)
        box.setSingleStep(0.1)
        on_paper = said in (Said.PRINT_WIDTH, Said.PRINT_HEIGHT)
        box.valueChanged.connect(lambda value: self.said.emit(said, value * (self._cm if on_paper else 1.0)))
        return box

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        self.scrubber.setAccessibleName(_("Factor from 1 to 8"))
        self.scrubber.setToolTip(_("Drag to enlarge by 1.00 to 8.00"))
        leave_wheel(self.scrubber)
        grid.addWidget(self._label(_("Factor"), self.factor), 0, 0)
        grid.addWidget(self.scrubber, 0, 1)
        grid.addWidget(self.factor, 0, 3)
        pixels = _("Exactly so many pixels; the other side follows.")
        paper = _("So large on paper, at the dots an inch below.")
        dots = _("A size on paper that was given stays; else its pixels stay.")
        rows: tuple[tuple[str, str, tuple[tuple[QAbstractSpinBox, str, str], ...]], ...] = (
            (_("Size (px)"), "×", ((self.width_box, _("Width"), pixels), (self.height_box, _("Height"), pixels))),
            (
                self._on_paper,
                "×",
                ((self.print_width, _("Print width"), paper), (self.print_height, _("Print height"), paper)),
            ),
            (
                _("Long side"),
                "@",
                (
                    (self.long_side, _("Long side"), _("Exactly so many pixels along the longer side.")),
                    (self.dpi, _("Dots an inch"), dots),
                ),
            ),
        )
        self._describe(self.factor, _("Factor"), _("By how much each side grows; below 1 the picture becomes smaller."))
        for number, (text, between, boxes) in enumerate(rows, 1):
            grid.addWidget(self._label(text, boxes[0][0]), number, 0)
            for column, (box, name, about) in zip((1, 3), boxes, strict=True):
                self._describe(box, name, about)
                grid.addWidget(box, number, column)
            grid.addWidget(QLabel(between, self), number, 2)

    def _label(self, text: str, buddy: QWidget) -> QLabel:
        label = QLabel(text, self)
        label.setBuddy(buddy)
        return label

    @staticmethod
    def _describe(box: QAbstractSpinBox, name: str, about: str) -> None:
        box.setKeyboardTracking(False)
        box.setAlignment(Qt.AlignmentFlag.AlignRight)
        box.setAccessibleName(name)
        box.setAccessibleDescription(about)
        box.setToolTip(f"{name}: {about}")
        box.setMinimumWidth(BOX_WIDTH)
        leave_wheel(box)
