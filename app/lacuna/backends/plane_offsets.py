"""The distances at which a plane that is seen from the front repeats itself around a hole.

Unlike those of patch offsets (`patch_offsets`) they are measured for the surroundings of the hole as a whole, at every
distance at once: correlation of what is known, by Fourier transforms (Padfield, "Masked object registration in the
Fourier domain", 2012). A rectified plane keeps its period over all of it, so that this is sharp.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.backends.patch_levels import Bytes, Floats
from lacuna.contract.progress import Progress
from lacuna.imaging.photo import Hole

RING = 24  # pixels around the hole that have to be found again
FAR = 2.0  # times the hole's longer side: how far away
MEASURED = 500_000  # pixels that are compared; larger surroundings are halved
NEAREST = 8  # pixels: nearer, everything is like itself
ENOUGH = 0.25  # of the ring must have something known at that distance
ALIKE = 0.35  # correlation: two things at random have 0, and the same 1
FINE = 1.0  # pixels: smaller things, such as the noise of bricks, do not count
COARSE = 20.0  # pixels: nor do larger ones, such as shadows
PEAKS = 24


def regular_offsets(
    cv2: Any, picture: Bytes, hole: Hole, known: NDArray[np.bool_], progress: Progress
) -> NDArray[np.int64]:
    """(n, 2): distances (y, x), the surest first, at which `known` parts of `picture` (h, w, 3) are like the rim."""
    ys, xs = np.nonzero(hole)
    reach = round(FAR * max(np.ptp(ys), np.ptp(xs))) + RING
    part = (slice(max(0, ys.min() - reach), ys.max() + reach), slice(max(0, xs.min() - reach), xs.max() + reach))
    hole, known = hole[part], known[part]
    grey = cv2.cvtColor(np.ascontiguousarray(picture[part]), cv2.COLOR_RGB2GRAY).astype(np.float32)
    factor = 1
    while grey.size > MEASURED:
        size = grey.shape[1] // 2, grey.shape[0] // 2
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        hole = cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
        known = cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_AREA) >= 1
        factor *= 2
    square = np.ones((2 * RING + 1, 2 * RING + 1), np.uint8)
    ring = (cv2.dilate(hole.view(np.uint8), square) > 0) & known
    if not ring.any():
        return np.zeros((0, 2), np.int64)
    likeness, share = _likeness(cv2, _flattened(cv2, grey, known), ring, known, progress)
    height, width = hole.shape
    y, x = np.meshgrid(np.arange(-height + 1, height), np.arange(-width + 1, width), indexing="ij")
    peak = likeness >= cv2.dilate(likeness, np.ones((7, 7), np.uint8))
    peak &= (likeness > ALIKE) & (share > ENOUGH) & (np.maximum(np.abs(y), np.abs(x)) >= NEAREST)
    best = np.argsort(-likeness[peak], kind="stable")[:PEAKS]
    return np.asarray(np.stack([y[peak][best], x[peak][best]], axis=1) * factor, np.int64)


def _flattened(cv2: Any, grey: Floats, known: NDArray[np.bool_]) -> Floats:
    """`grey` without what is too small or too large to count; 0 where nothing is `known`."""
    weight = known.astype(np.float32)

    def mean(size: float) -> Floats:
        total = cv2.GaussianBlur(grey * weight, (0, 0), size)
        return np.asarray(total / np.maximum(cv2.GaussianBlur(weight, (0, 0), size), 1e-3))

    return np.asarray((mean(FINE) - mean(COARSE)) * weight, np.float32)


def _likeness(
    cv2: Any, flat: Floats, ring: NDArray[np.bool_], known: NDArray[np.bool_], progress: Progress
) -> tuple[Floats, Floats]:
    """(2 h - 1, 2 w - 1): for each distance the likeness of the `ring` to what is known there, and how much of it is.

    The likeness is 1 less the mean squared difference over what it is by chance.
    """
    height, width = flat.shape
    size = cv2.getOptimalDFTSize(2 * height - 1), cv2.getOptimalDFTSize(2 * width - 1)

    def spectrum(plane: Any) -> Any:
        progress.check()
        padded = np.zeros(size, np.float32)
        padded[:height, :width] = plane
        return cv2.dft(padded, flags=cv2.DFT_COMPLEX_OUTPUT)

    def found(product: Any) -> Floats:
        back = cv2.idft(product, flags=cv2.DFT_REAL_OUTPUT | cv2.DFT_SCALE)
        rolled = np.roll(back, (height - 1, width - 1), axis=(0, 1))
        return np.asarray(rolled[: 2 * height - 1, : 2 * width - 1])

    here, there = ring.astype(np.float32), known.astype(np.float32)
    ones, own = spectrum(here), spectrum(here * flat)
    all_ones, all_ = spectrum(there), spectrum(there * flat)

    def matched(one: Any, other: Any) -> Any:  # at a distance d the sum over p of one(p) other(p + d)
        return cv2.mulSpectrums(other, one, 0, conjB=True)

    squares = matched(spectrum(here * flat**2), all_ones) + matched(ones, spectrum(there * flat**2))
    error = found(squares - 2 * matched(own, all_))
    count = found(matched(ones, all_ones))
    spread = max(float(flat[ring].var()), 1e-6)
    likeness = 1 - error / np.maximum(count, 1) / (2 * spread)
    return np.asarray(likeness, np.float32), np.asarray(count / np.float32(np.count_nonzero(ring)))
