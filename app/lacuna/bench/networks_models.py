"""Models of the published sizes for benchmarks, with weights drawn by chance: speed and memory ask for no others."""

from __future__ import annotations

from importlib.util import find_spec

from lacuna.contract import models
from lacuna.contract.model_config import ModelConfig, Network

CONFIGS = {
    "deepfill-v1": ModelConfig(Network.DEEPFILL_V1, "Drawn by chance", conventions="pytorch-v1"),
    "deepfill": ModelConfig(Network.DEEPFILL_V2, "Drawn by chance", conventions="pt"),
    "edgeconnect": ModelConfig(Network.EDGE_CONNECT, "Drawn by chance"),
    "pennet": ModelConfig(Network.PEN_NET, "Drawn by chance"),
}  # by the id of the backend that runs them
SPREAD = 0.05  # of biases


def torch_missing() -> str:
    """Why no model can be made here; "" if one can."""
    return "" if find_spec("torch") else "not measured: needs torch"


def name_of(backend: str) -> str:
    """What the model of this backend is called: not as one that is installed."""
    return f"bench-{backend}"


def make(backend: str) -> None:
    """A model among the person's own, with weights that let a picture through. Loads torch: best called alone."""
    import torch
    from torch import nn

    from lacuna.inference.saving import save
    from lacuna.networks import building

    random = torch.Generator().manual_seed(0)
    parts = building.built(CONFIGS[backend])
    for part in parts.values():
        for values in part.parameters():
            spread = SPREAD if values.ndim == 1 else (2 / values[0].numel()) ** 0.5
            nn.init.normal_(values, 0.0, spread, generator=random)
    save(models.own_folder() / name_of(backend), CONFIGS[backend], building.weights(parts))
