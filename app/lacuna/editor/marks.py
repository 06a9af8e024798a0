"""A mark, outlined once or given as a file: its places in this picture and the next ones, and what lies beneath it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lacuna.contract.progress import Progress
from lacuna.detection.mark_sharing import SharedMark
from lacuna.detection.marks import MarkFinding, Template, same_place, template_of_file, template_of_outline
from lacuna.document.document import Document
from lacuna.editor.proposals import Proposed
from lacuna.editor.values import Message, Severity
from lacuna.engine.marks import Removal, TakenOut, marks_of, taken_out
from lacuna.errors import UnsuitableMask
from lacuna.i18n import _, ngettext
from lacuna.imaging.colour import to_bytes
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Hole, Photo
from lacuna.imaging.region import Region

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor

AROUND = 16  # pixels around marks that are looked at to take them out
MARKED = 0.5  # of a place: in the mask already, it is not proposed again
STRAY = 0.5  # of the mask: so much of it beside all marks that were found means another place


@dataclass(frozen=True, eq=False)
class _Places:
    """What was found in one document, as it was framed then: each place with what is proposed for it.

    What the mask holds already is not proposed. `outlined` is the mask's revision if it outlined the mark then.
    """

    document: Document
    frame: object
    pairs: tuple[tuple[MarkFinding, Proposed | None], ...]
    outlined: int | None


@dataclass(frozen=True, eq=False)
class _Sought:
    """A mark as it is looked for: by its template, and first where pictures of the same size have `shared` it."""

    template: Template
    shared: SharedMark | None = None

    def places(self, photo: Photo, progress: Progress) -> tuple[_Sought, tuple[MarkFinding, ...]]:
        """Where it is in a photo, and what is known of it after that."""
        again = self.shared.seen(to_bytes(photo.pixels, photo.white)) if self.shared is not None else None
        if again is None:
            return self, marks_of(photo, self.template, progress)
        shared, here = again
        elsewhere = (each for each in marks_of(photo, here.template, progress) if not same_place(each, here))
        return _Sought(here.template, shared), (here, *elsewhere)


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

    The last mark is remembered, and while it is `followed` its places are proposed in each picture of the same folder
    that is opened.
    """

    def __init__(self, editor: Editor) -> None:
        self.followed = True
        self._editor = editor
        self._sought: _Sought | None = None
        self._folder: Path | None = None  # in which it was looked for
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
        mask, photo, white = document.mask.freeze(), document.photo.freeze(), document.header.white

        def sought() -> _Sought:
            pixels, marked = to_bytes(photo.take(), white), mask.take()
            return _Sought(template_of_outline(pixels, marked), SharedMark.outlined(pixels, marked))

        self._find(document, sought, outlined=True)

    def find_file(self, path: Path) -> None:
        """Take the mark that a file shows, and propose where it is."""
        if self._editor.document is not None:
            self._find(self._editor.document, lambda: _Sought(template_of_file(path)))

    def follow(self, followed: bool) -> None:
        """Whether the last mark is looked for in each picture of its folder that is opened."""
        self.followed = followed
        self._editor.state_changed()

    def _opened(self) -> None:
        self._places = None
        document, sought = self._editor.document, self._sought
        if document is not None and self.followed and sought is not None and _folder(document) == self._folder:
            self._find(document, lambda: sought)

    def _find(self, document: Document, mark: Callable[[], _Sought], *, outlined: bool = False) -> None:
        label, frame = _("Find a mark"), document.frame
        outline = document.mask.revision if outlined else None
        photo, mask, header = document.photo.freeze(), document.mask.freeze(), document.header

        def work(progress: Progress) -> tuple[_Sought, _Places]:
            sought = mark()
            whole, marked = header.with_pixels(photo.take(), None), mask.take() > 0
            if outlined:  # the mask is the mark's own place
                found = marks_of(whole, sought.template, progress)
            else:
                sought, found = sought.places(whole, progress)
            pairs = tuple(
                (finding, None if _covered(finding, marked) else _proposed(finding, marked.shape, progress))
                for finding in found
            )
            return sought, _Places(document, frame, pairs, outline)

        def done(result: tuple[_Sought, _Places]) -> None:
            self._sought, places = result
            self._places, self._folder = places, _folder(document)
            proposed = [each for _finding, each in places.pairs if each is not None]
            if proposed:
                self._editor.proposals.show(document, proposed, label)
            else:
                self._editor.tell(self._nowhere(places))
            self._editor.state_changed()

        self._editor.work.run(label, work, self._editor.in_frame(document, label, done))

    def _nowhere(self, places: _Places) -> Message:
        return Message(
            _("It is nowhere else.") if places.pairs or places.outlined is not None else _("The mark was not found."),
            _("If it is, mask only its strokes and find them, or give a file of the mark."),
            over=lambda: self._places is not places,
        )

    # --- taking out --------------------------------------------------------------------------------------------------
    def take_out(self, ask: Callable[[Removable], None] | None = None) -> None:
        """Find out what lies beneath the marks that were found, by their fitted opacity, and put it in their place.

        Marks that are proposed and off are left alone; where something else is masked, the mark is looked for there,
        and what was found elsewhere is left alone. With `ask` nothing is changed: it is told what would come of it, and
        `put` does that.
        """
        document, findings, sought = self._editor.document, self._known(), self._sought
        if document is None:
            return
        masked = not document.mask_bounds().empty
        if sought is None or not (findings or masked):
            self._tell_to_find(document)
            return
        photo, revision, header = document.photo.freeze(), document.photo.revision, document.header
        # The mask by which the mark was outlined means no other place.
        outline = self._places.outlined if self._places is not None and findings else None
        mask = document.mask.freeze() if masked and document.mask.revision != outline else None

        def work(progress: Progress) -> Removable:
            meant = findings
            if mask is not None:
                marked = mask.take() > 0
                if _stray(marked, findings):
                    whole = header.with_pixels(photo.take(), None)
                    meant = _found_within(whole, marked, sought, progress.part(0.3))
            seen = Region.around(finding.region for finding in meant).pad(AROUND).clip(document.shape)
            local = tuple(finding.moved(-seen.y0, -seen.x0) for finding in meant)
            before = Photo(photo.read(seen), grey=header.grey, source=header.source).of_white(header.white)
            taken = taken_out(before, local, Removal.AUTO, progress)
            whole_mask = np.zeros((seen.height, seen.width), bool)
            for finding in local:
                whole_mask |= finding.mask(whole_mask.shape)
            return Removable(document, revision, seen, before, taken, whole_mask)

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

    def _tell_to_find(self, document: Document) -> None:
        places = self._places
        self._editor.tell(
            Message(
                _("No mark was found yet."),
                _("Find the mark first: outlined by a mask, or shown by a file (menu Mask)."),
                over=lambda: self._places is not places or self._editor.document is not document,
            )
        )

    def _known(self) -> tuple[MarkFinding, ...]:
        places, document = self._places, self._editor.document
        if places is None or places.document is not document or document.frame != places.frame:
            return ()
        proposals = self._editor.proposals
        shown = {id(proposed) for proposed in proposals.found}
        on = {id(proposed) for proposed in proposals.chosen}
        return tuple(finding for finding, proposed in places.pairs if id(proposed) in on or id(proposed) not in shown)


