"""One picture being edited: its planes, its guides, its history. No engine, no Qt; lives on one thread."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lacuna.contract.edges import PredictedEdges
from lacuna.contract.enlargement import Enlargement
from lacuna.contract.fill import FillStep
from lacuna.contract.guides import GuideStroke
from lacuna.contract.progress import Progress
from lacuna.contract.steps import CropStep, EnlargeStep, Step
from lacuna.document.edit import Edit
from lacuna.document.frozen import Frozen
from lacuna.document.history import History
from lacuna.document.occupancy import Occupancy
from lacuna.document.original import Original, keep_bytes, keep_pixels
from lacuna.document.plane import Plane
from lacuna.document.stretch import Stretch, stretched
from lacuna.document.writer import Writer
from lacuna.imaging.blank import blank
from lacuna.imaging.photo import Mask, Metadata, Photo, Pixels
from lacuna.imaging.pyramid import Pyramid
from lacuna.imaging.region import Region

BUDGET = 256 << 20  # bytes of undo and redo in memory, unless the settings say otherwise


@dataclass(frozen=True)
class Frame:
    """The size of a picture, and which part of the original it shows, enlarged how often: where a pixel lies."""

    size: tuple[int, int]
    box: Region
    stretches: tuple[Stretch, ...] = ()


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the opening job has done already, so that the owner's thread has next to nothing left to do."""

    photo: Photo
    folder: Path
    original: Original
    pyramid: Pyramid


def prepare(photo: Photo, data: bytes | None, folder: Path, original: Original | None = None) -> Prepared:
    """For the opening job: keep the original in `folder` (unless `original` was kept already), build the levels.

    `data` are the bytes of the file, None for a picture that came from none. The document takes `photo.pixels` over.
    """
    if original is None:
        original = keep_pixels(photo, folder) if data is None else keep_bytes(data, photo.path, folder)
    if not photo.pixels.flags.writeable or (photo.alpha is not None and not photo.alpha.flags.writeable):
        photo = photo.with_pixels(photo.pixels.copy(), None if photo.alpha is None else photo.alpha.copy())
    pyramid = Pyramid(photo.pixels, white=photo.white)
    pyramid.build()
    return Prepared(photo, folder, original, pyramid)


class FrozenPhoto:
    """The picture as it was when frozen; `read` makes the copy, once, in any thread."""

    def __init__(self, photo: Frozen, alpha: Frozen | None, header: Photo) -> None:
        self._photo, self._alpha, self._header = photo, alpha, header

    def read(self) -> Photo:
        """A copy of the picture, with the header's facts."""
        return self._header.with_pixels(self._photo.take(), None if self._alpha is None else self._alpha.take())


