"""What holds for every test: folders of its own, no real screen, and no error that passes unseen.

Exceptions in Qt slots and virtual methods reach only `sys.excepthook`, and Qt's own warnings only its message handler:
a test stays green over both unless something looks. `unseen_errors` looks.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.skips import pytest_make_collect_report, pytest_runtest_makereport  # noqa: F401  (hooks)

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before anything imports Qt
os.environ["LANGUAGE"] = "en"
os.environ.pop("QT_SCALE_FACTOR", None)
# Each test has a home of its own, but kernels compiled once serve them all.
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(__file__).resolve().parent.parent / ".pytest_cache" / "kernels"))

# Whole files go to a process each: begun last, a long one keeps it busy while the others have nothing left to do.
LONG = (
    "test_program.py", "test_shipped_models.py", "test_criminisi_card.py", "test_session.py", "test_window.py",
    "test_loop.py", "test_fill.py", "test_train.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONG)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that holds settings, journals and caches of this test alone."""
    folder = tmp_path / "home"
    monkeypatch.setenv("LACUNA_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def no_model_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests know the models that they install, and no others: what a learned method fills with is theirs to say.

    `tests/test_shipped_models.py` looks at those that ship.
    """
    monkeypatch.setattr("lacuna.paths.models", lambda: tmp_path / "shipped")


@pytest.fixture(autouse=True)
def no_writer_left() -> Iterator[None]:
    """A document that a test leaves open keeps its thread to the end of the process, where others trip over it."""
    before = set(threading.enumerate())
    yield
    assert not [left for left in threading.enumerate() if left not in before and left.name == "lacuna-writer"]


@pytest.fixture(autouse=True)
def unseen_errors(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collects what reaches the hooks of last resort, and fails the test if the list is not empty at its end.

    A test that provokes an error on purpose takes this fixture, looks at the list and clears it.
    """
    errors: list[str] = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: errors.append("".join(traceback.format_exception(*error))))
    monkeypatch.setattr(
        threading,
        "excepthook",
        lambda args: errors.append(
            "".join(traceback.format_exception(args.exc_type, args.exc_value, args.exc_traceback))
        ),
    )
    with _qt_messages(errors):
        yield errors
    assert not errors, "unseen errors:\n" + "\n".join(errors)


class _qt_messages:
    """Collects Qt's warnings where Qt is loaded at all."""

    # Not ours to mend: the offscreen platform has no such hints, and says so.
    HARMLESS = ("This plugin does not support",)

    def __init__(self, errors: list[str]) -> None:
        self.errors = errors
        self.loaded = "PySide6.QtCore" in sys.modules

    def __enter__(self) -> None:
        if self.loaded:
            from PySide6.QtCore import qInstallMessageHandler

            self.before = qInstallMessageHandler(self.hear)

    def __exit__(self, *_error: object) -> None:
        if self.loaded:
            from PySide6.QtCore import qInstallMessageHandler

            qInstallMessageHandler(self.before)

    def hear(self, kind: object, _context: object, text: str) -> None:
        from PySide6.QtCore import QtMsgType

        serious = kind in (QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg)
        if serious and not text.startswith(self.HARMLESS):
            self.errors.append(f"Qt: {text}")


@pytest.fixture(scope="session")
def real_display() -> Iterator[dict[str, str]]:
    """An X server of its own; gives the environment in which a subprocess opens real windows on it.

    The server chooses a free display and says when it is ready, so there is nothing to wait for. It does not begin anew
    when its last client leaves, as it would by itself: whoever came at that moment found no display.
    """
    if shutil.which("Xvfb") is None:
        problem = "Xvfb is not installed (Debian: apt install xvfb; Fedora: dnf install xorg-x11-server-Xvfb)"
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-noreset", "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as ready:
            number = ready.readline().strip()
        assert number, "Xvfb did not start"
        environment = dict(os.environ, DISPLAY=f":{number}", QT_QPA_PLATFORM="xcb", QT_SCALE_FACTOR="1")
        environment.pop("WAYLAND_DISPLAY", None)
        yield environment
    finally:
        server.terminate()
        server.wait(10)
