"""How one enlargement is cut into tiles, and how those are put together.

With all that a point depends on around it, a tile is cut and equals the whole. Where memory is too small for that,
tiles have less around them, overlap, and pass into each other by half a sine; how far they differed is measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.enlargement import Enlargement
from lacuna.contract.upscale import Part, UpscaleNeeds
from lacuna.imaging.region import Region

SIDE = 512  # pixels: larger tiles are no faster, and are slower to hear a cancel
POINTS = 1536  # along a side of a tile: what is beyond the caches costs more
LEAST = 32  # pixels of a part: below it there is nothing left to halve
POINT_BYTES = 36  # of a tile: the points as floats, before and while they become whole numbers


@dataclass(frozen=True)
class Tiling:
    """The `side` of a tile in pixels, and how many more are seen around it; `cut` if that is all that matters."""

    side: int
    halo: int
    cut: bool

    @property
    def part(self) -> int:
        """The side of what is looked at."""
        return self.side + 2 * self.halo


def tiling(needs: UpscaleNeeds, enlargement: Enlargement, budget: float, *, tile: int | None, part: int) -> Tiling:
    """Tiles for a `budget` of bytes whose parts have at most a side of `part`; with `tile` those that were asked for.

    Of a picture that fits at once there is one.
    """
    factor = max(enlargement.down, enlargement.across, Fraction(1))
    fits = math.isqrt(max(0, int((budget - needs.least_bytes) / bytes_per_pixel(needs, factor))))
    most = max(LEAST, min(fits, part))
    longest = max(enlargement.height, enlargement.width)
    seen = longest + 2 * needs.rim
    if tile is not None and min(tile + 2 * needs.reach, seen) <= most:
        return Tiling(tile, needs.reach, cut=True)
    if longest <= SIDE and seen <= most:
        return Tiling(longest, needs.reach, cut=True)
    side = min(SIDE, math.ceil(POINTS / factor))
    if most - 2 * needs.reach >= min(side, LEAST):
        return Tiling(min(side, most - 2 * needs.reach), needs.reach, cut=True)
    # What is blended should not depend on the last byte that is free: a preview shows what the whole will be.
    most = 1 << (most.bit_length() - 1)
    return Tiling(most // 2, most // 4, cut=False)


def bytes_per_pixel(needs: UpscaleNeeds, factor: Fraction) -> float:
    """What a pixel of a tile takes, its points included."""
    return needs.bytes_per_pixel + POINT_BYTES * float(factor) ** 2


@dataclass(frozen=True)
class Strip:
    """One tile along an axis: its points from `start` to `stop`, and the pixels `first` to `last` that it looks at.

    It passes into the one before within `half` points around `rise`.
    """

    start: int
    stop: int
    first: int
    last: int
    rise: int = 0
    half: int = 0

    def coming(self, points: int) -> NDArray[np.float32]:
        """The weights of its first so many points, where the strip before goes out."""
        place = np.arange(self.start, self.start + points) + 0.5 - (self.rise - self.half)
        return np.sin(np.pi / 2 * np.clip(place / max(1, 2 * self.half), 0, 1)).astype(np.float32) ** 2


def strips(start: int, stop: int, factor: Fraction, length: int, tiling: Tiling) -> list[Strip]:
    """Points `start` to `stop` of an axis of `length` pixels, in tiles."""
    first, last = covered(start, stop, factor)
    if tiling.cut:
        count = -(-(min(last, length) - first) // tiling.side)
        ends = [start + (stop - start) * number // count for number in range(count + 1)]
        return [
            _strip(begin, end, covered(begin, end, factor), length, tiling.halo)
            for begin, end in pairwise(ends)
            if begin < end
        ]
    # The grid is that of the whole picture, whatever points of it are wanted: how tiles are blended depends on it.
    count = -(-length // tiling.side)
    half = math.floor(factor * tiling.halo / 2)
    cuts = [math.ceil(factor * length * number / count) for number in range(count + 1)]
    found = []
    for number in range(count):
        pixels = length * number // count, -(-length * (number + 1) // count)
        begin = max(start, cuts[number] - half if number else 0)
        end = min(stop, cuts[number + 1] + half if number + 1 < count else stop)
        if begin < end:
            strip = _strip(begin, end, pixels, length, tiling.halo)
            found.append(Strip(begin, end, strip.first, strip.last, cuts[number], half))
    return found


def covered(start: int, stop: int, factor: Fraction) -> tuple[int, int]:
    """The pixels, half-open, that points `start` to `stop` lie in or cover."""
    return math.floor(start / factor), math.ceil(stop / factor)


def _strip(start: int, stop: int, pixels: tuple[int, int], length: int, halo: int) -> Strip:
    return Strip(start, stop, max(0, pixels[0] - halo), min(length, pixels[1] + halo))


Make = Callable[[Strip, Strip], Part]
Sink = Callable[[Region, Part], None]


def put_together(rows: Sequence[Strip], columns: Sequence[Strip], make: Make, sink: Sink) -> float:
    """Hand all points over to `sink`, each once; gives by how much blended tiles differed where both count.

    Twice the difference times the smaller weight: where tiles meet, as much as they differ.
    """
    if not any(strip.half for strip in (*rows, *columns)):
        for down in rows:
            for across in columns:
                sink(Region(down.start, across.start, down.stop, across.stop), make(down, across))
        return 0.0
    left, right = columns[0].start, columns[-1].stop
    spread, below = 0.0, None
    for number, down in enumerate(rows):
        band, differed = _band(down, columns, make)
        spread = max(spread, differed)
        if below is not None and len(below):
            spread = max(spread, _pass_over(band[: len(below)], below, down.coming(len(below))[:, None, None]))
        end = rows[number + 1].start if number + 1 < len(rows) else down.stop
        sink(Region(down.start, left, end, right), band[: end - down.start])
        below = band[end - down.start :]
    return spread


def _band(down: Strip, columns: Sequence[Strip], make: Make) -> tuple[Part, float]:
    """One row of tiles, blended from left to right, and by how much they differed."""
    left = columns[0].start
    band, reached, spread = None, left, 0.0
    for across in columns:
        tile = make(down, across)
        if band is None:
            band = np.empty((down.stop - down.start, columns[-1].stop - left, tile.shape[2]), np.float32)
        shared = max(0, reached - across.start)
        if shared:
            before = band[:, across.start - left : reached - left]
            spread = max(spread, _pass_over(tile[:, :shared], before, across.coming(shared)[None, :, None]))
        band[:, across.start - left : across.stop - left] = tile
        reached = across.stop
    assert band is not None
    return band, spread


def _pass_over(tile: Part, before: Part, weight: NDArray[np.float32]) -> float:
    """Make the beginning of a tile pass over from the one before, in place; by how much the two differed."""
    apart = tile - before
    spread = float(np.max(np.abs(apart) * (2 * np.minimum(weight, 1 - weight)), initial=0.0))
    tile[...] = before + apart * weight
    return spread
