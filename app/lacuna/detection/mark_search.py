"""Where a mark may be, by its gradients: every scale and small turn of the template laid over the reduced picture.

The picture is reduced so that the mark has always about the same size in it: a mark three times as large is looked for
in a ninth of the pixels. What is found is a guess to be fitted (`mark_fitting.py`). A large picture is reduced further,
and the likeliest places in it are looked at once more as those of a small one are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.progress import Progress
from lacuna.detection.mark_gradients import even, even_mark, gradients, squares
from lacuna.detection.mark_templates import Template
from lacuna.detection.mark_warping import matrix_of, warped
from lacuna.imaging.region import Region

SMALLEST, LARGEST = 0.28, 3.2  # scales that are looked for
MOST_TURN = 12.0  # degrees to either side
TOLERANCE = 1.6  # pixels at the far ends of the mark by which a guess may be off
PEAKS = 6  # of each scale and turn that are worth fitting
APART = 0.25  # of the mark's shorter side: nearer peaks are one
EMPTY = 0.2  # of the gradients that a clear mark has: with fewer than that around, what there is says little
LARGE = 4_000_000  # pixels of a picture from which on it is looked through coarsely at first
AGAIN = 2  # scales to either side of a coarse guess at which it is looked at again
AROUND = 0.6  # of the diagonal of the mark's box that is looked at then


@dataclass(frozen=True)
class Detail:
    """In how many pixels a mark is looked for: `working` is the square root of the area of its box in the reduced
    picture; in one of more than `pixels` it becomes smaller, down to `least`."""

    working: float
    least: float
    pixels: int


USUAL = Detail(66.0, 36.0, 1_500_000)
TURNED = Detail(44.0, 36.0, 1_500_000)  # an eighth of the work for each turn
COARSE, COARSE_TURNED = Detail(66.0, 20.0, 400_000), Detail(44.0, 20.0, 400_000)


@dataclass(frozen=True)
class Guess:
    """The template about (x, y), its centre, in the picture's pixels; `score` is in [-1, 1], below 0 inverted."""

    x: float
    y: float
    scale: float
    turn: float  # degrees, clockwise as seen
    score: float
    weight: float  # how many clear pixels of the mark's edges were compared

    @property
    def evidence(self) -> float:
        """How far it stands out from chance: many small agreements say as much as few great ones."""
        return abs(self.score) * math.sqrt(self.weight)


def guesses(
    grey: NDArray[np.uint8], template: Template, progress: Progress, *, turned: bool = False
) -> Iterator[Guess]:
    """The best places of each scale over a picture (H, W): upright, or `turned` by up to MOST_TURN to either side.

    In one that is `large` they are coarse, and want to be looked at `again`.
    """
    upright, at_a_turn = (COARSE, COARSE_TURNED) if large(grey) else (USUAL, TURNED)
    detail = at_a_turn if turned else upright
    shape = (grey.shape[0], grey.shape[1])
    sizes = [
        scale
        for scale in _scales(template, shape, detail)
        # Small marks in large pictures: turned they are left to their features.
        if not turned or grey.size * _reduction(template, scale, detail, shape) ** 2 <= 2 * detail.pixels
    ]
    costs = [_reduction(template, scale, detail, shape) ** 2 for scale in sizes]
    angles = [0.0]
    if turned:
        count = math.ceil(MOST_TURN / math.degrees(2 * TOLERANCE / (_far(template) * detail.working)))
        angles = [angle for angle in np.linspace(-MOST_TURN, MOST_TURN, 2 * count + 1).tolist() if abs(angle) > 0.1]
    for scale, cost in zip(sizes, costs, strict=True):
        part = progress.part(cost / sum(costs))
        yield from guesses_at(grey, template, scale, angles, part, detail=detail)
        part.at(1.0)


def large(grey: NDArray[np.uint8]) -> bool:
    return grey.size > LARGE


def again(grey: NDArray[np.uint8], template: Template, coarse: Guess, progress: Progress) -> Guess:
    """A coarse guess about a picture (H, W), made finer by looking around it as at a small picture."""
    reach = math.ceil(AROUND * math.hypot(*template.size) * coarse.scale)
    x, y = round(coarse.x), round(coarse.y)
    seen = Region(y - reach, x - reach, y + reach, x + reach).clip((grey.shape[0], grey.shape[1]))
    step = _step(template, USUAL.working)
    near = [
        guess
        for power in range(-AGAIN, AGAIN + 1)
        for guess in guesses_at(
            grey[seen.slices], template, coarse.scale * step**power, (coarse.turn,), progress, most=1
        )
    ]
    best = max(near, key=lambda guess: guess.evidence, default=None)
    return coarse if best is None else replace(best, x=best.x + seen.x0, y=best.y + seen.y0)


