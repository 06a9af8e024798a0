"""From the start of the process to the painted window, against a bare PySide6 window with numpy, in turn."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from lacuna.bench.figure import Figure, median
from lacuna.bench.window import prepare

ROUNDS = 7
HEAVY = ("torch", "onnxruntime", "scipy", "numba")

BARE = """
import numpy
from PySide6.QtWidgets import QApplication, QMainWindow
class Window(QMainWindow):
    def paintEvent(self, event):
        print("painted", flush=True)
app = QApplication([])
window = Window()
window.resize(1200, 800)
window.show()
app.exec()
"""

OURS = """
import gc
import sys
gc.disable()  # as lacuna.__main__ does
from PySide6.QtWidgets import QApplication
from lacuna.ui.application import Program
app = QApplication([])
program = Program(app, [])
program.window.painted.connect(lambda: print("painted", *sys.modules, flush=True))
app.exec()
"""


def run() -> list[Figure]:
    """The ratio of medians; the first round warms the libraries and does not count."""
    prepare()
    ratios, ours, bare = [], [], []
    modules: list[str] = []
    for number in range(ROUNDS + 1):
        plain, _words = _seconds(BARE)
        full, words = _seconds(OURS)
        if number:
            ratios.append(full / plain)
            ours.append(full)
            bare.append(plain)
            modules = words
    loaded = [name for name in HEAVY if name in modules]
    return [
        Figure(
            "start", "process start to painted window, against a bare window", median(ratios), "x", 2.5,
            note=f"{median(ours):.3f} s, bare {median(bare):.3f} s",
        ),
        Figure("start", f"of {', '.join(HEAVY)} imported by then", len(loaded), "", 0, note=" ".join(loaded)),
    ]  # fmt: skip


def _seconds(code: str) -> tuple[float, list[str]]:
    """From spawning Python on `code` until it prints its one line, and the words of that line."""
    start = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONHASHSEED": "0"}
    )
    assert child.stdout is not None
    words = child.stdout.readline().split()
    seconds = time.perf_counter() - start
    child.kill()
    child.wait()
    if not words or words[0] != "painted":
        raise RuntimeError("the window did not come up")
    return seconds, words[1:]
