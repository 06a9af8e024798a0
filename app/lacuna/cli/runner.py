"""Runs work in a thread beside the one that Ctrl+C reaches, with a bar where somebody is looking."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from lacuna.contract.progress import Cancelled, Progress
from lacuna.i18n import _

T = TypeVar("T")

GRACE = 1.0  # seconds that a stopped fill gets to reach its next check


class Stopped(Exception):
    """Ctrl+C. `stuck`: the fill is within a call that cannot be stopped; the process has to end over it."""

    def __init__(self, stuck: bool) -> None:
        super().__init__()
        self.stuck = stuck


class _Work(threading.Thread, Generic[T]):
    """A call whose result or exception is kept for who waits.

    `over` says whether it has come to its end. `is_alive` may not: a `join` that Ctrl+C interrupts takes the thread for
    ended, up to Python 3.12 at least, and at its end the process would crash over a call that is still running.
    """

    def __init__(self, call: Callable[[], T]) -> None:
        super().__init__(name="lacuna-work", daemon=True)
        self.call = call
        self.over = threading.Event()
        self.result: T | None = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.result = self.call()
        except BaseException as error:  # raised again by who waits
            self.error = error
        finally:
            self.over.set()


def run(work: Callable[[Progress], T], title: str = "") -> T:
    """The result of `work(progress)`; `title` stands at its bar first. Raises what it raises, and Stopped on Ctrl+C."""
    with _bar(title) as report:
        progress = Progress(report)
        thread = _Work(lambda: work(progress))
        try:
            thread.start()
            while not thread.over.wait(0.1):  # a wait without end would not hear Ctrl+C on Windows
                pass
        except KeyboardInterrupt:
            progress.cancel()
            raise Stopped(stuck=not thread.over.wait(GRACE)) from None
    if isinstance(thread.error, Cancelled):
        raise Stopped(stuck=False)
    if thread.error is not None:
        raise thread.error
    return thread.result  # type: ignore[return-value]


@contextmanager
def _bar(title: str) -> Iterator[Callable[[float, str], None] | None]:
    """A progress bar on stderr, or nothing where that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    bars = Bars(
        *columns,
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=sys.stdout.isatty(),  # what goes elsewhere is no affair of the bar's
    )
    with bars:
        task = bars.add_task(title or _("Working"), total=1.0)

        def report(fraction: float, stage: str) -> None:
            bars.update(task, completed=fraction, description=stage or None)

        yield report
