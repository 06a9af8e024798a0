"""Guides as values: strokes that say how the picture runs behind the hole. Reserved for the tools that draw them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum


class Guide(Enum):
    """What a stroke says."""

    LINE = "line"  # structure to continue
    ERASE_EDGE = "erase-edge"  # no edge runs here
    SOURCE = "source"  # sample from here
    NEVER = "never"  # never sample from here
    HINT = "hint"  # this colour stands here


@dataclass(frozen=True)
class GuideStroke:
    """A polyline in image coordinates (pixel 0 covers 0..1), `width` in image pixels; `colour` RGB, 0..1, for hints."""

    kind: Guide
    points: tuple[tuple[float, float], ...]  # (x, y)
    width: float = 1.0
    colour: tuple[float, float, float] | None = None

    def shift(self, dy: float, dx: float) -> GuideStroke:
        """The same stroke in coordinates whose origin lies `dy` up and `dx` left."""
        return replace(self, points=tuple((x + dx, y + dy) for x, y in self.points))
