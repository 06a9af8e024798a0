"""Preferences: a form over the described dataclass, in three groups. Every change holds at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QLabel, QWidget

from lacuna.contract.params import describe
from lacuna.i18n import N_, _
from lacuna.settings import Preferences as Values
from lacuna.ui.dialogs.dialog import Dialog
from lacuna.ui.forms import Form

GROUPS = (
    (N_("Program"), ("language", "theme", "save_without_asking")),
    (
        N_("Mask and fill"),
        (
            "overlay_colour",
            "overlay_opacity",
            "grow",
            "feather",
            "composite",
            "grain",
            "fill_alpha",
            "grow_by",
            "shrink_by",
            "feather_by",
            "brush_on_screen",
            "pen_pressure",
            "fill_after_stroke",
            "show_origin",
            "show_edges",
            "contour_ground",
        ),
    ),
    (N_("Memory"), ("history_megabytes", "megapixel_limit")),
)


class Preferences(Dialog):
    """`changed(name, value)` is called with each change."""

    def __init__(self, values: Values, changed: Callable[[str, Any], object], parent: QWidget | None = None) -> None:
        super().__init__(_("Preferences"), parent=parent)
        self.setMinimumWidth(520)
        self.forms: list[Form] = []
        every = [p.name for p in describe(Values)]
        for title, names in GROUPS:
            heading = QLabel(_(title), self)
            heading.setProperty("heading", True)
            self.body.addWidget(heading)
            form = Form(Values, leave_out=[name for name in every if name not in names], parent=self)
            form.setContentsMargins(12, 0, 0, 6)
            form.show_values(values)
            form.changed.connect(changed)
            self.body.addWidget(form)
            self.forms.append(form)
        widest = max(form.label_width for form in self.forms)
        for form in self.forms:
            form.align_labels(widest)
        self.body.addStretch(1)
        self.add_button(_("Reset all"), self._reset, left=True)
        self.add_button(_("Close"), self.accept, default=True)

    def _reset(self) -> None:
        for form in self.forms:
            form.reset()
