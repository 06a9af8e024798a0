"""How the threads beside the window's let it go first."""

from __future__ import annotations

import os
import sys
import threading


def lower() -> None:
    """Give the calling thread, and those it starts, a lower priority. Linux alone has that for single threads."""
    if sys.platform.startswith("linux"):
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        except OSError:  # a sandbox may forbid it; the thread then runs at the usual priority
            pass
