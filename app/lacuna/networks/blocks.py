"""Convolutions as both DeepFill papers draw them: zeros around, a bias, an activation, and nothing normalised."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from lacuna.networks.conventions import Padding

Activation = Callable[[Tensor], Tensor]


def as_it_is(maps: Tensor) -> Tensor:
    return maps


def leaky(maps: Tensor) -> Tensor:
    return F.leaky_relu(maps, 0.2)


class Convolution(nn.Conv2d):
    """One layer of the figures. Its output has the size of its input, divided by the stride."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        stride: int = 1,
        dilation: int = 1,
        *,
        padding: Padding,
        activation: Activation = F.elu,
    ) -> None:
        same = stride > 1 and padding is Padding.SAME
        around = 0 if same else dilation * (kernel - 1) // 2
        super().__init__(inputs, outputs, kernel, stride, around, dilation)
        self.same = same
        self.activation = activation

    def reset_parameters(self) -> None:
        """Weights to begin a training with, as TensorFlow does (Glorot and Bengio 2010)."""
        nn.init.xavier_uniform_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, maps: Tensor) -> Tensor:
        return self.activation(self.convolved(maps, self.weight))

    def convolved(self, maps: Tensor, weight: Tensor) -> Tensor:
        """The layer with another weight, before its activation."""
        if self.same:
            (above, below), (left, right) = (self._same(size) for size in maps.shape[-2:])
            maps = F.pad(maps, (left, right, above, below))
        return self._conv_forward(maps, weight, self.bias)

    def _same(self, size: int) -> tuple[int, int]:
        """Zeros before and behind: as many as the last step of the kernel reaches over, the odd one behind."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        total = max(kernel - (size % stride or stride), 0)
        return total // 2, total - total // 2


class Twice(nn.Module):
    """Each pixel as 2 x 2 of them."""

    def forward(self, maps: Tensor) -> Tensor:
        return F.interpolate(maps, scale_factor=2.0, mode="nearest")


def chain(**layers: nn.Module) -> nn.Sequential:
    """The layers one behind the other, under their names."""
    return nn.Sequential(OrderedDict(layers))


def channels(published: int, width: float) -> int:
    """The number of channels of a variant `width` times as wide, in whole fours: its halves are needed, too."""
    return max(4, round(published * width / 4) * 4)
