"""Attention transfer: a map is filled from its own known patches, as the deeper map finds them alike (PEN-Net).

Zeng, Fu, Chao, Guo 2019, section 3.2. The published form makes one filter of every patch and convolves all positions
with all filters. Here the same numbers come out of two matrix products: a patch that touches the hole is never a key,
only the positions that somebody reads are queries, and no more scores exist at a time than `SCORES_BYTES` allows.
"""

from __future__ import annotations

from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lacuna.networks.blocks import full_precision

SHARPNESS = 10.0  # the softmax sees cosines of keys, times the length of the query, times this
SHORTEST = 1e-4  # of the norm of a key
FLOOR = 1e-8  # the least share of any patch, of those that touch the hole too
SCORES_BYTES = 64 << 20
DILATIONS = (1, 2, 4, 8)


class AttentionTransfer(nn.Module):
    """Fills a map from the next deeper one, then fuses what was found at four distances."""

    def __init__(self, channels: int, *, patch: int = 3, fused: bool = True) -> None:
        super().__init__()
        self.patch = patch
        self.batched = False  # as `transfer_together` does it
        self.fuse = nn.ModuleList(
            nn.Conv2d(channels, channels // len(DILATIONS), 3, padding=distance, dilation=distance)
            for distance in (DILATIONS if fused else ())
        )

    def forward(
        self, finer: Tensor, deeper: Tensor, hole: Tensor, wanted: Tensor | None = None, pieces: int | None = None
    ) -> Tensor:
        """(B, C, 2h, 2w) from the same and (B, D, h, w); `hole` (B, 1, H, W) has the whole picture's size, 1 = hole.

        `wanted` (B, 1, h, w) names the positions that are filled; elsewhere the outcome means nothing. They are taken
        in `pieces`, which change nothing but the memory: by themselves in as many as `SCORES_BYTES` asks for, in a
        graph with free height and width in a number fixed beforehand.
        """
        known = known_patches(hole, deeper.shape[-2], deeper.shape[-1], self.patch)
        if self.batched:
            filled = transfer_together(finer, deeper, known, self.patch)
        else:
            filled = transfer(finer, deeper, known, wanted, patch=self.patch, pieces=pieces)
        if not self.fuse:
            return filled
        return torch.cat([F.relu(convolution(filled)) for convolution in self.fuse], 1)


def known_patches(hole: Tensor, height: int, width: int, patch: int) -> Tensor:
    """(B, 1, height, width) bool, True where the patch around a position touches no pixel of the hole.

    The published form resizes the hole bilinearly with aligned corners, averages over the patch and asks for an exact
    zero: so what counts is which pixels have any weight at all. These are read off here, positions in float32 as
    there, and so every engine that multiplies by IEEE rules agrees.
    """
    sampled = hole
    for axis, size in ((2, height), (3, width)):
        last = hole.shape[axis] - 1
        samples = torch.arange(size, device=hole.device, dtype=torch.float32)
        pixels = torch.arange(hole.shape[axis], device=hole.device, dtype=torch.float32)
        # Tensors, not numbers: in a graph with free sizes a number would be the size that it was exported with.
        at = samples * (pixels[-1:] / samples[-1:].clamp(min=1))
        before, after = at.floor().long().clamp(max=last), at.ceil().long().clamp(max=last)
        sampled = torch.maximum(sampled.index_select(axis, before), sampled.index_select(axis, after))
    return F.max_pool2d(sampled, patch, stride=1, padding=patch // 2) == 0


def transfer(
    finer: Tensor,
    deeper: Tensor,
    known: Tensor,
    wanted: Tensor | None = None,
    *,
    patch: int = 3,
    pieces: int | None = None,
) -> Tensor:
    """`finer` (B, C, 2h, 2w) put together anew from those of its 4 x 4 patches whose place in `known` is True.

    Each position of `deeper` (B, D, h, w) is compared with all the known ones; by these shares the patches of `finer`
    are mixed and laid over one another. Exact up to the order of sums. `wanted`, `pieces`: see `AttentionTransfer`.
    """
    with full_precision(deeper.device):  # scores and shares would be too rough
        return _transferred(finer, deeper.float(), known, wanted, patch, pieces).to(finer.dtype)


def _transferred(
    finer: Tensor, deeper: Tensor, known: Tensor, wanted: Tensor | None, patch: int, pieces: int | None
) -> Tensor:
    batch, _channels, height, width = deeper.shape
    # (B, patch² D, L): queries everywhere, keys where known. In float32 whatever the maps are: scores are sharp.
    descriptions = F.unfold(deeper, patch, padding=patch // 2)
    values = F.unfold(finer, 4, stride=2, padding=1)  # (B, 16 C, L)
    filled = [
        _filled(
            descriptions[image],
            values[image],
            _places(known[image]),
            None if wanted is None else _places(wanted[image]),
            pieces,
        )
        for image in range(batch)
    ]
    return overlapped(torch.stack(filled).unflatten(2, (height, width))) / 4


def transfer_together(finer: Tensor, deeper: Tensor, known: Tensor, patch: int) -> Tensor:
    """As `transfer` at all positions, of a whole batch at once: for training on a graphics card.

    Every patch is a key, as published, so that nothing has to be counted first; that takes the more memory.
    """
    with full_precision(deeper.device):
        descriptions = F.unfold(deeper.float(), patch, padding=patch // 2)
        keys = descriptions * (SHARPNESS / descriptions.norm(dim=1, keepdim=True).clamp_min(SHORTEST))
        offered = known.flatten(2).float()
        found = ((descriptions.transpose(1, 2) @ keys * offered).softmax(2) * offered).clamp_min(FLOOR)
        values = F.unfold(finer.float(), 4, stride=2, padding=1) @ found.transpose(1, 2)
        return (overlapped(values.unflatten(2, deeper.shape[-2:])) / 4).to(finer.dtype)


def _places(marked: Tensor) -> Tensor:
    return marked.flatten().nonzero().squeeze(1)


def _filled(queries: Tensor, values: Tensor, known: Tensor, wanted: Tensor | None, pieces: int | None) -> Tensor:
    """The patches (16 C, L) of one image: at every position, or at those `wanted` and 0 elsewhere."""
    positions = queries.shape[1]
    keys = sharpened(queries[:, known])
    known_values = values[:, known]
    floor = FLOOR * (values.sum(1, keepdim=True) - known_values.sum(1, keepdim=True))
    known_values = F.pad(known_values, (0, 1))  # the null key shows nothing
    asked = queries if wanted is None else queries[:, wanted]
    count = asked.shape[1]
    if pieces is None:
        pieces = max(1, -(-count * keys.shape[1] * 4 // SCORES_BYTES))
    found = [
        known_values @ shares(part, keys, positions - known.shape[0]).to(values.dtype).T + floor
        for part in (asked[:, count * i // pieces : count * (i + 1) // pieces] for i in range(pieces))
    ]
    filled = torch.cat(found, 1)
    return filled if wanted is None else torch.zeros_like(values).index_copy(1, wanted, filled)


def sharpened(descriptions: Tensor) -> Tensor:
    """Keys (patch² D, K + 1) from the descriptions of K known patches; the last is the null key, all zero."""
    keys = descriptions * (SHARPNESS / descriptions.norm(dim=0, keepdim=True).clamp_min(SHORTEST))
    return F.pad(keys, (0, 1))


def shares(queries: Tensor, keys: Tensor, unknown: int) -> Tensor:
    """(N, K + 1): how much each of N queries takes from every key, 1e-8 at least.

    In the published form every one of the `unknown` patches enters the softmax with a score of 0 and is cut off after
    it. They are one here: the null key in the last column, whose score is the logarithm of their number.
    """
    together = torch.full((1,), 1.0, device=keys.device) * unknown
    null_key = F.pad(together.log(), (keys.shape[1] - 1, 0))
    with full_precision(queries.device):
        return torch.addmm(null_key, queries.T, keys).softmax(1).clamp_min(FLOOR)


def overlapped(patches: Tensor) -> Tensor:
    """(B, C, 2h, 2w): 4 x 4 patches (B, 16 C, h, w), two pixels apart, added where they lie over one another.

    What `fold` does, but of quarters of patches: shapes stay free in every exporter. On the border only half as many
    lie over one another, in the corner a quarter: published weights were trained with that.
    """
    quarters = patches.unflatten(1, (-1, 2, 2, 2, 2))  # (B, C, lower, y, right, x, h, w)
    shifted = (
        F.pad(quarters[:, :, lower, :, right], (right, 1 - right, lower, 1 - lower))
        for lower in (0, 1)
        for right in (0, 1)
    )
    canvas = reduce(torch.add, shifted)
    return F.pixel_shuffle(canvas.flatten(1, 3), 2)[:, :, 1:-1, 1:-1]
