"""Many pictures at once: which, what goes in them, a look at what that would be, and the run into a folder.

It stays beside the window, which goes on meanwhile; closed while something runs it comes back as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSplitter,
    QWidget,
)

from lacuna.editor.batch import Listed
from lacuna.editor.values import Message, Severity
from lacuna.engine.batch.inputs import Input
from lacuna.engine.batch.run import Outcome, State
from lacuna.engine.jobs import Job
from lacuna.engine.jobs import State as JobState
from lacuna.i18n import _, ngettext
from lacuna.ui.dialogs.batch_files import BatchFiles, BatchPreview
from lacuna.ui.dialogs.batch_goal import BatchGoal
from lacuna.ui.dialogs.dialog import Dialog, words
from lacuna.ui.drops import dragged
from lacuna.ui.elided import Elided
from lacuna.ui.layout import room_on

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor

SIZE = QSize(860, 660)  # at first, where the screen has room for that
WHOLE = 1000
PATIENCE = 200  # milliseconds that folders may take before it is said that they are looked through
NAMED = 6  # failures that are named on the page; all are in the list


class BatchDialog(Dialog):
    """One look or run at a time. Pictures come by buttons or by being dropped here."""

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(_("Batch"), parent=parent)
        self.setWindowModality(Qt.WindowModality.NonModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        self.setAcceptDrops(True)
        self._editor = editor
        self._named: list[Path] = []
        self._listed: tuple[list[Path], Path | None, bool] = [], None, False  # what was named, its folder, recursive
        self._gathering: Job | None = None
        self._waits = QTimer(self)
        self._waits.setSingleShot(True)
        self._waits.setInterval(PATIENCE)
        self._waits.timeout.connect(self._show)
        self._folder: Path | None = None
        self._earlier = False  # a run has left results there
        self._job: Job | None = None
        self._asked: Sequence[Input] = ()  # what the job is about
        self._running = False  # it writes
        self._sought: object = None  # what was looked for
        self._counts: Counter[State] = Counter()
        self._failed: list[str] = []
        self.body.addLayout(self._picture_row())
        self.files = BatchFiles(self)
        self.preview = BatchPreview(self.files, self)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.addWidget(self.files)
        split.addWidget(self.preview)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setChildrenCollapsible(False)
        self.body.addWidget(split, 1)
        self.goal = BatchGoal(editor, self)
        self.body.addWidget(self.goal)
        self.body.addLayout(self._folder_row())
        self.told = words("", self)
        self.told.setMinimumHeight(2 * self.told.fontMetrics().lineSpacing())  # nothing moves when it says more
        self.told.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self.told)
        self.body.addLayout(self._progress_row())
        self.look = self.add_button(_("Look first"), self._look, left=True)
        self.add_button(_("Close"), self.reject)
        self.start = self.add_button(_("Run"), self._start)
        self.start.setProperty("primary", True)
        self.goal.changed.connect(self._wish_changed)
        self.files.agreed.connect(self._show)
        self.files.itemSelectionChanged.connect(self._show)
        self._deaf = (editor.job_changed.add(self._job_changed), editor.state_changed.add(self._soon))
        self._show()
        self.resize(SIZE)

    def add(self, paths: Sequence[Path]) -> None:
        """Take these files and folders in."""
        if self._job is None:
            self._named += [path for path in paths if path not in self._named]
            self._gather()

    def save_to(self, folder: Path) -> None:
        """Results go there."""
        self._folder = folder
        self._gather()

    # --- building ----------------------------------------------------------------------------------------------------
    def _picture_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.add_files = self._verb(_("Add &pictures…"), lambda: self._ask_files(QFileDialog.FileMode.ExistingFiles))
        self.add_folder = self._verb(_("Add a &folder…"), lambda: self._ask_files(QFileDialog.FileMode.Directory))
        self.remove = self._verb(_("Re&move"), self._remove)
        self.recursive = QCheckBox(_("With the folders &inside"), self)
        self.recursive.clicked.connect(lambda _on: self._gather())
        for widget in (self.add_files, self.add_folder, self.recursive):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.remove)
        return row

    def _folder_row(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(0, self.goal.grid.columnMinimumWidth(0))
        self.folder = Elided(self)
        self.choose = self._verb(_("Choose…"), self._ask_folder)
        self.choose.setAccessibleName(_("Choose the folder for the results"))
        label = QLabel(_("&Results go to"), self)
        label.setBuddy(self.choose)
        self.resume = QCheckBox(_("&Go on with the earlier run: leave what it finished"), self)
        self.resume.setChecked(True)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self.folder, 0, 1)
        grid.addWidget(self.choose, 0, 2)
        grid.addWidget(self.resume, 1, 1, 1, 2)
        return grid

    def _progress_row(self) -> QHBoxLayout:
        self.stage = Elided(self)
        self.progress = QProgressBar(self)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(220)
        self.progress.setRange(0, WHOLE)
        self.progress.setAccessibleName(_("Progress"))
        self.stop = self._verb(_("Stop"), self._stop)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self.stage, 1)
        for widget in (self.progress, self.stop):
            policy = widget.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            widget.setSizePolicy(policy)
            row.addWidget(widget)
        return row

    def _verb(self, text: str, call: object) -> QPushButton:
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        button.clicked.connect(call)
        return button

    # --- what is in view ---------------------------------------------------------------------------------------------
    def _gather(self) -> None:
        """List what was named anew; until that is found, what was listed stays."""
        if self._gathering is not None:
            self._gathering.cancel()
        self._say("")
        self._waits.start()
        self._gathering = self._editor.many.gather(
            self._named, self._folder, self._gathered, self._not_gathered, recursive=self.recursive.isChecked()
        )
        self._show()

    def _gathered(self, listed: Listed) -> None:
        self._gathering = None
        self._folder, self._earlier = listed.results, listed.begun
        self._listed = list(self._named), self._folder, self.recursive.isChecked()
        self.files.show_inputs(listed.found.inputs)
        self._say("\n".join(f"{what}: {why}" for what, why in listed.found.problems), "warning")
        self._show()

    def _not_gathered(self) -> None:
        """The last search was stopped or has failed, unless it was one before it, which the last has replaced."""
        job = self._gathering
        if job is None or not job.over:
            return
        self._gathering = None
        self._named, self._folder, recursive = list(self._listed[0]), *self._listed[1:]
        self.recursive.setChecked(recursive)
        self._say(_("Stopped.") if job.error is None else str(job.error), "warning" if job.error is None else "error")
        self._show()

    def _wish_changed(self) -> None:
        if self._job is None:
            self.files.forget_findings()
            self._say("")
            self._show()

    def _forget_outdated(self) -> bool:
        """Whether it was looked for something else than what is to go now: nobody has agreed to that."""
        if self._job is not None or not self.files.looked or self._editor.many.sought(self.goal.wish) == self._sought:
            return False
        self.files.forget_findings()
        return True

    def _soon(self) -> None:
        if self.isVisible():
            self.goal.show_method()
            self._show()

    def _show(self) -> None:
        """What can be done now, and why not what cannot."""
        self._forget_outdated()
        free = self._job is None
        settled = free and self._gathering is None
        problem = self._editor.many.problem(self.goal.wish)
        listed = len(self.files.inputs)
        fixed: tuple[QWidget, ...] = (self.add_files, self.add_folder, self.recursive, self.goal, self.choose)
        for widget in fixed:
            widget.setEnabled(free)
        self.remove.setEnabled(settled and bool(self.files.selectedItems()))
        self.folder.setText(_("not chosen yet") if self._folder is None else str(self._folder))
        self.resume.setVisible(self._earlier)
        self.resume.setEnabled(free)
        self.look.setEnabled(settled and listed > 0 and not problem)
        count = len(self.files.agreed_to)
        self.start.setEnabled(settled and count > 0 and not problem and self._folder is not None)
        self.start.setText(ngettext("Run on {count} picture", "Run on {count} pictures", count).format(count=count))
        gathering = self._gathering if not self._waits.isActive() else None
        self.progress.setRange(0, WHOLE if gathering is None else 0)  # nobody knows how many folders there are
        for widget in (self.progress, self.stop):
            widget.setVisible(gathering is not None or not free)
        if gathering is not None:
            self.stage.setText(": ".join(filter(None, (gathering.label, gathering.stage))))
        elif free:
            self.stage.setText(problem or ("" if listed else _("Add pictures, or drop them here.")))

    def _say(self, sentence: str, severity: str = "") -> None:
        self.told.setText(sentence)
        self.told.setProperty("severity", severity)
        self.told.style().unpolish(self.told)  # or the colour of what was said before would stay
        self.told.style().polish(self.told)

    # --- a look and a run --------------------------------------------------------------------------------------------
    def _look(self) -> None:
        self.files.forget_findings()
        self._sought = self._editor.many.sought(self.goal.wish)
        self._begin(self.files.inputs, running=False)
        self._job = self._editor.many.look(self.goal.wish, self._asked, self._found, self._looked)
        self._show()

    def _start(self) -> None:
        assert self._folder is not None
        if self._forget_outdated():
            return
        self._begin(self.files.agreed_to, running=True)
        self._job = self._editor.many.run(
            self.goal.wish,
            self._asked,
            self._folder,
            self._came,
            self._ran,
            agreed=self.files.agreed_findings,
            resume=self.resume.isVisible() and self.resume.isChecked(),
        )
        self._show()

    def _begin(self, inputs: Sequence[Input], *, running: bool) -> None:
        self._asked, self._running = inputs, running
        self._counts.clear()
        self._failed.clear()
        self._say("")

    def _found(self, outcome: Outcome) -> None:
        self.files.show_found(outcome, self._asked)
        self.files.begin()
        self._count(outcome)

    def _came(self, outcome: Outcome) -> None:
        self.files.show_outcome(outcome, self._asked)
        self._count(outcome)

    def _count(self, outcome: Outcome) -> None:
        self._counts[outcome.state] += 1
        if outcome.failure is not None:
            self._failed.append(str(outcome.input.place))

    def _looked(self) -> None:
        job, self._job = self._job, None
        if job is not None and job.state is JobState.DONE:
            self._say(self._summary(_("Untick what is to stay. Nothing has been written.")), self._severity())
        self._over(job)

    def _ran(self) -> None:
        job, self._job = self._job, None
        if job is not None and job.state is JobState.DONE:
            self._say(self._summary(""), self._severity())
            if not self.isVisible():
                self._editor.said(Message(_("The batch has ended."), self._summary(""), Severity.INFO))
        self._over(job)

    def _over(self, job: Job | None) -> None:
        if job is not None and job.state is JobState.CANCELLED:
            self._say(
                _("Stopped. What is finished stays; “Run” goes on.") if self._running else _("Stopped."), "warning"
            )
        elif job is not None and job.error is not None:
            self._say(str(job.error), "error")
        self._earlier |= self._running
        self._show()

    def _summary(self, first: str) -> str:
        texts = {
            State.DONE: _("{count} done"),
            State.LOOKED: _("{count} looked at"),
            State.SKIPPED: _("{count} done before"),
            State.NOTHING: _("{count} without anything to do"),
            State.FAILED: _("{count} failed"),
        }
        parts = [text.format(count=self._counts[state]) for state, text in texts.items() if self._counts[state]]
        counted = ", ".join(parts)
        told = f"{counted}. {first}".strip()
        if self._failed:
            more = len(self._failed) - NAMED
            names = ", ".join(self._failed[:NAMED]) + (_(" and {count} more").format(count=more) if more > 0 else "")
            told += "\n" + _("Failed: {names}").format(names=names)
        return told

    def _severity(self) -> str:
        return "warning" if self._failed else ""

    def _job_changed(self, job: Job) -> None:
        if job is self._gathering:
            self.stop.setEnabled(job.matters)
            self._show()
        if job is not self._job:
            return
        self.stage.setText(job.stage or job.label)
        self.progress.setValue(round(job.fraction * WHOLE))
        self.stop.setEnabled(job.matters)
        for number, fraction in self._editor.many.under_way.items():
            self.files.show_progress(self._asked[number], fraction)

    def _stop(self) -> None:
        for job in (self._job, self._gathering):
            if job is not None:
                job.cancel()

    # --- questions ---------------------------------------------------------------------------------------------------
    def _ask_files(self, mode: QFileDialog.FileMode) -> None:
        asked = self._file_dialog(_("Add pictures"), mode)
        asked.filesSelected.connect(lambda chosen: self.add([Path(name) for name in chosen]))
        asked.open()

    def _ask_folder(self) -> None:
        asked = self._file_dialog(_("Where the results go"), QFileDialog.FileMode.Directory)
        asked.fileSelected.connect(lambda chosen: self.save_to(Path(chosen)))
        asked.open()

    def _file_dialog(self, title: str, mode: QFileDialog.FileMode) -> QFileDialog:
        asked = QFileDialog(self, title, self._editor.settings.last_folder or str(Path.home()))
        asked.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        asked.setFileMode(mode)
        asked.resize(asked.size().boundedTo(room_on(self)))
        return asked

    def _remove(self) -> None:
        """Folders stand for their files from now on, or those that were removed would come back."""
        self.files.remove_selected()
        self._named = [found.path for found in self.files.inputs]
        self._listed = list(self._named), *self._listed[1:]

    # --- Qt ----------------------------------------------------------------------------------------------------------
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc stops what runs, as over the picture, and closes where nothing does."""
        if event.key() == Qt.Key.Key_Escape and (self._job is not None or self._gathering is not None):
            self._stop()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._job is None and dragged(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.add(dragged(event))
