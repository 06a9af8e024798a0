"""The magic wand: what looks like the pixel clicked, everywhere or as far as it hangs together."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.params import integer, switch
from lacuna.contract.progress import Progress
from lacuna.document.document import Document
from lacuna.editor.selections import Lasso, SelectionOptions, Sought, erases
from lacuna.editor.tool import Outline, Pointer
from lacuna.i18n import N_, _
from lacuna.imaging.photo import Mask, Pixels
from lacuna.imaging.region import Region

FIRST_LOOK = 256  # image pixels around the click that are looked at first
AT_ONCE = 4_000_000  # pixels that may be looked at while the person waits: some 30 ms
MARK = 128  # what the flood leaves in the map of likeness, which holds 0 and 255

Read = Callable[[Region], Pixels]  # the photo's pixels of a region


@dataclass(frozen=True)
class WandOptions(SelectionOptions):
    """How alike a pixel has to be, in levels of 255 for each channel, and whether it must hang together."""

    tolerance: int = integer(24, 0, 255, label=N_("Tolerance"))
    contiguous: bool = switch(True, label=N_("Contiguous"), help=N_("Only what hangs together with the pixel clicked."))
    antialias: bool = switch(True, label=N_("Smooth edge"))


class Wand(Lasso):
    """Marks what looks like the pixel clicked."""

    id = "wand"
    name = N_("Magic wand")
    Options: type = WandOptions

    def press(self, document: Document, at: Pointer, options: Any) -> WandClick:
        return WandClick(document, at, options)


class WandClick(Sought):
    """A click; what it marks is found when the button is let go, at the place where it was pressed.

    A patch too large to be found while the person waits is left to a job, which reads the photo as it was at the click.
    """

    def __init__(self, document: Document, at: Pointer, options: Any) -> None:
        takes_away = erases(at, options)
        super().__init__(document, takes_away, _("Erase by magic wand") if takes_away else _("Magic wand"))
        self._x, self._y = math.floor(at.x), math.floor(at.y)
        self._options = options
        self._shape: tuple[int, ...] = document.photo.shape  # as it is now: the worker may look after a crop

    def move(self, at: Pointer) -> None:
        return

    def release(self, at: Pointer) -> bool:
        photo = self._document.photo
        if Region.whole(photo.shape).overlaps(Region(self._y, self._x, self._y + 1, self._x + 1)):
            self._found = self._look(lambda region: photo.pixels[region.slices], AT_ONCE)
            if self._found is None:
                self._photo = photo.freeze()
            else:
                self.make()
        return True

    def run(self, progress: Progress) -> None:
        assert self._photo is not None
        self._found = self._look(self._photo.read, None, progress)
        self._photo.release()

    def make(self) -> Region:
        if self._found is not None:
            self._lay(*self._found)
            self._found = None
        return self.drawn

    def finish(self) -> None:
        return  # before the release there is nothing to close

    def outline(self) -> Outline:
        return Outline()

    def _look(self, read: Read, limit: int | None, progress: Progress | None = None) -> tuple[Region, Mask] | None:
        options = self._options
        likeness = Likeness(self._x, self._y, options.tolerance / 255 * self._document.header.white)
        shape = self._shape
        find = contiguous if options.contiguous else everywhere
        found = find(read, shape, likeness, limit, progress or Progress())
        return softened(*found, shape) if found is not None and options.antialias else found


@dataclass(frozen=True)
class Likeness:
    """The pixel that the others are compared with, and by how much any channel of theirs may differ from its."""

    x: int
    y: int
    by: float


def everywhere(
    read: Read, shape: tuple[int, ...], likeness: Likeness, limit: int | None, progress: Progress
) -> tuple[Region, Mask] | None:
    """All pixels like the one named: (region, its mask); None if there are more than `limit` to look at."""
    whole = Region.whole(shape)
    if limit is not None and whole.area > limit:
        return None
    colour = read(_pixel(likeness))[0, 0]
    mask = np.empty((whole.height, whole.width), np.uint8)
    rows = max(1, AT_ONCE // max(1, whole.width))
    for y in range(0, whole.height, rows):
        progress.at(y / whole.height)
        band = Region(y, 0, min(y + rows, whole.height), whole.width)
        mask[band.slices] = _similar(read(band), colour, likeness.by)
    return whole, mask


def contiguous(
    read: Read, shape: tuple[int, ...], likeness: Likeness, limit: int | None, progress: Progress
) -> tuple[Region, Mask] | None:
    """Pixels like the one named that hang together with it over their sides: (region, its mask).

    The search widens from the click, so a small patch costs little in a large picture. None if that would mean to look
    at more than `limit` pixels.
    """
    import cv2

    whole = Region.whole(shape)
    colour = read(_pixel(likeness))[0, 0]
    reach = FIRST_LOOK
    while True:
        progress.check()
        box = _pixel(likeness).pad(reach).clip(shape)
        if limit is not None and box.area > limit:
            return None
        found = _similar(read(box), colour, likeness.by)
        start = (likeness.x - box.x0, likeness.y - box.y0)
        _area, _image, _mask, (left, top, width, height) = cv2.floodFill(found, None, start, MARK)
        inside = Region(top, left, top + height, left + width).shift(box.y0, box.x0)
        if not (
            (inside.y0 == box.y0 > whole.y0)
            or (inside.x0 == box.x0 > whole.x0)
            or (inside.y1 == box.y1 < whole.y1)
            or (inside.x1 == box.x1 < whole.x1)
        ):
            cut = found[inside.shift(-box.y0, -box.x0).slices]
            return inside, np.where(cut == MARK, np.uint8(255), np.uint8(0))
        reach *= 2


def softened(region: Region, mask: Mask, shape: tuple[int, ...]) -> tuple[Region, Mask]:
    """The mask with a soft rim of one pixel outside; what was marked stays marked wholly."""
    import cv2

    wider = region.pad(1).clip(shape)
    larger = np.zeros((wider.height, wider.width), np.uint8)
    larger[region.shift(-wider.y0, -wider.x0).slices] = mask
    return wider, np.maximum(larger, cv2.GaussianBlur(larger, (3, 3), 0, borderType=cv2.BORDER_CONSTANT))


def _pixel(likeness: Likeness) -> Region:
    return Region(likeness.y, likeness.x, likeness.y + 1, likeness.x + 1)


def _similar(pixels: Pixels, colour: NDArray[Any], by: float) -> Mask:
    """255 where no channel differs from `colour` by more than `by`, in the pixels' own units."""
    import cv2

    low, high = colour.astype(np.float64) - by, colour.astype(np.float64) + by
    if np.issubdtype(pixels.dtype, np.integer):
        low, high = np.ceil(low), np.floor(high)
    else:  # a hair for float32, so that the colour itself is within a tolerance of 0
        low, high = low - np.abs(low) * 1e-7, high + np.abs(high) * 1e-7
    found = cv2.inRange(np.ascontiguousarray(pixels), tuple(low.tolist()), tuple(high.tolist()))
    return np.asarray(found, np.uint8)
