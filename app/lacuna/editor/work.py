"""The editor's jobs: what runs, what waits, and who hears of its end."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Protocol

from lacuna.contract.progress import Progress
from lacuna.engine.jobs import Job, JobQueue, State
from lacuna.errors import LacunaError
from lacuna.i18n import _
from lacuna.listeners import Listeners


class Say(Protocol):
    """Says why a job failed; `bound` tells whether it belonged to the document that is open, `over()` whether what is
    said is no longer so."""

    def __call__(self, error: LacunaError, *, bound: bool, over: Callable[[], bool] | None) -> None: ...


class Work:
    """Submits jobs and keeps those not over in `jobs`, the running one first. Lives on the owner's thread.

    A job that is `bound` belongs to the document that is open, and is cancelled when that one goes. Nothing of it
    happens while `busy()`, in the middle of a gesture, whose open edit would take its changes in, or while it is not
    known yet whether the document goes: that waits for `resume`. A job that is `kept` writes something to disk: Esc
    does not reach it. One `beside` the others waits for none of them. One that is `apart` has its own place where it is
    watched and stopped: Esc does not reach it, and the end of the program does not wait for it.
    """

    def __init__(self, queue: JobQueue, say: Say, busy: Callable[[], bool]) -> None:
        """`say` is told of errors."""
        self.jobs: list[Job] = []
        self.changed: Listeners[[Job]] = Listeners()
        self.ended: Listeners[[]] = Listeners()
        self._queue = queue
        self._say = say
        self._busy = busy
        self._held: list[tuple[Job, Callable[[], None]]] = []
        self._bound: set[Job] = set()
        self._kept: set[Job] = set()
        self._apart: set[Job] = set()

    def run(
        self,
        label: str,
        work: Callable[[Progress], Any],
        done: Callable[[Any], None],
        *,
        begin: Callable[[], None] | None = None,
        failed: Callable[[], None] | None = None,
        over: Callable[[], bool] | None = None,
        bound: bool = True,
        kept: bool = False,
        interruptible: bool = True,
        beside: bool = False,
        apart: bool = False,
    ) -> Job:
        """Run `work` in the worker; then `done(result)` here, or `failed()` after a cancel or an error: it is said till
        it is `over()`.

        `begin()` comes here when the job's turn has come, after the `done` of those before it.
        """

        def ready(go: Callable[[Exception | None], None]) -> None:
            def act() -> None:
                assert begin is not None
                if not job.matters:
                    return
                try:
                    begin()
                except Exception as error:  # it is the job that failed
                    go(error)
                else:
                    go(None)

            self._when_free(job, act)

        def finished(job: Job) -> None:
            self.jobs.remove(job)
            wanted = job.state is State.DONE and (not bound or job in self._bound)
            self._bound.discard(job)
            self._kept.discard(job)
            self._apart.discard(job)
            result, job.result = job.result, None  # the job may be kept by a list; its pixels are not
            try:
                if wanted:
                    done(result)
                else:
                    if job.error is not None:
                        self._say(job.error, bound=bound, over=over)
                    if failed is not None:
                        failed()
            finally:
                self.ended()

        def then(job: Job) -> None:
            if bound:
                self._when_free(job, lambda: finished(job))
            else:
                finished(job)

        job = Job(label, work, begin=None if begin is None else ready, interruptible=interruptible)

        self.jobs.insert(0 if beside else len(self.jobs), job)
        if bound:
            self._bound.add(job)
        if kept:
            self._kept.add(job)
        if apart:
            self._apart.add(job)
        job.changed.add(self.changed)
        self._queue.submit(job, then, beside=beside)
        self.changed(job)
        return job

    def _when_free(self, job: Job, act: Callable[[], None]) -> None:
        if self._held or self._busy():
            self._held.append((job, act))
        else:
            act()

    def resume(self) -> None:
        """The gesture is over: what waited for that happens now, in its order."""
        while self._held and not self._busy():
            _job, act = self._held.pop(0)
            try:
                act()
            finally:
                self.resume()  # one that fails must not hold up those after it

    def cancel_first(self) -> None:
        """Cancel the job that runs, or the next one."""
        for job in self.jobs:
            if job.matters:
                job.cancel()
                return

    def escape(self) -> bool:
        """Cancel the first job that Esc reaches; False if there is none."""
        job = self._reached()
        if job is not None:
            job.cancel()
        return job is not None

    @property
    def stoppable(self) -> bool:
        """Is there one that Esc reaches?"""
        return self._reached() is not None

    def _reached(self) -> Job | None:
        return next((job for job in self.jobs if job.matters and job not in self._kept | self._apart), None)

    @property
    def bound(self) -> frozenset[Job]:
        """Those that belong to the document that is open."""
        return frozenset(self._bound)

    def cancel_bound(self, spared: Collection[Job] = ()) -> None:
        """Cancel all that belongs to the document that is open, but for the `spared`."""
        for job in self.jobs:
            if job in self._bound and job not in spared:
                job.cancel()
        held = {job for job, _act in self._held}
        self._bound -= held.difference(spared)  # done already, but it comes to nothing

    @property
    def keeping(self) -> bool:
        """Something is being written to disk, or waits to be."""
        return any(job in self._kept for job in self.jobs)

    @property
    def blocked(self) -> str:
        """Why the next job has not begun yet, if a cancelled call cannot be stopped; else empty."""
        running = self._queue.blocked_by
        waiting = next((job for job in self.jobs if job.matters), None)
        if running is None or running.interruptible or waiting is None:
            return ""
        return _(
            "“{running}” cannot be stopped half-way: its result is thrown away, and “{next}” waits for it."
        ).format(running=running.label, next=waiting.label)
