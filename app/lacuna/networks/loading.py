"""Networks filled with published weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import torch
from torch import nn

from lacuna.networks.layout import Array, Layout, taken_over

Network = TypeVar("Network", bound=nn.Module)


def loaded(network: Network, layout: Layout, published: Mapping[str, Array]) -> Network:
    """The same network with these weights, ready for evaluation; raises UnsuitableWeights if they do not fit.

    They take the place of what was there, so that a network without any numbers can be filled, too.
    """
    shapes = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    ours = taken_over(layout, published, shapes)
    network.load_state_dict({key: torch.tensor(value) for key, value in ours.items()}, assign=True)
    return network.eval()
