"""One of the results side by side: a view of it, its number and method, and how long it took or how far it is."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QWidget

from lacuna import words
from lacuna.editor.candidates import Candidate
from lacuna.engine.jobs import Job, State
from lacuna.i18n import _
from lacuna.ui import theme
from lacuna.ui.canvas.canvas import Canvas
from lacuna.ui.canvas.linked_view import LinkedView
from lacuna.ui.canvas.navigation import Navigation
from lacuna.ui.elided import Elided

FRAME = 3  # around the view; the chosen one's is seen from afar
CAPTION = 28  # height below the view
BAR = 6  # height of the progress, over the view's lower edge
WHOLE = 1000


class CandidateCell(QWidget):
    """Shows one candidate, or the hole without a number."""

    def __init__(self, canvas: Canvas, navigation: Navigation, parent: QWidget) -> None:
        super().__init__(parent)
        self.view = LinkedView(canvas, navigation, self)
        self.number = QLabel(self)
        self.number.setProperty("heading", True)
        self.name = Elided(self)
        self.time = QLabel(self)
        self.time.setProperty("quiet", True)
        self.progress = QProgressBar(self)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(_("Progress"))
        self._chosen = False
        self._caption = QWidget(self)
        row = QHBoxLayout(self._caption)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(8)
        row.addWidget(self.number)
        row.addWidget(self.name, 1)
        row.addWidget(self.time)

    def show_hole(self) -> None:
        """The picture as it was, to compare the results with."""
        self._show_text("", _("Before"), "", _("The picture before it was filled, with the mask"))
        self._choose(False)
        self.progress.hide()

    def show_candidate(self, number: int, candidate: Candidate, *, alone: bool, chosen: bool) -> None:
        """A result, or what is known of one that is on its way; `alone`: no other is of that method."""
        result, job = candidate.result, candidate.job
        name, about, time = candidate.name, candidate.name, ""
        if result is not None:
            seeded = name
            if result.seed is not None:
                seeded = _("{method}, seed {number}").format(method=name, number=result.seed)
            about = seeded if result.put else ", ".join((seeded, _("in the picture now")))
            name = name if alone else seeded
            time = "" if result.report is None else words.seconds(result.report.seconds)
        elif job is None or job.state is State.WAITING:
            time = _("Waiting")
        else:
            time = self._show_progress(job)
        self.progress.setVisible(job is not None and job.state is State.RUNNING)
        self._show_text(str(number), name, time, about)
        self._choose(chosen)

    def _show_progress(self, job: Job) -> str:
        self.progress.setRange(0, WHOLE if job.fraction > 0 else 0)
        self.progress.setValue(round(job.fraction * WHOLE))
        rest = job.seconds_left
        if rest is not None and rest > 1:
            return words.left(rest)
        return words.share(round(job.fraction, 2)) if job.fraction > 0 else _("Running")

    def _show_text(self, number: str, name: str, time: str, about: str) -> None:
        self.number.setVisible(bool(number))
        self.number.setText(number)
        self.name.setText(name)
        self.time.setText(time)
        self.setToolTip(about)
        self.view.setAccessibleName(", ".join(filter(None, (number, about, time))))

    def _choose(self, on: bool) -> None:
        if on != self._chosen:
            self._chosen = on
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        width, height = view_size(self.width(), self.height())
        self.view.setGeometry(FRAME, FRAME, width, height)
        self.progress.setGeometry(FRAME, FRAME + height - BAR, width, BAR)
        self.progress.raise_()
        self._caption.setGeometry(FRAME, FRAME + height, width, CAPTION)
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            width = FRAME if self._chosen else 1
            pen = QPen(QColor(now.accent if self._chosen else now.border), width)
            painter.setBrush(QColor(now.raised))
            painter.setPen(pen)
            inset = width / 2
            painter.drawRoundedRect(self.rect().toRectF().adjusted(inset, inset, -inset, -inset), 5, 5)


def view_size(width: int, height: int) -> tuple[int, int]:
    """(width, height) of the view in a cell of this size."""
    return width - 2 * FRAME, height - 2 * FRAME - CAPTION
