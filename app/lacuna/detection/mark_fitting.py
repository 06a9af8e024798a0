"""A guess at where a mark is, brought to a fraction of a pixel, and how surely it is the mark.

The mark's edges are a few thousand points, each with the direction in which the mark grows stronger. A placement is as
good as the picture's gradients under the points correlate with them; it is improved by trying steps that grow smaller.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.detection.mark_gradients import AROUND, Field, even, even_mark, gradients, squares
from lacuna.detection.mark_search import Guess, laid
from lacuna.detection.mark_templates import Template
from lacuna.detection.mark_warping import Matrix, matrix_of
from lacuna.imaging.region import Region

FINE = 150.0  # pixels: square root of the area of the mark's box at which it is fitted, at most
POINTS = 3000
STRETCHED = 20.0  # marks keep their proportions but for whole pixels: 4 % of stretch must gain 3 % of correlation
ROUNDS = 12  # of steps of one length, at most
STRONG = 0.25  # of the strongest gradient of the mark: from there on a pixel is an edge point
SOFT = 1.5  # pixels by which the picture's gradients are smeared at first, so that a guess a pixel off feels them
EMPTY = 0.01  # of the gradients of a clear mark


@dataclass(frozen=True)
class Placement:
    """The template's centre at (x, y) of the picture, stretched by `exp(across)` and `exp(down)` and turned."""

    x: float
    y: float
    across: float
    down: float
    turn: float  # radians, clockwise as seen

    def matrix(self, template: Template) -> Matrix:
        return matrix_of(template.size, self.x, self.y, math.exp(self.across), math.exp(self.down), self.turn)


@dataclass(frozen=True)
class Fit:
    """A placement, and how its edges correlate with the picture's (-1 to 1, below 0 inverted), over how many points."""

    placement: Placement
    score: float
    points: int


@dataclass(frozen=True, eq=False)
class _Edges:
    """The mark's edge points relative to its centre, in template pixels, with the gradient of the relief there."""

    at: NDArray[np.float32]  # (n, 2)
    gradient: NDArray[np.float32]  # (n, 2)
    count: int  # of all points, of which at most POINTS are looked at


def fitted(grey: NDArray[np.uint8], template: Template, guess: Guess) -> Fit:
    """The best placement near a guess."""
    import cv2

    own = math.sqrt(template.size[0] * template.size[1]) * guess.scale
    factor = min(1.0, FINE / own)
    radius = 0.5 * math.hypot(*template.size) * guess.scale * 1.15 + AROUND / factor
    box = Region(
        math.floor(guess.y - radius),
        math.floor(guess.x - radius),
        math.ceil(guess.y + radius),
        math.ceil(guess.x + radius),
    ).clip(grey.shape)
    part: NDArray[Any] = grey[box.slices]
    size = (max(1, round(box.width * factor)), max(1, round(box.height * factor)))
    if factor < 1.0:
        part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    across, down = size[0] / box.width, size[1] / box.height
    edges = _edges(template, guess.scale * factor)
    sharp = even(gradients(part))
    soft = np.asarray(cv2.GaussianBlur(sharp, (0, 0), SOFT), np.float32)

    def scorer(field: Field) -> Callable[[NDArray[np.float64]], float]:
        def score(values: NDArray[np.float64]) -> float:
            seen, direction = _seen(field, edges, values, box, (across, down))
            return abs(_correlation(seen, direction)) * (1 - STRETCHED * (values[2] - values[3]) ** 2)

        return score

    start = np.array([guess.x, guess.y, math.log(guess.scale), math.log(guess.scale), math.radians(guess.turn)])
    far = 0.5 * math.hypot(*template.size) * guess.scale  # one pixel at the mark's ends
    pixel = 1 / factor
    together = np.array(
        [[pixel, 0, 0, 0, 0], [0, pixel, 0, 0, 0], [0, 0, pixel / far, pixel / far, 0], [0, 0, 0, 0, pixel / far]]
    )
    apart = np.array([[0, 0, pixel / far, 0, 0], [0, 0, 0, 2 * pixel / (template.size[0] * guess.scale), 0]])
    values = _climbed(scorer(soft), start, 2 * together, halvings=2)
    values = _climbed(scorer(sharp), values, together, halvings=4)
    values = _climbed(scorer(sharp), values, np.concatenate([together, apart]) / 4, halvings=3)
    seen, direction = _seen(sharp, edges, values, box, (across, down))
    return Fit(Placement(*values.tolist()), _correlation(seen, direction), edges.count)


def _climbed(
    score: Callable[[NDArray[np.float64]], float], start: NDArray[np.float64], steps: NDArray[np.float64], halvings: int
) -> NDArray[np.float64]:
    """From `start` upward along `steps` (n, 5), which are halved when none of them leads higher."""
    values, best = start, score(start)
    for _turn in range(halvings + 1):
        for _round in range(ROUNDS):
            moved = False
            for step in steps:
                for sign in (1, -1):
                    tried = values + sign * step
                    reached = score(tried)
                    if reached > best:
                        values, best, moved = tried, reached, True
                        break
            if not moved:
                break
        steps = steps / 2
    return values


def _edges(template: Template, scale: float) -> _Edges:
    """The edges as they look at a scale, each point in pixels of the template."""
    plane = laid(template.relief, scale, 0.0)
    field = even_mark(plane)
    strength = np.sqrt(squares(field))
    ys, xs = np.nonzero(strength > STRONG * strength.max())
    count = len(ys)
    if count > POINTS:
        chosen = np.random.default_rng(0).permutation(len(ys))[:POINTS]  # evenly, and the same each time
        ys, xs = ys[chosen], xs[chosen]
    centre = np.array([plane.shape[1] / 2, plane.shape[0] / 2])
    at = ((np.stack([xs, ys], axis=1) + 0.5) - centre) / scale
    return _Edges(at.astype(np.float32), field[ys, xs], count)


def _seen(
    field: Field, edges: _Edges, values: NDArray[np.float64], box: Region, factors: tuple[float, float]
) -> tuple[Field, Field]:
    """The picture's gradients under the mark's points, and the mark's as they lie there; 0 outside of the picture."""
    import cv2

    c, s = math.cos(values[4]), math.sin(values[4])
    turned = np.array([[c, -s], [s, c]])
    linear = turned @ np.diag(np.exp(values[2:4]))
    places = edges.at @ linear.T.astype(np.float32)
    x = (places[:, 0] + np.float32(values[0] - box.x0)) * np.float32(factors[0]) - np.float32(0.5)
    y = (places[:, 1] + np.float32(values[1] - box.y0)) * np.float32(factors[1]) - np.float32(0.5)
    seen = cv2.remap(field, x[None], y[None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)[0]
    return seen, edges.gradient @ turned.T.astype(np.float32)


def _correlation(seen: Field, mark: Field) -> float:
    own = float(np.vdot(mark, mark))
    # Where the picture has next to no gradients, what there is says little.
    energy = own * max(float(np.vdot(seen, seen)), EMPTY * own, 1e-12)
    return float(np.vdot(seen, mark)) / math.sqrt(energy)
