"""Undoing a mosaic: the masked part is looked through for its blocks, which are then enlarged back to their size."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.enlargement import to_sides
from lacuna.contract.progress import Progress
from lacuna.detection import mosaic as mosaics
from lacuna.detection.mosaic import Mosaic
from lacuna.detection.mosaic_extent import mosaic_below
from lacuna.detection.pixelated import find_mosaics, most_masked
from lacuna.document.document import Document
from lacuna.document.frozen import Frozen
from lacuna.editor.values import Message, Severity
from lacuna.editor.ways import Way
from lacuna.engine import paces
from lacuna.engine.upscaling import UpscaleRequest, UpscaleResult, upscale
from lacuna.errors import InvalidParameter
from lacuna.i18n import _
from lacuna.imaging.colour import to_bytes
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Mask, Photo, Pixels
from lacuna.imaging.region import Region

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor

__all__ = ["Mosaic", "Mosaics", "sized"]

LOOKING = 0.2  # of the progress: how far the mosaic reaches


class Mosaics:
    """Finds and undoes the mosaic below the mask. Lives on the owner's thread; both are jobs."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor

    def find(
        self,
        document: Document,
        then: Callable[[Mosaic | None], None],
        size: tuple[float, float] | None = None,
    ) -> None:
        """Look for the blocks; `then(mosaic)` with those of this `size` (height, width), if it is given."""
        box = document.mask_bounds()
        seen = box.pad(1).clip(document.shape)
        photo, mask, white = document.photo.freeze(), document.mask.freeze(), document.header.white

        def work(progress: Progress) -> Mosaic | None:
            pixels, marked = photo.read(seen), mask.read(seen)
            if not marked.any():  # it was filled or cleared meanwhile
                return None
            if size is None:
                found = mosaics.find_mosaic(pixels, marked)
                if found is None or not found.likely:
                    found = most_masked(find_mosaics(to_bytes(pixels, white), progress=progress), marked) or found
            else:
                found = mosaics.mosaic_of_size(pixels, marked, *size)
            return None if found is None else found.moved(seen.y0, seen.x0)

        self._editor.work.run(_("Look for a mosaic"), work, then)

    def undo(self, document: Document, mosaic: Mosaic, way: Way) -> None:
        """Put what the blocks are enlarged to in their place, by the strength of the mask: one edit, mask included.

        Where the mask is 0 no bit changes. Undo gives picture and mask back.
        """
        box = document.mask_bounds()
        if box.empty:
            self._editor.tell(Message(_("Nothing is masked."), _("Paint over the mosaic first.")))
            return
        label, redoable = _("Undo a mosaic"), document.history.redoable
        taken: list[tuple[Frozen, Frozen, int, int]] = []

        def begin() -> None:
            photo, mask = document.photo, document.mask
            taken.append((photo.freeze(), mask.freeze(), photo.revision, mask.revision))

        def work(progress: Progress) -> tuple[UpscaleResult, Pixels, Mask]:
            photo, mask = taken[0][:2]
            return _undone(photo, mask, box, mosaic, way, document.header, progress)

        def done(made: tuple[UpscaleResult, Pixels, Mask]) -> None:
            result, pixels, mask = made
            paces.remember(self._editor.settings.paces, result.spent)
            _photo, _mask, revision, mask_revision = taken[0]
            if document.photo.changed_since(revision, box) or document.mask.changed_since(mask_revision, box):
                sentence = _("“{action}” was dropped: the picture was changed meanwhile.")
            elif document.history.went_back(redoable):
                sentence = _("“{action}” was dropped: you went back in the history meanwhile.")
            else:
                self._put(document, label, box, pixels, mask)
                for note in result.notes:
                    self._editor.tell(Message(note))
                return
            self._editor.tell(Message(sentence.format(action=label), severity=Severity.WARNING))

        self._editor.work.run(label, work, self._editor.in_frame(document, label, done), begin=begin)

    def _put(self, document: Document, label: str, box: Region, pixels: Pixels, mask: Mask) -> None:
        with document.edit(label) as edit:
            with edit.write(document.photo, box) as below:
                below[...] = pixels
            with edit.write(document.mask, box) as marked:
                marked[...] = 0
        self._editor.masking.remember(document, ((box, mask),))


def sized(mosaic: Mosaic, height: float, width: float) -> bool:
    """Are its blocks of this size, as fields show it?"""
    return math.isclose(mosaic.down.size, height, abs_tol=0.005) and math.isclose(
        mosaic.across.size, width, abs_tol=0.005
    )


def _undone(
    photo: Frozen, mask: Frozen, box: Region, mosaic: Mosaic, way: Way, header: Photo, progress: Progress
) -> tuple[UpscaleResult, Pixels, Mask]:
    """What the enlargement told, the box's pixels as they shall be, and its mask: where that is wider than the mosaic,
    the picture stays."""
    margin = math.ceil((mosaics.MARGIN + 2) * max(mosaic.down.size, mosaic.across.size))
    seen = box.pad(margin).clip(photo.shape[:2])
    pixels, marked, there = photo.read(seen), mask.read(seen), mosaic.moved(-seen.y0, -seen.x0)
    below = mosaic_below(to_bytes(pixels, header.white), marked, there, progress.part(LOOKING))
    strength = np.where(below, marked, 0).astype(np.uint8)
    blocks = mosaics.blocks_of(pixels, strength, there)
    height, width = blocks.pixels.shape[:2]
    if height < 2 and width < 2:
        raise InvalidParameter(_("One block is no picture."), _("Give smaller blocks, or mask more of the mosaic."))
    made = to_sides(height, width, blocks.place.height, blocks.place.width, allow_distortion=True)
    changed, whole = bounds(strength), box.shift(-seen.y0, -seen.x0)
    result = upscale(
        UpscaleRequest(
            blocks.pixels,
            made,
            header.white,
            grey=header.grey,
            method=way.method,
            model=way.model,
            region=changed.shift(-blocks.place.y0, -blocks.place.x0),
        ),
        progress.part(1 - LOOKING),
    )
    pixels[changed.slices] = _mixed(pixels[changed.slices], result.pixels, strength[changed.slices])
    return result, pixels[whole.slices], marked[whole.slices]


def _mixed(below: Pixels, above: Pixels, strength: Mask) -> Pixels:
    """`above` by its strength, and the very bits of what is below where that is 0."""
    share = (strength / np.float32(255))[..., None]
    mixed: NDArray[np.floating] = below + (above.astype(np.float32) - below) * share
    if below.dtype.kind != "f":
        mixed = np.rint(mixed)
    return np.where(strength[..., None] > 0, mixed.astype(below.dtype), below)
