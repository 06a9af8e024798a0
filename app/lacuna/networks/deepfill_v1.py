"""DeepFill v1: Yu et al., "Generative image inpainting with contextual attention", CVPR 2018.

A coarse stage paints the hole, a refinement stage paints it again: one of its branches widens its view by dilated
convolutions, the other copies from the known part by contextual attention. Both stages are built here from any kind of
convolution, since the second paper keeps them and gates each layer. Two critics, of the picture and of the patch
around the hole, judge a training.

Pictures are (B, 3, H, W) in [-1, 1], in the order of colours that the weights were trained with; a hole is
(B, 1, H, W) with 1.0 inside. Sides are multiples of 8. What differs between the published programs is in `Conventions`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lacuna.networks.attention import Attended, ContextualAttention
from lacuna.networks.attention_piece import MEMORY
from lacuna.networks.blocks import Convolution, as_it_is, chain, full_precision, leaky, scaled, silence
from lacuna.networks.conventions import Conventions, Start

BASE = 32  # channels of the first layer
Maker = Callable[..., Convolution]  # (inputs, outputs, kernel, stride, dilation, activation, doubling)


class Stages(NamedTuple):
    """Both pictures, (B, 3, H, W), of the whole and not only of the hole; and the keys that attention chose.

    `keys` (B, H / 8, W / 8) counts the cells of 8 x 8 pixels row by row; -1 where it was not asked.
    """

    coarse: Tensor
    refined: Tensor
    keys: Tensor


def coarse_stage(layer: Maker, plain: Maker, inputs: int, base: int) -> nn.Sequential:
    """Figure 2, left: down to a quarter, dilated, and up again; `layer` makes all convolutions but the last."""
    c1, c2, c4 = base, 2 * base, 4 * base
    return chain(
        conv1=layer(inputs, c1, kernel=5),
        conv2=layer(c1, c2, stride=2),
        conv3=layer(c2, c2),
        conv4=layer(c2, c4, stride=2),
        conv5=layer(c4, c4),
        conv6=layer(c4, c4),
        conv7=layer(c4, c4, dilation=2),
        conv8=layer(c4, c4, dilation=4),
        conv9=layer(c4, c4, dilation=8),
        conv10=layer(c4, c4, dilation=16),
        conv11=layer(c4, c4),
        conv12=layer(c4, c4),
        **_upwards(layer, plain, base),
    )


def _upwards(layer: Maker, plain: Maker, base: int) -> dict[str, nn.Module]:
    """The last third of both stages: from a quarter of the size to a picture without bounds."""
    return {
        "conv13": layer(4 * base, 2 * base, doubling=True),
        "conv14": layer(2 * base, 2 * base),
        "conv15": layer(2 * base, base, doubling=True),
        "conv16": layer(base, base // 2),
        "conv17": plain(base // 2, 3, activation=as_it_is),
    }


class RefinementStage(nn.Module):
    """Figure 4: two branches from one input, merged. Attention stands between `encode` and `decode` by itself."""

    def __init__(
        self, layer: Maker, plain: Maker, inputs: int, base: int, conventions: Conventions, memory: int | None
    ) -> None:
        super().__init__()
        c1, c2, c4 = base, 2 * base, 4 * base
        self.channels = c4  # of both branches
        self.dilated = chain(
            conv1=layer(inputs, c1, kernel=5),
            conv2=layer(c1, c1, stride=2),
            conv3=layer(c1, c2),
            conv4=layer(c2, c2, stride=2),
            conv5=layer(c2, c4),
            conv6=layer(c4, c4),
            conv7=layer(c4, c4, dilation=2),
            conv8=layer(c4, c4, dilation=4),
            conv9=layer(c4, c4, dilation=8),
            conv10=layer(c4, c4, dilation=16),
        )
        self.matched = chain(
            conv1=layer(inputs, c1, kernel=5),
            conv2=layer(c1, c1, stride=2),
            conv3=layer(c1, c2),
            conv4=layer(c2, c4, stride=2),
            conv5=layer(c4, c4),
            conv6=layer(c4, c4, activation=F.relu),
        )
        self.attention = ContextualAttention(conventions, memory)
        self.pasted = chain(conv9=layer(c4, c4), conv10=layer(c4, c4))
        self.merged = chain(conv11=layer(2 * c4, c4), conv12=layer(c4, c4), **_upwards(layer, plain, base))

    def forward(self, inputs: Tensor, hole: Tensor, queries: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """A picture without bounds, and the keys that attention chose."""
        dilated, features = self.encode(inputs)
        attended: Attended = self.attention(features, hole, queries)
        return self.decode(dilated, attended.features), attended.keys

    def encode(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        with full_precision(inputs.device):  # half of it lets attention choose other keys
            matched = self.matched(inputs.float())
        return self.dilated(inputs), matched

    def decode(self, dilated: Tensor, attended: Tensor) -> Tensor:
        return self.merged(torch.cat([dilated, self.pasted(attended)], 1))


def queries_for(hole: Tensor) -> Tensor:
    """The cells of attention, (B, 1, H / 8, W / 8) bool, that the refined picture depends on inside the hole.

    Asked for these alone, the picture is bit by bit the same there, and means nothing elsewhere: it is followed back
    through three layers at full size, two at half and four at a quarter, and the patches that attention pastes.
    """
    full = F.max_pool2d(hole, 7, 1, 3)
    half = F.max_pool2d(F.max_pool2d(full, 2), 5, 1, 2)
    quarter = F.max_pool2d(F.max_pool2d(half, 2), 9, 1, 4)
    return F.max_pool2d(quarter, 4, 2, 1) > 0


class DeepFillV1(nn.Module):
    """The generator of figures 2 and 4. `width` 1 is the published one; smaller numbers make lighter variants.

    With `Start.MEMBRANE` the picture comes with its hole filled softly, and each stage tells what to add to that.
    """

    def __init__(
        self,
        conventions: Conventions,
        *,
        width: float = 1.0,
        start: Start = Start.PUBLISHED,
        memory: int | None = MEMORY,
    ) -> None:
        super().__init__()
        layer = partial(Convolution, padding=conventions.padding)
        base = scaled(BASE, width)
        self.start = start
        self.coarse = coarse_stage(layer, layer, 5, base)
        self.refine = RefinementStage(layer, layer, 5, base, conventions, memory)
        if start is Start.MEMBRANE:
            silence(self.coarse[-1], self.refine.merged[-1])

    def forward(self, image: Tensor, hole: Tensor, queries: Tensor | None = None) -> Stages:
        """Both stages; attention is asked for `queries` alone, where they are given (see `queries_for`)."""
        coarse, repaired = self.draft(image, hole)  # figure 2, left
        raw, keys = self.refine(self.shown(repaired, hole), hole, queries)  # figure 4
        return Stages(coarse, self.picture(raw, repaired), keys)

    def draft(self, image: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
        """The coarse picture, and the given one repaired with it."""
        known = beginning(image, hole, self.start)
        coarse = self.picture(self.coarse(self.shown(known, hole)), known)
        return coarse, composite(coarse, known, hole)

    @staticmethod
    def shown(picture: Tensor, hole: Tensor) -> Tensor:
        """What a stage sees: the picture, ones (since zeros stand around it), and the hole."""
        return torch.cat([picture, torch.ones_like(hole), hole], 1)

    def picture(self, raw: Tensor, given: Tensor) -> Tensor:
        """What a stage says, as a picture; `given` is the one that it was shown."""
        return (raw if self.start is Start.PUBLISHED else given + raw).clamp(-1, 1)


def beginning(image: Tensor, hole: Tensor, start: Start) -> Tensor:
    """The picture that the coarse stage sees: grey in the hole, or as it was filled before."""
    return image * (1 - hole) if start is Start.PUBLISHED else image


def composite(picture: Tensor, known: Tensor, hole: Tensor) -> Tensor:
    """`picture` in the hole, `known` elsewhere."""
    return picture * hole + known * (1 - hole)


class Critic(nn.Module):
    """Section 3.2: a score (B, 1) of a picture of `size` x `size`, without bounds (Wasserstein).

    The global critic sees pictures of 256 with 256 channels at its `last` layer; the local one the 128 around the hole,
    with 512 in the authors' program and 256 in the PyTorch port.
    """

    def __init__(self, conventions: Conventions, size: int, *, last: int = 256, width: float = 1.0) -> None:
        super().__init__()
        layer = partial(Convolution, kernel=5, stride=2, padding=conventions.padding, activation=leaky)
        c1, c2, c4, top = (scaled(n, width) for n in (64, 128, 256, last))
        self.layers = chain(conv1=layer(3, c1), conv2=layer(c1, c2), conv3=layer(c2, c4), conv4=layer(c4, top))
        self.score = nn.Linear(top * (size // 16) ** 2, 1)

    def forward(self, picture: Tensor) -> Tensor:
        return self.score(self.layers(picture).flatten(1))


def spatial_discount(size: int, gamma: float = 0.9) -> Tensor:
    """Section 3.2: the weights (size, size) of a reconstruction loss in a hole: less, the farther from its rim."""
    index = torch.arange(size)
    distance = torch.minimum(index, size - index)  # not symmetric, as published
    return gamma ** torch.minimum(distance[:, None], distance[None, :])
