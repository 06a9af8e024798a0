"""Attention transfer as it was published: one filter for each patch, all positions at once. Slow, easy to follow."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from lacuna.networks import transfer as lean


@dataclass(frozen=True)
class Transferred:
    """`scores` and `shares` are (B, L, h, w), keys first; `filled` is (B, C, 2h, 2w)."""

    scores: Tensor
    shares: Tensor
    filled: Tensor


def transfer(finer: Tensor, deeper: Tensor, hole: Tensor, patch: int) -> Transferred:
    """Image by image, with convolutions whose filters are the patches."""
    images = [_one(finer[i : i + 1], deeper[i : i + 1], hole[i : i + 1], patch) for i in range(finer.shape[0])]
    return Transferred(
        torch.cat([image.scores for image in images]),
        torch.cat([image.shares for image in images]),
        torch.cat([image.filled for image in images]),
    )


def known_keys(hole: Tensor, height: int, width: int, patch: int) -> Tensor:
    """(B, 1, height, width), 1 where the mean of the resized hole over the patch is 0."""
    resized = F.interpolate(hole, (height, width), mode="bilinear", align_corners=True)
    return (F.avg_pool2d(resized, patch, stride=1, padding=patch // 2) == 0).float()


def _one(finer: Tensor, deeper: Tensor, hole: Tensor, patch: int) -> Transferred:
    _batch, channels, height, width = deeper.shape
    keys = F.unfold(deeper, patch, padding=patch // 2)[0].T.reshape(-1, channels, patch, patch)
    lengths = keys.flatten(1).norm(dim=1).clamp_min(1e-4)[:, None, None, None]
    valid = known_keys(hole, height, width, patch).flatten()[None, :, None, None]
    scores = 10 * F.conv2d(deeper, keys / lengths, padding=patch // 2) * valid
    shares = (scores.softmax(1) * valid).clamp_min(1e-8)
    values = F.unfold(finer, 4, stride=2, padding=1)[0].T.reshape(-1, finer.shape[1], 4, 4)
    return Transferred(scores, shares, F.conv_transpose2d(shares, values, stride=2, padding=1) / 4)


def lean_shares(deeper: Tensor, known: Tensor, patch: int) -> Tensor:
    """The shares as the lean form computes them, in the shape of the published ones: (1, L, h, w), keys first."""
    descriptions = F.unfold(deeper, patch, padding=patch // 2)[0]
    places = known.flatten()
    keys = lean.sharpened(descriptions[:, places])
    found = lean.shares(descriptions, keys, int((~places).sum()))
    shares = torch.full((places.numel(), places.numel()), lean.FLOOR)
    shares[places] = found[:, :-1].T
    return shares.unflatten(1, deeper.shape[-2:])[None]
