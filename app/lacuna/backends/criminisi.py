"""Copies of the picture's own patches, in the order in which edges and what is known run into the hole.

Criminisi, Perez and Toyama, "Region filling and object removal by exemplar-based image inpainting", 2004; the loops are
in `lacuna.kernels.criminisi`. Deep pictures are compared in 8 bits, and what is copied is their own values.

Patches are compared in RGB: in Lab of 8 bits, on twenty photos of the evaluation set with three masks each, fills came
out the same (by +0.01, +0.04 and -0.06 dB).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.backends.criminisi_card import Card, CardFailed, by_card, release
from lacuna.backends.criminisi_race import race
from lacuna.backends.patch_crew import Crew
from lacuna.backends.patch_echoes import echoes
from lacuna.backends.patch_levels import bytes_for
from lacuna.backends.patch_lines import planes, softly
from lacuna.contract.fill import Context, Filled, FillWork, Needs, Runtime
from lacuna.contract.guides import Guide, lines_of
from lacuna.contract.params import choice, integer
from lacuna.contract.progress import Progress
from lacuna.errors import UnsuitableMask
from lacuna.i18n import N_, _
from lacuna.imaging.photo import Hole, Pixels
from lacuna.imaging.region import Region

STEP = 50_000  # blocks of candidates between two looks at the cancel switch: 5 to 20 ms
SHARED = 6_000  # blocks from which a search is worth the time that it takes to wake another thread
SHOWN = 0.1  # seconds between two pictures of the growing fill
FLOOR = 0.3  # of the data term, by measurement: 0.001 keeps closest to the paper and is 0.2 dB worse
GUESSES = 64  # random searches for each target; 16 and 256 fill as well, within what twelve photos can tell
WHOLE = 1 << 20  # context and reach that no picture exceeds


class Search(Enum):
    """Where sources are looked for."""

    RING = "ring"
    WHOLE = "whole"


class Method(Enum):
    """How a source is looked for."""

    EXACT = "exact"
    PATCHMATCH = "patchmatch"


@dataclass(frozen=True)
class CriminisiParams:
    patch: int = integer(
        9, 3, 31, step=2, unit="px", label=N_("Patch size"),
        help=N_("Side of the squares that are compared. Larger keeps structures together, smaller fits more often."),
    )  # fmt: skip
    core: int = integer(
        3, 1, 31, step=2, unit="px", label=N_("Copied part"),
        help=N_("Side of the middle of a patch that is copied, at most the patch. Smaller fits better and is slower."),
    )  # fmt: skip
    search: Search = choice(  # noqa: RUF009 (a field, as the others)
        Search.RING, ((Search.RING, N_("Around the spot")), (Search.WHOLE, N_("Whole picture"))), label=N_("Look in"),
        help=N_("What is near fits best as a rule. The whole picture takes longer, by its size."),
    )  # fmt: skip
    ring: int = integer(
        100, 10, 2000, unit="px", label=N_("Ring"),
        help=N_("How far from a spot patches are looked for; further away only where there is none."),
    )  # fmt: skip
    method: Method = choice(  # noqa: RUF009 (a field, as the others)
        Method.EXACT, ((Method.EXACT, N_("Exact")), (Method.PATCHMATCH, N_("By chance (PatchMatch)"))),
        label=N_("Search"),
        help=N_("By chance is for large pictures: what continues the neighbours and what is drawn at random is tried."),
    )  # fmt: skip


class Criminisi:
    """Exemplar filling by patch priority. Good at straight edges and texture; every pixel is one of the picture's."""

    id = "criminisi"
    name = N_("Exemplar patches (Criminisi)")
    summary = N_("Objects on texture and along straight edges: copies small patches of the picture, edges first.")
    Params = CriminisiParams

    def __init__(self) -> None:
        self._threads = 1
        self._has_card = False

    def needs(self, params: CriminisiParams) -> Needs:
        whole, exact = params.search is Search.WHOLE, params.method is Method.EXACT
        core = min(params.core, params.patch)
        return Needs(
            guides=frozenset({Guide.SOURCE, Guide.NEVER, Guide.LINE}),
            context=Context(minimum=WHOLE if whole else params.ring + params.patch, share=0.0),
            devices=frozenset({"cpu", "cuda"} if exact else {"cpu"}),
            # Within a ring a fill takes less time than torch and the card take to start.
            on_request=frozenset() if whole else frozenset({"cuda"}),
            compiles=True,
            seeded=not exact,
            megapixel_seconds=(150.0 if whole and exact else 25.0) * 3.0 / core,
            bytes_per_pixel=60.0,  # the planes of sums alone are 24; what belongs to the front lies in the hole alone
        )

    def load(self, runtime: Runtime) -> None:
        import cv2

        from lacuna.kernels import criminisi

        self._cv2, self._kernel = cv2, criminisi
        self._threads = max(1, runtime.threads)
        self.unload()  # another runtime may do without the card
        self._has_card = runtime.device == "cuda"
        # Compiled at the first use on this machine, here, where the job says that it is loading.
        state = self._small()
        criminisi.aim(state)
        criminisi.search(state, 0, 1, state.best)
        criminisi.copy(state)
        criminisi.step(state, 1)
        if self._has_card:
            self._load_card()

    def _small(self) -> Any:
        """A fill of one pixel."""
        image = np.zeros((8, 8, 3), np.uint8)
        hole = np.zeros((8, 8), bool)
        hole[4, 4] = True
        state = self._kernel.start(image, hole, ~hole, radius=1, core=1, reach=WHOLE, floor=FLOOR)
        assert state is not None
        return state

    def _load_card(self) -> None:
        from lacuna.kernels.criminisi_ahead import ahead_of

        state = self._small()
        with suppress(CardFailed):  # a fill meets it again, and says so
            for _moment in by_card(state, Card(state), ahead_of(state), lambda: None):
                pass

    def unload(self) -> None:
        if self._has_card:
            self._has_card = False
            release()

    def fill(self, work: FillWork, params: CriminisiParams, progress: Progress) -> Filled:
        _refuse_thin(work, params.patch)
        sources = ~work.hole if work.sources is None else work.sources
        image = bytes_for(work).of(work.image)
        exact = params.method is Method.EXACT
        led = planes(lines_of(work.guides), work.hole, self._kernel.MIDDLE)
        beside, on_lines = (None, None) if led is None else led
        film = None if led is None else bytes_for(work).of(softly(work, progress.check))
        state = self._kernel.start(
            image,
            work.hole,
            sources,
            radius=params.patch // 2,
            core=min(params.core, params.patch) // 2,
            reach=WHOLE if params.search is Search.WHOLE else params.ring,
            floor=FLOOR,
            guesses=0 if exact else GUESSES,
            seed=work.seed,
            echoes=None if exact else self._echoes(image, work.hole, sources, work.seed, progress),
            beside=beside,
            urgent=on_lines,
            film=film,
            check=progress.check,
        )
        if state is None:
            raise _no_source(work, params)
        notes: list[str] = []
        moments: Iterator[None] = self._moments(state, progress.check)
        if self._has_card and exact and led is None:  # the card compares colours alone
            moments = race(state, self._moments(state, progress.check), progress.check, notes)
        result = np.array(work.image)
        pixels = np.count_nonzero(work.hole)
        shown = time.monotonic()
        for _moment in moments:
            progress.at(self._kernel.filled(state) / pixels)
            if time.monotonic() - shown >= SHOWN:
                shown = time.monotonic()
                region = Region(*self._kernel.take_changed(state))
                if not region.empty:
                    _put(result, work.image, self._kernel.came_from(state, *region.slices), region)
                    progress.show(region, result[region.slices].copy())
        whole = Region.whole(work.hole.shape)
        came_from = self._kernel.came_from(state, *whole.slices)
        _put(result, work.image, came_from, whole)
        return Filled(result, came_from=came_from, notes=tuple(notes))

    def _echoes(
        self, image: NDArray[np.uint8], hole: Hole, sources: Hole, seed: int, progress: Progress
    ) -> NDArray[np.int32]:
        with ThreadPoolExecutor(self._threads, "lacuna-criminisi") as pool:
            return echoes(self._cv2, image, hole, sources & ~hole, np.random.default_rng(seed), Crew(pool, progress))

    def _moments(self, state: Any, check: Callable[[], None]) -> Generator[None, None, None]:
        """Fill, coming back every few milliseconds."""
        kernel = self._kernel
        with ExitStack() as stack:
            pool = None
            if self._threads > 1 and state.guesses == 0:
                pool = stack.enter_context(ThreadPoolExecutor(self._threads - 1, "lacuna-criminisi"))
            while True:
                if pool is not None:
                    if not kernel.aimed(state) and not kernel.aim(state):
                        return
                    if kernel.blocks_of(state) >= SHARED:
                        self._search_together(state, pool, check)
                        kernel.copy(state)
                        yield
                        continue
                if not kernel.step(state, STEP):
                    return
                yield

    def _search_together(self, state: Any, pool: ThreadPoolExecutor, check: Callable[[], None]) -> None:
        """Search for one target in all threads. The best of their bests is the same, however many there are."""
        blocks = self._kernel.blocks_of(state)
        bests = [state.best.copy() for _ in range(self._threads)]
        for first in range(0, blocks, STEP * self._threads):
            check()
            cuts = np.linspace(first, min(blocks, first + STEP * self._threads), self._threads + 1).astype(int).tolist()
            parts = list(zip(cuts[:-1], cuts[1:], bests, strict=True))
            others = [pool.submit(self._kernel.search, state, *part) for part in parts[1:]]
            self._kernel.search(state, *parts[0])
            for other in others:
                other.result()
        state.best[:] = min(bests, key=lambda best: tuple(best.tolist()))


