"""One thread of a document that writes to disk what the owner hands it: history that spills, and the journal."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable

from lacuna import priority

Task = Callable[[], None]


class Writer:
    """Runs tasks in the order they came, in a thread of its own that starts with the first and ends with `close`.

    A task handles its own OSErrors; any other exception goes to `threading.excepthook`, and the next task follows.
    """

    def __init__(self) -> None:
        self._tasks: deque[Task] = deque()
        self._late: tuple[float, Task] | None = None
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._busy = False
        self._closing = False

    def submit(self, task: Task) -> None:
        """Run `task` after those before it. After `close` it is forgotten."""
        with self._wake:
            if self._closing:
                return
            self._tasks.append(task)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lacuna-writer", daemon=True)
                self._thread.start()
            self._wake.notify_all()

    def later(self, seconds: float, task: Task) -> None:
        """For tasks alone: run `task` once in `seconds`, in place of one that waits for its time already."""
        with self._wake:
            self._late = (time.monotonic() + seconds, task)

    @property
    def idle(self) -> bool:
        """Everything handed over so far has run."""
        with self._wake:
            return not self._tasks and not self._busy

    def flush(self, wait: float | None = 60.0) -> bool:
        """Wait until everything handed over so far has run; False if that took longer than `wait` seconds, if any."""
        with self._wake:
            return self._wake.wait_for(lambda: not self._tasks and not self._busy, wait)

    def close(self, wait: float | None = 10.0, *, discard: bool = False) -> bool:
        """End the thread after the tasks that wait, or with `discard` after the one that runs; False if it did not.

        With None it is waited for however long it takes.
        """
        with self._wake:
            self._closing = True
            if discard:
                self._tasks.clear()
                self._late = None
            self._wake.notify_all()
        if self._thread is None:
            return True
        self._thread.join(wait)
        return not self._thread.is_alive()

    def _run(self) -> None:
        priority.lower()
        while (task := self._next()) is not None:
            try:
                task()
            except Exception:
                threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))
            del task
            with self._wake:
                self._busy = False
                self._wake.notify_all()

    def _next(self) -> Task | None:
        """The next task to run, waiting for one; None at the end."""
        with self._wake:
            while True:
                if self._tasks:
                    self._busy = True
                    return self._tasks.popleft()
                if self._late is not None and (self._closing or time.monotonic() >= self._late[0]):
                    task, self._late = self._late[1], None
                    self._busy = True
                    return task
                if self._closing:
                    return None
                self._wake.wait(None if self._late is None else max(0.0, self._late[0] - time.monotonic()))
