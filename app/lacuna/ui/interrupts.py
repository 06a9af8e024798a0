"""SIGINT and SIGTERM end the program properly. Python hears them only when it runs, so a socket wakes the loop."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable

from PySide6.QtCore import QObject, QSocketNotifier, QTimer


class Interrupts(QObject):
    """`end()` is called from the event loop when the system, or a terminal, asks the program to end."""

    def __init__(self, end: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._end = end
        self._ours, self._pythons = socket.socketpair()
        for each in (self._ours, self._pythons):
            each.setblocking(False)
        self._fd_before = signal.set_wakeup_fd(self._pythons.fileno())
        self._before = {number: signal.signal(number, self._heard) for number in (signal.SIGINT, signal.SIGTERM)}
        self._notifier = QSocketNotifier(self._ours.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._drain)

    def close(self) -> None:
        """Give the signals back."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._fd_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._ours.close()
        self._pythons.close()

    def _heard(self, _number: int, _frame: object) -> None:
        QTimer.singleShot(0, self._end)

    def _drain(self) -> None:
        try:
            self._ours.recv(64)
        except BlockingIOError:
            pass
