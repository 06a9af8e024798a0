"""The seam of a fill, solved away: the fill is shifted so that it meets what lies around it.

Perez, Gangnet and Blake, "Poisson image editing", 2003; screened as in Darabi et al., "Image Melding", 2012. What is
solved for is the shift of each filled pixel: it is given at the seam, and inside it is as even as can be, so that the
fill keeps its own gradients. What lies under the mask plays no part.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.fill import Composite
from lacuna.errors import InvalidParameter
from lacuna.i18n import _
from lacuna.imaging.photo import Hole, Pixels
from lacuna.imaging.region import Region

# Where a source is known, the step from a pixel at the seam to its neighbour is that at the source: a texture that goes
# on in phase is not touched. Where none is known the step would be 0, and each pixel's own texture would be solved away
# with the seam; then shifts are averaged along the seam over so many pixels. Measured on twelve photos of the
# evaluation set (thin, brush, blob) with patches that keep the colours of their sources: as they are 21.59, 17.09,
# 14.28 dB at a detail of 0.56, 0.66, 0.70; by sources 22.26, 17.38, 14.58 at 0.54, 0.65, 0.69; without them 22.33,
# 17.37, 14.63 at 0.50, 0.64, 0.69. With patches whose colours are shifted before they are averaged, as `patchmatch`
# does now, nothing is left to gain: 23.08, 17.29, 14.50 as they are, 22.89, 17.31, 14.53 by sources (twenty photos).
SEAM = 1.5
FEATHER = 8.0  # pixels after which a feathered shift has fallen to a third
EXACT = 4.0  # pixels: a blur that is wider is made at a size at which it is about so wide
SCREEN = 3e-4  # holds the fill to its own colours farther than some sixty pixels from the seam


def composite_named(word: str) -> Composite:
    """The composite of this name; raises InvalidParameter, naming those there are."""
    try:
        return Composite(word)
    except ValueError as error:
        raise InvalidParameter(
            _("“{value}” does not fit the setting “{name}”.").format(value=word, name="composite"),
            hint=_("Choose one of: {words}.").format(words=", ".join(Composite)),
        ) from error


def join(
    before: Pixels,
    filled: Pixels,
    hole: Hole,
    box: Region,
    how: Composite,
    white: float,
    came_from: NDArray[np.int32] | None = None,
    check: Callable[[], None] = lambda: None,
) -> Pixels:
    """The fill of `box`, (h, w, 3), shifted so that its seam to the known pixels goes; float32, or as it is if PLAIN.

    `before`, `filled`, `hole` and `came_from` are of a crop, and `box` holds all of its hole. FEATHER shifts the fill
    near the seam alone, POISSON all of it. SCREENED shifts every pixel at the seam exactly to what lies beside it,
    takes over shading that is stronger around the hole than in the fill, and holds the fill to its colours far inside.
    Undefined known values (NaN) say nothing.
    """
    if how == Composite.PLAIN:
        return filled[box.slices]
    from lacuna.kernels import poisson

    hole = np.ascontiguousarray(hole if before.dtype.kind != "f" else hole | ~np.isfinite(before).all(axis=2))
    around = box.pad(1).clip(hole.shape)
    inside = np.ascontiguousarray(hole[around.slices])
    own = np.array(filled[around.slices], np.float32, order="C")
    runs = poisson.runs_of(inside)
    shift, count = np.zeros_like(own), np.zeros(inside.shape, np.float32)
    sources = came_from if came_from is not None and how != Composite.SCREENED else np.empty((0, 0, 2), np.int32)
    check()
    place = around.y0, around.x0
    poisson.mismatch(np.ascontiguousarray(before), hole, np.ascontiguousarray(sources), *place, own, runs, shift, count)
    tolerance = _tolerance(before, white)
    if how == Composite.SCREENED:
        known = np.where(inside[..., None], np.float32(0), before[around.slices]).astype(np.float32)
        film = poisson.solve(known, inside, tolerance=tolerance, check=check)
        check()
        poisson.mix_gradients(own, film, inside, runs, shift)
    elif came_from is None:
        shift = _averaged(shift, count)
    screen = {Composite.FEATHER: 1 / FEATHER**2, Composite.SCREENED: SCREEN}.get(how, 0.0)
    solved = poisson.solve(np.zeros_like(own), inside, shift, screen=screen, tolerance=tolerance, check=check)
    return np.asarray((own + solved)[box.shift(-around.y0, -around.x0).slices], np.float32)


def shifted(before: Pixels, copy: Pixels, hole: Hole, white: float, check: Callable[[], None] = lambda: None) -> Pixels:
    """`copy` (h, w, 3), shifted inside `hole` so that it meets `before` around it; float32, of no meaning elsewhere.

    Seamless cloning, section 3 of Perez et al.: around the hole both are known, so the shift there is their
    difference, and inside it is as even as can be. Undefined values (NaN) around the hole say nothing; a hole that
    leaves nothing around it shifts nothing.
    """
    from lacuna.kernels import poisson

    shift = np.subtract(before, copy, dtype=np.float32)
    unknown = hole if before.dtype.kind != "f" else hole | ~np.isfinite(shift).all(axis=2)
    poisson.solve(shift, np.ascontiguousarray(unknown), tolerance=_tolerance(before, white), check=check)
    shift += copy
    return shift


def coarse(
    before: Pixels,
    one: NDArray[np.float32],
    other: NDArray[np.float32],
    hole: Hole,
    box: Region,
    width: float,
    white: float,
    check: Callable[[], None] = lambda: None,
) -> NDArray[np.float32]:
    """What a blur by `width` pixels leaves of the difference of two fills of `hole`, in its `box`; 0 outside the hole.

    Both meet what lies around, and so does `other` if it is shifted by the outcome: what the blur brings to the seam
    from inside is taken back as far as about `width` pixels from there. All but `box` is of a crop, as in `join`.
    """
    from lacuna.kernels import poisson

    around = box.pad(math.ceil(3 * width) + 1).clip(hole.shape)
    inside = np.ascontiguousarray(hole[around.slices])
    blurred = _blurred(np.where(inside[..., None], one[around.slices] - other[around.slices], np.float32(0)), width)
    check()
    too_much = poisson.solve(-blurred, inside, screen=1 / width**2, tolerance=_tolerance(before, white), check=check)
    return np.asarray((blurred + too_much)[box.slices_in(around)], np.float32)


def _blurred(values: NDArray[np.float32], width: float) -> NDArray[np.float32]:
    import cv2

    shrink = max(1, int(width / EXACT))
    if shrink == 1:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), width), np.float32)
    height, long = values.shape[:2]
    small = cv2.resize(values, (-(-long // shrink), -(-height // shrink)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), width / shrink)
    return np.asarray(cv2.resize(small, (long, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _tolerance(before: Pixels, white: float) -> float:
    """How far a shift may be off when the solver ends; a solution is four times as exact."""
    return 1.0 if before.dtype == np.uint8 else white / 65535


def _averaged(shift: NDArray[np.float32], count: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums of `count` shifts, each as the mean of those near it along the seam."""
    import cv2

    near = np.asarray(cv2.GaussianBlur(count, (0, 0), SEAM, borderType=cv2.BORDER_CONSTANT))
    mean = np.asarray(cv2.GaussianBlur(shift, (0, 0), SEAM, borderType=cv2.BORDER_CONSTANT))
    return np.where((count > 0)[..., None], mean * (count / np.maximum(near, 1e-6))[..., None], np.float32(0))
