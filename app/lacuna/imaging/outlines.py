"""The outline of a mask as closed lines between points, fine for a near look and coarse for one from afar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.photo import Hole

TOLERANCES = (0.25, 1.0, 4.0, 16.0)  # image pixels by which a line may lie beside the pixels' sides
STEPS = ((1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1))  # (x, y), clockwise on the screen
NONE = -1
MOST_SIDES, MOST_LINES = 1_000_000, 20_000  # each line takes some 60 µs: of noise there were millions

Line = NDArray[np.float32]  # (n, 2): x and y in image coordinates, where pixel 0 covers 0..1


@dataclass(frozen=True, eq=False)
class Traced:
    """Closed lines around what is marked and around the gaps in it, for each of `TOLERANCES`."""

    levels: tuple[tuple[Line, ...], ...]

    def level(self, zoom: float) -> int:
        """Which level is as good as the finest where an image pixel is `zoom` pixels of the screen."""
        return max(0, sum(tolerance * zoom <= 0.5 for tolerance in TOLERANCES) - 1)


def traced(mask: Hole, x: int = 0, y: int = 0, check: Callable[[], object] = lambda: None) -> Traced:
    """The outline of `mask` (h, w) bool, whose first pixel is at (`x`, `y`); `check()` may raise to stop.

    It leads through the middles of those sides of pixels that part the mask from the rest: a straight border is met
    exactly, and pixels that touch at a corner hang together. Of a mask as ragged as noise it leads so around squares
    of 2, 4, ... pixels that hold something marked: so many lines took minutes, and nobody could tell them apart.
    """
    found, side = _borders(mask, check)
    corner = np.array((x, y), np.float32)
    levels: list[list[Line]] = [[] for _tolerance in TOLERANCES]
    for pixels in found:
        check()
        line = np.asarray(_around(pixels) * side + corner, np.float32)
        for level, tolerance in zip(levels, TOLERANCES, strict=True):
            level.append(_simpler(line, tolerance))
    return Traced(tuple(map(tuple, levels)))


def _borders(mask: Hole, check: Callable[[], object]) -> tuple[Sequence[NDArray[np.int32]], int]:
    """The pixels (n, 2) along each border, and how many pixels of the mask along an axis are one of them."""
    import cv2

    side = 1
    while True:
        check()
        if np.count_nonzero(mask[1:] != mask[:-1]) + np.count_nonzero(mask[:, 1:] != mask[:, :-1]) <= MOST_SIDES:
            marked = np.ascontiguousarray(mask).view(np.uint8)
            found, _tree = cv2.findContours(marked, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
            if len(found) <= MOST_LINES:
                return [np.asarray(pixels, np.int32).reshape(-1, 2) for pixels in found], side
        mask, side = _halved(mask), 2 * side


def _halved(mask: Hole) -> Hole:
    """Where anything is marked in squares of 2 x 2 pixels."""
    rows = np.logical_or(mask[::2], np.pad(mask[1::2], ((0, mask.shape[0] % 2), (0, 0))))
    return np.asarray(rows[:, ::2] | np.pad(rows[:, 1::2], ((0, 0), (0, mask.shape[1] % 2))))


def _simpler(line: Line, tolerance: float) -> Line:
    import cv2

    few = cv2.approxPolyDP(line.reshape(-1, 1, 2), tolerance, True).reshape(-1, 2)
    return np.asarray(few if len(few) > 2 else line[:: max(1, len(line) // 4)], np.float32)


def _around(pixels: NDArray[np.int32]) -> Line:
    """A line around pixels (n, 2) that follow each other along a border, as OpenCV follows it."""
    steps = np.array(STEPS)
    if len(pixels) == 1:
        sides = np.array([[0, 2, 4, 6]])
    else:
        numbers = np.full((3, 3), NONE)
        numbers[steps[:, 1], steps[:, 0]] = np.arange(8)
        leaves = np.roll(pixels, -1, axis=0) - pixels
        out = numbers[leaves[:, 1], leaves[:, 0]]
        sides = _SIDES[np.roll(out, 1), out]
    which, _place = np.nonzero(sides != NONE)
    return np.asarray(pixels[which] + 0.5 + 0.5 * steps[sides[sides != NONE]], np.float32)


def _sides() -> NDArray[np.int64]:
    """(8, 8, 4): the sides of a pixel that lie open where a border comes by one step and goes on by another.

    OpenCV looks from the pixel it came from on counterclockwise until it meets the next one.
    """
    table = np.full((8, 8, 4), NONE)
    for come in range(8):
        for go in range(8):
            back = come + 4
            turns = (back - go - 1) % 8 + 1
            passed = [(back - turn) % 8 for turn in range(1, turns)]
            sides = [side for side in passed if side % 2 == 0]
            table[come, go, : len(sides)] = sides
    return table


_SIDES = _sides()
