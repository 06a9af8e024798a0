"""Fills: what one will take, running it, and putting its result in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from lacuna.contract.fill import FillOptions, Needs
from lacuna.contract.params import describe, to_dict, validate
from lacuna.contract.progress import Cancelled, Progress
from lacuna.document.document import Document
from lacuna.document.frozen import Frozen
from lacuna.document.plane import Plane
from lacuna.editor.origins import Origins
from lacuna.editor.values import Candidate, Estimate, Message, Severity
from lacuna.engine import fill as engine
from lacuna.engine import plan, registry
from lacuna.engine.device import runtime_for
from lacuna.engine.fill import FillRequest, FillResult, Piece, Window
from lacuna.engine.jobs import Job
from lacuna.errors import InvalidParameter, UnknownBackend
from lacuna.i18n import _
from lacuna.imaging.photo import Mask, Pixels
from lacuna.imaging.region import Region

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor

SPEED_SHARE = 0.3  # of the newest measurement in the remembered speed
SPEED_PIXELS = 4096  # smaller holes measure the start, not the speed


MaskPart = tuple[Region, Mask]


@dataclass(eq=False)
class Asked:
    """A fill that was asked for.

    `masks` are copies of the windows' masks at that moment. The picture is frozen when the fill's turn has come: what
    the fills before it removed is not to show in this one. The worker copies the windows from that.
    """

    document: Document
    label: str
    backend: str
    params: Any
    options: FillOptions
    seed: int
    masks: tuple[MaskPart, ...]
    photo: Frozen | None = None
    alpha: Frozen | None = None  # where it is filled too
    revision: int = 0  # of the photo, when it was frozen
    alpha_revision: int = 0

    def begin(self) -> None:
        """On the owner's thread, when its turn has come."""
        self.photo, self.revision = self.document.photo.freeze(), self.document.photo.revision
        if self.options.alpha and self.document.alpha is not None:
            self.alpha, self.alpha_revision = self.document.alpha.freeze(), self.document.alpha.revision

    @property
    def overhead(self) -> float:
        """Seconds that it takes beside the backend's own work, as `plan.estimate` counts them."""
        area = sum(region.area for region, _mask in self.masks)
        return area / 1e6 * plan.CROP_SECONDS + len(self.masks) * plan.CUT_SECONDS

    def request(self) -> FillRequest:
        """For the worker, once."""
        if self.photo is None:
            raise Cancelled  # it could not begin any more
        alpha = self.alpha
        windows = tuple(
            Window(region, self.photo.read(region), mask, None if alpha is None else alpha.read(region))
            for region, mask in self.masks
        )
        self.photo.release()
        if alpha is not None:
            alpha.release()
        header = self.document.header
        height, width = self.photo.shape[:2]
        return FillRequest(
            windows, (height, width), header.white, self.backend, self.params, header.grey, self.options, self.seed
        )


@dataclass(frozen=True, eq=False)
class Ran:
    """What the worker hands back: what was asked, as pixels, and what came of it."""

    request: FillRequest
    result: FillResult
    measured: bool  # False: its time includes the first loading of the backend

    def before(self, region: Region) -> Window:
        """The picture's own pixels of `region`: those that its fill was made for."""
        for window in self.request.windows:
            if window.region.intersect(region) == region:
                inside = region.shift(-window.region.y0, -window.region.x0).slices
                alpha = None if window.alpha is None else window.alpha[inside]
                return Window(region, window.pixels[inside], window.mask[inside], alpha)
        raise ValueError(f"a piece at {region} lies in no window")


