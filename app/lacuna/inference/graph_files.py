"""Graphs that ship with the program, so that published weights can be taken over without torch.

One file for each network that was published, a zip of its graphs; `packaging/graphs.py` makes them by `export`.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from lacuna import paths
from lacuna.contract.model_config import ModelConfig, Network
from lacuna.networks import meta_sr_sizes

EPOCH = (1980, 1, 1, 0, 0, 0)  # the time of every file in a zip, so that the same graphs are the same bytes
DEEPFILL = (
    (Network.DEEPFILL_V1, "pytorch-v1", False),
    (Network.DEEPFILL_V1, "tensorflow", False),
    (Network.DEEPFILL_V2, "pt", False),
    (Network.DEEPFILL_V2, "pttf", False),
    (Network.DEEPFILL_V2, "pttf", True),
    (Network.DEEPFILL_V2, "pttf-fused", False),
    (Network.DEEPFILL_V2, "pttf-fused", True),
    (Network.DEEPFILL_V2, "tensorflow", False),
    (Network.DEEPFILL_V2, "tensorflow", True),
)
PUBLISHED = (
    *(ModelConfig(network, "", conventions=name, guided=guided) for network, name, guided in DEEPFILL),
    ModelConfig(Network.EDGE_CONNECT, ""),
    ModelConfig(Network.PEN_NET, ""),
    ModelConfig(Network.META_RDN, "", sizes=meta_sr_sizes.RDN, conventions="published"),
    ModelConfig(Network.META_EDSR, "", sizes=meta_sr_sizes.EDSR, conventions="published"),
)


def shipped(config: ModelConfig) -> dict[str, bytes] | None:
    """The graphs of this network by name, or None for one that nobody published."""
    path = file_of(config)
    if not path.exists():
        return None
    with zipfile.ZipFile(path) as file:
        return {name.removesuffix(".onnx"): file.read(name) for name in file.namelist()}


def file_of(config: ModelConfig) -> Path:
    """Where the graphs of a network lie: all that they depend on is in the name."""
    sizes = "x".join(f"{size:g}" for _name, size in sorted(config.sizes.items()))
    guided = "guided" if config.guided else ""
    marks = [config.network.value, config.conventions, guided, config.start, config.dtype, sizes]
    name = "-".join((*filter(None, marks), f"{config.width:g}"))
    return paths.resources() / "graphs" / f"{name}.zip"


def packed(graphs: Mapping[str, bytes]) -> bytes:
    """The content of such a file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, graph in graphs.items():
            entry = zipfile.ZipInfo(f"{name}.onnx", EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, graph)
    return packed.getvalue()
