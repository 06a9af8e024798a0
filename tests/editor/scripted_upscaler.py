"""A way to enlarge that stands for a network: it repeats pixels, turned over, and waits or fails as a test tells it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from lacuna.contract.fill import Runtime
from lacuna.contract.params import Suggestion
from lacuna.contract.progress import Progress
from lacuna.contract.upscale import Enlarged, UpscaleNeeds, UpscaleWork
from lacuna.engine import upscalers


class UpscalerScript:
    """How it shall behave. `go` lets a waiting call return, `calls` counts those begun."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.error: Exception | None = None
        self.on_a_card: Exception | None = None  # there is a card, and it fails so
        self.devices: list[str] = []  # of the calls
        self.missing = ""
        self.calls = 0


SCRIPT = UpscalerScript()


class Scripted:
    id = "scripted"
    name = "Scripted network"
    summary = "Does what a test tells it."

    def needs(self, model: str) -> UpscaleNeeds:
        devices = frozenset({"cpu"} if SCRIPT.on_a_card is None else {"cpu", "cuda"})
        return UpscaleNeeds(
            model="weights", missing=SCRIPT.missing, devices=devices, reach=1, most=4, part_seconds=10.0
        )

    def models(self) -> tuple[Suggestion, ...]:
        return () if SCRIPT.missing else (Suggestion("weights", "Scripted weights"),)

    def load(self, runtime: Runtime) -> None:
        self.device = runtime.device

    def unload(self) -> None:
        pass

    def enlarge(self, work: UpscaleWork, model: str, progress: Progress) -> Enlarged:
        SCRIPT.calls += 1
        while not SCRIPT.go.is_set():
            progress.check()
            time.sleep(0.002)
        SCRIPT.devices.append(self.device)
        if SCRIPT.error is not None:
            raise SCRIPT.error
        if SCRIPT.on_a_card is not None and self.device == "cuda":
            raise SCRIPT.on_a_card
        at, how = work.points, work.enlargement
        rows = (np.arange(at.y0, at.y1) / float(how.down)).astype(int) - work.row
        columns = (np.arange(at.x0, at.x1) / float(how.across)).astype(int) - work.column
        return Enlarged(1 - work.image[rows[:, None], columns])


@pytest.fixture
def upscaler() -> Iterator[UpscalerScript]:
    """The scripted way to enlarge, known to the engine and the first of all."""
    global SCRIPT
    SCRIPT = UpscalerScript()
    known = {"scripted": f"{__name__}:Scripted", **upscalers.BUILT_IN}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upscalers, "BUILT_IN", known)
        upscalers.refresh()
        yield SCRIPT
        SCRIPT.go.set()
    upscalers.refresh()
