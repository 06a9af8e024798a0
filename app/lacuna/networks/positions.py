"""Where the points of an enlarged picture lie in it, and which of them share a kernel: plain indices, numpy alone.

Point i lies at i divided by the factor: in a whole pixel, at a fraction behind its beginning. A kernel follows from the
fractions of row and column. With a factor p / q these are multiples of 1 / p, and the pattern begins anew after q
pixels. So pixels are sorted by `Kind`: those whose points lie at the same phases. All pixels of one kind of row and one
kind of column share their kernels. One formulation serves both engines and the training.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.enlargement import Enlargement, Rule

Indices = NDArray[np.int64]
Fractions = NDArray[np.float32]

# Bytes that the patches of one batch may take, and its kernels. Below both lies in the caches; more is no faster.
PATCHES = 4 << 20
KERNELS = 8 << 20
LONGEST = 256  # pixels of one kind in a batch: of a whole factor all pixels of a row would be one
PRODUCT = 5_000_000  # multiplications that a core does while one more product of matrices is set up


@dataclass(frozen=True)
class Points:
    """Some points of an axis, in order: the pixel that each lies in, and how far behind its beginning.

    `phases` are whole: the fraction times `period`. They and `fractions` differ by what the published program rounds;
    a phase of `period` is a point that it takes for one of the pixel before.
    """

    pixels: Indices
    phases: Indices
    fractions: Fractions
    period: int


@dataclass(frozen=True)
class Axis:
    """One axis: `size` points over `length` pixels, each `step` of a pixel behind the one before."""

    length: int
    size: int
    step: Fraction
    rule: Rule = Rule.EXACT

    def at(self, start: int, stop: int) -> Points:
        """The points from `start` to `stop`, counted from the beginning of the picture wherever a tile begins."""
        index = np.arange(start, stop)
        step, period = self.step.numerator, self.step.denominator
        if self.rule is Rule.EXACT:
            pixels, phases = index * step // period, index * step % period
            return Points(pixels, phases, (phases / period).astype(np.float32), period)
        # As published: the product with the rounded reciprocal, which falls just below some whole numbers.
        place = index.astype(np.float32) * np.float32(1 / float(1 / self.step))
        pixels = np.floor(place).astype(np.int64)
        return Points(pixels, index * step - pixels * period, place - pixels.astype(np.float32), period)


def axes(enlargement: Enlargement) -> tuple[Axis, Axis]:
    """Down and across."""
    return (
        Axis(enlargement.height, enlargement.rows, 1 / enlargement.down, enlargement.rule),
        Axis(enlargement.width, enlargement.columns, 1 / enlargement.across, enlargement.rule),
    )


@dataclass(frozen=True)
class Pane:
    """A rectangle of points, `top` to `bottom` and `left` to `right`, computed from features of a part of the picture.

    `row` and `column` are those of the first feature. Features beyond the part are zero, as around a whole picture:
    inside of one it has to reach a pixel further than the points.
    """

    enlargement: Enlargement
    top: int
    left: int
    bottom: int
    right: int
    row: int = 0
    column: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        return self.bottom - self.top, self.right - self.left

    @property
    def inverse(self) -> np.float32:
        """What the predictor is told of the factor."""
        return np.float32(1 / self.enlargement.factor)

    def points(self) -> tuple[Points, Points]:
        """Down and across, with pixels counted from the first feature."""
        down, across = axes(self.enlargement)
        return (
            _moved(down.at(self.top, self.bottom), self.row),
            _moved(across.at(self.left, self.right), self.column),
        )


def whole(enlargement: Enlargement) -> Pane:
    """Every point of the enlarged picture."""
    return Pane(enlargement, 0, 0, enlargement.rows, enlargement.columns)


def _moved(points: Points, first: int) -> Points:
    return Points(points.pixels - first, points.phases, points.fractions, points.period)


@dataclass(frozen=True)
class Kind:
    """The `pixels` (n) of an axis whose points lie at the same `fractions` (k); `points` (n, k) says which they are."""

    pixels: Indices
    fractions: Fractions
    points: Indices


def kinds(points: Points) -> list[Kind]:
    """All pixels that have points, by kind. The fractions are exact ones, whatever the rule rounds beyond a pixel."""
    starts = np.flatnonzero(np.diff(points.pixels, prepend=points.pixels[0] - 1))
    counts = np.diff(starts, append=len(points.pixels))
    behind = np.arange(counts.max())
    which = np.minimum(starts[:, None] + behind, len(points.pixels) - 1)
    phases = np.where(behind < counts[:, None], points.phases[which], -1)
    found, kind = np.unique(phases, axis=0, return_inverse=True)
    order = np.argsort(kind.ravel(), kind="stable")
    ends = np.cumsum(np.bincount(kind.ravel(), minlength=len(found)))
    return [
        Kind(
            points.pixels[starts[alike]],
            (row[row >= 0] / points.period).astype(np.float32),
            which[alike][:, : np.count_nonzero(row >= 0)],
        )
        for row, alike in zip(found, np.split(order, ends[:-1]), strict=True)
    ]


@dataclass(frozen=True)
class Columns:
    """Kinds of columns that have equally many points, side by side: `pixels` (s, n), `fractions` (s, k), `points`
    (s, n, k). Where a kind has fewer pixels than others its last one stands several times.
    """

    pixels: Indices
    fractions: Fractions
    points: Indices


@dataclass(frozen=True)
class Batch:
    """Rows of one kind by columns of some: one product of matrices for each kind of column.

    `rows` (r, 3) and `columns` (s, n, 3) are the pixels that kernels read, in a map with a rim of one pixel; `down` (a)
    and `across` (s, b) the fractions. The kernels are those of the batch before unless it is `new`. What comes out,
    (r, a, s, n, b), belongs at the points `into_rows` (r a) by `into_columns` (s n b).
    """

    rows: Indices
    columns: Indices
    down: Fractions
    across: Fractions
    into_rows: Indices
    into_columns: Indices
    new: bool


class Phases:
    """The points of a pane by kinds, for networks with so many `features`."""

    def __init__(self, points: tuple[Points, Points], features: int) -> None:
        down, across = points
        self._down = kinds(down)
        self._across = kinds(across)
        self._features = features

    @property
    def kernels(self) -> int:
        """How many there are."""
        down, across = (sum(len(kind.fractions) for kind in kinds) for kinds in (self._down, self._across))
        return down * across

    @property
    def products(self) -> int:
        """About as many products of matrices are needed."""
        return len(self._down) * len({len(kind.fractions) for kind in self._across})

    def batches(self, pictures: int = 1) -> Iterator[Batch]:
        """All of them, each small enough for so many pictures at once."""
        for down in self._down:
            for columns in self._columns(len(down.fractions), pictures):
                patches = columns.pixels.size * 9 * self._features * 4 * pictures
                step = max(1, PATCHES // patches)
                for start in range(0, len(down.pixels), step):
                    yield Batch(
                        _three(down.pixels[start : start + step]),
                        _three(columns.pixels),
                        down.fractions,
                        columns.fractions,
                        down.points[start : start + step].ravel(),
                        columns.points.ravel(),
                        new=start == 0,
                    )

    def _columns(self, rows: int, pictures: int) -> Iterator[Columns]:
        """The kinds of columns that fit together, for kernels of so many `rows`."""
        pieces = [piece for kind in self._across for piece in _pieces(kind)]
        for count in sorted({len(piece.fractions) for piece in pieces}):
            alike = [piece for piece in pieces if len(piece.fractions) == count]
            longest = max(len(piece.pixels) for piece in alike)
            kernels = rows * count * 27 * self._features * 4
            patches = longest * 9 * self._features * 4 * pictures
            step = max(1, min(KERNELS // kernels, PATCHES // patches))
            for start in range(0, len(alike), step):
                yield _beside(alike[start : start + step])


def _pieces(kind: Kind) -> Iterator[Kind]:
    for start in range(0, len(kind.pixels), LONGEST):
        part = slice(start, start + LONGEST)
        yield Kind(kind.pixels[part], kind.fractions, kind.points[part])


def _beside(kinds: Sequence[Kind]) -> Columns:
    longest = max(len(kind.pixels) for kind in kinds)
    which = [np.minimum(np.arange(longest), len(kind.pixels) - 1) for kind in kinds]
    return Columns(
        np.stack([kind.pixels[index] for kind, index in zip(kinds, which, strict=True)]),
        np.stack([kind.fractions for kind in kinds]),
        np.stack([kind.points[index] for kind, index in zip(kinds, which, strict=True)]),
    )


def _three(pixels: Indices) -> Indices:
    """Each pixel with those before and behind it, in a map with a rim of one pixel."""
    return pixels[..., None] + np.arange(3)


@dataclass(frozen=True)
class Band:
    """Some rows of pixels, all of their points: what the basis form is computed in.

    `rows` (r, 3) and `columns` (w, 3) are the pixels read, as in a `Batch`; `down` (a) and `across` (b) the fractions
    of the points, `row_of` and `column_of` the row and column of the band that each lies in. They are the rows `start`
    to `stop` of the pane.
    """

    rows: Indices
    columns: Indices
    down: Fractions
    across: Fractions
    row_of: Indices
    column_of: Indices
    start: int
    stop: int


def bands(points: tuple[Points, Points], rows: int) -> Iterator[Band]:
    """The pane in bands of at most so many rows of pixels. Fractions are those of the rule, roundings included."""
    down, across = points
    left, right = int(across.pixels[0]), int(across.pixels[-1]) + 1
    columns = _three(np.arange(left, right))
    for first in range(int(down.pixels[0]), int(down.pixels[-1]) + 1, rows):
        start, stop = np.searchsorted(down.pixels, (first, first + rows))
        if start == stop:
            continue
        last = int(down.pixels[stop - 1])
        yield Band(
            _three(np.arange(first, last + 1)),
            columns,
            down.fractions[start:stop],
            across.fractions,
            down.pixels[start:stop] - first,
            across.pixels - left,
            int(start),
            int(stop),
        )


def phases_are_cheaper(phases: Phases, points: tuple[Points, Points], features: int, hidden: int) -> bool:
    """Whether to take distinct kernels, or the basis form for positions that hardly repeat: by multiplications."""
    down, across = points
    weights = 27 * features
    pixels = (int(down.pixels[-1] - down.pixels[0]) + 1) * (int(across.pixels[-1] - across.pixels[0]) + 1)
    count = len(down.pixels) * len(across.pixels)
    by_phases = phases.kernels * hidden * weights + count * weights + phases.products * PRODUCT
    return by_phases < pixels * hidden * weights + count * 3 * hidden
