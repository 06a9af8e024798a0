"""Ways to enlarge, for tests: a small model among the person's own, and one that follows a script."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract import models
from lacuna.contract.enlargement import Rule
from lacuna.contract.fill import Runtime
from lacuna.contract.model_config import CONFIG, ModelConfig, Network
from lacuna.contract.params import Suggestion
from lacuna.contract.progress import Progress
from lacuna.contract.upscale import Enlarged, UpscaleNeeds, UpscaleWork
from lacuna.engine import upscalers
from lacuna.engine.upscale_tiles import covered

LIGHT = ModelConfig(
    Network.META_SPAN,
    "Light",
    sizes={"features": 8, "blocks": 2, "hidden": 16},
    conventions=Rule.EXACT.value,
    dtype="float16",
)


@cache
def _saved() -> Path:
    """A light network whose weights let a lot through, exported once."""
    import atexit

    import torch
    from torch import nn

    from lacuna.inference.saving import save
    from lacuna.networks import building

    torch.manual_seed(4)
    parts = building.built(LIGHT)
    for values in parts["enlarge"].extractor.parameters():
        nn.init.normal_(values, 0.0, 0.02 if values.ndim == 1 else (2 / values[0].numel()) ** 0.5)
    folder = Path(mkdtemp(prefix="lacuna-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    save(folder / "model", LIGHT, building.weights(parts))
    return folder / "model"


def install_light(name: str = "light", rule: Rule = Rule.EXACT) -> Path:
    """The folder of such a model among the person's own."""
    folder = models.own_folder() / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(_saved(), folder)
    config = ModelConfig.from_json((folder / CONFIG).read_text(encoding="utf-8"))
    (folder / CONFIG).write_text(replace(config, conventions=rule.value).to_json(), encoding="utf-8")
    return folder


class Scripted:
    """Calls `script(work)` for the points of each part, and keeps the works that it was given."""

    id = "scripted"
    name = "Scripted"
    summary = "For tests."

    def __init__(self, script: Callable[[UpscaleWork], NDArray[np.float32]], needs: UpscaleNeeds | None = None) -> None:
        self.script = script
        self.wants = needs or UpscaleNeeds(reach=1)
        self.works: list[UpscaleWork] = []

    def needs(self, model: str) -> UpscaleNeeds:
        return self.wants

    def models(self) -> tuple[Suggestion, ...]:
        return ()

    def load(self, runtime: Runtime) -> None:
        pass

    def unload(self) -> None:
        pass

    def enlarge(self, work: UpscaleWork, model: str, progress: Progress) -> Enlarged:
        progress.at(0.5)
        self.works.append(work)
        return Enlarged(self.script(work))


@contextmanager
def installed(upscaler: Any) -> Iterator[Any]:
    """Listed beside the built-in ones."""
    makers = upscalers._makers()
    makers[upscaler.id] = lambda: lambda: upscaler
    try:
        yield upscaler
    finally:
        upscalers.refresh()


def repeated(work: UpscaleWork) -> NDArray[np.float32]:
    """Each point as the pixel that it lies in."""
    at, enlargement = work.points, work.enlargement
    rows = [covered(i, i + 1, enlargement.down)[0] - work.row for i in range(at.y0, at.y1)]
    columns = [covered(i, i + 1, enlargement.across)[0] - work.column for i in range(at.x0, at.x1)]
    return work.image[np.ix_(rows, columns)]


def far_seeing(reach: int, fading: float) -> Callable[[UpscaleWork], NDArray[np.float32]]:
    """A script whose points depend on pixels as far as `reach`, each `fading` times as much as the one before."""
    weights = fading ** np.abs(np.arange(-reach, reach + 1))
    weights /= weights.sum()

    def script(work: UpscaleWork) -> NDArray[np.float32]:
        values = work.image.astype(np.float64)
        for axis in (0, 1):
            values = np.apply_along_axis(np.convolve, axis, values, weights, "full")
            values = values.take(range(reach, values.shape[axis] - reach), axis)
        seen = UpscaleWork(values.astype(np.float32), work.enlargement, work.points, work.row, work.column)
        return repeated(seen)

    return script
