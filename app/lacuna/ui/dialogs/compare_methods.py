"""By which methods to fill the same hole, so that one result can be chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QCheckBox, QWidget

from lacuna.editor.offer import MOST
from lacuna.engine.registry import BackendInfo
from lacuna.i18n import _
from lacuna.ui.dialogs.dialog import Dialog

FEWEST = 2


class CompareMethods(Dialog):
    """`compare(backends)` is called with those ticked; `chosen` is always among them, and the first."""

    def __init__(
        self,
        known: Sequence[BackendInfo],
        chosen: str,
        compare: Callable[[Sequence[str]], object],
        parent: QWidget | None = None,
    ) -> None:
        heading = _("Fill the same hole by which methods?")
        text = _("The results lie side by side, up to {count}; one of them is accepted.").format(count=MOST)
        super().__init__(_("Compare methods"), heading, text, parent)
        self._chosen = chosen
        self._compare = compare
        self.ticks: dict[str, QCheckBox] = {}
        for info in known:
            if not info.missing:
                tick = QCheckBox(_(info.name).replace("&", "&&"), self)
                tick.setToolTip(_(info.summary))
                tick.setChecked(info.id == chosen)
                tick.setEnabled(info.id != chosen)
                tick.toggled.connect(self._refresh)
                self.body.addWidget(tick)
                self.ticks[info.id] = tick
        self.body.addStretch(1)
        self.add_button(_("Cancel"), self.reject)
        self.button = self.add_button(_("Compare"), self._confirm, default=True)
        self._refresh()

    @property
    def ticked(self) -> list[str]:
        """The ids of those to compare, the chosen one first."""
        ticked = [backend for backend, tick in self.ticks.items() if tick.isChecked()]
        return sorted(ticked, key=lambda backend: backend != self._chosen)

    def _refresh(self) -> None:
        full = len(self.ticked) >= MOST
        for backend, tick in self.ticks.items():
            tick.setEnabled(backend != self._chosen and (tick.isChecked() or not full))
        self.button.setEnabled(len(self.ticked) >= FEWEST)

    def _confirm(self) -> None:
        self.accept()
        self._compare(self.ticked)
