"""MS-SSIM and VIF, by TorchMetrics: the extra `metrics`. They look at a rectangle and know no hole."""

from __future__ import annotations

import math
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.colour import luma, to_bytes
from lacuna.imaging.photo import Pixels

if TYPE_CHECKING:
    from torch import Tensor

# Sides, in pixels, below which they do not exist.
MS_SSIM_SIDE = 176  # a window of 11 pixels four halvings on, as the library counts
VIF_SIDE = 41


def installed() -> bool:
    """Whether the extra is there; does not import it."""
    return find_spec("torchmetrics") is not None


def ms_ssim(truth: Pixels, filled: Pixels, white: float = 255.0) -> float:
    """Structural similarity on five scales, mean over the channels; 1 = equal. Both (h, w, 3) of one dtype.

    Wang, Simoncelli, Bovik, "Multiscale structural similarity for image quality assessment", 2003. Raises ValueError
    where a side is shorter than `MS_SSIM_SIDE`.
    """
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure as measure

    return float(measure(_batch(filled), _batch(truth), data_range=white))


def vif(truth: Pixels, filled: Pixels, white: float = 255.0) -> float:
    """Visual information fidelity of the 8-bit luma: the share of what the truth tells an eye that the fill tells it.

    Sheikh, Bovik, "Image information and visual quality", 2006, in its form for pixels. Above 1 where contrast was
    gained, 1 = equal; not a number for a truth that tells nothing. Raises ValueError where a side is shorter than
    `VIF_SIDE`.
    """
    from torchmetrics.functional.image import visual_information_fidelity as measure

    there, here = (luma(to_bytes(pixels, white))[..., None] for pixels in (truth, filled))
    if there.min() == there.max():
        return math.nan  # in floats it would be a quotient of rounding errors
    return float(measure(_batch(here), _batch(there)))


def _batch(picture: NDArray[Any]) -> Tensor:
    """(1, c, h, w) floats of (h, w, c): doubles took ten times as long, and moved no figure by more than 1e-4."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32))
