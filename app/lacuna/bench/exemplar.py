"""Filling by copying from the picture: searches and whole fills against plain numpy and OpenCV.

One thread, CPU seconds, the best of three after one untimed call; ours and the rival in turn, in one process.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.bench.calibration import slowness
from lacuna.bench.exemplar_membrane import membrane_rows
from lacuna.bench.exemplar_patchmatch import patchmatch_rows
from lacuna.bench.figure import Figure
from lacuna.bench.pictures import large
from lacuna.imaging.photo import Hole, Pixels

ROUNDS = 3
PATCHES = 12  # searches compared: the first of a fill
FAR = 1 << 20


def run() -> list[Figure]:
    """The figures of each part, in their order."""
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return [figure for rows in ROWS for figure in rows()]
    finally:
        cv2.setNumThreads(before)


def criminisi_rows() -> list[Figure]:
    """The exact search, and whole fills with patches of 9 x 9 that are copied whole, as in the paper."""
    slow = slowness()
    figures = []
    for side, against_numpy, against_opencv in ((256, 60.0, 12.0), (512, None, 20.0)):
        figures += _search_rows(side, against_numpy, against_opencv)
    for what, size, search, bound in (
        ("512 x 512, whole picture", 512, "whole", 0.6),
        ("1 MP, whole picture", 1000, "whole", 7.0),
        ("1 MP, ring of 100 px", 1000, "ring", 0.6),
    ):
        seconds = _criminisi_seconds(size, search, core=9)
        note = "patches of 9 x 9 copied whole"
        if search == "ring":
            note += f"; with the default, which copies their middle of 3 x 3, {_criminisi_seconds(size, search):.2f} s"
        figures.append(Figure("exemplar", f"criminisi, {what}, hole of 5 %", seconds, "s", bound * slow, note=note))
    return [*figures, _by_chance(), *_on_card()]


def _by_chance() -> Figure:
    """A search in four megapixels that is not exact: how much faster, and what it costs. One run of the exact one."""
    exact, exact_psnr = _large_fill("exact")
    _large_fill("patchmatch")
    chance, chance_psnr = _large_fill("patchmatch")
    what = "criminisi, 4 MP, whole picture, hole of 5 %, method=patchmatch: faster than exact"
    note = f"{chance:.1f} s, {chance_psnr:.1f} dB against {exact:.0f} s, {exact_psnr:.1f} dB"
    return Figure("exemplar", what, exact / chance, "x", 10.0, least=True, note=note)


def _on_card() -> list[Figure]:
    """A whole-picture fill where the graphics card searches, against the processor alone; nothing without a card."""
    from lacuna.backends.criminisi import Criminisi, CriminisiParams
    from lacuna.contract.fill import Filled, FillWork, Runtime
    from lacuna.contract.params import validate
    from lacuna.contract.progress import Progress
    from lacuna.engine import device

    if device.cuda_missing():
        return []
    size = 2000
    work = FillWork(_picture(size), _hole(size, 0.01), 255.0)
    params = validate(CriminisiParams, {"search": "whole", "core": 9})

    def filled(where: str) -> tuple[float, Filled]:
        """Seconds by the clock, as the card counts none of the processor's, and the fill."""
        backend = Criminisi()
        backend.load(Runtime(where, threads=device.threads()))
        start = time.perf_counter()
        result = backend.fill(work, params, Progress())
        return time.perf_counter() - start, result

    ours, by_card = filled("cuda")
    theirs, by_processor = filled("cpu")
    assert by_card.came_from is not None
    assert by_processor.came_from is not None
    assert np.array_equal(by_card.came_from, by_processor.came_from), "other sources than the processor's"
    what = "criminisi, 4 MP, whole picture, hole of 1 %, device=cuda: faster than device=cpu"
    note = f"{ours:.1f} s against {theirs:.1f} s by {device.threads()} threads"
    # The slower of the two has a turn of a tenth of a second, so that a card that does not help costs next to nothing.
    return [Figure("exemplar", what, theirs / ours, "x", 0.9, least=True, note=" ".join((note, *by_card.notes)))]


def _large_fill(method: str) -> tuple[float, float]:
    """CPU seconds and PSNR in dB of one fill of an enlarged photo, in which nothing is shown twice."""
    import cv2

    from lacuna.backends.criminisi import Criminisi, CriminisiParams
    from lacuna.contract.fill import FillWork, Runtime
    from lacuna.contract.params import validate
    from lacuna.contract.progress import Progress

    photo = large(24)[:400, :400]
    picture = np.asarray(cv2.resize(photo, (2000, 2000), interpolation=cv2.INTER_CUBIC), np.uint8)
    hole = _hole(2000, 0.05)
    backend = Criminisi()
    backend.load(Runtime(threads=1))
    params = validate(CriminisiParams, {"search": "whole", "core": 9, "method": method})
    start = time.process_time()
    filled = backend.fill(FillWork(picture, hole, 255.0), params, Progress()).image
    seconds = time.process_time() - start
    error = float(((filled[hole].astype(float) - picture[hole]) ** 2).mean())
    return seconds, float(10 * np.log10(255**2 / error))


