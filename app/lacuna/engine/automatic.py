"""The automatic choice: other methods are tried out beside the hole, where the truth is known, and the best one fills.

It is a backend like the others, but one that calls them, through the engine as everybody does. So it stands here and
not among them, and its fill has the bytes of a fill by the method that it chose.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.fill import Context, Filled, FillWork, Needs, Runtime
from lacuna.contract.params import number, text
from lacuna.contract.progress import Progress
from lacuna.engine import registry
from lacuna.engine.automatic_budget import budget_for, extent_of, with_trials
from lacuna.engine.automatic_choice import choose, texture_share, usual_needs
from lacuna.engine.fill import FillResult, fill
from lacuna.engine.grades import request_of, runtime_for
from lacuna.engine.trials import parted
from lacuna.errors import BackendFailed, InvalidParameter, UnsuitableMask
from lacuna.i18n import N_, _
from lacuna.imaging.photo import Hole, Pixels

ID = "auto"
# Never better than the usual methods on any of 60 holes in 20 photos of the evaluation set, and two thirds of the time
# of trials; Criminisi's loops are two thirds of what had to be compiled, too. They are tried where they are asked for
# by name.
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
        wide, thin = (with_trials(usual_needs(known, texture), several) for texture in (1.0, 0.0))
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
            budget = budget_for(extent, usual_needs(known, texture), params.seconds * math.sqrt(now.share))
            trying = budget.trials / (budget.trials + budget.fill)
            choice = choose(now, part, texture, known, extent, budget, self._runtime, turn.part(trying))
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


def _of_part(texture: float, notes: tuple[str, ...]) -> tuple[str, ...]:
    """The sentences of one choice of two, saying what it was made for."""
    about = _("Wide parts: {sentence}") if texture >= 0.5 else _("Thin marks: {sentence}")
    return tuple(about.format(sentence=note) for note in notes)


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
