"""The start and the end of the window: hooks, theme, language, an empty window first, everything else after it."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLibraryInfo, QLocale, QObject, Qt, QTimer, QTranslator
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from lacuna import i18n, paths
from lacuna.engine import cores
from lacuna.settings import Settings
from lacuna.ui.jobs import MainThread
from lacuna.ui.last_resort import LastResort
from lacuna.ui.main_window import MainWindow
from lacuna.ui.theme import ThemeKeeper

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor
    from lacuna.editor.values import Message
    from lacuna.engine.jobs import JobQueue
    from lacuna.ui.interrupts import Interrupts

SWITCH_INTERVAL = 0.0005  # seconds: how long a Python loop in the worker may hold the window's thread
PATIENCE = 2.0  # seconds that the worker gets to reach its next check at the end
DESKTOP_FILE = "io.github.lacuna_editor.Lacuna"


def main(files: Sequence[str] = ()) -> int:
    """Open the window, with the first of `files` in it; the exit code."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    cores.leave_one_to_the_window()
    # The style as an argument: `setStyle` returns an object, and making its Python class takes 10 ms.
    app = QApplication.instance() or QApplication([sys.argv[0] if sys.argv else "lacuna", "-style", "Fusion"])
    assert isinstance(app, QApplication)
    program = Program(app, [Path(f) for f in files])
    code = app.exec()
    if program.window.furnished:
        program.interrupts.close()
    if program.worker_stuck:
        # A call that cannot be stopped still runs in the worker; Python would wait for its thread, or crash over it.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


class Program(QObject):
    """The parts of one run and their order: window painted, file opened, the rest when idle; and the end of all.

    `queue`, `editor` and `interrupts` are there as soon as the window is furnished, right after its first paint.
    The style of `app` is Fusion already.
    """

    queue: JobQueue
    editor: Editor
    interrupts: Interrupts

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
        self.settings = Settings.load()
        self._speak()
        self.theme = ThemeKeeper(app, self.settings.preferences.theme)
        self.window = MainWindow(self.settings)
        self.window.painted.connect(lambda: QTimer.singleShot(0, self._furnish))
        self.window.preference_changed.connect(self._preference_changed)
        self.window.ended.connect(self._ended)
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

    def _furnish(self) -> None:
        """The window is seen: now what it stands on is imported, and then the file is opened."""
        from lacuna.editor.editor import Editor
        from lacuna.engine.jobs import JobQueue
        from lacuna.ui.interrupts import Interrupts

        self.queue = JobQueue(self.door.deliver)
        self.editor = Editor(self.settings, self.queue)
        self.window.furnish(self.editor)
        self.interrupts = Interrupts(self.window.end, self)
        gc.enable()
        gc.freeze()  # what the start has made stays; looking through it again and again would only hold the window
        self.window.files.open(self._files)
        QTimer.singleShot(0, self._idle)

    def _idle(self) -> None:
        self._app.setWindowIcon(QIcon(str(paths.resources() / "icons" / "lacuna.svg")))
        self.window.when_idle()
        from lacuna.editor.values import Message, Severity

        for problem in self.settings.problems:
            self.window.say(Message(problem, severity=Severity.WARNING))
        self.window.unfinished.offer()

    def _preference_changed(self, name: str) -> None:
        if name == "theme":
            self.theme.choose(self.settings.preferences.theme)

    def _show_error(self, message: Message) -> None:
        if self.window.furnished:
            self.window.say(message)
        else:
            from lacuna.ui.dialogs.error_details import ErrorDetails

            ErrorDetails(message, self.window).open()

    def _ended(self) -> None:
        """The window is gone: the worker gets a moment with the loop running, then the process ends."""
        if not self.window.furnished:
            self._app.exit(0)
            return
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
        self.editor.shutdown(wait=0.0 if self.worker_stuck else 1.0)
        self._app.exit(0)
