"""How a running job tells how far it is, and hears that it should stop."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

from lacuna.imaging.region import Region

NOTICE = 0.02  # seconds: who waits for something else looks this often whether it was cancelled


class Cancelled(Exception):
    """The person asked to stop. Not an error."""


class Progress:
    """Report and cancel switch of one job; `at` and `check` are called by the worker, `cancel` by any thread.

    `part(weight)` gives a view of the next `weight` of the whole, so that steps need not know each other.
    """

    def __init__(
        self,
        report: Callable[[float, str], None] | None = None,
        preview: Callable[[Region, Any], None] | None = None,
    ) -> None:
        self._report = report
        self._preview = preview
        self._stop = Event()
        self._start, self._weight = 0.0, 1.0
        self._used = 0.0

    def connect(self, report: Callable[[float, str], None], preview: Callable[[Region, Any], None]) -> None:
        """Tell these from now on, before any `part` is taken: who runs the job knows them only then."""
        self._report, self._preview = report, preview

    def at(self, fraction: float, stage: str = "") -> None:
        """Say that `fraction` (0 to 1) of this part is done, in the phase `stage`; raises Cancelled when asked to."""
        self.check()
        if self._report is not None:
            self._report(self._start + self._weight * min(1.0, max(0.0, fraction)), stage)

    def check(self) -> None:
        """Raise Cancelled if the job should stop. Cheap: once a step, or at least every 0.2 s."""
        if self._stop.is_set():
            raise Cancelled

    def show(self, region: Region, pixels: Any) -> None:
        """Offer pixels of `region` for display while the job goes on.

        A backend gives them in its crop's coordinates, as it would give them in its result; the engine passes them on
        in picture coordinates, with the picture's own pixels outside the mask.
        """
        self.check()
        if self._preview is not None:
            self._preview(region, pixels)

    @property
    def watched(self) -> bool:
        """Someone looks at previews: a worker that has to make them for `show` may save itself the work otherwise."""
        return self._preview is not None

    def part(self, weight: float) -> Progress:
        """The next `weight` (0 to 1) of this progress, as a progress of its own with the same cancel switch."""
        child = Progress(self._report, self._preview)
        child._stop = self._stop
        child._start = self._start + self._weight * self._used
        child._weight = self._weight * weight
        self._used = min(1.0, self._used + weight)
        return child

    def shown_through(self, preview: Callable[[Region, Any], None] | None) -> Progress:
        """This progress, where `preview` hears what is shown: to translate it and pass it on; None keeps it back."""
        twin = Progress(self._report, preview)
        twin._stop, twin._start, twin._weight, twin._used = self._stop, self._start, self._weight, self._used
        return twin

    def told_to(self, report: Callable[[float, str], None]) -> Progress:
        """A whole progress of its own, told to `report` alone, with the same cancel switch."""
        other = Progress(report)
        other._stop = self._stop
        return other

    def cancel(self) -> None:
        """Ask the job to stop at its next check."""
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        """Was it asked to stop? For who cannot be interrupted by `check`."""
        return self._stop.is_set()
