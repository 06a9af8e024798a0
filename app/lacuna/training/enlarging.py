"""Enlarging as a task: windows of photos and each reduced, measured beside the cubic kernel."""

from __future__ import annotations

import torch

from lacuna.training import pair_examples
from lacuna.training.pair_examples import MEASURES, PairExamples
from lacuna.training.pairs import PairFeeder
from lacuna.training.photos import Photos
from lacuna.training.plan import Plan
from lacuna.training.stage import Stage


class EnlargingTask:
    """Of all networks that enlarge."""

    measures = MEASURES

    def feeder(self, photos: Photos, plan: Plan, stage: Stage, device: torch.device) -> PairFeeder:
        return PairFeeder(photos, plan.batch, plan.size)

    def examples(self, plan: Plan, feeder: PairFeeder, device: torch.device) -> PairExamples:
        if plan.evaluation is None:
            return pair_examples.of_photos(feeder, device)
        return pair_examples.of_folder(plan.evaluation)
