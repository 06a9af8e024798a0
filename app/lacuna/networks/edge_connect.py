"""EdgeConnect: one network completes the edges inside the hole, a second one paints colour along them.

Nazeri, Ng, Joseph, Qureshi, Ebrahimi: EdgeConnect: Generative Image Inpainting with Adversarial Edge Learning, 2019.
Both take height and width that are multiples of 4, from 12 on. The edges of the picture are found by
`lacuna.imaging.edges`; between the two networks they may be changed by hand.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lacuna.networks.blocks import leaky, scaled, silence
from lacuna.networks.conventions import Start
from lacuna.networks.graph_forms import interleaved
from lacuna.networks.spectral import spectral_norm

BLOCKS = 8


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

    With `Start.MEMBRANE` the picture comes with its hole filled softly, so that the hole becomes an input of its own,
    and the network says what to add to that.
    """

    multiple, smallest = 4, 12

    def __init__(self, *, width: float = 1.0, start: Start = Start.PUBLISHED) -> None:
        super().__init__()
        self.start = start
        seen = 4 if start is Start.PUBLISHED else 5
        self.body = _Body(seen, 3, width, spectral=False, biased_residuals=True)
        if start is Start.MEMBRANE:
            silence(self.body.last)

    def forward(self, image: Tensor, edges: Tensor, hole: Tensor) -> Tensor:  # (B, 3, H, W), two (B, 1, H, W)
        if self.start is Start.MEMBRANE:
            return image + self.body(torch.cat([image, edges, hole], 1))
        white = torch.where(hole > 0, 1.0, image)
        return (torch.tanh(self.body(torch.cat([white, edges], 1))) + 1) / 2


class _Body(nn.Module):
    """What both generators are: down to a quarter of the size, eight residual blocks, and up again."""

    def __init__(self, seen: int, painted: int, width: float, *, spectral: bool, biased_residuals: bool) -> None:
        super().__init__()
        fine, middle, coarse = (scaled(channels, width) for channels in (64, 128, 256))
        self.encoder = nn.Sequential(
            _Normalised(_reflecting(seen, fine, 7), spectral),
            _Normalised(nn.Conv2d(fine, middle, 4, stride=2, padding=1), spectral),
            _Normalised(nn.Conv2d(middle, coarse, 4, stride=2, padding=1), spectral),
        )
        self.residuals = nn.Sequential(*(_Residual(coarse, spectral, biased_residuals) for _ in range(BLOCKS)))
        self.decoder = nn.Sequential(
            _Normalised(_Doubling(coarse, middle), spectral),
            _Normalised(_Doubling(middle, fine), spectral),
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


class _Doubling(nn.ConvTranspose2d):
    """To twice the size by a transposed convolution of 4 x 4.

    In a graph it is four convolutions of 2 x 2, one for each place in a block: ONNX Runtime would lay out all products
    of the transposed one first, which is a gigabyte at 1024 x 1024.
    """

    def __init__(self, seen: int, made: int) -> None:
        super().__init__(seen, made, 4, stride=2, padding=1)

    def forward(self, features: Tensor, output_size: list[int] | None = None) -> Tensor:
        if not torch.compiler.is_exporting():
            return super().forward(features, output_size)
        padded, kernels = F.pad(features, (1, 1, 1, 1)), self.weight.transpose(0, 1)
        height, width = features.shape[-2:]
        taps = ((3, 1), (2, 0))  # which row of the kernel meets the input before and at, or at and behind, this place
        places = [
            F.conv2d(
                padded.narrow(2, down, height + 1).narrow(3, right, width + 1),
                kernels[:, :, taps[down]][:, :, :, taps[right]],
                self.bias,
            )
            for down in (0, 1)
            for right in (0, 1)
        ]
        return interleaved(*places)


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
        channels = [seen, *(scaled(count, width) for count in (64, 128, 256, 512)), 1]
        self.convolutions = nn.ModuleList(
            spectral_norm(nn.Conv2d(channels[i], channels[i + 1], 4, stride=2 if i < 3 else 1, padding=1, bias=False))
            for i in range(5)
        )

    def forward(self, seen: Tensor) -> list[Tensor]:
        maps = [seen]
        for convolution in self.convolutions[:-1]:
            maps.append(leaky(convolution(maps[-1])))
        return [*maps[1:], self.convolutions[-1](maps[-1])]


def _reflecting(seen: int, made: int, size: int, *, dilation: int = 1, bias: bool = True) -> nn.Conv2d:
    margin = dilation * (size // 2)
    return nn.Conv2d(seen, made, size, padding=margin, dilation=dilation, padding_mode="reflect", bias=bias)
