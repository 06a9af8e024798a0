"""EDSR as the extractor of features: residual blocks without any norm.

Lim, Son, Kim, Nah, Lee: Enhanced Deep Residual Networks for Single Image Super-Resolution, CVPR Workshops 2017, without
its last layers.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Two convolutions, `scale` times what they make added to the input: less than once keeps wide networks calm."""

    def __init__(self, features: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.first = nn.Conv2d(features, features, 3, padding=1)
        self.second = nn.Conv2d(features, features, 3, padding=1)

    def forward(self, maps: Tensor) -> Tensor:
        return maps + self.scale * self.second(F.relu(self.first(maps)))


class Edsr(nn.Module):
    """From a picture (B, 3, h, w) to `features` maps of the same size. Published are 64, 16 and 256, 32 by a tenth."""

    def __init__(self, features: int, blocks: int, residual: float) -> None:
        super().__init__()
        self.features = features
        self.first = nn.Conv2d(3, features, 3, padding=1)
        self.blocks = nn.Sequential(*(ResidualBlock(features, residual) for _ in range(blocks)))
        self.last = nn.Conv2d(features, features, 3, padding=1)

    def forward(self, picture: Tensor) -> Tensor:
        shallow = self.first(picture)
        return self.last(self.blocks(shallow)) + shallow
