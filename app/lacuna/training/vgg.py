"""Features of VGG-19 (Simonyan and Zisserman 2015) for EdgeConnect's perceptual and style terms.

Its weights were trained on ImageNet by others, so a file of them is the person's own: torchvision's, as it is.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from lacuna.errors import UnsuitableWeights
from lacuna.i18n import _

BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))  # channels, convolutions
LAYERS = [f"{block}_{number}" for block, (_c, count) in enumerate(BLOCKS, 1) for number in range(1, count + 1)]
PERCEPTUAL = ("1_1", "2_1", "3_1", "4_1", "5_1")  # "block_convolution", behind its ReLU
STYLE = ("2_2", "3_4", "4_4", "5_2")


class Features(nn.Module):
    """The maps of the layers that are asked for, of pictures in [0, 1]: as published, without ImageNet's mean."""

    def __init__(self) -> None:
        super().__init__()
        convolutions = []
        seen = 3
        for channels, count in BLOCKS:
            for _number in range(count):
                convolutions.append(nn.Conv2d(seen, channels, 3, padding=1))
                seen = channels
        self.convolutions = nn.ModuleList(convolutions)

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        maps, found = picture, {}
        for name, convolution in zip(LAYERS, self.convolutions, strict=True):
            if name.endswith("_1") and name != "1_1":
                maps = F.max_pool2d(maps, 2)
            maps = F.relu(convolution(maps))
            found[name] = maps
            if name == max(*PERCEPTUAL, *STYLE):
                break
        return found


def features(path: Path) -> Features:
    """With the weights of a file of torchvision (`vgg19-*.pth`), or the same as safetensors; raises UnsuitableWeights.

    Nothing of it is trained.
    """
    try:
        given = load_file(path) if path.suffix == ".safetensors" else torch.load(path, "cpu", weights_only=True)
        taken = {key: value for key, value in given.items() if key.startswith("features.")}
        numbers = sorted({int(key.split(".")[1]) for key in taken})
        network = Features()
        network.load_state_dict(
            {
                f"convolutions.{index}.{part}": taken[f"features.{number}.{part}"]
                for index, number in enumerate(numbers)
                for part in ("weight", "bias")
            }
        )
    except Exception as error:  # whatever an unsuitable file makes of torch's reader
        sentence = _("{path} does not hold the weights of VGG-19.").format(path=path)
        raise UnsuitableWeights(sentence, hint=_("Give torchvision's file vgg19-*.pth.")) from error
    return network.eval().requires_grad_(False)
