"""One worker thread that runs jobs in order; what it has to say is handed to the owner's thread by `deliver`."""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Any

from lacuna.contract.progress import Cancelled, Progress
from lacuna.errors import BackendFailed, LacunaError, OutOfMemory
from lacuna.i18n import _
from lacuna.imaging.region import Region
from lacuna.listeners import Listeners

REPORTS_A_SECOND = 20  # more would fill the owner's event queue faster than it empties


class State(Enum):
    WAITING = "waiting"
    RUNNING = "running"
    CANCELLING = "cancelling"  # the owner is free, the worker has not reached its next check yet
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job:
    """Work for the worker: `work(progress)` runs there; all attributes change, and listeners hear, on the owner's thread.

    `changed(job)` is told of each change of state or fraction, `previewed(region, pixels)` of finished parts.
    """

    def __init__(self, label: str, work: Callable[[Progress], Any], *, interruptible: bool = True) -> None:
        self.label = label
        self.interruptible = interruptible
        self.state = State.WAITING
        self.fraction = 0.0
        self.stage = ""
        self.started: float | None = None  # time.monotonic() at the start of the run
        self.result: Any = None
        self.error: LacunaError | None = None
        self.changed: Listeners[[Job]] = Listeners()
        self.previewed: Listeners[[Region, Any]] = Listeners()
        self._work = work
        self.progress = Progress()

    @property
    def over(self) -> bool:
        """Done, failed, cancelled, or cancelling: the owner need not wait for anything."""
        return self.state in (State.DONE, State.FAILED, State.CANCELLED)

    @property
    def seconds_left(self) -> float | None:
        """Guess from the fraction done so far; None until there is ground for one."""
        if self.state is not State.RUNNING or self.started is None or self.fraction < 0.03:
            return None
        spent = time.monotonic() - self.started
        return spent * (1 - self.fraction) / self.fraction

    def cancel(self) -> None:
        """Ask to stop. The owner is free at once; a result that still comes is thrown away."""
        if self.over or self.state is State.CANCELLING:
            return
        self.progress.cancel()
        self.state = State.CANCELLING
        self.changed(self)


class JobQueue:
    """A queue and its one thread, started with the first job. `deliver(call)` must run `call` on the owner's thread."""

    def __init__(self, deliver: Callable[[Callable[[], None]], None]) -> None:
        self._deliver = deliver
        self._waiting: deque[tuple[Job, Callable[[Job], None]]] = deque()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._running: Job | None = None

    @property
    def busy(self) -> bool:
        """A job is running or waiting, or a cancelled call has not returned yet."""
        with self._wake:
            return self._running is not None or bool(self._waiting)

    def submit(self, job: Job, then: Callable[[Job], None]) -> Job:
        """Run `job` after those before it; `then(job)` comes on the owner's thread when it is done, failed or cancelled."""
        with self._wake:
            if self._closing:
                raise RuntimeError("the queue is closed")
            self._waiting.append((job, then))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lacuna-worker", daemon=True)
                self._thread.start()
            self._wake.notify()
        return job

    def close(self, wait: float = 2.0) -> bool:
        """Cancel everything and end the thread; False if it did not end within `wait` seconds."""
        with self._wake:
            self._closing = True
            for job, _then in self._waiting:
                job.progress.cancel()
            if self._running is not None:
                self._running.progress.cancel()
            self._wake.notify()
        if self._thread is None:
            return True
        self._thread.join(wait)
        return not self._thread.is_alive()

    def _run(self) -> None:
        _lower_priority()
        while True:
            with self._wake:
                while not self._waiting and not self._closing:
                    self._wake.wait()
                if self._closing:
                    return
                job, then = self._waiting.popleft()
                self._running = job
            outcome = self._outcome(job)
            with self._wake:
                self._running = None
            self._deliver(lambda job=job, then=then, outcome=outcome: _finish(job, then, outcome))  # type: ignore[misc]
            del job, then, outcome  # the worker keeps no pixels between jobs

    def _outcome(self, job: Job) -> tuple[State, Any]:
        if job.progress.cancelled:
            return State.CANCELLED, None
        reporter = _Reporter(job, self._deliver)
        job.progress._report = reporter.report
        job.progress._preview = reporter.preview
        self._deliver(lambda: _start(job))
        try:
            result = job._work(job.progress)
        except Cancelled:
            return State.CANCELLED, None
        except LacunaError as error:
            return State.FAILED, error
        except MemoryError as error:
            sentence = _("There is not enough memory for “{job}”.").format(job=job.label)
            hint = _("Close other programs, or work on a smaller part of the picture.")
            return State.FAILED, OutOfMemory(sentence, hint, error)
        except Exception as error:
            return State.FAILED, unexpected(job.label, error)
        if job.progress.cancelled:
            return State.CANCELLED, None
        return State.DONE, result


def unexpected(label: str, error: Exception) -> BackendFailed:
    """An exception nobody foresaw, as an error for people with its traceback as details."""
    return BackendFailed(
        _("“{job}” failed: {error}").format(job=label, error=error or type(error).__name__),
        hint=_("Nothing was changed. The details tell what happened; please report them."),
        cause=error,
        details="".join(traceback.format_exception(error)),
    )


class _Reporter:
    """Hands progress to the owner, at most `REPORTS_A_SECOND`, the latest first."""

    def __init__(self, job: Job, deliver: Callable[[Callable[[], None]], None]) -> None:
        self.job = job
        self.deliver = deliver
        self.last = 0.0
        self.stage = ""

    def report(self, fraction: float, stage: str) -> None:
        now = time.monotonic()
        if now - self.last < 1 / REPORTS_A_SECOND and stage == self.stage:
            return
        self.last, self.stage = now, stage
        self.deliver(lambda: _advance(self.job, fraction, stage))

    def preview(self, region: Region, pixels: Any) -> None:
        self.deliver(lambda: _preview(self.job, region, pixels))


def _start(job: Job) -> None:
    job.started = time.monotonic()
    if job.state is State.WAITING:
        job.state = State.RUNNING
        job.changed(job)


def _advance(job: Job, fraction: float, stage: str) -> None:
    if job.state is State.RUNNING:
        job.fraction, job.stage = max(job.fraction, fraction), stage or job.stage
        job.changed(job)


def _preview(job: Job, region: Region, pixels: Any) -> None:
    if job.state is State.RUNNING:
        job.previewed(region, pixels)


def _finish(job: Job, then: Callable[[Job], None], outcome: tuple[State, Any]) -> None:
    state, value = outcome
    if job.state is State.CANCELLING:  # cancelled after the worker had its last look
        state, value = State.CANCELLED, None
    job.state = state
    if state is State.DONE:
        job.fraction, job.result = 1.0, value
    elif state is State.FAILED:
        job.error = value
    job.changed(job)
    then(job)


def _lower_priority() -> None:
    """On Linux a thread has its own nice value: the window's thread goes first."""
    if sys.platform == "linux":
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        except OSError:  # a sandbox may forbid it; the worker then runs at the usual priority
            pass
