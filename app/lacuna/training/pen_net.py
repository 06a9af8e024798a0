"""How PEN-Net is trained (Zeng et al. 2019, section 3.4): hole and known part, a pyramid of pictures, a hinge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lacuna.networks.conventions import Start
from lacuna.networks.pen_net import Discriminator, PenNet
from lacuna.training.losses import hinge, inside
from lacuna.training.stage import Batch, Making, Painted, Rates, signed, unsigned


class Pyramid:
    """`6 hole + known + 0.5 pyramid + 0.1 adversarial`, as the authors' program weighs them."""

    terms = ("hole", "known", "pyramid", "adversarial")
    rates = Rates(late=0.1)
    needs_edges, paints = False, True

    def __init__(self, making: Making) -> None:
        self.generator = PenNet(width=making.width, start=making.start).for_training()
        _begin(self.generator)
        self.critic = CompositeJudge(Discriminator(width=making.critic_width))
        self.weight = 0.1 * making.adversarial
        self.judged = self.weight > 0

    def paint(self, generator: Callable[..., Any], batch: Batch) -> Painted:
        picture, pyramid = generator(signed(batch.given), batch.hole)
        return picture, *pyramid

    def losses(self, painted: Painted, batch: Batch) -> dict[str, Tensor]:
        truth = signed(batch.image)
        picture = signed(batch.counted(unsigned(painted[0])))
        levels = [_apart(level.float(), truth, batch) for level in painted[1:]]
        terms = {
            "hole": 6 * inside(picture, truth, batch.hole * batch.worth()),
            "known": inside(picture, truth, 1 - batch.hole),
            "pyramid": 0.5 * torch.stack(levels).sum(),
        }
        if self.judged:
            scores = self.critic.critic(self.critic.fake(batch, painted))
            terms["adversarial"] = -self.weight * scores.float().mean()
        return terms

    def shown(self, painted: Painted, batch: Batch) -> tuple[Tensor, Tensor]:
        """What the middle of the pyramid shows, and the picture."""
        coarse = F.interpolate(painted[3].float(), batch.image.shape[-2:], mode="bilinear", align_corners=True)
        return batch.composite(unsigned(coarse)), batch.composite(unsigned(painted[0]))


def _apart(level: Tensor, truth: Tensor, batch: Batch) -> Tensor:
    """How far a picture of the pyramid is from the truth of its size, where it counts."""

    def reduced(picture: Tensor) -> Tensor:
        return F.interpolate(picture, level.shape[-2:], mode="bilinear", align_corners=True)

    apart = (level - reduced(truth)).abs()
    return (apart if batch.start is Start.PUBLISHED else apart * (reduced(batch.hole) > 0)).mean()


class CompositeJudge(nn.Module):
    """Judges pictures with the fill put in."""

    def __init__(self, critic: Discriminator) -> None:
        super().__init__()
        self.critic = critic

    def fake(self, batch: Batch, painted: Painted) -> Tensor:
        return signed(batch.composite(unsigned(painted[0])))

    def forward(self, batch: Batch, painted: Painted) -> Tensor:
        return hinge(*self.critic(torch.cat([signed(batch.image), self.fake(batch, painted)])).chunk(2))


def _begin(generator: nn.Module) -> None:
    """First weights that keep the size of what passes through the layers (He et al. 2015); zero stays zero.

    The authors draw from N(0, 0.02): with that a narrow network took about twice as many steps to the same loss.
    """
    for layer in generator.modules():
        if isinstance(layer, nn.Conv2d) and bool(layer.weight.any()):
            nn.init.kaiming_normal_(layer.weight, a=0.2)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)
