"""The editor's jobs: what runs, what waits, and who hears of its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lacuna.contract.progress import Progress
from lacuna.editor.values import Message
from lacuna.engine.jobs import Job, JobQueue, State
from lacuna.i18n import _
from lacuna.listeners import Listeners


class Work:
    """Submits jobs and keeps those not over in `jobs`, the running one first. Lives on the owner's thread.

    A job that is `bound` belongs to the document that is open, and is cancelled when that one goes. One that is `kept`
    writes something to disk: Esc does not reach it.
    """

    def __init__(self, queue: JobQueue, said: Listeners[[Message]]) -> None:
        self.jobs: list[Job] = []
        self.changed: Listeners[[Job]] = Listeners()
        self.ended: Listeners[[]] = Listeners()
        self._queue = queue
        self._said = said
        self._bound: set[Job] = set()
        self._kept: set[Job] = set()

    def run(
        self,
        label: str,
        work: Callable[[Progress], Any],
        done: Callable[[Any], None],
        *,
        failed: Callable[[], None] | None = None,
        bound: bool = True,
        kept: bool = False,
        interruptible: bool = True,
    ) -> Job:
        """Run `work` in the worker; then `done(result)` here, or `failed()` after a cancel or an error (it is said)."""
        job = Job(label, work, interruptible=interruptible)

        def then(job: Job) -> None:
            self.jobs.remove(job)
            self._bound.discard(job)
            self._kept.discard(job)
            result, job.result = job.result, None  # the job may be kept by a list; its pixels are not
            if job.state is State.DONE:
                done(result)
            else:
                if job.error is not None:
                    self._said(Message.of(job.error))
                if failed is not None:
                    failed()
            self.ended()

        self.jobs.append(job)
        if bound:
            self._bound.add(job)
        if kept:
            self._kept.add(job)
        job.changed.add(self.changed)
        self._queue.submit(job, then)
        self.changed(job)
        return job

    def cancel_first(self) -> None:
        """Cancel the job that runs, or the next one."""
        for job in self.jobs:
            if job.matters:
                job.cancel()
                return

    def escape(self) -> bool:
        """Cancel the first job that Esc reaches; False if there is none."""
        for job in self.jobs:
            if job.matters and job not in self._kept:
                job.cancel()
                return True
        return False

    def cancel_bound(self) -> None:
        """Cancel all that belongs to the document that is open."""
        for job in self.jobs:
            if job in self._bound:
                job.cancel()

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
