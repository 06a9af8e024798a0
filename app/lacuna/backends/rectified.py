"""A plane of a picture as it looks from the front, where what is regular on it repeats itself at even distances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.backends.patch_levels import PATCH, nearest_known
from lacuna.backends.planes import HORIZON, Plane, nearness
from lacuna.backends.vanishing import Numbers
from lacuna.contract.progress import Progress
from lacuna.imaging.photo import Hole, Pixels

LARGEST = 1.5  # times the pixels of the crop
AROUND = 2 * PATCH  # pixels around the hole that a view has at least
BEYOND = 12  # pixels: how far the fill goes on into what is unknown and not its own, so that no patch is torn there
SHARP = 0.6  # nearness below which the plane is too blurred, once it is enlarged, to be copied
HALVINGS = 3  # of the picture, for places that lie much nearer than those that they are copied to
REACH = 2.0  # pixels around a place that its sampling touches

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class View:
    """A rectified view, `height` x `width` pixels; `back` (3, 3) leads from its (x, y, 1) to the crop's, `there` back.

    `image` (height, width, 3) has the crop's depth. `hole` is to be filled there, `sources` may be copied.
    """

    height: int
    width: int
    back: Numbers
    there: Numbers
    image: Pixels
    hole: Hole
    sources: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Halvings:
    """A picture (h, w, 3) and the means of its squares of 2, 4, 8 pixels: to sample it at any density."""

    levels: tuple[Pixels, ...]

    @staticmethod
    def of(cv2: Any, picture: Pixels) -> Halvings:
        levels = [picture]
        while len(levels) <= HALVINGS and min(levels[-1].shape[:2]) >= 2:
            height, width = levels[-1].shape[:2]
            size = (width + 1) // 2, (height + 1) // 2
            levels.append(cv2.resize(_even(cv2, levels[-1]), size, interpolation=cv2.INTER_AREA))
        return Halvings(tuple(levels))

    def sampled(self, cv2: Any, x: Floats, y: Floats, step: Floats, progress: Progress) -> Pixels:
        """(h, w, 3): the picture at `x`, `y` (h, w), where neighbours lie `step` pixels from each other."""
        wanted = np.rint(np.log2(np.clip(step, 1, 2 ** (len(self.levels) - 1)))).astype(int)
        result = np.empty((*x.shape, 3), self.levels[0].dtype)
        for number, level in enumerate(self.levels):
            progress.check()
            here = wanted == number
            rows = np.flatnonzero(here.any(axis=1))
            if rows.size:
                band = slice(rows[0], rows[-1] + 1)
                factor = np.float32(0.5**number)
                maps = [(plane[band] + np.float32(0.5)) * factor - np.float32(0.5) for plane in (x, y)]
                taken = cv2.remap(level, *maps, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
                result[band][here[band]] = taken[here[band]]
        return result


def _even(cv2: Any, picture: Pixels) -> Pixels:
    """`picture` with its last row and column twice where there is an odd number of them."""
    height, width = picture.shape[:2]
    return cv2.copyMakeBorder(picture, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)


def view_of(
    cv2: Any, plane: Plane, picture: Halvings, unknown: Hole, sources: NDArray[np.bool_], progress: Progress
) -> View | None:
    """The view of `plane` in which its part of the hole is filled, None where too little on the plane may be copied.

    `picture` has no meaning in `unknown`. `sources` (h, w) may be copied.
    """
    hole = plane.hole
    origin = plane.middle
    frame = _frame(plane.points, origin)
    corner, far_corner, density = _bounds(plane, frame, hole, origin)
    back = frame @ np.array([[1 / density, 0, corner[0]], [0, 1 / density, corner[1]], [0, 0, 1]])
    width, height = (int(side) for side in np.ceil((far_corner - corner) * density))
    x, y, w = (plane_.astype(np.float32) for plane_ in _carried(back, *np.ogrid[:height, :width][::-1]))
    progress.check()
    step = np.float32(np.sqrt(abs(np.linalg.det(back)))) * np.maximum(w, np.float32(1e-6)) ** np.float32(-1.5)
    inside = (w > 0) & (x >= 0) & (y >= 0) & (x <= hole.shape[1] - 1) & (y <= hole.shape[0] - 1)
    x, y = (np.where(inside, plane_, np.float32(0)) for plane_ in (x, y))
    own = inside & (_at(cv2, hole, x, y) > 0)
    blank = ~inside | (_at(cv2, unknown, x, y) > 0)
    near = cv2.dilate(own.view(np.uint8), np.ones((2 * BEYOND + 1,) * 2, np.uint8)).view(bool)
    image = nearest_known(cv2, picture.sampled(cv2, x, y, step, progress), ~inside)
    progress.check()
    # a patch may lie half a pixel off the place where it was found, and is sampled with what is around it
    usable = inside & ~blank & (w < 1 / SHARP)
    for allowed in (plane.around & sources, sources):
        room = cv2.distanceTransform(allowed.view(np.uint8), cv2.DIST_L2, 3)
        free = usable & (cv2.remap(room, x, y, cv2.INTER_LINEAR) > REACH + step)
        if np.count_nonzero(free) >= np.count_nonzero(own):
            return View(height, width, back, np.linalg.inv(back).astype(np.float64), image, near & blank, free)
    return None


def _frame(points: tuple[Numbers, Numbers], origin: Numbers) -> Numbers:
    """(3, 3): from the plane to the picture; at (0, 0), which is `origin`, both axes have the picture's own steps."""
    columns = []
    for point in points:
        way = point[:2] - point[2] * origin[:2]
        columns.append(point / np.hypot(*way))
    level = sorted(columns, key=lambda column: -abs((column[:2] - column[2] * origin[:2])[0]))
    across, down = level
    across = across * np.sign(across[0] - across[2] * origin[0] or 1.0)
    down = down * np.sign(down[1] - down[2] * origin[1] or 1.0)
    return np.stack([across, down, origin], axis=1)