def guesses_at(
    grey: NDArray[np.uint8],
    template: Template,
    scale: float,
    angles: Sequence[float],
    progress: Progress,
    *,
    detail: Detail = USUAL,
    most: int = PEAKS,
) -> Iterator[Guess]:
    """The best places at one scale, at most `most` for each turn."""
    import cv2

    factor = _reduction(template, scale, detail, (grey.shape[0], grey.shape[1]))
    size = (max(1, round(grey.shape[1] * factor)), max(1, round(grey.shape[0] * factor)))
    small: NDArray[Any] = grey if factor == 1.0 else cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    across, down = size[0] / grey.shape[1], size[1] / grey.shape[0]
    pad = round(0.5 * max(template.size) * scale * factor)  # half of a mark may lie outside of the picture
    field = np.pad(even(gradients(small)), ((pad, pad), (pad, pad), (0, 0)))
    energy = squares(field)
    for angle in angles:
        progress.check()
        relief = even_mark(laid(template.relief, scale * factor, angle))
        height, width = relief.shape[:2]
        if height > field.shape[0] or width > field.shape[1]:
            continue
        weight = float(squares(relief).sum())
        if weight <= 0:
            continue
        found = cv2.matchTemplate(field, relief, cv2.TM_CCORR)
        around = cv2.boxFilter(energy, -1, (width, height), normalize=False, borderType=cv2.BORDER_CONSTANT)
        own = around[height // 2 :, width // 2 :][: found.shape[0], : found.shape[1]]
        scores = found / np.sqrt(weight * np.maximum(own, EMPTY * weight))
        for y, x in _peaks(np.abs(scores), max(2, round(APART * min(height, width))), most):
            yield Guess(
                x=(x - pad + 0.5 * width) / across,
                y=(y - pad + 0.5 * height) / down,
                scale=scale,
                turn=angle,
                score=float(scores[y, x]),
                weight=weight,
            )


def _scales(template: Template, picture: tuple[int, int], detail: Detail) -> Iterator[float]:
    """From large to small: none at which less than half of the mark could be seen."""
    scale = min(LARGEST, 2 * picture[0] / template.size[0], 2 * picture[1] / template.size[1])
    while scale >= SMALLEST:
        yield scale
        side = scale * _side(template) * _reduction(template, scale, detail, picture)
        scale /= _step(template, min(max(side, detail.least), detail.working))


def _step(template: Template, side: float) -> float:
    """From one scale to the next, where the mark's box has so many pixels a side."""
    return 1 + 2 * TOLERANCE / (_far(template) * side)


def _far(template: Template) -> float:
    """Where the mark's ends are, from its middle, if its box were as large as a square with a side of 1."""
    return 0.5 * math.hypot(*template.size) / _side(template)


def _side(template: Template) -> float:
    """Of a square with the area of the mark's box."""
    return math.sqrt(template.size[0] * template.size[1])


def _reduction(template: Template, scale: float, detail: Detail, picture: tuple[int, int]) -> float:
    """By which factor the picture is reduced."""
    affordable = math.sqrt(detail.pixels / (picture[0] * picture[1]))
    own = scale * _side(template)
    return min(1.0, detail.working / own, max(affordable, detail.least / own))


def laid(relief: NDArray[np.float32], scale: float, turn: float) -> NDArray[np.float32]:
    """The template's relief as it looks at a scale and turn (degrees), in the middle of a plane that holds it."""
    angle = math.radians(turn)
    height, width = (scale * side for side in relief.shape)
    c, s = abs(math.cos(angle)), abs(math.sin(angle))
    size = (math.ceil(s * width + c * height) + 4, math.ceil(c * width + s * height) + 4)
    return warped(relief, matrix_of(relief.shape, size[1] / 2, size[0] / 2, scale, scale, angle), size)


def _peaks(scores: NDArray[np.float32], reach: int, most: int) -> list[tuple[int, int]]:
    """The greatest values of a map with none greater within `reach`, greatest first."""
    import cv2

    highest = cv2.dilate(scores, np.ones((2 * reach + 1,) * 2, np.uint8))
    ys, xs = np.nonzero((scores >= highest) & (scores > 0))
    order = np.argsort(-scores[ys, xs])[:most]
    return [(int(ys[k]), int(xs[k])) for k in order]
