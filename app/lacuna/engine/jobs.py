"""One worker thread that runs jobs in order, and now and then one beside it.

What they have to say is handed to the owner's thread by `deliver`.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any, TypeVar

from lacuna import priority
from lacuna.contract.progress import NOTICE, Cancelled, Progress
from lacuna.errors import BackendFailed, LacunaError, OutOfMemory
from lacuna.i18n import _
from lacuna.imaging.region import Region
from lacuna.listeners import Listeners

REPORTS_A_SECOND = 20  # more would fill the owner's event queue faster than it empties
BEGUN = 0.03  # of a job: from there on its speed is told; what came before may have been loading
PREVIEWS_AT_ONCE = 64  # thousands of specks are not worth a repaint each; the result brings the rest


E = TypeVar("E", bound=BaseException)
Begin = Callable[[Callable[[Exception | None], None]], None]


class State(Enum):
    WAITING = "waiting"
    RUNNING = "running"
    CANCELLING = "cancelling"  # the owner is free, the worker has not reached its next check yet
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job:
    """Work for the worker: `work(progress)` runs there; the rest belongs to the owner's thread, where listeners hear.

    `changed(job)` is told of each change of state or fraction, `previewed(region, pixels)` of finished parts.
    `interruptible` False: the work is one call that cannot be stopped; after a cancel its result is thrown away.
    `begin(go)` is called on the owner's thread when the job's turn has come, after all that came of the jobs before it;
    the work starts once `go(None)` is called, and fails with what `go(error)` tells.
    """

    def __init__(
        self, label: str, work: Callable[[Progress], Any], *, begin: Begin | None = None, interruptible: bool = True
    ) -> None:
        self.label = label
        self.interruptible = interruptible
        self.state = State.WAITING
        self.fraction = 0.0
        self.stage = ""
        self.started: float | None = None  # time.monotonic() at the start of the run
        self.begun = (0.0, 0.0)  # time.monotonic() and fraction when it was last told to be no further than BEGUN
        self.result: Any = None
        self.error: LacunaError | None = None
        self.changed: Listeners[[Job]] = Listeners()
        self.previewed: Listeners[[Region, Any]] = Listeners()
        self.progress = Progress()
        self._work = work
        self._begin = begin
        self._withdraw: Callable[[], None] | None = None  # the queue's: takes a job out that has not begun

    @property
    def over(self) -> bool:
        """Done, failed or cancelled: nothing more comes of it."""
        return self.state in (State.DONE, State.FAILED, State.CANCELLED)

    @property
    def matters(self) -> bool:
        """Its outcome is still wanted. A cancelled job no longer matters, though its last call may not be back yet."""
        return self.state in (State.WAITING, State.RUNNING)

    @property
    def seconds_left(self) -> float | None:
        """Guess from the fraction done so far; None until there is ground for one."""
        since, already = self.begun
        if self.state is not State.RUNNING or self.started is None or self.fraction < BEGUN:
            return None
        return (time.monotonic() - since) * (1 - self.fraction) / (self.fraction - already)

    def cancel(self) -> None:
        """Ask to stop. The owner is free at once; a result that still comes is thrown away. On the owner's thread."""
        if not self.matters:
            return
        self.progress.cancel()
        self.state = State.CANCELLING
        self.changed(self)
        if self._withdraw is not None:
            self._withdraw()


