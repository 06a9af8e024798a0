"""Canny's edges of whole batches, as `imaging.edges` finds them in one picture: the lines that guide a training.

Pictures are complete here, and arithmetic is in single precision, so that one pixel in some thousands differs.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from lacuna.imaging.edges import LUMA, STRONG, WEAK

SIGMA = 2.0
ROUNDS = 96  # steps along a weak edge from a strong pixel; longer ones are very rare


def grey_values(image: Tensor) -> Tensor:
    """(B, 1, H, W), the brightness of pictures (B, 3, H, W) in [0, 1]."""
    weights = torch.tensor(LUMA, dtype=image.dtype, device=image.device)
    return (image * weights[:, None, None]).sum(1, keepdim=True)


@torch.no_grad()
def canny(grey: Tensor, sigma: float = SIGMA) -> Tensor:
    """(B, 1, H, W), 1.0 on edges, of `grey` in [0, 1]."""
    with torch.autocast(grey.device.type, enabled=False):
        down, right = _gradient(_smoothed(grey.float(), sigma))
        length = torch.sqrt(down * down + right * right)
        inside = F.pad(torch.ones_like(length[:, :, 2:, 2:], dtype=torch.bool), (1, 1, 1, 1)) & (length >= WEAK)
        ridges = _ridges(down, right, length) & inside
        held = (ridges & (length >= STRONG)).float()
        weak = ridges.float()
        for number in range(ROUNDS):
            before, held = held, F.max_pool2d(held, 3, 1, 1) * weak
            # A graphics card would have to be waited for to be asked.
            if held.device.type == "cpu" and number % 4 == 3 and torch.equal(held, before):
                break
        return held


def _smoothed(grey: Tensor, sigma: float) -> Tensor:
    radius = int(4 * sigma + 0.5)
    taps = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, device=grey.device) / sigma) ** 2)
    taps = taps / taps.sum()

    def blur(plane: Tensor) -> Tensor:
        plane = F.conv2d(plane, taps[None, None, :, None], padding=(radius, 0))
        return F.conv2d(plane, taps[None, None, None, :], padding=(0, radius))

    return blur(grey) / blur(torch.ones_like(grey[:1]))


def _gradient(plane: Tensor) -> tuple[Tensor, Tensor]:
    """Sobel's derivatives down the rows and along the columns, not divided by 8; the border continues mirrored."""
    wide = F.pad(plane, (1, 1, 1, 1), mode="replicate")
    beside = wide[:, :, :, :-2] + 2 * wide[:, :, :, 1:-1] + wide[:, :, :, 2:]
    above = wide[:, :, :-2] + 2 * wide[:, :, 1:-1] + wide[:, :, 2:]
    return beside[:, :, 2:] - beside[:, :, :-2], above[:, :, :, 2:] - above[:, :, :, :-2]


def _ridges(down: Tensor, right: Tensor, length: Tensor) -> Tensor:
    """Where the gradient is no shorter than one step on, either way along itself, interpolated between two pixels."""
    wide = F.pad(length, (1, 1, 1, 1))
    height, width = length.shape[-2:]

    def beside(y: int, x: int) -> Tensor:
        return wide[:, :, 1 + y : 1 + y + height, 1 + x : 1 + x + width]

    steep, flat = down.abs(), right.abs()
    same = (down >= 0) & (right >= 0) | (down <= 0) & (right <= 0)
    opposite = (down <= 0) & (right >= 0) | (down >= 0) & (right <= 0)
    share = torch.minimum(steep, flat) / torch.maximum(steep, flat).clamp(min=torch.finfo(length.dtype).tiny)
    ridges = torch.zeros_like(same)
    # As in `imaging.edges`: two neighbours in each eighth of the circle; where several hold, the last one decides.
    for applies, near, far in (
        (same & (steep >= flat), (1, 0), (1, 1)),
        (same & (steep <= flat), (0, 1), (1, 1)),
        (opposite & (steep <= flat), (0, 1), (-1, 1)),
        (opposite & (steep >= flat), (-1, 0), (-1, 1)),
    ):
        towards, away = (
            beside(s * near[0], s * near[1]) * (1 - share) + beside(s * far[0], s * far[1]) * share for s in (1, -1)
        )
        ridges = torch.where(applies, (towards <= length) & (away <= length), ridges)
    return ridges
