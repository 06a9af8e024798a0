"""How strongly, and where to a tenth of a pixel, a mark of a known template was put into one picture.

Its alpha is the template's times one opacity. The right one leaves no edge behind: with too little the mark is still to
be seen, with too much its reverse. So the gradients of the picture without the mark, along the mark's own edges, must
add up to nothing; the picture's own edges lie there by chance, and as often one way as the other. The right place
leaves the least gradients of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.progress import Progress
from lacuna.detection.mark_gradients import gradients, squares
from lacuna.detection.mark_mattes import OPAQUE, Matte, without
from lacuna.detection.mark_templates import Template
from lacuna.detection.mark_warping import Matrix, corners, warped
from lacuna.imaging.colour import to_float
from lacuna.imaging.photo import Pixels
from lacuna.imaging.region import Region

Drawn = NDArray[np.float32]  # (h, w, 4): a template's alpha, and its colours times alpha
MOST = 0.999  # of opacity: what is found there is opaque
HALVINGS = 11  # of the range of opacities: to half a level
SMOOTH = 0.6  # pixels
CLEAR = (
    0.01  # of white for a pixel's step: a gradient of it counts for half, so that a hard edge is no more than an edge
)
MARGIN = 4  # pixels around the mark
STEPS = ((0.5, 0.25, 0.12), (0.12, 0.06))  # pixels at the mark's ends, in each round


def matte_near(pixels: Pixels, template: Template, matrix: Matrix, white: float, progress: Progress) -> Matte:
    """The matte of a template that lies in a picture (H, W, 3) by `matrix`, or within a pixel of it."""
    region = _region(template, matrix, pixels.shape)
    values = to_float(pixels[region.slices], white)
    moved = matrix.copy()
    moved[:, 2] -= (region.x0, region.y0)
    premultiplied = template.alpha[..., None] * (template.colours.astype(np.float32) / 255)
    drawn = np.concatenate([template.alpha[..., None], premultiplied], axis=2)
    for steps in STEPS:
        opacity = _opacity(values, drawn, moved)
        if opacity < OPAQUE:  # else hardly anything of the picture is left to tell the place by
            moved = _placed(values, drawn, opacity, moved, steps, progress.part(1 / len(STEPS)))
    alpha, colours = _laid(drawn, moved, values.shape)
    return Matte(colours, alpha * np.float32(_opacity(values, drawn, moved)), region)


def inverted(template: Template) -> Template:
    """The same mark in the opposite colours."""
    return replace(template, colours=255 - template.colours)


def _region(template: Template, matrix: Matrix, shape: tuple[int, ...]) -> Region:
    where = corners(matrix, template.size)
    left, top = np.floor(where.min(axis=0)).astype(int) - MARGIN
    right, bottom = np.ceil(where.max(axis=0)).astype(int) + MARGIN
    return Region(int(top), int(left), int(bottom), int(right)).clip(shape)


def _laid(drawn: Drawn, matrix: Matrix, shape: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Alpha and colours as they lie in the picture: averaged by alpha, so that none come in from outside the mark."""
    both = warped(drawn, matrix, (shape[0], shape[1]))
    return np.clip(both[..., 0], 0, 1), np.clip(both[..., 1:] / np.maximum(both[..., :1], 1e-3), 0, 1)


def _opacity(values: NDArray[np.float32], drawn: Drawn, matrix: Matrix) -> float:
    """That which leaves nothing of the mark's edges at this place."""
    alpha, colours = _laid(drawn, matrix, values.shape)
    along = gradients(alpha, SMOOTH)
    signs = [_sign(values[..., channel], colours[..., channel], alpha) for channel in range(3)]

    def left(opacity: float) -> float:
        """Above 0 where too little of it is taken out."""
        back = without(values, colours, np.float32(opacity) * alpha)
        total = 0.0
        for channel, sign in enumerate(signs):
            field = gradients(back[..., channel], SMOOTH)
            size = np.sqrt(squares(field)) + CLEAR
            total += sign * float(((field[..., 0] * along[..., 0] + field[..., 1] * along[..., 1]) / size).sum())
        return total

    low, high = 0.0, MOST
    for _turn in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if left(middle) > 0 else (low, middle)
    return (low + high) / 2


def _sign(values: NDArray[np.float32], colours: NDArray[np.float32], alpha: NDArray[np.float32]) -> float:
    """Whether the mark is brighter (1) or darker (-1) than the picture around it; 0 where it hardly differs."""
    weight = float(alpha.sum())
    around = float(np.median(values[alpha <= 0])) if (alpha <= 0).any() else 0.5
    difference = float((colours * alpha).sum()) / max(weight, 1e-6) - around
    return float(np.sign(difference)) if abs(difference) > CLEAR else 0.0


def _placed(
    values: NDArray[np.float32],
    drawn: Drawn,
    opacity: float,
    matrix: Matrix,
    steps: Sequence[float],
    progress: Progress,
) -> Matrix:
    """The place near `matrix` at which the fewest gradients are left, in all that a place can differ by."""
    height, width = drawn.shape[:2]
    middle = matrix[:, :2] @ np.array([width / 2, height / 2]) + matrix[:, 2]
    far = 0.5 * float(np.linalg.norm(matrix[:, :2] @ np.array([width, height])))
    brightness = np.ascontiguousarray(values.mean(axis=2))
    both = np.stack([drawn[..., 0], drawn[..., 1:].mean(axis=2)], axis=2) * np.float32(opacity)

    def around(change: NDArray[np.float64]) -> Matrix:
        """The middle moved by (x, y), the mark stretched and turned by so many pixels at its far end."""
        x, y, across, down, turn = change
        c, s = np.cos(turn / far), np.sin(turn / far)
        linear = np.array([[c, -s], [s, c]]) @ matrix[:, :2] @ np.diag([1 + across / far, 1 + down / far])
        shift = middle + np.array([x, y]) - linear @ np.array([width / 2, height / 2])
        return np.concatenate([linear, shift[:, None]], axis=1)

    def left(change: NDArray[np.float64]) -> float:
        progress.check()
        mark = warped(both, around(change), brightness.shape)
        back = (brightness - mark[..., 1]) / (1 - np.minimum(mark[..., 0], OPAQUE))
        return float(np.abs(gradients(np.clip(back, -0.5, 1.5), SMOOTH)).sum())

    change = np.zeros(5)
    best = left(change)
    for number, step in enumerate(steps):
        for _round in range(3):
            before = best
            for axis in range(5):
                for sign in (step, -step):
                    tried = change.copy()
                    tried[axis] += sign
                    reached = left(tried)
                    if reached < best:
                        change, best = tried, reached
                        break
            if best == before:
                break
        progress.at((number + 1) / len(steps))
    return around(change)
