"""A mark, outlined once or given as a file: its places in this picture and the next ones, and what lies beneath it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lacuna.contract.progress import Progress
from lacuna.detection.marks import MarkFinding, Template, template_of_file, template_of_outline
from lacuna.document.document import Document
from lacuna.editor.proposals import Proposed
from lacuna.editor.values import Message, Severity
from lacuna.engine.marks import Removal, TakenOut, marks_of, taken_out
from lacuna.i18n import _, ngettext
from lacuna.imaging.photo import Hole, Photo
from lacuna.imaging.region import Region

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor

AROUND = 16  # pixels around marks that are looked at to take them out
MARKED = 0.5  # of a place: in the mask already, it is not proposed again


@dataclass(frozen=True, eq=False)
class _Places:
    """What was found in one document, as it was framed then: each place with what is proposed for it."""

    document: Document
    frame: object
    pairs: tuple[tuple[MarkFinding, Proposed], ...]


@dataclass(frozen=True, eq=False)
class Removable:
    """What would come of taking marks out of `seen`, a part of a document: `before`, and what was `taken` out of it.

    `whole` (h, w) is where the marks are.
    """

    document: Document
    revision: int
    seen: Region
    before: Photo
    taken: TakenOut
    whole: Hole

    @property
    def told(self) -> str:
        """In a sentence or two for the person."""
        mattes = self.taken.mattes
        if not mattes:
            return _("Nothing can be brought back beneath it: the mark is masked, to be filled.")
        opacity = max(float(matte.alpha.max()) for matte in mattes)
        told = ngettext(
            "A mark of {opacity:.0%} opacity: what lies beneath it is brought back.",
            "{count} marks of up to {opacity:.0%} opacity: what lies beneath them is brought back.",
            len(mattes),
        ).format(count=len(mattes), opacity=opacity)
        if self.taken.mask is None:
            return told
        return " ".join((told, _("What could not be brought back is masked, to be filled.")))


def _label() -> str:
    return _("Remove a semi-transparent mark")


class Marks:
    """The verbs. Lives on the owner's thread; looking and taking out are jobs.

    The last mark is remembered, and while it is `followed` its places are proposed in each picture that is opened.
    """

    def __init__(self, editor: Editor) -> None:
        self.template: Template | None = None
        self.followed = True
        self._editor = editor
        self._places: _Places | None = None
        editor.document_changed.add(self._opened)

    # --- finding -----------------------------------------------------------------------------------------------------
    def find_outlined(self) -> None:
        """Take what the mask outlines for the mark, and propose the other places where it is."""
        document = self._editor.document
        if document is None:
            return
        if document.mask_bounds().empty:
            self._editor.tell(Message(_("Nothing is masked."), _("Outline the mark once; it is then found elsewhere.")))
            return
        mask, white = document.mask.freeze(), document.header.white
        box = document.mask_bounds().pad(4).clip(document.shape)
        photo = document.photo.freeze()
        self._find(document, lambda: template_of_outline(photo.read(box), mask.read(box), white))

    def find_file(self, path: Path) -> None:
        """Take the mark that a file shows, and propose where it is."""
        if self._editor.document is not None:
            self._find(self._editor.document, lambda: template_of_file(path))

    def follow(self, followed: bool) -> None:
        """Whether the last mark is looked for in each picture that is opened."""
        self.followed = followed
        self._editor.state_changed()

    def _opened(self) -> None:
        self._places = None
        template = self.template
        if self._editor.document is not None and self.followed and template is not None:
            self._find(self._editor.document, lambda: template)

    def _find(self, document: Document, template_of: Callable[[], Template]) -> None:
        label, frame = _("Find a mark"), document.frame
        photo, mask, header = document.photo.freeze(), document.mask.freeze(), document.header

        def work(progress: Progress) -> tuple[Template, tuple[tuple[MarkFinding, Proposed], ...]]:
            template = template_of()
            pixels, marked = photo.take(), mask.take() > 0
            found = marks_of(header.with_pixels(pixels, None), template, progress)
            return template, tuple(
                (finding, _proposed(finding, marked.shape)) for finding in found if not _covered(finding, marked)
            )

        def done(result: tuple[Template, tuple[tuple[MarkFinding, Proposed], ...]]) -> None:
            self.template, pairs = result
            self._places = _Places(document, frame, pairs)
            if pairs:
                self._editor.proposals.show(document, [proposed for _finding, proposed in pairs], label)
            else:
                sentence = _("The mark was not found.") if not self._masked(document) else _("It is nowhere else.")
                self._editor.tell(Message(sentence))
            self._editor.state_changed()

        self._editor.work.run(label, work, self._editor.in_frame(document, label, done))

    @staticmethod
    def _masked(document: Document) -> bool:
        return not document.mask_bounds().empty

    # --- taking out --------------------------------------------------------------------------------------------------
    @property
    def can_take_out(self) -> bool:
        """A mark was found in the picture as it is framed now."""
        return bool(self._known())

    def take_out(self, ask: Callable[[Removable], None] | None = None) -> None:
        """Find out what lies beneath the marks that were found, by their fitted opacity, and put it in their place.

        Marks that are proposed and off are left alone. With `ask` nothing is changed: it is told what would come of it,
        and `put` does that.
        """
        document, findings = self._editor.document, self._known()
        if document is None or not findings:
            self._editor.tell(Message(_("No mark was found yet."), _("Find it first.")))
            return
        seen = Region.around(finding.region for finding in findings).pad(AROUND).clip(document.shape)
        photo, revision, header = document.photo.freeze(), document.photo.revision, document.header
        local = tuple(finding.moved(-seen.y0, -seen.x0) for finding in findings)

        def work(progress: Progress) -> Removable:
            before = Photo(photo.read(seen), grey=header.grey).of_white(header.white)
            taken = taken_out(before, local, Removal.AUTO, progress)
            whole = np.zeros((seen.height, seen.width), bool)
            for finding in local:
                whole |= finding.mask(whole.shape)
            return Removable(document, revision, seen, before, taken, whole)

        self._editor.work.run(_label(), work, self._editor.in_frame(document, _label(), ask or self.put))

    def put(self, removable: Removable) -> None:
        """One edit: the pixels that came back; what cannot be brought back is masked instead, for a fill."""
        document, seen, taken = removable.document, removable.seen, removable.taken
        if document is not self._editor.document:
            return
        if document.photo.changed_since(removable.revision, seen):
            sentence = _("“{action}” was dropped: the picture was changed meanwhile.").format(action=_label())
            self._editor.tell(Message(sentence, severity=Severity.WARNING))
            return
        self._editor.proposals.drop()
        with document.edit(_label()) as edit:
            if taken.mattes:
                with edit.write(document.photo, seen) as below:
                    below[...] = taken.photo.pixels
            with edit.write(document.mask, seen) as marked:
                marked[removable.whole] = 0
                if taken.mask is not None:
                    np.maximum(marked, taken.mask, out=marked)
        self._places = None
        self._editor.tell(Message(removable.told))
        self._editor.state_changed()

    def _known(self) -> tuple[MarkFinding, ...]:
        places, document = self._places, self._editor.document
        if places is None or places.document is not document or document.frame != places.frame:
            return ()
        proposals = self._editor.proposals
        shown = {id(proposed) for proposed in proposals.found}
        on = {id(proposed) for proposed in proposals.chosen}
        return tuple(finding for finding, proposed in places.pairs if id(proposed) in on or id(proposed) not in shown)


def _proposed(finding: MarkFinding, shape: tuple[int, ...]) -> Proposed:
    region = finding.region.pad(4).clip(shape)
    mask = finding.moved(-region.y0, -region.x0).mask((region.height, region.width))
    return Proposed(mask, region, finding.confidence, _("Mark"))


def _covered(finding: MarkFinding, marked: Hole) -> bool:
    region = finding.region.clip(marked.shape)
    mask = finding.moved(-region.y0, -region.x0).mask((region.height, region.width), 0)
    return int(np.count_nonzero(mask & marked[region.slices])) > MARKED * int(np.count_nonzero(mask))
