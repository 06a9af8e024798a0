"""Filling holes as a task: photos with holes drawn into them, measured in the holes."""

from __future__ import annotations

import torch

from lacuna.training import examples, holes
from lacuna.training.examples import MEASURES, Examples
from lacuna.training.feeding import Feeder
from lacuna.training.photos import Photos
from lacuna.training.plan import Plan
from lacuna.training.stage import Stage


class FillingTask:
    """Of all networks that fill."""

    measures = MEASURES

    def feeder(self, photos: Photos, plan: Plan, stage: Stage, device: torch.device) -> Feeder:
        return Feeder(photos, holes.holes(plan.size, device), plan.batch, plan.size, plan.start, stage.needs_edges)

    def examples(self, plan: Plan, feeder: Feeder, device: torch.device) -> Examples:
        if plan.evaluation is None:
            return examples.of_photos(feeder, device)
        return examples.of_folder(plan.evaluation, plan.size, plan.start)
