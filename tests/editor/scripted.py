"""A backend that does what a test tells it: wait, fail, or not listen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from lacuna.contract.fill import Filled, FillWork, Needs, Runtime
from lacuna.contract.params import integer
from lacuna.contract.progress import Progress
from lacuna.engine import registry


@dataclass(frozen=True)
class Params:
    """One setting: the value that it fills with."""

    value: int = integer(77, 0, 255, label="Value")


class Script:
    """How the backend shall behave. `go` lets a waiting call return, `calls` counts those
    begun, `saw` is told the crops.
    """

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.listens = True
        self.error: Exception | None = None
        self.calls = 0
        self.saw: Callable[[np.ndarray], None] | None = None


SCRIPT = Script()


class Scripted:
    id = "scripted"
    name = "Scripted"
    summary = "Does what a test tells it."
    Params = Params

    def needs(self, params: Any) -> Needs:
        return Needs(seeded=True, interruptible=SCRIPT.listens)

    def load(self, runtime: Runtime) -> None:
        pass

    def unload(self) -> None:
        pass

    def fill(self, work: FillWork, params: Any, progress: Progress) -> Filled:
        SCRIPT.calls += 1
        if SCRIPT.saw is not None:
            SCRIPT.saw(work.image.copy())
        while not SCRIPT.go.is_set():
            if SCRIPT.listens:
                progress.check()
            time.sleep(0.002)
        if SCRIPT.error is not None:
            raise SCRIPT.error
        image = work.image.copy()
        image[work.hole] = params.value + work.seed
        return Filled(image.astype(np.uint8))


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    """The scripted backend is installed, and does its work at once until told otherwise."""
    monkeypatch.setitem(registry.BUILT_IN, "scripted", "tests.editor.scripted:Scripted")
    SCRIPT.__init__()  # type: ignore[misc]
    registry.refresh()
    yield SCRIPT
    SCRIPT.go.set()
    monkeypatch.undo()
    registry.refresh()
