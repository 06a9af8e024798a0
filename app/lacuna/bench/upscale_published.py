"""Meta-SR's enlarging layer as it was published: a kernel for each point of a grid, to hold ours against.

The grid has as many points in a pixel as the factor rounded up, those that the enlarged picture does not have among
them. Every kernel of it is held at once, and every patch as often as it is read.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

    from lacuna.networks.meta_sr import MetaSr


class Grid(NamedTuple):
    """`positions` (1, s h s w, 3) of a grid: one over the factor, down and across; `valid` (s h, s w) are points."""

    positions: NDArray[np.float32]
    valid: NDArray[np.bool_]


def grid(height: int, width: int, factor: float) -> Grid:
    """All positions, in 32 bit as the program computes them; 1 where there is no point."""
    down, across = (_axis(length, factor) for length in (height, width))
    shape = len(down), len(across)
    inverse = np.full(shape, np.float32(1 / factor))
    positions = np.stack([inverse, np.broadcast_to(down[:, None], shape), np.broadcast_to(across, shape)], axis=-1)
    valid = (down[:, None] < 1) & (across < 1)
    return Grid(positions.reshape(1, -1, 3), valid)


def _axis(length: int, factor: float) -> NDArray[np.float32]:
    """The offsets of an axis, pixel by pixel."""
    step = math.ceil(factor)
    offsets = np.ones(length * step, np.float32)
    used = np.zeros(length, np.int64)
    inverse = np.float32(1 / factor)
    for point in range(int(factor * length)):
        place = np.float32(point) * inverse
        pixel = int(np.floor(place))
        offsets[pixel * step + used[pixel]] = place - np.float32(pixel)
        used[pixel] += 1
    return offsets


def kernels(network: MetaSr, positions: Tensor) -> Tensor:
    """Of (n, 3) the kernels (n, 9 F, 3)."""
    import torch.nn.functional as F

    predictor = network.predictor
    return predictor.kernels(F.relu(predictor.units(positions))).unflatten(1, (3, -1)).transpose(1, 2)


def enlarged(network: MetaSr, features: Tensor, factor: float) -> tuple[Tensor, NDArray[np.bool_]]:
    """The whole grid of points (B, 3, s h, s w) from `features` (B, h + 2, w + 2, F), and which of them are valid."""
    import torch
    import torch.nn.functional as F

    batch, height, width, count = features.shape[0], features.shape[1] - 2, features.shape[2] - 2, features.shape[3]
    step = math.ceil(factor)
    positions, valid = grid(height, width, factor)
    made = kernels(network, torch.from_numpy(positions[0]))
    by_slot = made.reshape(height, step, width, step, 9 * count, 3).permute(1, 3, 0, 2, 4, 5).contiguous()
    windows = features.unfold(1, 3, 1).unfold(2, 3, 1).permute(0, 1, 2, 4, 5, 3)
    patches = windows.reshape(batch, 1, 1, height, width, 1, 9 * count).repeat(1, step, step, 1, 1, 1, 1)
    points = torch.matmul(patches, by_slot).squeeze(5)
    placed = points.permute(0, 5, 3, 1, 4, 2).reshape(batch, 3, height * step, width * step)
    return F.conv2d(placed, network.add_mean.weight, network.add_mean.bias), valid
