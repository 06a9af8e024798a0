"""The automatic choice: other methods are tried out beside the hole, where the truth is known, and the best one fills.

It is a backend like the others, but one that calls them, through the engine as everybody does. So it stands here and
not among them, and its fill has the bytes of a fill by the method that it chose.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.fill import THIN, Context, Filled, FillWork, Needs, Runtime
from lacuna.contract.params import number, text
from lacuna.contract.progress import Cancelled, Progress
from lacuna.engine import registry
from lacuna.engine.fill import FillResult, fill
from lacuna.engine.grades import Grade, KnownPlace, request_of, runtime_for
from lacuna.engine.invention import loading
from lacuna.engine.trials import Place, parted, places
from lacuna.errors import BackendFailed, InvalidParameter, LacunaError, UnsuitableMask
from lacuna.i18n import N_, _, ngettext
from lacuna.imaging.mask import bounds, rim
from lacuna.imaging.photo import Hole, Pixels
from lacuna.imaging.region import Region

ID = "auto"

# In a line nobody sees texture, and only nearness counts; in a shape that is wide, texture counts in full.
SLOPE = 1.1  # of that, by the share of the width that tells both apart: none below 5 pixels, all above 13

# What is best on most photos is left only for a method that was clearly better at each place, and at this many. By the
# mean of all places it was left too often, since one odd place decided: which of two methods that copy comes nearer in
# PSNR beside a wide hole says nothing of the hole itself (correlation -0.2 to 0.1 on half of the evaluation set).
ENOUGH = 3
CLEARLY = 0.25  # dB
MOST_PLACES = 6
SMALLER = 0.8  # steps in which the pixels of a trial are made fewer until there is time for enough of them
LEAST_PIXELS = 512  # a shape made smaller than that says little
# So many times the time is the end, of the processor's and of the clock's. Far off, as both hang on what else runs:
# with the time itself as the clock's end, a method was left out of 17 in 60 choices on two cores at load 7.
PROCESSOR, CLOCK = 3.0, 30.0
CALL_SECONDS = 0.07  # of one trial, beside the backend's work: preparation and measuring
CALL_AREA = 2.5e5  # pixels of the crop of a trial, as a rule
CROP_SECONDS = 0.05  # a megapixel of the crop: telling marks from shapes, finding places
TWICE = 2.0  # times what the usual method alone takes is what all may take, where that is longer than the time given
# Best on most photos: what copies texture for shapes, what is smooth for lines. Taken where nothing can be tried out.
FIRST_WIDE = ("patchmatch", "criminisi")
FIRST_THIN = ("membrane", "ns")
# Never better than these on any of 60 holes in 20 photos of the evaluation set, and two thirds of the time of trials;
# Criminisi's loops are two thirds of what had to be compiled, too. They are tried where they are asked for by name.
NEVER_BETTER = frozenset({"telea", "ns", "criminisi"})


@dataclass(frozen=True)
class AutomaticParams:
    seconds: float = number(
        1.0, 0.5, 120.0, step=0.5, unit="s", label=N_("Time"),
        help=N_("For trials and fill together; a long fill takes twice its own time. More time tries more."),
    )  # fmt: skip
    methods: str = text(
        "", label=N_("Methods"),
        help=N_("Names of the methods to choose from, with commas; empty: those that were ever best in tests."),
    )  # fmt: skip


class Automatic:
    """Measures the candidates at several places beside the hole, and fills it with the best of them.

    Thin marks and wide shapes get a choice each.
    """

    id = ID
    name = N_("Automatic choice")
    summary = N_("Tries the other methods beside the hole, where the truth is known, and fills with the best one.")
    Params = AutomaticParams

    def __init__(self) -> None:
        self._runtime = Runtime()

    def needs(self, params: AutomaticParams) -> Needs:
        known = candidates(params)
        all_needs = [info.needs for info in known] or [Needs()]
        contexts = [needs.context for needs in all_needs]
        # No method may get less than it asks for, and beside the hole there has to be room for one half as large.
        context = Context(
            minimum=max(128, *(c.minimum for c in contexts)),
            share=max(0.5, *(c.share for c in contexts)),
            even=any(c.even for c in contexts),
        )
        several = len(known) > 1
        wide, thin = (_with_trials(_usual_needs(known, texture), several) for texture in (1.0, 0.0))
        return replace(
            wide,
            guides=frozenset().union(*(needs.guides for needs in all_needs)),
            edges=any(needs.edges for needs in all_needs),
            context=context,
            devices=frozenset().union(*(needs.unasked for needs in all_needs)),
            smooth=any(needs.smooth for needs in all_needs),  # it gets what it lacks, and may lack none
            seeded=True,
            compiles=any(needs.compiles for needs in all_needs),
            least_seconds=params.seconds if several else 0.0,
            marks=thin,
            # What works at a size of its own takes as much in a large crop as in a small one.
            bytes_per_pixel=16.0
            + max((needs.bytes_per_pixel for needs in all_needs if needs.size.comfortable is None), default=0.0),
            least_bytes=max(needs.bytes_per_pixel * (needs.size.comfortable or 0) ** 2 for needs in all_needs),
        )

    def load(self, runtime: Runtime) -> None:
        self._runtime = runtime  # each candidate is loaded when it is first tried

    def unload(self) -> None:
        pass

    def fill(self, work: FillWork, params: AutomaticParams, progress: Progress) -> Filled:
        known = candidates(params)
        if not known:
            raise BackendFailed(_("There is no method to choose from."), hint=_("See “lacuna backends”."))
        image, left, came_from = work.image, work.hole, None
        notes: list[str] = []
        methods: list[str] = []
        precisions: list[str] = []
        parts = parted(work.hole)
        for part in parts:
            share = float(np.count_nonzero(part) / np.count_nonzero(work.hole))
            turn = progress.part(share)
            now = replace(work, image=image, hole=left, share=work.share * share)
            extent = extent_of(part)
            texture = texture_share(extent)
            budget = _budget(extent, _usual_needs(known, texture), params.seconds * math.sqrt(now.share))
            trying = budget.trials / (budget.trials + budget.fill)
            choice = _choose(now, part, texture, known, extent, budget, self._runtime, turn.part(trying))
            picked = next(info for info in known if info.id == choice.backend)
            others = [info for info in known if info is not picked]
            used, result = self._filled([picked, *others], now, turn.part(1 - trying))
            # Marks come first: once they are filled, the shapes have more to go by.
            image, came_from = _put_in(image, came_from, part, result)
            left = left & ~part
            methods.append(used.id)
            precisions += result.precisions
            if used is not picked:
                sentence = _("{backend} could not fill this: {other} did.")
                notes.append(sentence.format(backend=picked.id, other=used.id))
            notes += (choice.notes if len(parts) == 1 else _of_part(texture, choice.notes)) + result.notes
        return Filled(
            image,
            came_from=came_from,
            notes=tuple(dict.fromkeys(notes)),
            methods=tuple(methods),
            precisions=tuple(dict.fromkeys(precisions)),
        )

    def _filled(
        self, ordered: list[registry.BackendInfo], work: FillWork, progress: Progress
    ) -> tuple[registry.BackendInfo, FillResult]:
        """The fill by the first of these that can, as some find nothing to copy where others need nothing."""
        refused: UnsuitableMask | None = None
        for info in ordered:
            try:
                return info, fill(request_of(info, work), runtime_for(info, self._runtime), progress)
            except UnsuitableMask as error:
                refused = refused or error
        assert refused is not None
        raise refused


def candidates(params: AutomaticParams) -> list[registry.BackendInfo]:
    """What there is to choose from and can run: what is named, else what may be better than others.

    Raises UnknownBackend and InvalidParameter.
    """
    named = [word.strip() for word in params.methods.split(",") if word.strip()]
    if ID in named:
        sentence = _("“{value}” does not fit the setting “{name}”.").format(value=params.methods, name="methods")
        raise InvalidParameter(sentence, hint=_("Name the methods to choose from."))
    named = list(dict.fromkeys(named))
    if named:
        found = [registry.info(word) for word in named]
    else:
        found = [registry.info(word) for word in registry.ids() if word not in NEVER_BETTER | {ID}]
        # Weights that leave a blur get their detail from patches, by what is a candidate itself and takes half as long.
        found = [info for info in found if info.needs.fine <= 1]
    return [info for info in found if not info.missing]


# --- choosing ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Choice:
    """The backend chosen, and the sentences that say why."""

    backend: str
    notes: tuple[str, ...]


def texture_share(extent: Extent) -> float:
    """How much texture counts in a hole, from 0 to 1, by its width: a half where estimates of time draw the line."""
    width = extent.pixels / max(1, extent.rim) / THIN
    return min(1.0, max(0.0, 0.5 + (width - 1.0) * SLOPE))


@dataclass(frozen=True)
class Extent:
    """Of a part of a hole: pixels, those along its rim, and those of its crop."""

    pixels: int
    rim: int
    area: int


def extent_of(part: Hole) -> Extent:
    return Extent(int(np.count_nonzero(part)), rim(part[bounds(part).pad(1).clip(part.shape).slices]), part.size)


@dataclass(frozen=True)
class _Budget:
    """Seconds, by what the backends say of their speed."""

    trials: float
    fill: float


def _budget(extent: Extent, usual: Needs, seconds: float) -> _Budget:
    """All within `seconds` together, or trials that take as long as the fill by itself."""
    alone = usual.seconds(extent.pixels, extent.rim, extent.area)
    return _Budget(max(seconds - alone, (TWICE - 1) * alone), max(alone, 1e-3))


def _usual_needs(known: list[registry.BackendInfo], texture: float) -> Needs:
    """Of the method that is best on most photos; where it is not among those known, of the dearest."""
    usual = _usual([info.id for info in known], texture)
    fitting = [info.needs for info in known if usual in (None, info.id)]
    return max(fitting, key=lambda needs: needs.megapixel_seconds, default=Needs())


def _with_trials(needs: Needs, several: bool) -> Needs:
    """As far as time goes, what a fill by a method with these needs asks for where `several` are tried before."""
    times = TWICE if several else 1.0
    return Needs(
        megapixel_seconds=times * needs.megapixel_seconds,
        rim_seconds=times * needs.rim_seconds,
        crop_seconds=times * needs.crop_seconds + CROP_SECONDS,
    )


def _choose(
    work: FillWork,
    part: Hole,
    texture: float,
    known: list[registry.BackendInfo],
    extent: Extent,
    budget: _Budget,
    runtime: Runtime,
    progress: Progress,
) -> Choice:
    """By trials with the shape of a `part` of the work's hole."""
    if len(known) == 1:
        return Choice(known[0].id, (_("{backend} is the only method to choose from.").format(backend=known[0].id),))
    usual = _usual([info.id for info in known], texture)
    tried, dear = _affordable(extent, known, usual, budget)
    if len(tried) <= 1 or any(info.id == usual for info in dear):
        sentence = _("There was no time for trials beside the hole: {backend} was taken for its width.")
        return _untried(tried if usual is None else known, texture, sentence)
    found = _places(part, work, extent, tried, budget.trials)
    notes = [_("{backend} was left out: it would take too long to try.").format(backend=info.id) for info in dear]
    grades: dict[str, list[Grade]] = {info.id: [] for info in tried}
    if found:
        _warm(tried, runtime, progress)
    end = _End.after(budget.trials)
    for index, place in enumerate(found):
        if not tried or (index and end.over):
            break
        truth = KnownPlace(work, place, tried, texture)
        row: dict[str, Grade] = {}
        for info in list(tried):
            turn = progress.part(1 / (len(found) * max(1, len(tried))))
            turn.at(0.0, _("Trying {backend}").format(backend=info.id))
            # At the first place each has time of its own, so that a slow one takes none from the others.
            bound = end if index else _End.after(budget.trials / 2)
            try:
                row[info.id] = truth.grade(info, runtime, _Bounded(turn, bound))
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
        sentence = _("Nothing could be tried out beside the hole: {backend} was taken for its width.")
        return _untried(tried or dear or known, texture, sentence, notes)
    ranked = _ranked(scored, texture)
    count = len(scored[ranked[0]])
    sentence = ngettext(
        "{backend} was chosen, by a trial at {count} place beside the hole: {grades}. {why}",
        "{backend} was chosen, by trials at {count} places beside the hole: {grades}. {why}",
        count,
    )
    told = "; ".join(_told(backend, scored[backend]) for backend in ranked)
    why = _why(ranked[0], _usual(list(scored), texture), texture, count)
    notes.insert(0, sentence.format(backend=ranked[0], count=count, grades=told, why=why))
    return Choice(ranked[0], tuple(notes))


