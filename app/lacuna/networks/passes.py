"""One pass of each part of a network, from named inputs to named outputs: what the engines run.

Pictures are (1, 3, H, W) in the network's own range and order of colours, planes (1, 1, H, W). With `everywhere` the
outcome means something outside the hole as well, at a greater cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from lacuna.networks.deepfill_v1 import DeepFillV1, Stages, queries_for
from lacuna.networks.deepfill_v2 import DeepFillV2
from lacuna.networks.edge_connect import EdgeGenerator
from lacuna.networks.pen_net import PenNet


def passed(network: nn.Module, inputs: Mapping[str, Tensor], *, everywhere: bool) -> dict[str, Tensor]:
    """DeepFill: `image`, `hole` and for a guided one `guide` -> `coarse`, `refined`, `keys`. PEN-Net: `image`, `hole`
    -> `image`, and `img1` ... `img5` with `everywhere`. EdgeConnect: `grey`, `edges`, `hole` -> `edges`, and `image`,
    `edges`, `hole` -> `image`.
    """
    run: Any = network
    if isinstance(network, (DeepFillV1, DeepFillV2)):
        stages: Stages = run(**inputs, queries=None if everywhere else queries_for(inputs["hole"]))
        return {"coarse": stages.coarse, "refined": stages.refined, "keys": stages.keys}
    if isinstance(network, PenNet):
        if not everywhere:
            return {"image": network.fill(inputs["image"], inputs["hole"])}
        image, pyramid = run(inputs["image"], inputs["hole"])
        return {"image": image, **{f"img{level}": picture for level, picture in enumerate(pyramid, start=1)}}
    return {"edges" if isinstance(network, EdgeGenerator) else "image": run(**inputs)}
