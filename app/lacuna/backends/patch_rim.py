"""How a fill meets what lies around it: what its votes say of the known rim and the rim itself do not quite agree."""

from __future__ import annotations

from typing import Any

import numpy as np

from lacuna.backends.patch_levels import Bytes, Floats, Places
from lacuna.contract.progress import Progress
from lacuna.imaging.photo import Hole, Pixels

SEAM = 0.02  # how fast the correction at the rim fades: in 1 / sqrt(SEAM) pixels to a third
SWEEPS = 40
RELAXED = 200_000  # pixels a step, some 10 ms


def voted(cv2: Any, hole: Hole) -> Places:
    """The places of `hole` and of the pixels at its rim, in the order of reading."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    return np.flatnonzero(cv2.dilate(hole.view(np.uint8), cross)).astype(np.int32)


def met(kernel: Any, image: Pixels, hole: Hole, pixels: Places, values: Floats, progress: Progress) -> Floats:
    """(n, 3): the `values` of the hole's pixels, shifted near the rim by what those of the rim are wrong.

    `pixels` are places of the hole and its rim, `values` (m, 3) what is said of them, `kernel` is `patch_votes`.
    """
    inside = hole.reshape(-1)[pixels]
    error = np.zeros((hole.size, 4), np.float32)
    rim = pixels[~inside]
    error[rim, :3] = image.reshape(-1, 3)[rim] - values[~inside]
    holes = pixels[inside]
    relax(kernel, error.reshape(-1), hole.shape[1], hole.view(np.uint8).reshape(-1), holes, SEAM, SWEEPS, progress)
    return np.asarray(values[inside] + error[holes, :3])


def relax(
    kernel: Any, values: Floats, width: int, hole: Bytes, holes: Places, leak: float, sweeps: int, progress: Progress
) -> None:
    """Smooth `values` (four for each place) in `holes`, in steps of a few milliseconds; see `patch_votes.relax`."""
    step = max(1, RELAXED // holes.size)
    for done in range(0, sweeps, step):
        progress.check()
        kernel.relax(values, width, hole, holes, leak, min(step, sweeps - done))


def in_depth(values: Floats, image: Pixels, white: float) -> Pixels:
    """`values` as `image` keeps them."""
    return values if image.dtype.kind == "f" else np.clip(np.rint(values), 0, white).astype(image.dtype)
