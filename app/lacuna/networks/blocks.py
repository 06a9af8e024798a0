"""What several of the networks are made of, above all the convolutions of both DeepFill papers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lacuna.networks import graph_forms
from lacuna.networks.conventions import Padding

Activation = Callable[[Tensor], Tensor]


def as_it_is(maps: Tensor) -> Tensor:
    return maps


def leaky(maps: Tensor) -> Tensor:
    return F.leaky_relu(maps, 0.2)


def elu(maps: Tensor) -> Tensor:
    return graph_forms.elu(maps) if torch.compiler.is_exporting() else F.elu(maps)


class Convolution(nn.Conv2d):
    """One layer of DeepFill's figures: zeros around, a bias, an activation, and nothing normalised.

    Its output has the size of its input, divided by the stride; with `doubling` each pixel is made 2 x 2 before.
    """

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
        same = stride > 1 and padding is Padding.SAME
        around = 0 if same else dilation * (kernel - 1) // 2
        super().__init__(inputs, outputs, kernel, stride, around, dilation)
        self.same = same
        self.activation = activation
        self.doubling = doubling

    def reset_parameters(self) -> None:
        """Weights to begin a training with, as TensorFlow does (Glorot and Bengio 2010)."""
        nn.init.xavier_uniform_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, maps: Tensor) -> Tensor:
        return self.activation(self.convolved(maps))

    def convolved(self, maps: Tensor, weight: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        """The layer before its activation; or some of its channels, of which these are `weight` and `bias`."""
        if weight is None:
            weight, bias = self.weight, self.bias
        if self.same:
            (above, below), (left, right) = (self._same(size) for size in maps.shape[-2:])
            maps = F.pad(maps, (left, right, above, below))
        if self.doubling:
            if torch.compiler.is_exporting():
                return graph_forms.doubled(maps, weight, bias)
            maps = F.interpolate(maps, scale_factor=2.0, mode="nearest")
        return self._conv_forward(maps, weight, bias)

    def _same(self, size: int) -> tuple[int, int]:
        """Zeros before and behind: as many as the last step of the kernel reaches over, the odd one behind."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        total = max(kernel - (size % stride or stride), 0)
        return total // 2, total - total // 2


def chain(**layers: nn.Module) -> nn.Sequential:
    """The layers one behind the other, under their names."""
    return nn.Sequential(OrderedDict(layers))


def scaled(channels: int, width: float) -> int:
    """The published number of channels, `width` times, in whole fours: some maps are made in halves or quarters."""
    return max(4, round(channels * width / 4) * 4)


def silence(*layers: nn.Module) -> None:
    """Before a training these layers say nothing, so that what they are added to is left as it is."""
    for layer in layers:
        for parameter in layer.parameters():
            nn.init.zeros_(parameter)


def full_precision(device: torch.device) -> AbstractContextManager[object]:
    """Out of autocast where one is in it; a graph must not hold even a trace of that, and "meta" knows none."""
    if device.type != "meta" and torch.is_autocast_enabled(device.type):
        return torch.autocast(device.type, enabled=False)
    return nullcontext()
