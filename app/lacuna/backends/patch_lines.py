"""Lines that the person has drawn, as methods see them that copy patches: a part of what patches are compared by.

Each pixel near a line knows how far on which side of it it lies: in the hole beside the line as it was drawn, outside
beside its continuation. So a patch on the line is like those along the continuation that lie on it in the same way and
direction (Sun et al., "Image completion with structure propagation", 2005; the metric of Cao et al., "Geometrically
guided exemplar-based inpainting", 2011), at every size, and turned, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lacuna.backends.hints import hinted
from lacuna.backends.patch_levels import Bytes, Floats, Level, Places, bytes_for
from lacuna.contract.fill import FillWork
from lacuna.contract.guides import Guide, lines_of
from lacuna.imaging.photo import Hole
from lacuna.imaging.polylines import Polyline
from lacuna.imaging.structure import aside, parting, paths

BESIDE = 8.0  # pixels on either side of a line that know of it
STEEP = 12.0  # what a pixel aside of a line adds, up to half of BESIDE; from there on it falls to nothing again
MOST = STEEP * BESIDE / 2
CONTINUED = 32.0  # pixels for which lines go on outside the hole, where they were not drawn
ON = 1.0  # pixels from a line that belong to it
FINE = 1e-3  # of white: where a fill to begin with ends to be solved


@dataclass(frozen=True, eq=False)
class Beside:
    """What stands at some places of a level in the fourth byte, which elsewhere is the roughness."""

    places: Places
    values: Bytes

    def put(self, level: Level) -> None:
        level.picture.reshape(-1, 4)[self.places, 3] = self.values


@dataclass(frozen=True, eq=False)
class Held:
    """The colours that were put into the hole, at some places of a level."""

    places: Places
    values: Bytes

    def put(self, level: Level) -> None:
        level.picture.reshape(-1, 4)[self.places, :3] = self.values


NOWHERE = Beside(np.zeros(0, np.int32), np.zeros(0, np.uint8))


def begun(work: FillWork, check: Callable[[], None]) -> FillWork:
    """The work with a soft fill to begin with, if there are lines or colours in its hole that such a fill can follow.

    At the smallest size that is what tells patches which colours belong there.
    """
    if work.start is not None or not (_has_hints(work) or paths(lines_of(work.guides), work.hole, 1.0)):
        return work
    return replace(work, start=softly(work, check), coarse=float(max(work.hole.shape)))


def softly(work: FillWork, check: Callable[[], None]) -> Floats:
    """A soft fill (h, w, 3) whose colours stay on their side of the lines, and run from those that were put in."""
    from lacuna.kernels import parted, poisson

    film, left = hinted(work)
    cuts, tolerance = parting(lines_of(work.guides), left, 1.0), FINE * work.white
    if cuts is None:
        return poisson.solve(film, left, tolerance=tolerance, check=check)
    parted.solve(film, left, cuts.across, cuts.down, tolerance=tolerance, check=check)
    return film


def held(work: FillWork, halvings: int) -> Held:
    """What colours were put into the hole, at a level of that many halvings: the mean of those within each pixel."""
    if not _has_hints(work):
        return Held(np.zeros(0, np.int32), np.zeros((0, 3), np.uint8))
    film, left = hinted(work)
    weights = (work.hole & ~left).astype(np.float32)[..., None]
    sums = film * weights
    for _halving in range(halvings):
        height, width = sums.shape[0] // 2, sums.shape[1] // 2
        sums, weights = (
            plane[: 2 * height, : 2 * width].reshape(height, 2, width, 2, -1).sum(axis=(1, 3))
            for plane in (sums, weights)
        )
    places = np.flatnonzero(weights).astype(np.int32)
    colours = sums.reshape(-1, 3)[places] / weights.reshape(-1, 1)[places]
    colours = colours if work.image.dtype.kind == "f" else np.rint(colours)
    return Held(places, bytes_for(work).of(colours.astype(work.image.dtype)[None])[0])


def beside(lines: Sequence[Polyline], hole: Hole, level: Level, halvings: int) -> Beside:
    """What lines across `hole`, at the picture's own size, say at a level of that many halvings.

    On a line stands how rough it is along it outside: patches that lie half beside a line differ little from others.
    """
    scale = 1 << halvings
    crossing = paths(lines, hole, CONTINUED * scale)
    if not crossing:
        return NOWHERE
    distances = aside([path / scale for path in crossing], (level.height, level.width), BESIDE).reshape(-1)
    places = np.flatnonzero(~np.isnan(distances)).astype(np.int32)
    known = places[level.hole[places] == 0]
    rough = float(level.picture.reshape(-1, 4)[known, 3].mean()) if known.size else 0.0
    return Beside(places, _profile(distances[places], min(max(rough, MOST), 255 - MOST)))


def planes(lines: Sequence[Polyline], hole: Hole, middle: float) -> tuple[Bytes, Hole] | None:
    """(h, w) each: what lines say of the pixels near them, `middle` elsewhere, and which pixels are on a line; None if
    none crosses the hole.
    """
    crossing = paths(lines, hole, CONTINUED)
    if not crossing:
        return None
    distances = aside(crossing, (hole.shape[0], hole.shape[1]), BESIDE)
    there = ~np.isnan(distances)
    said = np.full(hole.shape, middle, np.uint8)
    said[there] = _profile(distances[there], middle)
    return said, np.abs(distances) <= ON


def _has_hints(work: FillWork) -> bool:
    return any(stroke.kind is Guide.HINT for stroke in work.guides)


def _profile(distances: Floats, middle: float) -> Bytes:
    away = np.abs(distances)
    return np.rint(middle + np.copysign(STEEP * np.minimum(away, BESIDE - away), distances)).astype(np.uint8)