class Document:
    """A photo, its mask, its guides, edges that a model completed, and what was done to them.

    Planes: `photo` (H, W, 3), `alpha` (H, W) or None, `mask` (H, W) uint8. All change only through `edit`.
    `header` is the opened Photo's facts (profile, metadata, source, grey, white) without its pixels.
    `folder` is the session's own folder on disk: spilled history and the kept bytes of the original.
    `photo_pyramid` and `mask_pyramid` are their levels for display, kept up to date.
    """

    photo: Plane
    alpha: Plane | None
    mask: Plane
    guides: tuple[GuideStroke, ...]
    history: History
    header: Photo
    folder: Path

    def __init__(self, photo: Photo, folder: Path, original: bytes | None = None, budget: int = BUDGET) -> None:
        """From a picture and the bytes of its file. Takes as long as `prepare` does: see `opened` for the window."""
        self._begin(prepare(photo, original, folder), budget)

    @classmethod
    def opened(cls, prepared: Prepared, budget: int = BUDGET) -> Document:
        """From what the opening job made, in well under 5 ms; it takes the pixels over."""
        document = cls.__new__(cls)
        document._begin(prepared, budget)
        return document

    def _begin(self, prepared: Prepared, budget: int) -> None:
        photo = prepared.photo
        self.folder = prepared.folder
        self.kept = prepared.original
        self.photo = Plane("photo", photo.pixels)
        self.alpha = None if photo.alpha is None else Plane("alpha", photo.alpha)
        self.mask = Plane("mask", blank(photo.pixels.shape[:2]), blank=True)
        self.header = photo.with_pixels(np.empty((0, 0, 3), photo.pixels.dtype), None).of_white(photo.white)
        self.guides = ()
        self.predicted: tuple[PredictedEdges, ...] = ()
        self.writer = Writer()
        self.history = History(self.folder / "history", budget, self.writer)
        self._original: Pixels | None = None
        self._original_stretches: tuple[Stretch, ...] = ()  # that are done in it
        self._original_box = Region.whole(self.shape)
        self._stretches: tuple[Stretch, ...] = ()

        self.photo_pyramid = prepared.pyramid
        self.mask_pyramid = Pyramid(self.mask.pixels, peak=True, empty=True)
        _follow(self.photo, self.photo_pyramid)
        _follow(self.mask, self.mask_pyramid)
        self._occupancy = Occupancy(self.mask, empty=True)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width)."""
        height, width = self.photo.shape[:2]
        return height, width

    @property
    def planes(self) -> dict[str, Plane]:
        """By name."""
        planes = {"photo": self.photo, "mask": self.mask}
        if self.alpha is not None:
            planes["alpha"] = self.alpha
        return planes

    def edit(self, label: str, step: Step | None = None) -> Edit:
        """Open an edit; its commit becomes one entry of the history."""
        return Edit(label, self.history.push, step)

    def put_guides(self, guides: tuple[GuideStroke, ...]) -> tuple[GuideStroke, ...]:
        """For `edit.put` alone: set the guides; returns those before."""
        before, self.guides = self.guides, guides
        return before

    def put_predicted(self, predicted: tuple[PredictedEdges, ...]) -> tuple[PredictedEdges, ...]:
        """For `edit.put` alone: set the edges that a model has completed; returns those before."""
        before, self.predicted = self.predicted, predicted
        return before

    def put_original_box(self, box: Region) -> Region:
        """For `edit.put` alone: which part of the original the picture shows; returns the part before."""
        before, self._original_box = self._original_box, box
        return before

    def put_stretches(self, stretches: tuple[Stretch, ...]) -> tuple[Stretch, ...]:
        """For `edit.put` alone: how the original lies below the picture; returns how it did before."""
        before, self._stretches = self._stretches, stretches
        return before

    def put_metadata(self, metadata: Metadata) -> Metadata:
        """For `edit.put` alone: what the picture says beside its pixels; returns what it said before."""
        before, white = self.header.metadata, self.header.white
        self.header = replace(self.header, metadata=metadata).of_white(white)
        return before

    @property
    def original_box(self) -> Region:
        """The part of the original that the picture shows: all of it until a crop."""
        return self._original_box

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """How the original was enlarged with the picture, the first time first."""
        return self._stretches

    @property
    def frame(self) -> Frame:
        """What was found in another frame lies elsewhere now."""
        return Frame(self.shape, self._original_box, self._stretches)

    def original(self) -> Pixels:
        """The picture as opened, cropped and enlarged as the document was since; made again when first needed.

        A read-only view. The first call decodes, unless `set_original` came before. Raises UnreadableFile.
        """
        return self.whole_original[self._original_box.slices]

    @property
    def whole_original(self) -> Pixels:
        """As `original`, before any crop since it was last enlarged."""
        if not self.original_ready:
            self.set_original(self.load_original(self._stretches), self._stretches)
        assert self._original is not None
        return self._original

    @property
    def original_ready(self) -> bool:
        """Can `original` answer at once?"""
        return self._original is not None and self._original_stretches == self._stretches

    def load_original(self, stretches: tuple[Stretch, ...] = (), progress: Progress | None = None) -> Pixels:
        """The whole original, decoded, and enlarged by what `stretches` said when it was asked for.

        Touches nothing of the document, so a job may call it. Raises UnreadableFile, and Cancelled while it enlarges.
        """
        return stretched(self.kept.load().pixels, stretches, self.header.white, progress)

    def set_original(self, pixels: Pixels, stretches: tuple[Stretch, ...] = ()) -> None:
        """Take what `load_original(stretches)` gave."""
        self._original, self._original_stretches = pixels.view(), stretches
        self._original.flags.writeable = False

    def mask_bounds(self) -> Region:
        """The box of all mask pixels above 0, empty if there are none; cheap at 100 megapixels."""
        return self._occupancy.bounds

    def mask_boxes(self) -> list[Region]:
        """Boxes that together hold all mask pixels above 0, one for each group of touching tiles; see `Occupancy`."""
        return self._occupancy.boxes()

    def mask_count(self) -> int:
        """Number of mask pixels above 0; cheap at 100 megapixels."""
        return self._occupancy.count

    def crop(self, region: Region, label: str, *, unmasked: bool = False) -> None:
        """Cut every plane to `region`: one edit, undone like any other. Copies nothing. `unmasked`: the mask was what
        told the region, and none is left of it.

        Raises ValueError if `region` holds no pixel; does nothing if it holds them all.
        """
        region = region.clip(self.shape)
        if region.empty:
            raise ValueError("a crop needs at least one pixel")
        if region == Region.whole(self.shape):
            return
        with self.edit(label, CropStep(region, self.shape)) as edit:
            self.cut_to(region, edit, unmasked=unmasked)

    def cut_to(self, region: Region, edit: Edit, *, unmasked: bool = False) -> None:
        """Cut every plane to `region`, move guides, edges and the original's box along, all within `edit`."""
        box = self._original_box
        edit.put(self.put_original_box, region.shift(box.y0, box.x0))
        edit.put(self.put_guides, tuple(g.shift(-region.y0, -region.x0) for g in self.guides))
        if self.predicted:
            left = (edges.within(region) for edges in self.predicted)
            edit.put(self.put_predicted, tuple(edges for edges in left if edges is not None))
        for plane in self.planes.values():
            if unmasked and plane is self.mask:
                edit.replace(plane, np.zeros((region.height, region.width), plane.dtype))
            else:
                edit.cut(plane, region)

    def enlarge(
        self, photo: Photo, mask: Mask, enlargement: Enlargement, label: str, step: EnlargeStep | None = None
    ) -> None:
        """Put an enlarged picture and its mask in the place of these: one edit, undone like any other.

        Guides and original go along. The photo's arrays are taken over, and its metadata.
        """
        with self.edit(label, step) as edit:
            edit.put(self.put_stretches, (*self._stretches, Stretch(self._original_box, enlargement)))
            edit.put(self.put_original_box, Region(0, 0, enlargement.rows, enlargement.columns))
            down, across = float(enlargement.down), float(enlargement.across)
            edit.put(self.put_guides, tuple(guide.scaled(down, across) for guide in self.guides))
            if self.predicted:  # of another size of picture others would be completed
                edit.put(self.put_predicted, ())
            if photo.metadata != self.header.metadata:
                edit.put(self.put_metadata, photo.metadata)
            edit.replace(self.photo, photo.pixels)
            edit.replace(self.mask, mask)
            if self.alpha is not None:
                assert photo.alpha is not None
                edit.replace(self.alpha, photo.alpha)

    def freeze(self) -> FrozenPhoto:
        """The picture as it is now, for a worker to copy while painting goes on; costs the owner's thread nothing."""
        return FrozenPhoto(self.photo.freeze(), self.alpha.freeze() if self.alpha else None, self.header)

    def snapshot(self) -> Photo:
        """A copy of the picture as it is now, with the header's facts. A job copies what `freeze` gave instead."""
        return self.freeze().read()

    def steps(self) -> tuple[FillStep, ...]:
        """The fills in force, oldest first."""
        entries = self.history.entries[: self.history.position]
        return tuple(edit.fill for edit in entries if edit.fill is not None)

    def close(self) -> None:
        """End its thread and remove its folder."""
        self.history.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _follow(plane: Plane, pyramid: Pyramid) -> None:
    """Keep `pyramid` the levels of `plane`."""
    plane.changed.add(lambda _plane, change: pyramid.stale(change.region))
    plane.resized.add(lambda resized: pyramid.reset(resized.pixels))
