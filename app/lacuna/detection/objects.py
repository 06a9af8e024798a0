"""An object, picked out by scribbles: which pixels belong to it, at the picture's own size.

Rother, Kolmogorov, Blake, GrabCut, SIGGRAPH 2004, in OpenCV, at a working size; its border is then brought to the
picture's own by a guided filter (He, Sun, Tang, ECCV 2010).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.colour import luma, to_bytes
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Hole, Mask, Pixels
from lacuna.imaging.polylines import Polyline, drawn
from lacuna.imaging.region import Region

SIDE = 224  # pixels of the long side at which it is cut out: some 0.1 s
ROUNDS = 2  # of GrabCut
AROUND = 1.0  # how far is looked around the scribbles at first, in lengths of their box
LEAST_AROUND = 0.08  # and at least, of the picture's long side
AROUND_FOR_NETWORKS = 0.25  # the same for a network, which knows objects by what is around them
CLICKS = 5  # points of each scribble that a network is shown
RIM = 2  # pixels at the end of what is looked at, taken for background unless they look like the object
COLOURS = 5  # of the object, and of what is around it
ALIKE = 3.0  # standard deviations of a colour within which another is of it
LEAST_SPREAD = 4.0  # levels, of a colour without grain
GOES_ON = 0.1  # of the rim: if so much looks like the object, more of the picture has to be looked at
LIKE_THE_RIM = 0.5  # of the rim: if so much looks like the object, its colours do not part it from what is around
NEAR = 0.5  # of the scribbles' box: what lies so near to it may belong to the object then
EDGE = 1e-3  # of white squared: a contrast that the border follows

Read = Callable[[Region], Pixels]


@dataclass(frozen=True)
class Scribbles:
    """Lines inside of an object and lines outside of it, in coordinates of the picture."""

    inside: tuple[Polyline, ...]
    outside: tuple[Polyline, ...] = ()


@dataclass(frozen=True)
class Segment:
    """A network in the place of GrabCut: `likely(image, points, labels)` is above 0 on the object.

    `image` is (h, w, 3) uint8 with a long side of `side`, `points` (n, 2) are x and y in it, `labels` (n,) True inside
    the object; what comes back is (h', w'), and covers the image.
    """

    side: int
    likely: Callable[[NDArray[np.uint8], NDArray[np.float32], NDArray[np.bool_]], NDArray[np.float32]]


def picked(
    read: Read,
    shape: tuple[int, int],
    white: float,
    scribbles: Scribbles,
    check: Callable[[], None],
    segment: Segment | None = None,
) -> tuple[Region, Mask]:
    """The object that the scribbles are in: its box, and (h, w) uint8, 255 on it, softer along its border.

    `read(region)` gives pixels (h, w, 3) of a picture of this (height, width). As much of the picture is looked at as
    the object turns out to need. `check` is called now and then, and may raise. A network of the person's own may take
    GrabCut's place as a `segment`.
    """
    box = _box(scribbles.inside).clip(shape)
    if box.empty:
        return box, np.zeros((0, 0), np.uint8)
    least = LEAST_AROUND if segment is None else AROUND_FOR_NETWORKS
    around = max(round(AROUND * max(box.height, box.width)), round(least * max(shape)))
    while True:
        seen = box.pad(around).clip(shape)
        check()
        image = read(seen)
        if segment is None:
            found = _cut_out(image, seen, shape, white, scribbles)
        else:
            found = _segmented(image, seen, shape, white, scribbles, segment)
        if found is not None:
            break
        around *= 2
    check()
    whole = _brought_up(found, image, white, check)
    inner = bounds(whole)
    return inner.shift(seen.y0, seen.x0), whole[inner.slices]


def _box(lines: Sequence[Polyline]) -> Region:
    points = np.array([point for line in lines for point in line.points])
    (x0, y0), (x1, y1) = np.floor(points.min(0)), np.ceil(points.max(0))
    return Region(int(y0), int(x0), int(y1) + 1, int(x1) + 1)


def _cut_out(image: Pixels, seen: Region, shape: tuple[int, int], white: float, scribbles: Scribbles) -> Mask | None:
    """1 on the object, (h, w) at the working size; None if it goes on beyond what is looked at."""
    import cv2

    scale = min(1.0, SIDE / max(seen.height, seen.width))
    size = (max(8, round(seen.width * scale)), max(8, round(seen.height * scale)))
    small = np.ascontiguousarray(to_bytes(cv2.resize(image, size, interpolation=cv2.INTER_AREA), white))
    down, across = size[1] / seen.height, size[0] / seen.width

    def there(lines: Sequence[Polyline]) -> Hole:
        moved = [
            Polyline(
                tuple(((x - seen.x0) * across, (y - seen.y0) * down) for x, y in line.points),
                max(1.0, line.width * min(down, across)),
            )
            for line in lines
        ]
        return drawn(moved, (size[1], size[0])) > 0

    outside = there(scribbles.outside)
    inside = there(scribbles.inside) & ~outside
    if not inside.any():
        return np.zeros(inside.shape, np.uint8)
    cv2.setRNGSeed(0)  # the same scribbles, the same object
    own = _Colours.of(small[inside])
    alike = own.distance(small) < ALIKE
    goes_on = _rim(inside.shape, _open_sides(seen, shape))
    if goes_on.any() and alike[goes_on].mean() > GOES_ON:
        return None
    rim = _rim(inside.shape, SIDES)
    if alike[rim].mean() > LIKE_THE_RIM:  # colours alone do not tell: what is near the scribbles is of the object
        box = bounds(inside.view(np.uint8))
        near = box.pad(round(NEAR * max(box.height, box.width))).clip(inside.shape)
        alike[:] = False
        alike[near.slices] = True
    else:
        rim &= ~alike
        alike &= own.distance(small) < _Colours.of(small[rim | outside]).distance(small)
    labels = np.where(alike, np.uint8(cv2.GC_PR_FGD), np.uint8(cv2.GC_PR_BGD))
    labels[rim | goes_on | outside] = cv2.GC_BGD
    labels[inside] = cv2.GC_FGD
    if (labels % 2 == 1).all():  # no background anywhere
        return (labels % 2).astype(np.uint8)
    cv2.grabCut(small, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), ROUNDS, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    found = labels % 2  # FGD is 1, PR_FGD is 3
    if found[_rim(found.shape, _open_sides(seen, shape), RIM)].any():
        return None
    _count, parts = cv2.connectedComponents(found, connectivity=4)
    touched = np.unique(parts[inside & (found > 0)])
    return np.isin(parts, touched[touched > 0]).astype(np.uint8)


def _segmented(
    image: Pixels, seen: Region, shape: tuple[int, int], white: float, scribbles: Scribbles, segment: Segment
) -> Mask | None:
    """As `_cut_out`, by a network that is shown points of the scribbles."""
    import cv2

    scale = segment.side / max(seen.height, seen.width)
    size = (max(1, round(seen.width * scale)), max(1, round(seen.height * scale)))
    shrinks = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.ascontiguousarray(to_bytes(cv2.resize(image, size, interpolation=shrinks), white))
    inside, outside = (_spread(lines) for lines in (scribbles.inside, scribbles.outside))
    points = (np.concatenate([inside, outside]) - (seen.x0, seen.y0)) * scale
    within = ((points >= 0) & (points < size)).all(1)
    labels = np.arange(len(points)) < len(inside)
    if not labels[within].any():  # of what it is shown nothing lies in the picture
        return np.zeros((size[1], size[0]), np.uint8)
    likely = segment.likely(small, points[within].astype(np.float32), labels[within])
    found = (cv2.resize(likely, size, interpolation=cv2.INTER_LINEAR) > 0).astype(np.uint8)
    return None if found[_rim(found.shape, _open_sides(seen, shape), RIM)].any() else found


def _spread(lines: Sequence[Polyline]) -> NDArray[np.float64]:
    """(n, 2): a few points of each line, evenly along it."""
    spread = [np.empty((0, 2))]
    for line in lines:
        points = np.array(line.points)
        along = np.append(0, np.cumsum(np.hypot(*np.diff(points, axis=0).T)))
        places = (np.arange(CLICKS) + 0.5) / CLICKS * along[-1]
        spread.append(np.stack([np.interp(places, along, axis) for axis in points.T], axis=1))
    return np.concatenate(spread)


@dataclass(frozen=True, eq=False)
class _Colours:
    """A few colours that others are compared with: `means` (k, 3), and how far their own pixels lie from them (k)."""

    means: NDArray[np.float32]
    spreads: NDArray[np.float32]

    @staticmethod
    def of(pixels: NDArray[np.uint8]) -> _Colours:
        """Those of some pixels (n, 3)."""
        import cv2

        points = pixels.astype(np.float32)
        count = min(COLOURS, len(points))
        until = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 1.0)
        _far, labels, means = cv2.kmeans(points, count, None, until, 1, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
        which = labels.ravel()
        squares = np.bincount(which, ((points - means[which]) ** 2).sum(1), count)
        spreads = np.sqrt(squares / np.maximum(1, np.bincount(which, minlength=count)))
        return _Colours(means, np.maximum(LEAST_SPREAD, spreads).astype(np.float32))

    def distance(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(h, w): to the nearest of them, in its own spreads."""
        apart = image.astype(np.float32)[:, :, None] - self.means
        return np.asarray((np.sqrt((apart**2).sum(-1)) / self.spreads).min(-1), np.float32)


