"""Steps in the form that ONNX Runtime runs fastest, with the same numbers: layers take it while a graph is exported.

Measured on one core at 512 x 512. What is computed here of weights alone is computed once, when a graph is loaded.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

LEAST = -100.0  # whose exponential is nothing beside 1; a clamp from both sides is one step, from one side another's
BLOCK = 16  # channels that lie together in maps with AVX-512; with AVX2 they are 8


def elu(maps: Tensor) -> Tensor:
    """ELU: ONNX Runtime's own takes each number by itself, three times as long as these four steps by vectors."""
    return torch.maximum(maps, maps.clamp(LEAST, 0.0).exp() - 1)


def divides(kernel: Tensor) -> bool:
    """Are two convolutions, each of half of these channels, no more work than one? All are computed in blocks."""
    return kernel.shape[0] % (2 * BLOCK) == 0


def doubled(maps: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
    """A convolution of 3 x 3 of `maps` with each pixel as 2 x 2 of them: 16 products for every 36.

    At each of the four places in such a block the nine taps meet but 2 x 2 pixels: those that meet the same are added.
    """
    places = [
        F.conv2d(F.pad(maps, (1 - right, right, 1 - down, down)), _met(_met(kernel, 2, down), 3, right), bias)
        for down in (0, 1)
        for right in (0, 1)
    ]
    return interleaved(*places)


def _met(kernel: Tensor, axis: int, behind: int) -> Tensor:
    """What meets the pixel before and this one, from the first place of a block, or this one and the one behind."""
    first, middle, last = kernel.split(1, axis)
    return torch.cat([first + middle, last] if behind else [first, middle + last], axis)


def interleaved(above_left: Tensor, above_right: Tensor, below_left: Tensor, below_right: Tensor) -> Tensor:
    """Maps (B, C, H, W) as blocks of 2 x 2 in one, (B, C, 2 H, 2 W). A pixel shuffle takes seven times as long."""
    above = torch.stack([above_left, above_right], 4).flatten(3)
    below = torch.stack([below_left, below_right], 4).flatten(3)
    return torch.stack([above, below], 3).flatten(2, 3)
