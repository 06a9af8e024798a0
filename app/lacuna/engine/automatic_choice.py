"""The choice of a method by trials on known pixels beside a hole, and the sentences that say why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from lacuna.contract.fill import THIN, FillWork, Needs, Runtime
from lacuna.contract.progress import Cancelled, Progress
from lacuna.engine import registry
from lacuna.engine.automatic_budget import ENOUGH, Budget, Extent, affordable, trial_places
from lacuna.engine.bounded import Bounded, End
from lacuna.engine.fill import fill
from lacuna.engine.grades import Grade, KnownPlace, request_of, runtime_for
from lacuna.engine.invention import loading
from lacuna.errors import LacunaError
from lacuna.i18n import _, ngettext
from lacuna.imaging.photo import Hole

# In a line nobody sees texture, and only nearness counts; in a shape that is wide, texture counts in full.
SLOPE = 1.1  # of that, by the share of the width that tells both apart: none below 5 pixels, all above 13

# What is best on most photos is left only for a method that was clearly better at each place, and at `ENOUGH`. By the
# mean of all places it was left too often, since one odd place decided: which of two methods that copy comes nearer in
# PSNR beside a wide hole says nothing of the hole itself (correlation -0.2 to 0.1 on half of the evaluation set).
CLEARLY = 0.25  # dB
# Best on most photos: what copies texture for shapes, what is smooth for lines. Taken where nothing can be tried out.
FIRST_WIDE = ("patchmatch", "criminisi")
FIRST_THIN = ("membrane", "ns")


@dataclass(frozen=True)
class Choice:
    """The backend chosen, and the sentences that say why."""

    backend: str
    notes: tuple[str, ...]


def texture_share(extent: Extent) -> float:
    """How much texture counts in a hole, from 0 to 1, by its width: a half where estimates of time draw the line."""
    width = extent.pixels / max(1, extent.rim) / THIN
    return min(1.0, max(0.0, 0.5 + (width - 1.0) * SLOPE))


def choose(
    work: FillWork,
    part: Hole,
    texture: float,
    known: list[registry.BackendInfo],
    extent: Extent,
    budget: Budget,
    runtime: Runtime,
    progress: Progress,
) -> Choice:
    """By trials with the shape of a `part` of the work's hole."""
    if len(known) == 1:
        return Choice(known[0].id, (_("{backend} is the only method to choose from.").format(backend=known[0].id),))
    usual = _usual([info.id for info in known], texture)
    tried, dear = affordable(extent, known, usual, budget)
    if len(tried) <= 1 or any(info.id == usual for info in dear):
        sentence = _("There was no time for trials beside the hole: {backend} was taken for its width.")
        return _untried(tried if usual is None else known, texture, sentence)
    found = trial_places(part, work, extent, tried, budget.trials)
    notes = [_("{backend} was left out: it would take too long to try.").format(backend=info.id) for info in dear]
    grades: dict[str, list[Grade]] = {info.id: [] for info in tried}
    if found:
        _warm(tried, runtime, progress)
    end = End.after(budget.trials)
    for index, place in enumerate(found):
        if not tried or (index and end.over):
            break
        truth = KnownPlace(work, place, tried, texture)
        row: dict[str, Grade] = {}
        for info in list(tried):
            turn = progress.part(1 / (len(found) * max(1, len(tried))))
            turn.at(0.0, _("Trying {backend}").format(backend=info.id))
            # At the first place each has time of its own, so that a slow one takes none from the others.
            bound = end if index else End.after(budget.trials / 2)
            try:
                row[info.id] = truth.grade(info, runtime, Bounded(turn, bound))
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
    ranked = ranked_by(scored, texture)
    count = len(scored[ranked[0]])
    sentence = ngettext(
        "{backend} was chosen, by a trial at {count} place beside the hole: {grades}. {why}",
        "{backend} was chosen, by trials at {count} places beside the hole: {grades}. {why}",
        count,
    )
    told = "; ".join(_told(backend, scored[backend]) for backend in ranked)
    why = why_chosen(ranked[0], _usual(list(scored), texture), texture, count)
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
                fill(request_of(info, FillWork(image, hole, 255.0)), where, Bounded(progress, End.after(math.inf)))


def ranked_by(scored: dict[str, list[Grade]], texture: float) -> list[str]:
    """The methods, the best one first: the usual one, unless others were better at each of enough places."""
    mixed = {backend: np.array([grade.mixed(texture) for grade in of]) for backend, of in scored.items()}
    usual = _usual(list(mixed), texture)

    def worth(backend: str) -> tuple[bool, bool, float]:
        leads = mixed[backend] - mixed[backend if usual is None else usual]
        better = len(leads) >= ENOUGH and float(leads.min()) > CLEARLY
        return better, backend == usual, float(mixed[backend].mean())

    return sorted(mixed, key=worth, reverse=True)  # stable: of equals the first one listed


def why_chosen(chosen: str, usual: str | None, texture: float, count: int) -> str:
    """What decided, as `ranked_by` does it: its figures alone do not show that."""
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


def _usual(ids: list[str], texture: float) -> str | None:
    """Which of these is best on most photos, for a hole of this width."""
    return next((name for name in (FIRST_WIDE if texture >= 0.5 else FIRST_THIN) if name in ids), None)


def _told(backend: str, grades: list[Grade]) -> str:
    mean = {name: float(np.mean([getattr(grade, name) for grade in grades])) for name in ("psnr", "detail")}
    sentence = _("{backend} {psnr} dB, detail {detail}")
    return sentence.format(backend=backend, psnr=f"{mean['psnr']:.1f}", detail=f"{mean['detail']:.2f}")


def usual_needs(known: list[registry.BackendInfo], texture: float) -> Needs:
    """Of the method that is best on most photos; where it is not among those known, of the dearest."""
    usual = _usual([info.id for info in known], texture)
    fitting = [info.needs for info in known if usual in (None, info.id)]
    return max(fitting, key=lambda needs: needs.megapixel_seconds, default=Needs())
