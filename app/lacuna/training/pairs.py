"""Batches for networks that enlarge: windows of photos, and each as it looks reduced, at exact positions.

A window may begin at any pixel, so all pictures of a batch share their positions, and with them their kernels. They are
turned and mirrored before they are reduced: so both of a pair fit together whatever the factor. One over the factor is
a fraction with a small denominator, of which about ninety lie between the limits: as many different factors as
continuous ones would show in a training of some thousand steps, at the price of tenths, since with them kernels
repeat within a window (see `networks.positions`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lacuna.contract.enlargement import Enlargement, by_factor
from lacuna.errors import InvalidParameter
from lacuna.i18n import _
from lacuna.imaging.resampling import BICUBIC, TIE, taps
from lacuna.training.chance import Chance
from lacuna.training.photos import Photos

LEAST, MOST = 1.1, 4.0  # factors, as published
PERIOD = 20  # the most points after which positions begin anew: about ninety factors; tenths have up to 39


@dataclass(frozen=True, eq=False)
class Pair:
    """`small` (B, 3, S, S) and the truth `large` (B, 3, rows, columns), whole numbers up to 255; `plain` is `small`
    enlarged by the cubic kernel."""

    small: Tensor
    large: Tensor
    plain: Tensor
    enlargement: Enlargement


@dataclass(frozen=True, eq=False)
class PairFeeder:
    """Makes batches of `count` pairs whose smaller picture has sides of `size`."""

    photos: Photos
    count: int
    size: int

    def __post_init__(self) -> None:
        """Raises InvalidParameter where no photo is as large as the largest window."""
        side = math.floor(MOST * self.size)
        if not bool((torch.minimum(self.photos.heights, self.photos.widths) >= side).any()):
            sentence = _("None of the photos is {side} x {side} pixels large: crops of {size} are of that, reduced.")
            raise InvalidParameter(sentence.format(side=side, size=self.size))

    def batch(self, chance: Chance) -> Pair:
        factor = LEAST + (MOST - LEAST) * float(torch.rand((), generator=chance.plain))
        enlargement = by_factor(self.size, self.size, 1 / Fraction(1 / factor).limit_denominator(PERIOD))
        rim = math.ceil(3 * enlargement.factor) + 1  # what reducing reads beyond the window
        windows = self.photos.windows(chance, self.count, enlargement.rows, rim)
        return paired(windows, enlargement, rim)


def paired(windows: Tensor, enlargement: Enlargement, rim: int) -> Pair:
    """The pairs of `windows` (B, 3, rows + 2 rim, columns + 2 rim) of photos, whole numbers up to 255."""
    step, size, length = enlargement.down, enlargement.height, windows.shape[-1]
    reducing = _on(taps(BICUBIC, step, 0, size, length, -rim).matrix(length), windows.device)
    small = _rounded(reducing @ windows.double())  # as `imresized`: rows first, rounded after each pass
    small = _rounded(small @ reducing.T).float()
    enlarging = _on(taps(BICUBIC, 1 / step, 0, enlargement.rows, size).matrix(size), windows.device).float()
    large = windows[..., rim:-rim, rim:-rim].float()
    return Pair(small, large, enlarging @ small @ enlarging.T, enlargement)


def _rounded(values: Tensor) -> Tensor:
    return (values + (0.5 + TIE)).floor().clamp(0, 255)


def _on(matrix: NDArray[np.float64], device: torch.device) -> Tensor:
    return torch.from_numpy(matrix).to(device, non_blocking=True)
