"""How late a 5 ms timer of the window's thread is while jobs run, waits for a busy core taken out (Linux)."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lacuna.bench.figure import Figure, percentile
from lacuna.bench.memory import alone
from lacuna.bench.networks_models import torch_missing
from lacuna.bench.pictures import large, square_hole, write_jpeg
from lacuna.bench.waits import waited
from lacuna.bench.window import at_rest, close_window, open_window, show_picture, turn, wait

NETWORK = "deepfill"
INTERVAL = 0.005  # seconds
BOUNDS = {95: 5.0, 99: 16.0}  # percentile -> ms
ROUNDS = 4


def run() -> list[Figure]:
    """Percentiles of the lateness in ms, a job kind at a time. First fills, which load and compile, come before."""
    program = open_window()
    editor = program.editor
    picture = large(24)
    figures = []
    try:
        with tempfile.TemporaryDirectory() as name:
            jpeg = write_jpeg(picture, Path(name) / "picture.jpg")
            show_picture(program, picture)

            def fill(backend: str) -> Callable[[], None]:
                def go() -> None:
                    editor.use_backend(backend)
                    editor.paste_mask(lambda: square_hole(picture.shape, 500))
                    wait(lambda: at_rest(program))
                    editor.fill()

                return go

            kinds = {
                "filling with telea": fill("telea"),
                "filling with ns": fill("ns"),
                f"filling with {NETWORK}": fill(NETWORK),
                "saving a PNG": lambda: editor.save(Path(name) / "out.png"),
                "opening a JPEG": lambda: editor.open(jpeg),
            }
            missing = torch_missing()
            if missing:
                del kinds[f"filling with {NETWORK}"]
                figures.append(Figure("lateness", f"timer of 5 ms, filling with {NETWORK}", None, "ms", note=missing))
            else:
                alone(f"networks_models.make({NETWORK!r})")
            for backend in ("telea",) if missing else ("telea", NETWORK):
                fill(backend)()
                wait(lambda: at_rest(program))
            for label, begin in kinds.items():
                late = _lateness(program, begin)
                for share, bound in BOUNDS.items():
                    what = f"timer of 5 ms, {share}th percentile, {label}, 24 MP"
                    note = f"{len(late)} ticks, latest {1000 * max(late):.1f} ms"
                    figures.append(Figure("lateness", what, 1000 * percentile(late, share), "ms", bound, note=note))
    finally:
        close_window(program)
    return figures


def _lateness(program, begin: Callable[[], None]) -> list[float]:  # type: ignore[no-untyped-def]
    """Seconds by which each tick came late while the job that `begin` starts ran, `ROUNDS` times over."""
    from PySide6.QtCore import Qt, QTimer

    late: list[float] = []
    last = [0.0, 0.0]

    def tick() -> None:
        now, idle = time.perf_counter(), waited()
        late.append(max(0.0, now - last[0] - INTERVAL - (idle - last[1])))
        last[:] = now, idle

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(round(1000 * INTERVAL))
    timer.timeout.connect(tick)
    for _ in range(ROUNDS):
        begin()
        last[:] = time.perf_counter(), waited()
        timer.start()
        wait(lambda: at_rest(program))
        timer.stop()
        turn(0.1)
    return late
