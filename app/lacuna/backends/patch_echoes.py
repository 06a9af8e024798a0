"""Where what lies around a hole has its like elsewhere in the picture: good places to look for what goes on inside."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.backends.patch_crew import Crew
from lacuna.backends.patch_fields import PlainField
from lacuna.backends.patch_levels import PATCH, level_of
from lacuna.imaging.photo import Hole

AROUND = 12  # pixels: how far from the hole patches are matched
ROUNDS = 6
NO_SHIFT = 0


def echoes(
    cv2: Any, image: NDArray[np.uint8], hole: Hole, sources: Hole, random: np.random.Generator, crew: Crew
) -> NDArray[np.int32]:
    """(h, w): for each known pixel near the hole the place y * w + x of its like in `sources`; -1 elsewhere."""
    rgbx = np.zeros((*hole.shape, 4), np.uint8)
    rgbx[..., :3] = image
    found = np.full(hole.size, -1, np.int32)
    level = level_of(cv2, rgbx, hole, sources)
    if level is None:
        return found.reshape(hole.shape)
    reach = np.ones((2 * AROUND + 1, 2 * AROUND + 1), np.uint8)
    near = cv2.dilate(hole.view(np.uint8), reach, anchor=(AROUND - PATCH // 2, AROUND - PATCH // 2))
    near.reshape(-1)[level.targets] = 0  # patches that touch the hole
    near[-PATCH + 1 :], near[:, -PATCH + 1 :] = 0, 0
    places = np.flatnonzero(near).astype(np.int32)
    if places.size:
        start = random.choice(np.flatnonzero(level.allowed), places.size).astype(np.int32)
        field = PlainField(level, NO_SHIFT)
        middle = PATCH // 2 * (level.width + 1)
        found[places + middle] = field.match_known(places, start, ROUNDS, PATCH, random, crew) + middle
    return found.reshape(hole.shape)
