"""The band along drawn lines that patches fill first, where a backend cannot be told of lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.guides import GuideStroke, lines_of
from lacuna.imaging.photo import Hole
from lacuna.imaging.structure import aside, paths

WIDE = 6.0  # pixels on either side, of the size at which the backend works: some more than an edge and its shadow


def band_along(guides: Sequence[GuideStroke], hole: Hole, scale: float) -> Hole | None:
    """The pixels of `hole` near lines, for a backend that works at a size `scale` times smaller; None without any."""
    crossing = paths(lines_of(guides), hole, 1.0)
    if not crossing:
        return None
    shape = (hole.shape[0], hole.shape[1])
    near: NDArray[np.bool_] = hole & ~np.isnan(aside(crossing, shape, WIDE * max(1.0, scale)))
    return near if near.any() else None
