"""A fill as the editor asked for it, and what the worker hands back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.edges import PredictedEdges
from lacuna.contract.fill import FillOptions, Runtime
from lacuna.contract.guides import GuideStroke
from lacuna.contract.progress import Cancelled, Progress
from lacuna.document.document import Document
from lacuna.document.edit import Edit
from lacuna.document.frozen import Frozen
from lacuna.editor.below import Below
from lacuna.engine import fill as engine
from lacuna.engine.composite import differs
from lacuna.engine.edges import predict
from lacuna.engine.fill import FillRequest, FillResult, Piece, Window
from lacuna.imaging.photo import Mask, Pixels
from lacuna.imaging.region import Region

if TYPE_CHECKING:
    from lacuna.editor.method import How

MaskPart = tuple[Region, Mask]


@dataclass(eq=False)
class Asked:
    """A fill that was asked for.

    `masks` are copies of the windows' masks at that moment. The picture is frozen when the fill's turn has come: what
    the fills before it removed is not to show in this one. The worker copies the windows from that. `redoable` is
    what the history could redo when it was asked for. `below` is set where a fill that is in the picture is tried
    again: the windows show what was there before it. `beside` are methods to try it again by once it is put in.
    `guides` are those of the picture then, and `predicted` the edges. `compared` says that others are tried with it:
    its result waits beside them until it is looked at. One that `replaces` the fill below it is no choice. One that
    `follows` the change of an edge was not asked for by itself.
    """

    document: Document
    label: str
    backend: str
    params: Any
    options: FillOptions
    seed: int
    masks: tuple[MaskPart, ...]
    redoable: Edit | None
    below: Below | None = None
    beside: tuple[How, ...] = ()
    guides: tuple[GuideStroke, ...] = ()
    compared: bool = False
    replaces: bool = False
    follows: bool = False
    predicted: tuple[PredictedEdges, ...] = ()
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
    def masked(self) -> int:
        """How many of the pixels to fill are masked in the document now."""
        mask = self.document.mask.pixels
        return sum(int(np.count_nonzero(np.minimum(mask[region.slices], part))) for region, part in self.masks)

    @property
    def changed_since(self) -> bool:
        """May the picture now be another than the one that is filled, in what the fill has seen of it?"""
        photo, alpha = self.document.photo, self.document.alpha
        return any(photo.changed_since(self.revision, region) for region, _mask in self.masks) or (
            alpha is not None
            and self.alpha is not None
            and any(alpha.changed_since(self.alpha_revision, region) for region, _mask in self.masks)
        )

    def run(self, runtime: Runtime, progress: Progress) -> Ran:
        """In the worker, once: fill, and keep of what it was made for no more than is needed to put it in."""
        request = self._request()
        try:
            result = engine.fill(request, runtime, progress)
            parts = tuple(self._part(request, piece) for piece in result.pieces)
            return Ran(replace(result, pieces=()), parts, self._beside(parts))
        finally:
            self._release()

    def predict(self, runtime: Runtime, progress: Progress) -> tuple[PredictedEdges, ...]:
        """In the worker, in place of `run`: the edges alone that the fill would complete."""
        try:
            return predict(self._request(), runtime, progress)
        finally:
            self._release()

    def _request(self) -> FillRequest:
        if self.photo is None:
            raise Cancelled  # it could not begin any more
        windows = []
        for region, mask in self.masks:
            own = self._read(region)
            if self.below is not None:
                self.below.put_back("photo", region, own.pixels)
                if own.alpha is not None:
                    self.below.put_back("alpha", region, own.alpha)
            windows.append(Window(region, own.pixels, mask, own.alpha))
        if self.below is None:
            self._release()
        header = self.document.header
        height, width = self.photo.shape[:2]
        return FillRequest(
            tuple(windows),
            (height, width),
            header.white,
            self.backend,
            self.params,
            header.grey,
            self.options,
            self.seed,
            self.guides,
            self.predicted,
        )

    def _read(self, region: Region) -> Piece:
        assert self.photo is not None
        return Piece(region, self.photo.read(region), None if self.alpha is None else self.alpha.read(region))

    def _release(self) -> None:
        for frozen in (self.photo, self.alpha):
            if frozen is not None:
                frozen.release()

    def _part(self, request: FillRequest, piece: Piece) -> Part:
        for window in request.windows:
            if window.region.intersect(piece.region) == piece.region:
                inside = piece.region.shift(-window.region.y0, -window.region.x0).slices
                alpha = None if window.alpha is None else window.alpha[inside].copy()
                before = Piece(piece.region, window.pixels[inside].copy(), alpha)
                return Part(piece, before, before if self.below is None else self._read(piece.region))
        raise ValueError(f"a piece at {piece.region} lies in no window")

    def _beside(self, parts: tuple[Part, ...]) -> tuple[tuple[Region, Pixels], ...]:
        """What has to be seen with the pieces: what the fill that is in the picture now has changed beside them."""
        if self.below is None:
            return ()
        shown = []
        for region in self.below.regions("photo"):
            if not any(region.intersect(part.piece.region) == region for part in parts):
                pixels = self._read(region).pixels
                self.below.put_back("photo", region, pixels)
                shown.append((region, pixels))
        return tuple(shown)


@dataclass(frozen=True, eq=False)
class Part:
    """A piece of a result; what it was made for; what the picture showed there: the same, unless it is a new try."""

    piece: Piece
    before: Piece
    seen: Piece

    @property
    def nbytes(self) -> int:
        """Memory that it holds."""
        distinct = {id(each): each for each in (self.piece, self.before, self.seen)}.values()
        arrays = (array for each in distinct for array in (each.pixels, each.alpha, each.came_from, each.edges))
        return sum(array.nbytes for array in arrays if array is not None)


@dataclass(frozen=True, eq=False)
class Ran:
    """What the worker hands back: the result without its pieces, and these with the picture's own pixels.

    `beside` is what is to be shown with them of what lay below the fill that they are to take the place of.
    """

    result: FillResult
    parts: tuple[Part, ...]
    beside: tuple[tuple[Region, Pixels], ...]


@dataclass(frozen=True, eq=False)
class Patch:
    """Pixels for `region` of a plane, to be put where `where` (h, w) says so."""

    plane: str
    region: Region
    pixels: NDArray[Any]
    where: NDArray[np.bool_]

    def put(self, plane: NDArray[Any]) -> None:
        """Into `plane`, the pixels of `region`. An index of bools would take six times as long."""
        np.copyto(plane, self.pixels, where=self.where if plane.ndim == 2 else self.where[..., None])


def patches(parts: tuple[Part, ...]) -> Iterator[Patch]:
    """What a result changes: what else changes below it meanwhile stays as it is."""
    for part in parts:
        piece, before = part.piece, part.before
        yield Patch("photo", piece.region, piece.pixels, differs(before.pixels, piece.pixels))
        if piece.alpha is not None and before.alpha is not None:
            yield Patch("alpha", piece.region, piece.alpha, differs(before.alpha, piece.alpha))


def tight(region: Region, mask: Mask) -> MaskPart:
    """A window's mask cut to what it marks."""
    from lacuna.imaging.mask import bounds

    box = bounds(mask)
    return box.shift(region.y0, region.x0), mask[box.slices].copy()
