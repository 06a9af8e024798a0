"""The real window, for the benchmarks that drive one: offscreen where there is no display."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lacuna.imaging.photo import Photo, Pixels

if TYPE_CHECKING:
    from lacuna.ui.application import Program

SIZE = (1600, 1000)  # of the window


def prepare() -> Path:
    """Settle platform and folders before Qt is imported, so that no setting or journal of the person is touched.

    The folder goes with the process.
    """
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ.setdefault("QT_SCALE_FACTOR", "1")
    home = Path(tempfile.mkdtemp(prefix="lacuna-bench-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ["LACUNA_HOME"] = str(home)
    return home


def open_window() -> Program:
    """The program as a person starts it, painted, with nothing open."""
    prepare()
    from PySide6.QtWidgets import QApplication

    from lacuna.ui.application import SWITCH_INTERVAL, Program

    sys.setswitchinterval(SWITCH_INTERVAL)
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(["lacuna"])
    program = Program(app, [])
    seen: list[bool] = []
    program.window.painted.connect(lambda: seen.append(True))
    program.window.resize(*SIZE)
    wait(lambda: bool(seen))
    turn(0.3)  # what it does when idle
    return program


def close_window(program: Program) -> None:
    """End it without asking about the picture."""
    ended: list[bool] = []
    program.editor.close()
    program.window.ended.connect(lambda: ended.append(True))
    program.window.end()
    wait(lambda: bool(ended) and not program.queue.busy)
    program.interrupts.close()


def show_picture(program: Program, pixels: Pixels) -> None:
    """Open a picture from memory and wait until it is painted."""
    canvas = program.window.canvas
    program.editor.open_photo(Photo(pixels))
    shape = pixels.shape[:2]
    wait(lambda: program.editor.document is not None and program.editor.document.shape == shape)
    canvas.update()
    wait(lambda: canvas.finished and at_rest(program))
    turn(0.3)


def at_rest(program: Program) -> bool:
    """No job runs or waits, and what they made has been put in: the worker is free a moment before that."""
    return not program.queue.busy and not program.editor.jobs


def wait(until: Callable[[], bool], seconds: float = 120.0) -> None:
    """Run the event loop until `until()`, at rest between events as a program is; raises TimeoutError."""
    from PySide6.QtCore import QCoreApplication, QEventLoop, Qt, QTimer

    end = time.monotonic() + seconds
    awake = QTimer()
    awake.setTimerType(Qt.TimerType.PreciseTimer)
    awake.start(2)
    while not until():
        if time.monotonic() > end:
            raise TimeoutError("the window did not get there in time")
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    awake.stop()


def turn(seconds: float) -> None:
    """Run the event loop for a while."""
    end = time.monotonic() + seconds
    wait(lambda: time.monotonic() > end)
