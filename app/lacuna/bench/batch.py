"""A batch of many files: two processes against one that is held to one thread, and memory that does not grow."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from lacuna.bench.figure import Figure
from lacuna.bench.memory import alone, peak
from lacuna.engine import cores

FASTER = 1.8
FILES, WARM = 30, 4  # the first ones load methods and start processes, and are not counted
SIDES = (480, 640)
BACKEND = "patchmatch"
MANY, FEW = 1000, 100
GROWTH = 10.0  # MB, between the hundredth file and the thousandth


def run() -> list[Figure]:
    """Files a second of both in turn, twice, and the best of each, with the CPU seconds of a file in either."""
    with tempfile.TemporaryDirectory(prefix="lacuna-bench-") as name:
        home = Path(name)
        rounds = [(alone(_call("one", home)), alone(_call("two", home))) for _round in range(2)]
        few, many = alone(_call("growth", home))
    (one, one_cpu), (two, two_cpu) = (max(found) for found in zip(*rounds, strict=True))
    what = f"{FILES - WARM} files, two processes against one held to one thread"
    note = f"{two:.2f} and {one:.2f} files a second; a file takes {two_cpu:.2f} and {one_cpu:.2f} s of a core"
    ratio = two / one if cores.count() > 1 else None
    grown = f"{few / 1e6:.0f} MB after {FEW} files, {many / 1e6:.0f} MB after {MANY}"
    return [
        Figure("batch", what, ratio, "x", FASTER, least=True, note=note),
        Figure(
            "batch",
            f"memory, most up to file {FEW} and up to file {MANY}: grows by",
            (many - few) / 1e6,
            "MB",
            GROWTH,
            note=grown,
        ),
    ]


def _call(which: str, home: Path) -> str:
    return f"batch.{which}({str(home)!r})"


def one(home: str) -> None:
    """Print files a second and CPU seconds a file of one process with one thread."""
    from lacuna.engine.batch.workers import Here

    cores.hold_to(cores.Share(1, 1.0))
    _measure(Path(home), Here(_treatment(SIDES)))


def two(home: str) -> None:
    """The same of two processes."""
    from lacuna.engine.batch.processes import Processes

    _measure(Path(home), Processes(_treatment(SIDES), 2))


def growth(home: str) -> None:
    """Print the most bytes that this process held up to some files and up to many."""
    from lacuna.contract.progress import Progress
    from lacuna.engine.batch.inputs import Input
    from lacuna.engine.batch.run import BatchOrder, run
    from lacuna.engine.batch.workers import Here

    sides = (96, 128)
    [path] = _pictures(Path(home) / "small", 1, sides)
    inputs = []
    for number in range(MANY):  # the same bytes under many names
        link = path.with_name(f"{number}.png")
        if not link.exists():
            os.link(path, link)
        inputs.append(Input(link, Path(link.name)))
    treatment = _treatment(sides, "telea")
    held = {}
    with tempfile.TemporaryDirectory(dir=home) as out:
        outcomes = run(BatchOrder(inputs, Path(out), treatment), Here(treatment), Progress())
        for count, outcome in enumerate(outcomes, 1):
            assert outcome.failure is None, outcome.failure
            if count in (FEW, MANY):
                held[count] = peak()
    print(held[FEW], held[MANY])


def _measure(home: Path, workers) -> None:  # type: ignore[no-untyped-def]
    from lacuna.contract.progress import Progress
    from lacuna.engine.batch.inputs import Input
    from lacuna.engine.batch.run import BatchOrder, run

    inputs = [Input(path, Path(path.name)) for path in _pictures(home / "large", FILES, SIDES)]
    begun = 0.0
    spent = 0.0
    with tempfile.TemporaryDirectory(dir=home) as out:
        outcomes = run(BatchOrder(inputs, Path(out), workers.treatment), workers, Progress())
        for count, outcome in enumerate(outcomes, 1):
            assert outcome.failure is None, outcome.failure
            assert outcome.made is not None
            if count == WARM:
                begun = time.perf_counter()
            elif count > WARM:
                spent += outcome.made.cpu
        seconds = time.perf_counter() - begun
    print((FILES - WARM) / seconds, spent / (FILES - WARM))


def _treatment(sides: tuple[int, int], backend: str = BACKEND):  # type: ignore[no-untyped-def]
    import cv2

    from lacuna.contract.params import validate
    from lacuna.engine import registry
    from lacuna.engine.batch.marking import MaskFile
    from lacuna.engine.batch.treatment import Treatment
    from lacuna.engine.photos import FillSettings

    mask = np.zeros(sides, np.uint8)
    mask[sides[0] // 2 : sides[0] * 3 // 4, sides[1] // 2 : sides[1] * 3 // 4] = 255
    _ok, data = cv2.imencode(".png", mask)
    params: Any = validate(registry.backend(backend).Params, {})
    return Treatment(MaskFile(data.tobytes(), "mask.png"), FillSettings(backend, params))


def _pictures(folder: Path, count: int, sides: tuple[int, int]) -> list[Path]:
    """Crops of a sample photo, each another one, made once."""
    import cv2

    from lacuna import paths

    folder.mkdir(exist_ok=True)
    photo = cv2.imread(str(paths.resources() / "samples" / "house.jpg"))
    assert photo is not None
    photo = cv2.resize(photo, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    down, right = photo.shape[0] - sides[0], photo.shape[1] - sides[1]
    found = []
    for number in range(count):
        path = folder / f"picture{number}.png"
        y, x = down * number // count, right * (count - number) // count
        if not path.exists():
            cv2.imwrite(str(path), photo[y : y + sides[0], x : x + sides[1]])
        found.append(path)
    return found