def _put(result: Pixels, image: Pixels, came_from: NDArray[np.int32], region: Region) -> None:
    """Copy what was filled within `region` from its sources; `came_from` is that region's."""
    there = came_from[..., 0] >= 0
    y, x = came_from[there].T
    result[region.slices][there] = image[y, x]


def _refuse_thin(work: FillWork, patch: int) -> None:
    thin = min(work.hole.shape)  # of the picture: a crop is thinner than its context only where the picture is
    if thin < patch:
        raise UnsuitableMask(
            _("A picture {side} px thin has no room for a patch of {patch} × {patch}.").format(side=thin, patch=patch),
            hint=_("Choose a smaller patch size, or another method."),
        )


def _no_source(work: FillWork, params: CriminisiParams) -> UnsuitableMask:
    """Why there is nothing to copy, and what to do about it."""
    if work.sources is not None:
        return UnsuitableMask(
            _("The part that may be copied holds no whole patch of {patch} × {patch} known pixels.").format(
                patch=params.patch
            ),
            hint=_("Allow a larger part to be copied, or choose a smaller patch size."),
        )
    return UnsuitableMask(
        _("Around the hole there is no whole patch of {patch} × {patch} known pixels to copy from.").format(
            patch=params.patch
        ),
        hint=_("Choose a smaller patch size or a wider area to look in, or mark less."),
    )
