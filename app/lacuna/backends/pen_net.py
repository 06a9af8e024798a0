"""PEN-Net: Zeng et al., CVPR 2019. The network is in `networks/pen_net.py`."""

from __future__ import annotations

from lacuna.backends.learned import Learned
from lacuna.contract.fill import SizeRule
from lacuna.contract.models import Network
from lacuna.i18n import N_


class PenNet(Learned):
    """Attention on every level of a pyramid."""

    id = "pennet"
    name = N_("PEN-Net (learned)")
    summary = N_("Wide holes in pictures with texture: copies on every scale at once; needs a model.")
    network = Network.PEN_NET
    size = SizeRule(minimum=64, multiple=64)
    crop_seconds = 7.5