def _warm(tried: list[registry.BackendInfo], runtime: Runtime, progress: Progress) -> None:
    """Let methods that were not used yet fill a few pixels: imports and compilation are no part of their speed.

    One that fails here fails again when it is tried, and is told of then.
    """
    image = np.random.default_rng(0).integers(0, 256, (96, 96, 3)).astype(np.uint8)
    hole = np.zeros((96, 96), bool)
    hole[40:56, 40:56] = True
    for info in tried:
        where = runtime_for(info, runtime)
        if registry.needs_loading(info.id, where):
            progress.at(0.0, loading())
            with suppress(LacunaError):
                fill(request_of(info, FillWork(image, hole, 255.0)), where, _Bounded(progress, _End.after(math.inf)))


# Which methods are tried, and where, follows from what the backends say of their speed and not from the clock, so that
# the same seed makes the same choice.
def _affordable(
    extent: Extent, known: list[registry.BackendInfo], usual: str | None, budget: _Budget
) -> tuple[list[registry.BackendInfo], list[registry.BackendInfo]]:
    """Those that can be tried, and could then fill, within the time, cheap ones first; and those too dear for that."""

    def alone(info: registry.BackendInfo) -> float:
        return info.needs.seconds(extent.pixels, extent.rim, extent.area)

    ordered = sorted(known, key=alone)
    tried = [info for info in ordered if info.id == usual or alone(info) <= budget.trials + budget.fill]
    dear = [info for info in ordered if info not in tried]
    least = min(LEAST_PIXELS, extent.pixels)
    while len(tried) > 1 and ENOUGH * _cost(tried, extent, least) > budget.trials:
        dear.insert(0, tried.pop())
    return tried, dear


