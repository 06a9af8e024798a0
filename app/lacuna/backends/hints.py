"""Colours that the person has put into the hole, as fills that begin softly take them: as if they were known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.fill import FillWork
from lacuna.contract.guides import Guide, marked
from lacuna.imaging.photo import Hole


def hinted(work: FillWork) -> tuple[NDArray[np.float32], Hole]:
    """The picture (h, w, 3) as float32, in its own range, with the hints in its hole, and what of the hole is open."""
    film, left = work.image.astype(np.float32), work.hole
    for stroke in work.guides:
        if stroke.kind is Guide.HINT and stroke.colour is not None:
            drawn = marked((stroke,), Guide.HINT, (left.shape[0], left.shape[1]))
            assert drawn is not None
            given = work.hole & (drawn > 0)
            film[given] = np.array(stroke.colour, np.float32) * np.float32(work.white)
            left = left & ~given
    return film, left
