"""Files dragged over the window and dropped on it: as pictures to open, or as the mask of the one that is open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent

from lacuna.document.project_file import ENDING
from lacuna.ui.stage import Zone

if TYPE_CHECKING:
    from lacuna.ui.main_window import MainWindow


class Drops(QObject):
    """Hears the window's drag events, and shows on its stage where a file would go."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragEnterEvent):  # the first of these: it is a move and a drop by class too
            if dragged(event):
                event.acceptProposedAction()
        elif isinstance(event, QDragMoveEvent):
            self._zone(event)
            event.acceptProposedAction()
        elif isinstance(event, QDropEvent):
            self._drop(event)
        elif event.type() == QEvent.Type.DragLeave:
            self._window.stage.drag_at(None, with_mask=False)
        else:
            return False
        return True

    def _drop(self, event: QDropEvent) -> None:
        files, zone = dragged(event), self._zone(event)
        self._window.stage.drag_at(None, with_mask=False)
        event.acceptProposedAction()
        if not files:
            return
        if zone is Zone.MASK:
            self._window.files.import_mask(files[0])
        else:
            self._window.files.open(files)

    def _zone(self, event: QDropEvent) -> Zone | None:
        window = self._window
        at = window.stage.mapFrom(window, event.position().toPoint())
        files = dragged(event)
        with_mask = window.editor.document is not None and len(files) == 1 and files[0].suffix.lower() != ENDING
        zone = window.stage.drag_at(at, with_mask=with_mask)
        if with_mask and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return Zone.MASK
        return zone


def dragged(event: QDropEvent) -> list[Path]:
    """The files that are dragged or dropped."""
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
