"""The options of the tool in hand, side by side above the picture."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from lacuna.contract.guides import Guide, listed
from lacuna.editor.editor import Editor
from lacuna.editor.picking import Pick
from lacuna.i18n import _
from lacuna.ui.elided import Elided
from lacuna.ui.forms import Flow, Form
from lacuna.ui.tab_order import chain


class OptionBar(QWidget):
    """`done`: the person is through with one of its fields. A short bar has boxes alone."""

    done = Signal()

    def __init__(self, editor: Editor, before: QWidget, parent: QWidget | None = None) -> None:
        """`before` is the widget from which Tab goes on to the options."""
        super().__init__(parent)
        self._before = before
        self._editor = editor
        self._form: Form | None = None
        self._form_of = ""
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 0, 8, 0)
        self._row.setSpacing(14)
        self._name = QLabel(self)
        self._name.setProperty("heading", True)
        self._row.addWidget(self._name)
        self.note = Elided(self)
        self.note.setProperty("severity", "warning")
        self.note.hide()
        self._row.addWidget(self.note)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        editor.state_changed.add(self.refresh)
        self.refresh()

    @property
    def form(self) -> Form | None:
        """The controls of the tool in hand."""
        return self._form

    def refresh(self) -> None:
        tool = self._editor.tool
        if tool.id != self._form_of:
            if self._form is not None:
                self._row.removeWidget(self._form)
                self._form.hide()
                self._form.deleteLater()
            self._form = Form(tool.Options, flow=Flow.ROW, parent=self)
            self._form.changed.connect(lambda name, value: self._editor.set_option(name, value))
            self._form.done.connect(self.done)
            self._row.insertWidget(1, self._form)
            self._row.setStretch(2, 1)
            chain(self._before, self._form)
            self._form_of = tool.id
            self._name.setText(_(tool.name))
        assert self._form is not None
        self._form.show_values(self._editor.options)
        self._show_note()
        self._fit()

    def _show_note(self) -> None:
        """What the tool lacks, or whom its guides do not reach: known before the first stroke."""
        tool, options = self._editor.tool, self._editor.options
        note = tool.problem(options) if isinstance(tool, Pick) else ""
        kinds = getattr(tool, "kinds", ())
        drawn = {Guide(options.kind)} if kinds and hasattr(options, "kind") else set(kinds)
        unheard = drawn & self._editor.guides.ignored if drawn else drawn
        if unheard:
            note = _("Not followed by this method: {kinds}.").format(kinds=listed(unheard))
        self.note.setText(note)
        self.note.setToolTip(note)
        self.note.setVisible(bool(note))

    def _fit(self) -> None:
        """Leave out what there is no room for: the sliders first, then the tool's name, which its button tells too."""
        if self._form is None:
            return
        with_name = self._least() + self._name.sizeHint().width() + self._row.spacing()
        self._name.setVisible(self.width() >= with_name)
        self._form.show_sliders(self.width() >= with_name + self._form.sliders_width)

    def _least(self) -> int:
        """The width of the boxes alone."""
        assert self._form is not None
        margins = self._row.contentsMargins()
        return margins.left() + self._form.width_without_sliders + margins.right()

    def minimumSizeHint(self) -> QSize:
        return QSize(self._least(), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)
