"""Completion by matching patches: each patch that touches the hole is made like one of the known picture.

Wexler, Shechtman and Irani, "Space-time completion of video", 2007: from coarse to fine, in rounds of search and vote.
Barnes et al., "PatchMatch", 2009, for the search. Newson, Almansa, Gousseau and Pérez, "Non-local patch-based image
inpainting", 2017, section 2.2, for comparing how textured two patches are beside their colours: without it a smooth
patch fits everywhere a little and wide holes wash out. What may be done to patches beyond moving them is in
`patch_turns`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from lacuna.backends.patch_crew import Crew
from lacuna.backends.patch_fields import Field, Hunt, PlainField, seeds_for
from lacuna.backends.patch_islands import fill_each
from lacuna.backends.patch_levels import (
    PATCH,
    Descent,
    Floats,
    Level,
    Places,
    bytes_for,
    descent_of,
    enlarge,
    halved,
    level_of,
    roughness,
)
from lacuna.backends.patch_lines import Beside, begun, beside, held
from lacuna.backends.patch_offsets import Repeats, apart, dominant, guess
from lacuna.backends.patch_planes import Voters, Ways, fill_along
from lacuna.backends.patch_rim import in_depth, met, relax, voted
from lacuna.backends.patch_turns import Freedom, TurnedField
from lacuna.backends.planes import planes_of
from lacuna.contract.fill import Filled, FillWork, Needs, Runtime
from lacuna.contract.guides import Guide, lines_of
from lacuna.contract.params import integer, number, switch
from lacuna.contract.progress import Progress
from lacuna.errors import UnsuitableMask
from lacuna.i18n import N_, _
from lacuna.imaging.region import Region

# Rounds of search and vote from the coarsest size on: there the structure is found, later it is only refined.
ROUNDS = (30, 15, 8, 5, 4, 3)
STARTED_ROUNDS = (4, 3, 2)  # where the structure is there already
STARTED_SHARPNESS = 3.0  # an average is what there is already
FIRST_SEARCHES = 4  # in a fill that is started, before patches begin to change it
NOISE = 3000.0  # squared difference of two like patches: 64 pixels of three channels with a noise of 4 levels
START_SWEEPS = 200  # of relaxation: plenty for a hole that is a few patches wide
NEAR = 64  # pixels: how far the random search begins to look once a coarser size has found the place
KNOWN = 60_000  # known places that are matched among each other: some 100 ms
KNOWN_ROUNDS = 4
NO_REPEATS = Repeats(np.zeros((0, 2), np.int64))

T = TypeVar("T")


@dataclass(frozen=True)
class PatchMatchParams:
    start: int = integer(
        52, 12, 100, unit="px", label=N_("Start"),
        help=N_("Width of the hole at the smallest size. Small invents more structure, large stays calmer."),
    )  # fmt: skip
    rounds: float = number(
        1.0, 0.25, 4.0, step=0.25, label=N_("Rounds"),
        help=N_("How often patches are sought and averaged, as a multiple of the usual. More is slower."),
    )  # fmt: skip
    texture: float = number(
        4.0, 0.0, 16.0, step=0.5, label=N_("Texture"),
        help=N_("How much it counts that a patch is as rough as its surroundings. 0 compares colours alone."),
    )  # fmt: skip
    regular: bool = switch(
        True, label=N_("Regular structure"),
        help=N_("Look first for the distances at which the picture repeats itself: windows, fences, tiles."),
    )  # fmt: skip
    planes: bool = switch(
        False, label=N_("Planes"),
        help=N_("Go on along walls, floors and facades that are seen at a slant, as their lines tell."),
    )  # fmt: skip
    shift: float = number(
        16.0, 0.0, 100.0, step=1.0, label=N_("Colour shift"),
        help=N_("By how much of 255 a copied patch may be made brighter, darker or tinted to fit in."),
    )  # fmt: skip
    sharpness: float = number(
        0.25, 0.0, 3.0, step=0.25, label=N_("Sharpness"),
        help=N_("How much better patches outweigh others. High copies and keeps grain, low averages."),
    )  # fmt: skip
    rotate: int = integer(
        0, 0, 180, unit="°", label=N_("Turn by up to"),
        help=N_("Patches may be turned either way by up to this angle. Slower, by two to four times."),
    )  # fmt: skip
    scale: float = number(
        1.0, 1.0, 2.0, step=0.1, label=N_("Scale by up to"),
        help=N_("Patches may be made larger or smaller by up to this factor. Slower, by two to four times."),
    )  # fmt: skip
    mirror: bool = switch(
        False, label=N_("Mirror"),
        help=N_("Patches may be mirrored left to right; with turns of 180° every way. Slower, by two to four times."),
    )  # fmt: skip
    contrast: float = number(
        1.0, 1.0, 2.0, step=0.1, label=N_("Contrast by up to"),
        help=N_("By what factor the contrast of a copied patch may be raised to fit in. Slower, by two to four times."),
    )  # fmt: skip


class PatchMatch:
    """Coarse to fine; every filled pixel knows where its best patch came from."""

    id = "patchmatch"
    name = N_("Matching patches (PatchMatch)")
    summary = N_("Objects, people, wide holes: made of patches of the picture itself, in a second.")
    Params: ClassVar[type] = PatchMatchParams

    def needs(self, params: PatchMatchParams) -> Needs:
        dearness = params.rounds * (1.0 if _freedom(params).none else 3.0)
        return Needs(
            guides=frozenset({Guide.SOURCE, Guide.NEVER} | (set() if params.planes else {Guide.LINE, Guide.HINT})),
            seeded=True,
            compiles=True,
            starts=True,
            megapixel_seconds=4.5 * dearness,
            rim_seconds=0.1 * dearness,  # there are more patches to a pixel there, and fewer sizes that halve the work
            crop_seconds=0.15,
            bytes_per_pixel=48.0,
        )

    def load(self, runtime: Runtime) -> None:
        import cv2

        from lacuna.kernels import patch_planes, patch_votes

        self._cv2, self._votes, self._planes = cv2, patch_votes, patch_planes
        self._threads = runtime.threads
        # Whatever has still to be compiled is compiled here, where the program says that it loads: two sizes use all.
        image = np.random.default_rng(0).integers(0, 256, (128, 128, 3)).astype(np.uint8)
        image.flags.writeable = False  # as the engine's: for one that may be written the compiler starts anew
        hole = np.zeros((128, 128), bool)
        hole[32:96, 32:96] = True
        self.fill(FillWork(image, hole, 255.0), PatchMatchParams(), Progress())

    def unload(self) -> None:
        pass

    def fill(self, work: FillWork, params: PatchMatchParams, progress: Progress) -> Filled:
        progress.check()
        if not params.planes:
            return self._plain(work, params, progress)
        planes = planes_of(self._cv2, bytes_for(work).of(work.image), work.hole, progress)
        if not planes:
            note = _("No plane was found: the lines around the hole do not run to two vanishing points.")
            return replace(self._plain(work, params, progress), notes=(note,))
        straight = replace(params, rotate=0, scale=1.0, mirror=False, contrast=1.0)  # planes say how patches lie
        ways = Ways(
            search=lambda work, repeats, progress: self._search(
                work, straight, progress, lambda run, _progress: run.voters(), repeats if params.regular else NO_REPEATS
            ),
            plain=lambda work, progress: self._search(work, params, progress, _Run.result),
            cv2=self._cv2,
            collect=self._planes.collect,
            votes=self._votes,
        )
        return fill_along(planes, work, ways, progress)

    def _plain(self, work: FillWork, params: PatchMatchParams, progress: Progress) -> Filled:
        return fill_each(self._cv2, work, lambda own, part: self._search(own, params, part, _Run.result), progress)

    def _search(
        self,
        work: FillWork,
        params: PatchMatchParams,
        progress: Progress,
        outcome: Callable[[_Run, Progress], T],
        repeats: Repeats = NO_REPEATS,
    ) -> T:
        """The `outcome` of one run from coarse to fine over `work`, of which some `repeats` may be known already."""
        work = begun(work, progress.check)
        descent = descent_of(self._cv2, work, params.start, params.texture)
        levels = self._levels(work, descent)
        progress.check()
        random = np.random.default_rng(work.seed)
        with ThreadPoolExecutor(self._threads, "lacuna-patches") as pool:
            run = _Run(self, work, params, levels, descent.settled, Crew(pool, progress), random, repeats)
            run.descend(progress)
            return outcome(run, progress)

    def _levels(self, work: FillWork, descent: Descent) -> list[Level]:
        """The sizes to work at, finest first. Raises UnsuitableMask where there is nothing to copy."""
        cv2, hole = self._cv2, work.hole
        if min(hole.shape) < PATCH:
            raise _nothing_to_copy(work)
        source = ~hole if work.sources is None else work.sources & ~hole
        rgbx = np.empty((*hole.shape, 4), np.uint8)
        rgbx[..., :3] = bytes_for(work).of(work.image)
        rgbx[..., 3] = roughness(cv2, rgbx[..., :3], hole, descent.texture)
        rgbx[hole] = 0  # what stood there must not matter
        levels: list[Level] = []
        while len(levels) < descent.count and (level := level_of(cv2, rgbx, hole, source)) is not None:
            levels.append(level)
            rgbx, hole, source = halved(cv2, rgbx, hole, source)
        if not levels:
            raise _nothing_to_copy(work)
        return levels


class _Run:
    """One fill: its levels, and the state that goes from one to the next."""

    def __init__(
        self,
        backend: PatchMatch,
        work: FillWork,
        params: PatchMatchParams,
        levels: list[Level],
        settled: bool,
        crew: Crew,
        random: np.random.Generator,
        repeats: Repeats,
    ) -> None:
        self._cv2, self._votes = backend._cv2, backend._votes
        self._shift = round(PATCH**2 * params.shift)
        self._work, self._params, self._levels, self._settled = work, params, levels, settled
        self._crew, self._random = crew, random
        self._repeats = repeats
        self._measured = 0  # the level they were measured at
        self._costs = np.zeros(0, np.int32)  # of the level's targets
        self._field: Field | None = None  # of the finest level, once it is found
        self._beside: Beside  # what the lines say of the level
        self._held = held(work, len(levels) - 1)

    def descend(self, progress: Progress) -> None:
        """From the coarsest level to the finest: each begins with what the one before has found."""
        usual = STARTED_ROUNDS if self._settled else ROUNDS
        rounds = [max(1, round(self._params.rounds * usual[min(i, len(usual) - 1)])) for i in range(len(self._levels))]
        price = [r * level.targets.size for r, level in zip(rounds, reversed(self._levels), strict=True)]
        self._find_offsets()
        lines = lines_of(self._work.guides)
        coarser: Field | None = None
        for level, count, cost in zip(reversed(self._levels), rounds, price, strict=True):
            part = progress.part(0.98 * cost / sum(price))
            self._beside = beside(lines, self._work.hole, level, self._levels.index(level))
            self._beside.put(level)
            self._costs = np.zeros(level.targets.size, np.int32)
            field = self._field_of(level)
            if coarser is None:
                self._begin(level, progress)
                self._beside.put(level)
                field.begin(self._random, self._crew)
                radius = max(level.height, level.width)
                if self._settled:
                    self._hunt(field, FIRST_SEARCHES, radius)
            else:
                enlarge(self._cv2, level, coarser.level)
                self._beside.put(level)
                field.inherit(coarser, self._random, self._crew)
                self._vote(field)
                radius = NEAR
            for number_ in range(count):
                part.at(number_ / count)
                self._hunt(field, 1, radius, backward=number_ % 2 == 1)
                self._vote(field)
            self._show(level, progress)
            coarser = field
        self._field = coarser

    def _hunt(self, field: Field, count: int, radius: int, *, backward: bool = False) -> None:
        """Rounds of search without a vote, to and fro."""
        level = field.level
        for _round in range(count):
            hunt = Hunt(self._offsets(level), radius, backward, seeds_for(level.targets.size, self._random))
            field.search(hunt, self._costs, self._crew)
            backward = not backward

    def _vote(self, field: Field) -> None:
        """What sources say of the hole, but for what the lines say of it, and colours that were put into it.

        Those are held at the smallest size, where the search decides what goes where: a person's colours are flat.
        """
        field.vote(self._weights(field.level), self._crew)
        self._beside.put(field.level)
        if field.level is self._levels[-1]:
            self._held.put(field.level)

    def _field_of(self, level: Level) -> Field:
        freedom = _freedom(self._params)
        return PlainField(level, self._shift) if freedom.none else TurnedField(level, self._shift, freedom)

    def result(self, progress: Progress) -> Filled:
        """The votes of the finest level in the picture's own depth, and where they came from."""
        assert self._field is not None
        level, image, hole = self._levels[0], self._work.image, self._work.hole
        pixels = voted(self._cv2, hole)
        values, places = self._field.collect(image, bytes_for(self._work), pixels, self._weights(level), self._crew)
        filled = image.copy()
        filled[hole] = in_depth(met(self._votes, image, hole, pixels, values, progress), image, self._work.white)
        came_from = np.full((level.height, level.width, 2), -1, np.int32)
        came_from[hole] = places[hole.reshape(-1)[pixels]]
        progress.at(1.0)
        return Filled(filled, came_from)

    def voters(self) -> Voters:
        """The finest level as it was found, of patches that are not turned, for votes that are collected elsewhere."""
        return Voters(self._levels[0], self._weights(self._levels[0]), self._shift)

    def _guess(self, level: Level) -> tuple[Floats, NDArray[np.bool_]]:
        """For each place of `level` what repetition says, and whether it says anything: made where it was measured."""
        measured = self._levels[self._measured]
        halvings = self._levels.index(level) - self._measured
        repeats = replace(self._repeats, offsets=self._repeats.offsets // (1 << self._measured))
        guessed, said = guess(self._cv2, measured, repeats)
        for _halving in range(halvings):
            height, width = said.shape[0] // 2, said.shape[1] // 2
            even = slice(2 * height), slice(2 * width)
            guessed = self._cv2.resize(guessed[even], (width, height), interpolation=self._cv2.INTER_AREA)
            said = np.asarray(said[even].reshape(height, 2, width, 2).all(axis=(1, 3)))
        return guessed.reshape(-1, 4), said.reshape(-1)

    def _begin(self, level: Level, progress: Progress) -> None:
        """A smooth fill, and in it what repetition says; or what there is to go on from."""
        values = level.picture.reshape(-1, 4).astype(np.float32)
        values[level.holes] = values[level.hole == 0].mean(axis=0)
        holes = level.holes
        if self._repeats.offsets.size and self._work.start is None:
            guessed, said = self._guess(level)
            values[said] = guessed[said]
            holes = holes[~said[holes]]
        if holes.size:
            flat = values.reshape(-1)
            relax(self._votes, flat, level.width, level.hole, holes, 0.0, START_SWEEPS, progress)
        if self._work.start is not None:  # of how rough the surroundings are it does not know
            values[level.holes, :3] = self._started(level)
        level.picture.reshape(-1, 4)[level.holes] = np.clip(np.rint(values[level.holes]), 0, 255)

    def _started(self, level: Level) -> Floats:
        """What the hole's pixels of a level are in the fill to go on from."""
        assert self._work.start is not None
        small = np.asarray(bytes_for(self._work).of(self._work.start), np.float32)
        for _halving in range(self._levels.index(level)):
            height, width = small.shape[0] // 2, small.shape[1] // 2
            even = small[: 2 * height, : 2 * width]
            small = self._cv2.resize(even, (width, height), interpolation=self._cv2.INTER_AREA)
        return np.asarray(small.reshape(-1, 3)[level.holes])

    def _find_offsets(self) -> None:
        """Where the picture repeats itself, measured at the finest size with no more than `KNOWN` places."""
        thin = len(self._levels) == 1  # across a thin hole the surroundings say enough
        if self._repeats.offsets.size or not self._params.regular or thin:
            return
        index, level = next(
            ((i, level) for i, level in enumerate(self._levels) if level.allowed.sum() <= KNOWN),
            (len(self._levels) - 1, self._levels[-1]),
        )
        places = np.flatnonzero(level.allowed).astype(np.int32)
        start = self._random.permutation(places)
        field = PlainField(level, self._shift)
        sources = field.match_known(places, start, KNOWN_ROUNDS, apart(level), self._random, self._crew)
        found = dominant(self._cv2, level, places, sources)
        self._repeats, self._measured = Repeats(found * (1 << index)), index

    def _offsets(self, level: Level) -> Places:
        """The distances at which the picture repeats itself, at one level."""
        steps = np.rint(self._repeats.offsets / (1 << self._levels.index(level))).astype(np.int32)
        return (steps[:, 0] * level.width + steps[:, 1]).astype(np.int32)

    def _weights(self, level: Level) -> NDArray[np.float32]:
        """What each patch's vote counts: more if it fits well, less if it lies deep in the hole."""
        sharpness = self._params.sharpness
        if self._settled:
            sharpness = max(sharpness, STARTED_SHARPNESS)
        fit = (self._costs.astype(np.float32) / np.float32(NOISE) + 1) ** np.float32(-sharpness)
        return fit * level.trust

    def _show(self, level: Level, progress: Progress) -> None:
        """Offer what there is for display, enlarged to the crop's size, in crop coordinates."""
        y0, x0, y1, x1 = self._levels[0].box
        scale = 1 << self._levels.index(level)
        small = level.picture.reshape(level.height, level.width, 4)[..., :3]
        part = small[y0 // scale : -(-y1 // scale), x0 // scale : -(-x1 // scale)]
        size = (part.shape[1] * scale, part.shape[0] * scale)
        big = np.asarray(self._cv2.resize(part, size, interpolation=self._cv2.INTER_LINEAR))
        big = big[y0 % scale :, x0 % scale :][: y1 - y0, : x1 - x0]
        region = Region(y0, x0, y0 + big.shape[0], x0 + big.shape[1])
        shown = self._work.image[region.slices].copy()
        hole = self._work.hole[region.slices]
        shown[hole] = bytes_for(self._work).back(big[hole], self._work.image.dtype)
        progress.show(region, shown)


def _freedom(params: PatchMatchParams) -> Freedom:
    return Freedom(params.rotate, params.scale, params.mirror, params.contrast)


def _nothing_to_copy(work: FillWork) -> UnsuitableMask:
    if work.sources is not None:
        return UnsuitableMask(
            _("The area to copy from holds no patch of {side} × {side} known pixels.").format(side=PATCH),
            hint=_("Make it larger, or allow the whole picture."),
        )
    return UnsuitableMask(
        _("Around the mask there is no patch of {side} × {side} known pixels to copy.").format(side=PATCH),
        hint=_("Mark less, or use a method that copies no patches, such as “{backend}”.").format(backend="telea"),
    )
