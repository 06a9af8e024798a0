"""EdgeConnect: one network completes the edges inside the hole, a second one paints colour along them.

Nazeri, Ng, Joseph, Qureshi, Ebrahimi: EdgeConnect: Generative Image Inpainting with Adversarial Edge Learning, 2019.
Both take height and width that are multiples of 4, from 12 on. The edges of the picture are found by
`lacuna.imaging.edges`; between the two networks they may be changed by hand.
"""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lacuna.networks.layout import Layout
from lacuna.networks.spectral import spectral_norm

BLOCKS = 8
LEAK = 0.2


class EdgeGenerator(nn.Module):
    """Edges (B, 1, H, W) in [0, 1] of the whole picture from its grey values in [0, 1] and the edges of the known part.

    For training the weights are spectrally normalised; what runs has them folded in (`spectral.fold`). It has no start
    from the membrane, which shows no edges to start from.
    """

    multiple, smallest = 4, 12

    def __init__(self, *, width: float = 1.0, spectral: bool = False) -> None:
        super().__init__()
        self.body = _Body(3, 1, width, spectral=spectral, biased_residuals=False)

    def forward(self, grey: Tensor, edges: Tensor, hole: Tensor) -> Tensor:  # three (B, 1, H, W); 1 = edge, 1 = invent
        white, empty = torch.where(hole > 0, 1.0, grey), torch.where(hole > 0, 0.0, edges)
        return torch.sigmoid(self.body(torch.cat([white, empty, hole], 1)))


class ImageGenerator(nn.Module):
    """Colour (B, 3, H, W) in [0, 1] of the whole picture, from the picture and edges, inside the hole too.

    With `membrane_start` the picture comes with its hole filled in beforehand, so that the hole becomes an input of its
    own, and the network says what differs from that: at first nothing.
    """

    multiple, smallest = 4, 12

    def __init__(self, *, width: float = 1.0, membrane_start: bool = False) -> None:
        super().__init__()
        self.membrane_start = membrane_start
        self.body = _Body(5 if membrane_start else 4, 3, width, spectral=False, biased_residuals=True)
        if membrane_start:
            for parameter in self.body.last.parameters():
                nn.init.zeros_(parameter)

    def forward(self, image: Tensor, edges: Tensor, hole: Tensor) -> Tensor:  # (B, 3, H, W), two (B, 1, H, W)
        if self.membrane_start:
            return image + self.body(torch.cat([image, edges, hole], 1))
        white = torch.where(hole > 0, 1.0, image)
        return (torch.tanh(self.body(torch.cat([white, edges], 1))) + 1) / 2


class _Body(nn.Module):
    """What both generators are: down to a quarter of the size, eight residual blocks, and up again."""

    def __init__(self, seen: int, painted: int, width: float, *, spectral: bool, biased_residuals: bool) -> None:
        super().__init__()
        fine, middle, coarse = (_scaled(channels, width) for channels in (64, 128, 256))
        self.encoder = nn.Sequential(
            _Normalised(_reflecting(seen, fine, 7), spectral),
            _Normalised(nn.Conv2d(fine, middle, 4, stride=2, padding=1), spectral),
            _Normalised(nn.Conv2d(middle, coarse, 4, stride=2, padding=1), spectral),
        )
        self.residuals = nn.Sequential(*(_Residual(coarse, spectral, biased_residuals) for _ in range(BLOCKS)))
        self.decoder = nn.Sequential(
            _Normalised(nn.ConvTranspose2d(coarse, middle, 4, stride=2, padding=1), spectral),
            _Normalised(nn.ConvTranspose2d(middle, fine, 4, stride=2, padding=1), spectral),
        )
        self.last = _reflecting(fine, painted, 7)

    def forward(self, seen: Tensor) -> Tensor:
        features = self.encoder(seen)  # (B, 256, H/4, W/4)
        return self.last(self.decoder(self.residuals(features)))


