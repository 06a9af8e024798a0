"""Checkpoints as they were published, made of the key lists and the formula of the fixtures, and light ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from lacuna.contract.model_config import ModelConfig, Network
from lacuna.networks import building, deepfill_layouts, pen_net_layouts
from lacuna.networks.layout import Layout, given_back
from tests.inference.tensorflow import write_checkpoint
from tests.networks.published import Array, entries, weights


@dataclass(frozen=True)
class File:
    """One published file: its name, the key list of what is in it, and under which name that lies."""

    name: str
    keys: str
    layout: str
    under: str = ""

    def write(self, folder: Path) -> Path:
        return write(folder / self.name, weights(entries(self.keys, self.layout)), self.under)


V1_PORT, V1_TENSORFLOW = "deepfill-v1/keys.pytorch.json", "deepfill-v1/keys.tensorflow.json"
V2_PORT, V2_TENSORFLOW = "deepfill-v2/keys.pytorch.json", "deepfill-v2/keys.tensorflow.json"
EDGE_CONNECT, META_SR = "edgeconnect/keys.json", "meta-sr/keys.json"

DEEPFILL_V1 = File("gen_00430000.pt", V1_PORT, "pytorch-port/generator")
DEEPFILL_V1_TENSORFLOW = File("snap-0.index", V1_TENSORFLOW, "tf-original/generator")
DEEPFILL_V2_PT = File("states_pt_places2.pth", V2_PORT, "pt/generator", "G")
DEEPFILL_V2_PTTF = File("states_tf_places2.pth", V2_PORT, "pttf/generator", "G")
DEEPFILL_V2_GUIDED = File("states_tf_guided.pth", V2_PORT, "pttf/generator-guided", "G")
DEEPFILL_V2_TENSORFLOW = File("snap-0.index", V2_TENSORFLOW, "tf-original/generator")
DEEPFILL_V2_TENSORFLOW_GUIDED = File("snap-0.index", V2_TENSORFLOW, "tf-original/generator-guided")
EDGES = File("EdgeModel_gen.pth", EDGE_CONNECT, "EdgeModel_gen.pth", "generator")
IMAGE = File("InpaintingModel_gen.pth", EDGE_CONNECT, "InpaintingModel_gen.pth", "generator")
META_RDN = File("model_1000.pt", META_SR, "metardn_B_d2")
META_EDSR = File("model_300.pt", META_SR, "metaedsr_b4f32")
PEN_NET = File("gen_00020.pth", "pen-net/keys.pytorch.json", "pt/generator", "netG")


def write(path: Path, tensors: Mapping[str, Array], under: str = "") -> Path:
    """A file of TensorFlow if it is called as an index, of PyTorch else."""
    if path.suffix == ".index":
        write_checkpoint(path, tensors)
        return path
    content = {key: torch.tensor(value) for key, value in tensors.items()}
    torch.save({under: content, "iteration": 7} if under else content, path)
    return path


def _light(layout: Layout, guided: bool) -> dict[str, nn.Module]:
    network = {
        deepfill_layouts.V1_TENSORFLOW.name: Network.DEEPFILL_V1,
        pen_net_layouts.GENERATOR.name: Network.PEN_NET,
    }.get(layout.name, Network.DEEPFILL_V2)
    torch.manual_seed(0)
    return building.built(ModelConfig(network, "light", 0.125, guided=guided, conventions=layout.conventions))


def light(layout: Layout, *, guided: bool = False) -> dict[str, Array]:
    """The published keys of a network with an eighth of the channels, at random."""
    return given_back(layout, building.weights(_light(layout, guided)))


def shapes(layout: Layout, guided: bool) -> dict[str, tuple[int, ...]]:
    """Our keys of the same, and their shapes."""
    return building.shapes(_light(layout, guided))


def light_pen_net(folder: Path) -> Path:
    return write(folder / "gen_00001.pth", light(pen_net_layouts.GENERATOR), "netG")
