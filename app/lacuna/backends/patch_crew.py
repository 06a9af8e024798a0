"""The threads that share a pass over the patches of a level: what comes out does not depend on how many there are."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np

from lacuna.contract.progress import Progress

BAND = 4000  # targets that are worth a thread of their own
BANDS = 16  # at most, but for the next bound
STEP = 40000  # targets a step at most: some 10 ms


class Crew:
    """Does the parts of a pass, several at a time, and hears a cancel between two."""

    def __init__(self, pool: ThreadPoolExecutor, progress: Progress) -> None:
        self._pool, self._progress = pool, progress

    def check(self) -> None:
        """Raises Cancelled where that is wanted."""
        self._progress.check()

    def each(self, parts: list[tuple[Any, ...]], task: Callable[..., None]) -> None:
        """`task` for each of `parts`; what they make does not depend on their order."""
        if len(parts) == 1:
            self.check()
            task(*parts[0])
            return
        futures = []
        try:
            for part in parts:
                futures.append(self._pool.submit(task, *part))
            for future in futures:
                self.check()
                future.result()
        finally:
            for future in futures:
                future.cancel()


def bands(count: int) -> list[tuple[int, int]]:
    """`count` things in bands whose number depends on `count` alone, so that threads change nothing."""
    parts = max(1, min(BANDS, count // BAND), -(-count // STEP))
    edges = np.linspace(0, count, parts + 1).astype(int).tolist()
    return list(pairwise(edges))
