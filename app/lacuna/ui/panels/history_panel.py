"""What was done, oldest first. Choosing a line goes back, or forward, to the picture as it was after it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QPersistentModelIndex, QSignalBlocker, Qt
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QListView, QVBoxLayout, QWidget

from lacuna.document.document import Document
from lacuna.editor.editor import Editor
from lacuna.i18n import _
from lacuna.ui import theme

KEPT_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End)
Index = QModelIndex | QPersistentModelIndex


class HistoryPanel(QWidget):
    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._document: Document | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 8)
        self.model = HistoryModel(self)
        self.list = _List(self)
        self.list.setModel(self.model)
        self.list.setUniformItemSizes(True)
        self.list.setAccessibleName(_("History"))
        self.list.selectionModel().currentChanged.connect(self._chosen)
        column.addWidget(self.list)
        editor.document_changed.add(self._follow)
        self._follow()

    def refresh(self) -> None:
        document = self._editor.document
        with QSignalBlocker(self.list.selectionModel()):
            if document is None:
                self.model.show([], 0)
                return
            self.model.show([_("Opened"), *document.history.labels], document.history.position)
            self.list.setCurrentIndex(self.model.index(document.history.position))
        self.list.scrollTo(self.list.currentIndex())
        self.list.viewport().update()

    def _follow(self) -> None:
        document = self._editor.document
        if document is not None and document is not self._document:
            document.history.changed.add(self.refresh)
        self._document = document
        self.refresh()

    def _chosen(self, now: QModelIndex, _before: QModelIndex) -> None:
        if now.isValid():
            self._editor.go_to(now.row())


class HistoryModel(QAbstractListModel):
    """Labels; those after `position` are undone and shown quietly."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._labels: list[str] = []
        self._position = 0

    def show(self, labels: list[str], position: int) -> None:
        self.beginResetModel()
        self._labels, self._position = labels, position
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._labels)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return self._labels[index.row()]
        if role == Qt.ItemDataRole.ForegroundRole and index.row() > self._position:
            return QColor(theme.current().disabled)
        return None


class _List(QListView):
    """Keeps the keys that move through a list; the window would take some of them as shortcuts."""

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            assert isinstance(event, QKeyEvent)
            if event.key() in KEPT_KEYS and not event.modifiers():
                event.accept()
                return True
        return super().event(event)
