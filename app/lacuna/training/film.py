"""The soft fill of whole batches: what `kernels.poisson` solves for one picture, solved here where the batch lies.

The same equation (each pixel of the hole is the mean of its neighbours, the picture's border is free) and the same
multigrid, but with sweeps over two colours of a chessboard in turn, since a sweep along runs has an order that a
graphics card could not keep. What is left of the error is below a quarter of a grey level; a test holds both together.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

CYCLES = 5  # on the picture itself; each leaves about a quarter of the error
SWEEPS = 2
LAST_SWEEPS = 24  # on the coarsest level


@dataclass(frozen=True, eq=False)
class _Level:
    """One grid: `hole` (B, 1, h, w) bool, and which of its pixels are swept first and second."""

    hole: Tensor
    colours: tuple[Tensor, Tensor]


@torch.no_grad()
def filled(image: Tensor, hole: Tensor) -> Tensor:
    """`image` (B, C, H, W) float32, its hole (B, 1, H, W, 1.0 inside) filled softly; what stood there does not matter.

    Sides are multiples of 16: there is no level but the coarsest where a cell would lie half outside.
    """
    if image.shape[-2] % 16 or image.shape[-1] % 16:
        raise ValueError(f"sides that are no multiples of 16: {tuple(image.shape)}")
    with torch.autocast(image.device.type, enabled=False):
        return _filled(image.float(), hole > 0)


def _filled(image: Tensor, hole: Tensor) -> Tensor:
    levels, pictures = [_level(hole)], [torch.where(hole, 0.0, image)]
    while _halvable(hole):
        picture, hole = _halved(pictures[-1], hole)
        pictures.append(picture)
        levels.append(_level(hole))
    u = _averaged(pictures[-1], levels[-1].hole)
    u = _swept(levels[-1], u, None, LAST_SWEEPS)
    for depth in reversed(range(len(levels) - 1)):
        u = torch.where(levels[depth].hole, _doubled(u), pictures[depth])
        for _turn in range(1 if depth else CYCLES):
            u = _cycled(levels[depth:], u, None)
    return u


def _halvable(hole: Tensor) -> bool:
    height, width = hole.shape[-2:]
    return height % 2 == 0 and width % 2 == 0 and min(height, width) > 2


def _level(hole: Tensor) -> _Level:
    rows, columns = (torch.arange(side, device=hole.device) for side in hole.shape[-2:])
    even = (rows[:, None] + columns) % 2 == 0
    return _Level(hole, (hole & even, hole & ~even))


def _halved(picture: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
    """Means of the known pixels of each 2 x 2; a cell without any is unknown. `picture` is 0 in the hole."""
    known = F.avg_pool2d((~hole).float(), 2)
    return F.avg_pool2d(picture, 2) / known.clamp(min=0.25), known == 0


def _averaged(picture: Tensor, hole: Tensor) -> Tensor:
    """All unknown pixels get the mean of the known ones."""
    known = (~hole).float()
    mean = (picture * known).sum((2, 3), keepdim=True) / known.sum((2, 3), keepdim=True).clamp(min=1)
    return torch.where(hole, mean, picture)


def _cycled(levels: list[_Level], u: Tensor, f: Tensor | None) -> Tensor:
    """One V down to the coarsest level and up again; `f` is the right side, None for 0."""
    level, *coarser = levels
    if not coarser:
        return _swept(level, u, f, LAST_SWEEPS)
    u = _swept(level, u, f, SWEEPS)
    left = torch.where(level.hole, _around(u) - 4 * u + (0 if f is None else f), 0.0)
    left = torch.where(coarser[0].hole, 4 * F.avg_pool2d(left, 2), 0.0)
    correction = _cycled(coarser, torch.zeros_like(left), left)
    u = u + torch.where(level.hole, _doubled(correction), 0.0)
    return _swept(level, u, f, SWEEPS)


def _swept(level: _Level, u: Tensor, f: Tensor | None, count: int) -> Tensor:
    for _turn in range(count):
        for colour in level.colours:
            around = _around(u) if f is None else _around(u) + f
            u = torch.where(colour, around / 4, u)
    return u


def _around(u: Tensor) -> Tensor:
    """The sum of the four neighbours. Beyond the border stands the pixel itself, which leaves the border free."""
    wide = F.pad(u, (1, 1, 1, 1), mode="replicate")
    return wide[:, :, :-2, 1:-1] + wide[:, :, 2:, 1:-1] + wide[:, :, 1:-1, :-2] + wide[:, :, 1:-1, 2:]


def _doubled(u: Tensor) -> Tensor:
    """Bilinear between the middles of the cells."""
    return F.interpolate(u, scale_factor=2.0, mode="bilinear", align_corners=False)
