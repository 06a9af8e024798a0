"""Which published weights a group of tensors is: recognised by its keys, its variant and size inferred from its shapes.

Shapes alone are looked at, before any number is read. Torch is needed, since what fits is asked of the networks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lacuna.contract.model_config import ModelConfig, Network
from lacuna.inference.tensors import Group
from lacuna.networks import deepfill_layouts as deepfill
from lacuna.networks import edge_connect_layouts as edge_connect
from lacuna.networks import meta_sr_layouts as meta_sr
from lacuna.networks import pen_net_layouts as pen_net
from lacuna.networks.layout import Layout, Shape, bare, misfits, recognised, unsuitable

if TYPE_CHECKING:
    from torch import nn

FILL, ENLARGE, EDGES, IMAGE = (
    "fill",
    "enlarge",
    "edges",
    "image",
)  # parts, as `networks.building` calls them
NON_COMMERCIAL = "CC BY-NC 4.0"
UNSTATED = "none stated"  # by the authors of Meta-SR, for code and weights alike
SIDE = 256  # pixels: all published weights were trained on squares of this side


@dataclass(frozen=True)
class AnySize:
    """How the `sizes` of a network are told by the shapes in a file, and its `layout` by them."""

    sizes: Callable[[Mapping[str, Shape]], dict[str, float]]
    layout: Callable[[Mapping[str, float]], Layout]


@dataclass(frozen=True)
class Published:
    """A layout: which part of which network it is, how the model is called, and the licence of its published weights.

    `first` is our key of a bias, as long as the first layer has channels. Where a network has `any_size`, `layout` is
    that of the published one.
    """

    layout: Layout
    network: Network
    part: str
    first: str
    title: str
    licence: str
    any_size: AnySize | None = None


def _of_deepfill(network: Network, *layouts: Layout) -> Iterator[Published]:
    """The ports publish the authors' weights, converted or tuned further, or say nothing of a licence."""
    for layout in layouts:
        yield Published(layout, network, FILL, "coarse.conv1.bias", layout.name, NON_COMMERCIAL)


def _of_edge_connect(part: str, layout: Layout) -> Published:
    first = "body.encoder.0.convolution.bias"
    return Published(layout, Network.EDGE_CONNECT, part, first, "EdgeConnect", NON_COMMERCIAL)


def _of_meta_sr(network: Network, layout: Layout, any_size: AnySize) -> Published:
    return Published(layout, network, ENLARGE, "extractor.first.bias", layout.name, UNSTATED, any_size)


PUBLISHED = (
    *_of_deepfill(Network.DEEPFILL_V1, deepfill.V1_PYTORCH, deepfill.V1_TENSORFLOW),
    *_of_deepfill(
        Network.DEEPFILL_V2, deepfill.V2_PT, deepfill.V2_PTTF_FUSED, deepfill.V2_PTTF, deepfill.V2_TENSORFLOW
    ),
    _of_edge_connect(EDGES, edge_connect.EDGE_GENERATOR),
    _of_edge_connect(IMAGE, edge_connect.IMAGE_GENERATOR),
    Published(pen_net.GENERATOR, Network.PEN_NET, FILL, "encoder.0.bias", pen_net.GENERATOR.name, "MIT"),
    _of_meta_sr(Network.META_RDN, meta_sr.rdn(), AnySize(meta_sr.rdn_sizes, meta_sr.rdn)),
    _of_meta_sr(Network.META_EDSR, meta_sr.edsr(), AnySize(meta_sr.edsr_sizes, meta_sr.edsr)),
)


@dataclass(frozen=True)
class Reading:
    """One way to understand a group of tensors: as what was published, and how its network is to be built."""

    published: Published
    config: ModelConfig
    group: Group


def readings(group: Group) -> tuple[Reading, ...]:
    """All that the group may be, the likeliest first. Raises UnsuitableWeights, naming what does not fit, if none."""
    found = dict(zip(bare(group.shapes), group.shapes.values(), strict=True))
    candidates = [_sized(published, found) for published in PUBLISHED]
    layouts = recognised(found, [candidate.layout for candidate in candidates])
    known = [candidate for candidate in candidates if candidate.layout in layouts]
    tried = [_best(published, group) for published in known]
    fitting = tuple(reading for reading, wrong in tried if not wrong)
    if not fitting:
        nearest, wrong = min(tried, key=lambda attempt: len(attempt[1]))
        raise unsuitable(nearest.published.layout, wrong)
    return fitting


def network(published: Published, config: ModelConfig) -> nn.Module:
    """The network that such weights fill, without any yet, and with spectral norms where they bring some."""
    import torch

    from lacuna.networks import building
    from lacuna.networks.edge_connect import EdgeGenerator

    if published.part != EDGES:
        return building.unfilled(config)[published.part]
    with torch.device("meta"):
        return EdgeGenerator(width=config.width, spectral=True)


def _sized(published: Published, found: Mapping[str, Shape]) -> Published:
    """The same with the layout of its size."""
    if published.any_size is None:
        return published
    layout = published.any_size.layout(published.any_size.sizes(found))
    return dataclasses.replace(published, layout=layout)


def _best(published: Published, group: Group) -> tuple[Reading, tuple[str, ...]]:
    """The variant of this network that fits the shapes best, and what does not fit it."""
    found = dict(zip(bare(group.shapes), group.shapes.values(), strict=True))
    tried = []
    for guided in (False, True) if published.network is Network.DEEPFILL_V2 else (False,):
        sizes = {} if published.any_size is None else published.any_size.sizes(found)
        config = _config(published, guided, _width(published, found), sizes)
        tried.append((Reading(published, config, group), misfits(published.layout, found, _shapes(published, config))))
    return min(tried, key=lambda attempt: len(attempt[1]))


def _config(published: Published, guided: bool, width: float, sizes: Mapping[str, float]) -> ModelConfig:
    return ModelConfig(
        published.network,
        f"{published.title}{', guided' if guided else ''}",
        width,
        guided=guided,
        sizes=sizes,
        conventions=published.layout.conventions,
        colours=published.layout.colours,
        side=SIDE,
        licence=published.licence,
    )


def _width(published: Published, found: Mapping[str, Shape]) -> float:
    """What the channels of the published network are multiplied by; 1 where that cannot be told, and nothing fits."""
    if published.any_size is not None:
        return 1.0
    key = next(entry.published for entry in published.layout.entries if entry.ours == published.first)
    (channels,) = _shapes(published, _config(published, False, 1.0, {}))[published.first]
    shape = found.get(key)
    width = shape[0] / channels if shape else 1.0
    return width if 0 < width <= 4 else 1.0


def _shapes(published: Published, config: ModelConfig) -> dict[str, Shape]:
    return {key: tuple(value.shape) for key, value in network(published, config).state_dict().items()}
