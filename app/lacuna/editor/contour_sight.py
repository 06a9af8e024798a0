"""What is seen of edges: those of the picture around the hole, those that were predicted in it, at the zoom in view.

It is made beside the queue, of the part in view alone and of a level of the picture that is no larger than the screen,
so that a picture of 100 megapixels costs what a small one does. Nothing waits for it, and it is listed nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.edges import PredictedEdges
from lacuna.contract.guides import Guide, GuideStroke, marked
from lacuna.contract.progress import Progress
from lacuna.document.document import Document
from lacuna.engine.jobs import Job, JobQueue, State
from lacuna.errors import LacunaError
from lacuna.i18n import _
from lacuna.imaging.colour import to_bytes
from lacuna.imaging.edges import canny, grey_values
from lacuna.imaging.photo import Hole, Mask, Pixels
from lacuna.imaging.region import Region

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor

T = TypeVar("T")
USED = 6  # how much fainter edges are whose hole is filled: well below half as strong, as they are drawn


@dataclass(frozen=True, eq=False)
class ContourMap:
    """Edges of a level of the picture, `size` of whose pixels are one of it along either axis, at its `region`.

    `picture` (h, w) bool is where the picture has edges, `predicted` (h, w) uint8 how sure a model is of them in the
    `hole` (h, w), 255 wholly, without those that were rubbed out.
    """

    region: Region
    size: int
    picture: Hole
    predicted: Mask
    hole: Hole


@dataclass(frozen=True, eq=False)
class Looked:
    """All that a map is made of: pixels of a level at its `region`, the mask there, and what lies over both."""

    region: Region
    size: int
    pixels: Pixels
    white: float
    mask: Mask
    predicted: tuple[PredictedEdges, ...]
    strokes: tuple[GuideStroke, ...]
    sigma: float


class ContourSight:
    """At most one is made at a time: the next one cancels it. Lives on the owner's thread."""

    def __init__(self, editor: Editor, queue: JobQueue) -> None:
        self._editor = editor
        self._queue = queue
        self._job: Job | None = None

    def make(
        self,
        document: Document,
        level: int,
        region: Region,
        draw: Callable[[ContourMap], T],
        came: Callable[[T], None],
        failed: Callable[[LacunaError], None],
    ) -> None:
        """Map `region` of a level of the picture; `draw` it in the worker, then `came` with that here, or `failed`."""
        self.cancel()
        looked = self._looked(document, level, region)

        def work(progress: Progress) -> T:
            progress.check()
            found = contour_map(looked)
            progress.check()
            return draw(found)

        def over(job: Job) -> None:
            if self._job is job:
                self._job = None
                if job.state is State.DONE:
                    came(job.result)
                elif job.error is not None:
                    failed(job.error)

        self._job = job = Job(_("Edges"), work)
        self._queue.submit(job, over, beside=True)

    def cancel(self) -> None:
        """Nothing more comes of the one that is being made."""
        if self._job is not None:
            job, self._job = self._job, None
            job.cancel()

    def _looked(self, document: Document, level: int, region: Region) -> Looked:
        contours, photo = self._editor.contours, document.photo_pyramid
        pixels = photo.read(level, region).copy()
        return Looked(
            region,
            1 << level,
            pixels,
            document.header.white if level == 0 else 255.0,
            document.mask_pyramid.read(level, region).copy(),
            tuple(self._as_valid(document)),
            contours.strokes,
            contours.sigma,
        )

    def _as_valid(self, document: Document) -> Iterator[PredictedEdges]:
        """The edges that a fill may follow: faint where that has been done and can be done again alone."""
        again = self._editor.filling.base(document) is not None
        for edges in document.predicted:
            if (document.mask.pixels[edges.region.slices][edges.hole] > 0).any():
                yield edges
            elif again:
                yield replace(edges, strength=edges.strength // USED)


def contour_map(looked: Looked) -> ContourMap:
    """The edges that are seen there."""
    hole = looked.mask > 0
    predicted = np.zeros(hole.shape, np.uint8)
    for edges in looked.predicted:
        side, box = looked.size, edges.region
        covered = Region(box.y0 // side, box.x0 // side, -(-box.y1 // side), -(-box.x1 // side))
        part = covered.intersect(looked.region)
        if not part.empty:
            here = part.slices_in(looked.region)
            strength, inside = _reduced(edges, part, side, looked.strokes)
            np.copyto(predicted[here], strength, where=inside)
            hole[here] |= inside
    shown = to_bytes(looked.pixels, looked.white) * np.float32(1 / 255)
    return ContourMap(looked.region, looked.size, canny(grey_values(shown), ~hole, looked.sigma), predicted, hole)


def _reduced(
    edges: PredictedEdges, part: Region, side: int, strokes: tuple[GuideStroke, ...]
) -> tuple[Mask, NDArray[np.bool_]]:
    """The strongest edge and whether any hole is in each square of `side` pixels, of `part` of the level."""
    full = Region(part.y0 * side, part.x0 * side, part.y1 * side, part.x1 * side)
    inner = full.intersect(edges.region)
    strength, hole = edges.strength[inner.slices_in(edges.region)], edges.hole[inner.slices_in(edges.region)]
    own = [stroke.shift(-inner.y0, -inner.x0) for stroke in strokes]
    rubbed = marked(own, Guide.ERASE_EDGE, hole.shape)
    strength = np.where(hole & (rubbed == 0) if rubbed is not None else hole, strength, np.uint8(0))
    margins = [(inner.y0 - full.y0, full.y1 - inner.y1), (inner.x0 - full.x0, full.x1 - inner.x1)]
    squares = (part.height, side, part.width, side)
    strongest = np.pad(strength, margins).reshape(squares).max(axis=(1, 3))
    return strongest, np.asarray(np.pad(hole, margins).reshape(squares).any(axis=(1, 3)))
