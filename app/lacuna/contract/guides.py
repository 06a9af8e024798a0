"""Guides as values: strokes that say how the picture runs behind the hole, areas that may be copied from or not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from lacuna.i18n import N_, _
from lacuna.imaging.photo import Mask
from lacuna.imaging.polylines import Polyline, drawn
from lacuna.imaging.region import Region

FARTHEST = 1e6  # pixels: no picture is so large


class Guide(Enum):
    """What a stroke says."""

    LINE = "line"  # structure to continue
    ERASE_EDGE = "erase-edge"  # no edge runs here
    SOURCE = "source"  # sample from here
    NEVER = "never"  # never sample from here
    HINT = "hint"  # this colour stands here


NAMES = {
    Guide.LINE: N_("lines"),
    Guide.ERASE_EDGE: N_("erased edges"),
    Guide.SOURCE: N_("areas to copy from"),
    Guide.NEVER: N_("areas never to copy from"),
    Guide.HINT: N_("colour hints"),
}


def listed(kinds: Iterable[Guide]) -> str:
    """Kinds as words in a sentence, in the person's language."""
    return ", ".join(sorted(_(NAMES[kind]) for kind in kinds))


@dataclass(frozen=True)
class GuideStroke:
    """A polyline in image coordinates (pixel 0 covers 0..1), `width` in image pixels; `colour` RGB, 0..1, for hints.

    `closed`: it is the outline of an area, and all within belongs to it.
    """

    kind: Guide
    points: tuple[tuple[float, float], ...]  # (x, y)
    width: float = 1.0
    colour: tuple[float, float, float] | None = None
    closed: bool = False

    def shift(self, dy: float, dx: float) -> GuideStroke:
        """The same stroke in coordinates whose origin lies `dy` up and `dx` left."""
        return replace(self, points=tuple((x + dx, y + dy) for x, y in self.points))

    def scaled(self, down: float, across: float) -> GuideStroke:
        """The same stroke in a picture so many times as high and as wide."""
        points = tuple((x * across, y * down) for x, y in self.points)
        return replace(self, points=points, width=self.width * max(down, across))

    @property
    def polyline(self) -> Polyline:
        """Where it runs, without what it says."""
        return Polyline(self.points, self.width, self.closed)


def marked(strokes: Iterable[GuideStroke], kind: Guide, shape: tuple[int, int]) -> Mask | None:
    """(h, w) uint8, 1 where strokes of a kind lie, else 0; None if there are none of it."""
    lines = lines_of(strokes, kind)
    return drawn(lines, shape) if lines else None


def lines_of(strokes: Iterable[GuideStroke], kind: Guide = Guide.LINE) -> list[Polyline]:
    """Those of a kind, as polylines."""
    return [stroke.polyline for stroke in strokes if stroke.kind is kind]


def covered(strokes: Iterable[GuideStroke], kind: Guide) -> Region:
    """The box of all strokes of a kind, with their widths, wherever it lies; empty if there are none."""
    boxes = []
    for stroke in strokes:
        if stroke.kind is kind:
            columns, rows = zip(*stroke.points, strict=True)
            margin = stroke.width / 2 + 1
            corner = (min(rows) - margin, min(columns) - margin, max(rows) + margin, max(columns) + margin)
            boxes.append(Region(*map(math.floor, corner[:2]), *map(math.ceil, corner[2:])))
    return Region.around(boxes)


def kinds_near(strokes: Iterable[GuideStroke], regions: Sequence[Region]) -> set[Guide]:
    """The kinds that mean something for holes with these contexts: an area to copy from does wherever it lies."""
    return {
        stroke.kind
        for stroke in strokes
        if stroke.kind is Guide.SOURCE
        or any(not covered((stroke,), stroke.kind).intersect(region).empty for region in regions)
    }


def to_json(strokes: Iterable[GuideStroke]) -> list[dict[str, Any]]:
    """As it is kept in journals, projects and files of guides."""
    return [
        {
            "kind": stroke.kind.value,
            "points": [list(point) for point in stroke.points],
            "width": stroke.width,
            "colour": stroke.colour,
            "closed": stroke.closed,
        }
        for stroke in strokes
    ]


def are_sound(strokes: Sequence[GuideStroke]) -> bool:
    """Are they strokes of numbers that a picture can have? For what comes from files of others."""
    return all(map(_is_sound, strokes))


def _is_sound(stroke: GuideStroke) -> bool:
    """Comparisons with what is no number are false."""
    near = all(abs(value) <= FARTHEST for point in stroke.points for value in point)
    return near and 0 < stroke.width <= FARTHEST and all(map(math.isfinite, stroke.colour or ()))


def from_json(value: Sequence[dict[str, Any]]) -> tuple[GuideStroke, ...]:
    """What `to_json` made. Raises KeyError, TypeError or ValueError for anything else."""
    return tuple(
        GuideStroke(
            Guide(stroke["kind"]),
            tuple((float(x), float(y)) for x, y in stroke["points"]),
            float(stroke.get("width", 1.0)),
            _colour(stroke.get("colour")),
            bool(stroke.get("closed", False)),
        )
        for stroke in value
    )


def change_to_json(before: Sequence[GuideStroke], after: Sequence[GuideStroke]) -> dict[str, Any]:
    """How `after` comes of `before`: how many strokes stay at either end, and what stands between them."""
    most = min(len(before), len(after))
    first = next((i for i in range(most) if before[i] is not after[i]), most)
    last = next((i for i in range(most - first) if before[-1 - i] is not after[-1 - i]), most - first)
    return {"first": first, "last": last, "between": to_json(after[first : len(after) - last])}


def changed(before: tuple[GuideStroke, ...], value: dict[str, Any]) -> tuple[GuideStroke, ...]:
    """`before` with a change that `change_to_json` made. Raises KeyError, TypeError or ValueError for anything else."""
    first, last = int(value["first"]), int(value["last"])
    if first < 0 or last < 0 or first + last > len(before):
        raise ValueError("a change of other guides")
    return (*before[:first], *from_json(value["between"]), *before[len(before) - last :])


def _colour(value: Sequence[float] | None) -> tuple[float, float, float] | None:
    if value is None:
        return None
    red, green, blue = (float(part) for part in value)
    return red, green, blue
