"""Processes of our own that carry errands out, each with its share of the machine: one that dies costs its file alone.

Each has a pipe and gets one errand at a time, so nobody writes into a pipe while its other end does the same. What is
made comes back as bytes, and this process alone writes files.
"""

from __future__ import annotations

from collections.abc import Iterator
from multiprocessing.connection import wait

from lacuna.contract.progress import Progress
from lacuna.engine import cores
from lacuna.engine.batch.treatment import Errand, Failure, Made, Treatment
from lacuna.engine.batch.worker_process import WorkerProcess
from lacuna.engine.batch.workers import Advance
from lacuna.i18n import _

LOOK = 0.1  # seconds between two looks whether the batch was stopped
KEPT = 8  # files whose process died, at most, that wait in memory for their second time


class Processes:
    """So many processes at a time, the `first` of which may be there already: it was started for the same count.

    `low`: they let the window, and whoever else works here, go first. An errand whose process dies is carried out once
    more later, by one process alone: what the memory was too small for beside others may then succeed. If that dies as
    well, it is the file that is named.
    """

    def __init__(
        self, treatment: Treatment, count: int, *, low: bool = False, first: WorkerProcess | None = None
    ) -> None:
        self.treatment = treatment
        self.count = count
        self.low = low
        self._first = first

    def results(
        self, errands: Iterator[Errand], progress: Progress, advance: Advance
    ) -> Iterator[tuple[int, Made | Failure]]:
        left = True
        while left:
            lost: list[Errand] = []
            for errand, came in self._each(_until_full(lost, errands), self.count, progress, advance):
                if came is None:
                    lost.append(errand)
                else:
                    yield errand.number, came
            left = len(lost) >= KEPT
            while lost:
                for errand, came in self._each(iter([lost.pop(0)]), 1, progress, advance):
                    yield errand.number, _died(errand) if came is None else came

    def _each(
        self, errands: Iterator[Errand], count: int, progress: Progress, advance: Advance
    ) -> Iterator[tuple[Errand, Made | Failure | None]]:
        """What comes of each errand; None where the process died over it."""
        crew: list[WorkerProcess] = []
        try:
            for _place in range(count):
                errand = next(errands, None)
                if errand is None:
                    break
                crew.append(self._process(count))
                crew[-1].give(errand, self.treatment)
            while busy := [process for process in crew if process.errand is not None]:
                progress.check()
                for process in _ready(busy):
                    errand = process.errand
                    assert errand is not None
                    said = process.said()
                    if isinstance(said, float):
                        advance(errand.number, said)
                        continue
                    process.errand = None
                    if said is None:
                        crew.remove(process)
                        process.stop()
                    following = next(errands, None)  # before what came is written: nobody waits for a disk
                    if following is not None:
                        if said is None:
                            process = self._process(count)
                            crew.append(process)
                        process.give(following, self.treatment)
                    yield errand, said
        finally:
            for process in crew:
                process.ask_to_stop()
            for process in crew:
                process.stop()

    def _process(self, count: int) -> WorkerProcess:
        """One of so many: the first that is there, else a new one."""
        first, self._first = self._first, None
        return WorkerProcess(cores.share_of(count), low=self.low) if first is None else first


def _ready(busy: list[WorkerProcess]) -> list[WorkerProcess]:
    """Those that have something to say, or that have died; none after a moment without."""
    pipes = wait([process.pipe for process in busy], LOOK)
    return [process for process in busy if process.pipe in pipes]


def _until_full(lost: list[Errand], errands: Iterator[Errand]) -> Iterator[Errand]:
    """The errands, until so many are lost that those have to be seen to first."""
    while len(lost) < KEPT and (errand := next(errands, None)) is not None:
        yield errand


def _died(errand: Errand) -> Failure:
    sentence = _("The process that worked on {name} has ended twice, the second time without others beside it.")
    return Failure(
        sentence.format(name=errand.name),
        _("The memory may be too small for it, or the file damaged in a way that nobody knows."),
    )
