"""What Enter, Esc and undo mean now: whatever waits for the person comes first, the newest before what lies below."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor


class Intent:
    """Shape, then results offered, then what is proposed for the mask, then the run or the history."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._called_off = 0  # how often

    def enter(self) -> None:
        editor = self._editor
        if editor.gesture is not None:
            editor.toolbox.finish()
        elif editor.offer is not None:
            editor.accept()
        else:  # what is still being found may be proposed
            self._afterwards(self._mark_or_fill)

    def mark(self) -> None:
        """Put what is proposed into the mask, with what is still being found for it."""
        self._afterwards(self._editor.proposals.accept)

    def call_off(self) -> None:
        """What Enter was to do after what is still being worked out is not wanted any more."""
        self._called_off += 1

    def _afterwards(self, act: Callable[[], None]) -> None:
        called_off = self._called_off

        def go() -> None:
            if self._called_off == called_off:
                act()

        self._editor.rests.afterwards(go)

    def _mark_or_fill(self) -> None:
        if self._editor.proposals.shown:
            self._editor.proposals.accept()
        elif self._editor.contours.proposed:
            self._editor.contours.take()
        else:
            self._editor.fill()

    def escape(self) -> None:
        editor = self._editor
        if editor.gesture is not None:
            editor.toolbox.cancel()
        elif editor.offer is not None:
            editor.drop()
        else:
            self.call_off()
            self._drop_or_stop()

    def _drop_or_stop(self) -> None:
        editor = self._editor
        if editor.proposals.shown or editor.rests.proposing:
            editor.proposals.drop()
        elif editor.contours.proposed:
            editor.contours.drop()
        elif not editor.work.escape():
            editor.clear_mask()

    def undo(self) -> None:
        editor, document = self._editor, self._editor.document
        if editor.gesture is not None:
            editor.back()
        elif editor.rests.pending:
            self.call_off()
            editor.rests.cancel_last()
        elif editor.offer is not None and editor.offer.base is not None:
            editor.drop()
        elif editor.proposals.done_last:
            editor.proposals.back()
        elif editor.contours.proposed_last:
            editor.contours.drop()
        elif document is not None:
            with editor.filling.taking_mask_back():
                document.history.undo()

    def redo(self) -> None:
        editor, document = self._editor, self._editor.document
        if editor.gesture is None and document is not None and not editor.rests.pending:
            with editor.filling.taking_mask_back():
                document.history.redo()
