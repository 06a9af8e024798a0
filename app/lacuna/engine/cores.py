"""How much of the machine this process may use: all of it, less what its window or other processes need."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# What libraries read when they are loaded: OpenMP (torch, OpenCV), the multiplications of numpy, numba.
VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)


@dataclass(frozen=True)
class Share:
    """A part of the machine: `threads`, and `memory` as a share of what is free."""

    threads: int
    memory: float


_held: Share | None = None
_windowed = False


def count() -> int:
    """The cores that this process may run on; where the system does not say which, all there are."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def leave_one_to_the_window() -> None:
    """From now on no work of this process takes the core that draws its window, if there are two."""
    global _windowed
    _windowed = True


def free() -> int:
    """How many of them work may take."""
    return max(1, count() - _windowed)


def share_of(processes: int) -> Share:
    """What each of so many processes may use. None of them is the window's, so that no core is left to it."""
    return Share(max(1, count() // processes), 1 / processes)


def held() -> Share | None:
    """What this process is held to; None if it has the machine for itself."""
    return _held


@contextmanager
def inherited(share: Share) -> Iterator[None]:
    """Processes that are started meanwhile load every library with the threads of `share`."""
    before = {name: os.environ.get(name) for name in VARIABLES}
    os.environ.update(dict.fromkeys(VARIABLES, str(share.threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def hold_to(share: Share) -> None:
    """Hold this process to `share` from now on: fills and enlargements by `device`, OpenCV and torch by themselves.

    ONNX Runtime is told by whoever opens a model. What reads its number of threads when it is loaded needs `inherited`.
    """
    global _held
    import cv2

    _held = share
    cv2.setNumThreads(share.threads)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(share.threads)
