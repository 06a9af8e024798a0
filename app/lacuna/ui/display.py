"""Is there a screen to open a window on? Asked before Qt starts, because Qt aborts the process if there is none."""

from __future__ import annotations

import os
import sys

SCREENLESS = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")  # platforms that need no display server


def missing() -> bool:
    """True where a window cannot be opened: on Linux without an X11 or Wayland display. Imports no Qt."""
    if not sys.platform.startswith(("linux", "freebsd")):
        return False
    if os.environ.get("QT_QPA_PLATFORM", "").split(":")[0] in SCREENLESS:
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
