"""How PEN-Net is trained (Zeng et al. 2019, section 3.4): hole and known part, a pyramid of pictures, a hinge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lacuna.networks.pen_net import Discriminator, PenNet
from lacuna.training.losses import hinge, inside
from lacuna.training.stage import Batch, Making, Painted, Rates, begin, signed, unsigned


class Pyramid:
    """`6 hole + known + 0.5 pyramid + 0.1 adversarial`, as the authors' program weighs them."""

    terms = ("hole", "known", "pyramid", "adversarial")
    rates = Rates(late=0.1)
    needs_edges, paints = False, True

    def __init__(self, making: Making) -> None:
        self.generator = PenNet(width=making.width, start=making.start).for_training()
        begin(self.generator, making.width)
        self.critic = CompositeJudge(Discriminator(width=making.critic_width))
        self.weight = 0.1 * making.adversarial

    def paint(self, generator: Callable[..., Any], batch: Batch) -> Painted:
        picture, pyramid = generator(signed(batch.given), batch.hole)
        return picture, *pyramid

    def losses(self, painted: Painted, batch: Batch) -> dict[str, Tensor]:
        truth = signed(batch.image)
        levels = [
            (level.float() - F.interpolate(truth, level.shape[-2:], mode="bilinear", align_corners=True)).abs().mean()
            for level in painted[1:]
        ]
        return {
            "hole": 6 * inside(painted[0], truth, batch.hole),
            "known": inside(painted[0], truth, 1 - batch.hole),
            "pyramid": 0.5 * torch.stack(levels).sum(),
            "adversarial": -self.weight * self.critic.critic(self.critic.fake(batch, painted)).float().mean(),
        }

    def shown(self, painted: Painted, batch: Batch) -> tuple[Tensor, Tensor]:
        """What the middle of the pyramid shows, and the picture."""
        coarse = F.interpolate(painted[3].float(), batch.image.shape[-2:], mode="bilinear", align_corners=True)
        return batch.composite(unsigned(coarse)), batch.composite(unsigned(painted[0]))


class CompositeJudge(nn.Module):
    """Judges pictures with the fill put in."""

    def __init__(self, critic: Discriminator) -> None:
        super().__init__()
        self.critic = critic

    def fake(self, batch: Batch, painted: Painted) -> Tensor:
        return signed(batch.composite(unsigned(painted[0])))

    def forward(self, batch: Batch, painted: Painted) -> Tensor:
        return hinge(*self.critic(torch.cat([signed(batch.image), self.fake(batch, painted)])).chunk(2))
