"""How both DeepFills are trained: reconstruction with WGAN-GP critics, and with SN-PatchGAN."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from lacuna.networks.blocks import Convolution
from lacuna.networks.conventions import CONVENTIONS
from lacuna.networks.deepfill_v1 import Critic, DeepFillV1
from lacuna.networks.deepfill_v2 import DeepFillV2, GatedConvolution, PatchCritic
from lacuna.training.losses import discount, hinge, inside, mixed, per_hole, slope_penalty, windows
from lacuna.training.stage import Batch, Making, Painted, Rates, signed, unsigned

# What is left of a mean square of 1 behind an ELU, and of a mean square behind the sigmoid of a gate.
PASSED, GATED = 0.64, 0.29
OURS = "pt"  # the conventions of our own trainings: symmetric paddings, and pixels that are simply left out


class Gated:
    """DeepFill v2 (Yu et al. 2019, section 3): L1 of both stages and a hinge on every patch.

    The lines are the true edges in the hole, shown for half of the pictures, so that it fills with and without. The
    reconstruction is divided by the hole's share, which the paper's is not: there all holes are large.
    """

    terms = ("coarse", "refined", "adversarial")
    rates = Rates()
    needs_edges, paints = True, True

    def __init__(self, making: Making) -> None:
        conventions = CONVENTIONS[OURS]
        self.generator = DeepFillV2(conventions, guided=True, width=making.width, start=making.start, memory=None)
        begin(self.generator)
        self.critic = PatchJudge(PatchCritic(conventions, guided=True, width=making.critic_width))
        self.weight = 0.2 * making.adversarial
        self.judged = self.weight > 0

    def paint(self, generator: Callable[..., Any], batch: Batch) -> Painted:
        return generator(signed(batch.given), batch.hole, batch.edges * batch.guided)[:2]

    def losses(self, painted: Painted, batch: Batch) -> dict[str, Tensor]:
        truth, worth = signed(batch.image), batch.worth()
        coarse, refined = (signed(batch.counted(unsigned(part))) for part in painted)
        terms = {
            "coarse": per_hole(coarse, truth, batch.hole, worth),
            "refined": per_hole(refined, truth, batch.hole, worth),
        }
        if self.judged:
            terms["adversarial"] = -self.weight * self.critic.scores(batch, painted).float().mean()
        return terms

    def shown(self, painted: Painted, batch: Batch) -> tuple[Tensor, Tensor]:
        return batch.composite(unsigned(painted[0])), batch.composite(unsigned(painted[1]))


class PatchJudge(nn.Module):
    """The critic of DeepFill v2 with its loss."""

    def __init__(self, critic: PatchCritic) -> None:
        super().__init__()
        self.critic = critic

    def scores(self, batch: Batch, painted: Painted) -> Tensor:
        fake = signed(batch.composite(unsigned(painted[1])))
        return self.critic(fake, batch.hole, batch.edges * batch.guided)

    def forward(self, batch: Batch, painted: Painted) -> Tensor:
        # Both in one pass, as published: the power iteration takes one step.
        pictures = torch.cat([signed(batch.image), signed(batch.composite(unsigned(painted[1])))])
        hole, lines = (torch.cat([part, part]) for part in (batch.hole, batch.edges * batch.guided))
        return hinge(*self.critic(pictures, hole, lines).chunk(2))


class Discounted:
    """DeepFill v1 (Yu et al. 2018, sections 3.1, 3.2): discounted L1, and two Wasserstein critics."""

    terms = ("hole", "known", "adversarial")
    rates = Rates(betas=(0.5, 0.9), critic_steps=5)
    needs_edges, paints = False, True

    def __init__(self, making: Making) -> None:
        conventions = CONVENTIONS[OURS]
        self.generator = DeepFillV1(conventions, width=making.width, start=making.start, memory=None)
        begin(self.generator)
        self.critic = WassersteinJudge(making.size, making.critic_width)
        self.weight = 0.001 * making.adversarial
        self.judged = self.weight > 0

    def paint(self, generator: Callable[..., Any], batch: Batch) -> Painted:
        return generator(signed(batch.given), batch.hole)[:2]

    def losses(self, painted: Painted, batch: Batch) -> dict[str, Tensor]:
        truth, weights, known = signed(batch.image), discount(batch.hole) * batch.worth(), 1 - batch.hole
        coarse, refined = (signed(batch.counted(unsigned(part))) for part in painted)
        terms = {
            "hole": 1.2 * (1.2 * inside(coarse, truth, weights) + inside(refined, truth, weights)),
            "known": 1.2 * (1.2 * inside(coarse, truth, known) + inside(refined, truth, known)),
        }
        if self.judged:
            whole, local = self.critic.scores(batch, painted)
            terms["adversarial"] = -self.weight * (whole.mean() + local.mean())
        return terms

    def shown(self, painted: Painted, batch: Batch) -> tuple[Tensor, Tensor]:
        return batch.composite(unsigned(painted[0])), batch.composite(unsigned(painted[1]))


class WassersteinJudge(nn.Module):
    """The critics of DeepFill v1, of the picture and of the half as wide square around the hole, with WGAN-GP's loss.

    Always in single precision: the penalty is the gradient of a gradient.
    """

    PENALTY = 10.0

    def __init__(self, size: int, width: float) -> None:
        super().__init__()
        self.local_size = size // 2
        self.whole = Critic(CONVENTIONS[OURS], size, width=width)
        self.local = Critic(CONVENTIONS[OURS], self.local_size, last=512, width=width)

    def scores(self, batch: Batch, painted: Painted) -> tuple[Tensor, Tensor]:
        with torch.autocast(batch.image.device.type, enabled=False):
            fake = signed(batch.composite(unsigned(painted[1])))
            return self.whole(fake), self.local(windows(fake, batch.hole, self.local_size))

    def forward(self, batch: Batch, painted: Painted) -> Tensor:
        with torch.autocast(batch.image.device.type, enabled=False):
            real, fake = signed(batch.image), signed(batch.composite(unsigned(painted[1])))
            shares = batch.chance.even(0, 1, len(real))
            whole = self._loss(self.whole, real, fake, batch.hole, shares)
            real, fake, hole = (windows(part, batch.hole, self.local_size) for part in (real, fake, batch.hole))
            return whole + self._loss(self.local, real, fake, hole, shares)

    def _loss(self, critic: nn.Module, real: Tensor, fake: Tensor, hole: Tensor, shares: Tensor) -> Tensor:
        between = mixed(real, fake, shares)
        true, painted, scores = critic(torch.cat([real, fake, between])).chunk(3)
        return (painted - true).mean() + self.PENALTY * slope_penalty(scores, between, hole)


def begin(generator: nn.Module) -> None:
    """First weights that keep the size of what passes through the layers (He et al. 2015).

    With the published ones (Glorot) each gate halves it: behind 16 layers a millionth was left at a width of 1/8, and
    the last layer, which starts at zero from the membrane, had nothing to learn from. What starts at zero stays so.
    """
    for layer in generator.modules():
        if isinstance(layer, GatedConvolution) and bool(layer.weight.any()):
            features, gates = layer.weight.data.chunk(2)
            nn.init.normal_(features, std=math.sqrt(1 / (PASSED * GATED * features[0].numel())))
            nn.init.normal_(gates, std=math.sqrt(1 / gates[0].numel()))
        elif isinstance(layer, Convolution) and bool(layer.weight.any()):
            nn.init.normal_(layer.weight, std=math.sqrt(1 / (PASSED * layer.weight[0].numel())))
