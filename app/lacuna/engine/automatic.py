"""The automatic choice: other methods are tried out beside the hole, where the truth is known, and the best one fills.

It is a backend like the others, but one that calls them, through the engine as everybody does. So it stands here and
not among them, and its fill has the bytes of a fill by the method that it chose.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lacuna.contract.fill import Context, Filled, FillWork, Needs, Runtime
from lacuna.contract.params import number, text
from lacuna.contract.progress import Cancelled, Progress
from lacuna.engine import registry
from lacuna.engine.fill import FillRequest, FillResult, Window, fill, loading
from lacuna.engine.trials import Place, half_width, places
from lacuna.errors import BackendFailed, InvalidParameter, LacunaError
from lacuna.i18n import N_, _, ngettext
from lacuna.imaging.photo import Pixels
from lacuna.imaging.region import Region
from lacuna.metrics.fidelity import detail, psnr
from lacuna.metrics.patches import TruePatches

ID = "auto"

# The mix. All is weighed in dB, as what one would give up in PSNR for it.
HALVING = 0.5  # dB for each halving of detail: on wide holes the smoothest fills lead by about 1 dB with a tenth of it
CROWD = 1.0  # dB for each standard deviation that the patches as a crowd are off (swd)
MOST_HALVINGS = 4.0  # below a sixteenth, smoother is no worse
# What is best on most photos keeps its place unless another one leads by more than chance: at two places of one photo
# the same method easily differs by 1 dB. The three figures were chosen together on 40 photos of the evaluation set:
# on wide holes PSNR and detail stay within 0.05 of those of patchmatch there.
LEAD = 0.5  # dB
# In a line nobody sees texture, and only nearness counts; in a shape that is wide, texture counts in full.
LINE, SHAPE = 3.0, 8.0  # pixels from middle to rim

LEAST_PLACES, MOST_PLACES = 2, 4  # one place alone is chance; a smaller shape at two says more
PATCHES = 1500  # compared at each place and level; all of them would take longer than most fills
MARGIN = 24  # pixels around a place that measures look at
PLANNED = 0.5  # share of the time that is planned for, by what the backends say of their speed; the rest is reserve
# So many times the time, by the clock, is the end of it. Far off, as the clock on a busy machine decides by chance:
# with the time itself as the end, membrane or patchmatch was left out of 17 in 60 choices on two cores at load 7.
CLOCK = 3.0
CALL_SECONDS = 0.02  # of one trial, beside the backend's work: preparation and measuring
TRYING = 0.8  # share of the progress
# Best on most photos: what copies texture for shapes, what is smooth for lines. Taken where nothing can be tried out.
FIRST_WIDE = ("patchmatch", "criminisi")
FIRST_THIN = ("membrane", "ns")


@dataclass(frozen=True)
class AutomaticParams:
    seconds: float = number(
        4.0, 0.5, 120.0, step=0.5, unit="s", label=N_("Trial time"),
        help=N_("For each group of holes. With more time, methods are tried at more places, and slow ones too."),
    )  # fmt: skip
    methods: str = text(
        "", label=N_("Methods"), help=N_("Names of the methods to choose from, with commas; empty: all there are.")
    )


class Automatic:
    """Measures the candidates at several places beside the hole, and fills it with the best of them."""

    id = ID
    name = N_("Automatic choice")
    summary = N_("Tries the other methods beside the hole, where the truth is known, and fills with the best one.")
    Params = AutomaticParams

    def __init__(self) -> None:
        self._runtime = Runtime()

    def needs(self, params: AutomaticParams) -> Needs:
        all_needs = [info.needs for info in candidates(params)] or [Needs()]
        contexts = [needs.context for needs in all_needs]
        # Beside the hole there has to be room for another one, and no method may get less than it asks for.
        context = Context(max(128, *(c.minimum for c in contexts)), max(1.0, *(c.share for c in contexts)))
        costs = [needs.megapixel_seconds for needs in all_needs]
        return Needs(
            guides=frozenset().union(*(needs.guides for needs in all_needs)),
            context=context,
            devices=frozenset().union(*(needs.devices for needs in all_needs)),
            smooth=any(needs.smooth for needs in all_needs),  # it gets what it lacks, and may lack none
            seeded=True,
            compiles=any(needs.compiles for needs in all_needs),
            call_seconds=MOST_PLACES * len(all_needs) * CALL_SECONDS,
            megapixel_seconds=max(costs) + 2 * sum(costs),
            bytes_per_pixel=16.0 + max(needs.bytes_per_pixel for needs in all_needs),
        )

    def load(self, runtime: Runtime) -> None:
        self._runtime = runtime  # each candidate is loaded when it is first tried

    def unload(self) -> None:
        pass

    def fill(self, work: FillWork, params: AutomaticParams, progress: Progress) -> Filled:
        known = candidates(params)
        if not known:
            raise BackendFailed(_("There is no method to choose from."), hint=_("See “lacuna backends”."))
        choice = _choose(work, known, params.seconds, self._runtime, progress.part(TRYING))
        picked = next(info for info in known if info.id == choice.backend)
        request = _request(picked, work, Region.whole(work.hole.shape), work.hole)
        result = fill(
            replace(request, guides=work.guides), _runtime_for(picked, self._runtime), progress.part(1 - TRYING)
        )
        image, came_from = _put_together(work, result)
        return Filled(image, came_from=came_from, notes=(*choice.notes, *result.notes), method=choice.backend)


def candidates(params: AutomaticParams) -> list[registry.BackendInfo]:
    """What there is to choose from: those named, or all that can run. Raises UnknownBackend and InvalidParameter."""
    named = [word.strip() for word in params.methods.split(",") if word.strip()]
    if ID in named:
        sentence = _("“{value}” does not fit the setting “{name}”.").format(value=params.methods, name="methods")
        raise InvalidParameter(sentence, hint=_("Name the methods to choose from."))
    found = [registry.info(word) for word in named or registry.ids() if word != ID]
    return [info for info in found if not info.missing]


# --- choosing ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Choice:
    """The backend chosen, and the sentences that say why."""

    backend: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Grade:
    """What one method reached at one place; `swd` is 0 where texture does not count."""

    psnr: float
    detail: float
    swd: float

    def mixed(self, texture: float) -> float:
        """All in one figure, higher is better; `texture` from 0 (a line) to 1 (a wide shape) is how much it counts."""
        halvings = abs(math.log2(max(self.detail, 1e-6))) if math.isfinite(self.detail) else MOST_HALVINGS
        signal = min(self.psnr, 60.0)  # what is better cannot be seen, and infinity would drown the rest
        return signal - texture * (HALVING * min(halvings, MOST_HALVINGS) + CROWD * self.swd)


def texture_share(hole: Any) -> float:
    """How much texture counts in a hole, from 0 to 1, by its width."""
    return min(1.0, max(0.0, (half_width(hole) - LINE) / (SHAPE - LINE)))


def _choose(
    work: FillWork, known: list[registry.BackendInfo], seconds: float, runtime: Runtime, progress: Progress
) -> Choice:
    if len(known) == 1:
        return Choice(known[0].id, (_("{backend} is the only method to choose from.").format(backend=known[0].id),))
    tried, dear, found = _planned(work, known, seconds)
    notes = [_("{backend} was left out: it would take too long to try.").format(backend=info.id) for info in dear]
    texture = texture_share(work.hole)
    grades: dict[str, list[Grade]] = {info.id: [] for info in tried}
    if found:
        _warm(tried, runtime, progress)
    until = time.monotonic() + CLOCK * seconds
    for index, place in enumerate(found):
        if index and time.monotonic() > until:
            break
        truth = _Known(work, place, tried, texture)
        row: dict[str, Grade] = {}
        for info in list(tried):
            part = progress.part(1 / (len(found) * max(1, len(tried))))
            part.at(0.0, _("Trying {backend}").format(backend=info.id))
            # At the first place each has time of its own, so that a slow one takes none from the others.
            bound = until if index else time.monotonic() + CLOCK / 2 * seconds
            try:
                row[info.id] = truth.grade(info, runtime, _Bounded(part, bound))
            except Cancelled:  # its time is up, or the person's patience is: then this raises again
                progress.check()
                if index:
                    break
                notes.append(_("{backend} was left out: it would take too long to try.").format(backend=info.id))
                tried.remove(info)
            except LacunaError as error:
                notes.append(_("{backend} was left out: {reason}").format(backend=info.id, reason=error.sentence))
                tried.remove(info)
        if all(info.id in row for info in tried):  # methods are compared at the same places alone
            for info in tried:
                grades[info.id].append(row[info.id])
        else:
            break
    scored = {info.id: grades[info.id] for info in tried if grades[info.id]}
    if not scored:
        return _untried(tried or dear or known, texture, notes)
    means = {backend: float(np.mean([g.mixed(texture) for g in of])) for backend, of in scored.items()}
    usual = _usual(list(means), texture)
    if usual is not None:
        means[usual] += LEAD
    ranked = sorted(means, key=lambda backend: -means[backend])  # stable: of equals the first one listed
    count = len(scored[ranked[0]])
    sentence = ngettext(
        "{backend} was chosen, by trials at {count} place beside the hole: {grades}.",
        "{backend} was chosen, by trials at {count} places beside the hole: {grades}.",
        count,
    )
    told = "; ".join(_told(backend, scored[backend]) for backend in ranked)
    notes.insert(0, sentence.format(backend=ranked[0], count=count, grades=told))
    return Choice(ranked[0], tuple(notes))


def _warm(tried: list[registry.BackendInfo], runtime: Runtime, progress: Progress) -> None:
    """Let methods that were not used yet fill a few pixels: imports and compilation are no part of their speed.

    One that fails here fails again when it is tried, and is told of then.
    """
    image = np.random.default_rng(0).integers(0, 256, (96, 96, 3)).astype(np.uint8)
    hole = np.zeros((96, 96), bool)
    hole[40:56, 40:56] = True
    for info in tried:
        where = _runtime_for(info, runtime)
        if registry.needs_loading(info.id, where):
            progress.at(0.0, loading())
            request = _request(info, FillWork(image, hole, 255.0), Region.whole(hole.shape), hole)
            with suppress(LacunaError):
                fill(request, where, _Bounded(progress, math.inf))


def _planned(
    work: FillWork, known: list[registry.BackendInfo], seconds: float
) -> tuple[list[registry.BackendInfo], list[registry.BackendInfo], tuple[Place, ...]]:
    """Which methods are tried, cheap ones first, which are too dear for that, and where.

    By what the backends say of their speed and not by the clock, so that the same seed makes the same choice.
    """
    budget = PLANNED * seconds
    tried = sorted(known, key=lambda info: info.needs.megapixel_seconds)
    dear: list[registry.BackendInfo] = []
    least = min(512, int(np.count_nonzero(work.hole)))  # pixels: a shape made smaller than that says little
    while len(tried) > 1 and _cost(tried, least) > budget:
        dear.insert(0, tried.pop())
    dearness = sum(info.needs.megapixel_seconds for info in tried) / 1e6
    limit = max(least, int((budget / LEAST_PLACES - len(tried) * CALL_SECONDS) / max(dearness, 1e-12)))
    pixels = min(limit, int(np.count_nonzero(work.hole)))
    count = max(1, min(MOST_PLACES, int(budget / _cost(tried, pixels))))
    return tried, dear, places(work.hole, count, limit, work.seed)


def _cost(tried: list[registry.BackendInfo], pixels: int) -> float:
    return sum(info.needs.megapixel_seconds * pixels / 1e6 + CALL_SECONDS for info in tried)


def _untried(known: list[registry.BackendInfo], texture: float, notes: list[str]) -> Choice:
    ids = [info.id for info in known]
    first = _usual(ids, texture) or ids[0]
    sentence = _("Nothing could be tried out beside the hole: {backend} was taken for its width.")
    return Choice(first, (sentence.format(backend=first), *notes))


def _usual(ids: list[str], texture: float) -> str | None:
    """Which of these is best on most photos, for a hole of this width."""
    return next((name for name in (FIRST_WIDE if texture >= 0.5 else FIRST_THIN) if name in ids), None)


def _told(backend: str, grades: list[Grade]) -> str:
    mean = {name: float(np.mean([getattr(grade, name) for grade in grades])) for name in ("psnr", "detail")}
    sentence = _("{backend} {psnr} dB, detail {detail}")
    return sentence.format(backend=backend, psnr=f"{mean['psnr']:.1f}", detail=f"{mean['detail']:.2f}")


class _Known:
    """One place, as every method is given it, and the truth there."""

    def __init__(self, work: FillWork, place: Place, tried: list[registry.BackendInfo], texture: float) -> None:
        padding = max(MARGIN, *(info.needs.context.padding(place.box) for info in tried))
        self._work, self._texture = work, texture
        self._crop = place.box.pad(padding).clip(work.hole.shape)
        probe = np.zeros((self._crop.height, self._crop.width), bool)
        probe[place.box.shift(-self._crop.y0, -self._crop.x0).slices] = place.probe
        self._hole = work.hole[self._crop.slices] | probe
        near = place.box.pad(MARGIN).clip(work.hole.shape)
        self._near = near.shift(-self._crop.y0, -self._crop.x0)
        self._truth = work.image[near.slices]
        self._probe = probe[self._near.slices]
        self._patches = TruePatches(self._truth, self._probe, work.white, PATCHES) if texture > 0 else None

    def grade(self, info: registry.BackendInfo, runtime: Runtime, progress: Progress) -> Grade:
        request = _request(info, self._work, self._crop, self._hole)
        filled = _pixels(request, fill(request, _runtime_for(info, runtime), progress))[self._near.slices]
        # Pixels of the real hole nearby are nobody's truth: they are the same on both sides.
        filled = np.where(self._probe[..., None], filled, self._truth)
        asked = self._truth, filled, self._probe, self._work.white
        crowd = self._patches.distance(filled) if self._patches is not None else 0.0
        return Grade(psnr(*asked), detail(*asked), crowd)


# --- fills within the fill --------------------------------------------------------------------------------------------
def _request(info: registry.BackendInfo, work: FillWork, crop: Region, hole: Any) -> FillRequest:
    """A fill of `hole` by a method with its default settings, with the crop of the work as the whole picture."""
    sources = None if work.sources is None else work.sources[crop.slices] & ~hole
    whole = Region(0, 0, crop.height, crop.width)
    mask = hole.astype(np.uint8) * np.uint8(255)
    return FillRequest(
        windows=(Window(whole, work.image[crop.slices], mask, sources=sources),),
        size=(crop.height, crop.width),
        white=work.white,
        backend=info.id,
        params=info.Params(),
        grey=work.grey,
        seed=work.seed,
        recipe=False,
    )


def _runtime_for(info: registry.BackendInfo, runtime: Runtime) -> Runtime:
    return runtime if runtime.device in info.needs.devices else replace(runtime, device="cpu")


def _pixels(request: FillRequest, result: FillResult) -> Pixels:
    image = request.windows[0].pixels.copy()
    for piece in result.pieces:
        image[piece.region.slices] = piece.pixels
    return image


def _put_together(work: FillWork, result: FillResult) -> tuple[Pixels, Any]:
    """The filled crop, and where its pixels came from, if the method says so."""
    image = work.image.copy()
    came_from = None
    for piece in result.pieces:
        image[piece.region.slices] = piece.pixels
        if piece.came_from is not None:
            if came_from is None:
                came_from = np.full((*work.hole.shape, 2), -1, np.int32)
            came_from[piece.region.slices] = piece.came_from
    return image, came_from


class _Bounded(Progress):
    """A progress that ends by itself `until` a moment (`time.monotonic`), tells its owner nothing, and heeds it."""

    def __init__(self, owner: Progress, until: float) -> None:
        super().__init__()
        self._owner, self._until = owner, until

    def check(self) -> None:
        self._owner.check()
        if time.monotonic() > self._until:
            raise Cancelled

    def part(self, weight: float) -> Progress:
        return self

    def shown_through(self, preview: Callable[[Region, Any], None] | None) -> Progress:
        return self

    @property
    def cancelled(self) -> bool:
        return self._owner.cancelled or time.monotonic() > self._until
