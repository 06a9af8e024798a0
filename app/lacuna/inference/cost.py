"""What a pass costs before it runs: bytes of working memory, as they were measured."""

from __future__ import annotations

from lacuna.contract.models import ModelConfig, Network

# Bytes for each pixel of a pass with the published width; every map is as many times smaller as the width says.
PIXEL_BYTES = {
    Network.DEEPFILL_V1: 800,
    Network.DEEPFILL_V2: 1200,
    Network.EDGE_CONNECT: 1500,
    Network.PEN_NET: 1500,
}
FIXED = 100 << 20  # pieces of attention, and what an engine keeps for itself


def bytes_for(config: ModelConfig, engine: str, height: int, width: int) -> int:
    """The working memory of a pass, without the weights."""
    return FIXED + round(PIXEL_BYTES[config.network] * config.width * height * width)
