"""Fills: running them, trying them again, and what is done with what comes (`putting_in.py`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lacuna.contract.fill import FillOptions, Needs
from lacuna.contract.guides import GuideStroke
from lacuna.contract.params import to_dict
from lacuna.contract.progress import Progress
from lacuna.document.document import Document
from lacuna.document.edit import Edit
from lacuna.editor.asked import Asked, MaskPart, Ran, tight
from lacuna.editor.below import Below
from lacuna.editor.candidates import Candidates, tries_of
from lacuna.editor.edges import Edges
from lacuna.editor.method import How, Method, named
from lacuna.editor.offer import Offers
from lacuna.editor.origins import Origins
from lacuna.editor.putting_in import PuttingIn, in_force
from lacuna.editor.values import Message, Severity
from lacuna.engine import plan
from lacuna.engine.device import runtime_for
from lacuna.engine.fill import FillResult
from lacuna.engine.jobs import Job
from lacuna.i18n import _
from lacuna.imaging.photo import Pixels
from lacuna.imaging.region import Region
from lacuna.listeners import Listeners

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor


class Filling:
    """The fills that run, and those whose results wait in `offers`; `method` is how the next one will be done."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self.method = Method(editor)
        self.offers = Offers(editor, self._no_more_tries)
        self._putting = PuttingIn(editor)
        self.came: Listeners[[]] = Listeners()  # there is a result to look at that was asked for
        self._seed = 0
        self._running: dict[Job, Asked] = {}
        self.candidates = Candidates(editor, self.offers, self._running)

    # --- running -----------------------------------------------------------------------------------------------------
    def fill(self, document: Document, beside: tuple[How, ...] = (), *, follows: bool = False) -> None:
        """Fill what is masked and not being filled yet; then try it again by the methods `beside` that chosen.

        `follows`: nobody has asked for it, but an edge was changed.
        """
        problem = self.method.estimate(document).problem
        if problem:
            severity = Severity.WARNING if document.mask_count() else Severity.INFO  # no mask is where all begin
            still = self.method.still
            self._editor.tell(Message(problem, severity=severity, over=lambda: not still(document, problem)))
            return
        self.offers.settle()
        how = self.method.how()
        regions = plan.windows_for(
            document.mask.pixels, how.needs, how.options, document.mask_bounds(), how.sources_box(document)
        )
        masks = self._without_running(document, regions)
        if masks:  # else all that is masked is being filled already
            self.offers.filled_anew([tight(*part)[0] for part in masks])
            asked = self.asked(document, masks, how, self._seed, beside=beside)
            self._submit(replace(asked, follows=follows), how.needs)

    def try_again(self, document: Document) -> None:
        """Fill the hole of the last fill anew: what comes of it is offered beside that. Else fill the last mask."""
        base = self.base(document)
        if base is None:
            self._editor.masking.reuse_last(document)
            if not document.mask_bounds().empty:
                self.fill(document)
            return
        how = self.method.how()
        if how.missing:
            self._editor.tell(Message(how.missing, severity=Severity.WARNING))
            return
        seed = max(self._seed, base.fill.seed) + 1 if how.needs.seeded and base.fill is not None else self._seed
        if self.try_by(document, base, how, seed):
            self._seed = seed
            return
        self._editor.tell(
            Message(
                _("This method would give the same result once more."),
                _("Choose another method or other settings, then try again."),
            )
        )

    def compare(self, document: Document, backends: Sequence[str]) -> None:
        """Fill the hole of the last fill by each of these methods, to choose from; else the mask, first as chosen."""
        hows = tuple(how for how in map(self.method.how, backends) if not how.missing)
        base = self.base(document)
        if base is None:
            self.fill(document, tuple(how for how in hows if how.backend != self.method.backend))
        else:
            self._try_each(document, base, hows)

    def _try_each(self, document: Document, base: Edit, hows: Sequence[How]) -> None:
        """A try by each method, beside the fill itself; none where that has been done already."""
        seed = self._seed if base.fill is None else base.fill.seed
        tried = [self.try_by(document, base, how, seed, compared=True) for how in hows]
        if any(tried):
            self.offers.begin(base, self._putting.there(document, Below.of(base, document)))

    def try_by(
        self, document: Document, base: Edit, how: How, seed: int, *, compared: bool = False, replaces: bool = False
    ) -> bool:
        """Try the fill `base` again; False if the same result is there or on its way.

        `compared`: others are tried with it; `replaces`: it takes the place of that fill without a choice.
        """
        below = Below.of(base, document)
        mask = below.whole_mask()
        regions = plan.windows_for(mask, how.needs, how.options, below.step.box, how.sources_box(document))
        masks = tuple((region, mask[region.slices].copy()) for region in regions)
        asked = self.asked(document, masks, how, seed, below)
        asked = replace(asked, compared=compared, replaces=replaces, follows=replaces)
        if self._known(asked, seeded=how.needs.seeded):
            return False
        if replaces:  # one that is on its way would be replaced as soon as it came
            self._no_more_tries(base)
        self._submit(asked, how.needs)
        return True

    def base(self, document: Document) -> Edit | None:
        """The fill to try again: the one that the offer in view is about, else the last thing that was done."""
        offer = self.offers.first
        if offer is not None and offer.base is not None:
            return offer.base
        if self._editor.rests.pending:  # that was done last
            return None
        done = reversed(document.history.entries[: document.history.position])
        # Guides that were drawn since are what it is tried again for.
        newest = next((edit for edit in done if any(map(edit.touches, document.planes))), None)
        return newest if newest is not None and newest.fill is not None else None

    def _known(self, asked: Asked, *, seeded: bool) -> bool:
        """Is the same try among those that wait, or on its way? The seed counts only if it changes something."""
        assert asked.below is not None

        def key(
            backend: str, params: Any, options: FillOptions, seed: int, guides: tuple[GuideStroke, ...]
        ) -> tuple[Any, ...]:
            return backend, params, options, seed if seeded else 0, guides

        base = asked.below.edit
        offer = self.offers.of(base)
        steps = [asked.below.step] if offer is None else [result.step for result in offer.results]
        known = [key(step.backend, step.params, step.options, step.seed, step.guides) for step in steps]
        tries = tries_of(base, self._running).values()
        known += [key(o.backend, to_dict(o.params), o.options, o.seed, o.guides) for o in tries]
        return key(asked.backend, to_dict(asked.params), asked.options, asked.seed, asked.guides) in known

    def asked(
        self,
        document: Document,
        masks: tuple[MaskPart, ...],
        how: How,
        seed: int,
        below: Below | None = None,
        beside: tuple[How, ...] = (),
    ) -> Asked:
        """A fill of these parts of the mask, along the guides and edges that are there now."""
        return Asked(
            document=document,
            label=_("Fill: {backend}").format(backend=named(how.backend)),
            backend=how.backend,
            params=how.params,
            options=how.options,
            seed=seed,
            masks=masks,
            redoable=document.history.redoable,
            below=below,
            beside=beside,
            guides=document.guides,
            predicted=document.predicted,
        )

    def _no_more_tries(self, base: Edit) -> None:
        for job in tries_of(base, self._running):
            job.cancel()

    def _submit(self, asked: Asked, needs: Needs) -> None:
        def work(progress: Progress) -> Ran:
            runtime = runtime_for("auto", needs)
            return asked.run(runtime, progress)

        before = self._putting.reported
        begin = self._editor.in_frame(asked.document, asked.label, asked.begin)
        finish = self._editor.in_frame(asked.document, asked.label, lambda ran: self._finished(asked, ran))

        def done(ran: Ran) -> None:
            self._running.pop(job, None)
            finish(ran)

        def failed() -> None:
            self._running.pop(job, None)
            if asked.below is not None and not tries_of(asked.below.edit, self._running):
                self.offers.none_came(asked.below.edit)

        job = self._editor.work.run(
            asked.label,
            work,
            done,
            begin=begin,
            failed=failed,
            over=lambda: self._putting.reported is not before,
            interruptible=needs.interruptible,
        )

        frame = asked.document.frame

        def preview(region: Region, pixels: Pixels) -> None:
            compared = asked.below is not None and self.offers.of(asked.below.edit) is not None
            if asked.document.frame == frame and not compared:  # results that are being compared stay in view
                self._editor.previewed(region, pixels)

        job.previewed.add(preview)
        self._running[job] = asked

    def _without_running(self, document: Document, regions: tuple[Region, ...]) -> tuple[MaskPart, ...]:
        """The mask in `regions`, without what a fill that runs or waits works on: that stands till it is done."""
        others = [
            part
            for job, asked in self._running.items()
            if asked.document is document and job.matters and asked.below is None
            for part in asked.masks
        ]
        left = []
        for region in regions:
            mask = document.mask.pixels[region.slices].copy()
            for other, theirs in others:
                common = region.intersect(other)
                if not common.empty:
                    taken = theirs[common.shift(-other.y0, -other.x0).slices] > 0
                    mask[common.shift(-region.y0, -region.x0).slices][taken] = 0
            if mask.any():
                left.append((region, mask))
        return tuple(left)

    def _finished(self, asked: Asked, ran: Ran) -> None:
        self.method.measure(asked, ran)
        for note in () if ran.result.methods else ran.result.notes:  # why a method was chosen stands in the panel
            self._editor.tell(Message(note))
        below = asked.below
        question = self._putting.question(asked, ran)
        if question is not None:
            self.offers.ask(self._putting.result(asked, ran), question)
        elif below is None or asked.replaces or not in_force(asked.document, below.edit):
            self._putting.put(asked, ran)
            newest = asked.document.history.newest
            if asked.beside and newest is not None:
                self._try_each(asked.document, newest, asked.beside)
        else:
            self.offers.begin(below.edit, self._putting.there(asked.document, below))
            self.offers.add(below.edit, self._putting.result(asked, ran), show=not asked.compared)
        if not asked.follows:
            self.came()

    # --- what came of the last one -----------------------------------------------------------------------------------
    @property
    def report(self) -> FillResult | None:
        """Of the last fill, without its pixels, as long as nothing else was done since."""
        return self._putting.report

    @property
    def edges(self) -> tuple[Edges, ...]:
        """Those that the result shown has followed, or the last fill as long as it is in force."""
        document, offer = self._editor.document, self.offers.first
        if offer is not None:
            return offer.shown.edges
        return () if document is None else self._putting.edges_in(document)

    @property
    def origins(self) -> Origins:
        """Where the pixels of fills came from."""
        return self._putting.origins

    # --- the rest ----------------------------------------------------------------------------------------------------
    @contextmanager
    def taking_mask_back(self) -> Iterator[None]:
        """What the person does within this, to undo a stroke or to clear the mask, ends the fills of what that takes.

        Else they would come all the same, and their undo would have no mask to give back. Going back through the
        history by its list is no such wish: that looks at what was, and results wait for its end.
        """
        before = {job: asked.masked for job, asked in self._running.items() if job.matters and asked.below is None}
        yield
        for job, masked in before.items():
            if self._running[job].masked < masked:
                job.cancel()
                sentence = _("“{action}” was cancelled: what it was to fill is no longer masked.")
                self._editor.tell(Message(sentence.format(action=job.label)))

    @property
    def running(self) -> bool:
        """A fill runs or waits that has not been cancelled."""
        return any(job.matters for job in self._running)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Those of fills of which something may still come, or has still to be tidied away."""
        return tuple(self._running)

    def forget(self) -> None:
        """Another document: its results are of no use."""
        self.offers.forget()
        self.method.forget()
        self._putting.forget()
        self.candidates.forget()
        self._seed = 0
