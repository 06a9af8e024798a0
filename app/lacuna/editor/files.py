"""Opening, saving, and sessions. The work is done by jobs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from lacuna.contract.progress import Progress
from lacuna.document.document import Document, Prepared, prepare
from lacuna.document.journal import InProject, Journal, KeptMask, Place, SavedTo, begin, kept_mask
from lacuna.document.original import Original, keep_bytes
from lacuna.document.sessions import Restored, Session, restore, sessions
from lacuna.editor.farewell import Farewell
from lacuna.editor.folder import Folder
from lacuna.editor.late_saves import told_if_late
from lacuna.editor.projects import OpenedProject
from lacuna.editor.saving_cost import original_if_changed, saving_cost
from lacuna.editor.values import Message, Severity
from lacuna.engine.jobs import Job
from lacuna.errors import CannotSave, LacunaError
from lacuna.i18n import _
from lacuna.imaging import files, mask_file
from lacuna.imaging.photo import Photo, Pixels
from lacuna.imaging.project_start import is_project
from lacuna.imaging.region import Region

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor

T = TypeVar("T")

RECENT = 20

Agreed = tuple[Document | None, int | None]  # which document may go, and at which moment of its history


@dataclass(frozen=True, eq=False)
class Opened:
    """What the opening job hands over for a picture."""

    prepared: Prepared
    place: Place
    mask: KeptMask | None


class Files:
    """What the editor does with files. All methods are called on the owner's thread."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self.saved: SavedTo | None = None
        self._journal: Journal | None = None
        self._opening: Job | None = None
        self._loading: Job | None = None
        self._farewells: list[Farewell] = []  # documents that were left and are still to be tidied away
        self.folder = Folder(editor)

    # --- open --------------------------------------------------------------------------------------------------------
    def open(self, path: Path, then: Callable[[], None] | None, *, allow_large: bool) -> None:
        path = Path(path).absolute()
        limit = files.NO_LIMIT if allow_large else self._editor.settings.preferences.megapixel_limit * 1_000_000

        def read(progress: Progress, place: Place) -> Opened | OpenedProject:
            data = files.load(path)
            progress.check()
            if is_project(data):
                return self._editor.projects.opened(data, path, place, progress, budget=self._budget, pixel_limit=limit)
            # Beside the decoding: one after the other, these would take half as long again.
            with ThreadPoolExecutor(1, "lacuna-beside") as beside:
                beside.submit(_show_coarse, data, progress)
                kept = beside.submit(keep_bytes, data, path, place.folder)
                photo = files.read_bytes(data, path, pixel_limit=limit)
            return _prepared(photo, kept.result(), place, progress)

        def opened() -> None:
            self.remember(path)
            if then is not None:
                then()

        self._open(_("Open “{name}”").format(name=path.name), read, opened)

    def paste_picture(self, read: Callable[[], Photo]) -> None:
        self.open_made(_("Open the pasted picture"), lambda _progress: read())

    def open_made(self, label: str, make: Callable[[Progress], Photo]) -> None:
        """Open the picture that `make` gives in the worker; it comes from no file."""
        self._open(label, lambda progress, place: _prepared(make(progress), None, place, progress), lambda: None)

    def _open(
        self,
        label: str,
        read: Callable[[Progress, Place], Opened | OpenedProject],
        then: Callable[[], None],
    ) -> None:
        places: list[Place] = []
        documents: list[OpenedProject] = []

        def work(progress: Progress) -> Opened | OpenedProject:
            places.append(begin())
            opened = read(progress, places[0])
            if isinstance(opened, OpenedProject):
                documents.append(opened)
            return opened

        def change(opened: Opened | OpenedProject, agreed: Agreed) -> None:
            if isinstance(opened, OpenedProject):
                self._begin(opened.document, opened.journal, agreed, home=opened.home, notes=opened.notes)
            else:
                self._opened(opened, agreed)
            then()

        def failed() -> None:
            for document in documents:
                document.journal.close()
            for place in places:
                place.abandon()

        self._come(label, work, change, failed).previewed.add(self._coarse_seen)

    def _come(
        self, label: str, work: Callable[[Progress], T], change: Callable[[T, Agreed], None], failed: Callable[[], None]
    ) -> Job:
        """Let another document come: `work` beside all that runs, then `change` with it and with what may be lost.

        What the person has agreed to lose is what is there now, and no more. That goes only once it is sure that
        something comes in its place; until then nothing lands in it.
        """
        if self._opening is not None:
            self._opening.cancel()
        agreed, going = self.moment, self._editor.work.bound

        def done(result: T) -> None:
            self._editor.work.cancel_bound(self._editor.work.bound - going)
            # what was painted meanwhile stays behind with the rest of its session
            self._editor.rests.afterwards(lambda: change(result, agreed))
            self._editor.work.resume()

        def stays() -> None:
            failed()
            self._editor.work.resume()

        self._opening = self._editor.work.run(label, work, done, failed=stays, bound=False, beside=True)
        return self._opening

    def _coarse_seen(self, region: Region, pixels: Pixels) -> None:
        self._editor.coarse(pixels, (region.height, region.width))

    @property
    def opening(self) -> bool:
        return self._opening is not None and self._opening.matters

    @property
    def moment(self) -> Agreed:
        """The document as it is now, for a person to agree to its end."""
        document = self._editor.document
        return document, None if document is None else document.history.here()

    def _opened(self, opened: Opened, agreed: Agreed) -> None:
        document = Document.opened(opened.prepared, self._budget)
        journal = Journal(document, opened.place)  # before the first edit, or it would never hear of that one
        if opened.mask is not None and opened.mask.shape == document.shape:
            with document.edit(_("Mask from last time")) as edit, edit.write(document.mask, opened.mask.box) as pixels:
                pixels[...] = opened.mask.pixels
        self._begin(document, journal, agreed, notes=opened.prepared.photo.notes)

    def _begin(
        self,
        document: Document,
        journal: Journal,
        agreed: Agreed,
        saved: SavedTo | None = None,
        home: InProject | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        journal.failed.add(lambda error: self._editor.tell(Message.of(error)))
        self._change(document, journal, agreed, saved, home)
        for note in notes:
            self._editor.tell(Message(note))

    def close(self) -> None:
        if self._editor.document is not None:
            if self._opening is not None:
                self._opening.cancel()
            self._change(None, None, self.moment)

    def _change(
        self,
        document: Document | None,
        journal: Journal | None,
        agreed: Agreed,
        saved: SavedTo | None = None,
        home: InProject | None = None,
    ) -> None:
        """Another document, or none. The last one's session ends; a mask not filled is kept for the next time.

        If the last one was changed after its end was `agreed` on, its session stays, to be restored.
        """
        last, last_journal = self._editor.document, self._journal
        stays = last is not None and self.unsaved(last) and agreed != (last, last.history.here())
        farewell = None if last is None or last_journal is None else self._farewell(last, last_journal, stays)
        self._journal, self.saved = journal, saved
        self._editor.projects.belong(home)
        self._editor.replace_document(document)
        if farewell is None:
            return
        self._farewells.append(farewell)

        def done(_result: None) -> None:
            self._farewells.remove(farewell)
            if stays:
                self._editor.session_left()

        self._editor.work.run(_("Tidy up"), lambda _progress: farewell.say(), done, bound=False, kept=True)

    @property
    def _budget(self) -> int:
        return self._editor.settings.preferences.history_megabytes << 20

    def _farewell(self, document: Document, journal: Journal, stays: bool) -> Farewell:
        """The mask of a picture that lies in a project is there, and not kept beside it."""
        return Farewell(document, journal, stays, keeps_mask=self._editor.projects.path is None)

    def tell_journal(self, what: Callable[[Journal], None]) -> None:
        """Something that the session of the document has to remember."""
        if self._journal is not None:
            what(self._journal)

    def remember(self, path: Path) -> None:
        """A file that was opened or saved: the newest among those opened last."""
        settings = self._editor.settings
        settings.recent = [str(path), *(p for p in settings.recent if p != str(path))][:RECENT]
        settings.last_folder = str(path.parent)
        try:
            settings.save()  # small, and a crash must not cost it
        except CannotSave as error:
            self._editor.said(Message.of(error))

    # --- the original ------------------------------------------------------------------------------------------------
    def load_original(self, document: Document) -> None:
        """Decode the original in a job, unless it is there or on its way."""
        if document.original_ready or (self._loading is not None and not self._loading.over):
            return

        stretches = document.stretches

        def done(pixels: Pixels) -> None:
            if document.stretches == stretches and not document.original_ready:
                document.set_original(pixels, stretches)
            else:  # enlarged meanwhile, or that was undone: whoever asked still waits
                self.load_original(document)

        def load(progress: Progress) -> Pixels:
            return document.load_original(stretches, progress)

        self._loading = self._editor.work.run(_("Load the original"), load, done)

    # --- save --------------------------------------------------------------------------------------------------------
    def save(
        self,
        document: Document,
        path: Path,
        then: Callable[[bool], None] | None,
        quality: int | None,
        *,
        allow_reduce: bool,
        overwrite: bool,
    ) -> None:
        """Write the picture in a job, once what is still being worked out is in it; `then(ok)`."""
        path = Path(path).absolute()
        saved = told_if_late(self._editor, path, then)

        def save() -> None:
            self._save(document, path, saved, quality, allow_reduce=allow_reduce, overwrite=overwrite)

        self._editor.rests.afterwards(save)

    def _save(
        self,
        document: Document,
        path: Path,
        then: Callable[[bool], None],
        quality: int | None,
        *,
        allow_reduce: bool,
        overwrite: bool,
    ) -> None:
        frozen, moment = document.freeze(), document.history.here()
        original = original_if_changed(document)

        def work(_progress: Progress) -> tuple[Path, list[str]]:
            photo = frozen.read()
            write = files.write if overwrite else _write_beside
            report = write(photo, path, quality=quality, allow_reduce=allow_reduce)
            return report.path, [*report.notes, saving_cost(photo, report, original)]

        def done(written: tuple[Path, list[str]]) -> None:
            path, notes = written
            self.folder.saved_here(path)
            self.remember(path)
            if self._editor.document is document:
                self.saved = SavedTo(path, quality)
                document.history.mark_clean(moment)
                saved = self.saved
                self.tell_journal(lambda journal: journal.saved_to(saved))
            self._editor.said(Message(_("Saved as “{name}”.").format(name=path.name), "\n".join(filter(None, notes))))
            then(True)

        label = _("Save “{name}”").format(name=path.name)
        self._editor.work.run(label, work, done, failed=lambda: then(False), bound=False, kept=True)

    def proposed_path(self, document: Document, folder: Path | None) -> Path:
        alpha = None if document.alpha is None else np.empty((0, 0), document.alpha.dtype)
        return files.proposed_path(dataclasses.replace(document.header, alpha=alpha), folder=folder)

    def unsaved(self, document: Document) -> bool:
        """Is there what no file holds: of the picture alone, or of all if it belongs to a project?"""
        of_project = self._editor.projects.unsaved(document)
        return not document.history.clean if of_project is None else of_project

    # --- masks -------------------------------------------------------------------------------------------------------
    def export_mask(self, document: Document, path: Path) -> None:
        frozen = document.mask.freeze()

        def work(_progress: Progress) -> None:
            mask_file.write_mask(frozen.take(), path)

        def done(_result: None) -> None:
            self._editor.said(Message(_("The mask was written to “{name}”.").format(name=path.name)))

        self._editor.work.run(_("Export the mask"), work, done, bound=False, kept=True)

    # --- sessions ----------------------------------------------------------------------------------------------------
    def restorable(self) -> list[Session]:
        return sessions()

    def restore(self, session: Session) -> None:
        budget = self._budget
        found: list[Restored] = []

        def work(_progress: Progress) -> Restored:
            found.append(restore(session, budget))
            return found[0]

        def change(restored: Restored, agreed: Agreed) -> None:
            self._begin(restored.document, restored.journal, agreed, restored.saved, restored.home)
            if restored.damage is not None:
                damage = restored.damage
                self._editor.tell(Message(damage.sentence, damage.hint, Severity.WARNING))

        def failed() -> None:
            for restored in found:
                restored.journal.leave()

        self._come(_("Restore “{name}”").format(name=session.name), work, change, failed)

    def keep_session(self) -> None:
        """See that an unsaved session is written before the end: by a job, that is waited for as a save is."""
        document, journal = self._editor.document, self._journal
        if document is None or journal is None or journal.written or not self.unsaved(document):
            return
        self._editor.work.run(
            _("Tidy up"), lambda _progress: journal.catch_up(), lambda _result: None, bound=False, kept=True
        )

    def shutdown(self) -> None:
        """What is unsaved is left to be restored; what is not is tidied away, but for a mask that was not filled."""
        document, journal = self._editor.document, self._journal
        if document is not None and journal is not None:
            self._farewells.append(self._farewell(document, journal, self.unsaved(document)))
        for farewell in self._farewells:
            try:
                farewell.say()
            except LacunaError as error:
                self._editor.said(Message.of(error))
        self._farewells.clear()
        try:
            self._editor.settings.save()
        except CannotSave as error:
            self._editor.said(Message.of(error))


def _prepared(photo: Photo, original: Original | None, place: Place, progress: Progress) -> Opened:
    progress.check()
    prepared = prepare(photo, None, place.folder, original)
    return Opened(prepared, place, kept_mask(prepared.original.sha256))


def _write_beside(photo: Photo, path: Path, *, quality: int | None, allow_reduce: bool) -> files.WriteReport:
    """As `files.write`, but a file that stands there stays: the next free name is taken, also if it came just now."""
    while True:
        try:
            return files.write(photo, path, quality=quality, allow_reduce=allow_reduce, overwrite=False)
        except CannotSave as error:
            if not isinstance(error.cause, FileExistsError):
                raise
            path = files.proposed_path(photo, folder=path.parent)


def _show_coarse(data: bytes, progress: Progress) -> None:
    """A first sight of the picture, for all to see while it is decoded."""
    sight = files.coarse(data)
    if sight is not None:
        pixels, (height, width) = sight
        progress.show(Region(0, 0, height, width), pixels)
