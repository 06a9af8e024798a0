"""A brush move, from the event to painted pixels: sizes of picture and nib, zooms, with and without a running job.

The first paint after the event is what counts: it shows what the nib has covered. The ring by which the mask grows
follows every 25 ms, and whether its paint falls into the same turn of the event loop is chance. Waits for a busy core
are taken out (Linux); the figure with them stands beside it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from lacuna.bench.calibration import slowness
from lacuna.bench.figure import Figure, percentile
from lacuna.bench.pictures import large
from lacuna.bench.waits import waited
from lacuna.bench.window import at_rest, close_window, open_window, show_picture, turn, wait
from lacuna.engine.jobs import Job

MOVES = 120
BOUND = 4.0  # ms, 95th percentile, on a machine of `calibration.USUAL` speed; scaled to this one
STEP = 12.0  # device pixels from one move to the next


def run() -> list[Figure]:
    """95th percentiles in milliseconds."""
    bound = BOUND * slowness()
    program = open_window()
    figures = []
    try:
        for megapixels in (24, 100):
            show_picture(program, large(megapixels))
            for working in (False, True):
                job = _occupy(program) if working else None
                for zoom in ("fit", "100 %", "800 %"):
                    for size in (20, 400):
                        times, whole = _stroke(program, zoom, size)
                        what = f"{megapixels} MP, nib {size} px, {zoom}{', while a job runs' if working else ''}"
                        note = f"median {1000 * percentile(times, 50):.2f} ms; "
                        note += f"with waits for a core {1000 * percentile(whole, 95):.2f} ms"
                        figures.append(Figure("brush", what, 1000 * percentile(times, 95), "ms", bound, note=note))
                if job is not None:
                    job.cancel()
                    wait(lambda: at_rest(program))
            program.editor.close()
            turn(0.2)
    finally:
        close_window(program)
    return figures


def _occupy(program) -> Job:  # type: ignore[no-untyped-def]
    """Keep the worker at work as a fill does: one OpenCV call after the other."""
    import numpy as np

    from lacuna.bench.pictures import square_hole
    from lacuna.engine.arrays import fill

    picture = np.ascontiguousarray(large(24)[:600, :600])
    mask = square_hole(picture.shape, 300)

    def work(progress) -> None:  # type: ignore[no-untyped-def]
        while True:
            progress.check()
            fill(picture, mask, backend="telea")

    job = Job("bench", work)
    program.queue.submit(job, lambda _job: None)
    wait(lambda: job.started is not None)
    return job


def _stroke(program, zoom: str, size: int) -> tuple[list[float], list[float]]:  # type: ignore[no-untyped-def]
    """Seconds of each move of one stroke in circles around the middle of the view; the same with waits for a core."""
    editor, canvas = program.editor, program.window.canvas
    editor.clear_mask()
    editor.use("brush")
    editor.set_option("size", size)
    if zoom == "fit":
        canvas.navigation.fit()
    else:
        canvas.navigation.zoom_to(float(zoom.split()[0]) / 100)
    turn(0.3)
    centre = canvas.width() / 2, canvas.height() / 2
    radius = min(canvas.width(), canvas.height()) / 3
    rim = size / 2 * canvas.viewport.zoom / canvas.devicePixelRatio()
    if rim > radius:  # a nib that covers the view would change nothing in it: lead its rim through the middle
        centre = centre[0] + rim, centre[1]

    times, whole = drag(program, circle(centre, radius))
    editor.undo()
    return times, whole


def circle(centre: tuple[float, float], radius: float) -> list[tuple[float, float]]:
    """Points of the widget on a circle, `STEP` apart: the press and `MOVES` moves."""
    angles = [number * STEP / radius for number in range(MOVES + 1)]
    return [(centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)) for angle in angles]


def drag(program, points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:  # type: ignore[no-untyped-def]
    """Press at the first point of the canvas and lead the pointer over the others, each when the last is painted.

    Seconds from each move to its paint, without waits for a busy core and with them.
    """
    from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QPointF, Qt
    from PySide6.QtGui import QMouseEvent

    canvas = program.window.canvas

    def send(kind: QEvent.Type, x: float, y: float, buttons: Qt.MouseButton) -> None:
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
        at = QPointF(x, y)
        event = QMouseEvent(kind, at, canvas.mapToGlobal(at), button, buttons, Qt.KeyboardModifier.NoModifier)
        QCoreApplication.sendEvent(canvas, event)

    painted: list[tuple[float, float]] = []
    canvas.painted.connect(lambda _region: painted.append((time.perf_counter(), waited())))
    times, whole = [], []
    send(QEvent.Type.MouseButtonPress, *points[0], Qt.MouseButton.LeftButton)
    turn(0.05)
    for at in points[1:]:
        painted.clear()
        idle, start = waited(), time.perf_counter()
        send(QEvent.Type.MouseMove, *at, Qt.MouseButton.LeftButton)
        while not painted:
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents)
            if time.perf_counter() - start > 5:
                raise TimeoutError("a move painted nothing")
        end, idle_then = painted[0]
        whole.append(end - start)
        times.append(end - start - (idle_then - idle))
        turn(0.004)
    send(QEvent.Type.MouseButtonRelease, *points[-1], Qt.MouseButton.NoButton)
    turn(0.05)
    canvas.painted.disconnect()
    return times, whole
