"""A mark found in a picture by its template: a watermark, a logo, a stamp, wherever it is and as often as it is there.

Three ways make guesses: the template's gradients laid over the reduced picture, upright at every scale and then turned
(`mark_search.py`), and features (`mark_features.py`). The best are fitted to a fraction of a pixel, and judged by how
well all edges of the mark correlate with the picture's (`mark_fitting.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.progress import Progress
from lacuna.detection.mark_features import guesses_by_features
from lacuna.detection.mark_fitting import Fit, fitted
from lacuna.detection.mark_search import Guess, again, guesses, guesses_at, large
from lacuna.detection.mark_templates import Template, template_of_file, template_of_outline
from lacuna.detection.mark_warping import Matrix, corners, stretched, turned, warped
from lacuna.imaging.colour import luma
from lacuna.imaging.mask import grow as widened
from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region

__all__ = [
    "DEFAULT_CONFIDENCE",
    "GROWN",
    "MarkFinding",
    "Template",
    "find_marks",
    "same_place",
    "template_of_file",
    "template_of_outline",
]

DEFAULT_CONFIDENCE = 0.5
LEAST_CONFIDENCE = 0.2  # below it a finding is chance
SURE = 0.9  # a finding of it ends the search: other marks look alike, and have its scale and turn
FITTED = 12  # guesses of each way
COARSE = 24  # of a large picture, before they are looked at again
REPEATS = 400
MISSED = 24  # places one after another, with ever less evidence, that were no repeats: then a large picture has no more
# The best correlation that chance reaches falls with the number of points that are compared, as was measured on 72
# clean photos (docs/architecture.md); the confidence is 0.5 above it by a margin.
CHANCE = 0.73  # at CHANCE_POINTS
CHANCE_POINTS = 800
CHANCE_FALLS = 0.31  # as a power of the number of points
LEAST_CHANCE = 0.3
SPREAD = 0.035  # of the correlation: how fast confidence rises
WORTH = 0.3  # of the evidence of the clearest: a repeated mark on rough ground has so much
NEARBY, ALIKE, ALIKE_TURN = 0.3, 0.2, 4.0  # of the shorter side, of the logarithm of the scale, degrees: one place
TOUCHED = 1 / 512  # of alpha: in a picture of 8 bits it changes nothing
GROWN = 1.5  # pixels: with it 99.8 % of all pixels that were changed at all are in the mask
EDGE = 3  # pixels around the corners, as far as a soft edge reaches
OVERLAP = 0.4  # of the smaller box: then two findings are one


@dataclass(frozen=True, eq=False)
class MarkFinding:
    """A mark in a picture. `matrix` (2, 3) takes points of the template to the picture, in which pixel 0 covers 0 to 1.

    `turn` is in degrees, clockwise as seen; `inverted`: the mark is dark where the template is bright.
    """

    template: Template
    matrix: Matrix
    region: Region
    scale: float
    turn: float
    confidence: float
    inverted: bool

    def moved(self, dy: int, dx: int) -> MarkFinding:
        """The same in a picture whose corner lies `dy` up and `dx` left."""
        matrix = self.matrix.copy()
        matrix[:, 2] += (dx, dy)
        return replace(self, matrix=matrix, region=self.region.shift(dy, dx))

    def matte(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """The template's alpha as it lies in a picture of `shape`, (H, W); the mark's opacity is not in it."""
        plane = np.zeros(shape[:2], np.float32)
        seen = self.region.clip(shape)
        if not seen.empty:
            plane[seen.slices] = np.clip(self.laid(self.template.alpha, seen), 0, 1)
        return plane

    def mask(self, shape: tuple[int, ...], grow: float = GROWN) -> Hole:
        """Every pixel on which the mark has an effect, widened by `grow` pixels; (H, W).

        A program that made the mark smaller or larger left ripples around its edges, of a level or two: by default
        these are in it.
        """
        hole = np.zeros(shape[:2], bool)
        seen = self.region.pad(math.ceil(grow) + 1).clip(shape)
        if not seen.empty:
            matte = self.moved(-seen.y0, -seen.x0).matte((seen.height, seen.width))
            hole[seen.slices] = widened((matte > TOUCHED).view(np.uint8), grow) > 0
        return hole

    def laid(self, plane: NDArray[np.float32], region: Region) -> NDArray[np.float32]:
        """A plane of the template's size, or several (h, w, n), as it lies in `region` of the picture; 0 around it."""
        moved = self.matrix.copy()
        moved[:, 2] -= (region.x0, region.y0)
        return warped(plane, moved, (region.height, region.width))


