"""Which colour shows a mask best over a picture: the candidate that the local colours come least near to."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]  # (red, green, blue) in [0, 1]

# Signal colours of one lightness, so that changing over from one to the other is a change of hue alone.
CANDIDATES: tuple[Colour, ...] = (
    (1.0, 0.23, 0.19),  # red
    (0.04, 0.60, 1.0),  # blue
    (0.20, 0.78, 0.35),  # green
    (1.0, 0.18, 0.61),  # magenta
    (1.0, 0.62, 0.04),  # orange
)
NEAREST_SHARE = 10.0  # percent of the pixels that may come nearer than the distance that counts
LOYALTY = 1.35  # how much farther another candidate must be before the one in use is given up


def best(samples: Iterable[NDArray[np.uint8]], now: Colour | None = None) -> Colour:
    """The candidate farthest from all `samples` (..., 3); `now`, the one in use, stays unless another is much better.

    Far from the mean is not enough: red stands out from the mean of a red and blue picture, and is lost on its red.
    So what counts is the distance to the nearest tenth of the pixels, in the sample that it is nearest to.
    """
    colours = [_opponent(np.divide(pixels.reshape(-1, 3), 255, dtype=np.float32)) for pixels in samples]
    distances = {c: min(_distance(of, c) for of in colours) for c in CANDIDATES}
    winner = max(distances, key=lambda c: distances[c])
    if now in distances and distances[winner] < LOYALTY * distances[now]:
        return now
    return winner


def _distance(colours: NDArray[np.float32], candidate: Colour) -> float:
    apart = np.linalg.norm(colours - _opponent(np.asarray(candidate, np.float32)), axis=1)
    return float(np.percentile(apart, NEAREST_SHARE))


def _opponent(rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lightness at half weight, red against green and yellow against blue: hue counts most."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    light = 0.5 * (0.299 * red + 0.587 * green + 0.114 * blue)
    return np.stack([light, red - green, 0.5 * (red + green) - blue], axis=-1)
