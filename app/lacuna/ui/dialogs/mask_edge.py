"""By how much to move the mask's edge: the amounts are remembered, and the keys use them too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget

from lacuna.contract.params import describe
from lacuna.i18n import _
from lacuna.settings import Preferences
from lacuna.ui.dialogs.dialog import Dialog
from lacuna.ui.forms import Form

AMOUNTS = ("grow_by", "shrink_by", "feather_by")


class MaskEdge(Dialog):
    """`changed(name, value)` is called with each change; the three verbs by their buttons, as often as wanted."""

    def __init__(
        self,
        values: Preferences,
        changed: Callable[[str, Any], object],
        grow: Callable[[], object],
        shrink: Callable[[], object],
        feather: Callable[[], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(_("Edge of the mask"), parent=parent)
        others = [p.name for p in describe(Preferences) if p.name not in AMOUNTS]
        self.form = Form(Preferences, leave_out=others, parent=self)
        self.form.show_values(values)
        self.form.changed.connect(changed)
        self.body.addWidget(self.form)
        self.grow = self.add_button(_("Grow"), grow)
        self.shrink = self.add_button(_("Shrink"), shrink)
        self.feather = self.add_button(_("Feather"), feather)
        self.add_button(_("Close"), self.accept)  # not the default: Enter in a box takes its number, no more
