"""The pyramid of PatchMatch completion: the same hole at several sizes, each with all that its kernels need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.fill import FillWork
from lacuna.imaging.photo import Hole, Pixels

PATCH = 8  # pixels: the side that the kernels are written for
TRUST = 1.3  # how much less a patch counts for each pixel that it lies deeper in the hole (Wexler et al., 2007)
DEEP = 150.0  # pixels: deeper ones count as this one, else votes 340 pixels deep would weigh nothing at all in float32
ROUGH = 9  # pixels: the square over which roughness is averaged
ONCE = 0.87  # of the start: from this width on a hole is halved at least once, else its strokes lose detail
STARTED_TEXTURE = 2.0  # times the usual: how rough the hole should be is the one thing that a start does not tell
VAGUE_TEXTURE = 1.1  # the same, of a start whose structure is still to be found
SAMPLE = 1 << 17  # values that are enough to find a picture's darkest and brightest

Bytes = NDArray[np.uint8]
Places = NDArray[np.int32]
Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Level:
    """One size. Flat planes of `height` x `width`, indexed by place: y * width + x.

    `picture` has four bytes a pixel, the hole's are written to; `hole` and `allowed` (a patch may come from there) are
    0 or 1. `targets` are the places of patches that touch the hole, in the order of reading, `rows[y]` the first of
    them in row y; `field` holds the source of each target, -1 elsewhere, `sums` the sums of the four channels of the
    patch at each place that is a source or a target. `trust` in each target is 1 where its middle is known and falls
    with the depth in the hole. `holes` are the places of hole pixels, `box` their y0, x0, y1, x1.
    """

    height: int
    width: int
    picture: Bytes
    hole: Bytes
    allowed: Bytes
    targets: Places
    rows: Places
    field: Places
    sums: NDArray[np.int16]
    trust: Floats
    holes: Places
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class Descent:
    """At how many sizes a hole is worked on, and how much roughness counts there.

    `settled`: it begins at the size at which `FillWork.start` has all its detail, so that the structure is found.
    """

    count: int
    texture: float
    settled: bool = False


def descent_of(cv2: Any, work: FillWork, start: int, texture: float) -> Descent:
    """Down to the size at which the hole is about `start` pixels wide, `texture` being the usual weight of roughness.

    A fill to go on from that has all its detail at that size or a larger one settles the structure: there it begins.
    One that is coarser is no more than a first guess.
    """
    wide = width_of(cv2, work.hole) / start
    usual = 1 + max(int(wide > ONCE), round(np.log2(wide)))
    if work.start is None:
        return Descent(usual, texture)
    own = 1 + max(0, round(np.log2(work.coarse)))
    if own <= usual:
        return Descent(own, STARTED_TEXTURE * texture, settled=True)
    return Descent(usual, VAGUE_TEXTURE * texture)


def level_of(cv2: Any, rgbx: Bytes, hole: Hole, source: Hole) -> Level | None:
    """The level of a picture (h, w, 4); None where no patch may be copied. `source` pixels are known and allowed."""
    height, width = hole.shape
    if height < PATCH or width < PATCH:
        return None
    square = np.ones((PATCH, PATCH), np.uint8)
    allowed = cv2.erode(source.view(np.uint8), square, anchor=(0, 0), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    touching = cv2.dilate(hole.view(np.uint8), square, anchor=(0, 0), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    for plane in (allowed, touching):
        plane[height - PATCH + 1 :] = 0
        plane[:, width - PATCH + 1 :] = 0
    if not allowed.any():
        return None
    targets = np.flatnonzero(touching).astype(np.int32)
    holes = np.flatnonzero(hole).astype(np.int32)
    distances = cv2.distanceTransform(hole.view(np.uint8), cv2.DIST_L2, 3)
    middle = targets + (PATCH // 2) * (width + 1)  # within the picture: a patch ends there
    ys, xs = holes // width, holes % width
    field = np.full(height * width, -1, np.int32)
    return Level(
        height=height,
        width=width,
        picture=rgbx.reshape(-1),
        hole=hole.view(np.uint8).reshape(-1),
        allowed=allowed.reshape(-1),
        targets=targets,
        rows=np.searchsorted(targets, np.arange(height + 1) * width).astype(np.int32),
        field=field,
        sums=np.zeros(4 * height * width, np.int16),
        trust=np.float32(TRUST) ** -np.minimum(distances.reshape(-1)[middle], np.float32(DEEP)),
        holes=holes,
        box=(int(ys.min()), int(xs.min()), int(ys.max()) + 1, int(xs.max()) + 1),
    )


def halved(cv2: Any, rgbx: Bytes, hole: Hole, source: Hole) -> tuple[Bytes, Hole, Hole]:
    """Picture, hole and source at half the size: means of four; hole where one of the four is, source where all are."""
    height, width = hole.shape[0] // 2, hole.shape[1] // 2
    even = slice(2 * height), slice(2 * width)
    small = cv2.resize(rgbx[even], (width, height), interpolation=cv2.INTER_AREA)
    holes, sources = (plane[even].reshape(height, 2, width, 2) for plane in (hole, source))
    return small, np.asarray(holes.any(axis=(1, 3))), np.asarray(sources.all(axis=(1, 3)))


def width_of(cv2: Any, hole: Hole) -> float:
    """How wide the hole is at its widest: the diameter of the largest disc in it."""
    return 2.0 * float(cv2.distanceTransform(hole.view(np.uint8), cv2.DIST_L2, 3).max())


def enlarge(cv2: Any, fine: Level, coarse: Level) -> None:
    """Take over the pixels in the hole of a coarser level, enlarged."""
    small = coarse.picture.reshape(coarse.height, coarse.width, 4)
    big = cv2.resize(small, (2 * coarse.width, 2 * coarse.height), interpolation=cv2.INTER_LINEAR)
    y, x = fine.holes // fine.width, fine.holes % fine.width
    inside = np.minimum(y, big.shape[0] - 1), np.minimum(x, big.shape[1] - 1)
    fine.picture.reshape(-1, 4)[fine.holes] = big[inside]


@dataclass(frozen=True)
class Bytes8:
    """How values of a picture become bytes for comparing: from `dark` at 0 to `bright` at 255."""

    dark: float
    bright: float

    @property
    def unit(self) -> float:
        """What one step of a byte is in the picture."""
        return (self.bright - self.dark) / 255

    def of(self, image: Pixels) -> Bytes:
        if image.dtype == np.uint8:
            return image
        bytes_ = np.empty(image.shape, np.uint8)
        for row, values in enumerate(image):  # a row at a time, as a whole picture of floats is large
            scaled = (values.astype(np.float32) - np.float32(self.dark)) * np.float32(255 / (self.bright - self.dark))
            bytes_[row] = np.clip(np.rint(scaled), 0, 255)
        return bytes_

    def back(self, bytes_: Bytes, dtype: Any) -> Pixels:
        if dtype == np.uint8:
            return bytes_
        values = bytes_ * np.float32(self.unit) + np.float32(self.dark)
        return values if dtype.kind == "f" else np.rint(values).astype(dtype)


def bytes_for(work: FillWork) -> Bytes8:
    """Bytes as they are; deeper pictures by what they hold, but for one value in a thousand at either end.

    So two tones that differ by less than a 255th of white can still be told apart, and a lamp does not press the rest
    down.
    """
    if work.image.dtype == np.uint8:
        return Bytes8(0.0, 255.0)
    known = work.image[~work.hole].reshape(-1)
    some = np.sort(known[:: max(1, known.size // SAMPLE)].astype(np.float64))
    dark, bright = some[some.size // 1000], some[-1 - some.size // 1000]
    return Bytes8(float(dark), float(max(bright, dark + max(1e-6 * abs(dark), 1e-30))))


def roughness(cv2: Any, picture: Bytes, hole: Hole, scale: float) -> Bytes:
    """(h, w): `scale` times the mean step between neighbouring known pixels around each pixel; 255 at most.

    Newson et al., 2017, section 2.2: coarser levels inherit it, so that they know of texture too fine for them.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    steps, counts = np.zeros(hole.shape, np.float32), np.zeros(hole.shape, np.float32)
    for one, other in (((slice(None), slice(1, None)), (slice(None), slice(-1))), ((slice(1, None),), (slice(-1),))):
        both = ~(hole[one] | hole[other])
        step = cv2.absdiff(np.ascontiguousarray(grey[one]), np.ascontiguousarray(grey[other])) * both
        for side in (one, other):
            steps[side] += step
            counts[side] += both
    around = [cv2.boxFilter(plane, -1, (ROUGH, ROUGH), normalize=False) for plane in (steps, counts)]
    return np.clip(np.rint(scale * around[0] / np.maximum(around[1], 1)), 0, 255).astype(np.uint8)


def nearest_known(cv2: Any, picture: Pixels, hole: Hole) -> Pixels:
    """`picture` (h, w, 3) with the nearest known pixel in the place of each one of `hole`, which may not be all."""
    if not hole.any():
        return picture
    _distances, labels = cv2.distanceTransformWithLabels(
        hole.view(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    known = ~hole
    of_label = np.zeros(int(labels.max()) + 1, np.int64)
    of_label[labels[known]] = np.flatnonzero(known)
    result = picture.copy()
    result[hole] = picture.reshape(-1, 3)[of_label[labels[hole]]]
    return result
