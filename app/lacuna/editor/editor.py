"""One document, one tool, one backend, at most one running fill: the verbs of every menu, without a window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from lacuna.document.document import Document
from lacuna.document.plane import Plane
from lacuna.editor.batch import ManyPictures
from lacuna.editor.candidates import Candidate, Unfilled
from lacuna.editor.clone import CROSS
from lacuna.editor.contours import Contours
from lacuna.editor.edges import Edges
from lacuna.editor.ending import Ending
from lacuna.editor.enlarged_preview import EnlargedPreview
from lacuna.editor.enlarging import Enlarging
from lacuna.editor.files import Files
from lacuna.editor.filling import Filling
from lacuna.editor.finder import Finder
from lacuna.editor.guides import Guides
from lacuna.editor.intent import Intent
from lacuna.editor.marks import Marks
from lacuna.editor.masking import Masking
from lacuna.editor.models import Models
from lacuna.editor.mosaics import Mosaics
from lacuna.editor.offer import Offer
from lacuna.editor.projects import Projects
from lacuna.editor.proposals import Proposals
from lacuna.editor.rests import Rests
from lacuna.editor.tool import Gesture, Laid, Modifier, Outline, Pointer, Tool
from lacuna.editor.toolbox import Ended, Toolbox
from lacuna.editor.values import Estimate, MaskFit, Message, Misfit, Severity
from lacuna.editor.work import Work
from lacuna.engine.fill import FillResult
from lacuna.engine.jobs import Job, JobQueue
from lacuna.errors import CannotSave, LacunaError
from lacuna.i18n import _
from lacuna.imaging.photo import Mask, Photo, Pixels
from lacuna.imaging.region import Region
from lacuna.listeners import Listeners
from lacuna.settings import Settings

T = TypeVar("T")

COPY_AT_ONCE = 1_000_000  # pixels: some 10 ms

__all__ = ["Editor", "Estimate", "MaskFit", "Message", "Misfit", "Severity"]


class Editor:
    """The program without its window. All methods are called on the owner's thread and return at once.

    Listeners (each told on the owner's thread):
    - `document_changed()`: another document, or none, is open now (`document`).
    - `coarse(photo_pixels, (height, width))`: a first coarse sight of a picture that is being opened.
    - `state_changed()`: anything that an action's enabled state or a panel depends on: tool, options, backend, params,
      running job, gesture, offer, clean state.
    - `job_changed(job)`: state or fraction of a job; `jobs` lists those not over, the running one first.
    - `previewed(region, pixels)`: a finished part of the running fill, to show over the picture until it ends.
    - `session_left()`: work was kept aside, for `restorable` to offer.
    - `said(message)`: for the message bar.

    An error that a person may read is said; methods raise none, unless their docstring tells.
    """

    def __init__(self, settings: Settings, queue: JobQueue) -> None:
        self.document_changed: Listeners[[]] = Listeners()
        self.coarse: Listeners[[Pixels, tuple[int, int]]] = Listeners()
        self.state_changed: Listeners[[]] = Listeners()
        self.job_changed: Listeners[[Job]] = Listeners()
        self.previewed: Listeners[[Region, Pixels]] = Listeners()
        self.session_left: Listeners[[]] = Listeners()
        self.said: Listeners[[Message]] = Listeners()

        self.settings = settings
        self.document: Document | None = None
        self.work = Work(queue, self._failed, self._busy)
        self.work.changed.add(self.job_changed)
        self.work.ended.add(self.state_changed)
        self.files = Files(self)
        self.projects = Projects(self)
        self.proposals = Proposals()
        self.proposals.changed.add(self.state_changed)
        self.intent = Intent(self)
        self.models = Models(self)
        self.toolbox = Toolbox(settings, self.proposals, self.models, self._gesture_ended)
        self.toolbox.freed.add(self.work.resume)
        self.rests = Rests(self)
        self.toolbox.painted.add(self.rests.painted_over)
        self.masking = Masking(self)
        self.guides = Guides(self)
        self.filling = Filling(self)
        self.contours = Contours(self, queue)
        self.enlarging = Enlarging(self)
        self.enlarged_preview = EnlargedPreview(self, queue)
        self.mosaics = Mosaics(self)
        self.marks = Marks(self)
        self.finder = Finder(self)
        self.ending = Ending(self)
        self.many = ManyPictures(self)
        self._queue = queue

    @property
    def jobs(self) -> list[Job]:
        """Those not over, the running one first."""
        return self.work.jobs

    @property
    def stoppable(self) -> bool:
        """Esc would cancel a job."""
        return self.work.stoppable

    @property
    def blocked(self) -> str:
        """Why the next job waits although the one before it was cancelled; empty if none does. For the job bar."""
        return self.work.blocked

    # --- files -------------------------------------------------------------------------------------------------------
    def open(self, path: Path, then: Callable[[], None] | None = None, *, allow_large: bool = False) -> None:
        """Open a picture in a job; errors are said. `then()` follows when it is there. Unsaved work: ask before."""
        self.files.open(path, then, allow_large=allow_large)

    @property
    def opening(self) -> bool:
        """Another picture is on its way."""
        return self.files.opening

    def open_photo(self, photo: Photo) -> None:
        """Start a document from a picture in memory, in a job."""
        self.paste_picture(lambda: photo)

    def paste_picture(self, read: Callable[[], Photo]) -> None:
        """As `open_photo`, with what `read()` gives in the worker."""
        self.files.paste_picture(read)

    def save(
        self,
        path: Path,
        then: Callable[[bool], None] | None = None,
        *,
        quality: int | None = None,
        allow_reduce: bool = False,
        overwrite: bool = True,
    ) -> None:
        """Write the picture in a job; `then(ok)`. Writing over the source is the caller's decision, already asked.

        So is `allow_reduce`: a format that holds fewer bits a channel or no transparency may be used. Without
        `overwrite` a file that has come to stand there is left, and the next free name is taken. A try that is shown is
        accepted first: what is to be seen is saved.
        """
        if self.document is not None:
            self._settle()
            self.files.save(self.document, path, then, quality, allow_reduce=allow_reduce, overwrite=overwrite)

    @property
    def save_path(self) -> Path | None:
        """Where Ctrl+S writes without asking: the file last saved to; None before the first save."""
        return None if self.files.saved is None else self.files.saved.path

    @property
    def save_quality(self) -> int | None:
        """The quality that was chosen for that file; None for as the source, or the usual one."""
        return None if self.files.saved is None else self.files.saved.quality

    def proposed_path(self, folder: Path | None = None) -> Path:
        """`name_lacuna.ext` in `folder`, else beside the source: a free name, a format that keeps what the picture has.

        A picture that comes from no file needs a `folder`.
        """
        assert self.document is not None
        return self.files.proposed_path(self.document, folder)

    @property
    def unsaved(self) -> bool:
        """The picture (not the mask alone) has changes that are in no file."""
        return self.document is not None and (self.rests.pending or self.files.unsaved(self.document))

    def close(self) -> None:
        """Forget the document and its journal."""
        self.files.close()

    def restorable(self) -> list[Any]:
        """Sessions that a crash left behind, newest first (see `document.journal`)."""
        return self.files.restorable()

    def restore(self, session: Any) -> None:
        """Bring a session back, undo included, in a job."""
        self.files.restore(session)

    def replace_document(self, document: Document | None) -> None:
        """For `files` alone: another document, or none; what belonged to the last one goes."""
        self.work.cancel_bound()
        self.toolbox.cancel()
        self.proposals.drop()
        self.document = document
        self.masking.forget()
        self.filling.forget()
        self.enlarged_preview.cancel()
        self.enlarging.follow(document)
        if document is not None:
            self.toolbox.fit(document.shape)
            document.history.changed.add(self.filling.offers.looked_at)
            document.history.changed.add(self.state_changed)
            document.photo.resized.add(self._resized)
            document.history.spill_failed.add(lambda error: self.tell(Message.of(error)))
            if self.toolbox.tool.id == "restore":
                self.files.load_original(document)
        self.document_changed()
        self.state_changed()

    def _busy(self) -> bool:
        """Nothing may land in the document now: see `Work`."""
        return self.opening or (self.gesture is not None and self.gesture.writes)

    def _failed(self, error: LacunaError, *, bound: bool, over: Callable[[], bool] | None) -> None:
        """A job failed: one that is bound was about the picture that is open, any other about a file.

        That a file could not be opened is over with the next that is; that one could not be written stays.
        """
        message, before = Message.of(error), self.document
        if bound:
            self.tell(replace(message, over=over))
        elif isinstance(error, CannotSave):
            self.said(message)
        else:
            self.said(replace(message, over=lambda: self.document not in (None, before)))

    def _resized(self, _plane: Plane) -> None:
        self.filling.offers.cropped()
        self.proposals.drop()
        self.toolbox.forget_places()

    # --- tools -------------------------------------------------------------------------------------------------------
    @property
    def gesture(self) -> Gesture | None:
        """What is going on between press and release, or between the corners of a polygon."""
        return self.toolbox.gesture

    @property
    def tool(self) -> Tool:
        return self.toolbox.tool

    @property
    def tools(self) -> tuple[Tool, ...]:
        """All tools, in the order of the tool bar."""
        return self.toolbox.tools

    @property
    def options(self) -> Any:
        """The tool's options as they are now."""
        return self.toolbox.options

    def use(self, tool_id: str) -> None:
        """Take another tool in hand; a stroke ends where it is, an unfinished shape is dropped."""
        self._guarded(self.toolbox.part)
        self.toolbox.use(tool_id)
        if tool_id == "restore" and self.document is not None:
            self.files.load_original(self.document)
        self.state_changed()

    def set_option(self, name: str, value: Any) -> None:
        self._guarded(lambda: self.toolbox.set_option(name, value))

    def swap_erase(self) -> None:
        """X: paint becomes erase and back."""
        self._guarded(self.toolbox.swap_erase)

    def resize_brush(self, steps: float) -> None:
        """`steps` times 1.1, at least 1 px."""
        self._guarded(lambda: self.toolbox.resize(steps))

    def harden_brush(self, steps: float) -> None:
        """`steps` times 10 percent."""
        self._guarded(lambda: self.toolbox.harden(steps))

    def press(self, at: Pointer) -> None:
        """The pointer went down: a gesture begins, or one that waits goes on.

        A try that is shown is accepted before a gesture begins; naming a place to copy from leaves it as it is.
        """
        document = self.document
        if document is None or (self.gesture is None and self.proposals.press(at)):
            return
        if self.tool.id == "restore" and self.gesture is None and not document.original_ready:
            self.files.load_original(document)
            original = _("The original is being loaded.")
            self.tell(Message(original, _("Paint again in a moment."), over=lambda: document.original_ready))
            return
        tool = self.tool
        begins = self.gesture is not None or tool.begins(at)
        if self.gesture is None and begins:
            self._settle()
        over = None if begins else lambda: self.tool is not tool or tool.begins(at)
        self._guarded(lambda: self.toolbox.press(document, at), over)

    def move(self, at: Pointer) -> None:
        """The pointer moved. Only planes tell what changed: this comes up to a thousand times a second."""
        self.toolbox.move(at)

    def release(self, at: Pointer) -> None:
        """The pointer went up: the gesture ends as one edit, or waits for the next press."""
        if self.gesture is not None:
            self._guarded(lambda: self.toolbox.release(at))

    def double_click(self, at: Pointer) -> None:
        """Comes in the place of a second quick press: closes a polygon, and is a press like any other for the rest."""
        if self.gesture is None:
            self.press(at)
        else:
            self._guarded(lambda: self.toolbox.finish(at))

    def outline(self, at: Pointer | None, seen: Callable[[float, float], bool] = lambda _x, _y: True) -> Outline:
        """What to draw over the picture now: the gesture's outline, else the nib at `at`; and where that came from.

        Not beside the source that a stroke copies from: two crosses that look alike would not say which is which. And
        not where the original covers the picture: `seen(x, y)` tells whether the picture itself is in view.
        """
        outline = self.toolbox.outline(at)
        copies = len(outline.circles) > 1
        if self.settings.preferences.show_origin and at is not None and self.document is not None and not copies:
            origin = self.filling.origins.at(self.document, at.x, at.y)
            x, y = (0.0, 0.0) if origin is None else (origin[0] + 0.5, origin[1] + 0.5)
            if origin is not None and seen(at.x, at.y) and seen(x, y):
                outline = replace(outline, circles=(*outline.circles, (x, y, CROSS)))
        return outline

    def _gesture_ended(self, ended: Ended) -> None:
        rest = ended.gesture.rest
        if rest is None:
            self._drawn(ended, ended.gesture.drawn)
        else:
            assert self.document is not None
            self.rests.add(self.document, rest, lambda region: self._drawn(ended, region))

    def _drawn(self, ended: Ended, region: Region) -> None:
        """A gesture has left its mark: the fill follows if it should. Ctrl held collects; erasing asks for none."""
        collects = ended.at is not None and bool(ended.at.modifiers & Modifier.CTRL)
        if (
            self.settings.preferences.fill_after_stroke
            and ended.tool.paints_mask
            and not (ended.gesture.erases or collects or region.empty)
        ):
            self._fill()

    # --- Enter, Esc and history ---------------------------------------------------------------------------------------
    def enter(self) -> None:
        """Close the unfinished shape, else accept the result shown, else mark what is proposed, else run the fill."""
        self._guarded(self.intent.enter)

    def escape(self) -> None:
        """Drop the shape, else results offered, else what is proposed, else cancel the run, else clear the mask."""
        self._guarded(self.intent.escape)

    def back(self) -> None:
        """Backspace: take the polygon's last point back."""
        self.toolbox.back()
        self.state_changed()

    def undo(self) -> None:
        """While a polygon is begun, its last corner; else what is still being worked out, tries, what is proposed, or
        the last edit. During a stroke nothing."""
        self._guarded(self.intent.undo)

    def redo(self) -> None:
        self._guarded(self.intent.redo)

    def _taking_mask_back(self, act: Callable[[], object]) -> None:
        with self.filling.taking_mask_back():
            act()

    def go_to(self, position: int) -> None:
        """Undo or redo until `position` edits are in force."""
        document = self.document
        if self.gesture is None and document is not None:
            self.rests.cancel_all()
            self._guarded(lambda: document.history.go_to(position))

    @property
    def can_undo(self) -> bool:
        waits = self.rests.pending or self.proposals.shown
        return self.document is not None and (waits or self.document.history.can_undo)

    @property
    def can_redo(self) -> bool:
        return self.document is not None and not self.rests.pending and self.document.history.can_redo

    @property
    def laid(self) -> tuple[Laid, ...]:
        """What was painted and is still being worked out, to show over the picture."""
        return self.rests.laid

    # --- mask --------------------------------------------------------------------------------------------------------
    def clear_mask(self) -> None:
        self.change(lambda document: self._taking_mask_back(lambda: self.masking.clear(document)))

    def select_all(self) -> None:
        self.change(self.masking.select_all)

    def invert_mask(self) -> None:
        self.change(self.masking.invert)

    def grow_mask(self, pixels: float | None = None) -> None:
        """Widen the mask, by default by what the preferences say; so for the next two."""
        radius = self.settings.preferences.grow_by if pixels is None else pixels
        self.change(lambda document: self.masking.grow(document, radius))

    def shrink_mask(self, pixels: float | None = None) -> None:
        radius = self.settings.preferences.shrink_by if pixels is None else pixels
        self.change(lambda document: self.masking.shrink(document, radius))

    def feather_mask(self, pixels: float | None = None) -> None:
        radius = self.settings.preferences.feather_by if pixels is None else pixels
        self.change(lambda document: self.masking.feather(document, radius))

    def reuse_last_mask(self) -> None:
        """Add the mask that was last filled or cleared."""
        self.change(self.masking.reuse_last)

    def fill_loop(self) -> None:
        """F: fill the inside of the loop just drawn."""
        self.change(lambda document: self.masking.fill_loop(document, self.toolbox.last_drawn))

    def import_mask(
        self, path: Path, ask: Callable[[Misfit], None] | None = None, *, fit: MaskFit = MaskFit.REFUSE
    ) -> None:
        """Take a file as the mask, in a job; `ask` is told of one of another size, unless `fit` says what to do."""
        self.change(lambda document: self.masking.import_file(document, path, ask, fit))

    def paste_mask(
        self, read: Callable[[], Mask], ask: Callable[[Misfit], None] | None = None, *, fit: MaskFit = MaskFit.REFUSE
    ) -> None:
        """As `import_mask`, with what `read()` gives in the worker."""
        self.change(lambda document: self.masking.take(document, read, ask, fit, _("Paste mask")))

    def mask_from_transparency(self) -> None:
        """Mark what is not fully opaque, as strongly as it is transparent, in a job; the picture has to have alpha."""
        self.change(self.masking.take_transparency)

    def export_mask(self, path: Path) -> None:
        """Write the mask as a PNG, in a job."""
        if self.document is not None:
            self.files.export_mask(self.document, path)

    def crop_to_mask(self) -> None:
        """What is still being worked out for the picture as it is now comes first."""
        self.when_settled(self.masking.crop)

    def change(self, change: Callable[[Document], None]) -> None:
        """For its parts: `change` what is drawn, after what is going on; an error is said."""
        document = self.document
        if document is not None:
            self._guarded(self.toolbox.part)
            self._settle()
            self._guarded(lambda: change(document))

    # --- guides ------------------------------------------------------------------------------------------------------
    @property
    def unheard(self) -> str:
        """The kinds of guides in the picture that the method chosen does not follow, as words; "" if there are none."""
        document = self.document
        return "" if document is None else self.filling.method.unheard(document)

    # --- fill --------------------------------------------------------------------------------------------------------
    @property
    def offer(self) -> Offer | None:
        """Results that wait for one to be accepted, or all to be dropped; the chosen one is shown."""
        return self.filling.offers.first

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """What lies side by side: the tries offered, then those on their way."""
        return self.filling.candidates.listed()

    @property
    def unfilled(self) -> Unfilled | None:
        """The hole of the candidates before it was filled; None without candidates, or where it cannot be read."""
        return self.filling.candidates.unfilled()

    @property
    def backend(self) -> str:
        """Its id."""
        return self.filling.method.backend

    @property
    def missing(self) -> str:
        """Why it cannot run under its params, and what helps; "" if it can."""
        return self.filling.method.missing

    @property
    def params(self) -> Any:
        """The backend's params as they are now."""
        return self.filling.method.params

    def use_backend(self, backend_id: str) -> None:
        self._guarded(lambda: self.filling.method.use_backend(backend_id))

    def set_param(self, name: str, value: Any) -> None:
        self._guarded(lambda: self.filling.method.set_param(name, value))

    @property
    def growth(self) -> float:
        """By how many pixels the mask is widened before the fill; shown in the overlay as what will be filled."""
        return self.filling.method.growth

    @property
    def report(self) -> FillResult | None:
        """Of the result shown, or of the last fill until something else is done: areas, time, what was compared."""
        return self.filling.report if self.offer is None else self.offer.shown.report

    @property
    def edges(self) -> tuple[Edges, ...]:
        """Edges that the result shown or the last fill has followed, to show over it; none unless that is wanted."""
        return self.filling.edges if self.settings.preferences.show_edges else ()

    def estimate(self) -> Estimate:
        """Cheap enough for each change of mask or params."""
        if self.document is None:
            return Estimate(problem=_("Open a picture first."))
        return self.filling.method.estimate(self.document)

    def fill(self, *, follows: bool = False) -> None:
        """Fill the mask in a job, with what is proposed for it. What a running fill works on already is left to it."""
        self._guarded(self.proposals.accept)
        self._fill(follows=follows)

    def _fill(self, *, follows: bool = False) -> None:
        document = self.document
        if document is not None:
            self._guarded(lambda: self.filling.fill(document, follows=follows))

    def try_again(self) -> None:
        """R: fill the hole of the last fill anew, with the backend and params chosen now; both are offered then."""
        document = self.document
        if document is not None and self.gesture is None:
            self._guarded(lambda: self.filling.try_again(document))

    def compare(self, backends: Sequence[str]) -> None:
        """Fill the hole of the last fill, or what is masked, by several methods; the results are offered together."""
        document = self.document
        if document is not None and self.gesture is None:
            self._guarded(lambda: self.filling.compare(document, backends))

    def choose(self, index: int) -> None:
        """Show another of the results offered, by its place; one beyond the ends is that at the other end."""
        self.filling.offers.choose(index)
        self.state_changed()

    def accept(self) -> None:
        """Put the result in that is shown: one edit, in place of the fill that it is a try of."""
        self._guarded(self.filling.offers.accept)

    def drop(self) -> None:
        """Forget the results offered: the picture stays as it is, with the fill that was tried again."""
        self.filling.offers.drop()
        self.state_changed()

    def _settle(self) -> None:
        """The person goes on with what is to be seen: a try that is shown is accepted."""
        if self.offer is not None:
            self._guarded(self.filling.offers.settle)

    def cancel(self) -> None:
        """Cancel the running job."""
        self.work.cancel_first()
        self.state_changed()

    # --- enlarging ---------------------------------------------------------------------------------------------------
    def enlarge(self) -> None:
        """Enlarge the picture as `enlarging` says, in a job; what is still being worked out for it comes first."""
        self.when_settled(self.enlarging.enlarge)

    def save_enlarged(self, path: Path, quality: int | None = None, then: Callable[[bool], None] | None = None) -> None:
        """Write the enlarged picture, or its enlarged part, to a file; this one stays as it is."""
        self.when_settled(lambda document: self.enlarging.save(document, path, quality, then or (lambda _well: None)))

    def open_enlarged(self) -> None:
        """Open the enlarged picture, or its enlarged part, in the place of this one. Unsaved work: ask before."""
        self.when_settled(self.enlarging.open)

    def find_mosaic(self, then: Callable[[Any], None], size: tuple[float, float] | None = None) -> None:
        """Look in a job for the blocks of the masked part, or for where those of `size` (height, width) lie."""
        document = self.document
        if document is not None:
            self._guarded(lambda: self.mosaics.find(document, then, size))

    def undo_mosaic(self, mosaic: Any, way: Any) -> None:
        """Enlarge the blocks of the masked part, in a job."""
        self.when_settled(lambda document: self.mosaics.undo(document, mosaic, way))

    def when_settled(self, act: Callable[[Document], None]) -> None:
        """`act`, once what is still being worked out for the picture is in it; a try that is shown is accepted."""
        document = self.document
        if document is None:
            return
        self._guarded(self.toolbox.part)
        self._settle()

        def go() -> None:
            if self.document is document:
                self._guarded(lambda: act(document))

        self.rests.afterwards(go)

    # --- clipboard ---------------------------------------------------------------------------------------------------
    def copy(self, make: Callable[[Photo], T], then: Callable[[T], None]) -> None:
        """Make something of a copy of the picture as it is now, for the clipboard: `make` in a job, then `then` here.

        A small picture is copied at once, so that it need not wait for a running fill. A try that is shown is accepted
        first: what is to be seen is copied.
        """
        document = self.document
        if document is None:
            return
        self._settle()
        if document.shape[0] * document.shape[1] <= COPY_AT_ONCE and not self.rests.pending:
            then(make(document.snapshot()))
            return

        def copy() -> None:
            frozen = document.freeze()
            self.work.run(_("Copy the picture"), lambda _progress: make(frozen.read()), then, bound=False)

        self.rests.afterwards(copy)

    # --- end ---------------------------------------------------------------------------------------------------------
    def shutdown(self, wait: float = 2.0) -> None:
        """Cancel, give the worker `wait` seconds to end, flush the journal, save the settings."""
        self.toolbox.cancel()
        self._queue.close(wait)
        self.files.shutdown()

    def in_frame(self, document: Document, label: str, act: Callable[..., None]) -> Callable[..., None]:
        """`act`, for what is told in the picture's coordinates of now: after a crop it is dropped instead, and said."""
        frame = document.frame

        def checked(*what: Any) -> None:
            if document.frame == frame:
                act(*what)
            else:
                sentence = _("“{action}” was dropped: the picture was cropped or enlarged meanwhile.").format(
                    action=label
                )
                self.tell(Message(sentence, severity=Severity.WARNING))

        return checked

    def tell(self, message: Message) -> None:
        """Say something about the picture that is open: it is over when that is closed, if not before."""
        document, over = self.document, message.over
        self.said(replace(message, over=lambda: self.document is not document or (over is not None and over())))

    def _guarded(self, act: Callable[[], object], over: Callable[[], bool] | None = None) -> None:
        """Do it; say what a person may read of its failure, until it is `over`; tell that things may look different."""
        try:
            act()
        except LacunaError as error:
            self.tell(replace(Message.of(error), over=over))
        self.state_changed()
