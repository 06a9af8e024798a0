"""Looks through the picture for lettering, pixelated regions or blurred patches, and proposes them for the mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacuna.contract.findable import Findable
from lacuna.contract.progress import Progress
from lacuna.document.document import Document
from lacuna.editor.proposals import Proposed
from lacuna.editor.values import Message
from lacuna.engine.findings import Found, find
from lacuna.i18n import N_, _
from lacuna.imaging.region import Region

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor

LABELS = {
    Findable.TEXT: N_("Find lettering"),
    Findable.MOSAIC: N_("Find pixelated regions"),
    Findable.BLUR: N_("Find blurred patches"),
}
NOTHING = {
    Findable.TEXT: N_("No lettering was found."),
    Findable.MOSAIC: N_("No pixelated region was found."),
    Findable.BLUR: N_("No blurred patch was found."),
}


class Finder:
    """Each search is a job; what it finds waits as proposals, and nothing is changed. Lives on the owner's thread."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor

    def find(self, sought: Findable) -> None:
        """Look for it in the whole picture, with all that is pending in it."""
        self._editor.when_settled(lambda document: self._look(document, sought))

    def _look(self, document: Document, sought: Findable) -> None:
        label = _(LABELS[sought])
        photo, white = document.photo.freeze(), document.header.white

        def work(progress: Progress) -> tuple[Proposed, ...]:
            try:
                pixels = photo.read(Region.whole(photo.shape))
            finally:
                photo.release()
            return tuple(_proposed(each, progress) for each in find(pixels, white, sought, progress=progress))

        def done(found: tuple[Proposed, ...]) -> None:
            if not found:
                self._editor.tell(Message(_(NOTHING[sought]), _("What was missed can be painted over by hand.")))
                return
            self._editor.proposals.show(document, found, label)
            if sought is Findable.MOSAIC:
                self._editor.tell(
                    Message(
                        _("Pixelated regions can be filled, or enlarged back."),
                        _("Mark them, then fill, or choose “Undo a mosaic…” in the menu “Fill”."),
                        over=lambda: self._editor.document is not document,
                    )
                )

        self._editor.work.run(label, work, self._editor.in_frame(document, label, done))


def _proposed(found: Found, progress: Progress) -> Proposed:
    return Proposed(found.mask, found.region, found.confidence, _(found.label), progress.check)