def _criminisi_seconds(size: int, search: str, **params: Any) -> float:
    from lacuna.backends.criminisi import Criminisi, CriminisiParams
    from lacuna.contract.fill import FillWork, Runtime
    from lacuna.contract.params import validate
    from lacuna.contract.progress import Progress

    picture, hole = _picture(size), _hole(size, 0.05)
    backend = Criminisi()
    backend.load(Runtime(threads=1))
    chosen = validate(CriminisiParams, {"search": search, **params})
    if search == "ring":  # the crop that the engine would give
        reach = backend.needs(chosen).context.minimum
        edge = int(np.flatnonzero(hole.any(axis=1))[0]) - reach
        picture, hole = np.ascontiguousarray(picture[edge:-edge, edge:-edge]), hole[edge:-edge, edge:-edge].copy()
    work = FillWork(picture, hole, 255.0)
    return _seconds(lambda: backend.fill(work, chosen, Progress()))


def _search_rows(side: int, against_numpy: float | None, against_opencv: float) -> list[Figure]:
    """One search for the best source of 9 x 9, over all of them, for the first patches of a fill in turn."""
    import cv2

    from lacuna.kernels import criminisi
    from lacuna.kernels.criminisi_state import TARGET

    picture, hole = _picture(side), _hole(side, 0.05)
    state = criminisi.start(picture, hole, ~hole, radius=4, core=4, reach=FAR, floor=0.001)
    assert state is not None
    allowed = state.refused[: side * state.width].reshape(side, state.width)[4:-4, 4 : side - 4] == 0
    floats = picture.astype(np.float32)

    def ours() -> None:
        criminisi.aim(state)
        criminisi.search(state, 0, criminisi.blocks_of(state), state.best)

    totals = np.zeros(3)
    for _ in range(PATCHES):
        criminisi.aim(state)
        y, x = divmod(int(state.numbers[TARGET]), state.width)
        target = np.ascontiguousarray(state.pixels[:, :27].reshape(9, 9, 3))
        known = np.ascontiguousarray(state.counts[:, :27].reshape(9, 9, 3))

        def with_numpy(target: Any = target, known: Any = known, y: int = y, x: int = x) -> tuple[int, int, int]:
            return _plain_search(floats, allowed, target, known, y, x)

        def with_opencv(target: Any = target, known: Any = known) -> Any:
            return cv2.matchTemplate(floats, target, cv2.TM_SQDIFF, mask=known)

        totals += [_seconds(ours), _seconds(with_numpy) if against_numpy else 0.0, _seconds(with_opencv)]
        total, _distance, centre = state.best.tolist()
        if against_numpy:
            assert (total, *divmod(centre, state.width)) == with_numpy(), "another source than numpy's"
        sums = np.where(allowed, with_opencv(), np.inf)
        assert abs(sums.min() - total) <= 1e-3 * total + 300, "another sum than OpenCV's"
        criminisi.copy(state)
    mine = totals[0] / PATCHES
    note = f"{1e6 * mine:.0f} µs a search"
    what = f"criminisi, one exact search, {side} x {side}: faster than"
    figures = []
    if against_numpy is not None:
        ratio, rival = totals[1] / totals[0], 1000 * totals[1] / PATCHES
        said = f"{note} against {rival:.1f} ms"
        figures.append(Figure("exemplar", f"{what} plain numpy", ratio, "x", against_numpy, least=True, note=said))
    ratio, rival = totals[2] / totals[0], 1000 * totals[2] / PATCHES
    said = f"{note} against {rival:.1f} ms"
    figures.append(Figure("exemplar", f"{what} cv2.matchTemplate", ratio, "x", against_opencv, least=True, note=said))
    return figures


def _plain_search(
    floats: NDArray[np.float32], allowed: Hole, target: Any, known: Any, y: int, x: int
) -> tuple[int, int, int]:
    """Sum, row and column of the best source by numpy alone: all differences at once, the nearest of equals."""
    windows = np.lib.stride_tricks.sliding_window_view(floats, (9, 9), axis=(0, 1))  # (h - 8, w - 8, 3, 9, 9)
    differences = (windows - target.transpose(2, 0, 1)) * known.transpose(2, 0, 1)
    sums = np.einsum("hwcij,hwcij->hw", differences, differences)
    sums[~allowed] = np.inf
    rows, columns = np.nonzero(sums == sums.min())
    nearest = np.argmin((rows + 4 - y) ** 2 + (columns + 4 - x) ** 2)
    return int(sums.min()), int(rows[nearest]) + 4, int(columns[nearest]) + 4


def _picture(side: int) -> Pixels:
    return np.ascontiguousarray(large(24)[:side, :side])


def _hole(side: int, share: float) -> Hole:
    """A square hole in the middle of `side` x `side`."""
    hole = np.zeros((side, side), bool)
    long = round(side * share**0.5)
    first = (side - long) // 2
    hole[first : first + long, first : first + long] = True
    return hole


def _seconds(call: Callable[[], object]) -> float:
    """CPU seconds of `call`, the best of some after an untimed one."""
    call()
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        call()
        taken.append(time.process_time() - start)
    return min(taken)


ROWS = (membrane_rows, criminisi_rows, patchmatch_rows)
