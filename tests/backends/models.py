"""Models for tests: folders with weights that were drawn by chance, run by torch, and painters that follow a script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna import paths
from lacuna.contract import models
from lacuna.contract.fill import Runtime, SizeRule
from lacuna.contract.model_config import CONFIG, ModelConfig, Network
from lacuna.contract.models import WEIGHTS, Model
from lacuna.contract.precision import Precision
from lacuna.contract.progress import Progress
from lacuna.engine import registry
from lacuna.inference import session
from lacuna.inference.session import Outcome, Painter

BACKENDS = {
    Network.DEEPFILL_V1: "deepfill-v1",
    Network.DEEPFILL_V2: "deepfill",
    Network.EDGE_CONNECT: "edgeconnect",
    Network.PEN_NET: "pennet",
}
CONVENTIONS = {Network.DEEPFILL_V1: "pytorch-v1", Network.DEEPFILL_V2: "pt"}


def config(network: Network, **rest: Any) -> ModelConfig:
    return ModelConfig(network, "Drawn by chance", conventions=CONVENTIONS.get(network, ""), **rest)


def installed(name: str, wanted: ModelConfig, weights: bytes = b"drawn by chance") -> Path:
    """The folder of such a model among the person's own."""
    folder = paths.data_folder() / "models" / name
    folder.mkdir(parents=True)
    (folder / WEIGHTS).write_bytes(weights)
    known = replace(wanted, sha256={WEIGHTS: models.digest(folder / WEIGHTS)})
    (folder / CONFIG).write_text(known.to_json(), encoding="utf-8")
    return folder


def by_torch(monkeypatch: pytest.MonkeyPatch, name: str, wanted: ModelConfig) -> None:
    """A true network of this config, with the weights that a training begins with; torch runs it also on the CPU."""
    import torch
    from safetensors.numpy import save

    from lacuna.inference.torch_engine import TorchRunner
    from lacuna.networks import building

    torch.manual_seed(0)
    installed(name, wanted, save(building.weights(building.built(wanted))))
    monkeypatch.setattr(session, "_runner", lambda model, known, *_where: TorchRunner(model, known, "cpu"))


class ScriptedPainter:
    """Calls `script(image, hole)` for each picture, and keeps what it was given."""

    engine, held, precision = "script", 0, Precision.FLOAT32

    def __init__(self, known: ModelConfig, size: SizeRule, script: Callable[..., Any]) -> None:
        self.config, self.size, self.script = known, size, script
        self.seen: list[tuple[NDArray[Any], NDArray[Any]]] = []
        self.guides: list[NDArray[Any] | None] = []
        self.edges_seen: list[NDArray[Any] | None] = []
        self.devices: list[str] = []
        self.sigmas: list[float] = []  # one for each time that edges were asked for

    def bytes_for(self, height: int, width: int) -> int:
        return height * width

    def edges(self, image: Any, hole: Any, guide: Any, progress: Progress, *, sigma: float = 2.0) -> Any:
        progress.check()
        self.sigmas.append(sigma)
        found = np.full(hole.shape, 0.25, np.float32)
        return found if guide is None else np.where(hole, np.maximum(found, guide), found)

    def paint(
        self, image: Any, hole: Any, progress: Progress, *, guide: Any = None, edges: Any = None, stages: bool = False
    ) -> Outcome:
        progress.at(0.5)
        self.seen.append((image.copy(), hole.copy()))
        self.guides.append(guide)
        self.edges_seen.append(edges)
        return Outcome(self.script(image, hole), edges=edges)


def scripted(
    monkeypatch: pytest.MonkeyPatch, network: Network, script: Callable[..., Any], **rest: Any
) -> ScriptedPainter:
    """A model of `network` that is installed as "mine" and paints as the script says."""
    known = config(network, **rest)
    folder = paths.data_folder() / "models" / "mine"
    if not folder.exists():
        installed("mine", known)
    size = registry.info(BACKENDS[network]).needs.size
    painter = ScriptedPainter(known, replace(size, comfortable=None), script)

    def opened(model: Model, runtime: Runtime, precision: Precision) -> Painter:
        models.verify(model)
        painter.devices.append(runtime.device)
        return painter

    monkeypatch.setattr(session, "opened", opened)
    return painter
