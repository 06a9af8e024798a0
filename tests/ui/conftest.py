"""One application for all window tests, set up as the program sets up its own; each test leaves no widget behind."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication

from tests.editor.scripted import script  # noqa: F401  (a fixture)
from tests.editor.scripted_upscaler import upscaler  # noqa: F401  (a fixture)

if TYPE_CHECKING:
    from lacuna.ui.main_window import MainWindow


@pytest.fixture(scope="session")
def app() -> QApplication:
    """The application: Fusion, no blinking cursors, dialogs that a test can drive, every mouse event delivered."""
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(["lacuna"])
    application.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, False)
    application.setStyle("Fusion")
    application.setCursorFlashTime(0)
    application.setQuitOnLastWindowClosed(False)
    return application


@pytest.fixture(autouse=True)
def no_widget_left(app: QApplication, unseen_errors: list[str]) -> Iterator[None]:
    yield
    for widget in app.topLevelWidgets():
        widget.close()
        widget.deleteLater()
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    app.processEvents()
    gc.collect()
    gc.freeze()


@pytest.fixture
def window(app: QApplication) -> Iterator[MainWindow]:
    """The program's window with nothing open."""
    from tests.ui.windows import opened_window

    with opened_window() as made:
        yield made
