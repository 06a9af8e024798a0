"""A mark at the same place of several pictures of one size, told by what they share there, however loosely outlined.

Over brickwork or leaves one picture does not tell a semi-transparent mark from its ground. Two do: nothing but the mark
has the same steps in both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lacuna.detection.mark_gradients import even, gradients
from lacuna.detection.mark_sets import FEWEST, film, in_common, put_together
from lacuna.detection.mark_templates import LEAST_SIDE, Template
from lacuna.detection.marks import EDGE, MarkFinding
from lacuna.imaging.colour import luma, to_float
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Hole, Mask
from lacuna.imaging.region import Region

AROUND = 24  # pixels around the outline, in which the pictures have nothing in common unless they show one scene
# The correlation of the gradients of two photos, times the square root of the number of pixels, is below 7 where one
# has no mark (132 pairs), and above 25 where both have a large mark of 45 % opacity, 15 with one of half the size.
CHANCE, SPREAD = 12.5, 1.2
SCENE = 0.5  # of the correlation within, found around it as well: the pictures are alike, not their marks
MOST = 8  # pictures that are kept: more tell little more
NOISE = 0.03  # of white for a pixel's step: two pictures share so much by chance
STANDS_OUT = 0.4  # of the strongest of the mark
NEAR = 9  # pixels: the mark is as strong as it gets so near to any of its edges
SHAPED = 0.4  # of the strongest nearby: what is fainter is left of the pictures
CORE = 0.7


@dataclass(frozen=True, eq=False)
class SharedMark:
    """A mark that was outlined in a picture of `shape`: what stands in `region` of each picture that has it there.

    `within` (h, w) is the outline, which may be loose; `parts` are (h, w, 3) uint8.
    """

    shape: tuple[int, int]
    region: Region
    within: Hole
    parts: tuple[NDArray[np.uint8], ...]

    @classmethod
    def outlined(cls, pixels: NDArray[np.uint8], mask: Mask | Hole) -> SharedMark:
        """By a mask (H, W) that is not empty, in the first picture (H, W, 3)."""
        region = bounds(mask).pad(AROUND).clip(mask.shape)
        within = np.ascontiguousarray(mask[region.slices] > 0)
        return cls((mask.shape[0], mask.shape[1]), region, within, (pixels[region.slices].copy(),))

    def seen(self, pixels: NDArray[np.uint8]) -> tuple[SharedMark, MarkFinding] | None:
        """The mark in one more picture (H, W, 3), at the same place, and all that is known of it now; None without."""
        if pixels.shape[:2] != self.shape:
            return None
        part = pixels[self.region.slices].copy()
        confidence = max(self._confidence(part, other) for other in self.parts)
        if confidence < 0.5:
            return None
        both = replace(self, parts=(*self.parts, part)[-MOST:])
        shown = both._template()
        if shown is None:
            return None
        template, box = shown
        place = box.shift(self.region.y0, self.region.x0)
        matrix = np.array([[1.0, 0.0, place.x0], [0.0, 1.0, place.y0]])
        return both, MarkFinding(template, matrix, place.pad(EDGE), 1.0, 0.0, confidence, False)

    def _confidence(self, part: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
        one, two = even(gradients(luma(part))), even(gradients(luma(other)))
        inside = _correlation(one, two, self.within)
        if not self.within.all() and _correlation(one, two, ~self.within) > SCENE * inside:
            return 0.0
        evidence = inside * math.sqrt(np.count_nonzero(self.within))
        return 1 / (1 + math.exp(-np.clip((evidence - CHANCE) / SPREAD, -50, 50)))

    def _template(self) -> tuple[Template, Region] | None:
        """The mark by the steps that all parts share, and where in `region` it lies."""
        import cv2

        stack = np.stack([to_float(part, 255.0) for part in self.parts])
        relief = put_together(_shared(stack) if len(stack) < FEWEST else in_common(stack)) * self.within[..., None]
        strength = np.sqrt((relief * relief).sum(axis=2))
        full = cv2.dilate(strength, np.ones((NEAR, NEAR), np.uint8))
        clear = full > STANDS_OUT * float(np.percentile(strength[self.within], 99))
        alpha = np.where(clear, strength / np.maximum(full, 1e-6), 0)
        alpha[alpha < SHAPED] = 0
        box = bounds(alpha > 0)
        if min(box.height, box.width) < LEAST_SIDE:
            return None
        colour = _colour(stack, relief, alpha)
        colours = np.broadcast_to(np.rint(255 * colour), (box.height, box.width, 3)).astype(np.uint8)
        return Template(colours, np.ascontiguousarray(alpha[box.slices], np.float32)), box


def _correlation(one: NDArray[np.float32], two: NDArray[np.float32], where: Hole) -> float:
    a, b = one[where], two[where]
    return float(np.vdot(a, b)) / math.sqrt(max(float(np.vdot(a, a)) * float(np.vdot(b, b)), 1e-12))


def _shared(stack: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of the steps across and down the smallest, where they all go the same way."""
    across, down = (_least(np.diff(stack, axis=axis)) for axis in (2, 1))
    return across, down


def _least(steps: NDArray[np.float32]) -> NDArray[np.float32]:
    least = np.maximum(steps.min(axis=0), 0) + np.minimum(steps.max(axis=0), 0)
    length = np.sqrt((least * least).sum(axis=2, keepdims=True))
    surely: NDArray[np.float32] = least * (np.maximum(length - NOISE, 0) / np.maximum(length, 1e-6))
    return surely


def _colour(stack: NDArray[np.float32], relief: NDArray[np.float32], alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mark's colour (3,): on the way from the ground to what is seen, as far as there are colours.

    So white and black marks are white and black; the opacity that is fitted to it makes up for what others are.
    """
    hole, core = alpha > 0, alpha > CORE
    ground = np.mean([film(part, hole)[core].mean(axis=0) for part in stack], axis=0)
    way = relief[core].mean(axis=0)
    room = np.where(way > 0, 1 - ground, ground) / np.maximum(np.abs(way), 1e-3)
    return np.clip(ground + float(room.min()) * way, 0, 1).astype(np.float32)
