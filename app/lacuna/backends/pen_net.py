"""PEN-Net: Zeng et al., CVPR 2019. The network is in `networks/pen_net.py`."""

from __future__ import annotations

from dataclasses import dataclass

from lacuna.backends.learned import Learned, LearnedParams, model_text
from lacuna.contract.fill import SizeRule
from lacuna.contract.model_config import Network
from lacuna.i18n import N_


@dataclass(frozen=True)
class PenNetParams(LearnedParams):
    model: str = model_text(Network.PEN_NET)


class PenNet(Learned):
    """Attention on every level of a pyramid."""

    id = "pennet"
    name = N_("PEN-Net (learned)")
    summary = N_("Wide holes in pictures with texture: copies on every scale at once; needs a model.")
    Params = PenNetParams
    network = Network.PEN_NET
    size = SizeRule(minimum=64, multiple=64)
    crop_seconds = 7.5
