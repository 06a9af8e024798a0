"""SPAN as the extractor of features: plain convolutions, weighed by an attention that has no parameters.

Wan, Yu, Wu, Shi, Hu: Swift Parameter-free Attention Network for Efficient Super-Resolution, CVPR Workshops 2024, first
of that year's challenge for efficient networks; without its last layers, and with plain convolutions where the authors
train three that are folded into one.

It suits processors: nothing in it but convolutions of 3 x 3, which are what ONNX Runtime does fastest, and a sigmoid.
Its rivals of that size look further by pooling and strides (RFDN, RLFN), so that a tile depends on where it begins, by
depthwise convolutions (BSRN, SAFMN), whose speed the memory bounds, or by windows of attention.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class AttentionBlock(nn.Module):
    """Three convolutions; what the last one makes says by itself how much of the sum counts."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(features, features, 3, padding=1) for _ in range(3))

    def forward(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """The block's output, and what its first convolution gave."""
        first = self.layers[0](maps)
        drawn = self.layers[2](F.silu(self.layers[1](F.silu(first))))
        return (drawn + maps) * (torch.sigmoid(drawn) - 0.5), first


class Span(nn.Module):
    """From a picture (B, 3, h, w) to `features` maps of the same size. The authors' is 48, 6."""

    def __init__(self, features: int, blocks: int) -> None:
        super().__init__()
        self.features = features
        self.first = nn.Conv2d(3, features, 3, padding=1)
        self.blocks = nn.ModuleList(AttentionBlock(features) for _ in range(blocks))
        self.last = nn.Conv2d(features, features, 3, padding=1)
        self.gathering = nn.Conv2d(4 * features, features, 1)

    def forward(self, picture: Tensor) -> Tensor:
        shallow = self.first(picture)
        maps, early, within = shallow, shallow, shallow
        for number, block in enumerate(self.blocks):
            maps, within = block(maps)
            if number == 0:
                early = maps
        return self.gathering(torch.cat([shallow, self.last(maps), early, within], 1))
