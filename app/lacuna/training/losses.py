"""What several trainings have in common: distances of pictures, adversarial terms, terms of features."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def per_hole(painted: Tensor, truth: Tensor, hole: Tensor, worth: Tensor) -> Tensor:
    """Mean absolute difference over whole pictures, over the mean of the hole: small holes count as large ones do.

    `worth` (B, 1, 1, 1) is how much each picture counts.
    """
    return ((painted.float() - truth).abs() * worth).mean() / hole.mean()


def inside(painted: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    """Mean absolute difference where `weights` (B, 1, H, W) are, as much as they say; 0 where they are nowhere."""
    apart = (painted.float() - truth).abs().mean(1, keepdim=True)
    return (apart * weights).sum() / weights.sum().clamp(min=1)


def hinge(real: Tensor, fake: Tensor) -> Tensor:
    """Of a critic whose scores should be above 1 for what is true and below -1 for what is not."""
    return (F.relu(1 - real.float()).mean() + F.relu(1 + fake.float()).mean()) / 2


def guesses(real: Tensor, fake: Tensor) -> Tensor:
    """Of a critic that tells true from painted by the sign of its scores (Goodfellow et al. 2014)."""
    return (sure(real, 1.0) + sure(fake, 0.0)) / 2


def sure(scores: Tensor, wanted: float) -> Tensor:
    scores = scores.float()
    return F.binary_cross_entropy_with_logits(scores, torch.full_like(scores, wanted))


def alike(some: Sequence[Tensor], others: Sequence[Tensor]) -> Tensor:
    """Summed mean absolute difference of maps: feature matching (Wang et al. 2018), perceptual terms."""
    return torch.stack([(a.float() - b.float()).abs().mean() for a, b in zip(some, others, strict=True)]).sum()


def gram(maps: Tensor) -> Tensor:
    """How features go together in (B, C, H, W), wherever they are (Gatys et al. 2016): (B, C, C)."""
    flat = maps.float().flatten(2)
    with torch.autocast(maps.device.type, enabled=False):
        return flat @ flat.transpose(1, 2) / (flat.shape[1] * flat.shape[2])


def discount(hole: Tensor, gamma: float = 0.9, depth: int = 32) -> Tensor:
    """Yu et al. 2018, section 3.2, for holes of any shape: less weight, the farther a pixel is from the known ones.

    `gamma` to the power of the distance in steps of a king, 0 outside of the hole. Beyond `depth` it falls no more.
    """
    weights, left = torch.zeros_like(hole), hole
    for distance in range(1, depth + 1):
        weights = torch.where(left > 0, gamma**distance, weights)
        left = -F.max_pool2d(-left, 3, 1, 1)
    return weights


def slope_penalty(critic_scores: Tensor, between: Tensor, hole: Tensor) -> Tensor:
    """Gulrajani et al. 2017: a critic's scores should change by 1 where `between` does by 1, in the hole."""
    (slopes,) = torch.autograd.grad(critic_scores.sum(), between, create_graph=True)
    # The root of nothing would have no gradient.
    lengths = ((slopes * hole).square().flatten(1).sum(1) + 1e-12).sqrt()
    return (lengths - 1).square().mean()


def mixed(real: Tensor, fake: Tensor, shares: Tensor) -> Tensor:
    """Pictures on the way from `real` to `fake`, as far as `shares` (B,) say, whose gradient may be asked for."""
    return torch.lerp(real, fake, shares[:, None, None, None]).requires_grad_()


def windows(pictures: Tensor, hole: Tensor, side: int) -> Tensor:
    """(B, C, side, side): of each picture the square around the middle of its hole, no farther out than its border."""
    rows, columns = (
        _window((hole[:, 0].sum(3 - axis)), side)  # sums along the other axis
        for axis in (1, 2)
    )
    batch = torch.arange(len(pictures), device=pictures.device)[:, None, None]
    return pictures.permute(0, 2, 3, 1)[batch, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _window(weights: Tensor, side: int) -> Tensor:
    at = torch.arange(weights.shape[1], device=weights.device)
    middle = (weights * at).sum(1) / weights.sum(1).clamp(min=1)
    start = (middle.round().long() - side // 2).clamp(0, weights.shape[1] - side)
    return start[:, None] + torch.arange(side, device=weights.device)
