"""What the colours of the contour view mean, in a corner over the picture."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

from lacuna.contract.guides import Guide
from lacuna.editor.editor import Editor
from lacuna.i18n import _
from lacuna.ui.canvas.contours_view import GROUND, PICTURE, PREDICTED, ContoursView
from lacuna.ui.canvas.guide_look import COLOURS
from lacuna.ui.panels.proposal_bar import ProposalBar

GAP = 16  # between the card and the edge of the picture
SWATCH, LINE = 14, 4


class ContourLegend(QFrame):
    """Lives over the stage and moves nothing, not even the bar below it; in view as long as edges are."""

    def __init__(self, editor: Editor, view: ContoursView, bar: ProposalBar, host: QWidget) -> None:
        super().__init__(host)
        self._bar = bar
        self._editor = editor
        self._view = view
        self._host = host
        self.setProperty("card", True)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(_("What the colours mean"))
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 8, 12, 8)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        rows = (
            (PICTURE, _("Edges of the picture")),
            (PREDICTED, _("Predicted in the hole")),
            (COLOURS[Guide.LINE], _("Your lines")),
            (COLOURS[Guide.ERASE_EDGE], _("Rubbed out")),
        )
        for row, (colour, text) in enumerate(rows):
            swatch = QLabel(self)
            swatch.setPixmap(_swatch(colour))
            grid.addWidget(swatch, row, 0)
            grid.addWidget(QLabel(text, self), row, 1)
        view.toggled.connect(self.refresh)
        editor.document_changed.add(self.refresh)
        bar.placed.connect(self.place)
        self.hide()

    def refresh(self, _on: object = None) -> None:
        self.setVisible(self._view.on and self._editor.document is not None)
        self.place()

    def place(self) -> None:
        """At the lower left corner, or above the bar where that is there."""
        if not self.isVisibleTo(self._host):
            return
        self.adjustSize()
        self.move(GAP, self._host.height() - self.height() - GAP)
        if self._bar.isVisibleTo(self._host) and self._bar.geometry().intersects(self.geometry()):
            self.move(GAP, self._bar.y() - self.height() - GAP)
        self.raise_()


def _swatch(colour: QColor) -> QPixmap:
    """A line of this colour on the ground."""
    made = QPixmap(SWATCH, SWATCH)
    made.fill(GROUND)
    with QPainter(made) as painter:
        painter.fillRect(2, (SWATCH - LINE) // 2, SWATCH - 4, LINE, colour)
    return made
