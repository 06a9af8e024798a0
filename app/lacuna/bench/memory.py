"""The most memory of the whole program with a 100-megapixel picture, ten strokes and one fill."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from lacuna.bench.figure import Figure


def run() -> list[Figure]:
    """Peak resident memory of a process of its own, against three times the picture's size and 400 MB."""
    peak, size = alone("memory.session()")
    note = f"the picture alone: {size / 1e6:.0f} MB"
    return [
        Figure("memory", "100 MP, ten strokes, one fill: peak", peak / 1e6, "MB", (3 * size + 400e6) / 1e6, note=note)
    ]


def alone(call: str, home: Path | None = None) -> tuple[float, ...]:
    """The numbers on the last line that a call, such as "memory.session()", prints in a process of its own.

    `home` is where that process finds the person's folders.
    """
    code = f"from lacuna.bench import {call.partition('.')[0]}; {call}"
    places = {} if home is None else {"LACUNA_HOME": str(home)}
    child = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ | places
    )
    if child.returncode:
        raise RuntimeError(child.stderr)
    return tuple(float(word) for word in child.stdout.splitlines()[-1].split()) if child.stdout else ()


def session() -> None:
    """Open a 100-megapixel JPEG, paint ten strokes, fill, and print peak and picture size in bytes."""
    import tempfile

    from lacuna.bench.pictures import SIZES
    from lacuna.bench.window import at_rest, close_window, open_window, turn, wait

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "picture.jpg"
        # Made by another process: its memory is not the program's.
        make = "import sys; from pathlib import Path; from lacuna.bench.pictures import large, write_jpeg; "
        subprocess.run(
            [sys.executable, "-c", make + "write_jpeg(large(100), Path(sys.argv[1]))", str(path)], check=True
        )
        program = open_window()
        editor = program.editor
        editor.open(path)
        wait(lambda: editor.document is not None and at_rest(program))
        turn(0.5)
        _paint(program)
        editor.use_backend("telea")
        editor.fill()
        turn(0.05)
        wait(lambda: at_rest(program))
        turn(0.5)
        most = peak()
        close_window(program)
    height, width = SIZES[100]
    print(most, 3 * height * width)


def _paint(program) -> None:  # type: ignore[no-untyped-def]
    from lacuna.bench.window import turn
    from lacuna.editor.tool import Pointer

    editor = program.editor
    editor.use("brush")
    editor.set_option("size", 60)
    for number in range(10):
        y = 600.0 * (number + 1)
        editor.press(Pointer(1000, y))
        for step in range(1, 40):
            editor.move(Pointer(1000 + 20 * step, y + step))
            turn(0.002)
        editor.release(Pointer(1800, y + 40))
        turn(0.02)


def peak() -> int:
    """Peak resident bytes of this process."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    return _peak_on_unix()


def forget_peak() -> int:
    """Count the peak anew from here on where the system can do that; what it is now, in bytes."""
    with contextlib.suppress(OSError):  # Linux alone has it
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return peak()


def _peak_on_unix() -> int:
    status = Path("/proc/self/status")
    if status.exists():  # Linux; getrusage's peak is that of the parent where it was larger
        lines = status.read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
