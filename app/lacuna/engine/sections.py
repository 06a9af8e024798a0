"""At what size a crop is worked on, and in how many calls: a backend may be at ease at one length of crop alone.

A hole is made smaller until the widest disc in it is half of that length, as holes were in training. What is then still
too long (a scratch, specks all over a picture) is filled in sections, each of which knows those before it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lacuna.contract.fill import Context, Needs, SizeRule
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region

USUAL = Context()  # how much of the surroundings a call sees, where the comfortable length leaves the choice
STRETCH = 1.5  # a single call may be so much longer than is comfortable: better than two that meet in the hole
FEW = 2.0  # what is no longer than this becomes a single call, by being made smaller
ROUND = 1.15  # a hole nearly as wide as its box is seen as wide as that
LOOK = 256  # pixels: a hole is made so small before its width is measured
FINE = 1.25  # pixels: a fill in which nothing is finer than this, or less, has lost no detail worth bringing back
SHORTEST = 12  # pixels: smaller than this no size is tried when memory ends


@dataclass(frozen=True)
class Section:
    """One call: it is shown `view` at the `size` (height, width), and what it fills in `core` is kept.

    Both are in the coordinates of the crop; `core` is within `view`.
    """

    core: Region
    view: Region
    size: tuple[int, int]

    @property
    def scale(self) -> float:
        """How many pixels of the crop are one of the call, at least 1."""
        return max(self.view.height / self.size[0], self.view.width / self.size[1])


def sections(hole: Hole, needs: Needs, halvings: int = 0) -> tuple[Section, ...]:
    """The calls that fill `hole` (h, w), which is not empty; each pixel of it is in one core.

    `halvings` is how often memory was found to be too small for what was said before.
    """
    whole = Region.whole(hole.shape)
    length = needs.size.comfortable
    if length is None:
        scale = float(1 << halvings)
        while needs.max_pixels is not None and hole.size > needs.max_pixels * scale * scale:
            scale *= 2
        return (Section(whole, whole, _smaller(whole, scale)),)
    length = max(SHORTEST, length >> halvings)
    box = bounds(hole)
    view = _view(box, whole, length)
    longest = max(view.height, view.width)
    scale = max(1.0, min(longest, 2 * ROUND * _width(hole[box.slices])) / length)
    if longest <= FEW * length * scale:
        scale = max(scale, longest / (STRETCH * length))
        return (Section(box, view, _fitting(view, scale, needs.size)),)
    found: list[Section] = []
    for core in _cores(hole, box, round(length * scale / 2)):
        view = _view(core, whole, round(length * scale), Context(round(length * scale / 4), 0.0))
        if hole[view.slices].all():  # nothing known in it to go by
            return (Section(box, whole, _fitting(whole, longest / length, needs.size)),)
        found.append(Section(core, view, _fitting(view, scale, needs.size)))
    return tuple(found)


def detail_lost(parts: tuple[Section, ...], needs: Needs) -> float | None:
    """The size in pixels of the crop of the finest that such calls paint, if detail is to be brought back to that."""
    finest = max(part.scale for part in parts) * needs.fine
    return finest if needs.detail is not None and finest > FINE else None


def smallest(hole: Hole, needs: Needs, halvings: int) -> bool:
    """Would no further halving make the calls for `hole` smaller?"""
    length = needs.size.comfortable or max(hole.shape)
    return length >> halvings <= max(SHORTEST, needs.size.minimum)  # what is below that is padded to it


def _fitting(view: Region, scale: float, size: SizeRule) -> tuple[int, int]:
    """The size at `scale`, or at a larger one where a side would be longer than allowed."""
    if size.maximum is not None:
        scale = max(scale, max(view.height, view.width) / size.maximum)
    return _smaller(view, scale)


def _smaller(view: Region, scale: float) -> tuple[int, int]:
    return math.ceil(view.height / scale - 1e-6), math.ceil(view.width / scale - 1e-6)


def _view(box: Region, whole: Region, length: int, context: Context = USUAL) -> Region:
    """`box` with its context, and on each axis at least `length` long where there is so much of the crop."""
    view = box.pad(context.padding(box)).clip((whole.height, whole.width))
    y0, y1 = _longer(view.y0, view.y1, length, whole.height)
    x0, x1 = _longer(view.x0, view.x1, length, whole.width)
    return Region(y0, x0, y1, x1)


def _longer(start: int, end: int, length: int, most: int) -> tuple[int, int]:
    wanted = max(end - start, min(length, most))
    start = min(max(0, start - (wanted - (end - start)) // 2), most - wanted)
    return start, start + wanted


def _width(hole: Hole) -> float:
    """The diameter of the largest disc in the hole, roughly: what is thinner than a 256th of its box may be missed."""
    import cv2

    step = max(1, max(hole.shape) // LOOK)
    small = np.pad(hole[::step, ::step], 1).view(np.uint8)
    return 2.0 * step * float(cv2.distanceTransform(small, cv2.DIST_L2, 3).max())


def _cores(hole: Hole, box: Region, side: int) -> Iterator[Region]:
    """The hole's `box` in equal parts of about `side`; of each what holds hole, if any."""
    rows, columns = (max(1, math.ceil(length / side)) for length in (box.height, box.width))
    ys = np.linspace(box.y0, box.y1, rows + 1).astype(int).tolist()
    xs = np.linspace(box.x0, box.x1, columns + 1).astype(int).tolist()
    for y0, y1 in pairwise(ys):
        for x0, x1 in pairwise(xs):
            core = bounds(hole[y0:y1, x0:x1])
            if not core.empty:
                yield core.shift(y0, x0)
