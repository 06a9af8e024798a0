"""Is there a screen to open a window on, and does Qt load? Asked before Qt starts: it aborts the process otherwise."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from lacuna import i18n
from lacuna.i18n import _

SCREENLESS = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")  # platforms of Qt that need no display server

# What Qt asks of a bare system; library -> (Debian's package, Fedora's).
LIBRARIES = {
    "libGL.so.1": ("libgl1", "libglvnd-glx"),
    "libEGL.so.1": ("libegl1", "libglvnd-egl"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon"),
    "libglib-2.0.so.0": ("libglib2.0-0", "glib2"),
    "libfontconfig.so.1": ("libfontconfig1", "fontconfig"),
    "libdbus-1.so.3": ("libdbus-1-3", "dbus-libs"),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0", "libxkbcommon-x11"),
    "libxcb-cursor.so.0": ("libxcb-cursor0", "xcb-util-cursor"),
    "libxcb-icccm.so.4": ("libxcb-icccm4", "xcb-util-wm"),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1", "xcb-util-keysyms"),
    "libxcb-shape.so.0": ("libxcb-shape0", "libxcb"),
}


def problem() -> str:
    """Why a window cannot be opened here and what to do about it, in one line; "" if it can. Imports QtWidgets."""
    if not present():
        i18n.use_language("")
        return _(
            "There is no display to open the window on. Without one, “lacuna fill” works: see “lacuna fill --help”."
        )
    try:
        import PySide6.QtWidgets  # noqa: F401
    except ImportError as error:
        i18n.use_language("")
        return (
            _("The window's library cannot be loaded ({reason}).").format(reason=" ".join(str(error).split()))
            + " "
            + (remedy(missing_libraries()) or _("Install Lacuna again."))
        )
    return ""


def present() -> bool:
    """Whether a screen answers. Systems other than Linux always have one; a DISPLAY may be set and dead."""
    if not sys.platform.startswith(("linux", "freebsd")):
        return True
    if os.environ.get("QT_QPA_PLATFORM", "").split(":")[0] in SCREENLESS:
        return True
    return _wayland_answers() or _x11_answers()


def missing_libraries() -> list[str]:
    """Which of `LIBRARIES` the dynamic linker does not find; none on systems whose Qt brings everything."""
    if not sys.platform.startswith("linux"):
        return []
    import ctypes

    missing = []
    for name in LIBRARIES:
        try:
            ctypes.CDLL(name)
        except OSError:
            missing.append(name)
    return missing


def remedy(libraries: list[str]) -> str:
    """The commands that install `libraries`, for Debian and for Fedora; "" for none."""
    if not libraries:
        return ""
    debian, fedora = (" ".join(dict.fromkeys(LIBRARIES[name][i] for name in libraries)) for i in (0, 1))
    return _("Debian, Ubuntu: sudo apt install {debian}; Fedora: sudo dnf install {fedora}").format(
        debian=debian, fedora=fedora
    )


def _wayland_answers() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY", "")
    return bool(name) and _answers(str(Path(os.environ.get("XDG_RUNTIME_DIR", ""), name)))


def _x11_answers() -> bool:
    host, _colon, rest = os.environ.get("DISPLAY", "").rpartition(":")
    number = rest.split(".")[0]
    if not number.isdigit():
        return False
    host = host.rpartition("/")[2]
    if host and host != "unix":
        try:
            socket.create_connection((host, 6000 + int(number)), timeout=3).close()
        except OSError:
            return False
        return True
    return any(_answers(path) for path in (f"\0/tmp/.X11-unix/X{number}", f"/tmp/.X11-unix/X{number}"))


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        try:
            door.connect(path)
        except OSError:
            return False
    return True
