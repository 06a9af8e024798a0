"""The program's window for tests: a real editor, a real worker, real files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from lacuna import paths
from lacuna.contract import default
from lacuna.editor.editor import Editor
from lacuna.engine.jobs import JobQueue
from lacuna.settings import Settings
from lacuna.ui.jobs import MainThread
from lacuna.ui.main_window import MainWindow
from tests.ui.support import drag, settle, shown, wait_until

SAMPLES = paths.resources() / "samples"


@contextmanager
def opened_window(settings: Settings | None = None, size: tuple[int, int] = (1280, 800)) -> Iterator[MainWindow]:
    """A shown window with nothing open, past its idle work; its worker is ended afterwards. Size (0, 0): its own."""
    door = MainThread()
    queue = JobQueue(door.deliver)
    if settings is None:
        settings = Settings.load()
        if settings.backend == default.WINDOW_BACKEND:
            settings.backend = "telea"  # one that has nothing to compile
    window = MainWindow(settings)
    window.furnish(Editor(settings, queue))
    shown(window, *size)
    window.when_idle()
    settle()
    try:
        yield window
    finally:
        window.editor.close()
        window.end()
        window.editor.shutdown()
        settle()


def copy_of_sample(folder: Path, name: str = "lion.jpg", to: str = "") -> Path:
    """A sample photo in a folder where it may be changed."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / (to or name)
    shutil.copy(SAMPLES / name, target)
    return target


def open_photo(window: MainWindow, path: Path = SAMPLES / "lion.jpg") -> None:
    """Open a picture and wait until it is there and has the keyboard."""
    window.files.open([path])
    wait_until(lambda: window.editor.document is not None and window.editor.document.header.path == path.absolute(), 20)
    window.canvas.setFocus()
    settle()


def paint(window: MainWindow, *points: tuple[float, float]) -> None:
    """Draw with the tool in hand through points given as shares of the canvas."""
    width, height = window.canvas.width(), window.canvas.height()
    drag(window.canvas, *((x * width, y * height) for x, y in points))
    settle()


def fill(window: MainWindow) -> None:
    """Run the fill and wait for its end."""
    window.editor.fill()
    wait_until(lambda: not window.editor.jobs, 20)
    settle()


def back_to(window: QWidget) -> None:
    """Give the keyboard back to the window after a dialog, as a window manager does."""
    settle()
    window.activateWindow()
    wait_until(window.isActiveWindow)


def key(widget: QWidget, sequence: str) -> None:
    """Press and release the first key of a portable key sequence, with its modifiers."""
    pressed: QKeyCombination = QKeySequence(sequence)[0]  # type: ignore[index]
    target = widget.window().focusWidget() or widget
    QTest.keyClick(target, Qt.Key(pressed.key()), pressed.keyboardModifiers())
    settle()