def find_marks(
    pixels: NDArray[np.uint8], template: Template, *, progress: Progress | None = None
) -> tuple[MarkFinding, ...]:
    """Every place of a picture (H, W, 3) at which the mark may be, surest first: from LEAST_CONFIDENCE on.

    Those from DEFAULT_CONFIDENCE on can be trusted. At scales of 0.3 to 3, upright and slightly turned; turned by more
    where the mark is clear and has features enough; bright, dark or faint; as often as it is there, at one scale and
    turn. The same picture has the same findings. Raises Cancelled.
    """
    progress = progress or Progress()
    grey = luma(np.ascontiguousarray(pixels))
    found: list[Fit] = []
    for way, weight in ((_upright, 0.45), (_features, 0.1), (_turned, 0.35)):
        part = progress.part(weight)
        found += _fits(grey, template, _spread(way(grey, template, part), template, FITTED), part)
        if found and max(map(confidence, found)) >= SURE:
            break
    best = max(found, key=confidence, default=None)
    if best is not None and confidence(best) >= DEFAULT_CONFIDENCE:
        found += _repeats(grey, template, best, progress.part(0.1))
    kept: list[MarkFinding] = []
    for fit in sorted(found, key=confidence, reverse=True):
        finding = _finding(fit, template)
        if finding.confidence < LEAST_CONFIDENCE:
            break
        if not finding.region.clip(grey.shape).empty and not any(same_place(finding, other) for other in kept):
            kept.append(finding)
    progress.at(1.0)
    return tuple(kept)


def confidence(fit: Fit) -> float:
    """From 0 to 1: how far the correlation lies above what chance reaches over so many points."""
    chance = max(LEAST_CHANCE, CHANCE * (max(fit.points, 1) / CHANCE_POINTS) ** -CHANCE_FALLS)
    return 1 / (1 + math.exp(-(abs(fit.score) - chance) / SPREAD))


def _upright(grey: NDArray[np.uint8], template: Template, progress: Progress) -> Iterator[Guess]:
    return _finer(grey, template, guesses(grey, template, progress), progress)


def _turned(grey: NDArray[np.uint8], template: Template, progress: Progress) -> Iterator[Guess]:
    return _finer(grey, template, guesses(grey, template, progress, turned=True), progress)


def _finer(
    grey: NDArray[np.uint8], template: Template, guessed: Iterator[Guess], progress: Progress
) -> Iterator[Guess]:
    """Guesses as good as those about a small picture: the likeliest of a large one, looked at again."""
    if not large(grey):
        yield from guessed
        return
    for guess in _spread(guessed, template, COARSE):
        yield again(grey, template, guess, progress)


def _features(grey: NDArray[np.uint8], template: Template, progress: Progress) -> Iterator[Guess]:
    return guesses_by_features(grey, template, progress)


def _spread(found: Iterable[Guess], template: Template, most: int) -> list[Guess]:
    """The guesses with most evidence, none of them about the same place as one before."""
    kept: list[Guess] = []
    for guess in sorted(found, key=lambda guess: -guess.evidence):
        near = NEARBY * min(template.size) * guess.scale
        if all(
            max(abs(guess.x - other.x), abs(guess.y - other.y)) > near
            or abs(math.log(guess.scale / other.scale)) > ALIKE
            or abs(guess.turn - other.turn) > ALIKE_TURN
            for other in kept
        ):
            kept.append(guess)
            if len(kept) == most:
                break
    return kept


def _fits(grey: NDArray[np.uint8], template: Template, guessed: Iterable[Guess], progress: Progress) -> list[Fit]:
    found = []
    for guess in guessed:
        progress.check()
        found.append(fitted(grey, template, guess))
    return found


def _repeats(grey: NDArray[np.uint8], template: Template, best: Fit, progress: Progress) -> list[Fit]:
    """The mark again, at the scale and turn of a sure finding: tiles are put in by one stroke."""
    place = best.placement
    scale, turn = math.exp((place.across + place.down) / 2), math.degrees(place.turn)
    guessed = list(guesses_at(grey, template, scale, (turn,), progress, most=REPEATS))
    most = max((guess.evidence for guess in guessed), default=0.0)
    likely = [guess for guess in guessed if guess.evidence >= WORTH * most and guess.score * best.score > 0]
    found: list[Fit] = []
    missed = 0
    for guess in _spread(likely, template, REPEATS):
        found += _fits(grey, template, (guess,), progress)
        missed = 0 if confidence(found[-1]) >= DEFAULT_CONFIDENCE else missed + 1
        if missed == MISSED and large(grey):  # in a small picture there is little that looks like the mark
            break
    return found


def _finding(fit: Fit, template: Template) -> MarkFinding:
    matrix = fit.placement.matrix(template)
    where = corners(matrix, template.size)
    left, top = np.floor(where.min(axis=0)).astype(int) - EDGE
    right, bottom = np.ceil(where.max(axis=0)).astype(int) + EDGE
    down, across = stretched(matrix)
    return MarkFinding(
        template=template,
        matrix=matrix,
        region=Region(int(top), int(left), int(bottom), int(right)),
        scale=math.sqrt(down * across),
        turn=math.degrees(turned(matrix)),
        confidence=confidence(fit),
        inverted=fit.score < 0,
    )


def same_place(one: MarkFinding, other: MarkFinding) -> bool:
    """Whether two findings lie over each other, as no two marks of a tiling do."""
    shared = one.region.intersect(other.region).area
    return shared > OVERLAP * min(one.region.area, other.region.area)
