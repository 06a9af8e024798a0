"""The published layouts of DeepFill's weights: how each program calls the layers of the figures.

TensorFlow original (v1 and v2) and its PyTorch ports: one of v1, two of v2 ("pt", fine-tuned after its paddings were
changed, and "pttf", converted as it is). Torch is not needed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lacuna.networks.checkpoint import COLUMN, HWIO, ROW, Entry, Form, Layout, dense, plain


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
    if "/" in published:
        weight = Entry(f"{ours}.weight", f"{published}/kernel", HWIO)
        return weight, Entry(f"{ours}.bias", f"{published}/bias", plain(1))
    weight = Entry(f"{ours}.weight", f"{published}.weight", plain(4))
    return weight, Entry(f"{ours}.bias", f"{published}.bias", plain(1))


def _generator(named: Callable[[Branch, int], str]) -> tuple[Entry, ...]:
    return tuple(
        entry
        for branch in BRANCHES
        for n in branch.layers
        for entry in _convolution(f"{branch.ours}.conv{n}", named(branch, n))
    )


def _critic(published: str, count: int, more: Iterable[Entry]) -> tuple[Entry, ...]:
    """Layers 1 to `count` named as `published` says, "{n}" standing for the number, and what comes beside them."""
    layers = (_convolution(f"layers.conv{n}", published.format(n=n)) for n in range(1, count + 1))
    return (*(entry for layer in layers for entry in layer), *more)


def _score(weight: str, bias: str, form: Form) -> tuple[Entry, ...]:
    return Entry("score.weight", weight, form), Entry("score.bias", bias, plain(1))


def _vectors(published: str, form: Form) -> tuple[Entry, ...]:
    return tuple(Entry(f"layers.conv{n}.u", published.format(n=n), form) for n in range(1, 7))


SLOT = re.compile(r"/(Adam(_\d+)?|RMSProp(_\d+)?|Momentum|ExponentialMovingAverage)$")


def _outside(*scopes: str) -> Callable[[str], bool]:
    """A checkpoint of TensorFlow holds all networks, and what the optimiser remembers of each weight."""
    return lambda key: not key.startswith(scopes) or SLOT.search(key) is not None


def _tensorflow_critic(which: str, side: int) -> Layout:
    """Of the picture or of the patch around the hole; its score reads a map of `side` x `side`."""
    layers, score = f"discriminator/discriminator_{which}/", f"discriminator/dout_{which}_fc/"
    entries = _critic(f"{layers}conv{{n}}", 4, _score(f"{score}kernel", f"{score}bias", dense(side)))
    foreign = _outside(layers, score)
    return Layout(f"deepfill-v1/tensorflow/{which}-critic", "tensorflow", "bgr", entries, foreign=foreign)


_PT = _generator(_pt)
_PTTF = _generator(_pttf)
_PORT_CRITIC = _critic("dis_conv_module.conv{n}.conv", 4, _score("linear.weight", "linear.bias", plain(2)))
_PATCH_CRITIC = _critic("conv{n}.conv_sn", 6, _vectors("conv{n}.conv_sn.weight_u", COLUMN))
_TENSORFLOW = _generator(_tensorflow)
_TENSORFLOW_PATCH_CRITIC = _critic(
    "discriminator/sn_patch_gan/conv{n}", 6, _vectors("discriminator/sn_patch_gan/conv{n}/kernel_sn/u", ROW)
)
_FUSE = frozenset({"stage2.contextual_attention.fuse_weight"})  # an identity matrix of 3 x 3

# What the authors of "pttf" meant stands before what they shipped: it is the default.
V1 = (
    Layout("deepfill-v1/pytorch", "pytorch-v1", "rgb", _generator(_port_v1)),
    Layout("deepfill-v1/tensorflow", "tensorflow", "bgr", _TENSORFLOW, foreign=_outside("inpaint_net/")),
)
V2 = (
    Layout("deepfill-v2/pt", "pt", "rgb", _PT, constants=_FUSE),
    Layout("deepfill-v2/pttf-fused", "pttf-fused", "rgb", _PTTF),
    Layout("deepfill-v2/pttf", "pttf", "rgb", _PTTF),
    Layout("deepfill-v2/tensorflow", "tensorflow", "bgr", _TENSORFLOW, foreign=_outside("inpaint_net/")),
)
# The local and the global critic of the port have the same keys, in two dictionaries of one file.
V1_CRITICS = (
    Layout("deepfill-v1/pytorch/critic", "pytorch-v1", "rgb", _PORT_CRITIC),
    _tensorflow_critic("local", 8),
    _tensorflow_critic("global", 16),
)
V2_CRITICS = (
    Layout("deepfill-v2/pt/critic", "pt", "rgb", _PATCH_CRITIC),
    Layout("deepfill-v2/pttf/critic", "pttf", "rgb", _PATCH_CRITIC),
    Layout(
        "deepfill-v2/tensorflow/critic",
        "tensorflow",
        "bgr",
        _TENSORFLOW_PATCH_CRITIC,
        foreign=_outside("discriminator/"),
    ),
)
