"""What the worker does now: the phase, how far, how long still, and the button that stops it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from lacuna.editor.editor import Editor
from lacuna.engine.jobs import Job, State
from lacuna.i18n import _
from lacuna.ui.elided import Elided
from lacuna.words import left

SHOW_AFTER = 150  # milliseconds: shorter jobs would only flicker
WHOLE = 1000


class JobBar(QWidget):
    """Lives in the status bar, where it takes the place of the hint and moves nothing. `busy(on)` says when."""

    busy = Signal(bool)

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(10)
        self.text = Elided(self)
        self.text.setMinimumWidth(120)
        self.progress = QProgressBar(self)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(140)
        self.progress.setAccessibleName(_("Progress"))
        self.rest = QLabel(self)
        self.rest.setProperty("quiet", True)
        self.cancel = QPushButton(_("Cancel"), self)
        self.cancel.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.cancel.clicked.connect(lambda: editor.cancel())
        row.addWidget(self.text, 1)
        row.addWidget(self.progress)
        row.addWidget(self.rest)
        row.addWidget(self.cancel)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SHOW_AFTER)
        self._soon.timeout.connect(lambda: self._show(True))
        editor.job_changed.add(lambda _job: self.refresh())
        editor.state_changed.add(self.refresh)
        self._show(False)

    def refresh(self) -> None:
        jobs = self._editor.jobs
        if not jobs:
            self._soon.stop()
            self._show(False)
            return
        if self.isHidden() and not self._soon.isActive():
            self._soon.start()
        text = self._editor.blocked or sentence(jobs)
        self.text.setText(text)
        self.text.setToolTip(text)
        job = jobs[0]
        known = job.state is State.RUNNING and job.fraction > 0
        self.progress.setRange(0, WHOLE if known else 0)
        self.progress.setValue(round(job.fraction * WHOLE))
        rest = job.seconds_left
        self.rest.setText(left(rest) if rest is not None and rest > 1 else "")
        self.cancel.setEnabled(any(j.matters for j in jobs))

    def _show(self, on: bool) -> None:
        self.setVisible(on)
        self.busy.emit(on)


def sentence(jobs: list[Job]) -> str:
    """What to say of the jobs that are not over, the running one first."""
    first = jobs[0]
    if first.state is State.CANCELLING:
        if not first.interruptible:
            return _("“{job}” cannot be stopped half-way: its result is thrown away.").format(job=first.label)
        return _("Cancelling “{job}”…").format(job=first.label)
    if first.stage:
        return _("{job}: {stage}").format(job=first.label, stage=first.stage)
    return first.label
