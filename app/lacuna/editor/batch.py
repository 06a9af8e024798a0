"""Many pictures at once: what a person wants done to them, a look at what would go, and the run.

Both work in processes of their own, which let the window go first: fills and strokes of the picture that is open go on
beside them. What comes of each file is heard on the owner's thread.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lacuna.contract.progress import Progress
from lacuna.document.frozen import Frozen
from lacuna.engine import cores
from lacuna.engine.batch.inputs import Gathered, Input, gathered
from lacuna.engine.batch.ledger import Ledger
from lacuna.engine.batch.marking import MaskFile, Transparency
from lacuna.engine.batch.processes import Processes
from lacuna.engine.batch.replay import Replay
from lacuna.engine.batch.run import BatchOrder, Outcome, run
from lacuna.engine.batch.treatment import Agreed, Treatment
from lacuna.engine.batch.watch import Watch
from lacuna.engine.jobs import Job
from lacuna.engine.photos import FillSettings
from lacuna.engine.recipes import read_recipe
from lacuna.errors import InvalidParameter
from lacuna.i18n import _
from lacuna.imaging.lossless import encoded
from lacuna.imaging.mask_fit import MaskFit

if TYPE_CHECKING:
    from lacuna.detection.marks import Template
    from lacuna.editor.editor import Editor

SUBFOLDER = "lacuna"  # of the first picture's folder: where results go if nobody says otherwise
THUMBNAIL = 360  # pixels of the long side of what is shown of a picture

Heard = Callable[[Outcome], object]


class Goal(Enum):
    """What is to go in each picture."""

    MASK = "mask"  # what the mask of the picture that is open marks
    MARK = "mark"  # the mark below that mask, wherever it is
    TEMPLATE = "template"  # the mark that a file shows, wherever it is
    TEXT = "text"  # lettering and date stamps
    MOSAIC = "mosaic"  # pixelated regions
    BLUR = "blur"  # patches that somebody blurred
    ALPHA = "alpha"  # what is transparent
    RECIPE = "recipe"  # the steps of a recipe are done


@dataclass(frozen=True)
class Wish:
    """What a person wants done. `file` is the template or the recipe; `fit` places a mask or a recipe."""

    goal: Goal
    file: Path | None = None
    fit: MaskFit = MaskFit.REFUSE
    unblend: bool = False


@dataclass(frozen=True)
class Listed:
    """The pictures that were found; the folder for results, None without a picture; whether a run left some there."""

    found: Gathered
    results: Path | None
    begun: bool


class ManyPictures:
    """Lives on the owner's thread; a look and a run are jobs beside all others, and apart from them."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._watch: Watch | None = None

    @property
    def under_way(self) -> Mapping[int, float]:
        """The pictures that are being worked on, by their numbers among those asked for, and how far each is."""
        watch = self._watch  # the worker takes it away
        return {} if watch is None else dict(watch.running)

    def gather(
        self,
        named: Sequence[Path],
        results: Path | None,
        done: Callable[[Listed], None],
        failed: Callable[[], None],
        *,
        recursive: bool,
    ) -> Job:
        """Find the pictures that these files and folders are, without what an earlier run has made of them.

        `failed()` comes after a cancel, and after an error, which is said.
        """
        listing = partial(_listed, tuple(named), results, recursive)
        return self._editor.work.run(
            _("Look for pictures"), listing, done, failed=failed, bound=False, beside=True, apart=True
        )

    def problem(self, wish: Wish) -> str:
        """Why it cannot be done, and what helps; "" if it can."""
        editor = self._editor
        if wish.goal in (Goal.MASK, Goal.MARK) and (editor.document is None or editor.document.mask_bounds().empty):
            return _("Open one of the pictures, and paint over what should go.")
        if wish.goal is Goal.TEMPLATE and wish.file is None:
            return _("Choose a picture of the mark.")
        if wish.goal is Goal.RECIPE:
            return _("Choose a recipe.") if wish.file is None else ""
        return editor.filling.method.missing

    def sought(self, wish: Wish) -> object:
        """Equal to what it was before, unless something else is to go now: the mask or the picture has changed."""
        document = self._editor.document
        if document is None or wish.goal not in (Goal.MASK, Goal.MARK):
            return wish
        return wish, weakref.ref(document), document.mask.revision

    def look(self, wish: Wish, inputs: Sequence[Input], heard: Heard, done: Callable[[], None]) -> Job:
        """Find out what would go in each; nothing is written. Errors are said, `done()` comes in any case."""
        return self._go(_("Look through pictures"), _Asked(self._prepared(wish), tuple(inputs), None), heard, done)

    def run(
        self,
        wish: Wish,
        inputs: Sequence[Input],
        folder: Path,
        heard: Heard,
        done: Callable[[], None],
        *,
        agreed: Mapping[str, Agreed],
        resume: bool,
    ) -> Job:
        """Do it. `agreed` says, by input, what may go of what the person has looked at.

        Without `resume` what an earlier run made is made anew.
        """
        asked = _Asked(self._prepared(wish), tuple(inputs), folder, dict(agreed), resume)
        return self._go(_("Batch"), asked, heard, done)

    def _go(self, label: str, asked: _Asked, heard: Heard, done: Callable[[], None]) -> Job:
        come: deque[Outcome] = deque()

        def hear(_job: Job | None = None) -> None:
            while come:
                heard(come.popleft())

        def over(_result: object = None) -> None:
            hear()
            done()

        def work(progress: Progress) -> None:
            self._watch = watch = Watch(len(asked.inputs), progress)
            try:
                asked.carry_out(come, watch, progress)
            finally:
                self._watch = None

        job = self._editor.work.run(label, work, over, failed=over, bound=False, beside=True, apart=True)
        job.changed.add(hear)
        return job

    def _prepared(self, wish: Wish) -> _Prepared:
        """What the worker makes a treatment of: all that it needs of the document and the settings, as it is now."""
        editor, document = self._editor, self._editor.document
        problem = self.problem(wish)
        if problem:
            raise InvalidParameter(problem)
        how = editor.filling.method.how()
        filling = FillSettings(how.backend, how.params, how.options)
        mask = photo = None
        if document is not None and wish.goal in (Goal.MASK, Goal.MARK):
            mask = document.mask.freeze()
            photo = document.photo.freeze() if wish.goal is Goal.MARK else None
        return _Prepared(wish, filling, mask, photo, 255.0 if document is None else document.header.white)


