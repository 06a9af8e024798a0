"""The start and the end of the window: hooks, theme, language, an empty window first, everything else after it."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QObject, QSocketNotifier, Qt, QTimer, QTranslator
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from lacuna import i18n, paths
from lacuna.editor.editor import Editor
from lacuna.editor.values import Message, Severity
from lacuna.engine.jobs import JobQueue
from lacuna.settings import Settings
from lacuna.ui.jobs import MainThread
from lacuna.ui.main_window import MainWindow
from lacuna.ui.messages import LastResort
from lacuna.ui.theme import ThemeKeeper

SWITCH_INTERVAL = 0.0005  # seconds: how long a Python loop in the worker may hold the window's thread
PATIENCE = 2.0  # seconds that the worker gets to reach its next check at the end
DESKTOP_FILE = "io.github.lacuna_editor.Lacuna"


def main(files: Sequence[str] = ()) -> int:
    """Open the window, with the first of `files` in it; the exit code. Ask `display.missing()` before calling this."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    app = QApplication.instance() or QApplication([sys.argv[0] if sys.argv else "lacuna"])
    assert isinstance(app, QApplication)
    program = Program(app, [Path(f) for f in files])
    code = app.exec()
    program.interrupts.close()
    if program.worker_stuck:
        # A call that cannot be stopped still runs in the worker; Python would wait for its thread, or crash over it.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


class Program(QObject):
    """The parts of one run and their order: window painted, file opened, the rest when idle; and the end of all."""

    def __init__(self, app: QApplication, files: Sequence[Path]) -> None:
        super().__init__(app)
        self._app = app
        self._files = list(files)
        self.worker_stuck = False
        self._patience = PATIENCE
        self.door = MainThread(self)
        self.last_resort = LastResort(self.door.deliver, self._show_error)
        sys.excepthook = self.last_resort.caught
        threading.excepthook = lambda args: self.last_resort.caught(args.exc_type, args.exc_value, args.exc_traceback)
        app.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, False)  # every move of a pen counts
        app.setApplicationName("lacuna")
        app.setDesktopFileName(DESKTOP_FILE)
        app.setQuitOnLastWindowClosed(False)
        app.setStyle("Fusion")
        self.settings = Settings.load()
        self._speak()
        self.theme = ThemeKeeper(app, self.settings.preferences.theme)
        self.queue = JobQueue(self.door.deliver)
        self.editor = Editor(self.settings, self.queue)
        self.window = MainWindow(self.editor)
        self.window.painted.connect(self._painted)
        self.window.preference_changed.connect(self._preference_changed)
        self.window.ended.connect(self._ended)
        self.interrupts = Interrupts(self.window.end, self)
        self.window.show()

    def _speak(self) -> None:
        """The language of our texts, of Qt's own buttons, and of numbers."""
        code = i18n.use_language(self.settings.preferences.language)
        self._translator = QTranslator(self)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if code != "en" and self._translator.load(f"qtbase_{code}", folder):
            self._app.installTranslator(self._translator)
        if self.settings.preferences.language:
            QLocale.setDefault(QLocale(code))

    def _painted(self) -> None:
        self.window.files.open(self._files)
        QTimer.singleShot(0, self._idle)

    def _idle(self) -> None:
        self._app.setWindowIcon(QIcon(str(paths.resources() / "icons" / "lacuna.svg")))
        self.window.when_idle()
        for problem in self.settings.problems:
            self.window.say(Message(problem, severity=Severity.WARNING))
        self.window.offer_sessions()

    def _preference_changed(self, name: str) -> None:
        if name == "theme":
            self.theme.choose(self.settings.preferences.theme)

    def _show_error(self, message: Message) -> None:
        self.window.say(message)

    def _ended(self) -> None:
        """The window is gone: the worker gets a moment with the loop running, then the process ends."""
        self._waiting = QTimer(self)
        self._waiting.setInterval(20)
        self._waiting.timeout.connect(self._wait)
        self._waiting.start()

    def _wait(self) -> None:
        self._patience -= self._waiting.interval() / 1000
        if self.queue.busy and self._patience > 0:
            return
        self._waiting.stop()
        self.worker_stuck = self.queue.busy
        self.editor.shutdown()
        self._app.exit(0)


class Interrupts(QObject):
    """SIGINT and SIGTERM end the program properly. Python hears them only when it runs, so a socket wakes the loop."""

    def __init__(self, end: object, parent: QObject) -> None:
        super().__init__(parent)
        assert callable(end)
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
