"""Votes of patches that were matched in a rectified view, for pixels of the picture itself.

What is copied is sampled once, in the picture, at the place that the view names: no picture is warped forth and back.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lacuna.kernels.compiled import compiled, inlined
from lacuna.kernels.patch_distance import PATCH

Floats = NDArray[np.float32]
Places = NDArray[np.int32]


@inlined
def _cubic(t):  # type: ignore[no-untyped-def]
    """The weights of four neighbours for a place `t` of the way from the second to the third: Catmull and Rom, 1974."""
    square = t * t
    cube = square * t
    return (
        np.float32(-0.5) * cube + square - np.float32(0.5) * t,
        np.float32(1.5) * cube - np.float32(2.5) * square + np.float32(1),
        np.float32(-1.5) * cube + np.float32(2) * square + np.float32(0.5) * t,
        np.float32(0.5) * cube - np.float32(0.5) * square,
    )


@compiled
def sample(image: Floats, x: float, y: float, colour: Floats) -> None:
    """Put what `image` (h, w, 3) holds at (x, y), where pixel 0 is 0, into `colour` (3): cubic, edges go on."""
    height, width = image.shape[0], image.shape[1]
    x = min(max(x, 0.0), width - 1.0)
    y = min(max(y, 0.0), height - 1.0)
    left, top = int(np.floor(x)), int(np.floor(y))
    across, down = _cubic(np.float32(x - left)), _cubic(np.float32(y - top))
    red = green = blue = np.float32(0)
    for row in range(4):
        sy = min(max(top + row - 1, 0), height - 1)
        for column in range(4):
            sx = min(max(left + column - 1, 0), width - 1)
            weight = down[row] * across[column]
            red += weight * image[sy, sx, 0]
            green += weight * image[sy, sx, 1]
            blue += weight * image[sy, sx, 2]
    colour[0], colour[1], colour[2] = red, green, blue


@compiled
def collect(
    levels: tuple[Floats, ...],
    back: NDArray[np.float64],
    there: NDArray[np.float64],
    view_width: int,
    sums: NDArray[np.int16],
    shift: int,
    unit: float,
    pixels: Places,
    begin: int,
    end: int,
    numbers: Places,
    field: Places,
    weights: Floats,
    result: Floats,
    came_from: Places,
) -> None:
    """The votes for the pixels `begin` to `end` of `pixels`, places of `levels[0]` (h, w, 3), where a byte is `unit`.

    `levels` are that picture and its halvings. `there` leads from it to the view of `view_width`, where `numbers` is
    the number of the target at each place, or -1, and `field` its source; `back` leads back. `result` (n, 3) takes
    the averages of the votes, `came_from` (n, 2) the pixel (y, x) that the heaviest names: -1 where none votes.
    """
    height, width = levels[0].shape[0], levels[0].shape[1]
    view_height = numbers.size // view_width
    values, colour = np.zeros(3, np.float32), np.zeros(3, np.float32)
    step = np.float32(unit / PATCH**2)
    for index in range(begin, end):
        x, y = float(pixels[index] % width), float(pixels[index] // width)
        w = there[2, 0] * x + there[2, 1] * y + there[2, 2]
        u = (there[0, 0] * x + there[0, 1] * y + there[0, 2]) / w
        v = (there[1, 0] * x + there[1, 1] * y + there[1, 2]) / w
        here = back[2, 0] * u + back[2, 1] * v + back[2, 2]
        column, row = int(np.floor(u + 0.5)), int(np.floor(v + 0.5))
        values[:] = 0
        total, heaviest = np.float32(0), np.float32(-1)
        last = np.int64(field.size)  # farther than any two places
        sx = sy = 0.0
        came_from[index, 0] = came_from[index, 1] = -1
        for dy in range(PATCH):
            for dx in range(PATCH):
                ty, tx = row - dy, column - dx
                if not (0 <= ty < view_height and 0 <= tx < view_width):
                    continue
                target = np.int64(ty) * view_width + tx
                number = numbers[target]
                if number < 0:
                    continue
                weight = weights[number]
                best = np.int64(field[target])
                if best - target != last:
                    last = best - target
                    su = u + (best % view_width - tx)
                    sv = v + (best // view_width - ty)
                    w = back[2, 0] * su + back[2, 1] * sv + back[2, 2]
                    sx = (back[0, 0] * su + back[0, 1] * sv + back[0, 2]) / w
                    sy = (back[1, 0] * su + back[1, 1] * sv + back[1, 2]) / w
                    nearer = (here / w) ** 1.5  # how many pixels there stand for one here
                    number_ = min(max(int(np.rint(np.log2(nearer))), 0), len(levels) - 1)
                    factor = 0.5**number_
                    sample(levels[number_], (sx + 0.5) * factor - 0.5, (sy + 0.5) * factor - 0.5, colour)
                for channel in range(3):
                    bias = sums[4 * target + channel] - sums[4 * best + channel]  # of 64 bytes each
                    bias = min(max(bias, -shift), shift)
                    values[channel] += weight * (colour[channel] + step * np.float32(bias))
                total += weight
                if weight > heaviest:
                    heaviest = weight
                    came_from[index, 0] = min(max(int(np.rint(sy)), 0), height - 1)
                    came_from[index, 1] = min(max(int(np.rint(sx)), 0), width - 1)
        if total > 0:
            for channel in range(3):
                result[index, channel] = values[channel] / total
