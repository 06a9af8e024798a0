"""How near the patches of a fill come to the truth's as a crowd, wherever each of them lies.

The sliced Wasserstein distance of Karras, Aila, Laine and Lehtinen, "Progressive growing of GANs", 2018, section 5,
inside one hole: two crowds of patches are thrown onto random lines, where the distance of two sorted crowds is the mean
distance of their members. It does not mind where a blade of grass stands, as PSNR does, but that there is grass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.colour import to_bytes
from lacuna.imaging.photo import Hole, Pixels

PATCH = 7  # pixels a side
LEVELS = 3  # of the Laplacian pyramid: fine and middle detail, and what is left below both
DIRECTIONS = 128
SEED = 0
FLAT = 0.5  # grey levels: a truth with less spread is flat; dividing by it would measure how it was rounded
ROWS = 8192  # patches gathered at a time
SLICE = 1 << 24  # projected values held at a time, at most; two crowds, four bytes each


def swd(truth: Pixels, filled: Pixels, hole: Hole, white: float = 255.0) -> float:
    """Sliced Wasserstein distance between the patches centred in the hole of `filled` and of `truth`; 0 = same crowd.

    In standard deviations of the truth's channels on each level, mean over the levels.
    """
    return TruePatches(truth, hole, white).distance(filled)


class TruePatches:
    """The truth's crowd of patches, kept projected and sorted so that several fills can be held against it.

    `truth` (H, W, 3), `hole` (H, W) bool with at least one pixel True. `limit` takes about so many patches of each
    level, evenly, instead of all: a rougher distance in less time.
    """

    def __init__(self, truth: Pixels, hole: Hole, white: float = 255.0, limit: int | None = None) -> None:
        self._white = white
        self._crowds = tuple(_crowds(truth, hole, white, limit))
        self._kept: list[NDArray[np.float32]] | None = None
        if sum(crowd.count for crowd in self._crowds) * DIRECTIONS <= SLICE:
            self._kept = [crowd.sorted(crowd.level, _directions()) for crowd in self._crowds]

    def distance(self, filled: Pixels) -> float:
        """As `swd` of `filled`, the whole picture with the fill put in."""
        levels = _pyramid(filled, self._white)
        return float(np.mean([self._on_level(index, level) for index, level in enumerate(levels)]))

    def _on_level(self, index: int, level: NDArray[np.float32]) -> float:
        crowd, directions = self._crowds[index], _directions()
        if self._kept is not None:
            return _apart(self._kept[index], crowd.sorted(level, directions))
        step = max(1, SLICE // crowd.count)
        parts = [directions[start : start + step] for start in range(0, DIRECTIONS, step)]
        apart = [_apart(crowd.sorted(crowd.level, part), crowd.sorted(level, part)) * len(part) for part in parts]
        return float(np.sum(apart)) / DIRECTIONS


@dataclass(frozen=True, eq=False)
class _Crowd:
    """Where the patches of one pyramid level lie (`y`, `x`: their centres), and how their channels are normalised."""

    level: NDArray[np.float32]  # (h, w, 3), the truth's
    y: NDArray[np.intp]
    x: NDArray[np.intp]
    mean: NDArray[np.float32]  # (3,)
    spread: NDArray[np.float32]  # (3,)

    @property
    def count(self) -> int:
        return len(self.y)

    def sorted(self, level: NDArray[np.float32], directions: NDArray[np.float32]) -> NDArray[np.float32]:
        """(directions, patches): the patches of `level` along each of `directions`, sorted."""
        even = np.ascontiguousarray(_bordered((level - self.mean) / self.spread))
        # [y, x]: the patch centred there, its rows as they lie in memory: pixel after pixel, channels together.
        windows = np.lib.stride_tricks.sliding_window_view(even, (PATCH, PATCH), axis=(0, 1)).transpose(0, 1, 3, 4, 2)
        along = np.empty((len(directions), self.count), np.float32)
        for start in range(0, self.count, ROWS):
            some = slice(start, start + ROWS)
            patches = windows[self.y[some], self.x[some]].reshape(-1, directions.shape[1])
            along[:, some] = directions @ patches.T
        along.sort(axis=1)
        return along


def _crowds(truth: Pixels, hole: Hole, white: float, limit: int | None) -> Iterator[_Crowd]:
    for level in _pyramid(truth, white):
        y, x = np.nonzero(hole)
        if limit is not None and len(y) > limit:
            some = np.linspace(0, len(y) - 1, limit).astype(np.intp)
            y, x = y[some], x[some]
        mean, spread = _normal(level, hole)
        yield _Crowd(level, y, x, mean, np.maximum(spread, np.float32(FLAT)))
        hole = halved(hole)


def _normal(level: NDArray[np.float32], hole: Hole) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation of each channel over all patches: each pixel counts as often as patches hold it."""
    import cv2

    around = _bordered(level).astype(np.float64)
    centres = np.pad(hole.astype(np.float32), PATCH // 2)
    times = cv2.boxFilter(centres, -1, (PATCH, PATCH), normalize=False, borderType=cv2.BORDER_CONSTANT)
    weights = np.rint(times).astype(np.float64)[..., None] / (np.count_nonzero(hole) * PATCH * PATCH)
    mean = (around * weights).sum(axis=(0, 1))
    return mean.astype(np.float32), np.sqrt((np.square(around - mean) * weights).sum(axis=(0, 1))).astype(np.float32)


def _pyramid(pixels: Pixels, white: float) -> list[NDArray[np.float32]]:
    """The Laplacian pyramid (Burt and Adelson 1983) of the 8-bit picture; the last level is what is left over."""
    import cv2

    level: NDArray[Any] = to_bytes(pixels, white).astype(np.float32)
    levels = []
    for _ in range(LEVELS - 1):
        below = np.asarray(cv2.pyrDown(level))
        levels.append(level - cv2.pyrUp(below, dstsize=(level.shape[1], level.shape[0])))
        level = below
    return [*levels, level]


def halved(hole: Hole) -> Hole:
    """On the next level a pixel is hole where one of its four was: thin marks stay."""
    even = np.pad(hole, [(0, side % 2) for side in hole.shape])
    half: Hole = even[::2, ::2] | even[1::2, ::2] | even[::2, 1::2] | even[1::2, 1::2]
    return half


def _bordered(level: NDArray[np.float32]) -> NDArray[np.float32]:
    margin = PATCH // 2
    return np.pad(level, ((margin, margin), (margin, margin), (0, 0)), mode="symmetric")


def _directions() -> NDArray[np.float32]:
    """(directions, values of a patch): unit vectors, even over the sphere."""
    drawn = np.random.default_rng(SEED).standard_normal((DIRECTIONS, PATCH * PATCH * 3))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def _apart(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.abs(one - other).mean(dtype=np.float64))
