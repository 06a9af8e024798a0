"""Processes of our own that carry errands out, each with its share of the machine: one that dies costs its file alone.

They are spawned, not forked: a fork would copy locks of threads that are not there. Each has a pipe and gets one errand
at a time, so nobody writes into a pipe while its other end does the same. What is made comes back as bytes, and this
process alone writes files.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from lacuna import i18n, priority
from lacuna.contract.progress import Progress
from lacuna.engine import cores
from lacuna.engine.batch.treating import attempt
from lacuna.engine.batch.treatment import Errand, Failure, Made, Treatment
from lacuna.engine.batch.workers import Advance
from lacuna.engine.cores import Share
from lacuna.i18n import _

LOOK = 0.1  # seconds between two looks whether the batch was stopped
REPORT = 0.2  # seconds between two reports of a file's progress
GRACE = 1.0  # seconds for a process to end before it is killed
KEPT = 8  # files whose process died, at most, that wait in memory for their second time


class Processes:
    """So many processes at a time. `low`: they let the window, and whoever else works here, go first.

    An errand whose process dies is carried out once more later, by one process alone: what the memory was too small for
    beside others may then succeed. If that dies as well, it is the file that is named.
    """

    def __init__(self, treatment: Treatment, count: int, *, low: bool = False) -> None:
        self.treatment = treatment
        self.count = count
        self.low = low

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
        share = cores.share_of(count)
        crew: list[_Process] = []
        try:
            for _place in range(count):
                errand = next(errands, None)
                if errand is None:
                    break
                crew.append(_Process(self.treatment, share, self.low))
                crew[-1].give(errand)
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
                            process = _Process(self.treatment, share, self.low)
                            crew.append(process)
                        process.give(following)
                    yield errand, said
        finally:
            for process in crew:
                process.ask_to_stop()
            for process in crew:
                process.stop()


class _Process:
    """One of them, with the errand that it has."""

    def __init__(self, treatment: Treatment, share: Share, low: bool) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        arguments = (theirs, treatment, share, i18n.language(), low)
        self.process: BaseProcess = context.Process(target=_serve, args=arguments, name="lacuna-batch", daemon=True)
        with cores.inherited(share):
            self.process.start()
        theirs.close()  # so that its end is the end of the pipe
        self.errand: Errand | None = None

    def give(self, errand: Errand) -> None:
        self.errand = errand
        try:
            self.pipe.send(errand)
        except OSError:
            pass  # it has died: `said` will tell

    def said(self) -> Made | Failure | float | None:
        """What came of the errand, how far it is, or None if the process has died over it."""
        try:
            said: Made | Failure | float = self.pipe.recv()
            return said
        except (EOFError, OSError):
            return None

    def ask_to_stop(self) -> None:
        self.pipe.close()
        if self.errand is not None:
            self.process.terminate()

    def stop(self) -> None:
        self.process.join(GRACE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        # Not closed: after Ctrl+C the program may end meanwhile, and it waits for its processes then, too.


def _ready(busy: list[_Process]) -> list[_Process]:
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


# --- in the process ---------------------------------------------------------------------------------------------------
def _serve(pipe: Connection, treatment: Treatment, share: Share, language: str, low: bool) -> None:
    """Carry errands out until the pipe ends, or whoever started us does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches all processes of a terminal; ours says what it means
    threading.Thread(target=_end_with_parent, name="lacuna-parent", daemon=True).start()
    if low:
        priority.lower()
    i18n.use_language(language)
    cores.hold_to(share)
    while True:
        try:
            errand = pipe.recv()
        except (EOFError, OSError):
            return
        made = attempt(treatment, errand, Progress(_Reports(pipe)))
        try:
            pipe.send(made)
        except OSError:
            return


class _Reports:
    """Sends how far an errand is, now and then."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.last = time.monotonic()
        self.one_at_a_time = threading.Lock()  # a method's own threads may report

    def __call__(self, fraction: float, stage: str) -> None:
        with self.one_at_a_time:
            now = time.monotonic()
            if now - self.last >= REPORT:
                self.last = now
                self.pipe.send(float(fraction))


def _end_with_parent() -> None:
    """End as soon as the process that started this one has: in the middle of a fill nobody would hear a pipe's end."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
