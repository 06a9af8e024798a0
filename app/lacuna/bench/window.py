"""The real window, for the benchmarks that drive one: offscreen where there is no display."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path


def needs_offscreen() -> bool:
    """No display to open a window on."""
    return os.name == "posix" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def prepare() -> Path:
    """Settle platform and folders before Qt is imported, so that no setting or journal of the person is touched."""
    if needs_offscreen():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("QT_SCALE_FACTOR", "1")
    home = Path(tempfile.mkdtemp(prefix="lacuna-bench-"))
    os.environ["LACUNA_HOME"] = str(home)
    return home


def wait(until: Callable[[], bool], seconds: float = 60.0) -> None:
    """Run the event loop until `until()`; raises TimeoutError."""
    from PySide6.QtCore import QCoreApplication, QEventLoop

    end = time.monotonic() + seconds
    while not until():
        if time.monotonic() > end:
            raise TimeoutError("the window did not get there in time")
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 5)
