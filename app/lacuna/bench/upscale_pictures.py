"""Whole pictures by the light model that ships: how near that comes to what the machine can multiply, and how little
memory it takes."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from lacuna.bench.figure import Figure
from lacuna.bench.memory import alone, forget_peak, peak
from lacuna.bench.networks_models import torch_missing
from lacuna.contract import models
from lacuna.contract.enlargement import by_factor, to_width
from lacuna.contract.progress import Progress
from lacuna.networks import meta_sr_sizes

NAME = "meta-sr"  # the light one, of which the share of the floor is asked
SIDE, FACTOR = 1000, 2
WIDE = 12_240  # 24 megapixels become 100
NEAR = 0.5
SPARE = 600e6  # bytes beside the picture and the result: the program, the network, and the tile at work
PRODUCT = 1024  # side of the matrices that the machine's rate is measured with
FLOOR = f"the light model, 1 megapixel by {FACTOR}: share of the arithmetic floor"
MEMORY = "the light model, 24 megapixels to 100: peak"


def run() -> list[Figure]:
    """CPU seconds and memory, each in a process of its own. The second takes minutes."""
    with tempfile.TemporaryDirectory(prefix="lacuna-bench-") as name:
        home = Path(name)
        spent, rate = alone("upscale_pictures.seconds()", home)
        most, held, took = alone("upscale_pictures.large()", home)
    least = multiplications() / rate
    note = f"{spent:.1f} s; {multiplications() / 1e9:.0f} G multiplications at {rate / 1e9:.0f} G a second"
    kept = f"picture and result {held / 1e6:.0f} MB; {took:.0f} s"
    return [
        Figure("upscale", FLOOR, least / spent, "x", NEAR, least=True, note=note),
        Figure("upscale", MEMORY, most / 1e6, "MB", (held + SPARE) / 1e6, note=kept),
    ]


def multiplications() -> float:
    """Those of the network for the picture: of the extractor, and of one kernel for each point."""
    config = models.model(NAME).config
    assert config is not None
    pixels = meta_sr_sizes.multiplications(config.network, config.sizes)
    return SIDE**2 * (pixels + FACTOR**2 * 27 * config.sizes["features"])


def seconds() -> None:
    """Print the CPU seconds of the enlargement, and how much the machine multiplies in one, before and after it."""
    from lacuna.bench.pictures import large
    from lacuna.engine.upscaling import UpscaleRequest, upscale

    picture = large(24)[:SIDE, :SIDE]
    request = UpscaleRequest(picture, by_factor(SIDE, SIDE, FACTOR), 255.0, model=NAME)
    upscale(UpscaleRequest(picture[:64, :64], by_factor(64, 64, FACTOR), 255.0, model=NAME), Progress())  # loads
    rates = [_rate()]
    start = time.process_time()
    upscale(request, Progress())
    spent = time.process_time() - start
    rates.append(_rate())
    print(spent, max(rates))


def _rate() -> float:
    """Multiplications a second of products of matrices, by numpy's library or torch's, whichever is faster here."""
    ours: Any = np.random.default_rng(0).random((PRODUCT, PRODUCT), np.float32)
    matrices = [ours]
    if not torch_missing():
        import torch

        matrices.append(torch.from_numpy(ours))
    best = 0.0
    for matrix in matrices:
        for _round in range(6):
            start = time.process_time()
            matrix @ matrix
            best = max(best, PRODUCT**3 / (time.process_time() - start))
    return best


def large() -> None:
    """Print the peak of the process, the bytes of picture and result, and the CPU seconds."""
    from lacuna.bench.pictures import large as made
    from lacuna.engine.upscaling import UpscaleRequest, upscale

    picture = made(24)
    height, width = picture.shape[:2]
    request = UpscaleRequest(picture, to_width(height, width, WIDE), 255.0, model=NAME)
    forget_peak()
    start = time.process_time()
    result = upscale(request, Progress())
    print(peak(), picture.nbytes + result.pixels.nbytes, time.process_time() - start)
