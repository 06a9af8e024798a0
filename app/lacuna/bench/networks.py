"""The learned networks with their published width: against the published form and torch, their memory, wide holes."""

from __future__ import annotations

import itertools
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lacuna.bench.figure import Figure
from lacuna.bench.memory import alone, peak
from lacuna.bench.networks_attention import attention_rows
from lacuna.bench.networks_models import CONFIGS, name_of, torch_missing
from lacuna.bench.networks_photo import photo_rows
from lacuna.bench.networks_stages import stage_rows
from lacuna.bench.pictures import large, square_hole
from lacuna.contract import models
from lacuna.contract.fill import Runtime
from lacuna.contract.models import Model
from lacuna.contract.progress import Progress

if TYPE_CHECKING:
    from lacuna.inference.session import Hole, Picture

SIDE, LARGE_SIDE = 512, 1024  # of pictures; their holes are half as wide and high
MEGABYTES = 3000.0
ROUNDS = 4
SAME = 5e-3  # of white: weights drawn by chance make more of roundings than trained ones, for which tests ask 1e-3


def run() -> list[Figure]:
    """Attention, then each network: on both engines, alone in a process, and in a photo."""
    figures = attention_rows()
    missing = torch_missing()
    if missing:
        rows = (f"{backend}: both engines, memory, a wide hole in a photo" for backend in CONFIGS)
        return [*figures, *(Figure("networks", row, None, "x", note=missing) for row in rows)]
    with tempfile.TemporaryDirectory(prefix="lacuna-bench-") as name:
        home = Path(name)
        for backend in CONFIGS:
            alone(f"networks_models.make({backend!r})", home)
            figures += [*_painted(home, backend), *photo_rows(home, backend)]
        figures += stage_rows(home)
    return figures


def _painted(home: Path, backend: str) -> list[Figure]:
    theirs, ours = alone(f"networks.engines({backend!r})", home)
    (most,) = alone(f"networks.session({backend!r})", home)
    note = f"{ours:.2f} s against {theirs:.2f} s"
    size, large_size = (f"{backend}, {side} x {side}" for side in (SIDE, LARGE_SIDE))
    return [
        Figure("networks", f"{size}: ONNX Runtime faster than torch", theirs / ours, "x", 1.0, least=True, note=note),
        Figure("networks", f"{large_size}, alone on the processor: peak", most / 1e6, "MB", MEGABYTES),
    ]


def session(backend: str) -> None:
    """Print the peak in bytes of a process that paints one large picture."""
    from lacuna.inference.session import opened

    opened(_model(backend), Runtime(threads=1)).paint(*_problem(LARGE_SIDE), Progress())
    print(peak())


def engines(backend: str) -> None:
    """Print the CPU seconds of one pass on one thread by torch and by ONNX Runtime, which paint the same in the hole.

    They run in turn, and the best of each counts, after one that is not timed. Torch runs every layer of the papers on
    the whole picture; what a graph saves, by other forms or by leaving out what the hole does not depend on, counts.
    """
    import torch

    from lacuna.inference import painters, session
    from lacuna.inference.torch_engine import TorchRunner

    torch.set_num_threads(1)
    model, (image, hole) = _model(backend), _problem(SIDE)
    assert model.config is not None
    rivals = (
        painters.painter(model.config, TorchRunner(model, model.config, "cpu")),
        session.opened(model, Runtime(threads=1)),
    )
    taken, painted = np.zeros((ROUNDS + 1, 2)), [image, image]
    for n, (turn, painter) in itertools.product(range(ROUNDS + 1), enumerate(rivals)):
        start = time.process_time()
        painted[turn] = painter.paint(image, hole, Progress()).image
        taken[n, turn] = time.process_time() - start
    difference = np.abs(painted[0] - painted[1])[hole].max()
    assert difference <= SAME, f"the engines of {backend} lie {difference} apart"
    print(*taken[1:].min(axis=0))


def _model(backend: str) -> Model:
    return models.model(name_of(backend))


def _problem(side: int) -> tuple[Picture, Hole]:
    """A picture and the hole in its middle."""
    picture = large(24)[:side, :side].astype(np.float32) / np.float32(255)
    return picture, square_hole(picture.shape, side // 2) > 0
