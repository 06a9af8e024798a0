"""The models dialog for tests: opened from its menu, given files by drop, and read."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from lacuna.ui.dialogs.import_model import ImportModel
from lacuna.ui.dialogs.models import Models
from lacuna.ui.main_window import MainWindow
from tests.ui.support import settle, wait_until

LOADED = 60  # seconds: the first job that looks at files imports torch


def opened(window: MainWindow) -> Models:
    window.action_set["edit.models"].trigger()
    settle()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, Models)
    return dialog


def drop(dialog: Models, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left, plain = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), copy, data, left, plain)
    QApplication.sendEvent(dialog, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(dialog, QDropEvent(QPointF(9, 9), copy, data, left, plain, QEvent.Type.Drop))


def asked(dialog: Models) -> ImportModel:
    """The page that comes once the files that the dialog was given are recognised."""
    wait_until(lambda: isinstance(QApplication.activeModalWidget(), ImportModel) or dialog.told.text(), LOADED)
    page = QApplication.activeModalWidget()
    assert isinstance(page, ImportModel), dialog.told.text()
    return page


def recognised(dialog: Models, *paths: Path) -> ImportModel:
    drop(dialog, *paths)
    return asked(dialog)


def rested(dialog: Models) -> bool:
    return dialog.bring.isEnabled()


def texts(dialog: Models) -> list[list[str]]:
    items = [dialog.list.topLevelItem(row) for row in range(dialog.list.topLevelItemCount())]
    return [[item.text(column) for column in range(5)] for item in items if item is not None]
