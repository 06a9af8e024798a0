"""The equation of Poisson on a hole of any shape: the soft fill, and the way to solve a seam away.

For each unknown pixel p with its neighbours q in the picture (up, down, left, right; fewer at the picture's border,
which is free) the solution holds `sum over q of (u_p - u_q) + screen * u_p = f_p`; known pixels keep their values. With
`f` and `screen` zero that is the harmonic fill, the membrane: each pixel is the mean of its neighbours.

Multigrid (Brandt 1977) from the coarsest level up: cells of 2 x 2 pixels, a cell unknown where all of its pixels are,
residuals summed, corrections interpolated bilinearly, Gauss-Seidel sweeps along runs of unknown pixels. The work is
linear in the hole, whatever its shape. Three channels go side by side: a sweep waits for its own last value, and three
wait as long as one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.kernels.compiled import compiled, inlined

Field = NDArray[np.float32]  # (h, w, 3)
Runs = NDArray[np.int32]  # (n, 3): row, first column, column behind the last

CHUNK = 1 << 22  # pixels swept in one call, at most, but for a single run: some 20 ms
SWEEPS = 2  # before a correction, and behind it
LAST_SWEEPS = 24  # on the coarsest level
MOST = 30  # cycles, or sweeps where there is no coarser level; a cycle divides the error by about four


@dataclass(frozen=True, eq=False)
class Level:
    """One grid: the unknown pixels as `runs`, cut into `parts` for one call each, the solution `u`, the right side `f`.

    While a finer level is being solved, `u` is a correction of it and `f` what is left of its equation.
    """

    hole: NDArray[np.bool_]
    runs: Runs
    parts: tuple[slice, ...]
    u: Field
    f: Field
    screen: np.float32


def solve(
    image: Field,
    hole: NDArray[np.bool_],
    f: Field | None = None,
    *,
    screen: float = 0.0,
    tolerance: float = 1e-3,
    check: Callable[[], None] = lambda: None,
) -> Field:
    """`image` (h, w, 3) with the solution on `hole` (h, w), in place; what stood there does not matter.

    Until a whole cycle changes no pixel by more than `tolerance`, in the units of `image`. Where no known pixel is
    reached from a part of the hole and `screen` is 0 its values are some constant. `check` is called between kernel
    calls, at least every 50 ms. Raises ValueError for arrays of another kind.
    """
    if image.dtype != np.float32 or image.ndim != 3 or image.shape[2] != 3 or hole.shape != image.shape[:2]:
        raise ValueError(f"not (h, w, 3) float32 with its hole: {image.dtype} {image.shape}, {hole.shape}")
    levels = _levels(image, hole, f, screen)
    _average(levels[-1].u, levels[-1].hole)
    for depth in range(len(levels) - 1, -1, -1):
        level = levels[depth]
        if level is levels[-1]:
            if depth:
                _sweep(level, LAST_SWEEPS, check)
            continue
        coarser = levels[depth + 1]
        for part in level.parts:
            check()
            _enlarge(level.u, level.runs[part], coarser.u)
        coarser.u.fill(0.0)  # from here on it is a correction
        if depth:
            _cycle(levels, depth, check)
    for _turn in range(MOST):
        change = _cycle(levels, 0, check) if len(levels) > 1 else _sweep(levels[0], SWEEPS, check)
        if change <= tolerance:
            break
    return image


def _levels(image: Field, hole: NDArray[np.bool_], f: Field | None, screen: float) -> list[Level]:
    """From the finest to the one where no cell is unknown any more, or hardly any."""
    levels = [_level(image, hole, np.zeros_like(image) if f is None else f, screen)]
    while max(levels[-1].hole.shape) > 2:
        fine = levels[-1]
        size = tuple(-(-side // 2) for side in fine.hole.shape)
        u, coarse_hole = np.empty((*size, 3), np.float32), np.empty(size, np.bool_)
        _halve(fine.u, fine.hole, u, coarse_hole)
        if not coarse_hole.any():
            break
        right = np.zeros((*size, 3), np.float32)
        if f is not None:
            for part in fine.parts:
                _sum_up(fine.f, fine.runs[part], right)
            right *= _weight(fine.hole)
        screen *= 4
        levels.append(_level(u, coarse_hole, right, screen))
    return levels


def _level(u: Field, hole: NDArray[np.bool_], f: Field, screen: float) -> Level:
    hole = np.ascontiguousarray(hole)
    runs = runs_of(hole)
    return Level(hole, runs, _parts(runs) if hole.size > CHUNK else (slice(0, len(runs)),), u, f, np.float32(screen))


def _parts(runs: Runs) -> tuple[slice, ...]:
    """The runs in pieces of about CHUNK pixels."""
    ends = np.cumsum(runs[:, 2] - runs[:, 1]) // CHUNK
    edges = [0, *(np.flatnonzero(np.diff(ends)) + 1).tolist(), len(runs)]
    return tuple(slice(start, stop) for start, stop in pairwise(edges))


def _weight(fine: NDArray[np.bool_]) -> np.float32:
    """Of sums over cells: where a grid is one pixel wide, two pixels stand for the four of a cell."""
    return np.float32(2 if min(fine.shape) == 1 else 1)


def runs_of(hole: NDArray[np.bool_]) -> Runs:
    """The runs of unknown pixels of each row, (row, first column, column behind the last), from above."""
    runs = np.empty((_count_runs(hole), 3), np.int32)
    _find_runs(hole, runs)
    return runs


def _cycle(levels: list[Level], depth: int, check: Callable[[], None]) -> float:
    """One V from `depth` down and up again; the largest change of a pixel by its correction."""
    level = levels[depth]
    if depth == len(levels) - 1:
        _sweep(level, LAST_SWEEPS, check)
        return 0.0
    coarser = levels[depth + 1]
    _sweep(level, SWEEPS, check)
    coarser.f.fill(0.0)
    for part in level.parts:
        check()
        _restrict(level.u, level.f, level.runs[part], level.screen, coarser.f)
    if _weight(level.hole) != 1:
        coarser.f[...] *= _weight(level.hole)
    for part in coarser.parts:
        _clear(coarser.u, coarser.runs[part])
    _cycle(levels, depth + 1, check)
    change = 0.0
    for part in level.parts:
        check()
        change = max(change, float(_correct(level.u, level.runs[part], coarser.u)))
    return max(change, _sweep(level, SWEEPS, check))


def _sweep(level: Level, count: int, check: Callable[[], None]) -> float:
    """`count` sweeps, there and back in turn; the largest change of a pixel in the last one."""
    change = 0.0
    for number in range(count):
        change = 0.0
        for part in level.parts if number % 2 == 0 else level.parts[::-1]:
            check()
            change = max(change, float(_relax(level.u, level.f, level.runs[part], level.screen, number % 2 == 1)))
    return change


# --- kernels ----------------------------------------------------------------------------------------------------------
@compiled
def _count_runs(hole: Any) -> int:
    count = 0
    for y in range(hole.shape[0]):
        before = False
        for x in range(hole.shape[1]):
            if hole[y, x] and not before:
                count += 1
            before = hole[y, x]
    return count


@compiled
def _find_runs(hole: Any, runs: Any) -> None:
    n = -1
    for y in range(hole.shape[0]):
        before = False
        for x in range(hole.shape[1]):
            if hole[y, x]:
                if not before:
                    n += 1
                    runs[n, 0] = y
                    runs[n, 1] = x
                runs[n, 2] = x + 1
            before = hole[y, x]


@compiled
def _halve(u: Any, hole: Any, half: Any, half_hole: Any) -> None:
    """Means of the known pixels of each 2 x 2; a cell without any is unknown."""
    h, w = hole.shape
    for y in range(half.shape[0]):
        for x in range(half.shape[1]):
            n = 0
            a = b = c = np.float32(0)
            for i in range(2 * y, min(2 * y + 2, h)):
                for j in range(2 * x, min(2 * x + 2, w)):
                    if not hole[i, j]:
                        n += 1
                        a += u[i, j, 0]
                        b += u[i, j, 1]
                        c += u[i, j, 2]
            half_hole[y, x] = n == 0
            share = np.float32(1) / np.float32(max(n, 1))
            half[y, x, 0] = a * share
            half[y, x, 1] = b * share
            half[y, x, 2] = c * share


@compiled
def _average(u: Any, hole: Any) -> None:
    """All unknown pixels get the mean of the known ones."""
    for c in range(3):
        total = 0.0
        n = 0
        for y in range(hole.shape[0]):
            for x in range(hole.shape[1]):
                if not hole[y, x]:
                    total += u[y, x, c]
                    n += 1
        mean = np.float32(total / max(n, 1))
        for y in range(hole.shape[0]):
            for x in range(hole.shape[1]):
                if hole[y, x]:
                    u[y, x, c] = mean


@compiled
def _sum_up(f: Any, runs: Any, half: Any) -> None:
    for n in range(runs.shape[0]):
        y = runs[n, 0]
        for x in range(runs[n, 1], runs[n, 2]):
            for c in range(3):
                half[y >> 1, x >> 1, c] += f[y, x, c]


@compiled
def _clear(u: Any, runs: Any) -> None:
    for n in range(runs.shape[0]):
        for x in range(runs[n, 1], runs[n, 2]):
            for c in range(3):
                u[runs[n, 0], x, c] = 0.0


@inlined
def _around(u: Any, y: int, x: int, h: int, w: int, c: int) -> Any:
    """The sum of the neighbours within the picture."""
    total = np.float32(0)
    if y > 0:
        total += u[y - 1, x, c]
    if y < h - 1:
        total += u[y + 1, x, c]
    if x > 0:
        total += u[y, x - 1, c]
    if x < w - 1:
        total += u[y, x + 1, c]
    return total


@inlined
def _neighbours(y: int, x: int, h: int, w: int) -> int:
    return (y > 0) + (y < h - 1) + (x > 0) + (x < w - 1)


@compiled
def _relax(u: Any, f: Any, runs: Any, screen: Any, backward: bool) -> Any:
    """A Gauss-Seidel sweep over the runs, in place; the largest change."""
    h, w = u.shape[0], u.shape[1]
    count = runs.shape[0]
    inner = np.float32(1) / (np.float32(4) + screen)
    most = np.float32(0)
    for k in range(count):
        n = count - 1 - k if backward else k
        y, x0, x1 = runs[n, 0], runs[n, 1], runs[n, 2]
        step = -1 if backward else 1
        first = x1 - 1 if backward else x0
        if 0 < y < h - 1 and x0 > 0 and x1 < w:
            before = first - step
            a, b, c = u[y, before, 0], u[y, before, 1], u[y, before, 2]
            for i in range(x1 - x0):
                x = first + step * i
                a = (a + (u[y, x + step, 0] + (u[y - 1, x, 0] + (u[y + 1, x, 0] + f[y, x, 0])))) * inner
                b = (b + (u[y, x + step, 1] + (u[y - 1, x, 1] + (u[y + 1, x, 1] + f[y, x, 1])))) * inner
                c = (c + (u[y, x + step, 2] + (u[y - 1, x, 2] + (u[y + 1, x, 2] + f[y, x, 2])))) * inner
                most = max(most, max(abs(a - u[y, x, 0]), max(abs(b - u[y, x, 1]), abs(c - u[y, x, 2]))))
                u[y, x, 0] = a
                u[y, x, 1] = b
                u[y, x, 2] = c
        else:
            for i in range(x1 - x0):
                x = first + step * i
                weight = np.float32(_neighbours(y, x, h, w)) + screen
                if weight > 0:
                    for j in range(3):
                        new = (_around(u, y, x, h, w, j) + f[y, x, j]) / weight
                        most = max(most, abs(new - u[y, x, j]))
                        u[y, x, j] = new
    return most


@compiled
def _restrict(u: Any, f: Any, runs: Any, screen: Any, half: Any) -> None:
    """What is left of the equation, summed over each 2 x 2 into `half`."""
    h, w = u.shape[0], u.shape[1]
    four = np.float32(4) + screen
    for n in range(runs.shape[0]):
        y, x0, x1 = runs[n, 0], runs[n, 1], runs[n, 2]
        inside = 0 < y < h - 1 and x0 > 0 and x1 < w
        for x in range(x0, x1):
            if inside:
                for c in range(3):
                    total = u[y - 1, x, c] + u[y + 1, x, c] + u[y, x - 1, c] + u[y, x + 1, c]
                    half[y >> 1, x >> 1, c] += f[y, x, c] + total - four * u[y, x, c]
            else:
                weight = np.float32(_neighbours(y, x, h, w)) + screen
                for c in range(3):
                    half[y >> 1, x >> 1, c] += f[y, x, c] + _around(u, y, x, h, w, c) - weight * u[y, x, c]


@inlined
def _between(half: Any, y: int, x: int, c: int) -> Any:
    """`half` at the pixel (y, x) of the finer level, bilinearly between the middles of its cells."""
    hy, hx = y >> 1, x >> 1
    ny = min(max(hy + (1 if y & 1 else -1), 0), half.shape[0] - 1)
    nx = min(max(hx + (1 if x & 1 else -1), 0), half.shape[1] - 1)
    near = np.float32(0.75) * half[hy, hx, c] + np.float32(0.25) * half[hy, nx, c]
    far = np.float32(0.75) * half[ny, hx, c] + np.float32(0.25) * half[ny, nx, c]
    return np.float32(0.75) * near + np.float32(0.25) * far


@compiled
def _correct(u: Any, runs: Any, half: Any) -> Any:
    most = np.float32(0)
    for n in range(runs.shape[0]):
        y = runs[n, 0]
        for x in range(runs[n, 1], runs[n, 2]):
            for c in range(3):
                add = _between(half, y, x, c)
                most = max(most, abs(add))
                u[y, x, c] += add
    return most


@compiled
def _enlarge(u: Any, runs: Any, half: Any) -> None:
    for n in range(runs.shape[0]):
        y = runs[n, 0]
        for x in range(runs[n, 1], runs[n, 2]):
            for c in range(3):
                u[y, x, c] = _between(half, y, x, c)


@compiled
def mismatch(
    image: Any, hole: Any, came_from: Any, top: int, left: int, filled: Any, runs: Any, total: Any, count: Any
) -> None:
    """For each filled pixel at the seam the shifts that its known neighbours ask for, summed, and how many they are.

    `image` and `hole` are a crop; `filled`, `runs` in it, and what is found lie at (`top`, `left`) of it. A neighbour
    asks for the step that lies between the pixel's source and the source's neighbour; for none where `came_from`, of
    the crop too, does not know the source (-1) or is empty.
    """
    h, w = hole.shape
    told = came_from.shape[0] > 0
    for n in range(runs.shape[0]):
        y = runs[n, 0]
        for x in range(runs[n, 1], runs[n, 2]):
            for k in range(4):
                dy = (k == 0) - (k == 1)
                dx = (k == 2) - (k == 3)
                qy, qx = y + top + dy, x + left + dx
                if not (0 <= qy < h and 0 <= qx < w) or hole[qy, qx]:
                    continue
                sy = sx = -1
                if told:
                    sy, sx = came_from[y + top, x + left, 0], came_from[y + top, x + left, 1]
                ty, tx = sy + dy, sx + dx
                step = sy >= 0 and sx >= 0 and 0 <= ty < h and 0 <= tx < w and not hole[ty, tx] and not hole[sy, sx]
                count[y, x] += 1.0
                for c in range(3):
                    shift = np.float32(image[qy, qx, c]) - filled[y, x, c]
                    if step:
                        shift += np.float32(image[sy, sx, c]) - np.float32(image[ty, tx, c])
                    total[y, x, c] += shift


@compiled
def mix_gradients(filled: Any, film: Any, hole: Any, runs: Any, f: Any) -> None:
    """Ask `f`, for a correction of `filled`, for the gradients of `film` where they are the stronger ones.

    All channels together, between two filled pixels.
    """
    h, w = hole.shape
    for n in range(runs.shape[0]):
        y = runs[n, 0]
        for x in range(runs[n, 1], runs[n, 2]):
            for k in range(4):
                qy = y + (k == 0) - (k == 1)
                qx = x + (k == 2) - (k == 3)
                if 0 <= qy < h and 0 <= qx < w and hole[qy, qx]:
                    own = smooth = np.float32(0)
                    for c in range(3):
                        own += abs(filled[y, x, c] - filled[qy, qx, c])
                        smooth += abs(film[y, x, c] - film[qy, qx, c])
                    if smooth > own:
                        for c in range(3):
                            f[y, x, c] += film[y, x, c] - film[qy, qx, c] - filled[y, x, c] + filled[qy, qx, c]
