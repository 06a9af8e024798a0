"""Run in a process of its own, since a screen is there from the start: what is seen on a small one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QLineEdit, QProgressBar, QPushButton, QWidget

from lacuna.editor.models import Recognised
from lacuna.engine.registry import ids
from lacuna.ui.dialogs.dialog import Dialog
from lacuna.ui.dialogs.import_model import ImportModel
from lacuna.ui.dialogs.models import Models
from lacuna.ui.main_window import MainWindow
from lacuna.ui.theme import LIGHT, style_sheet
from tests.ui.support import settle
from tests.ui.windows import open_photo, opened_window


def check_window(window: MainWindow) -> None:
    """Nothing makes the window larger than the screen: not the start panel, no method, no tool, no problem."""
    screen = window.screen().availableGeometry()
    window.start.show_recent([f"/pictures/a-rather-long-name-of-a-picture-{number}.jpg" for number in range(6)])
    settle()
    assert screen.contains(window.geometry())
    open_photo(window)
    for method in ids():
        window.editor.use_backend(method)
        settle()
        assert seen_whole(window.fill_panel.button), method
    for tool in window.editor.tools:
        window.editor.use(tool.id)
        settle()
        assert window.options.form is not None
        for made in window.options.form.fields.values():
            assert seen_whole(made.widgets[-1]), (tool.id, made.param.name)
    window.fill_panel.problem.setText("What is in the way of this fill, in a sentence or in two that are long. " * 2)
    window.fill_panel.problem.show()
    settle()
    assert seen_whole(window.fill_panel.button)
    for dock in window.docks.values():
        dock.show()
        dock.raise_()
        settle()
        assert seen_whole(dock.widget())
    assert screen.contains(window.geometry()), window.geometry()


def check_dialogs(window: MainWindow) -> None:
    """Each dialog is on the screen with all its buttons, whatever of it has to scroll."""
    screen = window.screen().availableGeometry()
    for action in ("edit.models", "edit.preferences", "help.shortcuts", "help.about", "file.batch"):
        window.action_set[action].trigger()
        settle()
        shown = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, Dialog)]
        [dialog] = [widget for widget in shown if widget.isVisible()]
        assert screen.contains(dialog.geometry()), (action, dialog.geometry())
        buttons = [button for button in dialog.findChildren(QPushButton) if button.parentWidget() is dialog]
        assert buttons
        for button in buttons:
            assert seen_whole(button), (action, button.text())
        dialog.close()
        settle()


def check_models(window: MainWindow) -> None:
    """Nothing of the two dialogs that models come through has to scroll, whatever they have to say."""
    screen = window.screen().availableGeometry()
    window.action_set["edit.models"].trigger()
    settle()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, Models)
    dialog.told.setText("What came of what was done, in a sentence or in two that are rather long. " * 2)
    dialog.stage.setText("What is being done")
    dialog.progress.show()
    dialog.cancel.show()
    seen = Recognised(
        (Path("EdgeModel_gen.pth"), Path("InpaintingModel_gen.pth")),
        "EdgeConnect",
        "edgeconnect",
        never,
        licence="CC BY-NC 4.0",
        notice="The published weights of EdgeConnect are for non-commercial use alone (CC BY-NC 4.0).",
    )
    page = ImportModel(window.editor.models, seen, never, dialog)
    page.open()
    page.name.setText("What cannot be a name")
    settle()
    for shown in (dialog, page):
        assert screen.contains(shown.geometry()), shown.geometry()
        for widget in shown.findChildren(QWidget):
            if isinstance(widget, (QLabel, QPushButton, QCheckBox, QLineEdit, QProgressBar)) and widget.isVisible():
                assert seen_whole(widget), (type(shown), widget)
    page.reject()
    dialog.accept()
    settle()


def never(*_args: object, **_more: object) -> Any:
    raise AssertionError("nothing was to be installed")


def seen_whole(widget: QWidget) -> bool:
    return widget.visibleRegion().boundingRect() == widget.rect()


def main() -> None:
    app = QApplication(["lacuna"])
    app.setStyle("Fusion")
    app.setStyleSheet(style_sheet(LIGHT))
    with opened_window(size=(0, 0)) as window:
        assert window.screen().size().toTuple() == tuple(map(int, sys.argv[1:3]))  # type: ignore[attr-defined]
        if "models" not in sys.argv:
            check_window(window)
            check_dialogs(window)
        check_models(window)
    print("as it should be")


if __name__ == "__main__":
    main()
