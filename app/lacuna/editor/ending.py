"""The end of the program, as far as work is concerned: may it end, and what has to be waited for."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from lacuna.listeners import Listeners

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor
    from lacuna.editor.files import Agreed


class Verdict(Enum):
    ASK = "ask"  # there is unsaved work, and nobody has said what is to become of it
    WAIT = "wait"  # something is being written; `ready` tells when to ask again
    GO = "go"


class Ending:
    """Each wish to end is put to `verdict`; `ready()` tells that what it waited for is over."""

    def __init__(self, editor: Editor) -> None:
        self.ready: Listeners[[]] = Listeners()
        self._editor = editor
        self._agreed = False
        self._given_up: Agreed | None = None
        self._waits = False
        editor.work.ended.add(self._work_ended)

    def agree(self) -> None:
        """Unsaved work is not asked about any more: the journal keeps it for the next start."""
        self._agreed = True

    def give_up(self) -> None:
        """The person gives up what is unsaved, as it is now: it is not offered at the next start either."""
        self._given_up = self._editor.files.moment
        self.agree()

    def verdict(self) -> Verdict:
        """May the program end now? Once that is sure, fills are cancelled, and work that was given up is forgotten.

        What is being written to a file goes on, and is waited for, as are the strokes that go into it.
        """
        editor = self._editor
        if not self._agreed and editor.unsaved:
            return Verdict.ASK
        given_up = self._given_up == editor.files.moment
        strokes = [] if given_up else editor.rests.jobs
        editor.work.cancel_bound(strokes)
        if not given_up:
            editor.files.keep_session()
        if editor.work.keeping or strokes:
            self._agreed = self._waits = True
            return Verdict.WAIT
        if given_up:
            editor.close()
        return Verdict.GO

    def _work_ended(self) -> None:
        if self._waits and not self._editor.work.keeping:
            self.ready()
