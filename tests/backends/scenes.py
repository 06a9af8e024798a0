"""Pictures of which one knows how they run behind a hole: a bar, a horizon and a corner, with the lines that say so."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lacuna.contract.guides import Guide, GuideStroke
from lacuna.imaging.photo import Hole
from lacuna.imaging.polylines import Polyline, drawn

SIDE = 160  # pixels
SUBPIXELS = 16
GRAIN = 6.0
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class Scene:
    """`truth` (h, w, 3) uint8, a `hole`, and the lines at which the colours of the truth change."""

    name: str
    truth: NDArray[np.uint8]
    hole: Hole
    lines: tuple[GuideStroke, ...]

    @property
    def near_lines(self) -> Hole:
        """The pixels of the hole within some pixels of a line: where it is seen whether the structure connects."""
        return self.hole & (drawn([Polyline(line.points, 13.0) for line in self.lines], self.hole.shape) > 0)

    def wrong(self, filled: NDArray[Any], bearable: float = 40.0) -> float:
        """The share of pixels along the lines that are nearer to another colour of the truth than to their own."""
        away = np.abs(filled.astype(float) - self.truth).max(axis=2)
        return float((away[self.near_lines] > bearable).mean())


def scenes(side: int = SIDE) -> list[Scene]:
    grown = side / SIDE
    hole = np.zeros((side, side), bool)
    hole[round(48 * grown) : round(112 * grown), round(48 * grown) : round(112 * grown)] = True
    bar = [((0.0, 36.0), (160.0, 100.0)), ((0.0, 56.0), (160.0, 120.0))]
    horizon = [((0.0, 92.0), (160.0, 68.0))]
    corner = [((0.0, 70.0), (84.0, 86.0), (100.0, 160.0))]
    return [
        _scene("bar", [(*bar[0], *bar[1][::-1])], bar, hole, grown),
        _scene("horizon", [(*horizon[0], (160.0, 160.0), (0.0, 160.0))], horizon, hole, grown),
        _scene("corner", [(*corner[0], (0.0, 160.0))], corner, hole, grown),
    ]


def hidden_step(side: int = SIDE) -> Scene:
    """A horizon that steps down behind the hole, which nothing around it tells."""
    grown = side / SIDE
    line = ((0.0, 62.0), (66.0, 62.0), (94.0, 98.0), (160.0, 98.0))
    area = (*line, (160.0, 160.0), (0.0, 160.0))
    return _scene("hidden step", [area], [line], scenes(side)[0].hole, grown)


def _scene(name: str, areas: list[Points], lines: list[Points], hole: Hole, grown: float) -> Scene:
    side = hole.shape[0]
    inside = np.zeros((side, side), np.uint8)
    for area in areas:
        corners = np.rint((np.array(area) * grown - 0.5) * SUBPIXELS).astype(np.int32)
        cv2.fillPoly(inside, [corners], 255, cv2.LINE_AA, shift=4)
    share = (inside / 255.0)[..., None]
    colours = share * np.array((70.0, 90.0, 50.0)) + (1 - share) * np.array((190.0, 170.0, 200.0))
    noise = np.random.default_rng(3).normal(0.0, GRAIN, (side, side, 1))
    truth = np.clip(np.rint(colours + noise), 0, 255).astype(np.uint8)
    strokes = tuple(GuideStroke(Guide.LINE, tuple((x * grown, y * grown) for x, y in points), 2.0) for points in lines)
    return Scene(name, truth, hole, strokes)


def without_ends(scene: Scene) -> tuple[GuideStroke, ...]:
    """The lines as far as they lie within the hole, a few pixels short of its rim: as a person draws them."""
    return tuple(
        GuideStroke(line.kind, points, line.width) for line in scene.lines if (points := _cut(line.points, scene.hole))
    )


def _cut(points: Points, hole: Hole) -> Points:
    fine: list[tuple[float, float]] = []
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        fine += [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for t in np.linspace(0, 1, 200)]
    core = cv2.erode(hole.view(np.uint8), np.ones((7, 7), np.uint8)) > 0
    height, width = hole.shape
    return tuple((x, y) for x, y in fine if 0 <= y < height and 0 <= x < width and core[int(y), int(x)])
