"""Scripted backends, for tests where time, failure or the question asked is the subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from lacuna.contract.fill import Context, Filled, FillWork, Needs, Runtime
from lacuna.contract.params import integer
from lacuna.contract.progress import Progress
from lacuna.engine import registry


@dataclass(frozen=True)
class NoParams:
    """Nothing to set."""


@dataclass(frozen=True)
class OneParam:
    level: int = integer(7, 0, 255, label="Level")


class Scripted:
    """Calls `script(work)` for the pixels (or the `Filled`) of each fill, and keeps the works that it was given."""

    id = "scripted"
    name = "Scripted"
    summary = "For tests."
    Params: type = OneParam

    def __init__(self, script: Callable[[FillWork], Any], needs: Needs | None = None) -> None:
        self.script = script
        self.wants = needs or Needs(context=Context(minimum=8, share=0.5))
        self.works: list[FillWork] = []
        self.loads: list[Runtime] = []

    def needs(self, params: Any) -> Needs:
        return self.wants

    def load(self, runtime: Runtime) -> None:
        self.loads.append(runtime)

    def unload(self) -> None:
        pass

    def fill(self, work: FillWork, params: Any, progress: Progress) -> Filled:
        progress.at(0.5)
        self.works.append(work)
        answer = self.script(work)
        return answer if isinstance(answer, Filled) else Filled(answer)


def constant(value: float) -> Callable[[FillWork], Any]:
    """A script that fills everything, hole or not, with one value."""
    return lambda work: np.full_like(work.image, value)


@contextmanager
def installed(backend: Scripted) -> Iterator[Scripted]:
    """`backend` as one that a package brought, under its id."""
    makers = registry._makers()
    makers[backend.id] = lambda: lambda: backend
    try:
        yield backend
    finally:
        registry.refresh()
