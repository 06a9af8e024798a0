"""Says which system packages are missing for a purpose, and the command that installs them. Standard library only.

python packaging/check_system.py venv|window|tests|package    exit 0, or 1 after naming what is missing
python packaging/check_system.py display                      exit 0 if a screen answers
python packaging/check_system.py debian                       the Debian packages of all purposes, one line
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import socket
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """Something the system has to bring: `found` looks for `name`; packages by their Debian and Fedora names."""

    name: str
    debian: str
    fedora: str
    found: Callable[[str], bool]


def library(name: str) -> bool:
    """Whether the dynamic linker finds `name`: asked directly, since lists of it lie in different places."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def command(name: str) -> bool:
    return shutil.which(name) is not None


def module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def font(_name: str) -> bool:
    """Whether there is any font to write with; a system without one shows empty boxes."""
    folders = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
    return any(
        name.endswith((".ttf", ".otf", ".ttc", ".pfb"))
        for folder in folders
        for _path, _folders, names in os.walk(Path(folder).expanduser())
        for name in names
    )


def shared_python(_name: str) -> bool:
    """Whether the Python that made this environment has its library, which a built program takes along."""
    name = sysconfig.get_config_var("INSTSONAME") or ""
    if not name.startswith("libpython") or ".so" not in name:
        name = f"libpython3.{sys.version_info.minor}.so.1.0"  # Debian's is linked without, and has it in a package
    folder = sysconfig.get_config_var("LIBDIR") or ""
    return Path(folder, name).exists() or library(name)


VENV = (
    Part("venv", "python3-venv", "python3", module),
    Part("ensurepip", "python3-venv", "python3", module),
)
QT = (
    Part("libGL.so.1", "libgl1", "libglvnd-glx", library),
    Part("libEGL.so.1", "libegl1", "libglvnd-egl", library),
    Part("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon", library),
    Part("libglib-2.0.so.0", "libglib2.0-0", "glib2", library),
    Part("libfontconfig.so.1", "libfontconfig1", "fontconfig", library),
    Part("libdbus-1.so.3", "libdbus-1-3", "dbus-libs", library),
    Part("a font", "fonts-dejavu-core", "dejavu-sans-fonts", font),
)
X11 = (
    Part("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11", library),
    Part("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor", library),
    Part("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm", library),
    Part("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms", library),
    Part("libxcb-shape.so.0", "libxcb-shape0", "libxcb", library),
)
WAYLAND = (
    Part("libwayland-client.so.0", "libwayland-client0", "libwayland-client", library),
    Part("libwayland-cursor.so.0", "libwayland-cursor0", "libwayland-cursor", library),
    Part("libwayland-egl.so.1", "libwayland-egl1", "libwayland-egl", library),
)
DRIVEN = (
    Part("Xvfb", "xvfb", "xorg-x11-server-Xvfb", command),
    Part("xdotool", "xdotool", "xdotool", command),
    Part("xclip", "xclip", "xclip", command),
    Part("import", "imagemagick", "ImageMagick", command),
)
PACKAGE = (
    Part("objdump", "binutils", "binutils", command),
    Part("libpython", f"libpython3.{sys.version_info.minor}", "python3-libs", shared_python),
)


def window() -> tuple[Part, ...]:
    """What the window needs on the kind of screen that is here."""
    return QT + X11 if os.environ.get("DISPLAY") else QT + WAYLAND


def display() -> bool:
    """Whether a screen answers. Other systems than Linux always have one; a DISPLAY may be set and dead."""
    if not sys.platform.startswith("linux"):
        return True
    wayland = os.environ.get("WAYLAND_DISPLAY", "")
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if wayland and Path(runtime, wayland).is_socket():
        return True
    host, _colon, rest = os.environ.get("DISPLAY", "").rpartition(":")
    number = rest.split(".")[0]
    if not number.isdigit():
        return False
    host = "" if host in ("", "unix") else host.rpartition("/")[2]
    try:
        if host:
            socket.create_connection((host, 6000 + int(number)), timeout=3).close()
            return True
    except OSError:
        return False
    return any(_answers(path) for path in (f"\0/tmp/.X11-unix/X{number}", f"/tmp/.X11-unix/X{number}"))


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        try:
            door.connect(path)
        except OSError:
            return False
    return True


PURPOSES: dict[str, tuple[str, Callable[[], tuple[Part, ...]]]] = {
    "venv": ("making a virtual environment", lambda: VENV),
    "window": ("Lacuna's window", window),
    "tests": ("the tests", lambda: QT + X11 + DRIVEN),
    "package": ("building the package", lambda: QT + X11 + DRIVEN + PACKAGE),
}


def advice(purpose: str) -> list[str]:
    """The lines to print: empty where nothing is missing, or on a system whose Qt brings everything."""
    if not sys.platform.startswith("linux"):
        return []
    words, parts = PURPOSES[purpose]
    missing = [part for part in parts() if not part.found(part.name)]
    if not missing:
        return []
    debian = " ".join(dict.fromkeys(part.debian for part in missing))
    fedora = " ".join(dict.fromkeys(part.fedora for part in missing))
    lines = [f"The system lacks something that {words} needs: {', '.join(part.name for part in missing)}."]
    if command("apt-get") or not command("dnf"):
        lines.append(f"  Debian, Ubuntu:  sudo apt-get install {debian}")
    if command("dnf") or not command("apt-get"):
        lines.append(f"  Fedora:          sudo dnf install {fedora}")
    return [*lines, "Then run the same command again."]


def main() -> int:
    purpose = sys.argv[1] if len(sys.argv) == 2 else ""
    if purpose == "display":
        return 0 if display() else 1
    if purpose == "debian":
        parts = QT + X11 + DRIVEN + tuple(part for part in PACKAGE if part.found is command)
        print(" ".join(dict.fromkeys(part.debian for part in parts)))
        return 0
    if purpose not in PURPOSES:
        print(__doc__, file=sys.stderr)
        return 2
    lines = advice(purpose)
    print(*lines, sep="\n" if lines else "", end="\n" if lines else "", file=sys.stderr)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
