"""PEN-Net: a pyramid-context encoder, attention transfer on every level, a decoder of many scales.

Zeng, Fu, Chao, Guo: Learning Pyramid-Context Encoder Network for High-Quality Image Inpainting, CVPR 2019; as the
authors' PyTorch version computes it, to which their published weights belong: the deepest map is taken as it is, and
the next one is matched by single positions.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lacuna.networks.blocks import leaky, scaled, silence
from lacuna.networks.conventions import Start
from lacuna.networks.spectral import spectral_norm
from lacuna.networks.transfer import DILATIONS, AttentionTransfer

CHANNELS = (32, 64, 128, 256, 512, 512)  # of the encoder's maps, the finest first
LEVELS = len(CHANNELS) - 1  # what is filled by transfer: all but the deepest
GRAPH_PIECES = (32, 4, 1, 1, 1)  # the scores of a piece take 512 MiB at 1024 x 1024 if every position is asked for


class PenNet(nn.Module):
    """The generator. Pictures are in [-1, 1], height and width multiples of 64; in a hole 1 is what to invent.

    `width` multiplies the channels. With `Start.MEMBRANE` the picture comes with its hole filled softly, and the
    network says what to add to that. Lists of levels begin with the finest, half as large as the picture.
    """

    multiple = 64

    def __init__(self, *, width: float = 1.0, start: Start = Start.PUBLISHED) -> None:
        super().__init__()
        self.start = start
        self.pieces: Sequence[int | None] = [None] * LEVELS
        channels = [scaled(count, width) for count in CHANNELS]
        filled = channels[:LEVELS]
        self.encoder = nn.ModuleList(
            nn.Conv2d(seen, made, 3, stride=2, padding=1) for seen, made in zip([4, *filled], channels, strict=True)
        )
        self.transfers = nn.ModuleList(
            [*(AttentionTransfer(count) for count in filled[:-1]), AttentionTransfer(filled[-1], patch=1, fused=False)]
        )
        # What is painted on a level goes on together with the map filled there; the deepest map alone.
        deeper = [*(2 * count for count in filled[1:]), channels[-1]]
        self.decoder = nn.ModuleList(
            nn.Conv2d(seen, made, 3, padding=1) for seen, made in zip(deeper, filled, strict=True)
        )
        self.pictures = nn.ModuleList(nn.Conv2d(2 * count, 3, 1) for count in filled)
        self.painter = nn.Sequential(
            nn.Conv2d(2 * filled[0], filled[0], 3, padding=1), nn.ReLU(), nn.Conv2d(filled[0], 3, 3, padding=1)
        )
        if start is Start.MEMBRANE:
            silence(self.pictures, self.painter[-1])

    def forward(self, image: Tensor, hole: Tensor, wanted: Tensor | None = None) -> tuple[Tensor, list[Tensor]]:
        """The painted picture (B, 3, H, W), and one of every level's size for the pyramid loss.

        `wanted` are the positions that the finest transfer looks for, by themselves all.
        """
        *levels, deepest = self.encode(image, hole)  # (B, 32, H/2, W/2) ... (B, 512, H/32, W/32); (B, 512, H/64, W/64)
        scales = self.decode(deepest, self.transfer(levels, deepest, hole, wanted))
        pyramid = [self._picture(layer(scale), image) for layer, scale in zip(self.pictures, scales, strict=True)]
        return self.paint(scales[0], image), pyramid

    def fill(self, image: Tensor, hole: Tensor) -> Tensor:
        """The painted picture, right inside the hole and meaningless outside: for a composite, at less cost."""
        *levels, deepest = self.encode(image, hole)
        scales = self.decode(deepest, self.transfer(levels, deepest, hole, wanted=read_for(hole)))
        return self.paint(scales[0], image)

    def for_graph(self) -> PenNet:
        """This network, its transfers in so many pieces at any size: a graph cannot count them when it runs."""
        self.pieces = GRAPH_PIECES
        return self

    def for_training(self) -> PenNet:
        """This network, its transfers of a whole batch at once: no size depends on a hole, for more memory."""
        for level in self.transfers:
            assert isinstance(level, AttentionTransfer)
            level.batched = True
        return self

    def encode(self, image: Tensor, hole: Tensor) -> list[Tensor]:
        """The encoder's six maps."""
        seen = torch.where(hole > 0, 1.0, image) if self.start is Start.PUBLISHED else image
        features = torch.cat([seen, hole], 1)
        maps = []
        for convolution in self.encoder[:-1]:
            features = leaky(convolution(features))
            maps.append(features)
        return [*maps, F.relu(self.encoder[-1](features))]

    def transfer(
        self, levels: Sequence[Tensor], deepest: Tensor, hole: Tensor, wanted: Tensor | None = None
    ) -> list[Tensor]:
        """The five maps filled from deep to fine, each as the one filled before it says; `wanted` is for the finest."""
        filled: list[Tensor] = []
        deeper = deepest
        for level in reversed(range(LEVELS)):
            deeper = self.transfers[level](
                levels[level], deeper, hole, wanted if level == 0 else None, self.pieces[level]
            )
            filled.insert(0, deeper)
        return filled

    def decode(self, deepest: Tensor, filled: Sequence[Tensor]) -> list[Tensor]:
        """What is painted on each of the five levels, together with the map that was filled there."""
        scales: list[Tensor] = []
        scale = deepest
        for level in reversed(range(LEVELS)):
            painted = F.relu(self.decoder[level](doubled(scale)))
            scale = torch.cat([painted, filled[level]], 1)
            scales.insert(0, scale)
        return scales

    def paint(self, finest: Tensor, image: Tensor) -> Tensor:
        """The picture at full size."""
        return self._picture(self.painter(doubled(finest)), image)

    def _picture(self, drawn: Tensor, image: Tensor) -> Tensor:
        if self.start is Start.PUBLISHED:
            return torch.tanh(drawn)
        return F.interpolate(image, drawn.shape[-2:], mode="bilinear", align_corners=True) + drawn