class _Normalised(nn.Module):
    """A convolution, each of its channels normalised over the whole picture, and what of it is above 0."""

    def __init__(self, convolution: nn.Conv2d | nn.ConvTranspose2d, spectral: bool) -> None:
        super().__init__()
        self.convolution = spectral_norm(convolution) if spectral else convolution

    def forward(self, features: Tensor) -> Tensor:
        return F.relu(F.instance_norm(self.convolution(features)), inplace=True)


class _Residual(nn.Module):
    """Two convolutions, the first with its taps two pixels apart, added to what they were given."""

    def __init__(self, channels: int, spectral: bool, biased: bool) -> None:
        super().__init__()
        first = _reflecting(channels, channels, 3, dilation=2, bias=biased)
        second = _reflecting(channels, channels, 3, bias=biased)
        self.first = _Normalised(first, spectral)
        self.second = spectral_norm(second) if spectral else second

    def forward(self, features: Tensor) -> Tensor:
        return features + F.instance_norm(self.second(self.first(features)))


class Discriminator(nn.Module):
    """Tells apart patches of 70 x 70 pixels, of grey values with edges (2 channels) or of pictures (3). For training.

    Gives its five maps, for the feature matching loss; the last are the scores, before any sigmoid.
    """

    def __init__(self, seen: int, *, width: float = 1.0) -> None:
        super().__init__()
        channels = [seen, *(_scaled(count, width) for count in (64, 128, 256, 512)), 1]
        self.convolutions = nn.ModuleList(
            spectral_norm(nn.Conv2d(channels[i], channels[i + 1], 4, stride=2 if i < 3 else 1, padding=1, bias=False))
            for i in range(5)
        )

    def forward(self, seen: Tensor) -> list[Tensor]:
        maps = [seen]
        for convolution in self.convolutions[:-1]:
            maps.append(F.leaky_relu(convolution(maps[-1]), LEAK))
        return [*maps[1:], self.convolutions[-1](maps[-1])]


def _reflecting(seen: int, made: int, size: int, *, dilation: int = 1, bias: bool = True) -> nn.Conv2d:
    margin = dilation * (size // 2)
    return nn.Conv2d(seen, made, size, padding=margin, dilation=dilation, padding_mode="reflect", bias=bias)


def _scaled(channels: int, width: float) -> int:
    return max(1, round(channels * width))


_GENERATOR = {
    "encoder.1": "body.encoder.0.convolution",
    "encoder.4": "body.encoder.1.convolution",
    "encoder.7": "body.encoder.2.convolution",
    **{
        f"middle.{block}.conv_block.{theirs}": f"body.residuals.{block}.{ours}"
        for block in range(BLOCKS)
        for theirs, ours in ((1, "first.convolution"), (5, "second"))
    },
    "decoder.0": "body.decoder.0.convolution",
    "decoder.3": "body.decoder.1.convolution",
    "decoder.7": "body.last",
}
_DISCRIMINATOR = {f"conv{i + 1}.0": f"convolutions.{i}" for i in range(5)}
_TWICE = {"features.0": "conv1.0"}

EDGE_GENERATOR = Layout(
    "EdgeConnect (edges)", "EdgeModel_gen.pth", "generator", partial(EdgeGenerator, spectral=True), _GENERATOR
)
IMAGE_GENERATOR = Layout("EdgeConnect (image)", "InpaintingModel_gen.pth", "generator", ImageGenerator, _GENERATOR)
EDGE_DISCRIMINATOR = Layout(
    "EdgeConnect (critic of edges)",
    "EdgeModel_dis.pth",
    "discriminator",
    partial(Discriminator, 2),
    _DISCRIMINATOR,
    _TWICE,
)
IMAGE_DISCRIMINATOR = Layout(
    "EdgeConnect (critic of images)",
    "InpaintingModel_dis.pth",
    "discriminator",
    partial(Discriminator, 3),
    _DISCRIMINATOR,
    _TWICE,
)
