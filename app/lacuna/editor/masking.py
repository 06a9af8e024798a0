"""The verbs of the mask menu: each press is one edit; large masks are worked on by a job."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from lacuna.contract.progress import Progress
from lacuna.document.document import Document, Frame
from lacuna.document.tiles import in_blocks
from lacuna.editor.values import Message, Misfit, Severity
from lacuna.engine.arrays import size_mismatch
from lacuna.errors import PictureTooLarge, UnsuitableMask
from lacuna.i18n import _
from lacuna.imaging.mask_fit import MaskFit, fitted
from lacuna.imaging.photo import Mask
from lacuna.imaging.region import Region

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor

T = TypeVar("T")

AT_ONCE = 2_000_000  # mask pixels that may be worked on while the person waits: some 30 ms
LOOP_LEVELS = (255, 248, 240, 224, 192, 128, 64, 1)  # how solid the line is that closes a loop, the hardest tried first

PREVIEW_SIDE = 480  # pixels of the long side of a mask that is asked about

Change = Callable[[Mask], Mask]
Ask = Callable[[Misfit], None]


class Masking:
    """Changes of the whole mask. All methods are called on the owner's thread with a document open."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._last: tuple[tuple[Region, tuple[tuple[Region, Mask], ...]], ...] = ()  # boxes, and the parts in each
        self._last_in: Frame | None = None  # where they lie there

    # --- whole -------------------------------------------------------------------------------------------------------
    def clear(self, document: Document) -> None:
        box = document.mask_bounds()
        if box.empty:
            return
        with document.edit(_("Clear mask")) as edit:
            with edit.write(document.mask, box) as pixels:
                pixels[...] = 0
            # What undo keeps is kept for reuse as well: a copy of its own would take five times as long as the rest.
            tiles = tuple(part for part in in_blocks(edit.before(document.mask), document.shape) if part[1].any())
        self._last, self._last_in = ((box, tiles),), document.frame

    def select_all(self, document: Document) -> None:
        with document.edit(_("Select all")) as edit, edit.write(document.mask, _whole(document)) as pixels:
            pixels[...] = 255

    def invert(self, document: Document) -> None:
        with document.edit(_("Invert mask")) as edit, edit.write(document.mask, _whole(document)) as pixels:
            np.subtract(255, pixels, out=pixels)

    # --- edges -------------------------------------------------------------------------------------------------------
    def grow(self, document: Document, radius: float) -> None:
        from lacuna.imaging import mask

        self._change(document, _("Grow mask"), math.ceil(radius), lambda part: mask.grow(part, radius))

    def shrink(self, document: Document, radius: float) -> None:
        from lacuna.imaging import mask

        self._change(document, _("Shrink mask"), 1, lambda part: mask.shrink(part, radius))

    def feather(self, document: Document, radius: float) -> None:
        """Half of the soft edge lies outside the old one, half inside, as people know it from other programs."""
        from lacuna.imaging import mask

        self._change(
            document, _("Feather mask"), math.ceil(radius), lambda part: mask.feather(part, radius, mask.Side.BOTH)
        )

    def _change(self, document: Document, label: str, reach: int, change: Change) -> None:
        """Apply `change` where the mask is, `reach` pixels further; what is far from any mask is never looked at."""
        boxes = _apart([box.pad(reach + 1).clip(document.shape) for box in document.mask_boxes()])
        if not boxes:
            return
        if sum(box.area for box in boxes) <= AT_ONCE:
            self._write(document, label, [(box, change(document.mask.pixels[box.slices].copy())) for box in boxes])
            return
        revision = document.mask.revision
        frozen = document.mask.freeze()

        def work(progress: Progress) -> list[tuple[Region, Mask]]:
            changed = []
            for i, box in enumerate(boxes):
                progress.at(i / len(boxes))
                changed.append((box, change(frozen.read(box))))
            frozen.release()
            return changed

        def done(changed: list[tuple[Region, Mask]]) -> None:
            if any(document.mask.changed_since(revision, box) for box, _mask in changed):
                sentence = _("“{action}” was dropped: the mask was changed meanwhile.").format(action=label)
                self._editor.tell(Message(sentence, severity=Severity.WARNING))
                return
            self._write(document, label, changed)

        self._run(document, label, work, done)

    def _write(self, document: Document, label: str, changed: list[tuple[Region, Mask]]) -> None:
        with document.edit(label) as edit:
            for box, part in changed:
                with edit.write(document.mask, box) as pixels:
                    pixels[...] = part
        self._editor.state_changed()

    # --- again -------------------------------------------------------------------------------------------------------
    def remember(self, document: Document, parts: tuple[tuple[Region, Mask], ...]) -> None:
        """Keep a mask that is going, for `reuse_last`."""
        self._last, self._last_in = tuple((box, ((box, part),)) for box, part in parts), document.frame

    def forget(self) -> None:
        self._last = ()

    def reuse_last(self, document: Document) -> None:
        if not self._last or self._last_in != document.frame:
            self._editor.tell(Message(_("There is no earlier mask to use again.")))
            return
        with document.edit(_("Reuse the last mask")) as edit:
            for box, parts in self._last:
                with edit.write(document.mask, box) as pixels:
                    for region, part in parts:
                        inside = region.intersect(box)
                        there = pixels[inside.shift(-box.y0, -box.x0).slices]
                        whole = np.broadcast_to(part, (region.height, region.width))
                        np.maximum(there, whole[inside.shift(-region.y0, -region.x0).slices], out=there)

    def fill_loop(self, document: Document, box: Region) -> None:
        """Fill what the line in `box` encloses."""
        inside = box.pad(1).clip(document.shape)
        found = None if inside.empty else enclosed(document.mask.pixels[inside.slices])
        if found is None:
            self._editor.tell(
                Message(_("The last stroke encloses nothing."), _("Draw a closed loop with the brush, then fill it."))
            )
            return
        with document.edit(_("Fill loop")) as edit, edit.write(document.mask, inside) as pixels:
            np.maximum(pixels, found, out=pixels)

    # --- from elsewhere ----------------------------------------------------------------------------------------------
    def import_file(self, document: Document, path: Path, ask: Ask | None, fit: MaskFit) -> None:
        """Put the mask of a file in the place of this one, in a job; our own files keep their soft values."""
        height, width = document.shape
        limit = max(self._editor.settings.preferences.megapixel_limit * 1_000_000, height * width)

        def read() -> Mask:
            from lacuna.imaging import mask_file

            try:
                return mask_file.read_mask(path, own_soft=True, pixel_limit=limit)
            except PictureTooLarge as error:  # of a picture it would be asked whether to open it all the same
                raise UnsuitableMask(error.sentence, _("Give a mask of the picture's size."), error) from error

        self.take(document, read, ask, fit, _("Import mask"))

    def take_transparency(self, document: Document) -> None:
        """Put the picture's transparency in the place of this mask, as the word “alpha” does on the command line."""
        assert document.alpha is not None
        frozen = document.alpha.freeze()

        def read() -> Mask:
            from lacuna.imaging import mask_file

            mask = mask_file.of_alpha(frozen.take())
            if not mask.any():
                raise UnsuitableMask(_("No pixel of the picture is transparent."))
            return mask

        self.take(document, read, None, MaskFit.REFUSE, _("Mask from transparency"))

    def take(self, document: Document, read: Callable[[], Mask], ask: Ask | None, fit: MaskFit, label: str) -> None:
        """Put the mask that `read()` gives in the worker in the place of this one.

        One of another size is handed to `ask` under REFUSE; without an `ask` that is said as an error.
        """
        height, width = document.shape

        def work(_progress: Progress) -> Misfit | tuple[Mask, Region]:
            mask = read()
            if ask is not None and fit is MaskFit.REFUSE and mask.shape != (height, width):
                sizes = (mask.shape[1], mask.shape[0]), (width, height)
                return Misfit(*sizes, _small(mask), lambda fit: put(mask, fit))
            fitting = fitted_mask(mask, (height, width), fit)
            return fitting, _bounds(fitting)

        def put(mask: Mask, fit: MaskFit) -> None:
            if self._editor.document is document:
                self.take(document, lambda: mask, None, fit, label)

        def done(found: Misfit | tuple[Mask, Region]) -> None:
            if isinstance(found, Misfit):
                assert ask is not None
                ask(found)
            else:
                self._replace(document, *found, label)

        self._run(document, label, work, done)

    def _run(self, document: Document, label: str, work: Callable[[Progress], T], done: Callable[[T], None]) -> None:
        """Run `work` in a job; then `done` with its result, unless that would cost what the person has undone since."""
        redoable = document.history.redoable

        def checked(result: T) -> None:
            if document.history.went_back(redoable):
                sentence = _("“{action}” was dropped: you went back in the history meanwhile.").format(action=label)
                self._editor.tell(Message(sentence, severity=Severity.WARNING))
            else:
                done(result)

        revision = document.mask.revision
        put = self._editor.in_frame(document, label, checked)
        self._editor.work.run(label, work, put, over=lambda: document.mask.revision != revision)

    def _replace(self, document: Document, mask: Mask, bounds: Region, label: str) -> None:
        box = document.mask_bounds().union(bounds)
        with document.edit(label) as edit, edit.write(document.mask, box) as pixels:
            pixels[...] = mask[box.slices]

    def crop(self, document: Document) -> None:
        box = document.mask_bounds()
        if not box.empty and box != _whole(document):
            document.crop(box, _("Crop to mask"), unmasked=True)


