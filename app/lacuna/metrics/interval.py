"""A mean over photos, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Mean:
    """`value` over `count` photos; the true mean lies within `margin` of it with 95 %, None where that is unknown."""

    value: float
    margin: float | None
    count: int


def mean(values: Sequence[float]) -> Mean:
    """The mean of at least one value with Student's interval, as if the photos were drawn at random from many."""
    count, value = len(values), float(np.mean(values))
    if count < 2 or not math.isfinite(value):
        return Mean(value, None, count)
    return Mean(value, students(count - 1) * float(np.std(values, ddof=1)) / math.sqrt(count), count)


def students(freedom: int) -> float:
    """How many standard errors reach `CONFIDENCE` to both sides, by Student's distribution of so many degrees."""
    low, high = 0.0, 1.0
    while _within(high, freedom) < CONFIDENCE:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < CONFIDENCE else (low, middle)
    return high


def _within(t: float, freedom: int) -> float:
    """The chance to lie within `t`: Abramowitz and Stegun, "Handbook of mathematical functions", 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    square = math.cos(angle) ** 2
    odd = freedom % 2
    # Even: 1 + 1/2 c² + 1·3/(2·4) c⁴ ...; odd: c + 2/3 c³ + 2·4/(3·5) c⁵ ...
    term = math.cos(angle) if odd else 1.0
    total = term if freedom > 1 else 0.0
    for step in range(2 + odd, freedom, 2):
        term *= square * (step - 1) / step
        total += term
    return 2 / math.pi * (angle + math.sin(angle) * total) if odd else math.sin(angle) * total
