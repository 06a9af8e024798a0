"""Guides in a picture of 100 megapixels that holds 500 of them: brush moves over them, drawing, editing, hovering.

The bound of each move is that of a brush move (`bench/brush.py`), of which this takes the way of measuring as well.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from lacuna.bench.brush import BOUND, MOVES, circle, drag
from lacuna.bench.calibration import slowness
from lacuna.bench.figure import Figure, percentile
from lacuna.bench.pictures import large
from lacuna.bench.waits import waited
from lacuna.bench.window import close_window, open_window, show_picture, turn
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.editor.tool import Pointer

if TYPE_CHECKING:
    from lacuna.ui.application import Program

MEGAPIXELS = 100
STROKES = 500
POINTS = 40  # of a stroke: as many as are left of one drawn by hand across the view
AROUND = 100.0  # device pixels that a dragged point goes from its place
AT_ONCE = 30.0  # ms: what is done once and takes longer is to be a job
EDITS = 20  # repetitions of what is done once and not move by move


def run() -> list[Figure]:
    """95th percentiles in milliseconds."""
    slow = slowness()
    program = open_window()
    figures = []
    try:
        show_picture(program, large(MEGAPIXELS))
        _put_guides(program)
        for zoom in ("fit", "100 %"):
            _look(program, zoom)
            for what, measure, bound in (
                ("a brush move over them", _brush, BOUND),
                ("a move while a line is drawn", _draw, BOUND),
                ("a move while a line snaps to edges", _snap, BOUND),
                ("a move while a point is dragged", _move, BOUND),
                ("a move above them, line tool in hand", _hover, BOUND),
                ("a line is put in or undone", _put, AT_ONCE),
            ):
                times, whole = measure(program)
                note = f"median {1000 * percentile(times, 50):.2f} ms; "
                note += f"with waits for a core {1000 * percentile(whole, 95):.2f} ms"
                what = f"{MEGAPIXELS} MP, {STROKES} strokes, {zoom}: {what}"
                figures.append(Figure("guides", what, 1000 * percentile(times, 95), "ms", bound * slow, note=note))
    finally:
        close_window(program)
    return figures


def _look(program: Program, zoom: str) -> None:
    canvas = program.window.canvas
    if zoom == "fit":
        canvas.navigation.fit()
    else:
        canvas.navigation.zoom_to(float(zoom.split()[0]) / 100)
    turn(0.5)


def _put_guides(program: Program) -> None:
    """Strokes as they are drawn where a picture is mended: all over it, each a twentieth to a sixth of its height."""
    document = program.editor.document
    assert document is not None
    height, width = document.shape
    rng = np.random.default_rng(1)
    strokes = []
    for number in range(STROKES):
        x, y = rng.uniform((0, 0), (width, height))
        reach, angle = rng.uniform(1 / 20, 1 / 6) * height, rng.uniform(0, math.tau)
        along = np.linspace(0, reach, POINTS)
        across = 0.1 * reach * np.sin(along / reach * 7 + number)
        points = np.stack(
            [
                x + along * math.cos(angle) - across * math.sin(angle),
                y + along * math.sin(angle) + across * math.cos(angle),
            ],
            axis=1,
        )
        kind = Guide.LINE if number % 3 else Guide.ERASE_EDGE
        strokes.append(GuideStroke(kind, tuple((float(x), float(y)) for x, y in points), 3.0))
    with document.edit("bench") as edit:
        edit.put(document.put_guides, tuple(strokes))
    program.editor.state_changed()


def _ring(program: Program) -> list[tuple[float, float]]:
    canvas = program.window.canvas
    return circle((canvas.width() / 2, canvas.height() / 2), min(canvas.width(), canvas.height()) / 3)


def _brush(program: Program) -> tuple[list[float], list[float]]:
    program.editor.use("brush")
    program.editor.set_option("size", 20)
    times = drag(program, _ring(program))
    program.editor.undo()
    return times


def _draw(program: Program) -> tuple[list[float], list[float]]:
    program.editor.use("guide")
    times = drag(program, _ring(program))
    program.editor.undo()
    return times


def _snap(program: Program) -> tuple[list[float], list[float]]:
    editor, canvas = program.editor, program.window.canvas
    editor.use("guide")
    editor.set_option("snap", True)
    x, y = canvas.viewport.to_image(canvas.viewport.width / 2, canvas.viewport.height / 2)
    editor.press(Pointer(x, y, scale=canvas.viewport.zoom))
    times = _hover(program)
    editor.escape()
    editor.set_option("snap", False)
    return times


def _move(program: Program) -> tuple[list[float], list[float]]:
    """A point near the middle of the view is led around its place."""
    program.editor.use("guide")
    canvas, document = program.window.canvas, program.editor.document
    assert document is not None
    middle = canvas.width() / 2, canvas.height() / 2
    points = [point for stroke in document.guides for point in stroke.points]
    shown = [(x / canvas.ratio, y / canvas.ratio) for x, y in (canvas.viewport.to_screen(*point) for point in points)]
    start = min(shown, key=lambda point: math.dist(point, middle))
    times = drag(program, [start, *circle(start, AROUND)])
    program.editor.undo()
    return times


def _hover(program: Program) -> tuple[list[float], list[float]]:
    from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent

    program.editor.use("guide")
    canvas = program.window.canvas
    none = Qt.MouseButton.NoButton

    def send(x: float, y: float) -> None:
        at = QPointF(x, y)
        keys = Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(QEvent.Type.MouseMove, at, canvas.mapToGlobal(at), none, none, keys)
        QCoreApplication.sendEvent(canvas, event)

    return _timed([lambda at=at: send(*at) for at in _ring(program)[1 : MOVES + 1]])  # type: ignore[misc]


def _put(program: Program) -> tuple[list[float], list[float]]:
    """What the window's thread does for one more stroke, and for its undo, up to what is painted."""
    editor, document = program.editor, program.editor.document
    assert document is not None
    stroke = GuideStroke(Guide.LINE, document.guides[0].points, 3.0)

    def put() -> None:
        with document.edit("bench") as edit:
            edit.put(document.put_guides, (*document.guides, stroke))
        editor.state_changed()

    return _timed([put, editor.undo] * EDITS)


def _timed(acts: list[Callable[[], object]]) -> tuple[list[float], list[float]]:
    from PySide6.QtCore import QCoreApplication

    times, whole = [], []
    for act in acts:
        idle, start = waited(), time.perf_counter()
        act()
        QCoreApplication.processEvents()
        whole.append(time.perf_counter() - start)
        times.append(whole[-1] - (waited() - idle))
        turn(0.004)
    return times, whole
