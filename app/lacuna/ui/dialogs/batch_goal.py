"""What is to go in each picture of a batch, as a person says it: a choice, a file, and what other sizes mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from lacuna.editor.batch import Goal, Wish
from lacuna.editor.method import named
from lacuna.i18n import N_, _
from lacuna.imaging.mask_fit import MaskFit
from lacuna.ui.boxes import Chooser
from lacuna.ui.elided import Elided
from lacuna.ui.layout import room_on

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor

GOALS = (
    (Goal.MASK, N_("What is masked now, at the same place in each")),
    (Goal.MARK, N_("The mark that is masked now, wherever it is")),
    (Goal.TEMPLATE, N_("The mark in a file, wherever it is")),
    (Goal.TEXT, N_("Lettering and date stamps")),
    (Goal.MOSAIC, N_("Pixelated regions")),
    (Goal.BLUR, N_("Blurred patches")),
    (Goal.ALPHA, N_("What is transparent in each")),
    (Goal.RECIPE, N_("Do the steps of a recipe")),
)
FITS = (
    (MaskFit.REFUSE, N_("are left out")),
    (MaskFit.STRETCH, N_("take it in per cent of their sides")),
    (MaskFit.TOP_LEFT, N_("keep it at the top left corner")),
    (MaskFit.TOP_RIGHT, N_("keep it at the top right corner")),
    (MaskFit.BOTTOM_LEFT, N_("keep it at the bottom left corner")),
    (MaskFit.BOTTOM_RIGHT, N_("keep it at the bottom right corner")),
    (MaskFit.CENTRE, N_("keep it in the middle")),
)
PLACED = (Goal.MASK, Goal.RECIPE)
SOUGHT = (Goal.MARK, Goal.TEMPLATE)
FROM_FILE = (Goal.TEMPLATE, Goal.RECIPE)
WIDE = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)


class BatchGoal(QWidget):
    """`changed` follows each change of the `wish`. The first column of the `grid` has the labels."""

    changed = Signal()

    def __init__(self, editor: Editor, parent: QWidget) -> None:
        super().__init__(parent)
        self._editor = editor
        self._files: dict[Goal, Path] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        self.grid = grid
        self.goal = self._chooser(grid, 0, _("&What goes"), [_(text) for _goal, text in GOALS])
        self.file = Elided(self)
        self.choose = QPushButton(_("Choose…"), self)
        self.choose.setAutoDefault(False)
        self.choose.setAccessibleName(_("Choose the template or the recipe"))
        self.choose.clicked.connect(self._ask)
        row = QHBoxLayout()
        row.addWidget(self.file, 1)
        row.addWidget(self.choose)
        self._file_label = QLabel(_("File"), self)
        grid.addWidget(self._file_label, 1, 0)
        grid.addLayout(row, 1, 1)
        self.fit = self._chooser(grid, 2, _("Pictures of &other sizes"), [_(text) for _fit, text in FITS])
        self._fit_label = self._label
        self.unblend = QCheckBox(_("&Take off what is half seen by its colours, and fill only the rest"), self)
        self.unblend.clicked.connect(lambda _on: self._show())
        grid.addWidget(self.unblend, 3, 1)
        self.method = Elided(self)
        grid.addWidget(QLabel(_("Filled by"), self), 4, 0)
        grid.addWidget(self.method, 4, 1)
        grid.setColumnMinimumWidth(0, self._fit_label.sizeHint().width())  # nothing moves when that comes and goes
        document = editor.document
        if document is None or document.mask_bounds().empty:
            self.goal.setCurrentIndex([goal for goal, _text in GOALS].index(Goal.TEMPLATE))
        self._show()

    @property
    def wish(self) -> Wish:
        """What is asked for now."""
        goal = GOALS[self.goal.currentIndex()][0]
        fit = FITS[self.fit.currentIndex()][0] if goal in PLACED else MaskFit.REFUSE
        return Wish(goal, self._files.get(goal), fit, self.unblend.isChecked() and goal in SOUGHT)

    def take(self, path: Path) -> None:
        """Use this file as the template or the recipe."""
        self._files[self.wish.goal] = path
        self._show()

    def show_method(self) -> None:
        """Say by what it is filled: the method as it is set in the panel."""
        method = named(self._editor.filling.method.backend)
        told = _("The methods of the recipe") if self.wish.goal is Goal.RECIPE else _("{method}, as set in the panel")
        self.method.setText(told.format(method=method))

    def _chooser(self, grid: QGridLayout, row: int, text: str, choices: list[str]) -> Chooser:
        box = Chooser(self)
        box.addItems(choices)
        box.setAccessibleName(text.replace("&", ""))
        box.activated.connect(lambda _index: self._show())
        box.setSizePolicy(WIDE)
        self._label = QLabel(text, self)
        self._label.setBuddy(box)
        grid.addWidget(self._label, row, 0)
        grid.addWidget(box, row, 1)
        return box

    def _show(self) -> None:
        goal = GOALS[self.goal.currentIndex()][0]
        named_by_file: tuple[QWidget, ...] = (self._file_label, self.file, self.choose)
        for widget in named_by_file:
            widget.setVisible(goal in FROM_FILE)
        self._fit_label.setVisible(goal in PLACED)
        self.fit.setVisible(goal in PLACED)
        self.unblend.setVisible(goal in SOUGHT)
        path = self._files.get(goal)
        self.file.setText(_("none yet") if path is None else path.name)
        self.file.setToolTip("" if path is None else str(path))
        self.show_method()
        self.changed.emit()

    def _ask(self) -> None:
        recipe = self.wish.goal is Goal.RECIPE
        title = _("Choose a recipe") if recipe else _("Choose a picture of the mark")
        asked = QFileDialog(self, title, self._editor.settings.last_folder or str(Path.home()))
        asked.setFileMode(QFileDialog.FileMode.ExistingFile)
        if recipe:
            asked.setNameFilters([_("Recipes (*.json)"), _("All files (*)")])
        asked.fileSelected.connect(lambda chosen: self.take(Path(chosen)))
        asked.resize(asked.size().boundedTo(room_on(self)))
        asked.open()
