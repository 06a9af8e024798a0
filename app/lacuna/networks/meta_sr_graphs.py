"""The parts of Meta-SR that become graphs, with everything free that a picture or a factor decides.

`features` is the extractor. The layer that enlarges is three small graphs, called as `positions` says: `kernels` makes
the kernels of a batch, `apply` applies them, `terms` makes the terms of a band, which a loop of our own then sums.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from lacuna.networks.graph import Graph
from lacuna.networks.meta_sr import Apply, MetaSr, Terms

EXAMPLE = 6, 7  # height and width of a picture, with its rim 8 x 9


class Features(nn.Module):
    """The extractor, from a picture to features with a rim."""

    def __init__(self, network: MetaSr) -> None:
        super().__init__()
        self.sub_mean, self.extractor = network.sub_mean, network.extractor
        self.network = [network]  # in a list its own weights are not those of this module

    def forward(self, picture: Tensor) -> Tensor:
        return self.network[0].features(picture)


def graphs(network: MetaSr) -> dict[str, Graph]:
    """By the name under which a config knows them."""
    sides = {2: _any(), 3: _any()}
    picture = {"picture": torch.rand(1, 3, *EXAMPLE)}
    return {
        "features": Graph(Features(network), picture, (sides,), ("features",)),
        "kernels": _kernels(network),
        "apply": _apply(network),
        "terms": _terms(network),
    }


def _kernels(network: MetaSr) -> Graph:
    inputs = {"inverse": torch.tensor([0.4]), "down": torch.rand(2), "across": torch.rand(5, 3)}
    free = (None, {0: _any()}, {0: _any(), 1: _any()})
    return Graph(network.predictor, inputs, free, ("kernels",), stored="predictor.")


def _apply(network: MetaSr) -> Graph:
    features = network.extractor.features
    inputs = {
        "features": torch.rand(1, EXAMPLE[0] + 2, EXAMPLE[1] + 2, features),
        "rows": _three(2),
        "columns": torch.stack([_three(4)] * 5),
        "kernels": torch.rand(5, 2, 3, 3, 9 * features),
    }
    free = ({1: _any(), 2: _any()}, {0: _any()}, {0: _any(), 1: _any()}, {0: _any(), 1: _any(), 2: _any()})
    return Graph(Apply(network.add_mean), inputs, free, ("points",))


def _terms(network: MetaSr) -> Graph:
    inputs = {
        "features": torch.rand(1, EXAMPLE[0] + 2, EXAMPLE[1] + 2, network.extractor.features),
        "rows": _three(3),
        "columns": _three(4),
        "inverse": torch.tensor([0.4]),
        "down": torch.rand(5),
        "across": torch.rand(6),
    }
    free = ({1: _any(), 2: _any()}, {0: _any()}, {0: _any()}, None, {0: _any()}, {0: _any()})
    outputs = ("terms", "constant", "by_row", "by_column")
    return Graph(Terms(network.predictor), inputs, free, outputs)


def _three(pixels: int) -> Tensor:
    return torch.arange(pixels)[:, None] + torch.arange(3)


def _any() -> Any:
    return torch.export.Dim.DYNAMIC
