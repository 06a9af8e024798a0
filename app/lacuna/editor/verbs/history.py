"""Enter, Esc, and going back and forth."""

from __future__ import annotations

from lacuna.editor.tool import Laid
from lacuna.editor.verbs.base import Verbs


class HistoryVerbs(Verbs):
    """What they mean at the moment is the `Intent`'s."""

    def enter(self) -> None:
        """Close the unfinished shape, else accept the result shown, else mark what is proposed, else run the fill."""
        self._guarded(self.intent.enter)

    def escape(self) -> None:
        """Drop the shape, else results offered, else what is proposed, else cancel the run, else clear the mask."""
        self._guarded(self.intent.escape)

    def mark(self) -> None:
        """Put what is proposed into the mask, with what is still being found for it."""
        self._guarded(self.intent.mark)

    def drop_proposed(self) -> None:
        """Forget what is proposed for the mask."""
        self._guarded(self.proposals.drop)

    def back(self) -> None:
        """Backspace: take the polygon's last point back."""
        self.toolbox.back()
        self.state_changed()

    def undo(self) -> None:
        """While a polygon is begun, its last corner; else what is still being worked out, tries, or what was done last:
        an edit, or something that was proposed or switched since. During a stroke nothing."""
        self._guarded(self.intent.undo)

    def redo(self) -> None:
        self._guarded(self.intent.redo)

    def go_to(self, position: int) -> None:
        """Undo or redo until `position` edits are in force."""
        document = self.document
        if self.gesture is None and document is not None:
            self.intent.call_off()
            self.rests.cancel_all()
            self._guarded(lambda: document.history.go_to(position))

    @property
    def can_undo(self) -> bool:
        waits = self.rests.pending or self.proposals.done_last or self.contours.proposed_last
        return self.document is not None and (waits or self.document.history.can_undo)

    @property
    def can_redo(self) -> bool:
        return self.document is not None and not self.rests.pending and self.document.history.can_redo

    @property
    def laid(self) -> tuple[Laid, ...]:
        """What was painted and is still being worked out, to show over the picture."""
        return self.rests.laid
