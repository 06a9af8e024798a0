"""What some files of weights were recognised as, what their licence allows, and under which name to install them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QWidget

from lacuna.i18n import _
from lacuna.ui.dialogs.dialog import Dialog, words
from lacuna.ui.fields import LineEdit

if TYPE_CHECKING:
    from lacuna.editor.models import Models, Recognised

FILES_NAMED = 4


class ImportModel(Dialog):
    """`install(name, variant, replace)` is called for a name that can be, once the licence was agreed to."""

    def __init__(
        self,
        models: Models,
        seen: Recognised,
        install: Callable[[str, str, bool], object],
        parent: QWidget | None = None,
    ) -> None:
        found = seen.found
        super().__init__(_("Import a model"), found.config.title, _named(seen.paths), parent)
        self._models = models
        self._install = install
        self._own = {model.name for model in models.installed() if not model.shipped}
        self.body.addWidget(words(_about(seen), self, quiet=True))
        rows = QFormLayout()
        rows.setHorizontalSpacing(12)
        rows.setVerticalSpacing(10)
        self.body.addLayout(rows)
        self.name = LineEdit(lambda: None, self)
        self.name.setText(self._free_name(seen))
        self.name.setAccessibleName(_("Name"))
        self.name.textChanged.connect(self._refresh)
        rows.addRow(_("&Name"), self.name)
        self.variant = QComboBox(self)
        self.variant.addItems(found.variants)
        self.variant.setAccessibleName(_("Variant"))
        self.variant.setToolTip(
            _("Programs that trained such weights pad and round differently. The likeliest is first.")
        )
        if len(found.variants) > 1:
            rows.addRow(_("&Variant"), self.variant)
        else:
            self.variant.hide()
        self.consent = QCheckBox(_("I keep to that, or the weights are my own."), self)
        self.consent.toggled.connect(self._refresh)
        self.consent.setVisible(bool(found.notice))
        if found.notice:
            notice = words(found.notice, self)
            notice.setProperty("severity", "warning")
            self.body.addWidget(notice)
            self.body.addWidget(self.consent)
        self.problem = words("", self)
        self.problem.setProperty("severity", "warning")
        self.problem.setMinimumHeight(2 * self.problem.fontMetrics().lineSpacing())  # nothing moves when it says more
        self.body.addWidget(self.problem)
        self.body.addStretch(1)
        self.add_button(_("Cancel"), self.reject)
        self.button = self.add_button(_("Import"), self._confirm, default=True)
        self._refresh()
        self.name.setFocus()
        self.name.selectAll()

    def _refresh(self) -> None:
        name = self.name.text().strip()
        replaces = name in self._own
        refused = self._models.refusal(name, replace=replaces)
        self.problem.setText(refused or (_("It takes the place of your model of this name.") if replaces else ""))
        self.button.setText(_("Replace") if replaces else _("Import"))
        self.button.setEnabled(not refused and (self.consent.isHidden() or self.consent.isChecked()))

    def _confirm(self) -> None:
        name = self.name.text().strip()
        self.accept()
        self._install(name, self.variant.currentText() if self.variant.count() > 1 else "", name in self._own)

    def _free_name(self, seen: Recognised) -> str:
        """The network's name, with a number where that is taken."""
        taken = {model.name for model in self._models.installed()}
        stem = seen.found.config.network.value
        count = 2
        name = stem
        while name in taken:
            name, count = f"{stem}-{count}", count + 1
        return name


def _named(paths: tuple[Path, ...]) -> str:
    names = ", ".join(path.name for path in paths[:FILES_NAMED])
    return _("Recognised in {files}.").format(files=f"{names}, …" if len(paths) > FILES_NAMED else names)


def _about(seen: Recognised) -> str:
    config = seen.found.config
    told = [_("Network: {network}").format(network=config.network.value)]
    if config.width != 1:
        told.append(_("{share:.1%} of the published channels").format(share=config.width))
    told.append(_("Licence: {licence}").format(licence=config.licence or _("not said")))
    return "\n".join(told)
