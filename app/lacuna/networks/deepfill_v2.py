"""DeepFill v2: Yu et al., "Free-form image inpainting with gated convolution", ICCV 2019.

The stages of the first paper with each convolution gated, so that every layer learns where to trust its input, and with
a fourth input channel for the lines that a person draws. The refinement stage sees the repaired picture alone. The
critic is one stack of spectrally normed layers whose every output is a score of its patch (SN-PatchGAN).

Pictures and holes as in `deepfill_v1`.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from lacuna.networks import graph_forms
from lacuna.networks.attention_piece import MEMORY
from lacuna.networks.blocks import Activation, Convolution, chain, elu, leaky, scaled, silence
from lacuna.networks.conventions import Conventions, Padding, Start
from lacuna.networks.deepfill_v1 import (
    RefinementStage,
    Stages,
    beginning,
    coarse_stage,
    composite,
)
from lacuna.networks.spectral import spectral_norm

BASE = 24  # channels of the first layer, behind its gate


class GatedConvolution(Convolution):
    """Section 3.1: features times the sigmoid of their gates; one convolution makes both, the features first."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        stride: int = 1,
        dilation: int = 1,
        *,
        padding: Padding,
        activation: Activation = elu,
        doubling: bool = False,
    ) -> None:
        super().__init__(
            inputs, 2 * outputs, kernel, stride, dilation, padding=padding, activation=activation, doubling=doubling
        )

    def forward(self, maps: Tensor) -> Tensor:
        features, gates = self._halves(maps)
        return self.activation(features) * torch.sigmoid(gates)

    def _halves(self, maps: Tensor) -> tuple[Tensor, ...]:
        """Features and gates; in a graph of a convolution each, where that costs no more products."""
        if torch.compiler.is_exporting() and graph_forms.divides(self.weight):
            assert self.bias is not None
            halves = zip(self.weight.chunk(2), self.bias.chunk(2), strict=True)
            return tuple(self.convolved(maps, weight, bias) for weight, bias in halves)
        return self.convolved(maps).chunk(2, 1)


class DeepFillV2(nn.Module):
    """The generator of figure 3; `guided` adds the channel for lines. `width` and `start` as in `DeepFillV1`."""

    def __init__(
        self,
        conventions: Conventions,
        *,
        guided: bool = False,
        width: float = 1.0,
        start: Start = Start.PUBLISHED,
        memory: int | None = MEMORY,
    ) -> None:
        super().__init__()
        layer = partial(GatedConvolution, padding=conventions.padding)
        plain = partial(Convolution, padding=conventions.padding)
        base = scaled(BASE, width)
        self.guided = guided
        self.start = start
        self.coarse = coarse_stage(layer, plain, 6 if guided else 5, base)
        self.refine = RefinementStage(layer, plain, 3, base, conventions, memory)
        if start is Start.MEMBRANE:
            silence(self.coarse[-1], self.refine.merged[-1])

    def forward(
        self, image: Tensor, hole: Tensor, guide: Tensor | None = None, queries: Tensor | None = None
    ) -> Stages:
        """Both stages. `guide` (B, 1, H, W) is 1.0 on lines, inside the hole; `queries` as in `DeepFillV1`."""
        coarse, repaired = self.draft(image, hole, guide)  # figure 3, left
        raw, keys = self.refine(self.shown(repaired, hole), hole, queries)  # figure 3, right
        return Stages(coarse, self.picture(raw, repaired), keys)

    def draft(self, image: Tensor, hole: Tensor, guide: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The coarse picture, and the given one repaired with it."""
        known = beginning(image, hole, self.start)
        coarse = self.picture(self.coarse(self.inputs(known, hole, guide)), known)
        return coarse, composite(coarse, known, hole)

    @staticmethod
    def shown(repaired: Tensor, _hole: Tensor) -> Tensor:
        """What the refinement stage sees: the repaired picture alone."""
        return repaired

    def inputs(self, known: Tensor, hole: Tensor, guide: Tensor | None) -> Tensor:
        """What the coarse stage sees: the picture, the lines in the hole, ones (zeros stand around), and the hole."""
        if self.guided != (guide is not None):
            raise ValueError("the guided network, and no other, needs lines")
        lines = [] if guide is None else [guide * hole]
        return torch.cat([known, *lines, torch.ones_like(hole), hole], 1)

    def picture(self, raw: Tensor, given: Tensor) -> Tensor:
        """What a stage says, as a picture; `given` is the one that it was shown."""
        return torch.tanh(raw) if self.start is Start.PUBLISHED else (given + raw).clamp(-1, 1)


class PatchCritic(nn.Module):
    """Section 3.3, SN-PatchGAN: a score for each feature of each place, (B, 256, H / 64, W / 64).

    It sees the picture with its hole, and with the lines in the hole where the generator is guided. Its spectral norms
    take their step in evaluation as well: so do the published programs.
    """

    def __init__(self, conventions: Conventions, *, guided: bool = False, width: float = 1.0) -> None:
        super().__init__()

        def layer(inputs: int, outputs: int) -> Convolution:
            convolution = Convolution(inputs, outputs, 5, 2, padding=conventions.padding, activation=leaky)
            return spectral_norm(convolution, at_every_pass=True)

        c1, c2, c4 = (scaled(n, width) for n in (64, 128, 256))
        self.layers = chain(
            conv1=layer(5 if guided else 4, c1),
            conv2=layer(c1, c2),
            conv3=layer(c2, c4),
            conv4=layer(c4, c4),
            conv5=layer(c4, c4),
            conv6=layer(c4, c4),
        )

    def forward(self, picture: Tensor, hole: Tensor, guide: Tensor | None = None) -> Tensor:
        lines = [] if guide is None else [guide * hole]
        return self.layers(torch.cat([picture, hole, *lines], 1))