def _places(
    part: Hole, work: FillWork, extent: Extent, tried: list[registry.BackendInfo], budget: float
) -> tuple[Place, ...]:
    least = min(LEAST_PIXELS, extent.pixels)
    limit = extent.pixels
    while limit > least and ENOUGH * _cost(tried, extent, limit) > budget:
        limit = max(least, int(SMALLER * limit))
    count = int(budget / _cost(tried, extent, limit))
    return places(part, work.hole, min(MOST_PLACES, max(1, count)), limit, work.seed)


def _cost(tried: list[registry.BackendInfo], extent: Extent, pixels: int) -> float:
    """Seconds of a trial of each with so many pixels of the hole, with as much of a rim as lines have."""
    edge = extent.rim * pixels / extent.pixels
    return sum(info.needs.seconds(pixels, edge, CALL_AREA) + CALL_SECONDS for info in tried)


def _ranked(scored: dict[str, list[Grade]], texture: float) -> list[str]:
    """The methods, the best one first: the usual one, unless others were better at each of enough places."""
    mixed = {backend: np.array([grade.mixed(texture) for grade in of]) for backend, of in scored.items()}
    usual = _usual(list(mixed), texture)

    def worth(backend: str) -> tuple[bool, bool, float]:
        leads = mixed[backend] - mixed[backend if usual is None else usual]
        better = len(leads) >= ENOUGH and float(leads.min()) > CLEARLY
        return better, backend == usual, float(mixed[backend].mean())

    return sorted(mixed, key=worth, reverse=True)  # stable: of equals the first one listed


