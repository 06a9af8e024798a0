"""A larger network that begins where a smaller one of its kind has come to: the same pictures, from more weights.

As Net2Net (Chen, Goodfellow, Shlens, ICLR 2016, section 2): what the small network computes stays as it is, since it
reads nothing of the new features, which begin as chance has them and are read from the first step on.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from lacuna.contract.model_config import Network

BLOCKS = "extractor.blocks."
KERNELS = "predictor.kernels."  # its weights stand by colour, row, column and feature


def begins(network: Network, small: Mapping[str, float], large: Mapping[str, float]) -> bool:
    """Whether a network of the sizes `small` can be grown to `large`: an EDSR that is nowhere larger."""
    if network is not Network.META_EDSR or small.keys() != large.keys() or small["residual"] != large["residual"]:
        return False
    return all(size <= large[name] for name, size in small.items())


@torch.no_grad()
def grown(weights: Mapping[str, Tensor], network: nn.Module) -> dict[str, Tensor]:
    """The weights of `network` that compute what `weights` of a network with fewer features and blocks do.

    Those of the same sizes come back as they are, and so does what the network has not; what `weights` should have and
    does not is missing. `network` is as it was drawn by chance, one that enlarges on an EDSR if anything is to grow.
    """
    found = dict(weights)
    for key, own in network.state_dict().items():
        small = weights.get(key)
        if small is None:
            if key.startswith(BLOCKS):  # one that the small network has not: it adds nothing yet
                found[key] = torch.zeros_like(own) if ".second." in key else own
        elif small.shape == own.shape:
            continue
        elif key.startswith(KERNELS):
            found[key] = _by_feature(small, own)
        else:
            found[key] = _placed(small, own)
    return found


def _placed(small: Tensor, own: Tensor) -> Tensor:
    """`own` with `small` in its first corner, where old outputs read no new inputs."""
    placed = own.clone()
    placed[: len(small)] = 0
    placed[tuple(slice(size) for size in small.shape)] = small
    return placed


def _by_feature(small: Tensor, own: Tensor) -> Tensor:
    """Kernels that look at the old features alone."""
    placed = torch.zeros_like(own).unflatten(0, (27, -1))
    taps = small.unflatten(0, (27, -1))
    placed[tuple(slice(size) for size in taps.shape)] = taps
    return placed.flatten(0, 1)
