"""Fills: what one will take, running it, and putting its result in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from lacuna.contract.fill import Composite, FillOptions, FillStep, Needs
from lacuna.contract.params import describe, to_dict, validate
from lacuna.contract.progress import Progress
from lacuna.document.document import Document
from lacuna.document.edit import Edit
from lacuna.document.plane import Plane
from lacuna.editor.asked import Asked, MaskPart, Part, Ran, patches
from lacuna.editor.below import Below
from lacuna.editor.offer import Offers, Result
from lacuna.editor.origins import Origins
from lacuna.editor.values import Estimate, Message, Severity
from lacuna.engine import plan, registry
from lacuna.engine.device import runtime_for
from lacuna.engine.fill import FillResult
from lacuna.engine.jobs import Job
from lacuna.errors import InvalidParameter, UnknownBackend
from lacuna.i18n import _
from lacuna.imaging.photo import Mask, Pixels
from lacuna.imaging.region import Region

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor

SPEED_SHARE = 0.3  # of the newest measurement in the remembered speed
SPEED_PIXELS = 4096  # smaller holes measure the start, not the speed


class Filling:
    """Which backend, with which params; the fills that run, and those whose results wait in `offers`."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self.offers = Offers(editor, self._no_more_tries)
        self.report: FillResult | None = None  # of the last fill that was put in, without its pixels
        self.origins = Origins()
        self._seed = 0
        self._running: dict[Job, Asked] = {}
        self._params: dict[str, Any] = {}
        self._estimated: tuple[Any, Estimate] | None = None

    # --- choosing ----------------------------------------------------------------------------------------------------
    @property
    def backend(self) -> str:
        """The backend chosen, or the first there is if that one is gone."""
        wanted = self._editor.settings.backend
        try:
            return registry.info(wanted).id
        except UnknownBackend:
            return registry.backends()[0].id

    @property
    def params(self) -> Any:
        backend = self.backend
        if backend not in self._params:
            self._params[backend] = self._remembered(backend)
        return self._params[backend]

    def use_backend(self, backend_id: str) -> None:
        self._editor.settings.backend = registry.info(backend_id).id

    def set_param(self, name: str, value: Any) -> None:
        backend = self.backend
        params: Any = validate(registry.info(backend).Params, {**to_dict(self.params), name: value})
        self._params[backend] = params
        self._editor.settings.params[backend] = to_dict(params)

    @property
    def growth(self) -> float:
        document, percent = self._editor.document, self._editor.settings.preferences.grow
        if document is None or percent <= 0:
            return 0.0
        return max(1.0, percent / 100 * max(document.shape))

    # --- before ------------------------------------------------------------------------------------------------------
    def estimate(self, document: Document) -> Estimate:
        options = self._fill_options()
        key = (document, document.mask.revision, document.shape, self.backend, self.params, options)
        if self._estimated is None or self._estimated[0] != key:
            self._estimated = (key, self._estimate(document, options))
        return self._estimated[1]

    def _still(self, problem: str) -> bool:
        document = self._editor.document
        return document is not None and self.estimate(document).problem == problem

    def _estimate(self, document: Document, options: FillOptions) -> Estimate:
        pixels = document.mask_count()
        if pixels == 0:
            return Estimate(problem=_("Paint over what should go first."))
        info = registry.info(self.backend)
        if info.missing:
            return Estimate(pixels=pixels, problem=info.missing)
        height, width = document.shape
        if pixels >= height * width:
            problem = _("The mask covers the whole picture: nothing is left to fill it from.")
            return Estimate(pixels=pixels, problem=problem)
        found = plan.estimate(
            document.mask.pixels,
            self._needs(),
            options,
            within=document.mask_bounds(),
            seconds_per_megapixel=self._editor.settings.speeds.get(self.backend),
            pixel_bytes=3 * document.photo.dtype.itemsize,
        )
        return Estimate(found.seconds, found.bytes, pixels, found.windows)

    def _needs(self) -> Needs:
        return registry.backend(self.backend).needs(self.params)

    def _fill_options(self) -> FillOptions:
        preferences, document = self._editor.settings.preferences, self._editor.document
        alpha = preferences.fill_alpha and document is not None and document.alpha is not None
        grain = preferences.grain and self._needs().smooth
        return FillOptions(self.growth, preferences.feather, alpha, Composite(preferences.composite), grain)

    # --- running -----------------------------------------------------------------------------------------------------
    def fill(self, document: Document) -> None:
        """Fill what is masked and not being filled yet."""
        problem = self.estimate(document).problem
        if problem:
            self._editor.said(Message(problem, severity=Severity.WARNING, over=lambda: not self._still(problem)))
            return
        self.offers.settle()
        needs, options = self._needs(), self._fill_options()
        regions = plan.windows_for(document.mask.pixels, needs, options, document.mask_bounds())
        masks = self._without_running(document, regions)
        if masks:  # else all that is masked is being filled already
            self.offers.filled_anew([_tight(*part)[0] for part in masks])
            self._submit(self._asked(document, masks, options, self._seed), needs)

    def try_again(self, document: Document) -> None:
        """Fill the hole of the last fill anew: what comes of it is offered beside that. Else fill the last mask."""
        base = self._base(document)
        if base is None:
            self._editor.masking.reuse_last(document)
            if not document.mask_bounds().empty:
                self.fill(document)
            return
        missing = registry.info(self.backend).missing
        if missing:
            self._editor.said(Message(missing, severity=Severity.WARNING))
            return
        needs, options = self._needs(), self._fill_options()
        seed = max(self._seed, base.step.seed) + 1 if needs.seeded and base.step is not None else self._seed
        below = Below.of(base, document)
        mask = below.whole_mask()
        regions = plan.windows_for(mask, needs, options, below.step.box)
        masks = tuple((region, mask[region.slices].copy()) for region in regions)
        asked = self._asked(document, masks, options, seed, below)
        if not needs.seeded and self._known(asked):
            self._editor.said(
                Message(
                    _("This method would give the same result once more."),
                    _("Choose another method or other settings, then try again."),
                )
            )
            return
        self._seed = seed
        self._submit(asked, needs)

    def _base(self, document: Document) -> Edit | None:
        """The fill to try again: the one that the offer in view is about, else the last thing that was done."""
        offer, newest = self.offers.first, document.history.newest
        if offer is not None and offer.base is not None:
            return offer.base
        return newest if newest is not None and newest.step is not None else None

    def _known(self, asked: Asked) -> bool:
        """Is the same try among those that wait, or on its way?"""
        assert asked.below is not None
        base = asked.below.edit
        offer = self.offers.of(base)
        steps = [asked.below.step] if offer is None else [result.step for result in offer.results]
        known = [(step.backend, step.params, step.options) for step in steps]
        known += [(other.backend, to_dict(other.params), other.options) for other in self._tries(base).values()]
        return (asked.backend, to_dict(asked.params), asked.options) in known

    def _tries(self, base: Edit) -> dict[Job, Asked]:
        """Those that run or wait for their turn."""
        return {
            job: asked
            for job, asked in self._running.items()
            if job.matters and asked.below is not None and asked.below.edit is base
        }

    def _asked(
        self,
        document: Document,
        masks: tuple[MaskPart, ...],
        options: FillOptions,
        seed: int,
        below: Below | None = None,
    ) -> Asked:
        return Asked(
            document=document,
            label=_("Fill: {backend}").format(backend=_(registry.info(self.backend).name)),
            backend=self.backend,
            params=self.params,
            options=options,
            seed=seed,
            masks=masks,
            below=below,
        )

    def _no_more_tries(self, base: Edit) -> None:
        for job in self._tries(base):
            job.cancel()

    def _submit(self, asked: Asked, needs: Needs) -> None:
        def work(progress: Progress) -> Ran:
            runtime = runtime_for("auto", needs.devices)
            return asked.run(runtime, progress, measured=not registry.needs_loading(asked.backend, runtime))

        begin = self._editor.in_frame(asked.document, asked.label, asked.begin)
        finish = self._editor.in_frame(asked.document, asked.label, lambda ran: self._finished(asked, ran))

        def done(ran: Ran) -> None:
            self._running.pop(job, None)
            finish(ran)

        def failed() -> None:
            self._running.pop(job, None)

        job = self._editor.work.run(
            asked.label,
            work,
            done,
            begin=begin,
            failed=failed,
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
        self._measure(asked, ran)
        for note in ran.result.notes:
            self._editor.said(Message(note))
        below = asked.below
        if any(self._differs(asked, part) for part in ran.parts):
            self.offers.ask(self._result(asked, ran))
        elif below is None or not _in_force(asked.document, below.edit):
            self._put(asked, ran)
        else:
            there = _result(below.step, below.edit.label)
            self.offers.add(below.edit, there, self._result(asked, ran))

    def _result(self, asked: Asked, ran: Ran) -> Result:
        assert ran.result.step is not None
        pieces = (*ran.beside, *((part.piece.region, part.piece.pixels) for part in ran.parts))
        nbytes = sum(part.nbytes for part in ran.parts) + sum(pixels.nbytes for _region, pixels in ran.beside)
        return replace(
            _result(ran.result.step, asked.label), pieces=pieces, put=lambda: self._put(asked, ran), nbytes=nbytes
        )

    def _differs(self, asked: Asked, part: Part) -> bool:
        """Is the photo below `part` another than it was seen then? Tiles first, pixels only if one changed."""
        document, region, seen = asked.document, part.piece.region, part.seen
        return _other(document.photo, asked.revision, region, seen.pixels) or (
            seen.alpha is not None
            and document.alpha is not None
            and _other(document.alpha, asked.alpha_revision, region, seen.alpha)
        )

    def _put(self, asked: Asked, ran: Ran) -> None:
        """One edit: the filled pixels, and that part of the mask cleared. What else changed meanwhile stays.

        A try takes the place of the fill that it is a try of: in the history too, if that is the last entry.
        """
        document, below = asked.document, asked.below
        masks = tuple(_tight(region, mask) for region, mask in asked.masks)
        if below is not None and document.history.newest is below.edit:
            document.history.undo()
        above = below is not None and _in_force(document, below.edit)
        with document.edit(asked.label, ran.result.step) as edit:
            if above:
                assert below is not None
                below.put_all_back(edit, document.planes)
            for patch in patches(ran.parts):
                with edit.write(document.planes[patch.plane], patch.region) as pixels:
                    pixels[patch.where] = patch.pixels[patch.where]
            for box, part in () if above else masks:  # what is masked there now was painted since
                with edit.write(document.mask, box) as mask:
                    mask[part > 0] = 0
        self._editor.masking.remember(masks)
        self.origins.add(document, tuple(part.piece for part in ran.parts))
        self.report = ran.result

    def _measure(self, asked: Asked, ran: Ran) -> None:
        """Remember how fast the backend was: a running mean, so that one busy moment does not spoil it."""
        result = ran.result
        if ran.measured and result.filled_pixels >= SPEED_PIXELS:
            speeds = self._editor.settings.speeds
            speed = max(0.0, result.seconds - asked.overhead) / result.filled_pixels * 1e6
            speeds[asked.backend] = speed + (1 - SPEED_SHARE) * (speeds.get(asked.backend, speed) - speed)

    # --- the rest ----------------------------------------------------------------------------------------------------
    @property
    def running(self) -> bool:
        """A fill runs or waits that has not been cancelled."""
        return any(job.matters for job in self._running)

    def forget(self) -> None:
        """Another document: its results are of no use."""
        self.offers.forget()
        self.report = self._estimated = None
        self.origins = Origins()
        self._seed = 0

    def _remembered(self, backend: str) -> Any:
        """The params as kept in the settings; a value that no longer fits is left out."""
        params_class = registry.info(backend).Params
        kept = self._editor.settings.params.get(backend, {})
        fitting = {}
        for param in describe(params_class):
            if param.name in kept:
                try:
                    validate(params_class, {param.name: kept[param.name]})
                except InvalidParameter:
                    continue
                fitting[param.name] = kept[param.name]
        return validate(params_class, fitting)


def _in_force(document: Document, edit: Edit) -> bool:
    history = document.history
    return edit in history.entries[: history.position]


def _result(step: FillStep, label: str) -> Result:
    """The result of `step`, as if it were in the picture."""
    try:
        info = registry.info(step.backend)
    except UnknownBackend:  # a session that was brought back, by a method that has gone since
        return Result(step, step.backend, step.seed, label)
    return Result(step, _(info.name), step.seed if info.needs.seeded else None, label)


def _other(plane: Plane, revision: int, region: Region, before: NDArray[Any]) -> bool:
    if not plane.changed_since(revision, region):
        return False
    return plane.pixels[region.slices].tobytes() != before.tobytes()  # bytes: NaN equals itself


def _tight(region: Region, mask: Mask) -> MaskPart:
    """A window's mask cut to what it marks."""
    from lacuna.imaging.mask import bounds

    box = bounds(mask)
    return box.shift(region.y0, region.x0), mask[box.slices].copy()
