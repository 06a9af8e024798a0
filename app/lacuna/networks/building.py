"""Networks as a model's `config.json` describes them, and their weights as `weights.safetensors` holds them.

A network of one part has its own keys there; of EdgeConnect's two each key begins with the name of its part.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lacuna.contract.models import ModelConfig, Network
from lacuna.networks.conventions import CONVENTIONS, Start
from lacuna.networks.deepfill_v1 import DeepFillV1
from lacuna.networks.deepfill_v2 import DeepFillV2
from lacuna.networks.edge_connect import EdgeGenerator, ImageGenerator
from lacuna.networks.pen_net import PenNet

FILL = "fill"  # the name of the part where there is only one
EDGES, IMAGE = "edges", "image"


def built(config: ModelConfig) -> dict[str, nn.Module]:
    """The parts of the network by name, ready for evaluation, with the weights that a training begins with.

    Raises ValueError for what such a network does not know: conventions, a guide, a start.
    """
    start = Start(config.start)
    known = set(CONVENTIONS) if config.network in (Network.DEEPFILL_V1, Network.DEEPFILL_V2) else {""}
    if config.conventions not in known:
        raise ValueError(f"conventions: {config.conventions}")
    if config.guided and config.network is not Network.DEEPFILL_V2:
        raise ValueError(f"guided: {config.network}")
    parts: dict[str, nn.Module]
    match config.network:
        case Network.DEEPFILL_V1:
            parts = {FILL: DeepFillV1(CONVENTIONS[config.conventions], width=config.width, start=start)}
        case Network.DEEPFILL_V2:
            conventions = CONVENTIONS[config.conventions]
            parts = {FILL: DeepFillV2(conventions, guided=config.guided, width=config.width, start=start)}
        case Network.EDGE_CONNECT:
            parts = {EDGES: EdgeGenerator(width=config.width), IMAGE: ImageGenerator(width=config.width, start=start)}
        case Network.PEN_NET:
            parts = {FILL: PenNet(width=config.width, start=start)}
    return {name: part.eval() for name, part in parts.items()}


def unfilled(config: ModelConfig) -> dict[str, nn.Module]:
    """The same without any weights, for their keys and shapes: drawing those of a whole network takes a while."""
    with torch.device("meta"):
        return built(config)


def shapes(parts: Mapping[str, nn.Module]) -> dict[str, tuple[int, ...]]:
    """The key of every weight in the file, and its shape."""
    return {key: tuple(value.shape) for key, value in _together(parts).state_dict().items()}


def weights(parts: Mapping[str, nn.Module]) -> dict[str, NDArray[Any]]:
    """The weights themselves, as `inference.saving` wants them."""
    return {key: value.detach().cpu().numpy() for key, value in _together(parts).state_dict().items()}


def fill(parts: Mapping[str, nn.Module], tensors: Mapping[str, NDArray[Any]]) -> None:
    """Put these weights in, as 32 bit numbers. Raises ValueError, naming the keys, unless they are all of them."""
    misfits = misfitting(parts, tensors)
    if misfits:
        raise ValueError(f"other weights: {', '.join(misfits)}")
    state = {key: torch.from_numpy(np.array(value, np.float32)) for key, value in tensors.items()}
    _together(parts).load_state_dict(state)


def misfitting(parts: Mapping[str, nn.Module], tensors: Mapping[str, NDArray[Any]]) -> list[str]:
    """The keys that are missing, too much, or of another shape."""
    wanted, given = shapes(parts), {key: value.shape for key, value in tensors.items()}
    return sorted(key for key in wanted.keys() | given.keys() if wanted.get(key) != given.get(key))


def _together(parts: Mapping[str, nn.Module]) -> nn.Module:
    return parts[FILL] if parts.keys() == {FILL} else nn.ModuleDict(dict(parts))
