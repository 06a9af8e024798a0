"""A mark as it lies in a picture: stretched by Lanczos' kernel as programs that put marks in do, then turned."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.resampling import LANCZOS

UPRIGHT = 1e-4  # radians: what is turned by less is not; the far end of 3000 pixels moves by a third of one
Matrix = NDArray[np.float64]  # (2, 3), from pixels to pixels; pixel 0 covers 0 to 1 on both sides


def matrix_of(size: tuple[int, int], x: float, y: float, across: float, down: float, turn: float) -> Matrix:
    """That puts the middle of a plane of `size` at (x, y), stretched across and down and then turned by radians."""
    c, s = math.cos(turn), math.sin(turn)
    linear = np.array([[c, -s], [s, c]]) @ np.diag([across, down])
    shift = np.array([x, y]) - linear @ np.array([size[1] / 2, size[0] / 2])
    return np.concatenate([linear, shift[:, None]], axis=1)


def turned(matrix: Matrix) -> float:
    """The turn in it, in radians, clockwise as seen."""
    return math.atan2(matrix[1, 0], matrix[0, 0])


def stretched(matrix: Matrix) -> tuple[float, float]:
    """The scales in it: down and across."""
    return math.hypot(matrix[0, 1], matrix[1, 1]), math.hypot(matrix[0, 0], matrix[1, 0])


def corners(matrix: Matrix, size: tuple[int, int]) -> NDArray[np.float64]:
    """Where the corners of a plane of `size` come to lie, (4, 2) as x and y."""
    height, width = size
    square = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], float)
    return square @ matrix.T


def warped(plane: NDArray[Any], matrix: Matrix, size: tuple[int, int]) -> NDArray[np.float32]:
    """A plane (h, w) or (h, w, n) as it lies in a picture of `size`; 0 around it. Made smaller it is averaged."""
    import cv2

    turn = turned(matrix)
    down, across = stretched(matrix)
    if abs(turn) < UPRIGHT:
        return _stretched(plane, (down, across), (float(matrix[1, 2]), float(matrix[0, 2])), size)
    height, width = plane.shape[0] * down, plane.shape[1] * across
    edge = 2  # a soft edge is to be turned as well
    upright = (math.ceil(height) + 2 * edge, math.ceil(width) + 2 * edge)
    scaled = _stretched(plane, (down, across), (edge, edge), upright)
    back = matrix_of((0, 0), 0, 0, 1, 1, turn)
    back[:, 2] = matrix[:, 2] - back[:, :2] @ np.array([edge, edge])
    back[:, 2] += back[:, :2] @ np.array([0.5, 0.5]) - 0.5  # OpenCV counts from the middle of pixel 0
    return np.asarray(cv2.warpAffine(scaled, back, (size[1], size[0]), flags=cv2.INTER_CUBIC), np.float32)


def _stretched(
    plane: NDArray[Any], scales: tuple[float, float], origin: tuple[float, float], size: tuple[int, int]
) -> NDArray[np.float32]:
    rows, columns = (_weights(plane.shape[axis], scales[axis], origin[axis], size[axis]) for axis in (0, 1))
    values = np.asarray(plane, np.float32)
    flat = values.reshape(values.shape[0], -1)
    down = (rows @ flat).reshape(size[0], values.shape[1], -1)
    across = np.matmul(columns, down)  # (rows, columns, n)
    return np.ascontiguousarray(across.reshape(*size, *values.shape[2:]), np.float32)


def _weights(length: int, scale: float, origin: float, count: int) -> NDArray[np.float32]:
    """(count, length): what each point is made of; what would lie beyond the plane is transparent."""
    places = (np.arange(count) + 0.5 - origin) / scale - 0.5
    wider = max(1.0, 1 / scale)
    around = np.arange(-math.ceil(LANCZOS.radius * wider), math.ceil(LANCZOS.radius * wider) + 2)
    index = np.floor(places).astype(np.int64)[:, None] + around
    weights = LANCZOS.weight((places[:, None] - index) / wider) / wider
    found = np.zeros((count, length), np.float32)
    within = (index >= 0) & (index < length)
    rows = np.broadcast_to(np.arange(count)[:, None], index.shape)
    found[rows[within], index[within]] = weights[within]
    return found
