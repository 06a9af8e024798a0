"""A measured promise: its value, the bound it has to keep, and how to print it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """One line of a benchmark. `bound` is kept when `value <= bound` (or `>=` where `least`); None means: told only.

    `value` None is one that could not be measured here; `note` says why.
    """

    subject: str
    what: str
    value: float | None
    unit: str  # "x", "ms", "s", "MB"
    bound: float | None = None
    least: bool = False
    note: str = ""

    @property
    def kept(self) -> bool:
        if self.bound is None or self.value is None:
            return True
        return self.value >= self.bound if self.least else self.value <= self.bound

    @property
    def promise(self) -> str:
        if self.bound is None:
            return ""
        return f"{'≥' if self.least else '≤'} {self.bound:g} {self.unit}"

    def as_dict(self) -> dict[str, object]:
        return {**asdict(self), "kept": self.kept}


def median(values: Iterable[float]) -> float:
    """The middle of `values`."""
    return percentile(values, 50)


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which `share` per cent of `values` lie (nearest rank).

    >>> percentile([1, 2, 3, 4], 95)
    4
    """
    ordered = sorted(values)
    rank = max(0, -(-len(ordered) * share // 100) - 1)
    return ordered[int(rank)]