def _listed(named: tuple[Path, ...], results: Path | None, recursive: bool, progress: Progress) -> Listed:
    """In the worker. Raises CannotSave where it cannot be told what an earlier run left."""

    def heard(count: int) -> None:
        progress.at(0.0, _("{count} found so far").format(count=count))

    if results is None and named:
        results = (named[0] if named[0].is_dir() else named[0].parent) / SUBFOLDER
    ledger = None if results is None else Ledger(results)
    written = [] if ledger is None else ledger.written
    words = [str(path) for path in named]
    found = gathered(words, recursive=recursive, results=results, spared=written, heard=heard)
    return Listed(found, results, ledger is not None and bool(ledger.entries))


@dataclass(frozen=True, eq=False)
class _Asked:
    """A look, or with a `folder` a run, on its way to the worker."""

    prepared: _Prepared
    inputs: tuple[Input, ...]
    folder: Path | None
    agreed: Mapping[str, Agreed] = field(default_factory=dict)
    resume: bool = False

    def carry_out(self, come: deque[Outcome], watch: Watch, progress: Progress) -> None:
        """In the worker. What comes of each file goes behind `come`, and the progress says that it did."""
        treatment = self.prepared.treatment()
        if self.folder is None:
            order = BatchOrder(self.inputs, Path(), treatment, look=True, thumbnail=THUMBNAIL)
        else:
            order = BatchOrder(
                self.inputs, self.folder, treatment, resume=self.resume, replace=not self.resume, agreed=self.agreed
            )
        workers = Processes(treatment, cores.free(), low=True)
        for outcome in run(order, workers, progress, watch.advance):
            watch.running.pop(outcome.number, None)  # before it is heard, or it would be shown as under way after that
            come.append(outcome)
            watch.finished(outcome.number)


@dataclass(frozen=True, eq=False)
class _Prepared:
    """What a treatment is made of, as it was when it was asked for."""

    wish: Wish
    filling: FillSettings
    mask: Frozen | None
    photo: Frozen | None
    white: float

    def treatment(self) -> Treatment:
        """In the worker: reads files. Raises LacunaError."""
        from lacuna.contract.findable import Findable
        from lacuna.engine.batch.mark_template import MARK_GROW, MarkTemplate
        from lacuna.engine.batch.unaided import Unaided

        wish = self.wish
        if wish.goal is Goal.RECIPE:
            assert wish.file is not None
            return Treatment(None, self.filling, Replay(read_recipe(wish.file), wish.fit))
        if wish.goal in (Goal.TEXT, Goal.MOSAIC, Goal.BLUR):
            return Treatment(Unaided(Findable(wish.goal.value)), self.filling)
        if wish.goal is Goal.ALPHA:
            return Treatment(Transparency(), self.filling)
        if wish.goal is Goal.MASK:
            assert self.mask is not None
            return Treatment(MaskFile(encoded(self.mask.take()), _("The mask"), wish.fit, soft=True), self.filling)
        grow = 0.0 if wish.unblend else MARK_GROW
        return Treatment(MarkTemplate(self._template(), unblend=wish.unblend, grow=grow), self.filling)

    def _template(self) -> Template:
        from lacuna.detection.marks import template_of_file, template_of_outline

        if self.wish.file is not None:
            return template_of_file(self.wish.file)
        assert self.mask is not None
        assert self.photo is not None
        pixels, mask = self.photo.take(), self.mask.take()
        return template_of_outline(pixels, mask, self.white)
