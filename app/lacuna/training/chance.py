"""Where a training throws its dice: from the seed, the step and the process alone, so that nothing has to be saved."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

PROCESSES = 4096  # that could share one run; each step has so many seeds


@dataclass(frozen=True)
class Chance:
    """Random numbers of one step: `here` on the device, `plain` for what Python itself has to decide."""

    here: torch.Generator
    plain: torch.Generator

    @property
    def device(self) -> torch.device:
        return self.here.device

    def even(self, low: float, high: float, *shape: int) -> Tensor:
        """Even between two bounds."""
        return low + (high - low) * torch.rand(shape, generator=self.here, device=self.device)

    def logarithmic(self, low: float, high: float, *shape: int) -> Tensor:
        """Between two bounds, as many below the double as above the half."""
        return low * (high / low) ** self.even(0, 1, *shape)

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self.here, device=self.device)

    def whole(self, below: int, *shape: int) -> Tensor:
        return torch.randint(below, shape, generator=self.here, device=self.device)

    def often(self, share: float, *shape: int) -> Tensor:
        """True in about this share of all cases."""
        return torch.rand(shape, generator=self.here, device=self.device) < share

    def kinds(self, shares: list[float], count: int) -> list[int]:
        """`count` indices of `shares`, each as often as it says."""
        drawn = torch.multinomial(torch.tensor(shares), count, replacement=True, generator=self.plain)
        return [int(kind) for kind in drawn]


class Dice:
    """The `Chance` of every step; resumed at any step they fall as if there had been no break."""

    def __init__(self, seed: int, device: torch.device, process: int = 0) -> None:
        self.seed, self.process = seed, process
        self._chance = Chance(torch.Generator(device), torch.Generator())

    def at(self, step: int) -> Chance:
        """Valid until the next call."""
        seed = ((self.seed << 40) + step * PROCESSES + self.process) % (1 << 63)
        self._chance.here.manual_seed(seed)
        self._chance.plain.manual_seed(seed)
        return self._chance
