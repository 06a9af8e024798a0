"""Run in a process of its own, since a screen is there from the start: what is seen on a small one."""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from lacuna.ui.dialogs.dialog import Dialog
from lacuna.ui.main_window import MainWindow
from lacuna.ui.theme import LIGHT, style_sheet
from tests.ui.support import settle
from tests.ui.windows import opened_window


def check_dialogs(window: MainWindow) -> None:
    """Each dialog is on the screen with all its buttons, whatever of it has to scroll."""
    screen = window.screen().availableGeometry()
    for action in ("edit.preferences", "help.shortcuts", "help.about"):
        window.action_set[action].trigger()
        settle()
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, Dialog), action
        assert screen.contains(dialog.geometry()), (action, dialog.geometry())
        buttons = [button for button in dialog.findChildren(QPushButton) if button.parentWidget() is dialog]
        assert buttons
        for button in buttons:
            assert seen_whole(button), (action, button.text())
        dialog.close()
        settle()


def seen_whole(widget: QWidget) -> bool:
    return widget.visibleRegion().boundingRect() == widget.rect()


def main() -> None:
    app = QApplication(["lacuna"])
    app.setStyle("Fusion")
    app.setStyleSheet(style_sheet(LIGHT))
    with opened_window() as window:
        assert window.screen().size().toTuple() == tuple(map(int, sys.argv[1:]))  # type: ignore[attr-defined]
        check_dialogs(window)
    print("as it should be")


if __name__ == "__main__":
    main()
