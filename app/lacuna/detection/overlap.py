"""Of regions that were found several times, as at several sizes, each once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

import numpy as np

from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region

SHARED = 0.2  # of a region lies in others before it: then it is none of its own


class Found(Protocol):
    """(h, w) which pixels of `region` it takes, and how surely it was found."""

    @property
    def region(self) -> Region: ...
    @property
    def mask(self) -> Hole: ...
    @property
    def confidence(self) -> float: ...


T = TypeVar("T", bound=Found)


def apart(found: Iterable[T], shape: tuple[int, ...]) -> tuple[T, ...]:
    """Those in a picture (height, width, ...) that lie in none before them, up to SHARED; the surest first."""
    taken = np.zeros(shape[:2], bool)
    best: list[T] = []
    for one in found:
        there = taken[one.region.slices]
        if np.count_nonzero(there & one.mask) < SHARED * np.count_nonzero(one.mask):
            best.append(one)
            there |= one.mask
    return tuple(sorted(best, key=lambda each: -each.confidence))
