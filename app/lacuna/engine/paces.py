"""How fast methods are here, against what they say: each method, and each model of one, under a key of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lacuna.contract.fill import FillWork, Needs
from lacuna.imaging.mask import rim

NEWEST = 0.5  # share of the newest measurement in the remembered pace, if it took a second or more
BOUNDS = (0.1, 20.0)  # what is outside of this was no measurement


@dataclass(frozen=True)
class Spent:
    """Seconds that some calls were to take by what the method says, and those that they took."""

    planned: float
    seconds: float

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.planned + other.planned, self.seconds + other.seconds)


def key(backend: str, needs: Needs, *, started: bool = False) -> str:
    """Under which name the pace of a method is remembered. `started`: going on from another one's fill."""
    name = backend if needs.model is None else f"{backend}:{needs.model}"
    return f"{name}+start" if started else name


def planned(work: FillWork, needs: Needs) -> float:
    """Seconds of one call, by what the method says of its speed."""
    pixels = int(np.count_nonzero(work.hole))
    needs = needs if work.edges is None else needs.led
    return max(needs.least_seconds * work.share, needs.seconds(pixels, rim(work.hole), work.hole.size))


def remember(paces: dict[str, float], spent: Mapping[str, Spent]) -> None:
    """Take measurements into `paces`: running means, in which a fill of a moment hardly counts."""
    for name, found in spent.items():
        if found.planned > 0:
            pace = min(max(found.seconds / found.planned, BOUNDS[0]), BOUNDS[1])
            before = paces.get(name, 1.0)
            paces[name] = before + NEWEST * min(1.0, found.seconds) * (pace - before)
