"""The distances at which a picture repeats itself: rows of windows, fences, bricks.

He and Sun, "Statistics of patch offsets for image completion", 2012: known patches are matched among each other, at
least a way apart, and few distances stand out among those found. A hole is likely to go on at the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.backends.patch_levels import Level
from lacuna.imaging.region import Region

PEAKS = 24  # distances kept, and their opposites
APART = 15  # patches match at least this share of the long side away (He and Sun, section 3)
CHANCE = 0.0004  # of all patches, after blurring: what fewer share came about by chance
RING = 24  # pixels around the hole in which an offset has to hold
ENOUGH = 0.2  # of the ring: what an offset must be held against
HOLDS = 0.2  # of the variance of the ring: two pixels at random differ by twice that variance
EVENLY = 2.0  # how much better offsets outweigh others
BLUR = 0.8  # pixels: distances that differ by about that are one


@dataclass(frozen=True, eq=False)
class Repeats:
    """Distances (n, 2), as (y, x) in pixels, at which a picture repeats itself.

    `holds` is how badly one may fit the ring around the hole, of its variance; `decided` how much better ones outweigh.
    """

    offsets: NDArray[np.int64]
    holds: float = HOLDS
    decided: float = EVENLY


def dominant(cv2: Any, level: Level, places: NDArray[np.int32], sources: NDArray[np.int32]) -> NDArray[np.int64]:
    """(n, 2): the most frequent distances (y, x) from `places` to the `sources` that match them, and their opposites.

    Distances that only a few patches share are chance, and are left out. Patches count by how textured they are.
    """
    height, width = level.height, level.width
    dy = sources // width - places // width + height
    dx = sources % width - places % width + width
    rough = level.sums[4 * places + 3].astype(np.float64) + 1  # flat ones match anywhere, and say little
    counts = np.bincount(dy * (2 * width + 1) + dx, rough, minlength=(2 * height + 1) * (2 * width + 1))
    map_ = counts.reshape(2 * height + 1, 2 * width + 1).astype(np.float32)
    map_ += map_[::-1, ::-1]  # what repeats to the right repeats to the left
    smooth = cv2.GaussianBlur(map_, (5, 5), BLUR, borderType=cv2.BORDER_CONSTANT)
    highest = cv2.dilate(smooth, np.ones((7, 7), np.uint8))
    peaks = (smooth >= highest) & (smooth > CHANCE * rough.sum())
    y, x = np.nonzero(peaks)
    best = np.argsort(-smooth[y, x], kind="stable")[: 2 * PEAKS]
    return np.stack([y[best] - height, x[best] - width], axis=1)


def apart(level: Level) -> int:
    """How far away, in rows or columns, a match must lie to say something of repetition."""
    return max(2, max(level.height, level.width) // APART)


def guess(cv2: Any, level: Level, repeats: Repeats) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """(h, w, 4) and (h, w): what the hole would hold if the picture repeated itself at `offsets`, and where that says.

    Offsets count by how well they hold for the known pixels around the hole; those that hold badly do not count.
    """
    height, width = level.height, level.width
    picture = level.picture.reshape(height, width, 4)
    hole = level.hole.reshape(height, width).astype(bool)
    near = Region(*level.box).pad(RING).clip(hole.shape)
    square = np.ones((2 * RING + 1, 2 * RING + 1), np.uint8)
    ring = np.zeros_like(hole)
    ring[near.slices] = (cv2.dilate(hole[near.slices].view(np.uint8), square) > 0) & ~hole[near.slices]
    spread = float(picture[ring][:, :3].astype(np.float32).var(axis=0).sum())
    total, sums = np.zeros((height, width), np.float32), np.zeros(picture.shape, np.float32)
    for dy, dx in repeats.offsets.tolist():
        seen = near.shift(dy, dx).clip(hole.shape)
        if seen.empty:
            continue
        here, there = seen.shift(-dy, -dx).slices, seen.slices
        known = ~hole[there]
        both = ring[here] & known
        if np.count_nonzero(both) < ENOUGH * np.count_nonzero(ring):
            continue
        found = picture[there].astype(np.float32)
        error = float(((found[both] - picture[here][both])[:, :3] ** 2).sum(axis=1).mean())
        if error > repeats.holds * spread:
            continue
        weight = np.float32((spread / max(error, 1.0)) ** repeats.decided) * known
        total[here] += weight
        sums[here] += weight[..., None] * found
    sums /= np.maximum(total, np.float32(1e-9))[..., None]
    return sums, hole & (total > 0)
