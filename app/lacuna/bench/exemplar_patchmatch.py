"""`patchmatch` against a plain numpy field, against OpenCV's Telea on the full frame, and in large pictures."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.bench.calibration import slowness
from lacuna.bench.figure import Figure
from lacuna.bench.memory import alone, peak
from lacuna.bench.pictures import large, square_hole

SUBJECT = "exemplar"
BEST_OF = 3
ROUNDS = 5
SIDE = 256
HOLE = 99  # 15 % of 256 x 256
MEGAPIXEL_HOLE = 224  # 5 % of a megapixel


def patchmatch_rows() -> list[Figure]:
    """CPU seconds of all threads, best of 3 after one untimed call."""
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        slow = slowness()
        return [*_field(), *_megapixel(slow), *_large(slow), _memory()]
    finally:
        cv2.setNumThreads(before)


def _field() -> list[Figure]:
    """The search alone, colours not shifted, from the same random field, against numpy in the same number of rounds."""
    import cv2

    from lacuna.backends.patch_levels import level_of
    from lacuna.kernels import patch_distance, patchmatch

    picture = np.zeros((SIDE, SIDE, 4), np.uint8)
    picture[..., :3] = large(24)[1000 : 1000 + SIDE, 1000 : 1000 + SIDE]
    hole = square_hole(picture.shape, HOLE) > 0
    level = level_of(cv2, picture, hole, ~hole)
    assert level is not None
    start = np.random.default_rng(0).choice(np.flatnonzero(level.allowed), level.targets.size).astype(np.int32)
    costs = np.zeros(level.targets.size, np.int32)
    sources = np.flatnonzero(level.allowed).astype(np.int32)
    patch_distance.sum_up(level.picture, SIDE, sources, 0, sources.size, level.sums)

    def ours() -> float:
        level.field[level.targets] = start
        for number in range(ROUNDS):
            patchmatch.search(
                level.picture, level.sums, 0, SIDE, level.allowed, level.targets, 0, level.targets.size,
                level.field, level.field, costs, np.zeros(0, np.int32), number % 2 == 1, SIDE, 0, number + 1,
            )  # fmt: skip
        return float(costs.mean())

    def plain() -> float:
        return float(_numpy_field(picture, level.allowed, level.targets, start).mean())

    (seconds, mean), (plain_seconds, plain_mean) = _best(ours), _best(plain)
    faster, note = plain_seconds / seconds, f"{1000 * seconds:.0f} ms for {level.targets.size} patches, {ROUNDS} rounds"
    return [
        Figure(SUBJECT, "patchmatch field: faster than vectorised numpy", faster, "x", 8.0, True, note),
        Figure(SUBJECT, "patchmatch field: mean distance against numpy's", mean / plain_mean, "x", 0.85),
    ]


def _numpy_field(
    picture: NDArray[np.uint8], allowed: NDArray[np.uint8], targets: NDArray[np.int32], start: NDArray[np.int32]
) -> NDArray[np.int64]:
    """PatchMatch with all targets at once: the distance of each after `ROUNDS` rounds."""
    from lacuna.backends.patch_levels import PATCH

    random = np.random.default_rng(0)
    windows = np.lib.stride_tricks.sliding_window_view(picture[..., :3], (PATCH, PATCH), axis=(0, 1))
    field = np.full(SIDE * SIDE, -1, np.int64)
    field[targets] = start
    own = windows[targets // SIDE, targets % SIDE].astype(np.int32)

    def distances(which: NDArray[Any], sources: NDArray[np.int64]) -> NDArray[np.int64]:
        found = ((own[which] - windows[sources // SIDE, sources % SIDE]) ** 2).sum(axis=(1, 2, 3))
        return np.asarray(found, np.int64)

    costs = distances(np.arange(targets.size), field[targets])

    def offer(sources: NDArray[np.int64], usable: NDArray[np.bool_]) -> None:
        which = np.flatnonzero(usable & (allowed[np.where(usable, sources, 0)] == 1))
        found = distances(which, sources[which])
        better = found < costs[which]
        costs[which[better]] = found[better]
        field[targets[which[better]]] = sources[which[better]]

    for number in range(ROUNDS):
        step = 1 if number % 2 else -1
        for move in (step, step * SIDE):
            neighbours = np.clip(targets + move, 0, field.size - 1)
            sources = field[neighbours] - move
            offer(sources, (field[neighbours] >= 0) & (sources >= 0) & (sources < field.size))
        reach = SIDE
        while reach >= 1:
            y, x = np.divmod(field[targets], SIDE)
            y = y + random.integers(-reach, reach + 1, targets.size)
            x = x + random.integers(-reach, reach + 1, targets.size)
            offer(y * SIDE + x, (y >= 0) & (x >= 0) & (y < SIDE) & (x < SIDE))
            reach //= 2
    return costs


def _megapixel(slow: float) -> list[Figure]:
    import cv2

    import lacuna

    picture = np.ascontiguousarray(large(24)[1000:2000, 1000:2000])
    mask = square_hole(picture.shape, MEGAPIXEL_HOLE)
    seconds, _ = _best(lambda: lacuna.fill(picture, mask, "patchmatch"))
    telea, _ = _best(lambda: cv2.inpaint(picture, mask, 3, cv2.INPAINT_TELEA))
    return [
        Figure(SUBJECT, "patchmatch fill, 1 MP, 5 %", seconds, "s", 0.8 * slow),
        Figure(SUBJECT, "patchmatch fill, 1 MP, 5 %: time of cv2 Telea on the full frame", seconds / telea, "x", 20.0),
    ]


def _large(slow: float) -> list[Figure]:
    import lacuna

    picture = large(24)
    mask = square_hole(picture.shape, 500)
    around = (slice(1000, 3000), slice(2000, 4000))  # 4 megapixels with the same hole in the same surroundings
    small, small_mask = np.ascontiguousarray(picture[around]), np.ascontiguousarray(mask[around])
    seconds, _ = _best(lambda: lacuna.fill(picture, mask, "patchmatch"))
    small_seconds, _ = _best(lambda: lacuna.fill(small, small_mask, "patchmatch"))
    return [
        Figure(SUBJECT, "patchmatch fill, 24 MP, 500 x 500", seconds, "s", 1.8 * slow),
        Figure(SUBJECT, "patchmatch fill, 500 x 500: 24 MP against 4 MP", seconds / small_seconds, "x", 1.25),
    ]


def _memory() -> Figure:
    (extra,) = alone("exemplar_patchmatch.memory()")
    return Figure(SUBJECT, "patchmatch fill, 24 MP, 500 x 500: extra memory", extra, "MiB", 250.0)


def memory() -> None:
    """Print by how many MiB a fill in 24 megapixels raises the peak of this process, beyond the picture it returns."""
    from lacuna.contract.progress import Progress
    from lacuna.engine import device, registry
    from lacuna.engine.fill import FillRequest, Window
    from lacuna.engine.fill import fill as fill_request
    from lacuna.engine.plan import windows_for

    picture = large(24)
    backend = registry.backend("patchmatch")
    params = backend.Params()

    def fill(side: int) -> None:
        from lacuna.contract.fill import FillOptions

        mask = square_hole(picture.shape, side)
        windows = tuple(
            Window(region, picture[region.slices], mask[region.slices])
            for region in windows_for(mask, backend.needs(params), FillOptions())
        )
        request = FillRequest(windows, picture.shape[:2], 255.0, "patchmatch", params, recipe=False)
        fill_request(request, device.runtime_for("cpu", backend.needs(params)), Progress())

    fill(40)  # libraries and compiled kernels are there before
    before = peak()
    fill(500)
    print((peak() - before) / 2**20)


def _best(call: Callable[[], Any]) -> tuple[float, Any]:
    """The least CPU seconds of `BEST_OF` calls after one untimed, and what the last gave."""
    call()
    times = []
    for _ in range(BEST_OF):
        start = time.process_time()
        found = call()
        times.append(time.process_time() - start)
    return min(times), found