def _bounds(plane: Plane, frame: Numbers, hole: Hole, origin: Numbers) -> tuple[Numbers, Numbers, float]:
    """The corners (x, y) of what the view shows of the plane, and how many of its pixels are one step of the plane."""
    there = np.linalg.inv(frame).astype(np.float64)
    y, x = np.nonzero(hole)
    u, v, _w = _carried(there, x, y)
    inner = np.array([[u.min() - AROUND, v.min() - AROUND], [u.max() + AROUND, v.max() + AROUND]])
    height, width = hole.shape
    y, x = np.mgrid[0 : height : max(1, height // 64), 0 : width : max(1, width // 64)]
    seen = nearness(plane.points, origin, x, y) > HORIZON
    u, v, _w = _carried(there, x[seen], y[seen])
    outer = np.array([[min(u.min(), inner[0, 0]), min(v.min(), inner[0, 1])],
                      [max(u.max(), inner[1, 0]), max(v.max(), inner[1, 1])]])  # fmt: skip
    for share in np.linspace(1, 0, 21):
        box = inner + share * (outer - inner)
        pixels = float(np.prod(box[1] - box[0]))
        if pixels <= LARGEST * hole.size:
            break
    return box[0], box[1], min(1.0, float(np.sqrt(LARGEST * hole.size / pixels)))


def _carried(matrix: Numbers, x: Any, y: Any) -> tuple[Any, Any, Any]:
    """Points (x, y) by `matrix`, and their third coordinate."""
    third = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
    safe = np.where(np.abs(third) < 1e-9, 1e-9, third)
    return (
        (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]) / safe,
        (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]) / safe,
        third,
    )


def _at(cv2: Any, marked: Hole, x: Floats, y: Floats) -> Floats:
    """How much of what is `marked` lies at `x`, `y`."""
    return np.asarray(cv2.remap(marked.astype(np.float32), x, y, cv2.INTER_LINEAR))