SIDES = ("top", "bottom", "left", "right")


def _open_sides(seen: Region, shape: tuple[int, int]) -> tuple[str, ...]:
    """Where the picture goes on beyond what is looked at."""
    goes_on = (seen.y0 > 0, seen.y1 < shape[0], seen.x0 > 0, seen.x1 < shape[1])
    return tuple(side for side, on in zip(SIDES, goes_on, strict=True) if on)


def _rim(shape: tuple[int, ...], sides: Sequence[str], inner: int = 0) -> Hole:
    """The outermost pixels of some sides, `inner` pixels in."""
    rim = np.zeros(shape, bool)
    first, last = slice(inner, inner + RIM), slice(-inner - RIM, -inner or None)
    for side in sides:
        rim[
            {"top": np.s_[first, :], "bottom": np.s_[last, :], "left": np.s_[:, first], "right": np.s_[:, last]}[side]
        ] = True
    return rim


def _brought_up(found: Mask, image: Pixels, white: float, check: Callable[[], None]) -> Mask:
    """(h, w) uint8 at the picture's size: the border follows the picture's own, within what was lost by the size."""
    import cv2

    height, width = image.shape[:2]
    scale = max(height / found.shape[0], width / found.shape[1])
    rough = cv2.resize(found.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    if scale <= 1:
        return np.where(rough >= 0.5, np.uint8(255), np.uint8(0))
    radius = max(1, round(1.5 * scale))
    near = bounds((rough > 0).view(np.uint8)).pad(2 * radius).clip(rough.shape)
    check()
    grey = to_bytes(luma(image[near.slices]), white).astype(np.float32) / np.float32(255)
    part = _guided(np.asarray(rough[near.slices], np.float32), grey, radius)
    band = cv2.dilate(found, np.ones((3, 3), np.uint8)) - cv2.erode(found, np.ones((3, 3), np.uint8))
    open_band = cv2.resize(band, (width, height), interpolation=cv2.INTER_NEAREST)[near.slices] > 0
    decided = np.where(open_band, np.clip((part - 0.5) * 4 + 0.5, 0, 1), rough[near.slices] >= 0.5)
    whole = np.zeros((height, width), np.uint8)
    whole[near.slices] = np.rint(decided * 255)
    return whole


def _guided(rough: NDArray[np.float32], guide: NDArray[np.float32], radius: int) -> NDArray[np.float32]:
    """`rough` with borders where the guide has them."""
    import cv2

    side = (2 * radius + 1, 2 * radius + 1)

    def mean(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.boxFilter(plane, -1, side, borderType=cv2.BORDER_REFLECT), np.float32)

    of_guide, of_rough = mean(guide), mean(rough)
    slope = (mean(guide * rough) - of_guide * of_rough) / (mean(guide * guide) - of_guide**2 + np.float32(EDGE))
    return mean(slope) * guide + mean(of_rough - slope * of_guide)
