"""Who carries the errands of a batch out: this process, or others beside it on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from lacuna.contract.progress import Progress
from lacuna.engine.batch.treating import attempt
from lacuna.engine.batch.treatment import Errand, Failure, Made, Treatment

Advance = Callable[[int, float], None]  # number of the errand, fraction


class Workers(Protocol):
    """Whoever carries errands out: this process, others beside it, other machines."""

    def results(
        self, errands: Iterator[Errand], progress: Progress, advance: Advance
    ) -> Iterator[tuple[int, Made | Failure]]:
        """What comes of each errand, with its number, as it comes. An errand is taken when somebody is free for it.

        Raises Cancelled soon after `progress` is cancelled; whoever still works then is stopped.
        """
        ...


class Here:
    """One file after another in the calling thread, with all threads of a usual fill.

    For pictures that are known to do no harm: what a decoder crashes over ends this process.
    """

    def __init__(self, treatment: Treatment) -> None:
        self.treatment = treatment

    def results(
        self, errands: Iterator[Errand], progress: Progress, advance: Advance
    ) -> Iterator[tuple[int, Made | Failure]]:
        for errand in errands:
            yield errand.number, attempt(self.treatment, errand, _watched(progress, errand.number, advance))


def _watched(progress: Progress, number: int, advance: Advance) -> Progress:
    """A progress for one errand alone, with the same cancel switch."""
    return progress.told_to(lambda fraction, stage: advance(number, fraction))
