"""What the programs that published DeepFill weights do each in their own way: paddings and roundings beside the paper.

Weights work with the conventions they were trained with, and with others they visibly shift or blur. So the
conventions are stored beside the weights, and the networks have no other switches but `Start`. Torch is not needed
here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Padding(StrEnum):
    """Where the zeros of a convolution with a stride stand; with stride 1 all do the same."""

    EVEN = "even"  # half a kernel on every side
    SAME = "same"  # TensorFlow: no more than the kernel needs, and the odd one behind


class Sampling(StrEnum):
    """Which pixel stands for the n that are left out when a map is made n times smaller."""

    FIRST = "first"  # each n-th, from the first on
    ALIGNED = "aligned"  # from the first to the last, rounded as TensorFlow does with aligned corners
    ALIGNED_LINSPACE = "aligned-linspace"  # the same with the roundings of torch.linspace: others at some odd sizes


class KeyNorm(StrEnum):
    """The number that the score of a key is divided by."""

    FLOORED = "floored"  # its length, at least 1e-4
    SOFTENED = "softened"  # the root of its squares, each larger by 1e-4


class Start(StrEnum):
    """What a network begins from: in the hole before the first layer, or of the enlarged picture behind the last."""

    PUBLISHED = "published"  # what the paper says
    MEMBRANE = "membrane"  # a soft fill of the hole, made before; the network tells the difference to it
    BICUBIC = "bicubic"  # the picture enlarged by the cubic kernel; the network tells the difference to it


@dataclass(frozen=True)
class Conventions:
    """How one program pads and rounds. `mask_steps` are the factors by which a mask is made eight times smaller."""

    padding: Padding
    sampling: Sampling
    mask_steps: tuple[int, ...]
    key_norm: KeyNorm
    fuse: bool = True


# By the names under which they are stored. The last is the function that the authors of "pttf" meant: they convert
# weights that were trained with fusion, and leave it out.
CONVENTIONS = {
    "tensorflow": Conventions(Padding.SAME, Sampling.ALIGNED, (4, 2), KeyNorm.FLOORED),
    "pytorch-v1": Conventions(Padding.EVEN, Sampling.FIRST, (8,), KeyNorm.SOFTENED),
    "pt": Conventions(Padding.EVEN, Sampling.FIRST, (8,), KeyNorm.FLOORED),
    "pttf": Conventions(Padding.SAME, Sampling.ALIGNED_LINSPACE, (8,), KeyNorm.FLOORED, fuse=False),
    "pttf-fused": Conventions(Padding.SAME, Sampling.ALIGNED_LINSPACE, (8,), KeyNorm.FLOORED),
}
