"""What is left to do of gestures that were released: each has its job, and lies over the picture until it is in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lacuna.contract.progress import Cancelled, Progress
from lacuna.document.document import Document
from lacuna.editor.tool import Covered, Laid, Rest
from lacuna.engine.jobs import Job, State
from lacuna.imaging.region import Region

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor


GONE = (State.CANCELLING, State.CANCELLED, State.FAILED)


@dataclass(eq=False)
class Pending:
    """A rest that is not done yet, and the frame in whose coordinates it is told."""

    rest: Rest
    frame: Any
    job: Job | None = None
    begun: bool = False


class Rests:
    """To the person they are done: they are undone first, and whoever wants the picture gets it with them."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._pending: list[Pending] = []  # oldest first
        self._afterwards: list[Callable[[], None]] = []
        editor.proposals.dropped.add(self._cancel_proposing)

    def add(self, document: Document, rest: Rest, then: Callable[[Region], None]) -> None:
        """Do it in a job; then `then(region)` is told what it has changed."""
        pending = Pending(rest, document.frame)

        def begin() -> None:
            rest.begin()
            pending.begun = True
            self._editor.state_changed()  # what came before it may have changed how it looks

        def work(progress: Progress) -> None:
            if not pending.begun:
                raise Cancelled  # the picture was cropped before its turn came
            rest.run(progress)

        put = self._editor.in_frame(document, rest.label, lambda: then(rest.make()))

        def done(_result: None) -> None:
            try:
                put()
            finally:
                over()

        def over() -> None:
            self._pending.remove(pending)
            self._settle()

        def failed() -> None:
            rest.dropped()
            over()

        self._pending.append(pending)
        first = self._editor.in_frame(document, rest.label, begin)
        pending.job = self._editor.work.run(rest.label, work, done, begin=first, failed=failed)

    def painted_over(self, covered: Covered) -> None:
        """The photo was painted on after all that is pending: that stays on top."""
        document = self._editor.document
        assert document is not None
        for pending in self._wanted() if covered else ():
            if pending.frame == document.frame:
                pending.rest.painted_over(covered)

    @property
    def pending(self) -> bool:
        """Something that the person has done is not in the picture yet."""
        return bool(self._wanted())

    @property
    def proposing(self) -> bool:
        """Something will be proposed that was asked for by a gesture."""
        return any(pending.rest.proposes for pending in self._wanted())

    @property
    def jobs(self) -> list[Job]:
        """Those of what is pending."""
        return [pending.job for pending in self._wanted() if pending.job is not None]

    @property
    def laid(self) -> tuple[Laid, ...]:
        """What to show over the picture, oldest first."""
        document = self._editor.document
        frame = None if document is None else document.frame
        return tuple(piece for pending in self._wanted() if pending.frame == frame for piece in pending.rest.laid)

    def afterwards(self, act: Callable[[], None]) -> None:
        """`act()`, once all that was done till now is in the picture, or has come to nothing."""
        self._afterwards.append(act)
        self._settle()

    def cancel_last(self) -> None:
        """Take the newest back, if there is one."""
        for pending in self._wanted()[-1:]:
            _cancel(pending)

    def cancel_all(self) -> None:
        """Take all of them back, the newest first."""
        for pending in reversed(self._wanted()):
            _cancel(pending)

    def _cancel_proposing(self) -> None:
        for pending in reversed(self._wanted()):
            if pending.rest.proposes:
                _cancel(pending)

    def _wanted(self) -> list[Pending]:
        return [pending for pending in self._pending if pending.job is None or pending.job.state not in GONE]

    def _settle(self) -> None:
        while self._afterwards and not self._pending:
            self._afterwards.pop(0)()


def _cancel(pending: Pending) -> None:
    if pending.job is not None:
        pending.job.cancel()
