"""Pictures resampled by a cubic or by Lanczos' kernel, at exact positions: one formulation, whoever needs it.

Point i of an axis has its middle `(i + 0.5) * step - 0.5` pixels behind that of the first pixel, `step` being one over
the factor: both pictures have the same middle, however their sides were rounded. Where a picture is reduced, the kernel
is widened by as much, so that nothing finer is folded into it. Beyond the edges stand the pixels of the edge.
`imresized` is MATLAB's `imresize` of 8-bit pictures, by which the low resolution of every published comparison is made.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

TIE = 1e-9  # below it a half is one: the sums of exact halves may fall short by a rounding

Some = TypeVar("Some", bound=np.floating[Any])


@dataclass(frozen=True)
class Kernel:
    """How much a pixel counts by its distance; nothing from `radius` pixels on."""

    radius: int
    weight: Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _cubic(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    z = np.abs(distance)
    near = 1.5 * z**3 - 2.5 * z**2 + 1
    far = -0.5 * z**3 + 2.5 * z**2 - 4 * z + 2
    return np.where(z <= 1, near, np.where(z <= 2, far, 0))


def _lanczos(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0)


BICUBIC = Kernel(2, _cubic)  # Keys 1981, a = -0.5
LANCZOS = Kernel(3, _lanczos)


@dataclass(frozen=True)
class Taps:
    """What the points of an axis are made of: of the pixels `index` (n, k), each times its `weight` (n, k)."""

    index: NDArray[np.int64]
    weight: NDArray[np.float64]

    def matrix(self, length: int) -> NDArray[np.float64]:
        """The same as (n, length), for products of matrices."""
        found = np.zeros((len(self.index), length))
        np.add.at(found, (np.arange(len(self.index))[:, None], self.index), self.weight)
        return found


def taps(kernel: Kernel, step: Fraction, start: int, stop: int, length: int, first: int = 0) -> Taps:
    """Of the points `start` to `stop`, over `length` pixels of which the first is pixel `first` of the picture."""
    numerator, denominator = (2 * np.arange(start, stop) + 1) * step.numerator - step.denominator, 2 * step.denominator
    pixel, rest = np.divmod(numerator, denominator)
    wider = max(1.0, float(step))
    far = math.ceil(kernel.radius * wider)
    around = np.arange(-far, far + 2)
    weight = kernel.weight(((rest / denominator)[:, None] - around) / wider)
    used = weight.any(0)
    index = np.clip(pixel[:, None] + around[used] - first, 0, length - 1)
    return Taps(index, weight[:, used] / weight.sum(1, keepdims=True))


class Whole(Protocol):
    """What has to be known of an enlarged picture: `contract.enlargement.Enlargement` is one."""

    @property
    def down(self) -> Fraction: ...
    @property
    def across(self) -> Fraction: ...


class Part(Protocol):
    """A rectangle of its points, and where the part of the picture begins that is at hand: `networks.positions.Pane`
    is one."""

    @property
    def enlargement(self) -> Whole: ...
    @property
    def top(self) -> int: ...
    @property
    def left(self) -> int: ...
    @property
    def bottom(self) -> int: ...
    @property
    def right(self) -> int: ...
    @property
    def row(self) -> int: ...
    @property
    def column(self) -> int: ...


def resampled(image: NDArray[np.float32], pane: Part, kernel: Kernel = BICUBIC) -> NDArray[np.float32]:
    """The points of a pane, (rows, columns, c), out of `image` (h, w, c), the picture or a part of it.

    A part must reach further than the points by the kernel's radius, times what the picture is reduced by, and a pixel
    more. Nothing is cut off: beside sharp edges both kernels overshoot.
    """
    whole = pane.enlargement
    down = taps(kernel, 1 / whole.down, pane.top, pane.bottom, image.shape[0], pane.row)
    across = taps(kernel, 1 / whole.across, pane.left, pane.right, image.shape[1], pane.column)
    return _summed(_summed(image, down, 0), across, 1)


def imresized(pixels: NDArray[np.uint8], factor: Fraction) -> NDArray[np.uint8]:
    """A picture (h, w, c) with sides times `factor`, rounded up: rows first, and rounded to 8 bits after each pass."""
    for axis in (0, 1):
        length = pixels.shape[axis]
        along = taps(BICUBIC, 1 / factor, 0, math.ceil(length * factor), length)
        values = np.floor(_summed(pixels.astype(np.float64), along, axis) + (0.5 + TIE))
        pixels = values.clip(0, 255).astype(np.uint8)
    return pixels


def _summed(image: NDArray[Some], along: Taps, axis: int) -> NDArray[Some]:
    """The points along one axis, the other as it was."""
    aside = (slice(None), None, None) if axis == 0 else (slice(None), None)
    weight = along.weight.astype(image.dtype)
    found = image.take(along.index[:, 0], axis) * weight[:, 0][aside]
    for tap in range(1, weight.shape[1]):
        found += image.take(along.index[:, tap], axis) * weight[:, tap][aside]
    return found