class JobQueue:
    """A queue and its one thread, started with the first job. `deliver(call)` must run `call` on the owner's thread.

    A job that must not wait for those before it has a thread of its own, for as long as it runs.
    """

    def __init__(self, deliver: Callable[[Callable[[], None]], None]) -> None:
        self._deliver = deliver
        self._waiting: deque[tuple[Job, Callable[[Job], None]]] = deque()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._running: tuple[Job, Callable[[Job], None]] | None = None
        self._beside: dict[Job, tuple[Callable[[Job], None], threading.Thread]] = {}
        self._unheard: dict[Callable[[], None], bool] = {}  # outcomes that were handed over and not taken yet

    @property
    def busy(self) -> bool:
        """A job is running or waiting, or a cancelled call has not returned yet."""
        with self._wake:
            return self._running is not None or bool(self._waiting or self._beside)

    @property
    def blocked_by(self) -> Job | None:
        """The cancelled job whose call has not returned, while another waits for it; None if none waits in vain."""
        with self._wake:
            running = self._running
            return running[0] if running and running[0].progress.cancelled and self._waiting else None

    def submit(self, job: Job, then: Callable[[Job], None], *, beside: bool = False) -> Job:
        """Run `job` after those before it, or `beside` them at once; once it is over, `then(job)` comes here.

        On a queue that is closed it ends as cancelled at once: what ends with the program may still ask for more.
        """
        with self._wake:
            closing = self._closing
        if closing:
            _finish(job, then, State.CANCELLED, None)
            return job
        if beside:
            thread = threading.Thread(target=self._run_beside, args=(job, then), name="lacuna-beside", daemon=True)
            with self._wake:
                self._beside[job] = then, thread
            thread.start()
            return job
        with self._wake:
            job._withdraw = lambda: self._take_out(job)
            self._waiting.append((job, then))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lacuna-worker", daemon=True)
                self._thread.start()
            self._wake.notify()
        return job

    def close(self, wait: float = 2.0) -> bool:
        """Cancel everything and end the threads; False if one did not end within `wait` seconds. On the owner's thread.

        Outcomes that the owner's loop has not come to are taken now; every other job that is not over ends as
        cancelled, and its `then` is called, before this returns: the loop may never turn again. Nothing is delivered
        afterwards.
        """
        with self._wake:
            self._closing = True
            left = [self._running] if self._running is not None else []
            left += self._waiting
            left += [(job, then) for job, (then, _thread) in self._beside.items()]
            threads = [thread for _then, thread in self._beside.values()]
            if self._thread is not None:
                threads.append(self._thread)
            self._waiting.clear()
            self._wake.notify()
        for job, _then in left:
            job.progress.cancel()
        end = time.monotonic() + wait
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        for heard in list(self._unheard):
            heard()
        for job, then in left:
            _finish(job, then, State.CANCELLED, None)
        return not any(thread.is_alive() for thread in threads)

    def _take_out(self, job: Job) -> None:
        with self._wake:
            entry = next((entry for entry in self._waiting if entry[0] is job), None)
            if entry is None:
                return
            self._waiting.remove(entry)
        # Not here and now: who cancels must not be called back in the middle of it.
        self._hand_over(partial(_finish, job, entry[1], State.CANCELLED, None))

    def _hand_over(self, outcome: Callable[[], None]) -> None:
        def heard() -> None:
            if self._unheard.pop(heard, False):
                outcome()

        self._unheard[heard] = True
        self._say(heard)

    def _say(self, call: Callable[[], None]) -> None:
        if not self._closing:
            self._deliver(call)

    def _run(self) -> None:
        priority.lower()
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._waiting or self._closing)
                if self._closing:
                    return
                self._running = self._waiting.popleft()
            job, then = self._running
            state, value = self._outcome(job)
            with self._wake:
                self._running = None
            self._hand_over(partial(_finish, job, then, state, value))
            del job, then, value  # the worker keeps no pixels between jobs

    def _run_beside(self, job: Job, then: Callable[[Job], None]) -> None:
        priority.lower()
        state, value = self._outcome(job)
        with self._wake:
            del self._beside[job]
        self._hand_over(partial(_finish, job, then, state, value))

    def _outcome(self, job: Job) -> tuple[State, Any]:
        try:
            job.progress.check()  # taken back between the queue and here
            reporter = _Reporter(job, self._say)
            job.progress.connect(reporter.report, reporter.preview)
            self._say(partial(_start, job))
            self._begin(job)
            result = job._work(job.progress)
            job.progress.check()
            return State.DONE, result
        except Cancelled:
            return State.CANCELLED, None
        except LacunaError as error:
            return State.FAILED, _without_frames(error)
        except MemoryError as error:
            sentence = _("There is not enough memory for “{job}”.").format(job=job.label)
            hint = _("Close other programs, or work on a smaller part of the picture.")
            return State.FAILED, OutOfMemory(sentence, hint, _without_frames(error))
        except Exception as error:
            return State.FAILED, _without_frames(unexpected(job.label, error))

    def _begin(self, job: Job) -> None:
        """Let the owner make ready what the work starts from."""
        begin = job._begin
        if begin is None:
            return
        gone = threading.Event()
        failure: list[Exception] = []

        def go(error: Exception | None) -> None:
            if error is not None:
                failure.append(error)
            gone.set()

        def call() -> None:
            try:
                begin(go)
            except Exception as error:  # it is the job that failed, not the owner's loop
                go(error)

        self._say(call)
        while not gone.wait(NOTICE):
            job.progress.check()
        if failure:
            raise failure[0]


