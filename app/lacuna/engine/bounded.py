"""A part of a job that has an end of its own in time, beside the person's patience."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lacuna.contract.progress import Cancelled, Progress
from lacuna.imaging.region import Region

# So many times the time is the end, of the processor's and of the clock's. Far off, as both hang on what else runs:
# with the time itself as the clock's end, a method was left out of 17 in 60 choices on two cores at load 7.
PROCESSOR, CLOCK = 3.0, 30.0


@dataclass(frozen=True)
class End:
    """When what is far slower than it said has to end: `time.process_time` and `time.monotonic`."""

    processor: float
    clock: float

    @classmethod
    def after(cls, seconds: float) -> End:
        return cls(time.process_time() + PROCESSOR * seconds, time.monotonic() + CLOCK * seconds)

    @property
    def over(self) -> bool:
        return time.process_time() > self.processor or time.monotonic() > self.clock


class Bounded(Progress):
    """A progress that has an `end` of its own, tells its owner nothing, and heeds it."""

    def __init__(self, owner: Progress, end: End) -> None:
        super().__init__()
        self._owner, self._end = owner, end

    def check(self) -> None:
        self._owner.check()
        if self._end.over:
            raise Cancelled

    def part(self, weight: float) -> Progress:
        return self

    def shown_through(self, preview: Callable[[Region, Any], None] | None) -> Progress:
        return self

    @property
    def cancelled(self) -> bool:
        return self._owner.cancelled or self._end.over
