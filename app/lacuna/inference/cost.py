"""What a pass costs before it runs: bytes of working memory, as they were measured."""

from __future__ import annotations

from lacuna.contract.model_config import ENLARGING, ModelConfig, Network
from lacuna.networks.meta_sr_sizes import maps

# Bytes for each pixel of a pass with the published width, of ONNX Runtime on a CPU at 512 x 512 and 1024 x 1024 with a
# hole of a quarter; torch takes two thirds of it. Every map is as many times smaller as the width says.
PIXEL_BYTES = {
    Network.DEEPFILL_V1: 1400,
    Network.DEEPFILL_V2: 1720,
    Network.EDGE_CONNECT: 2200,
    Network.PEN_NET: 2100,
}
OWN_GRAPH_BYTES = 2200  # nobody knows beforehand what a graph of others takes: as much as the largest of ours
FIXED = 64 << 20  # pieces of attention, and what an engine keeps for itself


def bytes_for(config: ModelConfig, height: int, width: int) -> int:
    """The working memory of a pass, without the weights; of a network that enlarges, of the features of a picture."""
    if config.network in ENLARGING:
        return FIXED + 4 * maps(config.network, config.sizes) * height * width
    return FIXED + round(PIXEL_BYTES[config.network] * config.width * height * width)


def own_graph_bytes(height: int, width: int) -> int:
    """The same for a graph that a person brought."""
    return FIXED + OWN_GRAPH_BYTES * height * width
