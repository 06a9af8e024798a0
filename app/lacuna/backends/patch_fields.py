"""The field of one level: where in the known picture the like of each target is, and what it says of the hole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from lacuna.backends.patch_crew import Crew, bands
from lacuna.backends.patch_levels import PATCH, Bytes8, Floats, Level, Places
from lacuna.imaging.photo import Pixels

ANYWHERE = np.zeros(0, np.int32)  # no offsets to try


@dataclass(frozen=True)
class Hunt:
    """How one round of search goes: `offsets` (flat, from target to source) are tried, and what is within `radius`."""

    offsets: Places
    radius: int
    backward: bool
    seeds: NDArray[np.int64]  # one for each band

    def over(self, count: int) -> list[tuple[int, int, int]]:
        """The bands of so many targets, each with its seed."""
        return [(*band, seed) for band, seed in zip(bands(count), self.seeds.tolist(), strict=True)]


class Field(Protocol):
    """The sources of a level's targets, and how they stand in for them."""

    level: Level

    def begin(self, random: np.random.Generator, crew: Crew) -> None:
        """For each target any source."""
        ...

    def inherit(self, coarser: Self, random: np.random.Generator, crew: Crew) -> None:
        """For each target the source that its like at half the size has found."""
        ...

    def search(self, hunt: Hunt, costs: Places, crew: Crew) -> None:
        """One round over all targets; `costs` takes the distance of each."""
        ...

    def vote(self, weights: Floats, crew: Crew) -> None:
        """Write what the sources say into the hole of the level's picture."""
        ...

    def collect(
        self, image: Pixels, scale: Bytes8, pixels: Places, weights: Floats, crew: Crew
    ) -> tuple[Floats, Places]:
        """(n, 3) and (n, 2): what the sources say of `pixels` in the depth of `image`, and where they came from."""
        ...


class PlainField:
    """Sources as they are, but for a shift of each colour."""

    def __init__(self, level: Level, shift: int) -> None:
        from lacuna.kernels import patch_distance, patch_votes, patchmatch

        self._sums, self._votes, self._search = patch_distance, patch_votes, patchmatch
        self.level, self._shift = level, shift

    def begin(self, random: np.random.Generator, crew: Crew) -> None:
        level = self.level
        level.field[level.targets] = random.choice(np.flatnonzero(level.allowed), level.targets.size)
        self._sum_up(np.flatnonzero(level.allowed).astype(np.int32), crew)

    def inherit(self, coarser: Self, random: np.random.Generator, crew: Crew) -> None:
        fine, coarse = self.level, coarser.level
        y, x = fine.targets // fine.width, fine.targets % fine.width
        parent_y, parent_x, parent = parents(fine, coarse)
        source = coarse.field[parent]
        source_y = np.minimum(2 * (source // coarse.width) + (y - 2 * parent_y), fine.height - PATCH)
        source_x = np.minimum(2 * (source % coarse.width) + (x - 2 * parent_x), fine.width - PATCH)
        place = source_y * fine.width + source_x
        wrong = (source < 0) | (fine.allowed[place] == 0)
        place[wrong] = random.choice(np.flatnonzero(fine.allowed), int(wrong.sum()))
        fine.field[fine.targets] = place
        self._sum_up(fine.targets, crew)
        self._sum_up(np.flatnonzero(fine.allowed).astype(np.int32), crew)

    def search(self, hunt: Hunt, costs: Places, crew: Crew) -> None:
        self._search_all(self.level.targets, self.level.field, costs, hunt, 0, crew)

    def match_known(
        self, places: Places, start: Places, rounds: int, gap: int, random: np.random.Generator, crew: Crew
    ) -> Places:
        """Sources of known `places` at least `gap` rows or columns away, found in rounds that begin with `start`."""
        level = self.level
        self._sum_up(places, crew)
        field = np.full(level.hole.size, -1, np.int32)
        field[places] = start
        costs = np.zeros(places.size, np.int32)
        radius = max(level.height, level.width)
        for number in range(rounds):
            hunt = Hunt(ANYWHERE, radius, number % 2 == 1, seeds_for(places.size, random))
            self._search_all(places, field, costs, hunt, gap, crew)
        return field[places]

    def vote(self, weights: Floats, crew: Crew) -> None:
        level = self.level
        _, left, _, right = level.box

        def vote(first: int, last: int) -> None:
            self._votes.vote(
                level.picture, level.sums, self._shift, level.width, level.hole,
                level.targets, level.rows, level.field, weights, first, last, left, right,
            )  # fmt: skip

        crew.each(rows_of(level), vote)

    def collect(
        self, image: Pixels, scale: Bytes8, pixels: Places, weights: Floats, crew: Crew
    ) -> tuple[Floats, Places]:
        level, numbers = self.level, numbers_of(self.level)

        def collect(begin: int, end: int, values: Floats, places: Places) -> None:
            self._votes.collect(
                image, level.sums, self._shift, scale.unit, pixels, begin, end,
                numbers, level.field, weights, values, places,
            )  # fmt: skip

        return collected(pixels, collect, crew)

    def _search_all(
        self, targets: Places, field: Places, costs: Places, hunt: Hunt, gap: int, crew: Crew
    ) -> None:  # fmt: skip
        level, parts = self.level, hunt.over(targets.size)
        before = field if len(parts) == 1 else field.copy()

        def search(begin: int, end: int, seed: int) -> None:
            self._search.search(
                level.picture, level.sums, self._shift, level.width, level.allowed, targets, begin, end, field, before,
                costs, hunt.offsets, hunt.backward, hunt.radius, gap, seed,
            )  # fmt: skip

        crew.each(parts, search)

    def _sum_up(self, places: Places, crew: Crew) -> None:
        level = self.level

        def sum_up(begin: int, end: int) -> None:
            self._sums.sum_up(level.picture, level.width, places, begin, end, level.sums)

        crew.each(bands(places.size), sum_up)


def collected(pixels: Places, collect: Callable[[int, int, Floats, Places], None], crew: Crew) -> tuple[Floats, Places]:
    """The values (n, 3) of `pixels` and the places (n, 2) they name, as `collect` puts them in, band by band."""
    values, places = np.empty((pixels.size, 3), np.float32), np.empty((pixels.size, 2), np.int32)
    crew.each(bands(pixels.size), lambda begin, end: collect(begin, end, values, places))
    return values, places


def seeds_for(count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """A seed for each band of `count` targets."""
    return random.integers(1 << 31, size=len(bands(count)))


def parents(fine: Level, coarse: Level) -> tuple[Places, Places, Places]:
    """Row, column and place of the target of half the size in which each target of `fine` lies."""
    y = np.minimum(fine.targets // fine.width // 2, coarse.height - PATCH)
    x = np.minimum(fine.targets % fine.width // 2, coarse.width - PATCH)
    return y, x, y * coarse.width + x


def rows_of(level: Level) -> list[tuple[Any, ...]]:
    """The rows of a level's hole in bands that can be voted for at the same time."""
    top, _, bottom, _ = level.box
    count = min(len(bands(level.targets.size)), bottom - top)
    return list(pairwise(np.linspace(top, bottom, count + 1).astype(int).tolist()))


def numbers_of(level: Level) -> Places:
    """The number of the target at each place, or -1."""
    numbers = np.full(level.height * level.width, -1, np.int32)
    numbers[level.targets] = np.arange(level.targets.size, dtype=np.int32)
    return numbers
