"""What the loop asks of a network that is trained: how it paints, what it is held to, and who judges it.

A batch is whatever the feeder of its task gives: of those that fill a `Batch`, of those that enlarge a `pairs.Pair`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from lacuna.networks.conventions import Start
from lacuna.training.chance import Chance

Painted = tuple[Tensor, ...]  # whatever a generator gives
Weights = Mapping[str, Tensor]

LATE = 0.8  # of the time: from here on with the lower rates
LEAST_APART = 0.01  # of white: a picture nearer to its membrane counts no more


@dataclass(frozen=True, eq=False)
class Batch:
    """The pictures of one step. `image` (B, 3, S, S) in [0, 1]; `hole` (B, 1, S, S), 1.0 inside; `given` is `image`
    with the hole as the network finds it; `edges` (B, 1, S, S) are the true ones, zeros where nobody asks for them;
    `guided` (B, 1, 1, 1) is 1.0 where the network may see those in the hole.
    """

    image: Tensor
    hole: Tensor
    given: Tensor
    edges: Tensor
    guided: Tensor
    chance: Chance
    start: Start

    def composite(self, painted: Tensor) -> Tensor:
        return torch.where(self.hole > 0, painted.float(), self.image)

    def counted(self, painted: Tensor) -> Tensor:
        """What of a painted picture, in [0, 1], the losses see: all of it with the published start.

        From the membrane on the known part is right before the first step, and is never shown. If it counted, each step
        that helps in the hole would cost more there: L1 would hold the network where it is.
        """
        return painted.float() if self.start is Start.PUBLISHED else self.composite(painted)

    def worth(self) -> Tensor:
        """(B, 1, 1, 1), mean 1: how much each picture counts in the reconstruction.

        From the membrane on the less, the farther that is from the truth. Else foliage, which cannot be told pixel by
        pixel, outweighs sky, where every grain of error is seen; and PSNR is a mean of logarithms.
        """
        if self.start is Start.PUBLISHED:
            return torch.ones_like(self.guided)
        apart = (self.given - self.image).abs().mean(1, keepdim=True) * self.hole
        apart = apart.sum((2, 3), keepdim=True) / self.hole.sum((2, 3), keepdim=True).clamp(min=1)
        worth = 1 / (apart + LEAST_APART)
        return worth / worth.mean()


@dataclass(frozen=True)
class Rates:
    """Adam's settings. `late` multiplies the rates of the last fifth of the time; where they are `falling` they go by a
    cosine instead, to nothing at its end."""

    generator: float = 1e-4
    critic: float = 1e-4
    betas: tuple[float, float] = (0.5, 0.999)
    critic_steps: int = 1
    late: float = 1.0
    falling: bool = False

    def factor(self, at: float) -> float:
        """What the rates are multiplied by where `at` of the time is over."""
        if self.falling:
            return (1 + math.cos(math.pi * min(at, 1.0))) / 2
        return self.late if at >= LATE else 1.0


class Stage(Protocol):
    """One generator with its critics and its losses; `terms` names those that `losses` gives, all weighted."""

    @property
    def generator(self) -> nn.Module: ...
    @property
    def critic(self) -> nn.Module: ...  # called with a batch and what was painted, it gives its loss; may be empty
    @property
    def judged(self) -> bool: ...  # whether the critic counts; else it is neither asked nor taught
    @property
    def rates(self) -> Rates: ...
    @property
    def needs_edges(self) -> bool: ...
    @property
    def paints(self) -> bool: ...  # pictures, which can be measured; not so edges
    @property
    def terms(self) -> tuple[str, ...]: ...

    def paint(self, generator: Callable[..., Any], batch: Any) -> Painted:
        """What `generator` (this stage's own, or a copy of it) makes of a batch."""

    def losses(self, painted: Painted, batch: Any) -> dict[str, Tensor]:
        """The sum of these is made smaller."""

    def shown(self, painted: Painted, batch: Any) -> tuple[Tensor, Tensor]:
        """First and last picture of what was painted, (B, 3, S, S) in [0, 1]: of one that fills with the known pixels
        put in, of one that enlarges what it begins from and its result."""


@dataclass(frozen=True)
class Making:
    """What a stage is made of: its size, and what earlier stages or an earlier training learned, by part."""

    width: float
    start: Start
    size: int
    adversarial: float
    vgg: nn.Module | None
    learned: Mapping[str, Weights]

    @property
    def critic_width(self) -> float:
        """A critic may be wider than what it judges: it is not shipped."""
        return min(1.0, 2 * self.width)


def signed(picture: Tensor) -> Tensor:
    """From [0, 1] to [-1, 1]."""
    return picture * 2 - 1


def unsigned(picture: Tensor) -> Tensor:
    return (picture.float() + 1) / 2
