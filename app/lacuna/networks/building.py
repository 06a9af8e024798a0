"""Networks as a model's `config.json` describes them, and their weights as `weights.safetensors` holds them.

A network of one part has its own keys there; of EdgeConnect's two each key begins with the name of its part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lacuna.contract.enlargement import Rule
from lacuna.contract.model_config import ENLARGING, ModelConfig, Network
from lacuna.networks import meta_sr_sizes
from lacuna.networks.conventions import CONVENTIONS, Start
from lacuna.networks.deepfill_v1 import DeepFillV1
from lacuna.networks.deepfill_v2 import DeepFillV2
from lacuna.networks.edge_connect import EdgeGenerator, ImageGenerator
from lacuna.networks.edsr import Edsr
from lacuna.networks.meta_sr import Extractor, MetaSr
from lacuna.networks.pen_net import PenNet
from lacuna.networks.rdn import Rdn
from lacuna.networks.span import Span

FILL, ENLARGE = "fill", "enlarge"  # the name of the part where there is only one
EDGES, IMAGE = "edges", "image"

EXTRACTORS: Mapping[Network, Callable[..., Extractor]] = {
    Network.META_RDN: Rdn,
    Network.META_EDSR: Edsr,
    Network.META_SPAN: Span,
}


def built(config: ModelConfig) -> dict[str, nn.Module]:
    """The parts of the network by name, ready for evaluation, with the weights that a training begins with.

    Raises ValueError for what such a network does not know: conventions, a guide, a start, sizes.
    """
    if config.network in ENLARGING:
        return {ENLARGE: _enlarging(config).eval()}
    if config.sizes:
        raise ValueError(f"sizes: {config.network}")
    start = Start(config.start)
    if start is Start.BICUBIC:
        raise ValueError(f"start: {config.start}")
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


def _enlarging(config: ModelConfig) -> MetaSr:
    """The network that `sizes` describes."""
    if config.conventions not in set(Rule):
        raise ValueError(f"conventions: {config.conventions}")
    if config.guided or config.start == Start.MEMBRANE or config.width != 1.0:
        raise ValueError(f"guided, start, width: {config.network}")
    sizes = dict(config.sizes)
    if sizes.keys() != meta_sr_sizes.OF[config.network].keys():
        raise ValueError(f"sizes: {', '.join(sorted(sizes))}")
    for name, size in sizes.items():
        if not (0 < size <= meta_sr_sizes.LARGEST[name] and (name == "residual" or isinstance(size, int))):
            raise ValueError(f"sizes: {name} {size}")
    hidden = sizes.pop("hidden")
    return MetaSr(EXTRACTORS[config.network](**sizes), int(hidden))


def _together(parts: Mapping[str, nn.Module]) -> nn.Module:
    return next(iter(parts.values())) if len(parts) == 1 else nn.ModuleDict(dict(parts))
