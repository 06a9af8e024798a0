"""What might be letters in a picture: small connected parts that stand out from what is around them, by thin strokes.

An opening (or closing) by a square takes away all strokes that are narrower than it; what it took away stands out, and
is cut at half of the strongest nearby, as the rim of a letter lies there whatever lies below it. So a letter keeps its
shape over a texture that is weaker than half of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.photo import Pixels

STROKES = (3, 6, 12, 24)  # widest strokes of each pass, in pixels of the picture that is looked at
FAINTEST = 14  # levels by which a stroke has to stand out
SHARE = 0.5  # of the strongest nearby
TALLEST = 14  # letters, in widest strokes of the pass
LEAST_HEIGHT = 5
WIDEST = 24.0  # letters that run into each other, in their heights
SPARSEST = 0.06  # of its box that a letter covers
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Letters:
    """Parts that might be letters, (n) each: boxes, and what their strokes are like.

    `stroke` is their mean width, `colour` (n, 3) the mean of their inner pixels, `spread` the deviation of those from
    it, `contrast` by how much they stand out in the plane that they were found in.
    """

    y0: Ints
    x0: Ints
    y1: Ints
    x1: Ints
    area: Ints
    label: Ints
    stroke: Floats
    colour: Floats
    spread: Floats
    contrast: Floats

    def __len__(self) -> int:
        return len(self.y0)

    def __getitem__(self, chosen: NDArray[np.generic]) -> Letters:
        return Letters(*(getattr(self, each.name)[chosen] for each in fields(self)))

    @property
    def height(self) -> Ints:
        return self.y1 - self.y0

    @property
    def width(self) -> Ints:
        return self.x1 - self.x0


@dataclass(frozen=True, eq=False)
class Sweep:
    """One way to look at a picture, and what it shows: `labels` (h, w) has the number of each part."""

    plane: int
    bright: bool
    widest: int
    labels: NDArray[np.int32]
    letters: Letters


def planes_of(pixels: Pixels) -> tuple[NDArray[np.uint8], ...]:
    """What letters stand out in: brightness, what tells orange and blue from grey, and what tells red from green."""
    import cv2

    red, green, blue = (pixels[..., n].astype(np.int16) for n in range(3))
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    return grey, *(((red - other + 255) // 2).astype(np.uint8) for other in (blue, green))


def swept(pixels: NDArray[np.uint8], plane: NDArray[np.uint8], number: int, widest: int) -> Iterator[Sweep]:
    """Bright letters on dark ground, then dark ones on bright."""
    import cv2

    square = np.ones((widest + 1 | 1, widest + 1 | 1), np.uint8)
    around = np.ones((4 * widest + 1, 4 * widest + 1), np.uint8)
    for bright in (True, False):
        hat = cv2.MORPH_TOPHAT if bright else cv2.MORPH_BLACKHAT
        out = np.asarray(cv2.morphologyEx(plane, hat, square), np.uint8)
        strongest = cv2.dilate(out, around)
        level = np.maximum(strongest * np.float32(SHARE), np.float32(FAINTEST))
        labels, letters = _parts((out > level).view(np.uint8), out, pixels, widest)
        yield Sweep(number, bright, widest, labels, letters)


def _parts(
    marked: NDArray[np.uint8], out: NDArray[np.uint8], pixels: NDArray[np.uint8], widest: int
) -> tuple[NDArray[np.int32], Letters]:
    """The connected parts, and those of them that are of a letter's size."""
    import cv2

    _count, labels, stats, _centres = cv2.connectedComponentsWithStats(marked, connectivity=8, ltype=cv2.CV_32S)
    x0, y0, width, height, area = stats.astype(np.int64).T
    fits = (height >= LEAST_HEIGHT) & (height <= TALLEST * widest) & (width <= WIDEST * height)
    fits &= (area >= SPARSEST * width * height) & (area >= 2 * LEAST_HEIGHT)
    fits[0] = False
    chosen = np.flatnonzero(fits)
    numbers = np.zeros(len(stats), np.int32)
    numbers[chosen] = np.arange(1, len(chosen) + 1)
    labels = numbers[labels]
    ys, xs = np.nonzero(labels)
    label = labels[ys, xs] - 1
    n = len(chosen)
    depth = cv2.distanceTransform(marked, cv2.DIST_L2, 3)[ys, xs]
    rim = depth < 1.5
    stroke = 2 * area[chosen] / np.maximum(1, np.bincount(label[rim], minlength=n))
    stands = out[ys, xs].astype(np.float32)
    peak = np.bincount(label, stands, n) / np.maximum(1, area[chosen])
    inner = stands >= peak[label]
    count = np.maximum(1, np.bincount(label[inner], minlength=n))
    contrast = np.bincount(label[inner], stands[inner], n) / count
    values = pixels[ys[inner], xs[inner]].astype(np.float32)
    colour = np.stack([np.bincount(label[inner], values[:, c], n) / count for c in range(3)], axis=1)
    squares = ((values - colour[label[inner]]) ** 2).mean(1)
    spread = np.sqrt(np.bincount(label[inner], squares, n) / count)
    letters = Letters(
        y0[chosen], x0[chosen], (y0 + height)[chosen], (x0 + width)[chosen], area[chosen],
        np.arange(1, n + 1), *(each.astype(np.float32) for each in (stroke, colour, spread, contrast)),
    )  # fmt: skip
    return labels, letters
