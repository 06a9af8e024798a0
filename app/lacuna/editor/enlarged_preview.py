"""A part of the enlarged picture, made for the eye before the whole is: beside the queue's bar, and dropped at once
when something else is wanted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.enlargement import Enlargement
from lacuna.contract.progress import Progress
from lacuna.document.document import Document
from lacuna.editor.ways import PLAIN, Way
from lacuna.engine import upscalers
from lacuna.engine.jobs import Job, JobQueue
from lacuna.engine.upscaling import UpscaleRequest, upscale
from lacuna.errors import LacunaError
from lacuna.i18n import _
from lacuna.imaging import hidden
from lacuna.imaging.photo import Pixels
from lacuna.imaging.region import Region

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor

T = TypeVar("T")

PIECE = 112  # pixels of the picture along a side: on a core half a second of the light network, two of the larger
LEAST_PIECE, LARGEST_PIECE = 192, 512  # points along a side
SPARE = 8  # pixels beyond the reach of every step


@dataclass(frozen=True)
class Sight:
    """What is looked at: the points `window` of an `enlargement` of the part `region` of the picture, made by `way`."""

    region: Region
    enlargement: Enlargement
    window: Region
    way: Way

    @property
    def compared(self) -> bool:
        """Is there a plain enlargement that would be another? Of what becomes smaller there is one way alone."""
        return self.way.method != PLAIN and self.enlargement.factor >= 1


@dataclass(frozen=True, eq=False)
class EnlargedPiece:
    """Finished points, at `region` of the enlarged part, in the picture's dtype; `plain`: those to compare with."""

    region: Region
    pixels: Pixels
    alpha: NDArray[Any] | None
    plain: bool


class EnlargedPreview:
    """At most one is made at a time: the next one cancels it. Lives on the owner's thread.

    It waits in the queue as any job does, so that one model never runs twice at once, but is listed nowhere: Esc and
    the bar are about what was asked for.
    """

    def __init__(self, editor: Editor, queue: JobQueue) -> None:
        self._editor = editor
        self._queue = queue
        self._job: Job | None = None

    @property
    def waits(self) -> bool:
        """It cannot begin before something that runs is over."""
        return self._job is not None and self._job.started is None and bool(self._editor.jobs)

    def make(
        self,
        document: Document,
        sight: Sight,
        draw: Callable[[EnlargedPiece], T],
        came: Callable[[T], object],
        ended: Callable[[LacunaError | None], object],
    ) -> None:
        """Make it. Each finished piece, plain ones first, is drawn by `draw` in the worker; `came` with that follows
        here, and `ended(error)` unless it was cancelled."""
        self.cancel()
        frozen = document.photo.freeze()
        frozen_alpha = None if document.alpha is None else document.alpha.freeze()
        white, grey, region = document.header.white, document.header.grey, sight.region
        box = _looked_at(sight, transparent=frozen_alpha is not None)

        def work(progress: Progress) -> list[T]:
            made: list[T] = []
            there = box.shift(region.y0, region.x0)
            pixels = _only(frozen.read(there), box, (region.height, region.width, 3))
            alpha = None
            if frozen_alpha is not None:
                alpha = _only(frozen_alpha.read(there), box, (region.height, region.width))
                frozen_alpha.release()
            frozen.release()
            plain = [(sight.window, PLAIN, "")] if sight.compared else []
            chosen = [(piece, sight.way.method, sight.way.model) for piece in pieces(sight.window, sight.enlargement)]
            device = "auto"  # until a card has failed: it would fail for each piece anew
            for window, method, model in (*plain, *chosen):
                request = UpscaleRequest(
                    pixels, sight.enlargement, white, alpha, grey, method, model, device, region=window
                )
                found = upscale(request, progress.part(1 / (len(plain) + len(chosen))))
                device = found.device if method == sight.way.method else device
                piece = EnlargedPiece(window, found.pixels, found.alpha, plain=bool(plain) and method == PLAIN)
                made.append(draw(piece))
                progress.show(window, made[-1])
            return made

        def over(job: Job) -> None:
            if self._job is job:
                for drawn in job.result or ():  # what came last before the end is not told as a preview
                    show(sight.window, drawn)
                self._job = None
                ended(job.error)

        shown: list[T] = []

        def show(_region: Region, drawn: T) -> None:
            if self._job is job and not any(drawn is before for before in shown):
                shown.append(drawn)
                came(drawn)

        self._job = job = Job(_("Preview"), work)
        job.previewed.add(show)
        self._queue.submit(job, over)

    def cancel(self) -> None:
        """Nothing more comes of the one that is being made."""
        if self._job is not None:
            job, self._job = self._job, None
            job.cancel()


def pieces(window: Region, enlargement: Enlargement) -> list[Region]:
    """The window cut into pieces, the middle first: there people look."""
    side = min(LARGEST_PIECE, max(LEAST_PIECE, round(PIECE * enlargement.factor)))
    rows, columns = (_cut(*ends, side) for ends in ((window.y0, window.y1), (window.x0, window.x1)))
    found = [Region(y0, x0, y1, x1) for y0, y1 in rows for x0, x1 in columns]
    middle = (window.y0 + window.y1) / 2, (window.x0 + window.x1) / 2

    def apart(piece: Region) -> float:
        return math.hypot((piece.y0 + piece.y1) / 2 - middle[0], (piece.x0 + piece.x1) / 2 - middle[1])

    return sorted(found, key=apart)


def _cut(begin: int, end: int, side: int) -> list[tuple[int, int]]:
    count = max(1, round((end - begin) / side))
    ends = [begin + (end - begin) * number // count for number in range(count + 1)]
    return list(pairwise(ends))


def _looked_at(sight: Sight, *, transparent: bool) -> Region:
    """The pixels of the part that the window can depend on."""
    whole, window = sight.enlargement, sight.window
    needs = upscalers.upscaler(sight.way.method).needs(sight.way.model)
    reach = SPARE + 2 * max(needs.reach, upscalers.upscaler(PLAIN).needs("").reach)  # of all steps: they get smaller
    if whole.factor < 1:
        reach = SPARE + math.ceil(reach / whole.factor)
    if transparent:
        reach += hidden.REACH  # what cannot be seen has the colours around it
    return (
        Region(
            math.floor(window.y0 / whole.down),
            math.floor(window.x0 / whole.across),
            math.ceil(window.y1 / whole.down),
            math.ceil(window.x1 / whole.across),
        )
        .pad(reach)
        .clip((whole.height, whole.width))
    )


def _only(part: NDArray[Any], box: Region, shape: tuple[int, ...]) -> NDArray[Any]:
    """An array of this shape of which only `box` is there: the rest is never touched and takes no memory."""
    whole = np.zeros(shape, part.dtype)
    whole[box.slices] = part
    return whole
