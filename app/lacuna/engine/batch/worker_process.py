"""A process of our own that carries errands out, one at a time, and tells through a pipe what comes of them.

It is spawned, not forked: a fork would copy locks of threads that are not there. What it needs it loads by itself as
soon as it is started, before it has heard of any batch. So this module loads next to nothing: whoever starts a process
early, such as the command line, has it ready when its own modules are.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING

from lacuna import i18n, priority
from lacuna.contract.progress import Progress
from lacuna.engine import cores
from lacuna.engine.cores import Share

if TYPE_CHECKING:
    from lacuna.engine.batch.treatment import Errand, Failure, Made, Treatment

REPORT = 0.2  # seconds between two reports of a file's progress
GRACE = 1.0  # seconds for a process to end before it is killed


class WorkerProcess:
    """One of them, with the `errand` that it has. `low`: it lets the window, and whoever else works here, go first."""

    def __init__(self, share: Share, *, low: bool = False) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        arguments = (theirs, share, i18n.language(), low)
        self.process: BaseProcess = context.Process(target=_serve, args=arguments, name="lacuna-batch", daemon=True)
        with cores.inherited(share), _deaf_to_interrupts():
            self.process.start()
        theirs.close()  # so that its end is the end of the pipe
        self.errand: Errand | None = None
        self._treatment: Treatment | None = None

    def give(self, errand: Errand, treatment: Treatment) -> None:
        """An errand, when it has none."""
        self.errand = errand
        try:
            if treatment is not self._treatment:
                self.pipe.send(treatment)
                self._treatment = treatment
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
        """Without waiting for it. What it was doing is lost; one that waits for an errand ends in its own way."""
        self.pipe.close()
        if self.errand is not None or self._treatment is None:
            self.process.terminate()

    def stop(self) -> None:
        """See it end."""
        self.process.join(GRACE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        # Not closed: after Ctrl+C the program may end meanwhile, and it waits for its processes then, too.


@contextmanager
def getting_ready(count: int) -> Iterator[WorkerProcess]:
    """The first of so many processes of a batch, while that is still being prepared. It ends with the context."""
    process = WorkerProcess(cores.share_of(count))
    try:
        yield process
    finally:
        process.ask_to_stop()
        process.stop()


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes that are started meanwhile do not hear Ctrl+C: it reaches all of a terminal; ours says what it means.

    By a signal that is blocked, as that is inherited: before they run a line of ours nothing else makes them deaf.
    """
    if sys.platform == "win32":
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # else it is started with the process, and unblocks the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# --- in the process ---------------------------------------------------------------------------------------------------
def _serve(pipe: Connection, share: Share, language: str, low: bool) -> None:
    """Carry errands out until the pipe ends, or whoever started us does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="lacuna-parent", daemon=True).start()
    if low:
        priority.lower()
    from lacuna.engine.batch.treating import attempt
    from lacuna.engine.batch.treatment import Treatment

    i18n.use_language(language)
    cores.hold_to(share)
    treatment: Treatment | None = None
    while True:
        try:
            given: Treatment | Errand = pipe.recv()
        except (EOFError, OSError):
            return
        if isinstance(given, Treatment):
            treatment = given
            continue
        assert treatment is not None
        made = attempt(treatment, given, Progress(_Reports(pipe)))
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
