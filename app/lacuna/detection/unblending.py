"""What lies beneath a semi-transparent mark: the blend taken back, where enough of the picture is left in it.

Alpha is never known exactly, and its error counts 1 / (1 - alpha) times, so that what is nearly opaque is left to a
fill. A matte is estimated from several pictures with the same mark (`mark_sets.py`), or from one picture by a template
whose opacity is fitted (`mark_opacity.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.progress import Progress
from lacuna.detection.mark_gradients import gradients, squares
from lacuna.detection.mark_mattes import NOTHING, OPAQUE, Matte, without
from lacuna.detection.mark_opacity import inverted, matte_near
from lacuna.detection.mark_sets import matte_of_set
from lacuna.detection.marks import MarkFinding, Template
from lacuna.imaging.colour import from_float, to_float
from lacuna.imaging.photo import Hole, Pixels, white_of

__all__ = ["GHOST", "OPAQUE", "Matte", "ghost", "matte_of_set", "matte_of_template", "unblended"]

GHOST = 0.9
EDGE = 0.3  # of the steepest: an edge of the mark
AROUND = 3  # pixels a side whose mean and variance a pixel is held against
BEYOND = 0.04  # of white: so far outside of 0 to 1 noise and a small error of alpha may bring a pixel


def matte_of_template(
    pixels: Pixels,
    template: Template,
    finding: MarkFinding,
    *,
    white: float | None = None,
    progress: Progress | None = None,
) -> Matte:
    """The mark as it lies in a picture (H, W, 3) of any depth: the finding's place made finer, its opacity fitted.

    The colours are the template's, or the opposite ones of an inverted mark. `white` as `Photo.white`.
    """
    white = white_of(pixels) if white is None else white
    drawn = inverted(template) if finding.inverted else template
    return matte_near(pixels, drawn, finding.matrix, white, progress or Progress())


def unblended(pixels: Pixels, matte: Matte, *, white: float | None = None, error: float = 0.0) -> tuple[Pixels, Hole]:
    """A copy of a picture (H, W, 3) of any depth without the mark, and where a fill must do the rest (H, W).

    To be filled is what is too opaque, and what came out beyond black or white: it was clipped, or something else lies
    there. Where the mark is not, every bit stays. `white` as `Photo.white`. `error`: how far a lossy format has moved
    values since the mark was put in, as `Source.error`; what taking the blend back makes of that is smoothed.
    """
    out = pixels.copy()
    clipped = np.zeros(pixels.shape[:2], bool)
    seen = matte.region.clip(pixels.shape)
    if seen.empty:
        return out, clipped
    white = white_of(pixels) if white is None else white
    part = matte.alpha[seen.slices_in(matte.region)]
    changed = part > NOTHING
    before = to_float(pixels[seen.slices], white)
    values = without(before, matte.colours[seen.slices_in(matte.region)], part)
    # A fill that follows looks at known pixels alone, but people look at all of them.
    ceiling = 1.0 if pixels.dtype.kind != "f" else max(1.0, float(before.max(initial=1.0)))
    wrong = changed & ((part > OPAQUE) | (values < -BEYOND).any(axis=2) | (values > ceiling + BEYOND).any(axis=2))
    if error:
        values = _smoothed(values, part, error / 255)
    inside = from_float(np.clip(values, 0, ceiling), pixels.dtype, white)
    out[seen.slices] = np.where(changed[..., None], inside, pixels[seen.slices])
    clipped[seen.slices] = wrong
    return out, clipped


def _smoothed(values: NDArray[np.float32], alpha: NDArray[np.float32], error: float) -> NDArray[np.float32]:
    """Values (h, w, 3) nearer to the mean around them, the more of their variance there is error that has grown.

    Each pixel's `error` became 1 / (1 - alpha) times as large; what was there before the mark was taken out is left, so
    that the picture below it is as rough as around it. By local statistics: J.-S. Lee, Digital image enhancement and
    noise filtering by use of local statistics, 1980.
    """
    import cv2

    mean = cv2.blur(values, (AROUND, AROUND))
    variance = cv2.blur(np.square(values), (AROUND, AROUND)) - np.square(mean)
    grown = np.square(error / (1 - np.minimum(alpha, OPAQUE))) - error * error
    kept = np.maximum(1 - grown[..., None] / np.maximum(variance, 1e-9), 0)
    smoothed: NDArray[np.float32] = mean + kept * (values - mean)
    return smoothed


def ghost(pixels: Pixels, matte: Matte, *, white: float | None = None) -> float:
    """How much of the gradients along a mark's edges is left if its blend is taken back, as a share of what was there.

    Of a clear mark less than half; from GHOST on nothing is gained: by colours or a place that are not the mark's.
    """
    seen = matte.region.clip(pixels.shape)
    if seen.empty:
        return 1.0
    alpha, colours = matte.over(seen)
    before = to_float(pixels[seen.slices], white_of(pixels) if white is None else white)
    steep = squares(gradients(alpha))
    edge = steep > EDGE * EDGE * float(steep.max(initial=0.0))
    if not edge.any():
        return 1.0
    now, then = (
        float(np.sqrt(squares(gradients(values.mean(axis=2)))[edge]).mean())
        for values in (np.clip(without(before, colours, alpha), 0, 1), before)
    )
    return now / max(then, 1e-6)