class Filling:
    """Which backend, with which params; at most one result waiting to be accepted."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self.candidate: Candidate | None = None
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
        return FillOptions(grow=self.growth, feather=preferences.feather, alpha=alpha, grain=grain)

    # --- running -----------------------------------------------------------------------------------------------------
    def fill(self, document: Document, otherwise: Callable[[], None] | None = None) -> None:
        """Fill what is masked and not being filled yet. `otherwise()` follows if that is cancelled or fails."""
        problem = self.estimate(document).problem
        if problem:
            self._editor.said(Message(problem, severity=Severity.WARNING, over=lambda: not self._still(problem)))
            if otherwise is not None:
                otherwise()
            return
        needs, options = self._needs(), self._fill_options()
        regions = plan.windows_for(document.mask.pixels, needs, options, document.mask_bounds())
        masks = self._without_running(document, regions)
        if not masks:
            return  # all that is masked is being filled already
        asked = Asked(
            document=document,
            label=_("Fill: {backend}").format(backend=_(registry.info(self.backend).name)),
            backend=self.backend,
            params=self.params,
            options=options,
            seed=self._seed,
            masks=masks,
        )
        self.candidate = None
        self._submit(asked, needs, otherwise)

    def _submit(self, asked: Asked, needs: Needs, otherwise: Callable[[], None] | None) -> None:
        def work(progress: Progress) -> Ran:
            runtime = runtime_for("auto", needs.devices)
            measured = not registry.needs_loading(asked.backend, runtime)
            request = asked.request()
            return Ran(request, engine.fill(request, runtime, progress), measured)

        begin = self._editor.in_frame(asked.document, asked.label, asked.begin)
        finish = self._editor.in_frame(asked.document, asked.label, lambda ran: self._finished(asked, ran))

        def done(ran: Ran) -> None:
            self._running.pop(job, None)
            finish(ran)

        def failed() -> None:
            self._running.pop(job, None)
            if otherwise is not None and self._editor.document is asked.document:
                otherwise()

        job = self._editor.work.run(
            asked.label, work, done, begin=begin, failed=failed, interruptible=needs.interruptible
        )

        frame = asked.document.frame

        def preview(region: Region, pixels: Pixels) -> None:
            if asked.document.frame == frame:
                self._editor.previewed(region, pixels)

        job.previewed.add(preview)
        self._running[job] = asked

    def _without_running(self, document: Document, regions: tuple[Region, ...]) -> tuple[MaskPart, ...]:
        """The mask in `regions`, without what a fill that runs or waits works on: that stands till it is done."""
        others = [
            part
            for job, asked in self._running.items()
            if asked.document is document and job.matters
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
        result = ran.result
        self._measure(asked, ran)
        for note in result.notes:
            self._editor.said(Message(note))
        if any(self._differs(asked, ran, piece) for piece in result.pieces):
            pieces = tuple((piece.region, piece.pixels) for piece in result.pieces)
            self.candidate = Candidate(pieces, asked.label, lambda: self._put(asked, ran))
        else:
            self._put(asked, ran)

    def _differs(self, asked: Asked, ran: Ran, piece: Piece) -> bool:
        """Is the photo below `piece` another than it was made for? Tiles first, pixels only if one changed."""
        document, region = asked.document, piece.region
        before = ran.before(region)
        return _other(document.photo, asked.revision, region, before.pixels) or (
            before.alpha is not None
            and document.alpha is not None
            and _other(document.alpha, asked.alpha_revision, region, before.alpha)
        )

    def _put(self, asked: Asked, ran: Ran) -> None:
        """One edit: the filled pixels, and that part of the mask cleared. What else changed meanwhile stays."""
        document = asked.document
        parts = tuple(_tight(region, mask) for region, mask in asked.masks)
        with document.edit(asked.label, ran.result.step) as edit:
            for piece in ran.result.pieces:
                before = ran.before(piece.region)
                filled = (piece.pixels != before.pixels).any(axis=-1)
                with edit.write(document.photo, piece.region) as pixels:
                    pixels[filled] = piece.pixels[filled]
                if piece.alpha is not None and document.alpha is not None:
                    filled = piece.alpha != before.alpha
                    with edit.write(document.alpha, piece.region) as alpha:
                        alpha[filled] = piece.alpha[filled]
            for box, part in parts:
                with edit.write(document.mask, box) as mask:
                    mask[part > 0] = 0
        self._editor.masking.remember(parts)
        self.origins.add(document, ran.result.pieces)
        self.report = replace(ran.result, pieces=())

    def _measure(self, asked: Asked, ran: Ran) -> None:
        """Remember how fast the backend was: a running mean, so that one busy moment does not spoil it."""
        result = ran.result
        if ran.measured and result.filled_pixels >= SPEED_PIXELS:
            speeds = self._editor.settings.speeds
            speed = max(0.0, result.seconds - asked.overhead) / result.filled_pixels * 1e6
            speeds[asked.backend] = speed + (1 - SPEED_SHARE) * (speeds.get(asked.backend, speed) - speed)

    # --- again, accept, drop -----------------------------------------------------------------------------------------
    def try_again(self, document: Document) -> None:
        """Take the last fill back and fill its mask anew; if that comes to nothing, the last fill is put back."""
        history = document.history
        last = history.entries[history.position - 1] if history.can_undo else None
        if last is None or last.step is None:
            self._editor.masking.reuse_last(document)
            if not document.mask_bounds().empty:
                self.fill(document)
            return
        if self._needs().seeded:
            self._seed += 1
        history.undo()
        position = history.position

        def put_back() -> None:
            if history.position == position and history.can_redo and history.entries[position] is last:
                history.redo()

        self.fill(document, put_back)

    def accept(self) -> None:
        if self.candidate is not None:
            candidate, self.candidate = self.candidate, None
            candidate.put()

    def drop(self) -> None:
        self.candidate = None

    @property
    def running(self) -> bool:
        """A fill runs or waits that has not been cancelled."""
        return any(job.matters for job in self._running)

    def forget(self) -> None:
        """Another document: its results are of no use."""
        self.candidate = self.report = self._estimated = None
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


def _other(plane: Plane, revision: int, region: Region, before: NDArray[Any]) -> bool:
    if not plane.changed_since(revision, region):
        return False
    return plane.pixels[region.slices].tobytes() != before.tobytes()  # bytes: NaN equals itself


def _tight(region: Region, mask: Mask) -> MaskPart:
    """A window's mask cut to what it marks."""
    from lacuna.imaging.mask import bounds

    box = bounds(mask)
    return box.shift(region.y0, region.x0), mask[box.slices].copy()
