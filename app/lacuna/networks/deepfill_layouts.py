"""The published layouts of DeepFill's weights: how each program calls the layers of the figures.

TensorFlow original (v1 and v2) and its PyTorch ports: one of v1, two of v2 ("pt", fine-tuned after its paddings were
changed, and "pttf", converted as it is). Torch is not needed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lacuna.networks.layout import (
    AS_IT_IS,
    COLUMN,
    HWIO,
    LEFT_VECTOR,
    NORMED_WEIGHT,
    ROW,
    Entry,
    Form,
    Layout,
    dense,
    module,
)


@dataclass(frozen=True)
class Branch:
    """A chain of layers: its name with us, and how theirs begin in TensorFlow, in the port of v1 and in "pt" of v2."""

    ours: str
    tensorflow: str
    port: str
    pt: str
    layers: tuple[int, ...]
    atrous: range = range(0)


ATROUS = range(7, 11)
BRANCHES = (
    Branch("coarse", "", "coarse_generator.", "stage1.", tuple(range(1, 18)), ATROUS),
    Branch("refine.dilated", "x", "fine_generator.", "stage2.conv_", tuple(range(1, 11)), ATROUS),
    Branch("refine.matched", "pm", "fine_generator.pm", "stage2.ca_", tuple(range(1, 7))),
    Branch("refine.pasted", "pm", "fine_generator.pm", "stage2.ca_", (9, 10)),
    Branch("refine.merged", "all", "fine_generator.all", "stage2.", tuple(range(11, 18))),
)
UPWARDS = (13, 15)
DOWNWARDS = (2, 4)
PT_NAMES = {
    1: "conv1",
    2: "down_block1.conv1_downsample",
    3: "down_block1.conv2",
    4: "down_block2.conv1_downsample",
    5: "down_block2.conv2",
    **{n: f"conv_bn{n - 5}" for n in range(6, 13)},
    13: "up_block1.conv1_upsample.conv",
    14: "up_block1.conv2",
    15: "up_block2.conv1_upsample.conv",
    16: "up_block2.conv2",
    17: "conv_to_rgb",
}


def _name(branch: Branch, n: int) -> str:
    return f"conv{n}{'_downsample' if n in DOWNWARDS else '_atrous' if n in branch.atrous else ''}"


def _tensorflow(branch: Branch, n: int) -> str:
    name = f"{branch.tensorflow}{_name(branch, n)}"
    return f"inpaint_net/{name}_upsample/{name}_upsample_conv" if n in UPWARDS else f"inpaint_net/{name}"


def _port_v1(branch: Branch, n: int) -> str:
    return f"{branch.port}{_name(branch, n)}.conv"


def _pttf(branch: Branch, n: int) -> str:
    name = f"{branch.tensorflow}{_name(branch, n)}"
    return f"{name}_upsample.conv.conv" if n in UPWARDS else f"{name}.conv"


def _pt(branch: Branch, n: int) -> str:
    return f"{branch.pt}{PT_NAMES[n]}.conv"


def _convolution(ours: str, published: str) -> tuple[Entry, ...]:
    if "/" not in published:
        return module(ours, published)
    return Entry(f"{ours}.weight", f"{published}/kernel", HWIO), Entry(f"{ours}.bias", f"{published}/bias")


def _generator(named: Callable[[Branch, int], str]) -> tuple[Entry, ...]:
    return tuple(
        entry
        for branch in BRANCHES
        for n in branch.layers
        for entry in _convolution(f"{branch.ours}.conv{n}", named(branch, n))
    )


def _critic(layers: str, *score: Entry) -> tuple[Entry, ...]:
    """Four layers named as `layers` says, "{n}" standing for the number, and a dense one for the score."""
    named = (_convolution(f"layers.conv{n}", layers.format(n=n)) for n in range(1, 5))
    return (*(entry for layer in named for entry in layer), *score)


def _patch_critic(layers: str, weight: tuple[str, Form], vector: tuple[str, Form]) -> tuple[Entry, ...]:
    """Six spectrally normed layers; `weight` and `vector` say how these are called and stand in each."""
    parts = ((NORMED_WEIGHT, *weight), ("bias", "bias", AS_IT_IS), (LEFT_VECTOR, *vector))
    return tuple(
        Entry(f"layers.conv{n}.{ours}", f"{layers.format(n=n)}{published}", form)
        for n in range(1, 7)
        for ours, published, form in parts
    )


SNAPSHOT = "snap-*.index"  # of a checkpoint of TensorFlow
SLOT = re.compile(r"/(Adam(_\d+)?|RMSProp(_\d+)?|Momentum|ExponentialMovingAverage)$")


def _outside(*scopes: str) -> Callable[[str], bool]:
    """A checkpoint of TensorFlow holds all networks, and what the optimiser remembers of each weight."""
    return lambda key: not key.startswith(scopes) or SLOT.search(key) is not None


def _tensorflow_critic(which: str, side: int) -> Layout:
    """Of the picture or of the patch around the hole; its score reads a map of `side` x `side`."""
    layers, score = f"discriminator/discriminator_{which}/", f"discriminator/dout_{which}_fc/"
    return Layout(
        f"DeepFill v1 (TensorFlow, {which} critic)",
        SNAPSHOT,
        _critic(
            f"{layers}conv{{n}}",
            Entry("score.weight", f"{score}kernel", dense(side)),
            Entry("score.bias", f"{score}bias"),
        ),
        conventions="tensorflow",
        colours="bgr",
        foreign=_outside(layers, score),
    )


def _tensorflow_generator(paper: str) -> Layout:
    return Layout(
        f"DeepFill {paper} (TensorFlow)",
        SNAPSHOT,
        _generator(_tensorflow),
        conventions="tensorflow",
        colours="bgr",
        foreign=_outside("inpaint_net/"),
    )


def _port_critic(which: str) -> Layout:
    entries = _critic("dis_conv_module.conv{n}.conv", *module("score", "linear"))
    name = f"DeepFill v1 (PyTorch, {which} critic)"
    return Layout(name, "dis_*.pt", entries, under=f"{which}D", conventions="pytorch-v1")


_PTTF = _generator(_pttf)
_PORT_PATCH_CRITIC = _patch_critic("conv{n}.conv_sn.", ("weight", AS_IT_IS), ("weight_u", COLUMN))
_TENSORFLOW_PATCH_CRITIC = _patch_critic("discriminator/sn_patch_gan/conv{n}/", ("kernel", HWIO), ("kernel_sn/u", ROW))
_FUSE = frozenset({"stage2.contextual_attention.fuse_weight"})  # an identity matrix of 3 x 3

V1_PYTORCH = Layout("DeepFill v1 (PyTorch)", "gen_*.pt", _generator(_port_v1), conventions="pytorch-v1")
V1_TENSORFLOW = _tensorflow_generator("v1")
V1_PYTORCH_CRITICS = {which: _port_critic(which) for which in ("local", "global")}
V1_TENSORFLOW_CRITICS = {which: _tensorflow_critic(which, side) for which, side in (("local", 8), ("global", 16))}

V2_PT = Layout("DeepFill v2 (pt)", "states_pt_*.pth", _generator(_pt), under="G", conventions="pt", constants=_FUSE)
V2_PTTF_FUSED = Layout("DeepFill v2 (pttf, fused)", "states_tf_*.pth", _PTTF, under="G", conventions="pttf-fused")
V2_PTTF = Layout("DeepFill v2 (pttf)", "states_tf_*.pth", _PTTF, under="G", conventions="pttf")
V2_TENSORFLOW = _tensorflow_generator("v2")
V2_PT_CRITIC = Layout("DeepFill v2 (pt, critic)", "states_pt_*.pth", _PORT_PATCH_CRITIC, under="D", conventions="pt")
V2_PTTF_CRITIC = Layout(
    "DeepFill v2 (pttf, critic)", "states_tf_*.pth", _PORT_PATCH_CRITIC, under="D", conventions="pttf"
)
V2_TENSORFLOW_CRITIC = Layout(
    "DeepFill v2 (TensorFlow, critic)",
    SNAPSHOT,
    _TENSORFLOW_PATCH_CRITIC,
    conventions="tensorflow",
    colours="bgr",
    foreign=_outside("discriminator/"),
)

# What the authors of "pttf" meant stands before what they shipped: `recognised` gives it first.
GENERATORS = (V1_PYTORCH, V1_TENSORFLOW, V2_PT, V2_PTTF_FUSED, V2_PTTF, V2_TENSORFLOW)
