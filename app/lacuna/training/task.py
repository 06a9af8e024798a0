"""What a network learns to do, as the loop sees it: where its batches come from, and what is measured of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from lacuna.training.chance import Chance
from lacuna.training.photos import Photos
from lacuna.training.plan import Plan
from lacuna.training.stage import Stage


class Feeding(Protocol):
    """Batches without end, as the stages of its task want them."""

    def batch(self, chance: Chance) -> Any: ...


class Examples(Protocol):
    """What is looked at while a training runs, the same each time."""

    def measure(self, stage: Stage, mean: nn.Module, device: torch.device) -> Mapping[str, float]:
        """The measures of the mean of the weights, by the names of the task."""

    def draw(self, path: Path, stage: Stage, mean: nn.Module, device: torch.device) -> None:
        """A sheet of pictures."""


class Task(Protocol):
    """Filling, or enlarging."""

    @property
    def measures(self) -> tuple[str, ...]: ...  # columns of the table

    def feeder(self, photos: Photos, plan: Plan, stage: Stage, device: torch.device) -> Feeding: ...

    def examples(self, plan: Plan, feeder: Any, device: torch.device) -> Examples:
        """Of `plan.evaluation`, or else made of what `feeder` gives."""
