"""DeepFill: Yu et al., CVPR 2018 and ICCV 2019. The networks are in `networks/deepfill_v1.py` and `deepfill_v2.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lacuna.backends.learned import Learned, LearnedParams, model_text
from lacuna.contract.fill import FillWork, SizeRule
from lacuna.contract.guides import Guide
from lacuna.contract.model_config import ModelConfig, Network
from lacuna.contract.progress import Progress
from lacuna.i18n import N_

if TYPE_CHECKING:
    from lacuna.inference.session import Outcome, Painter


@dataclass(frozen=True)
class DeepFillParams(LearnedParams):
    model: str = model_text(Network.DEEPFILL_V2)


@dataclass(frozen=True)
class DeepFillV1Params(LearnedParams):
    model: str = model_text(Network.DEEPFILL_V1)


class DeepFill(Learned):
    """The second paper; models with an input for lines follow those that were drawn, and edges that are given."""

    id = "deepfill"
    name = N_("DeepFill (learned)")
    summary = N_("Wide holes of any shape, by a network that has seen many pictures; needs a model.")
    Params = DeepFillParams
    network = Network.DEEPFILL_V2
    size = SizeRule(minimum=16, multiple=8)
    crop_seconds = 10.5

    def guides(self, config: ModelConfig) -> frozenset[Guide]:
        return frozenset({Guide.LINE}) if config.guided else frozenset()

    def paint(
        self, painter: Painter, image: NDArray[np.float32], work: FillWork, params: Any, progress: Progress
    ) -> Outcome:
        guide = self.drawn(work, Guide.LINE) if painter.config.guided else None
        if painter.config.guided and work.edges is not None:
            inside = np.where(work.hole, work.edges, np.float32(0))  # as in training
            guide = inside if guide is None else np.maximum(guide, inside)
        return painter.paint(image, work.hole, progress, guide=guide)


class DeepFillV1(Learned):
    """The first paper."""

    id = "deepfill-v1"
    name = N_("DeepFill v1 (learned)")
    summary = N_("The first DeepFill: holes of regular shape, for its published weights; needs a model.")
    Params = DeepFillV1Params
    network = Network.DEEPFILL_V1
    size = SizeRule(minimum=16, multiple=8)
    crop_seconds = 9.0
