"""How the worker's news reaches the main thread: one door, owned by a QObject that lives there."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot


class MainThread(QObject):
    """`deliver(call)` runs `call` in the thread that made this object, in order; it may be called from any thread."""

    _call = Signal(object)  # object: the very same Python object arrives, nothing is converted or copied

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._call.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def deliver(self, call: Callable[[], object]) -> None:
        """Queue `call` for the event loop of the main thread."""
        self._call.emit(call)

    @Slot(object)
    def _run(self, call: Callable[[], object]) -> None:
        call()
