"""Fields whose sources may be turned, scaled and mirrored, and bent in contrast.

Barnes, Shechtman, Goldman and Finkelstein, "The generalized PatchMatch correspondence algorithm", 2010. Their angles
and scales are continuous; here they are so many that a patch of 8 x 8 is off by half a pixel at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lacuna.backends.patch_crew import Crew, bands
from lacuna.backends.patch_fields import Hunt, collected, numbers_of, parents, rows_of
from lacuna.backends.patch_levels import PATCH, Bytes8, Floats, Level, Places
from lacuna.imaging.photo import Pixels

ANGLE = 10  # degrees between two turns: by half of it the corner of a patch moves 0.4 pixels
RATIO = 1.12  # between two scales: by half of it the corner of a patch moves 0.3 pixels
WEAKER = -0.4  # contrast may be lowered to this power of what it may be raised by: 1.3 and 0.9 (Darabi et al.)


@dataclass(frozen=True)
class Freedom:
    """What may be done to a source: turned by up to `rotate` degrees either way, made up to `scale` times as large or
    as small, mirrored, its contrast raised by a factor of up to `contrast`."""

    rotate: int = 0
    scale: float = 1.0
    mirror: bool = False
    contrast: float = 1.0

    @property
    def none(self) -> bool:
        return self == Freedom()

    def matrices(self) -> NDArray[np.float64]:
        """(n, 2, 2): a step (y, x) of a target is this step of the source. The first is none at all.

        Neighbours in the list are alike but for a step of the angle.
        """
        sizes = np.exp(_around(float(np.log(self.scale)), float(np.log(RATIO))))
        angles = np.radians(_around(self.rotate, ANGLE)[1 if self.rotate == 180 else 0 :])  # -180 is 180
        turns = [
            size * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) @ np.diag([1.0, side])
            for side in ([1.0, -1.0] if self.mirror else [1.0])
            for size in sizes
            for angle in angles
        ]
        return np.array([np.eye(2), *(turn for turn in turns if not np.allclose(turn, np.eye(2)))])


class TurnedField:
    """Sources in a level, each with a turn of its own: `turned` holds the number of it for each target's place."""

    def __init__(self, level: Level, shift: int, freedom: Freedom) -> None:
        import cv2

        from lacuna.kernels import patch_turned

        self._kernel = patch_turned
        self.level, self._turns, self._room = level, turns_of(freedom, level.width, shift), room_of(cv2, level)
        self.turned = np.zeros(level.hole.size, np.int16)
        self._gains = np.empty((level.targets.size, 4), np.float32)
        self._shifts = np.empty((level.targets.size, 4), np.float32)

    def begin(self, random: np.random.Generator, crew: Crew) -> None:
        level = self.level
        level.field[level.targets] = random.choice(np.flatnonzero(level.allowed), level.targets.size)
        self.turned[level.targets] = self._where_fits(
            level.field[level.targets], random.integers(self._turns.need.size, size=level.targets.size)
        )

    def inherit(self, coarser: Self, random: np.random.Generator, crew: Crew) -> None:
        fine, coarse = self.level, coarser.level
        parent_y, parent_x, parent = parents(fine, coarse)
        source, turn = coarse.field[parent], coarser.turned[parent]
        # From the middle of the parent's patch to that of its child, in pixels of the finer size, and turned.
        step = np.stack([fine.targets // fine.width - 2 * parent_y, fine.targets % fine.width - 2 * parent_x], axis=1)
        moved = np.einsum("nij,nj->ni", self._turns.matrices.reshape(-1, 2, 2)[turn], step - PATCH / 2.0) + PATCH / 2.0
        y = 2 * (source // coarse.width) + np.floor(moved[:, 0] + 0.5).astype(np.int64)
        x = 2 * (source % coarse.width) + np.floor(moved[:, 1] + 0.5).astype(np.int64)
        place = np.clip(y, 0, fine.height - PATCH) * fine.width + np.clip(x, 0, fine.width - PATCH)
        turn = self._where_fits(place, turn)
        wrong = (source < 0) | (self._room[place] < self._turns.need[turn])
        place[wrong] = random.choice(np.flatnonzero(fine.allowed), int(wrong.sum()))
        fine.field[fine.targets], self.turned[fine.targets] = place, turn

    def search(self, hunt: Hunt, costs: Places, crew: Crew) -> None:
        level, parts = self.level, hunt.over(self.level.targets.size)
        alone = len(parts) == 1
        before = level.field if alone else level.field.copy()
        turned_before = self.turned if alone else self.turned.copy()

        def search(begin: int, end: int, seed: int) -> None:
            self._kernel.search(
                level.picture, level.width, self._room, self._turns, level.targets, begin, end,
                level.field, self.turned, before, turned_before, costs,
                hunt.offsets, hunt.backward, hunt.radius, seed,
            )  # fmt: skip

        crew.each(parts, search)

    def vote(self, weights: Floats, crew: Crew) -> None:
        level = self.level
        _, left, _, right = level.box

        def bend(begin: int, end: int) -> None:
            self._kernel.bend(
                level.picture, level.width, self._turns, level.targets, begin, end,
                level.field, self.turned, self._gains, self._shifts,
            )  # fmt: skip

        def vote(first: int, last: int) -> None:
            self._kernel.vote(
                level.picture, level.width, level.hole, level.targets, level.rows, level.field, self.turned,
                self._turns.offsets, self._gains, self._shifts, weights, first, last, left, right,
            )  # fmt: skip

        crew.each(bands(level.targets.size), bend)  # of all before the first vote, which changes the targets
        crew.each(rows_of(level), vote)

    def collect(
        self, image: Pixels, scale: Bytes8, pixels: Places, weights: Floats, crew: Crew
    ) -> tuple[Floats, Places]:
        level, numbers = self.level, numbers_of(self.level)

        def collect(begin: int, end: int, values: Floats, places: Places) -> None:
            self._kernel.collect(
                image, scale.dark, scale.unit, pixels, begin, end, numbers, level.field, self.turned,
                self._turns.offsets, self._gains, self._shifts, weights, values, places,
            )  # fmt: skip

        return collected(pixels, collect, crew)

    def _where_fits(self, places: Places, turns: NDArray[Any]) -> NDArray[np.int16]:
        """`turns`, but none at all where there is no room for them."""
        return np.where(self._room[places] >= self._turns.need[turns], turns, 0).astype(np.int16)


def turns_of(freedom: Freedom, width: int, shift: int) -> Any:
    """The kernel's table of all turns in rows of `width`; `shift` is 64 times the most by which a colour may shift."""
    from lacuna.kernels.patch_turned import Turns

    matrices, middle = freedom.matrices(), (PATCH - 1) / 2
    y, x = np.mgrid[:PATCH, :PATCH]
    from_middle = np.stack([y, x], axis=-1).reshape(-1, 2) - middle
    samples = np.einsum("nij,pj->npi", matrices, from_middle) + middle
    samples = np.floor(samples + 0.5 - 1e-9).astype(np.int64)  # the nearest pixels (y, x), from a source's upper left
    outside = np.maximum(-samples, samples - (PATCH - 1)).max(axis=(1, 2))
    return Turns(
        offsets=(4 * (samples[..., 0] * width + samples[..., 1])).astype(np.int32).reshape(-1),
        matrices=matrices.reshape(-1, 4),
        need=(1 + np.maximum(0, outside)).astype(np.uint8),
        shift=shift,
        weakest=freedom.contrast**WEAKER,
        strongest=freedom.contrast,
    )


def room_of(cv2: Any, level: Level) -> NDArray[np.uint8]:
    """By how many pixels on each side a square at each place may be larger than a patch, plus 1; 0 for no source."""
    allowed = np.pad(level.allowed.reshape(level.height, level.width), 1)  # beyond the border nothing is known
    distance = cv2.distanceTransform(allowed, cv2.DIST_C, 3)[1:-1, 1:-1]
    return np.ascontiguousarray(np.minimum(distance, 255).astype(np.uint8)).reshape(-1)


def _around(most: float, step: float) -> NDArray[np.float64]:
    """Values from -`most` to `most`, at most `step` apart, 0 among them."""
    steps = int(np.ceil(most / step - 1e-9))
    return np.linspace(-most, most, 2 * steps + 1)
