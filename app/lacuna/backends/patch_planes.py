"""Completion along the planes of a picture: patches are compared as they look from the front, and copied at a slant.

Huang, Kang, Ahuja and Kopf, 2014, section 4.2, but plane by plane: each is rectified and completed there like any other
picture, so that what is regular on it repeats itself at even distances; the places found are copied in the picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lacuna.backends.patch_fields import numbers_of
from lacuna.backends.patch_levels import Floats, Level, Places, bytes_for, nearest_known
from lacuna.backends.patch_offsets import Repeats
from lacuna.backends.patch_rim import in_depth, met, voted
from lacuna.backends.plane_offsets import regular_offsets
from lacuna.backends.planes import Plane
from lacuna.backends.rectified import Halvings, View, view_of
from lacuna.contract.fill import Filled, FillWork
from lacuna.contract.progress import Progress
from lacuna.errors import UnsuitableMask
from lacuna.i18n import _
from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region

SHARPER = 3.0  # sampling has averaged already: what the best patches say counts more than elsewhere
HOLDS = 1.2  # of the variance around the hole: such offsets are known to be regular
DECIDED = 8.0
STEP = 4000  # pixels: some 10 ms of votes


@dataclass(frozen=True, eq=False)
class Voters:
    """A finished search: its finest `level`, what the vote of each target weighs, and by how much colours may shift."""

    level: Level
    weights: Floats
    shift: int


@dataclass(frozen=True)
class Ways:
    """What fills: `search` finds patches but leaves them to vote, `plain` fills; kernels that collect and smooth."""

    search: Callable[[FillWork, Repeats, Progress], Voters]
    plain: Callable[[FillWork, Progress], Filled]
    cv2: Any
    collect: Callable[..., None]
    votes: Any


def fill_along(planes: tuple[Plane, ...], work: FillWork, ways: Ways, progress: Progress) -> Filled:
    """Fill plane by plane, each seeing those before as known; what lies on none comes last, by plain translation."""
    cv2, whole = ways.cv2, np.count_nonzero(work.hole)
    sources = ~work.hole if work.sources is None else work.sources & ~work.hole
    originals = Halvings.of(cv2, nearest_known(cv2, work.image, work.hole).astype(np.float32))
    image, left = work.image.copy(), work.hole.copy()
    came_from = np.full((*left.shape, 2), -1, np.int32)
    for plane in planes:
        step = progress.part(0.98 * np.count_nonzero(plane.hole) / whole)
        seen = Halvings.of(cv2, nearest_known(cv2, image, left))
        progress.check()
        view = view_of(cv2, plane, seen, left, sources, progress)
        progress.check()
        if view is None:
            continue
        rectified = replace(work, image=view.image, hole=view.hole, sources=view.sources, guides=(), edges=None)
        bytes_ = bytes_for(rectified)
        offsets = regular_offsets(cv2, bytes_.of(view.image), view.hole, view.sources, progress)
        try:
            voters = ways.search(rectified, Repeats(offsets, HOLDS, DECIDED), step.shown_through(None))
        except UnsuitableMask:  # nothing there is a patch wide: left to plain translation
            continue
        pixels = voted(cv2, plane.hole)
        pixels = pixels[(plane.hole | ~left).reshape(-1)[pixels]]  # of the rim what is known
        pixels, values, places = _collected(ways.collect, originals, view, voters, bytes_.unit, pixels, progress)
        filled = _marked(plane.hole, pixels)
        image[filled] = in_depth(met(ways.votes, image, filled, pixels, values, progress), image, work.white)
        came_from[filled] = places[filled.reshape(-1)[pixels]]
        left &= ~filled
        progress.show(Region(0, 0, *left.shape), image)
    if left.any():
        rest = ways.plain(replace(work, image=image, hole=left, sources=sources), progress.part(1.0))
        assert rest.came_from is not None
        image[left], came_from[left] = rest.image[left], rest.came_from[left]
    progress.at(1.0)
    filled_along = whole - np.count_nonzero(left)
    note = (
        _("{share} % of the hole was filled along planes.").format(share=round(100 * filled_along / whole))
        if filled_along
        else _("No plane was followed: too little of it is known around the hole.")
    )
    return Filled(image, came_from, notes=(note,))


def _collected(
    collect: Callable[..., None],
    originals: Halvings,
    view: View,
    voters: Voters,
    unit: float,
    pixels: Places,
    progress: Progress,
) -> tuple[Places, Floats, Places]:
    """Those of `pixels` that patches vote for, what they say (n, 3), and the pixel (n, 2) that the heaviest names."""
    level = voters.level
    numbers = numbers_of(level)
    values = np.empty((pixels.size, 3), np.float32)
    places = np.empty((pixels.size, 2), np.int32)
    weights = voters.weights ** np.float32(SHARPER)
    for begin in range(0, pixels.size, STEP):
        progress.check()
        collect(
            originals.levels, view.back, view.there, level.width, level.sums, voters.shift, unit,
            pixels, begin, min(pixels.size, begin + STEP), numbers, level.field, weights, values, places,
        )  # fmt: skip
    said = places[:, 0] >= 0
    return pixels[said], values[said], places[said]


def _marked(hole: Hole, pixels: Places) -> Hole:
    """The pixels of `hole` that are among `pixels`."""
    marked = np.zeros(hole.size, bool)
    marked[pixels] = True
    return hole & marked.reshape(hole.shape)
