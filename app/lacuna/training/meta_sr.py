"""How Meta-SR is trained (Hu et al. 2019, section 4.2): L1 over all points, at a factor that each batch has anew.

What differs from the paper: the network tells the difference to a picture enlarged by the cubic kernel, its rate falls
by a cosine from ten times the published one, and all factors with short periods are taken instead of the tenths (see
`pairs`). Trainings here are of some thousand steps, not of a million.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from lacuna.contract.enlargement import Rule
from lacuna.contract.model_config import ModelConfig, Network
from lacuna.networks import building
from lacuna.networks.meta_sr import WHITE, MetaSr
from lacuna.training.pairs import Pair
from lacuna.training.stage import Making, Painted, Rates

MIDDLE = 128.0  # of the values of a picture; divided by it whole numbers stay exact even in bfloat16
SPREAD = 16.0  # about what the truth differs from the cubic kernel by, at its edges, in the same values


class Enlarging:
    """The whole network, with nobody who judges."""

    terms = ("l1",)
    rates = Rates(generator=1e-3, betas=(0.9, 0.999), falling=True)
    judged, needs_edges, paints = False, False, True

    def __init__(self, network: Network, sizes: Mapping[str, float], making: Making) -> None:
        config = ModelConfig(network, "", sizes=sizes, conventions=Rule.EXACT.value, start=making.start)
        self.generator = building.built(config)[building.ENLARGE].train()
        self.critic = nn.Module()
        assert isinstance(self.generator, MetaSr)
        _begin(self.generator)

    def paint(self, generator: Callable[..., Any], batch: Pair) -> Painted:
        """The enlarged pictures, in the values of the network."""
        return (batch.plain + generator(batch.small, batch.enlargement),)

    def losses(self, painted: Painted, batch: Pair) -> dict[str, Tensor]:
        return {"l1": (painted[0] - batch.large).abs().mean() / WHITE}

    def shown(self, painted: Painted, batch: Pair) -> tuple[Tensor, Tensor]:
        """By the cubic kernel, and by the network."""
        return (batch.plain / WHITE).clamp(0, 1), (painted[0] / WHITE).clamp(0, 1)


def _begin(network: MetaSr) -> None:
    """An end in nothing to add, means and spreads that stay: Adam's steps are far too large for them.

    All other weights are torch's own. Larger ones, with which what passes through SPAN's blocks keeps its size, made it
    worse than the cubic kernel for the first hundreds of steps.
    """
    for layer, scale, shift in ((network.sub_mean, 1 / MIDDLE, -1.0), (network.add_mean, SPREAD, 0.0)):
        layer.requires_grad_(False)
        layer.weight.copy_(scale * torch.eye(3)[..., None, None])
        assert layer.bias is not None
        nn.init.constant_(layer.bias, shift)
    for parameter in network.predictor.kernels.parameters():
        nn.init.zeros_(parameter)
