"""How to enlarge: by which network or plain way, how large, what a run will take, and where its result goes."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from lacuna.contract.enlargement import Enlargement
from lacuna.document.document import Document
from lacuna.editor.editor import Editor
from lacuna.editor.enlarging import Extent
from lacuna.engine.upscaling import UpscaleEstimate
from lacuna.errors import InvalidParameter
from lacuna.i18n import _
from lacuna.imaging.file_size import likely_bytes
from lacuna.imaging.fitting import over_long
from lacuna.ui.action_set import ActionSet
from lacuna.ui.boxes import Chooser
from lacuna.ui.icons import icon
from lacuna.ui.panels.size_fields import SizeFields
from lacuna.ui.panels.way_chooser import WayChooser
from lacuna.ui.scrolled import Scrolled
from lacuna.ui.wheel import leave_wheel
from lacuna.words import about, memory

ESTIMATE_AFTER = 120  # milliseconds of quiet after a change
LEAST_TOLD = 50_000  # pixels that are worth a word as megapixels
LEAST_SETTINGS = 84  # pixels of them that stay in view
EXTENTS = (Extent.WHOLE, Extent.MASKED)


class EnlargePanel(QWidget):
    """Shows what the editor's `enlarging` says. `run_asked`, `save_asked`, `preview_asked(on)`, `full_size_asked`."""

    done = Signal()
    run_asked = Signal()
    save_asked = Signal()
    preview_asked = Signal(bool)
    full_size_asked = Signal()

    def __init__(self, editor: Editor, actions: ActionSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 12)
        column.setSpacing(8)
        self.ways = WayChooser(self)
        self.ways.chosen.connect(editor.enlarging.use)
        self.ways.picked.connect(self.done)
        column.addWidget(self.ways)
        settings = QWidget(self)
        rows = QVBoxLayout(settings)
        rows.setContentsMargins(0, 0, 6, 0)
        rows.setSpacing(8)
        self.marker = _words(settings, quiet=True)
        self.marker.setAccessibleName(_("What this method does"))
        self.extent = self._chooser(_("What is enlarged"))
        self.extent.addItems([_("The whole picture"), _("The masked part, as a new picture")])
        self.extent.activated.connect(lambda index: editor.enlarging.set_extent(EXTENTS[index]))
        rows.addWidget(self.extent)
        self.size_fields = SizeFields(settings)
        self.size_fields.said.connect(editor.enlarging.say)
        self.size_fields.dpi_said.connect(editor.enlarging.set_dpi)
        self.size_fields.done.connect(self.done)
        rows.addWidget(self.size_fields)
        rows.addWidget(self.marker)
        self.models = QPushButton(_("Import a model…"), settings)
        self.models.clicked.connect(actions["edit.models"].trigger)
        self.models.hide()
        rows.addWidget(self.models, 0, Qt.AlignmentFlag.AlignLeft)
        rows.addStretch(1)
        scrolled = Scrolled(settings, self)
        scrolled.setMinimumHeight(LEAST_SETTINGS)
        column.addWidget(scrolled, 1)
        column.addLayout(self._preview_row())
        self.estimate = _words(self, quiet=True)
        self.estimate.setAccessibleName(_("Estimate"))
        self.estimate.setMinimumHeight(2 * self.estimate.fontMetrics().lineSpacing())
        column.addWidget(self.estimate)
        self.problem = _words(self)
        self.problem.setProperty("severity", "warning")
        self.problem.setMinimumHeight(self.estimate.minimumHeight())
        self.problem.hide()
        column.addWidget(self.problem)
        column.addLayout(self._button_row())
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(ESTIMATE_AFTER)
        self._later.timeout.connect(self._show_estimate)
        editor.enlarging.changed.add(self.refresh)
        editor.state_changed.add(self.refresh)
        editor.document_changed.add(self.refresh)
        editor.models.changed.add(self.refresh)
        self.refresh()

    def _chooser(self, name: str) -> Chooser:
        box = Chooser(self)
        box.setAccessibleName(name)
        box.setMinimumContentsLength(12)
        box.setSizeAdjustPolicy(Chooser.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.picked.connect(self.done)
        leave_wheel(box)
        return box

    def _preview_row(self) -> QHBoxLayout:
        self.preview = QCheckBox(_("Preview"), self)
        self.preview.setToolTip(_("Show the enlarged picture over this one, beside a bicubic one"))
        self.preview.clicked.connect(self.preview_asked)
        self.full_size = QToolButton(self)
        self.full_size.setIcon(icon("actual-size"))
        self.full_size.setAutoRaise(True)
        self.full_size.setToolTip(_("Look at the result at 100 %"))
        self.full_size.setAccessibleName(_("Look at the result at 100 %"))
        self.full_size.clicked.connect(self.full_size_asked)
        row = QHBoxLayout()
        row.addWidget(self.preview, 1)
        row.addWidget(self.full_size)
        return row

    def _button_row(self) -> QHBoxLayout:
        self.button = QPushButton(self)
        self.button.setProperty("primary", True)
        self.button.clicked.connect(self.run_asked)
        self.save = QPushButton(_("Save as…"), self)
        self.save.setToolTip(_("Write the enlarged picture to a file; this one stays as it is"))
        self.save.clicked.connect(self.save_asked)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.button, 1)
        row.addWidget(self.save)
        for button in (self.button, self.save):
            button.setMinimumHeight(32)
        return row

    @property
    def reckoning(self) -> bool:
        """What it says of the run is not what it will say in a moment."""
        return self._later.isActive()

    # --- what is shown -----------------------------------------------------------------------------------------------
    def show_preview(self, on: bool) -> None:
        """The preview came or went."""
        self.preview.setChecked(on)

    def refresh(self) -> None:
        """Show the editor's state now; nothing of it while nobody looks."""
        if self.isVisible():
            self._show_ways()
            self.extent.setCurrentIndex(EXTENTS.index(self._editor.enlarging.extent))
            document = self._editor.document
            for widget in (self.size_fields, self.preview, self.full_size, self.extent):
                widget.setEnabled(document is not None)
            self._show_size(document)
            self._later.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def _show_ways(self) -> None:
        known, way = self._editor.enlarging.ways, self._editor.enlarging.way
        self.ways.show_ways(known, way)
        networks = [each for each in known if each.network]
        missing = networks[0].missing if networks and all(each.missing for each in networks) else ""
        self.marker.setText("\n".join(filter(None, (way.summary, missing))))
        self.models.setVisible(bool(missing))

    def _show_size(self, document: Document | None) -> None:
        made = None if document is None else self._made(document)
        if made is not None:
            self.size_fields.show_size(self._editor.enlarging.size, made)
        masked = self._editor.enlarging.extent is Extent.MASKED
        smaller = made is not None and made.factor < 1
        self.button.setText(_("Open as a new picture") if masked else _("Reduce") if smaller else _("Enlarge"))
        self.button.setToolTip(
            _("Enlarge the masked part, and open it in the place of this picture")
            if masked
            else _("Put the enlarged picture in the place of this one; undo gives it back")
        )

    def _made(self, document: Document) -> Enlargement | None:
        try:
            return self._editor.enlarging.enlargement(document)
        except InvalidParameter:
            return None

    def _show_estimate(self) -> None:
        document = self._editor.document
        text = problem = ""
        if document is None:
            problem = _("Open a picture first.")
        else:
            try:
                made, found = self._editor.enlarging.enlargement(document), self._editor.enlarging.estimate(document)
            except InvalidParameter as error:
                problem = str(error)
            else:
                text, problem = told(made, found, _file_kind(document)), found.problem
        self.estimate.setText(text)
        self.estimate.setVisible(not problem)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        for button in (self.button, self.save):
            button.setEnabled(not problem)


def told(made: Enlargement, found: UpscaleEstimate, kind: str) -> str:
    """What a run will make and take, in words; and by what means, where that is not the plain case."""
    size = _("{width} × {height} pixels").format(width=made.columns, height=made.rows)
    if made.rows * made.columns >= LEAST_TOLD:
        size = _("{size}, {count:.1f} megapixels").format(size=size, count=made.rows * made.columns / 1e6)
    too_long = over_long(kind, made.rows, made.columns)
    if too_long:
        kind = "PNG"
    file = _("{kind} of about {size}").format(kind=kind, size=memory(likely_bytes(kind, found.bytes)))
    lines = [size, "  ·  ".join((about(found.seconds), memory(found.memory), file))]
    if too_long:
        lines.append(f"{too_long} {_('Save as PNG or TIFF instead.')}")
    return "\n".join((*lines, *found.notes))


def _file_kind(document: Document) -> str:
    """The format that a file of this picture will most likely have."""
    source = document.header.source
    return source.format if source is not None and source.format in ("JPEG", "PNG", "TIFF", "WEBP") else "PNG"


def _words(parent: QWidget, *, quiet: bool = False) -> QLabel:
    label = QLabel(parent)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("quiet", quiet)
    return label