def _folder(document: Document) -> Path | None:
    path = document.header.path
    return path.absolute().parent if path is not None else None


def _stray(marked: Hole, findings: tuple[MarkFinding, ...]) -> bool:
    """Whether most of what is masked lies beside all marks that were found."""
    beside = marked.copy()
    for finding in findings:
        beside[finding.region.clip(marked.shape).slices] = False
    return int(np.count_nonzero(beside)) > STRAY * int(np.count_nonzero(marked))


def _found_within(photo: Photo, marked: Hole, sought: _Sought, progress: Progress) -> tuple[MarkFinding, ...]:
    """The mark where it is masked. Raises UnsuitableMask if it is not there."""
    box = bounds(marked).pad(AROUND).clip(marked.shape)
    part = Photo(np.ascontiguousarray(photo.pixels[box.slices]), grey=photo.grey).of_white(photo.white)
    found = tuple(each.moved(box.y0, box.x0) for each in marks_of(part, sought.template, progress))
    here = tuple(each for each in found if marked[each.region.clip(marked.shape).slices].any())
    if not here:
        raise UnsuitableMask(
            _("The mark is not where it is masked."),
            _("Drop the mask to take out what was found, or find what is masked as another mark."),
        )
    return here


def _proposed(finding: MarkFinding, shape: tuple[int, ...], progress: Progress) -> Proposed:
    region = finding.region.pad(4).clip(shape)
    mask = finding.moved(-region.y0, -region.x0).mask((region.height, region.width))
    return Proposed(mask, region, finding.confidence, _("Mark"), progress.check)


def _covered(finding: MarkFinding, marked: Hole) -> bool:
    region = finding.region.clip(marked.shape)
    mask = finding.moved(-region.y0, -region.x0).mask((region.height, region.width), 0)
    return int(np.count_nonzero(mask & marked[region.slices])) > MARKED * int(np.count_nonzero(mask))
