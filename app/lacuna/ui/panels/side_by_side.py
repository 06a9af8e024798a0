"""Results of one hole side by side, all moving together: choose one and accept it, or go back to the picture."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from lacuna.editor.candidates import Candidate, Unfilled
from lacuna.editor.editor import Editor
from lacuna.editor.offer import Result
from lacuna.engine.jobs import Job
from lacuna.i18n import _
from lacuna.imaging.region import Region
from lacuna.ui.action_set import ActionSet
from lacuna.ui.answer_buttons import accept_button, cross_button
from lacuna.ui.canvas.canvas import Canvas
from lacuna.ui.canvas.mask_layer import MaskLayer
from lacuna.ui.canvas.navigation import Navigation
from lacuna.ui.canvas.painting import PATIENCE
from lacuna.ui.canvas.photo_layer import PhotoLayer
from lacuna.ui.canvas.viewport import Viewport
from lacuna.ui.framing import framed
from lacuna.ui.panels.candidate_cell import CandidateCell, view_size

GAP = 8
SHAPES = (0.75, 1.5)  # of a view, width to height: as the hole is, within these, and as near as the room allows
NUMBERS = range(Qt.Key.Key_1.value, Qt.Key.Key_9.value + 1)


class SideBySide(QWidget):
    """Takes the place of the canvas while it is `on`; what is chosen is the editor's choice.

    The views share one viewport and the canvas's tiles of what they have in common; each has tiles of its own for what
    it shows, together no more than a view as large as all of them has. `toggled(on)` follows each change of `on`.
    """

    toggled = Signal(bool)
    zoom_changed = Signal(float)

    def __init__(self, editor: Editor, canvas: Canvas, actions: ActionSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._canvas = canvas
        self._scene = canvas.scene
        self._actions = actions
        self.on: bool = False
        self._columns = 1
        self.viewport = Viewport()
        self.navigation = Navigation(self.viewport, self.devicePixelRatio, self._panned, self._zoomed)
        self.cells: list[CandidateCell] = []  # those that are shown, in reading order
        self._spare: list[CandidateCell] = []
        self._framed = True  # the hole is looked at: nobody has moved the view
        self._placed_for: Region | None = None  # the hole that the cells were laid out for
        self._unfilled: Unfilled | None = None
        self._hole: tuple[PhotoLayer, MaskLayer] | None = None
        self._layers: dict[Result, PhotoLayer] = {}
        self.setAccessibleName(_("Results side by side"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.before = QCheckBox(_("Before"), self)
        self.before.setToolTip(_("Show the picture as it was, with the mask, beside the results"))
        self.before.setChecked(True)
        self.before.toggled.connect(lambda _on: self.refresh())
        self.accept = accept_button(_("Accept"), editor.accept, self)
        self.cross = cross_button(_("Back to the picture"), self.leave, self)
        self._bar = QHBoxLayout()
        self._bar.setContentsMargins(0, 0, 0, 0)
        self._bar.setSpacing(GAP)
        self._bar.addWidget(self.before)
        self._bar.addStretch(1)
        for button in (self.accept, self.cross):
            self._bar.addWidget(button)
        self._room = QWidget(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.setSpacing(GAP)
        column.addLayout(self._bar)
        column.addWidget(self._room, 1)
        actions.rebound.connect(self._show_keys)
        self._show_keys()
        self._scene.replaced.connect(self._scene_replaced)
        self._soon = QTimer(self)  # between the end of a fill and the tries of it there are no candidates
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.refresh)
        editor.state_changed.add(self._soon.start)
        editor.job_changed.add(self._job_changed)

    @property
    def bar_height(self) -> int:
        """How far what acts on the results reaches down, with a gap below."""
        return self._bar.sizeHint().height() + 2 * GAP

    # --- coming and going --------------------------------------------------------------------------------------------
    def open(self) -> None:
        """Show what there is to choose from; nothing without that."""
        if not self.on and self._editor.candidates:
            self.on, self._framed = True, True
            self._show_whole()
            self.refresh()
            self.toggled.emit(True)

    def leave(self) -> None:
        """Go back to the picture; the results still wait there."""
        if self.on:
            self.on = False
            for result in tuple(self._layers):
                self._scene.let_go(self._layers.pop(result))
            self._show_unfilled(None)
            self.toggled.emit(False)

    def refresh(self) -> None:
        """Show the candidates as they are now; without any the picture comes back."""
        if not self.on:
            return
        candidates = self._editor.candidates
        if not candidates or self._scene.photo is None:
            self.leave()
            return
        self._show_unfilled(self._editor.unfilled)
        self._show_results([each.result for each in candidates if each.result is not None])
        self._provide(len(candidates) + self.before.isChecked())
        self._fill_cells(candidates)
        self.accept.setEnabled(self._editor.offer is not None)

    def _job_changed(self, job: Job) -> None:
        if self.on and not job.over:  # what it has come to is told as a change of state
            self._fill_cells(self._editor.candidates)

    def _scene_replaced(self) -> None:
        """Another picture, or another size of it: no layer is of any use."""
        self._layers.clear()
        self._unfilled = self._hole = None
        self._show_whole()
        self.refresh()

    def _show_whole(self) -> None:
        """Start from the whole picture; the next cells that are provided look at the hole, however many there were."""
        self.viewport.show(self._scene.shape)
        self._placed_for = None

    # --- what is shown -----------------------------------------------------------------------------------------------
    def _show_unfilled(self, unfilled: Unfilled | None) -> None:
        if unfilled is self._unfilled:
            return
        self._unfilled = unfilled
        for layer in self._hole or ():
            self._scene.let_go(layer)
        self._hole = None
        if unfilled is not None:
            self._hole = self._scene.under(unfilled.pieces), self._scene.masked(unfilled.masks)

    def _show_results(self, results: Sequence[Result]) -> None:
        for gone in self._layers.keys() - set(results):
            self._scene.let_go(self._layers.pop(gone))
        for result in results:
            if result not in self._layers:
                self._layers[result] = self._scene.under(result.pieces)

    def _provide(self, count: int) -> None:
        """Have so many cells, all of one size and laid out for the hole, and keep in view what was."""
        hole = None if self._unfilled is None else self._unfilled.box
        if count == len(self.cells) and hole == self._placed_for:
            return
        while len(self.cells) > count:
            self._spare.append(self.cells.pop())
            self._spare[-1].hide()
        while len(self.cells) < count:
            cell = self._spare.pop() if self._spare else self._made()
            self.cells.append(cell)
            cell.show()
        for cell in self.cells:
            cell.view.patience = PATIENCE / count
        self._place()

    def _made(self) -> CandidateCell:
        cell = CandidateCell(self._canvas, self.navigation, self._room)
        cell.view.clicked.connect(lambda: self._choose(self._index_of(cell)))
        cell.view.double_clicked.connect(lambda: self._accept(self._index_of(cell)))
        return cell

    def _fill_cells(self, candidates: Sequence[Candidate]) -> None:
        offer, first = self._editor.offer, len(self.cells) - len(candidates)
        if first not in (0, 1):
            return  # between two states of the editor: the second is told, too
        hole = self._hole or (None, None)
        if first:
            self.cells[0].show_hole()
            self.cells[0].view.show_layers(*hole)
        names = [each.name for each in candidates]
        for index, (cell, each) in enumerate(zip(self.cells[first:], candidates, strict=True)):
            alone, chosen = names.count(each.name) == 1, offer is not None and offer.chosen == index
            cell.show_candidate(index + 1, each, alone=alone, chosen=chosen)
            cell.view.show_layers(*(hole if each.result is None else (self._layers.get(each.result), None)))
        if offer is not None:
            self.setAccessibleDescription(self.cells[first + offer.chosen].view.accessibleName())

    def _place(self) -> None:
        """Lay the cells out in rows; until somebody moves the views, they look at the hole."""
        if not self.cells:
            return
        self._placed_for = None if self._unfilled is None else self._unfilled.box
        box = self._placed_for or Region(0, 0, 3, 4)
        self._columns = columns(len(self.cells), self._room.width(), self._room.height(), box.width / box.height)
        rows = -(-len(self.cells) // self._columns)
        width = (self._room.width() - GAP * (self._columns - 1)) // self._columns
        height = (self._room.height() - GAP * (rows - 1)) // rows
        for index, cell in enumerate(self.cells):
            row, column = divmod(index, self._columns)
            cell.setGeometry(column * (width + GAP), row * (height + GAP), width, height)
        ratio = self.devicePixelRatio()
        self.viewport.resize(*(round(side * ratio) for side in view_size(width, height)))
        if self._framed and self._unfilled is not None:
            aspect = self.viewport.width / self.viewport.height
            self.viewport.look_at(framed(self._unfilled.box, aspect, self._scene.shape))
        self._moved()

    def _moved(self, gently: bool = False) -> None:
        for cell in self.cells:
            cell.view.zoomed(gently)
        self.zoom_changed.emit(self.viewport.zoom)

    def _panned(self, _dx: int, _dy: int) -> None:
        self._framed = False
        for cell in self.cells:
            cell.view.update()

    def _zoomed(self, gently: bool) -> None:
        self._framed = False
        self._moved(gently)

    # --- choosing ----------------------------------------------------------------------------------------------------
    def _index_of(self, cell: CandidateCell) -> int:
        """The candidate in a cell; -1 for the hole."""
        return self.cells.index(cell) - (len(self.cells) - len(self._editor.candidates))

    def _choose(self, index: int) -> bool:
        """Choose a candidate whose result is there."""
        there = 0 <= index < len(self._layers) and self._editor.offer is not None
        if there:
            self._editor.choose(index)
        return there

    def _accept(self, index: int) -> None:
        if self._choose(index):
            self._editor.accept()

    def choose_row(self, step: int) -> None:
        """Choose the result so many rows below, or above."""
        if self._editor.offer is not None:
            self._choose(self._editor.offer.chosen + step * self._columns)

    def _show_keys(self) -> None:
        for button, action, text in (
            (self.accept, "fill.enter", _("Take the result that is chosen")),
            (self.cross, "fill.escape", _("Back to the picture")),
        ):
            button.setToolTip(self._actions.with_key(action, text))
            button.setAccessibleDescription(text)

    # --- Qt ----------------------------------------------------------------------------------------------------------
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _number(event):
            event.accept()  # else it would be the opacity of the mask
            return True
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._place()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if _number(event):
            self._choose(_number(event) - 1)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        layout = self.layout()
        assert layout is not None
        layout.activate()
        self._place()


def _number(event: QKeyEvent) -> int:
    """The number of a key from 1 to 9 alone; else 0."""
    plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    return event.key() - NUMBERS.start + 1 if plain and event.key() in NUMBERS else 0


def columns(count: int, width: int, height: int, shape: float) -> int:
    """In how many columns as many cells show most of something of this `shape`, width to height, in such a room.

    >>> [columns(count, 970, 600, 4 / 3) for count in (2, 3, 4, 6, 9)], columns(4, 970, 600, 0.3)
    ([2, 2, 2, 3, 3], 4)
    """
    shape = min(max(shape, SHAPES[0]), SHAPES[1])

    def largest(columns: int) -> float:
        rows = -(-count // columns)
        wide, high = view_size((width - GAP * (columns - 1)) // columns, (height - GAP * (rows - 1)) // rows)
        return min(wide, shape * high)

    return max(range(1, count + 1), key=largest)
