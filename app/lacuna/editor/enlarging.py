"""Enlarging the picture or its masked part: how, what it will take, running it, and putting the result in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.enlargement import Enlargement
from lacuna.contract.progress import Progress
from lacuna.document.document import Document, FrozenPhoto
from lacuna.document.frozen import Frozen
from lacuna.editor.enlarged_size import USUAL_DPI, EnlargedSize, Said
from lacuna.editor.values import Message, Severity
from lacuna.editor.ways import Way, chosen_at_first, ways
from lacuna.engine import paces
from lacuna.engine.upscale_outlook import check_file
from lacuna.engine.upscaling import (
    UpscaleEstimate,
    UpscaleRequest,
    UpscaleResult,
    estimate,
    request_for,
    step_of,
    upscale,
)
from lacuna.errors import InvalidParameter, LacunaError
from lacuna.i18n import _
from lacuna.imaging import files
from lacuna.imaging.blank import blank
from lacuna.imaging.metadata import printed
from lacuna.imaging.photo import Mask, Metadata, Photo
from lacuna.imaging.region import Region
from lacuna.listeners import Listeners

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor

T = TypeVar("T")

UPSCALE_SHARE = 0.97  # of the progress; the rest is the mask, or the file


class Extent(Enum):
    """What of the picture is enlarged."""

    WHOLE = "whole"
    MASKED = "masked"  # the box of the mask, into another picture


class Enlarging:
    """How the next enlargement will be made, and its runs. `changed()` is told when anything of that is another.

    Lives on the owner's thread; what takes time is a job.
    """

    def __init__(self, editor: Editor) -> None:
        self.changed: Listeners[[]] = Listeners()
        self._editor = editor
        self._size = EnlargedSize()
        self._extent = Extent.WHOLE
        self._way: Way | None = None

    # --- how ---------------------------------------------------------------------------------------------------------
    @property
    def size(self) -> EnlargedSize:
        return self._size

    def say(self, said: Said, value: float) -> None:
        """A person said how large."""
        self._set_size(self._size.say(said, value))

    def set_dpi(self, dpi: float) -> None:
        self._set_size(self._size.at(dpi))

    def _set_size(self, size: EnlargedSize) -> None:
        if size != self._size:
            self._size = size
            self.changed()

    def follow(self, document: Document | None) -> None:
        """Another picture is open: it says its own dots an inch; of what was said of the last one a factor stays."""
        told = None if document is None else document.header.metadata.dpi
        factor = self._size.value if self._size.said is Said.FACTOR else EnlargedSize.value
        self._size = EnlargedSize(Said.FACTOR, factor, USUAL_DPI if told is None else round(told[0], 2))
        self._extent = Extent.WHOLE
        self.changed()

    @property
    def extent(self) -> Extent:
        return self._extent

    def set_extent(self, extent: Extent) -> None:
        if extent is not self._extent:
            self._extent = extent
            self.changed()

    @property
    def ways(self) -> tuple[Way, ...]:
        """Those to choose from; asked anew, as models come and go."""
        return ways()

    @property
    def way(self) -> Way:
        """The one chosen; the best there is until somebody chooses, or once that one is gone."""
        known = self.ways
        for way in known:
            if self._way is not None and (way.method, way.model) == (self._way.method, self._way.model):
                return way if not way.missing else chosen_at_first(known)
        return chosen_at_first(known)

    def use(self, way: Way) -> None:
        self._way = way
        self.changed()

    # --- what it will be ---------------------------------------------------------------------------------------------
    def region(self, document: Document) -> Region:
        """What of the picture is enlarged; empty where the masked part is asked for and nothing is masked."""
        return document.mask_bounds() if self._extent is Extent.MASKED else Region.whole(document.shape)

    def enlargement(self, document: Document) -> Enlargement:
        """Raises InvalidParameter for a size that is none, and where there is nothing to enlarge."""
        region = self.region(document)
        if region.empty:
            raise InvalidParameter(_("Nothing is masked."), _("Paint over the part that you want larger."))
        return self._size.enlargement(region.height, region.width)

    def estimate(self, document: Document) -> UpscaleEstimate:
        """Cheap enough for each change. Raises InvalidParameter as `enlargement` does."""
        enlargement, region = self.enlargement(document), self.region(document)
        alpha = None if document.alpha is None else document.alpha.pixels[region.slices]
        way = self.way
        request = UpscaleRequest(
            document.photo.pixels[region.slices],
            enlargement,
            document.header.white,
            alpha,
            document.header.grey,
            way.method,
            way.model,
        )
        return estimate(request, self._editor.settings.paces)

    # --- runs --------------------------------------------------------------------------------------------------------
    def enlarge(self, document: Document) -> None:
        """Put the enlarged picture in the place of this one: a job, then one edit."""
        made = self._checked(document)
        if made is None:
            return
        way, metadata = self.way, self._metadata(document)
        label = _("Enlarge to {width} × {height}") if made.factor >= 1 else _("Reduce to {width} × {height}")
        label = label.format(width=made.columns, height=made.rows)
        redoable = document.history.redoable
        photos: list[tuple[FrozenPhoto, int]] = []  # as it was, and when it had last changed then
        masks: list[_TakenMask] = []  # the last one counts: painting goes on beside a long run

        def begin() -> None:
            photos.append((document.freeze(), document.photo.revision))
            take_mask()

        def take_mask() -> None:
            masks.append(_TakenMask.of(document))

        def work(progress: Progress) -> tuple[UpscaleResult, Mask]:
            photo = photos[0][0].read()
            result = upscale(_request(photo, made, way), progress.part(UPSCALE_SHARE))
            return result, masks[-1].enlarged(made)

        def done(found: tuple[UpscaleResult, Mask]) -> None:
            self._ran(found[0])
            put_in(*found)

        def put_in(result: UpscaleResult, mask: Mask) -> None:
            # What was released meanwhile and is still being worked out has changed the picture, too.
            if document.photo.revision != photos[0][1] or self._editor.rests.pending:
                self._dropped(label, _("“{action}” was dropped: the picture was changed meanwhile."))
            elif document.history.went_back(redoable):
                self._dropped(label, _("“{action}” was dropped: you went back in the history meanwhile."))
            elif document.mask.revision != masks[-1].revision:
                run(lambda _progress: masks[-1].enlarged(made), lambda mask: put_in(result, mask), take_mask)
            else:
                header = replace(document.header, metadata=metadata)
                dpi = self._size.dpi if metadata != document.header.metadata else None
                step = step_of(result, made, dpi)
                document.enlarge(header.with_pixels(result.pixels, result.alpha), mask, made, label, step)
                self.follow(document)
                size = _("{width} × {height} pixels.").format(width=made.columns, height=made.rows)
                self._editor.said(Message(size))

        def run(work: Callable[[Progress], T], done: Callable[[T], None], begin: Callable[[], None]) -> None:
            self._editor.work.run(label, work, self._editor.in_frame(document, label, done), begin=begin)

        run(work, done, begin)

    def save(
        self, document: Document, path: Path, quality: int | None, then: Callable[[bool], None] = lambda _well: None
    ) -> None:
        """Write what is chosen, enlarged, to a file in a job; the picture that is open stays as it is.

        Writing over a file is the caller's decision. A run that is cancelled, or fails, leaves no file. What the format
        or the disk cannot hold is said before it begins.
        """
        path = Path(path).absolute()
        made = self._checked(document)
        if made is None or not self._fits(document, made, path):
            then(False)
            return
        read, way = self._reader(document), self.way
        results: list[UpscaleResult] = []

        def work(progress: Progress) -> files.WriteReport:
            photo = read()
            result = upscale(_request(photo, made, way), progress.part(UPSCALE_SHARE))
            results.append(result)
            progress.check()
            enlarged = photo.with_pixels(result.pixels, result.alpha)
            return files.write(enlarged, path, quality=quality, allow_reduce=True, overwrite=True)

        def done(report: files.WriteReport) -> None:
            self._ran(results[0])
            size = _("{width} × {height} pixels.").format(width=made.columns, height=made.rows)
            sentence = _("Saved as “{name}”.").format(name=report.path.name)
            self._editor.said(Message(sentence, "\n".join((size, *report.notes))))
            then(True)

        label = _("Enlarge to “{name}”").format(name=path.name)
        self._editor.work.run(label, work, done, failed=lambda: then(False), bound=False)

    def _fits(self, document: Document, made: Enlargement, path: Path) -> bool:
        """Whether the file can be written; why not is said."""
        pixels = np.empty((0, 0, 3), document.photo.dtype)
        alpha = None if document.alpha is None else document.alpha.pixels[self.region(document).slices]
        size = self.estimate(document).bytes
        try:
            check_file(document.header.with_pixels(pixels, alpha), made, path, size, overwrite=True, allow_reduce=True)
        except LacunaError as error:
            self._editor.tell(Message.of(error))
            return False
        return True

    def open(self, document: Document) -> None:
        """Open what is chosen, enlarged, as another picture, in the place of this one. Unsaved work: ask before."""
        made = self._checked(document)
        if made is None:
            return
        read, way = self._reader(document), self.way

        def make(progress: Progress) -> Photo:
            photo = read()
            result = upscale(_request(photo, made, way), progress)
            return photo.with_pixels(result.pixels, result.alpha)

        self._editor.files.open_made(_("Open the enlarged part"), make)

    def _checked(self, document: Document) -> Enlargement | None:
        """What will be made; None where it cannot be, which is said."""
        try:
            made = self.enlargement(document)
            problem = self.estimate(document).problem
        except InvalidParameter as error:
            self._editor.tell(Message.of(error))
            return None
        if problem:
            self._editor.tell(Message(problem, severity=Severity.WARNING))
            return None
        return made

    def _reader(self, document: Document) -> Callable[[], Photo]:
        """For the worker: what is chosen of the picture as it is now, with what the file shall say."""
        region, header = self.region(document), replace(document.header, metadata=self._metadata(document))
        photo = document.photo.freeze()
        alpha = None if document.alpha is None else document.alpha.freeze()

        def read() -> Photo:
            return header.with_pixels(photo.read(region), None if alpha is None else alpha.read(region))

        return read

    def _metadata(self, document: Document) -> Metadata:
        """What the picture shall say: the dots an inch that a person has named, else what it says."""
        metadata, dots = document.header.metadata, self._size.dpi
        return printed(metadata, dots) if self._size.dpi_said and metadata.dpi != (dots, dots) else metadata

    def _ran(self, result: UpscaleResult) -> None:
        paces.remember(self._editor.settings.paces, result.spent)
        for note in result.notes:
            self._editor.tell(Message(note))

    def _dropped(self, label: str, sentence: str) -> None:
        self._editor.tell(Message(sentence.format(action=label), severity=Severity.WARNING))


@dataclass(frozen=True, eq=False)
class _TakenMask:
    """The mask as it was when a job began, and when it had last changed then."""

    mask: Frozen
    box: Region
    revision: int

    @classmethod
    def of(cls, document: Document) -> _TakenMask:
        return cls(document.mask.freeze(), document.mask_bounds(), document.mask.revision)

    def enlarged(self, made: Enlargement) -> Mask:
        return enlarged_mask(self.mask.take(), self.box, made)


def _request(photo: Photo, enlargement: Enlargement, way: Way) -> UpscaleRequest:
    return request_for(photo, enlargement, method=way.method, model=way.model)


def enlarged_mask(mask: Mask, box: Region, enlargement: Enlargement) -> Mask:
    """The mask of the enlarged picture: each point has the value of the pixel that it lies in, so that hard edges stay
    hard; of a smaller picture the highest that it covers, so that what is thin stays. Outside of `box` it is 0."""
    out = blank((enlargement.rows, enlargement.columns))
    if not box.empty:
        rows, top = _covered(box.y0, box.y1, enlargement.down, enlargement.rows)
        columns, left = _covered(box.x0, box.x1, enlargement.across, enlargement.columns)
        part = mask[: box.y1, : box.x1]
        found = _at(_at(part, rows, 0, enlargement.down), columns, 1, enlargement.across)
        out[top : top + len(rows), left : left + len(columns)] = found
    return out


def _covered(begin: int, end: int, factor: Fraction, length: int) -> tuple[NDArray[np.int64], int]:
    """For the points that show something of the pixels `begin` to `end`: the pixel of each; and the first point."""
    up, down = factor.numerator, factor.denominator
    first, last = max(0, begin * up // down - 1), min(length, -(-end * up // down) + 1)
    points = np.arange(first, last)
    pixels = (2 * points + 1) * down // (2 * up) if factor >= 1 else points * down // up
    inside = pixels < end
    return pixels[inside], first


def _at(mask: Mask, pixels: NDArray[np.int64], axis: int, factor: Fraction) -> Mask:
    if factor >= 1:
        return mask.take(pixels, axis)
    highest: Mask = np.maximum.reduceat(mask, pixels, axis=axis)
    return highest
