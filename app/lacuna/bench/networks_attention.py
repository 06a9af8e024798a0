"""DeepFill's attention against the form in which it was published, with one filter for each patch."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lacuna.bench.figure import Figure
from lacuna.bench.memory import alone, peak
from lacuna.bench.networks_models import torch_missing

if TYPE_CHECKING:
    from torch import Tensor

    from lacuna.networks.conventions import Conventions

SIDE = 512  # pixels of the picture; its hole is half as wide and high
CHANNELS = 128
LAYOUT = "pytorch-v1"
ROUNDS = 3
FASTER, LEANER = 5.0, 5.0
SAME = 2e-5  # of the largest feature: what the tests of the layer allow
WHAT = f"DeepFill's attention, {SIDE} x {SIDE}, hole {SIDE // 2} x {SIDE // 2}"


def published(features: Tensor, hole: Tensor, conventions: Conventions) -> tuple[Tensor, Tensor]:
    """Features and keys as `networks.attention` gives them, by the paper's way: `features` (1, C, H, W).

    A filter is made of every patch of 3 x 3, all are convolved with the map, and patches of 4 x 4 are pasted by the
    transpose of a convolution. Scores are fused by convolving their matrix with an identity (section 4.3).
    """
    import torch
    import torch.nn.functional as F

    from lacuna.networks.attention import known_cells, smaller
    from lacuna.networks.conventions import KeyNorm

    height, width = (side // 2 for side in features.shape[-2:])
    cells = height * width
    small = smaller(features, 2, conventions.sampling)
    filters = F.unfold(small, 3, padding=1)[0].T.reshape(cells, -1, 3, 3)
    squares = filters.square().sum((1, 2, 3), keepdim=True)
    if conventions.key_norm is KeyNorm.FLOORED:
        norms = squares.sqrt().clamp(min=1e-4)
    else:
        norms = (squares + 1e-4 * filters[0].numel()).sqrt()
    scores = F.conv2d(small, filters / norms, padding=1)
    if conventions.fuse:
        identity = torch.eye(3, dtype=features.dtype)[None, None]
        fused = F.conv2d(scores.reshape(1, 1, cells, cells), identity, padding=1)
        turned = fused.reshape(height, width, height, width).permute(1, 0, 3, 2)
        fused = F.conv2d(turned.reshape(1, 1, cells, cells), identity, padding=1)
        scores = fused.reshape(width, height, width, height).permute(1, 0, 3, 2)
    known = known_cells(hole, conventions).to(features.dtype).reshape(1, cells, 1, 1)
    probabilities = (10 * scores.reshape(1, cells, height, width) * known).softmax(1) * known
    patches = F.unfold(features, 4, stride=2, padding=1)[0].T.reshape(cells, -1, 4, 4)
    return F.conv_transpose2d(probabilities, patches, stride=2, padding=1) / 4, probabilities.argmax(1)


def attention_rows() -> list[Figure]:
    """CPU seconds on one thread, the best of each in turn; memory beyond the peak before, each way alone."""
    faster, leaner = f"{WHAT}: faster than published", f"{WHAT}: less memory than published"
    missing = torch_missing()
    if missing:
        return [Figure("networks", what, None, "x", note=missing) for what in (faster, leaner)]
    theirs, ours = _seconds()
    spent = f"{ours:.2f} s against {theirs:.2f} s, same numbers"
    much, little = (alone(f"networks_attention.session({plain})")[0] for plain in (True, False))
    taken = f"{little / 1e6:.0f} MB against {much / 1e6:.0f} MB"
    return [
        Figure("networks", faster, theirs / ours, "x", FASTER, least=True, note=spent),
        Figure("networks", leaner, much / little, "x", LEANER, least=True, note=taken),
    ]


def session(plain: bool) -> None:
    """Print the bytes that one call, ours or the `plain` one, takes at its peak."""
    import torch

    torch.set_num_threads(1)
    problem = _problem()
    call = _plainly if plain else _ours
    before = peak()
    call(*problem)
    print(peak() - before)


def _seconds() -> tuple[float, float]:
    """Theirs and ours; both give the same numbers inside the hole."""
    import torch
    import torch.nn.functional as F

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        features, hole = _problem()
        inside = F.max_pool2d(hole, 4)[0, 0] > 0
        theirs, ours = [], []
        for _round in range(ROUNDS):
            start = time.process_time()
            expected = _plainly(features, hole)
            middle = time.process_time()
            found = _ours(features, hole)
            end = time.process_time()
            difference = float((found - expected)[..., inside].abs().max())
            assert difference <= SAME * float(features.abs().max()), f"differs from the published one by {difference}"
            theirs.append(middle - start)
            ours.append(end - middle)
    finally:
        torch.set_num_threads(before)
    return min(theirs), min(ours)


def _problem() -> tuple[Tensor, Tensor]:
    """Smooth features, as convolutions make them, and a hole in their middle."""
    import torch
    import torch.nn.functional as F

    random = torch.Generator().manual_seed(0)
    coarse = torch.randn(1, CHANNELS, SIDE // 16, SIDE // 16, generator=random)
    features = F.interpolate(coarse, scale_factor=4.0, mode="bilinear").relu()
    hole = torch.zeros(1, 1, SIDE, SIDE)
    hole[..., SIDE // 4 : -SIDE // 4, SIDE // 4 : -SIDE // 4] = 1
    return features, hole


def _plainly(features: Tensor, hole: Tensor) -> Tensor:
    import torch

    from lacuna.networks.conventions import CONVENTIONS

    with torch.inference_mode():
        return published(features, hole, CONVENTIONS[LAYOUT])[0]


def _ours(features: Tensor, hole: Tensor) -> Tensor:
    import torch

    from lacuna.networks.attention import ContextualAttention
    from lacuna.networks.conventions import CONVENTIONS
    from lacuna.networks.deepfill_v1 import queries_for

    with torch.inference_mode():
        return ContextualAttention(CONVENTIONS[LAYOUT])(features, hole, queries_for(hole)).features
