"""One document, one tool, one backend, at most one running fill: how the parts of the editor hang together.

The verbs stand in `editor/verbs/`, a class a menu.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lacuna.document.document import Document
from lacuna.document.plane import Plane
from lacuna.editor.batch import ManyPictures
from lacuna.editor.contours import Contours
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
from lacuna.editor.projects import Projects
from lacuna.editor.proposals import Proposals
from lacuna.editor.rests import Rests
from lacuna.editor.tool import Modifier
from lacuna.editor.toolbox import Ended, Toolbox
from lacuna.editor.values import Estimate, MaskFit, Message, Misfit, Severity
from lacuna.editor.verbs.enlarging import EnlargingVerbs
from lacuna.editor.verbs.files import FileVerbs
from lacuna.editor.verbs.fill import FillVerbs
from lacuna.editor.verbs.history import HistoryVerbs
from lacuna.editor.verbs.mask import MaskVerbs
from lacuna.editor.verbs.tools import ToolVerbs
from lacuna.editor.work import Work
from lacuna.engine.jobs import Job, JobQueue
from lacuna.errors import CannotSave, LacunaError
from lacuna.imaging.photo import Pixels
from lacuna.imaging.region import Region
from lacuna.listeners import Listeners
from lacuna.settings import Settings

__all__ = ["Editor", "Estimate", "MaskFit", "Message", "Misfit", "Severity"]


class Editor(FileVerbs, ToolVerbs, HistoryVerbs, MaskVerbs, FillVerbs, EnlargingVerbs):
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

    # --- what follows what -------------------------------------------------------------------------------------------
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

    # --- end ---------------------------------------------------------------------------------------------------------
    def shutdown(self, wait: float = 2.0) -> None:
        """Cancel, give the worker `wait` seconds to end, flush the journal, save the settings."""
        self.toolbox.cancel()
        self._queue.close(wait)
        self.files.shutdown()
