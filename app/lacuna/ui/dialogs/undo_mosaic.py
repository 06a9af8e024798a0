"""Undoing a mosaic: the size of its blocks as it was found, to be corrected, and by what they are enlarged."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget
from shiboken6 import isValid

from lacuna.editor.editor import Editor
from lacuna.editor.mosaics import Mosaic, sized
from lacuna.i18n import _
from lacuna.ui.boxes import DoubleSpinBox
from lacuna.ui.dialogs.dialog import Dialog, words
from lacuna.ui.panels.way_chooser import WayChooser

SIDES = (2.0, 512.0)
AFTER = 250  # milliseconds of quiet after a correction, before lines of that size are looked for


class UndoMosaic(Dialog):
    """Looks for the blocks as soon as it is opened. What it asks for is a job of the editor's."""

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(_("Undo a mosaic"), parent=parent)
        self._editor = editor
        self._mosaic: Mosaic | None = None
        self._confirmed = False
        self.found = words(_("Looking for the blocks …"), self)
        self.found.setAccessibleName(_("What was found"))
        self.found.setMinimumHeight(2 * self.found.fontMetrics().lineSpacing())
        self.found.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self.found)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        self.block_width = self._side(grid, 0, _("Block &width"))
        self.block_height = self._side(grid, 1, _("Block &height"))
        self.ways = WayChooser(self)
        label = QLabel(_("&Method"), self)
        label.setBuddy(self.ways)
        grid.addWidget(label, 2, 0)
        grid.addWidget(self.ways, 2, 1)
        self.ways.show_ways(editor.enlarging.ways, editor.enlarging.way)
        self.ways.chosen.connect(lambda way: self.ways.show_ways(editor.enlarging.ways, way))
        self.body.addLayout(grid)
        note = _(
            "Each block is taken for a pixel of a small picture, and that is enlarged. What is finer is a guess, and "
            "what is masked beside the mosaic becomes soft."
        )
        self.body.addWidget(words(note, self, quiet=True))
        self.add_button(_("Cancel"), self.reject)
        self.button = self.add_button(_("Undo the mosaic"), self._confirm, default=True)
        self.button.setProperty("primary", True)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(AFTER)
        self._soon.timeout.connect(self._look_again)
        self._enable(False)
        self._question = 0
        self._ask()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter undoes the mosaic, but the one that takes a number does no more: what it finds is to be seen first."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._soon.isActive():
            event.accept()
        else:
            super().keyPressEvent(event)

    def _side(self, grid: QGridLayout, row: int, text: str) -> DoubleSpinBox:
        box = DoubleSpinBox(lambda: None, self)
        box.setRange(*SIDES)
        box.setDecimals(2)
        box.setSuffix(" " + _("px"))
        box.setKeyboardTracking(False)
        box.setAlignment(Qt.AlignmentFlag.AlignRight)
        box.setAccessibleName(text.replace("&", ""))
        box.valueChanged.connect(lambda _value: self._corrected())
        label = QLabel(text, self)
        label.setBuddy(box)
        grid.addWidget(label, row, 0)
        grid.addWidget(box, row, 1)
        return box

    def _ask(self, size: tuple[float, float] | None = None) -> None:
        """Have a job look; of several answers only that to the last question counts."""
        self._question += 1
        question = self._question

        def come(mosaic: Mosaic | None) -> None:
            if isValid(self) and self.isVisible() and question == self._question:
                self._come(mosaic)

        self._editor.find_mosaic(come, size)

    def _come(self, mosaic: Mosaic | None) -> None:
        """The job has looked."""
        self._mosaic = mosaic
        self._enable(True)
        if mosaic is None:
            self.found.setText(_("No mosaic was found below the mask. If there is one, give the size of its blocks."))
            return
        for box, size in ((self.block_width, mosaic.across.size), (self.block_height, mosaic.down.size)):
            with QSignalBlocker(box):
                box.setValue(size)
        self._tell(mosaic)
        if self._confirmed:
            self._go(mosaic)

    def _tell(self, mosaic: Mosaic) -> None:
        share = round(100 * mosaic.confidence)
        text = (
            _("Blocks of {width} × {height} pixels, {share} % sure.")
            if mosaic.likely
            else _("Blocks of {width} × {height} pixels are a guess ({share} % sure): look whether there are any.")
        )
        sides = (f"{mosaic.across.size:.2f}", f"{mosaic.down.size:.2f}")
        width, height = (side.rstrip("0").rstrip(".") for side in sides)
        self.found.setText(text.format(width=width, height=height, share=share))

    def _corrected(self) -> None:
        self._question += 1  # what is on its way was asked before
        self.found.setText(_("Looking for the blocks …"))
        self._soon.start()

    def _look_again(self) -> None:
        self._ask((self.block_height.value(), self.block_width.value()))

    def _confirm(self) -> None:
        mosaic = self._mosaic
        if mosaic is not None and sized(mosaic, self.block_height.value(), self.block_width.value()):
            self._go(mosaic)
        else:  # a size that was just given, or where nothing was found: its lines are still to be looked for
            self._confirmed = True
            self._soon.stop()
            self._enable(False)
            self._look_again()

    def _go(self, mosaic: Mosaic) -> None:
        way = self.ways.way
        self.accept()
        self._editor.undo_mosaic(mosaic, way)

    def _enable(self, on: bool) -> None:
        for widget in (self.block_width, self.block_height, self.button):
            widget.setEnabled(on)
