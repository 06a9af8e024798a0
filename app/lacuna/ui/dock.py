"""A dock whose buttons can be seen in every theme: Fusion's own icons are dark grey, whatever they lie on."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QAbstractButton, QDockWidget, QWidget

from lacuna.ui.icons import icon

BUTTONS = {"qt_dockwidget_floatbutton": "dock-float", "qt_dockwidget_closebutton": "dock-close"}  # Qt's names: ours


class Dock(QDockWidget):
    def __init__(self, name: str, title: str, parent: QWidget) -> None:
        super().__init__(title, parent)
        self.setObjectName(name)
        self.setMinimumWidth(240)
        self.topLevelChanged.connect(lambda _floating: self._show_icons())  # Qt puts its own back with each of these
        self.featuresChanged.connect(lambda _features: self._show_icons())
        self._show_icons()

    def _show_icons(self) -> None:
        for button, name in BUTTONS.items():
            found = self.findChild(QAbstractButton, button)
            if found is not None:
                found.setIcon(icon(name))

    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.Show):
            self._show_icons()
        return handled