def unexpected(label: str, error: Exception) -> BackendFailed:
    """An exception nobody foresaw, as an error for people with its traceback as details."""
    return BackendFailed(
        _("“{job}” failed: {error}").format(job=label, error=error or type(error).__name__),
        hint=_("Nothing was changed. The details tell what happened; please report them."),
        cause=error,
        details="".join(traceback.format_exception(error)),
    )


def _without_frames(error: E) -> E:
    """The error without its traceback, whose frames hold pixels; what a person may need of it stands in the details."""
    link: BaseException | None = error
    while link is not None:
        link.__traceback__ = None
        link = getattr(link, "cause", None) or link.__cause__ or link.__context__
    return error


class _Reporter:
    """Hands progress and previews to the owner, each at most `REPORTS_A_SECOND`.

    Between two reports the last one is what counts; previews are collected and go together, or, if no further one
    comes, not at all: the result brings the same pixels.
    """

    def __init__(self, job: Job, say: Callable[[Callable[[], None]], None]) -> None:
        self.job = job
        self.say = say
        self.stage = ""
        self.last_report = self.last_preview = -1.0
        self.previews: list[tuple[Region, Any]] = []

    def report(self, fraction: float, stage: str) -> None:
        now = time.monotonic()
        new_stage = bool(stage) and stage != self.stage
        if now - self.last_report < 1 / REPORTS_A_SECOND and not new_stage:
            return
        self.last_report, self.stage = now, stage or self.stage
        self.say(partial(_advance, self.job, fraction, stage))

    def preview(self, region: Region, pixels: Any) -> None:
        self.previews.append((region, pixels))
        now = time.monotonic()
        if now - self.last_preview < 1 / REPORTS_A_SECOND:
            return
        self.last_preview, previews, self.previews = now, self.previews[-PREVIEWS_AT_ONCE:], []
        self.say(partial(_preview, self.job, previews))


def _start(job: Job) -> None:
    job.started = time.monotonic()
    job.begun = (job.started, 0.0)
    if job.state is State.WAITING:
        job.state = State.RUNNING
        job.changed(job)


def _advance(job: Job, fraction: float, stage: str) -> None:
    if job.state is State.RUNNING:
        job.fraction, job.stage = max(job.fraction, fraction), stage or job.stage
        if job.fraction < BEGUN:
            job.begun = (time.monotonic(), job.fraction)
        job.changed(job)


def _preview(job: Job, previews: list[tuple[Region, Any]]) -> None:
    for region, pixels in previews:
        if job.state is State.RUNNING:
            job.previewed(region, pixels)


def _finish(job: Job, then: Callable[[Job], None], state: State, value: Any) -> None:
    if job.over:
        return
    if job.state is State.CANCELLING:  # cancelled after the worker had its last look
        state, value = State.CANCELLED, None
    job.state = state
    job._work, job._begin, job._withdraw = (
        _nothing,
        None,
        None,
    )  # the work holds copies of pixels; who keeps the job keeps its outcome
    if state is State.DONE:
        job.fraction, job.result = 1.0, value
    elif state is State.FAILED:
        job.error = value
    job.changed(job)
    then(job)


def _nothing(progress: Progress) -> None:
    """The work of a job that is over."""