def fitted_mask(mask: Mask, shape: tuple[int, int], fit: MaskFit) -> Mask:
    """`mask` in the size `shape` (height, width). Raises SizeMismatch under REFUSE if the sizes differ."""
    if fit is MaskFit.REFUSE and mask.shape != shape:
        raise size_mismatch((mask.shape[0], mask.shape[1]), shape, _("Stretch it, or anchor it at a corner."))
    return fitted(mask, shape, fit)


def enclosed(mask: Mask) -> Mask | None:
    """255 in what a line in `mask` (h, w) encloses, up to the line's crest; None if it encloses nothing.

    Enclosed is a part of the background that touches no side of the array, and has a pixel that nothing covers.
    """
    import cv2

    for level in LOOP_LEVELS:
        background = (mask < level).view(np.uint8)
        count, labels = cv2.connectedComponents(background, connectivity=4, ltype=cv2.CV_32S)
        inner = np.ones(count, np.bool_)
        inner[0] = False
        for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
            inner[side] = False
        clear = np.zeros(count, np.bool_)
        clear[labels[mask == 0]] = True
        inner &= clear
        if inner.any():
            return np.where(inner[labels], np.uint8(255), np.uint8(0))
    return None


def _whole(document: Document) -> Region:
    return Region.whole(document.shape)


def _small(mask: Mask) -> Mask:
    from lacuna.imaging import mask as masks

    return masks.reduced(mask, PREVIEW_SIDE)


def _bounds(mask: Mask) -> Region:
    from lacuna.imaging import mask as masks

    return masks.bounds(mask)


def _apart(boxes: list[Region]) -> list[Region]:
    """The same boxes, with those that overlap made one, until none do."""
    apart: list[Region] = []
    for box in boxes:
        merged = box
        while True:
            touching = [other for other in apart if other.overlaps(merged)]
            if not touching:
                break
            apart = [other for other in apart if not other.overlaps(merged)]
            merged = Region.around([merged, *touching])
        apart.append(merged)
    return apart
