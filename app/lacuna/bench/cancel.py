"""How soon a cancelled fill gives the window and the worker back."""

from __future__ import annotations

import random
import time

from lacuna.bench.figure import Figure, percentile
from lacuna.bench.pictures import large, square_hole
from lacuna.bench.window import at_rest, close_window, open_window, show_picture, turn, wait
from lacuna.engine.jobs import State

ROUNDS = 30
BOUND = 200.0  # ms, 95th percentile


def run() -> list[Figure]:
    """Radius 3, a hole of 500 x 500 in 24 megapixels, cancelled at random moments of the run."""
    program = open_window()
    editor = program.editor
    picture = large(24)
    figures = []
    try:
        show_picture(program, picture)
        program.window.prefer("grow", 0.0)
        mask = square_hole(picture.shape, 500)
        for backend in ("telea", "ns"):
            editor.use_backend(backend)
            editor.paste_mask(lambda: mask)
            wait(lambda: at_rest(program))
            before = time.perf_counter()
            editor.fill()
            wait(lambda: at_rest(program))
            whole = time.perf_counter() - before
            moments = random.Random(0)
            answer, cancelled, free = [], [], []
            editor.undo()  # the mask is back
            for _ in range(ROUNDS):
                editor.fill()
                job = editor.jobs[-1]
                wait(lambda job=job: job.started is not None)  # type: ignore[misc]
                turn(moments.uniform(0, 0.8) * whole)
                if job.state is not State.RUNNING:  # it was sooner
                    wait(lambda: at_rest(program))
                    editor.undo()
                    continue
                start = time.perf_counter()
                editor.cancel()
                answer.append(time.perf_counter() - start)
                wait(lambda job=job: not job.matters)  # type: ignore[misc]
                cancelled.append(time.perf_counter() - start)
                wait(lambda: at_rest(program))
                free.append(time.perf_counter() - start)
                turn(0.4)  # a call left to itself comes to its end: the next is measured alone
            for what, times in (("window answers", answer), ("job is cancelled", cancelled), ("worker is free", free)):
                value = 1000 * percentile(times, 95)
                figures.append(Figure("cancel", f"{backend}: {what}, 95th percentile", value, "ms", BOUND))
    finally:
        close_window(program)
    return figures
