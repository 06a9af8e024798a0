"""Whether one sees where a fill ends: how steep the picture is across the hole's border, and how steep beside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.photo import Hole, Pixels

REACH = 2  # steps away from the border that count as its surroundings
UNSEEN = 1 / 255  # of white, added to both: a step of one grey level more or less is nothing that anybody sees


def seam(filled: Pixels, hole: Hole, white: float = 255.0) -> float:
    """How much steeper the picture is across the border of the hole than right beside it; 1 = no boundary is visible.

    Each pixel of the hole with a known neighbour above, below, left or right makes a pair with it. The mean absolute
    difference of the two, over all pairs and channels, is divided by that of the up to `REACH` steps which go on from
    each pair in its direction, from known pixel to known pixel. So both are of the same directions and of the same part
    of the picture. Above 1 there is an edge; below 1 the fill comes up to its border smoother than what lies outside.
    Of true photos it is 1 on the mean. It is 1 also where there is no such pair, or no step beside any. `filled`
    (H, W, 3) is the whole picture with the fill put in.
    """
    across: list[NDArray[np.float64]] = []
    beside: list[NDArray[np.float64]] = []
    for turns in range(4):  # the direction out of the hole is down in each
        steps = np.abs(np.diff(np.rot90(filled, turns).astype(np.float64), axis=0)).mean(axis=2) / white
        known = ~np.rot90(hole, turns)
        reached = ~known[:-1] & known[1:]  # [y]: from row y, in the hole, to the next
        across.append(steps[reached])
        for further in range(1, REACH + 1):
            reached = reached[:-1] & known[further + 1 :]
            beside.append(steps[further:][reached])
    border, surroundings = (np.concatenate(some) for some in (across, beside))
    if not border.size or not surroundings.size:
        return 1.0
    return float((border.mean() + UNSEEN) / (surroundings.mean() + UNSEEN))
