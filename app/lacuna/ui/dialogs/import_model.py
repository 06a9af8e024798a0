"""What some files were recognised as, what their licence allows, how to read them, and under which name to install."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QWidget

from lacuna.i18n import _
from lacuna.imaging.photo import Photo
from lacuna.ui.boxes import LineEdit
from lacuna.ui.dialogs.dialog import Dialog, words
from lacuna.ui.pictures import image_of

if TYPE_CHECKING:
    from lacuna.editor.models import Models, Recognised

FILES_NAMED = 4
LINES = 3  # of what is the matter with a name
PICTURE = QSize(320, 240)


class ImportModel(Dialog):
    """`install(name, choice, replace)` is called for a name that can be, once the licence was agreed to."""

    def __init__(
        self,
        models: Models,
        seen: Recognised,
        install: Callable[[str, int, bool], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(_("Import a model"), seen.title, _named(seen.paths), parent)
        self._models = models
        self._seen = seen
        self._install = install
        self._own = {model.name for model in models.installed() if not model.shipped}
        self.body.addWidget(words(_about(seen), self, quiet=True))
        rows = QFormLayout()
        rows.setHorizontalSpacing(12)
        rows.setVerticalSpacing(10)
        self.body.addLayout(rows)
        self.name = LineEdit(lambda: None, self)
        self.name.setText(self._free_name())
        self.name.setAccessibleName(_("Name"))
        self.name.textChanged.connect(self._refresh)
        rows.addRow(_("&Name"), self.name)
        self._add_choices(rows)
        for text in filter(None, (seen.doubt, seen.notice)):
            warning = words(text, self)
            warning.setProperty("severity", "warning")
            self.body.addWidget(warning)
        self.consent = QCheckBox(_("I keep to that, or the weights are my own."), self)
        self.consent.toggled.connect(self._refresh)
        self.consent.setVisible(bool(seen.notice))
        if seen.notice:
            self.body.addWidget(self.consent)
        self.problem = words("", self)
        self.problem.setProperty("severity", "warning")
        self.problem.setMinimumHeight(
            LINES * self.problem.fontMetrics().lineSpacing()
        )  # nothing moves when it says more
        self.body.addWidget(self.problem)
        self.body.addStretch(1)
        self.add_button(_("Cancel"), self.reject)
        self.button = self.add_button(_("Import"), self._confirm, default=True)
        self._refresh()
        self.name.setFocus()
        self.name.selectAll()

    def _add_choices(self, rows: QFormLayout) -> None:
        """The ways to read the files, if there are several, and what the one in view made of a test picture."""
        choices = self._seen.choices
        self.choice = QComboBox(self)
        self.choice.addItems([choice.name for choice in choices])
        self.choice.setAccessibleName(_("Variant"))
        self.choice.setToolTip(_("Several ways to run these files were found; the likeliest is first."))
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.picture = QLabel(self)
        self.picture.setAccessibleName(_("What it made of a test picture"))
        self.judged = words("", self, quiet=True)
        if len(choices) > 1:
            rows.addRow(_("&Variant"), self.choice)
        else:
            self.choice.hide()
        if any(choice.picture is not None for choice in choices):
            self.body.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignHCenter)
            self.body.addWidget(self.judged)
        else:
            self.picture.hide()
            self.judged.hide()
        self.choice.currentIndexChanged.connect(self._show_choice)
        self._show_choice()

    def _show_choice(self) -> None:
        index = self.choice.currentIndex()
        choice = self._seen.choices[index] if index >= 0 else None
        if choice is not None and choice.picture is not None:
            ratio = self.devicePixelRatioF()
            whole = QPixmap.fromImage(image_of(Photo(choice.picture)))
            shown = whole.scaled(
                PICTURE * ratio, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
            shown.setDevicePixelRatio(ratio)
            self.picture.setPixmap(shown)
            self.judged.setText(choice.judged)

    def _refresh(self) -> None:
        name = self.name.text().strip()
        replaces = name in self._own
        refused = self._models.refusal(name, replace=replaces)
        self.problem.setText(refused or (_("It takes the place of your model of this name.") if replaces else ""))
        self.button.setText(_("Replace") if replaces else _("Import"))
        self.button.setEnabled(not refused and (not self._seen.notice or self.consent.isChecked()))

    def _confirm(self) -> None:
        name = self.name.text().strip()
        self.accept()
        self._install(name, max(0, self.choice.currentIndex()), name in self._own)

    def _free_name(self) -> str:
        """The network's name, with a number where that is taken."""
        taken = {model.name for model in self._models.installed()}
        name, count = self._seen.network, 2
        while name in taken:
            name, count = f"{self._seen.network}-{count}", count + 1
        return name


def _named(paths: tuple[Path, ...]) -> str:
    names = ", ".join(path.name for path in paths[:FILES_NAMED])
    return _("Recognised in {files}.").format(files=f"{names}, …" if len(paths) > FILES_NAMED else names)


def _about(seen: Recognised) -> str:
    told = [_("Network: {network}").format(network=seen.network)]
    if seen.width != 1:
        told.append(_("{share:.1%} of the published channels").format(share=seen.width))
    told.append(_("Licence: {licence}").format(licence=seen.licence or _("not said")))
    return "\n".join(told)
