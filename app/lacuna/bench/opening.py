"""Opening large baseline JPEG files: first coarse sight and full picture painted, against decoding by Pillow."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from lacuna.bench.figure import Figure, median
from lacuna.bench.pictures import large, write_jpeg
from lacuna.bench.window import close_window, open_window, turn, wait

ROUNDS = 5
BOUNDS = {24: (0.5, 1.0), 100: (None, 1.5)}  # megapixels -> first sight, full picture


def run() -> list[Figure]:
    """Ratios of paired runs, medians. A run starts with `Editor.open` and ends with the canvas's first paint
    from the full picture, which it smooths some milliseconds later at a fractional zoom.

    Pillow decodes to an array, since pixels are what a program needs of it.
    """
    program = open_window()
    figures = []
    try:
        for megapixels, (first_bound, full_bound) in BOUNDS.items():
            with tempfile.TemporaryDirectory() as name:
                path = write_jpeg(large(megapixels), Path(name) / "picture.jpg")
                first, full, pillow = [], [], []
                for number in range(ROUNDS + 1):
                    decoding = _pillow(path)
                    sight, painted = _ours(program, path)
                    if number:
                        pillow.append(decoding)
                        first.append(sight / decoding)
                        full.append(painted / decoding)
            note = f"Pillow {1000 * median(pillow):.0f} ms"
            what = f"{megapixels} MP JPEG, {{}}, against decoding by Pillow"
            figures.append(
                Figure("opening", what.format("first coarse sight"), median(first), "x", first_bound, note=note)
            )
            figures.append(
                Figure("opening", what.format("full picture painted"), median(full), "x", full_bound, note=note)
            )
    finally:
        close_window(program)
    return figures


def _pillow(path: Path) -> float:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    start = time.perf_counter()
    with Image.open(path) as image:
        np.asarray(image)
    return time.perf_counter() - start


def _ours(program, path: Path) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    """Seconds to the first paint that shows something of the picture, and to the one that shows it whole."""
    editor, canvas = program.editor, program.window.canvas
    editor.close()
    turn(0.3)
    coarse: list[float] = []
    sights: list[float] = []
    fulls: list[float] = []

    def painted(_region: object) -> None:
        if editor.document is not None:
            if not fulls:
                fulls.append(time.perf_counter())
        elif coarse and not sights:
            sights.append(time.perf_counter())

    forget = editor.coarse.add(lambda *_any: coarse.append(time.perf_counter()))
    canvas.painted.connect(painted)
    start = time.perf_counter()
    editor.open(path)
    wait(lambda: bool(fulls))
    canvas.painted.disconnect(painted)
    forget()
    return (sights or fulls)[0] - start, fulls[0] - start
