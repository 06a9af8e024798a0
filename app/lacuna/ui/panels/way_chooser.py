"""A list of the ways to enlarge, each with the honest word on what it is: a network, or a plain resize."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QWidget

from lacuna.editor.ways import Way
from lacuna.i18n import _
from lacuna.ui.boxes import Chooser
from lacuna.ui.wheel import leave_wheel


class WayChooser(Chooser):
    """`chosen(way)` follows a choice by the person. A way that cannot run stays in the list, grey, with the reason."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._known: tuple[Way, ...] = ()
        self.setAccessibleName(_("Method"))
        self.setMinimumContentsLength(12)
        self.setSizeAdjustPolicy(Chooser.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(lambda index: self.chosen.emit(self._known[index]))
        leave_wheel(self)

    def show_ways(self, known: tuple[Way, ...], chosen: Way) -> None:
        """List them, with this one chosen; nothing is told."""
        with QSignalBlocker(self):
            if known != self._known:
                self._known = known
                model = QStandardItemModel(self)
                for way in known:
                    item = QStandardItem(_("{name} ({kind})").format(name=way.name, kind=way.kind))
                    item.setToolTip(way.missing or way.summary)
                    item.setEnabled(not way.missing)
                    model.appendRow(item)
                self.setModel(model)
            self.setCurrentIndex(known.index(chosen))
        self.setToolTip(chosen.summary)

    @property
    def way(self) -> Way:
        """The one that is shown."""
        return self._known[max(0, self.currentIndex())]
