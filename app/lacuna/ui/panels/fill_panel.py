"""How to fill: the backend, its settings, what a run will take, what it lacks, and the button."""

from __future__ import annotations

import re
from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lacuna.contract.params import describe
from lacuna.document.document import Document
from lacuna.document.plane import Change, Plane
from lacuna.editor.editor import Editor
from lacuna.editor.values import Estimate
from lacuna.engine.registry import BackendInfo, takes_models
from lacuna.i18n import _
from lacuna.settings import Preferences
from lacuna.ui.action_set import ActionSet
from lacuna.ui.boxes import Chooser
from lacuna.ui.forms import Form
from lacuna.ui.icons import icon
from lacuna.ui.panels.contours_part import ContoursPart
from lacuna.ui.scrolled import Scrolled
from lacuna.ui.tab_order import chain
from lacuna.ui.wheel import leave_wheel
from lacuna.words import forecast

LEAST_SETTINGS = 104  # pixels: what a method is for and one or two settings stay in view
LINES = 2  # of text between settings and button: one of them or two, nothing moves
ESTIMATE_AFTER = 120  # milliseconds of quiet after a change


class FillPanel(QWidget):
    """Shows the editor's backend, params and estimate; `done`: the person is through with one of its fields."""

    done = Signal()
    preferred = Signal(str, object)  # a preference that is shown here too: its name and new value

    def __init__(self, editor: Editor, actions: ActionSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._known: tuple[BackendInfo, ...] = ()
        self._form: Form | None = None
        self._form_of = ""
        self._document: Document | None = None

        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 12)
        column.setSpacing(10)
        self.backends = Chooser(self)
        self.backends.setAccessibleName(_("Method"))
        self.backends.setMinimumContentsLength(12)
        self.backends.setSizeAdjustPolicy(Chooser.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.backends.activated.connect(self._backend_chosen)
        self.backends.picked.connect(self.done)
        leave_wheel(self.backends)
        column.addWidget(self.backends)
        self._settings = QWidget(self)
        self._form_place = QVBoxLayout(self._settings)
        self._form_place.setContentsMargins(0, 0, 6, 0)
        self._form_place.setSpacing(10)
        self.choice = _wrapped(self)
        self.choice.setAccessibleName(_("How the last fill was chosen"))
        self._form_place.addWidget(self.choice)
        self.summary = _wrapped(self, quiet=True)
        self._form_place.addWidget(self.summary)
        self._scroll = Scrolled(self._settings, self)
        self._scroll.setMinimumHeight(LEAST_SETTINGS)
        column.addWidget(self._scroll, 1)
        self.contours = ContoursPart(editor, actions, self)
        self.contours.preferred.connect(self.preferred)
        self.contours.done.connect(self.done)
        self._form_place.addWidget(self.contours)
        self.seam, self.alpha = self._shared("composite"), self._shared("fill_alpha")
        self.reset = QToolButton(self)
        self.reset.setText(_("Reset settings"))
        self.reset.setIcon(icon("reset"))
        self.reset.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.reset.clicked.connect(self._reset)
        self._form_place.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignLeft)
        self._form_place.addStretch(1)
        self.estimate = _wrapped(self, quiet=True)
        self.estimate.setAccessibleName(_("Estimate"))
        self.estimate.setMinimumHeight(LINES * self.estimate.fontMetrics().lineSpacing())
        column.addWidget(self.estimate)
        self.unheard = _wrapped(self, quiet=True)
        self.unheard.hide()
        column.addWidget(self.unheard)
        self.problem = _wrapped(self)
        self.problem.setProperty("severity", "warning")
        self.problem.setMinimumHeight(self.estimate.minimumHeight())
        column.addWidget(self.problem)
        self.models = QPushButton(_("Import a model…"), self)
        self.models.clicked.connect(actions["edit.models"].trigger)
        self.models.hide()
        column.addWidget(self.models)

        self.button = QPushButton(_("Fill"), self)
        self.button.setProperty("primary", True)
        self.button.setMinimumHeight(32)
        self.button.clicked.connect(lambda: editor.fill())
        again = QToolButton(self)
        again.setDefaultAction(actions["fill.again"])
        after = QToolButton(self)
        after.setDefaultAction(actions["fill.after_stroke"])
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.button, 1)
        for tool in (again, after):
            tool.setFixedSize(32, 32)
            tool.setAutoRaise(True)
            row.addWidget(tool)
        column.addLayout(row)
        self._actions = actions
        actions.rebound.connect(self._show_key)
        self._show_key()

        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(ESTIMATE_AFTER)
        self._later.timeout.connect(self._show_estimate)
        editor.state_changed.add(self.refresh)
        editor.document_changed.add(self._follow)
        self._follow()

    def populate(self, known: tuple[BackendInfo, ...]) -> None:
        """List the backends: those that cannot run stay in view, grey, with the reason.

        One that lacks a model can be chosen all the same: below it stands how to get one.
        """
        self._known = known
        model = QStandardItemModel(self.backends)
        for info in known:
            item = QStandardItem(_(info.name))
            item.setToolTip(info.missing or _(info.summary))
            item.setEnabled(not info.missing or takes_models(info))
            model.appendRow(item)
        self.backends.setModel(model)
        self._keep_width()
        self.refresh()

    def _keep_width(self) -> None:
        """Be as wide for every method as the widest form needs: else another method would move the picture, and what
        was zoomed to fit would change its size."""
        widths = []
        for params in {info.Params for info in self._known}:
            form = Form(params)  # of nobody: what is in the panel stays as it is
            form.align_labels(max(form.label_width, self.seam.label_width))
            widths.append(form.minimumSizeHint().width())
            form.deleteLater()
        margins = self._form_place.contentsMargins()
        self._settings.setMinimumWidth(max(widths, default=0) + margins.left() + margins.right())

    def refresh(self) -> None:
        """Show what the editor says now; nothing until the backends are listed."""
        document = self._editor.document
        self.button.setEnabled(document is not None)
        self.alpha.setVisible(document is not None and document.alpha is not None)
        for form in (self.seam, self.alpha):
            form.show_values(self._editor.settings.preferences)
        self.contours.refresh()
        self._show_choice()
        self._later.start()
        if not self._known:
            return
        ids = [info.id for info in self._known]
        chosen = self._editor.backend
        if chosen in ids:
            info = self._known[ids.index(chosen)]
            with QSignalBlocker(self.backends):
                self.backends.setCurrentIndex(ids.index(chosen))
            self.summary.setText(_(info.summary))
            self.backends.setToolTip(_(info.summary))
            self._show_form(info)

    def _show_choice(self) -> None:
        """Which method was chosen for the fill in view and why, while what chose it is selected."""
        report, step = self._editor.report, None
        if report is not None and report.methods and report.step is not None:
            step = report.step
        self.choice.setVisible(step is not None and step.backend == self._editor.backend)
        if report is not None and step is not None:
            told = "\n".join((_("Chosen: {methods}").format(methods=", ".join(report.methods)), *report.notes))
            self.choice.setText(by_name(told, {info.id: _(info.name) for info in self._known}))

    def _shared(self, preference: str) -> Form:
        """A preference that belongs to filling so much that it is shown here too."""
        others = [p.name for p in describe(Preferences) if p.name != preference]
        form = Form(Preferences, leave_out=others, parent=self)
        form.changed.connect(self.preferred)
        form.done.connect(self.done)
        self._form_place.addWidget(form)
        return form

    def _show_form(self, info: BackendInfo) -> None:
        if self._form_of != info.id:
            if self._form is not None:
                self._form_place.removeWidget(self._form)
                self._form.hide()
                self._form.deleteLater()
            self._form = Form(info.Params, parent=self)
            self._form.changed.connect(lambda name, value: self._editor.set_param(name, value))
            self._form.done.connect(self.done)
            self._form_place.insertWidget(self._form_place.indexOf(self.summary) + 1, self._form)
            chain(self.backends, self._form, self.contours, self.seam, self.alpha, self.reset)
            for form in (self._form, self.seam):
                form.align_labels(max(self._form.label_width, self.seam.label_width))
            self._form_of = info.id
        assert self._form is not None
        self._form.show_values(self._editor.params)
        self.reset.setVisible(bool(self._form.fields))
        self.reset.setEnabled(not self._form.at_defaults)

    def _show_estimate(self) -> None:
        if self._editor.document is None:
            self.estimate.setText(_("Open a picture and paint over what should go."))
            self._show_problem("")
            self._show_unheard()
            return
        estimate = self._editor.estimate()
        problem = estimate.problem if estimate.pixels else ""  # an empty mask is where everybody begins
        self._show_problem(problem)
        self._show_unheard()
        proposed = not estimate.pixels and self._editor.proposals.chosen
        self.estimate.setText(_("What is proposed is marked, and filled.") if proposed else sentence(estimate))
        self.estimate.setVisible(not problem)

    def _show_unheard(self) -> None:
        """Which guides the method chosen will not follow, and which bound it: known before the click."""
        document, method, kinds = self._editor.document, self._editor.filling.method, self._editor.unheard
        said = [_("Not followed by this method: {kinds}.").format(kinds=kinds)] if kinds else []
        if document is not None and method.bounded(document):
            said.append(_("It copies only from the area that you drew."))
        self.unheard.setText(" ".join(said))
        self.unheard.setVisible(bool(said))

    def _show_problem(self, problem: str) -> None:
        missing = self._editor.missing
        self.problem.setText(missing or problem)
        self.problem.setVisible(bool(missing or problem))
        chosen = next((info for info in self._known if info.id == self._editor.backend), None)
        self.models.setVisible(bool(missing) and chosen is not None and takes_models(chosen))

    def _backend_chosen(self, index: int) -> None:
        self._editor.use_backend(self._known[index].id)

    def _follow(self) -> None:
        document = self._editor.document
        if document is not None and document is not self._document:
            document.mask.changed.add(self._mask_changed)
        self._document = document
        self.refresh()

    def _mask_changed(self, _plane: Plane, _change: Change) -> None:
        self._later.start()

    def _reset(self) -> None:
        if self._form is not None:
            self._form.reset()

    def _show_key(self) -> None:
        self.button.setToolTip(self._actions["fill.enter"].toolTip())


def sentence(estimate: Estimate) -> str:
    """Time, memory and extent of a run, for the panel."""
    if estimate.pixels == 0:
        return _("Paint over what should go.")
    return forecast(
        estimate.seconds,
        estimate.bytes,
        estimate.regions,
        first=estimate.first,
        crop=estimate.crop,
        size=estimate.size,
    )


def by_name(text: str, names: Mapping[str, str]) -> str:
    """`text` with the methods' `names` for their ids, which are for those who type them."""
    ids = "|".join(map(re.escape, names))
    return re.sub(rf"(?<![\w:-])({ids})(?![\w:-])", lambda found: names[found[0]], text, flags=re.ASCII)


def _wrapped(parent: QWidget, *, quiet: bool = False) -> QLabel:
    label = QLabel(parent)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("quiet", quiet)
    return label