def _why(chosen: str, usual: str | None, texture: float, count: int) -> str:
    """What decided, as `_ranked` does it: its figures alone do not show that."""
    if usual is None:
        return _("On the mean of all places it was the best.")
    if chosen != usual:
        return _("At every place it was clearly better than {usual}, the usual method.").format(usual=usual)
    if count < ENOUGH:
        wide = _("It is the usual method for wide shapes, and is left only for what is better at {enough} places.")
        thin = _("It is the usual method for thin marks, and is left only for what is better at {enough} places.")
    else:
        wide = _("It is the usual method for wide shapes, and no other was clearly better at every place.")
        thin = _("It is the usual method for thin marks, and no other was clearly better at every place.")
    return (wide if texture >= 0.5 else thin).format(enough=ENOUGH)


def _untried(known: list[registry.BackendInfo], texture: float, sentence: str, notes: Sequence[str] = ()) -> Choice:
    ids = [info.id for info in known]
    first = _usual(ids, texture) or ids[0]
    return Choice(first, (sentence.format(backend=first), *notes))


def _of_part(texture: float, notes: tuple[str, ...]) -> tuple[str, ...]:
    """The sentences of one choice of two, saying what it was made for."""
    about = _("Wide parts: {sentence}") if texture >= 0.5 else _("Thin marks: {sentence}")
    return tuple(about.format(sentence=note) for note in notes)


