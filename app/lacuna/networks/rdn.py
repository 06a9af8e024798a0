"""RDN as the extractor of features: dense blocks, each of whose layers sees all that the block has made before.

Zhang, Tian, Kong, Zhong, Fu: Residual Dense Network for Image Super-Resolution, CVPR 2018, without its last layers.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class DenseBlock(nn.Module):
    """`layers` convolutions, each of which adds `growth` channels to those it sees; fused, and added to the input."""

    def __init__(self, features: int, layers: int, growth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(features + i * growth, growth, 3, padding=1) for i in range(layers))
        self.fusion = nn.Conv2d(features + layers * growth, features, 1)

    def forward(self, maps: Tensor) -> Tensor:
        return self.fusion(self.dense(maps)) + maps

    def dense(self, maps: Tensor) -> Tensor:
        """The input and what every layer has made of it."""
        for layer in self.layers:
            maps = torch.cat([maps, F.relu(layer(maps))], 1)
        return maps


class Rdn(nn.Module):
    """From a picture (B, 3, h, w) to `features` maps of the same size. The authors' B is 64, 16, 8, 64."""

    def __init__(self, features: int, blocks: int, layers: int, growth: int) -> None:
        super().__init__()
        self.features = features
        self.first = nn.Conv2d(3, features, 3, padding=1)
        self.second = nn.Conv2d(features, features, 3, padding=1)
        self.blocks = nn.ModuleList(DenseBlock(features, layers, growth) for _ in range(blocks))
        self.gathering = nn.Conv2d(blocks * features, features, 1)
        self.last = nn.Conv2d(features, features, 3, padding=1)

    def forward(self, picture: Tensor) -> Tensor:
        shallow = self.first(picture)
        maps = self.second(shallow)
        gathered = []
        for block in self.blocks:
            maps = block(maps)
            gathered.append(maps)
        return self.last(self.gathering(torch.cat(gathered, 1))) + shallow
