"""The sizes of networks that enlarge, by the names that a config gives them, and what follows from them. No torch."""

from __future__ import annotations

from collections.abc import Mapping

from lacuna.contract.model_config import Network

Sizes = Mapping[str, float]

# Of the weights that the authors have published, and of the smaller network that their program has by itself.
RDN: Sizes = {"features": 64, "blocks": 16, "layers": 8, "growth": 64, "hidden": 256}
EDSR: Sizes = {"features": 64, "blocks": 16, "residual": 1.0, "hidden": 256}
# Ours have a smaller predictor: with 256 units that alone has as many weights as the rest, and by terms costs as much.
SPAN: Sizes = {"features": 48, "blocks": 6, "hidden": 64}
# Our light one, an EDSR. Trained for two minutes of one core it was farther above the cubic kernel than SPAN after as
# long, which has a tenth more weights: by 1.8, 0.91 and 0.48 dB at factors of 1.3, 2 and 3, not 1.5, 0.84 and 0.44 (12
# crops that neither had seen).
LIGHT: Sizes = {"features": 48, "blocks": 8, "residual": 1.0, "hidden": 64}
# Our larger one, the smaller that EDSR's authors have published: 3.5 times the work, as far as processors train it.
LARGE: Sizes = {**LIGHT, "features": 64, "blocks": 16}
# A larger one still, for graphics cards: the order of RDN's authors, a sixth of their weights.
OUR_RDN: Sizes = {"features": 32, "blocks": 16, "layers": 6, "growth": 32, "hidden": 256}

OF: Mapping[Network, Sizes] = {Network.META_RDN: RDN, Network.META_EDSR: EDSR, Network.META_SPAN: SPAN}
LARGEST = {"features": 1024, "blocks": 256, "layers": 64, "growth": 512, "residual": 1.0, "hidden": 4096}


def reach(network: Network, sizes: Sizes) -> int:
    """How many pixels around it a point of the enlarged picture depends on: one for each layer of 3 x 3 in a row."""
    blocks = int(sizes["blocks"])
    match network:
        case Network.META_RDN:
            return blocks * int(sizes["layers"]) + 4
        case Network.META_EDSR:
            return 2 * blocks + 3
        case Network.META_SPAN:
            return 3 * blocks + 3
        case _:
            raise ValueError(f"{network} enlarges nothing")


def maps(network: Network, sizes: Sizes) -> int:
    """About how many maps of the picture's size live at the same time in the extractor."""
    features = int(sizes["features"])
    if network is Network.META_RDN:
        return features * (int(sizes["blocks"]) + 3) + 2 * int(sizes["layers"]) * int(sizes["growth"])
    if network is Network.META_SPAN:
        return 14 * features  # as ONNX Runtime was measured: its blocks keep much for their attention
    return 5 * features + 8  # as it was measured at 128 x 128 to 1024 x 1024


def multiplications(network: Network, sizes: Sizes) -> float:
    """How many the extractor does for each pixel of the picture: one for each weight of its convolutions."""
    features, blocks = int(sizes["features"]), int(sizes["blocks"])
    square = 9 * features**2
    first = 27 * features
    match network:
        case Network.META_RDN:
            layers, growth = int(sizes["layers"]), int(sizes["growth"])
            grown = sum(9 * (features + layer * growth) * growth for layer in range(layers))
            fused = (features + layers * growth) * features
            return first + square + blocks * (grown + fused) + blocks * features**2 + square
        case Network.META_EDSR:
            return first + (2 * blocks + 1) * square
        case Network.META_SPAN:
            return first + (3 * blocks + 1) * square + 4 * features**2
        case _:
            raise ValueError(f"{network} enlarges nothing")