def _usual(ids: list[str], texture: float) -> str | None:
    """Which of these is best on most photos, for a hole of this width."""
    return next((name for name in (FIRST_WIDE if texture >= 0.5 else FIRST_THIN) if name in ids), None)


def _told(backend: str, grades: list[Grade]) -> str:
    mean = {name: float(np.mean([getattr(grade, name) for grade in grades])) for name in ("psnr", "detail")}
    sentence = _("{backend} {psnr} dB, detail {detail}")
    return sentence.format(backend=backend, psnr=f"{mean['psnr']:.1f}", detail=f"{mean['detail']:.2f}")


# --- fills within the fill --------------------------------------------------------------------------------------------
def _put_in(
    image: Pixels, came_from: NDArray[np.int32] | None, part: Hole, result: FillResult
) -> tuple[Pixels, NDArray[np.int32] | None]:
    """The crop with a part of its hole filled, and where its pixels came from, if a method said so."""
    image = image.copy()
    for piece in result.pieces:
        inside = part[piece.region.slices]
        image[piece.region.slices][inside] = piece.pixels[inside]
        if piece.came_from is not None:
            if came_from is None:
                came_from = np.full((*part.shape, 2), -1, np.int32)
            came_from[piece.region.slices][inside] = piece.came_from[inside]
    return image, came_from


@dataclass(frozen=True)
class _End:
    """When what is far slower than it said has to end: `time.process_time` and `time.monotonic`."""

    processor: float
    clock: float

    @classmethod
    def after(cls, seconds: float) -> _End:
        return cls(time.process_time() + PROCESSOR * seconds, time.monotonic() + CLOCK * seconds)

    @property
    def over(self) -> bool:
        return time.process_time() > self.processor or time.monotonic() > self.clock


class _Bounded(Progress):
    """A progress that has an `end` of its own, tells its owner nothing, and heeds it."""

    def __init__(self, owner: Progress, end: _End) -> None:
        super().__init__()
        self._owner, self._end = owner, end

    def check(self) -> None:
        self._owner.check()
        if self._end.over:
            raise Cancelled

    def part(self, weight: float) -> Progress:
        return self

    def shown_through(self, preview: Callable[[Region, Any], None] | None) -> Progress:
        return self

    @property
    def cancelled(self) -> bool:
        return self._owner.cancelled or self._end.over
