"""Meta-SR's enlarging layer, alone, against the form in which it was published; whole pictures by the light model."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lacuna.bench import upscale_pictures
from lacuna.bench.figure import Figure
from lacuna.bench.memory import alone, forget_peak, peak
from lacuna.bench.networks_models import torch_missing
from lacuna.contract import models
from lacuna.contract.enlargement import Rule, by_factor
from lacuna.contract.model_config import ModelConfig, Network
from lacuna.contract.progress import Progress
from lacuna.inference.enlarging import Enlarger
from lacuna.networks import meta_sr_sizes
from lacuna.networks.positions import whole

if TYPE_CHECKING:
    from torch import Tensor

    from lacuna.networks.meta_sr import MetaSr

NAME = "bench-meta-edsr"
CONFIG = ModelConfig(
    Network.META_EDSR, "Drawn by chance", sizes=meta_sr_sizes.EDSR, conventions=Rule.PUBLISHED.value
)  # whose enlarging layer is that of the published Meta-RDN, too
SIDE, FACTOR = 96, 2.7
SPREAD = 3.0  # of the features
ROUNDS = 3
FASTER, LEANER = 25.0, 40.0
SAME = 2e-3  # of 0 to 255, as the tests allow
WHAT = f"Meta-SR's enlarging layer, {SIDE} x {SIDE} by {FACTOR}"


def run() -> list[Figure]:
    """CPU seconds on one thread, the best of each in turn; memory beyond what was held before, each way alone."""
    faster, leaner = f"{WHAT}: faster than published", f"{WHAT}: less memory than published"
    missing = torch_missing()
    if missing:
        return [
            *(Figure("upscale", what, None, "x", note=missing) for what in (faster, leaner)),
            *upscale_pictures.run(),
        ]
    with tempfile.TemporaryDirectory(prefix="lacuna-bench-") as name:
        home = Path(name)
        alone("upscale.make()", home)
        theirs, ours = alone("upscale.seconds()", home)
        much, little = (alone(f"upscale.session({plain})", home)[0] for plain in (True, False))
    spent = f"{1000 * ours:.0f} ms against {1000 * theirs:.0f} ms, same numbers"
    taken = f"{little / 1e6:.0f} MB against {much / 1e6:.0f} MB"
    return [
        Figure("upscale", faster, theirs / ours, "x", FASTER, least=True, note=spent),
        Figure("upscale", leaner, much / little, "x", LEANER, least=True, note=taken),
        *upscale_pictures.run(),
    ]


def make() -> None:
    """A model among the person's own, with the weights that a training begins with. Loads torch: best called alone."""
    import torch

    from lacuna.inference.saving import save
    from lacuna.networks import building

    torch.manual_seed(0)
    save(models.own_folder() / NAME, CONFIG, building.weights(building.built(CONFIG)))


def seconds() -> None:
    """Print the CPU seconds of the published form and of ours, which makes its kernels anew each time."""
    import torch

    torch.set_num_threads(1)
    features, network = _features(), _network()
    theirs, ours = [], []
    for _round in range(ROUNDS + 1):  # the first one touches fresh memory, and is left out
        enlarger = _enlarger()
        start = time.process_time()
        grid, valid = _grid(network, features)
        middle = time.process_time()
        found = _ours(enlarger, features)
        end = time.process_time()
        expected = grid[0].numpy()[:, valid].reshape(3, *found.shape[:2]).transpose(1, 2, 0)
        difference = np.abs(found - expected).max()
        assert difference <= SAME, f"differs from the published one by {difference}"
        theirs.append(middle - start)
        ours.append(end - middle)
    print(min(theirs[1:]), min(ours[1:]))


def session(plain: bool) -> None:
    """Print the bytes that one call, the `plain` one or ours, takes at its peak."""
    features = _features()
    if plain:
        import torch

        torch.set_num_threads(1)
        network = _network()
        before = forget_peak()
        _grid(network, features)
    else:
        enlarger = _enlarger()
        before = forget_peak()
        _ours(enlarger, features)
    print(peak() - before)


def _features() -> NDArray[np.float32]:
    """Features as the extractor gives them, with a rim of zeros."""
    drawn = np.random.default_rng(0).standard_normal((1, SIDE, SIDE, int(CONFIG.sizes["features"])), np.float32)
    return np.pad(drawn * np.float32(SPREAD), ((0, 0), (1, 1), (1, 1), (0, 0)))


def _enlarger() -> Enlarger:
    """A fresh one: it has no kernels from before."""
    from lacuna.inference.onnx_enlarger import OnnxEnlarger

    model = models.model(NAME)
    assert model.config is not None
    return OnnxEnlarger(model, model.config, threads=1)


def _ours(enlarger: Enlarger, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """The points (rows, columns, 3) in 0 to 255."""
    enlargement = by_factor(SIDE, SIDE, FACTOR, Rule.PUBLISHED)
    return enlarger.points(features, whole(enlargement), Progress()) * np.float32(255)


def _network() -> MetaSr:
    """The same weights on torch."""
    from lacuna.inference.stored import read_weights
    from lacuna.networks import building

    parts = building.built(CONFIG)
    building.fill(parts, read_weights(models.model(NAME)))
    network: MetaSr = parts["enlarge"]  # type: ignore[assignment]
    return network


def _grid(network: MetaSr, features: NDArray[np.float32]) -> tuple[Tensor, NDArray[np.bool_]]:
    import torch

    from lacuna.bench.upscale_published import enlarged

    with torch.inference_mode():
        return enlarged(network, torch.from_numpy(features), FACTOR)