class Discriminator(nn.Module):
    """Scores of overlapping patches of a picture (B, 3, H, W), before any sigmoid; sees no hole. For training."""

    def __init__(self, *, width: float = 1.0) -> None:
        super().__init__()
        channels = [3, *(scaled(count, width) for count in (64, 128, 256, 512))]
        self.encoder = nn.ModuleList(
            spectral_norm(nn.Conv2d(channels[i], channels[i + 1], 5, stride=2 if i < 3 else 1, padding=1, bias=False))
            for i in range(4)
        )
        self.classifier = nn.Conv2d(channels[-1], 1, 5, padding=1)

    def forward(self, picture: Tensor) -> Tensor:
        features = picture
        for convolution in self.encoder:
            features = leaky(convolution(features))
        return self.classifier(features)


def doubled(features: Tensor) -> Tensor:
    """Twice the height and width, bilinear with the corner pixels kept in the corners."""
    return F.interpolate(features, scale_factor=2, mode="bilinear", align_corners=True)


def read_for(hole: Tensor) -> Tensor:
    """(B, 1, H/4, W/4) bool: where the finest transfer has to look for the hole's pixels of the picture to be right.

    Backwards from there: two convolutions of 3 x 3, the doubling, the fusing convolutions, the patches of 4 x 4.
    """
    read = F.max_pool2d(hole, 5, stride=1, padding=2)
    # Pixel y of the doubled map is made of the two around y (h - 1) / (2 h - 1), so r is read by 2 r - 1 to 2 r + 3.
    read = F.max_pool2d(F.pad(read, (1, 2, 1, 2)), 5, stride=2)
    at_distances = [
        F.max_pool2d(F.pad(read, (distance,) * 4), 3, stride=1, dilation=distance) for distance in DILATIONS
    ]
    return F.max_pool2d(torch.cat(at_distances, 1).amax(1, keepdim=True), 4, stride=2, padding=1) > 0
