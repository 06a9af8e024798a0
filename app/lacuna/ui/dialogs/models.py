"""The models of the learned methods: what there is and what it says of itself; import, verify, export, remove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from lacuna.contract.model_config import ModelConfig
from lacuna.contract.models import Model
from lacuna.editor.models import network_of
from lacuna.editor.values import Message, Severity
from lacuna.engine.jobs import Job, State
from lacuna.engine.registry import backend_for
from lacuna.errors import LacunaError
from lacuna.i18n import _
from lacuna.ui.dialogs.dialog import Dialog, words
from lacuna.ui.dialogs.import_model import ImportModel
from lacuna.ui.dialogs.question import Question
from lacuna.ui.drops import dragged
from lacuna.ui.elided import Elided
from lacuna.ui.layout import room_on
from lacuna.ui.messages import Answer
from lacuna.words import memory

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor
    from lacuna.editor.models import Recognised

NAME = Qt.ItemDataRole.UserRole
WHOLE = 1000
SUFFIX = "safetensors"  # of an exported model
SIZE = QSize(680, 620)  # at first, where the screen has room for that
ROWS = 2  # of the list that are in view on the lowest screen
LINES = 2  # of what a model says of itself, there
LOW = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # as low as there is room for


class Models(Dialog):
    """Lists what there is. One job at a time; one that still runs when the dialog is closed goes on, and is told of."""

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(_("Models"), parent=parent)
        self._editor = editor
        self._models = editor.models
        self._job: Job | None = None
        self._closed = False
        self._usable = False  # the current model: some method fills with it
        self._known: dict[str, Model] = {}
        self.setMinimumWidth(SIZE.width())
        self.setAcceptDrops(True)
        self.body.addWidget(
            words(_("Learned methods work with these. Drop files of weights here, or import them."), self)
        )
        self.list = QTreeWidget(self)
        self.list.setHeaderLabels([_("Name"), _("Network"), _("Size"), _("Quality"), _("From")])
        self.list.setRootIsDecorated(False)
        self.list.setTabKeyNavigation(False)
        self.list.setAccessibleName(_("Models"))
        self.list.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.list.header().setStretchLastSection(True)
        self.list.setSizePolicy(LOW)
        self.list.setMinimumHeight((ROWS + 1) * (self.list.fontMetrics().lineSpacing() + 8))
        self.list.currentItemChanged.connect(lambda *_items: self._show_current())
        self.body.addWidget(self.list, 1)
        self.about = QPlainTextEdit(self)
        self.about.setReadOnly(True)
        self.about.setTabChangesFocus(True)
        self.about.setAcceptDrops(False)  # what is dropped on it is dropped on the dialog
        self.about.setAccessibleName(_("What the model says of itself"))
        self.about.setSizePolicy(LOW)
        self.about.setMinimumHeight(LINES * self.about.fontMetrics().lineSpacing() + 2 * self.about.frameWidth() + 8)
        self.body.addWidget(self.about, 1)
        self.use = self._verb(_("Use"), self._use)
        self.check = self._verb(_("Verify"), self._verify)
        self.export = self._verb(_("Export…"), self._ask_export)
        self.remove = self._verb(_("Remove…"), self._ask_remove)
        verbs = QHBoxLayout()
        for button in (self.use, self.check, self.export, self.remove):
            verbs.addWidget(button)
        verbs.addStretch(1)
        self.body.addLayout(verbs)
        self.told = words("", self)
        self.told.setMinimumHeight(2 * self.told.fontMetrics().lineSpacing())  # nothing moves when it says more
        self.told.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self.told)
        self.body.addLayout(self._progress_row())
        self.bring = self.add_button(_("Import…"), self._ask_import, left=True)
        self.add_button(_("Close"), self.accept, default=True)
        self._deaf = (
            self._models.changed.add(self._fill),
            editor.job_changed.add(self._job_changed),
            editor.work.ended.add(self._show_job),
        )
        self._fill()
        self._show_job()
        self.resize(SIZE)
        self.list.setFocus()

    # --- what is in view ---------------------------------------------------------------------------------------------
    @property
    def current(self) -> Model | None:
        item = self.list.currentItem()
        return None if item is None else self._known.get(item.data(0, NAME))

    def select(self, name: str) -> None:
        """Show this model, if it is there."""
        for row in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(row)
            if item is not None and item.data(0, NAME) == name:
                self.list.setCurrentItem(item)

    def bring_in(self, paths: Sequence[Path]) -> None:
        """Find out what these files are, and ask whether and how to install that."""
        if paths and self._job is None:
            self._begin(self._models.look(paths, self._recognised, self._failed))

    def _verb(self, text: str, call: object) -> QPushButton:
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        button.clicked.connect(call)
        return button

    def _progress_row(self) -> QHBoxLayout:
        self.stage = Elided(self)
        self.progress = QProgressBar(self)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(160)
        self.progress.setAccessibleName(_("Progress"))
        self.cancel = self._verb(_("Cancel"), self._cancel)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self.stage, 1)
        for widget in (self.progress, self.cancel):
            policy = widget.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            widget.setSizePolicy(policy)
            row.addWidget(widget)
        return row

    def _fill(self) -> None:
        current = self.current
        self._known = {model.name: model for model in self._models.installed()}
        self.list.clear()
        for model in self._known.values():
            item = QTreeWidgetItem(self.list, _columns(model))
            item.setData(0, NAME, model.name)
        self.select(next(iter(self._known), ""))
        if current is not None:
            self.select(current.name)
        self._show_current()

    def _show_current(self) -> None:
        model = self.current
        self._usable = model is not None and not model.damaged and bool(backend_for(model))
        self.about.setPlainText(_("There is no model yet.") if model is None else self._text(model))
        self._enable()

    def _enable(self) -> None:
        model, free = self.current, self._job is None
        whole = model is not None and not model.damaged
        self.bring.setEnabled(free)
        for button, on in (
            (self.use, self._usable),
            (self.check, whole),
            (self.export, whole and model is not None and model.config is not None),
            (self.remove, model is not None and not model.shipped),
        ):
            button.setEnabled(free and on)

    def _text(self, model: Model) -> str:
        told = [_("Damaged: {reason}").format(reason=model.damaged) if model.damaged else model.title]
        told += [text.format(value=value) for text, value in _facts(model) if value]
        told.append(_("Folder: {value}").format(value=model.folder))
        return "\n".join(told) + f"\n\n{self._models.card(model)}".rstrip()

    # --- jobs --------------------------------------------------------------------------------------------------------
    def _begin(self, job: Job) -> None:
        self._job = job
        self._say("")
        self._show_job()

    def _job_changed(self, job: Job) -> None:
        if job is self._job:
            self._show_job()

    def _show_job(self) -> None:
        job = self._job
        if job is not None and job not in self._editor.jobs:
            job = self._job = None
        if self._closed:
            return
        for widget in (self.progress, self.cancel):
            widget.setVisible(job is not None)
        if job is None:
            self.stage.setText("")
        else:
            known = job.state is State.RUNNING and job.fraction > 0
            self.stage.setText(f"{job.label}: {job.stage}" if job.stage else job.label)
            self.progress.setRange(0, WHOLE if known else 0)
            self.progress.setValue(round(job.fraction * WHOLE))
            self.cancel.setEnabled(job.matters)
        self._enable()

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _failed(self, error: LacunaError) -> None:
        if self._closed:
            self._editor.said(Message.of(error))
        else:
            self._say(str(error), "error")

    def _outcome(self, sentence: str, severity: Severity = Severity.INFO) -> None:
        if self._closed:
            self._editor.said(Message(sentence, severity=severity))
        else:
            self._say(sentence, "" if severity is Severity.INFO else severity.value)

    def _say(self, sentence: str, severity: str = "") -> None:
        self.told.setText(sentence)
        self.told.setProperty("severity", severity)
        self.told.style().unpolish(self.told)  # or the colour of what was said before would stay
        self.told.style().polish(self.told)

    # --- verbs -------------------------------------------------------------------------------------------------------
    def _ask_import(self) -> None:
        asked = self._file_dialog(_("Import a model"))
        asked.setFileMode(QFileDialog.FileMode.ExistingFiles)
        every = _("Files of weights (*.pth *.pt *.index *.safetensors *.onnx)")
        asked.setNameFilters([every, _("All files (*)")])
        asked.filesSelected.connect(lambda chosen: self.bring_in([Path(name) for name in chosen]))
        asked.open()

    def _file_dialog(self, title: str) -> QFileDialog:
        asked = QFileDialog(self, title, self._editor.settings.last_folder or str(Path.home()))
        asked.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        asked.resize(asked.size().boundedTo(room_on(self)))  # Qt's own, where the desktop has none
        return asked

    def _recognised(self, seen: Recognised) -> None:
        if self._closed:
            return

        def install(name: str, choice: int, replace: bool) -> None:
            def done(model: Model) -> None:
                self._outcome(_("“{name}” is installed.").format(name=model.name))
                if not self._closed:
                    self.select(model.name)

            self._begin(self._models.install(seen, name, done, self._failed, choice=choice, replace=replace))

        ImportModel(self._models, seen, install, self).open()

    def _use(self) -> None:
        if self.current is not None:
            try:
                self._models.use(self.current)
            except LacunaError as error:
                self._failed(error)
            else:
                self._say(_("Fills are made with “{name}” from now on.").format(name=self.current.name))

    def _verify(self) -> None:
        model = self.current
        if model is None:
            return
        whole = _("“{name}” is whole: every file is what it was.").format(name=model.name)

        def done(reason: str) -> None:
            self._outcome(reason or whole, Severity.ERROR if reason else Severity.INFO)

        self._begin(self._models.verify(model, done, self._failed))

    def _ask_export(self) -> None:
        model = self.current
        if model is None:
            return

        def export(chosen: str) -> None:
            path = Path(chosen)
            there = _("“{name}” is in {path} now ({size}).")

            def done(size: int) -> None:
                self._outcome(there.format(name=model.name, path=path, size=memory(size)))

            self._begin(self._models.export(model, path, done, self._failed))

        asked = self._file_dialog(_("Export the model"))
        asked.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        asked.setNameFilter(_("Models (*.safetensors)"))
        asked.setDefaultSuffix(SUFFIX)  # before it is asked whether what is there may be replaced
        asked.selectFile(f"{model.name}.{SUFFIX}")
        asked.fileSelected.connect(export)
        asked.open()

    def _ask_remove(self) -> None:
        model = self.current
        if model is None:
            return

        def remove() -> None:
            gone = _("“{name}” is removed.").format(name=model.name)
            self._begin(self._models.remove(model, lambda: self._outcome(gone), self._failed))

        Question(
            _("Remove a model"),
            _("Remove “{name}” for good?").format(name=model.name),
            _("Its files ({size}) are deleted. It can only be imported anew.").format(size=memory(model.size)),
            (Answer(_("Remove it"), remove), Answer(_("Keep it"), lambda: None, primary=True)),
            parent=self,
        ).open()

    # --- Qt ----------------------------------------------------------------------------------------------------------
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._job is None and dragged(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.bring_in(dragged(event))

    def done(self, result: int) -> None:
        self._closed = True
        for forget in self._deaf:
            forget()
        super().done(result)


def _columns(model: Model) -> list[str]:
    config = model.config
    place = _("comes with Lacuna") if model.shipped else _("your own")
    return [
        model.name,
        network_of(model),
        memory(model.size),
        "" if config is None or config.psnr is None else f"{config.psnr:.2f} dB",
        _("damaged") if model.damaged else place,
    ]


def _facts(model: Model) -> list[tuple[str, str]]:
    """What its config says, as sentences with a place for the value; "" where there is nothing to say."""
    facts = [(_("Licence: {value}"), model.licence)]
    if model.config is not None:
        config = model.config
        facts += [
            (_("Conventions: {value}"), config.conventions),
            (_("Channels: {value}"), "" if config.width == 1 else f"{config.width:.1%}"),
            (_("In 8 bits: {value}"), _in_8_bits(config)),
            (_("Made from: {value}"), config.source),
        ]
    if model.graph is not None:
        reading = ", ".join(f"{name}={value}" for name, value in asdict(model.graph.reading).items() if value)
        facts += [(_("Read as: {value}"), reading), (_("Made from: {value}"), model.graph.source)]
    if model.picker is not None:
        facts += [(_("Picks objects, with the tool for it."), "-"), (_("Made from: {value}"), model.picker.source)]
    return facts


def _in_8_bits(config: ModelConfig) -> str:
    """What its graphs in 8 bits were measured at; "" where there are none."""
    int8 = config.int8
    if int8 is None or not int8.graphs:
        return ""
    return _("{speed:.1f} times as fast, {loss:.2f} dB less").format(speed=int8.speed, loss=max(0.0, int8.loss))
