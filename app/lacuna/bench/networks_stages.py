"""EdgeConnect with its edges given: what the second stage alone saves of the time of both."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from lacuna.bench.figure import Figure
from lacuna.bench.memory import alone
from lacuna.bench.networks_models import name_of
from lacuna.bench.pictures import large, square_hole

SIDE = 512
ROUNDS = 3
LEAST = 1.6  # times as fast: both networks are of one size, and what surrounds them stays


def stage_rows(home: Path) -> list[Figure]:
    """By which factor a pass is faster where its edges are there already."""
    both, second = alone("networks_stages.session()", home)
    what = f"edgeconnect, {SIDE} x {SIDE}: faster with the edges given"
    note = f"{second:.2f} s against {both:.2f} s"
    return [Figure("networks", what, both / second, "x", LEAST, least=True, note=note)]


def session(name: str = name_of("edgeconnect")) -> None:
    """Print the CPU seconds of both stages and of the second alone, in turn, the best of each."""
    from lacuna.contract import models
    from lacuna.contract.fill import Runtime
    from lacuna.contract.progress import Progress
    from lacuna.inference.session import opened

    image = large(24)[:SIDE, :SIDE].astype(np.float32) / np.float32(255)
    hole = square_hole(image.shape, SIDE // 2) > 0
    painter = opened(models.model(name), Runtime(threads=1))
    edges = painter.edges(image, hole, None, Progress())
    taken = np.zeros((ROUNDS + 1, 2))
    for n in range(ROUNDS + 1):
        for turn, given in enumerate((None, edges)):
            start = time.process_time()
            painter.paint(image, hole, Progress(), edges=given)
            taken[n, turn] = time.process_time() - start
    print(*taken[1:].min(axis=0))
