"""How much time the trials of the automatic choice have, and what can be tried in it: which methods, at which places.

All of it follows from what the backends say of their speed and not from the clock, so that the same seed makes the same
choice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lacuna.contract.fill import FillWork, Needs
from lacuna.engine import registry
from lacuna.engine.trials import Place, places
from lacuna.imaging.mask import bounds, rim
from lacuna.imaging.photo import Hole

ENOUGH = 3  # places at which a method has to be better before it is chosen for that (see `automatic_choice`)
MOST_PLACES = 6
SMALLER = 0.8  # steps in which the pixels of a trial are made fewer until there is time for enough of them
LEAST_PIXELS = 512  # a shape made smaller than that says little
CALL_SECONDS = 0.07  # of one trial, beside the backend's work: preparation and measuring
CALL_AREA = 2.5e5  # pixels of the crop of a trial, as a rule
CROP_SECONDS = 0.05  # a megapixel of the crop: telling marks from shapes, finding places
TWICE = 2.0  # times what the usual method alone takes is what all may take, where that is longer than the time given


@dataclass(frozen=True)
class Extent:
    """Of a part of a hole: pixels, those along its rim, and those of its crop."""

    pixels: int
    rim: int
    area: int


def extent_of(part: Hole) -> Extent:
    return Extent(int(np.count_nonzero(part)), rim(part[bounds(part).pad(1).clip(part.shape).slices]), part.size)


@dataclass(frozen=True)
class Budget:
    """Seconds, by what the backends say of their speed."""

    trials: float
    fill: float


def budget_for(extent: Extent, usual: Needs, seconds: float) -> Budget:
    """All within `seconds` together, or trials that take as long as the fill by itself."""
    alone = usual.seconds(extent.pixels, extent.rim, extent.area)
    return Budget(max(seconds - alone, (TWICE - 1) * alone), max(alone, 1e-3))


def with_trials(needs: Needs, several: bool) -> Needs:
    """As far as time goes, what a fill by a method with these needs asks for where `several` are tried before."""
    times = TWICE if several else 1.0
    return Needs(
        megapixel_seconds=times * needs.megapixel_seconds,
        rim_seconds=times * needs.rim_seconds,
        crop_seconds=times * needs.crop_seconds + CROP_SECONDS,
    )


def affordable(
    extent: Extent, known: list[registry.BackendInfo], usual: str | None, budget: Budget
) -> tuple[list[registry.BackendInfo], list[registry.BackendInfo]]:
    """Those that can be tried, and could then fill, within the time, cheap ones first; and those too dear for that."""

    def alone(info: registry.BackendInfo) -> float:
        return info.needs.seconds(extent.pixels, extent.rim, extent.area)

    ordered = sorted(known, key=alone)
    tried = [info for info in ordered if info.id == usual or alone(info) <= budget.trials + budget.fill]
    dear = [info for info in ordered if info not in tried]
    least = min(LEAST_PIXELS, extent.pixels)
    while len(tried) > 1 and ENOUGH * _cost(tried, extent, least) > budget.trials:
        dear.insert(0, tried.pop())
    return tried, dear


def trial_places(
    part: Hole, work: FillWork, extent: Extent, tried: list[registry.BackendInfo], budget: float
) -> tuple[Place, ...]:
    least = min(LEAST_PIXELS, extent.pixels)
    limit = extent.pixels
    while limit > least and ENOUGH * _cost(tried, extent, limit) > budget:
        limit = max(least, int(SMALLER * limit))
    count = int(budget / _cost(tried, extent, limit))
    return places(part, work.hole, min(MOST_PLACES, max(1, count)), limit, work.seed)


def _cost(tried: list[registry.BackendInfo], extent: Extent, pixels: int) -> float:
    """Seconds of a trial of each with so many pixels of the hole, with as much of a rim as lines have."""
    edge = extent.rim * pixels / extent.pixels
    return sum(info.needs.seconds(pixels, edge, CALL_AREA) + CALL_SECONDS for info in tried)
