"""Brush, eraser and restore brush: one gesture that sweeps a nib, over the mask or over the photo."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.params import choice, number
from lacuna.document.document import Document
from lacuna.editor.tool import Button, Covered, Laid, Outline, Pointer, Rest
from lacuna.i18n import N_, _
from lacuna.imaging import brush
from lacuna.imaging.brush import NibPoint
from lacuna.imaging.photo import Pixels
from lacuna.imaging.region import Region

SMALLEST, LARGEST = 1.0, 2000.0  # image pixels across
FINEST_MOVE = 0.2  # image pixels; shorter moves wait for the next one

PAINT, ERASE = "paint", "erase"  # what a mask tool does
MODES = ((PAINT, N_("Paint")), (ERASE, N_("Erase")))


@dataclass(frozen=True)
class NibOptions:
    """A round nib: `size` across in image pixels, `hardness` the share of its radius that covers wholly."""

    size: float = number(40.0, SMALLEST, LARGEST, unit="px", label=N_("Size"), step=1)
    hardness: float = number(100.0, 0.0, 100.0, unit="%", label=N_("Hardness"), step=5)


@dataclass(frozen=True)
class BrushOptions(NibOptions):
    """The brush's nib, and whether it paints or erases."""

    mode: str = choice(PAINT, MODES, label=N_("Mode"))


class Brush:
    """Paints the mask."""

    id = "brush"
    name = N_("Brush")
    Options: type = BrushOptions
    paints_mask = True
    continues = True

    def begins(self, at: Pointer) -> bool:
        return True

    def forget(self) -> None:
        return

    def press(self, document: Document, at: Pointer, options: Any) -> Stroke | None:
        erases = at.erases or options.mode == ERASE
        return Stroke(MaskInk(document, erases), at, options)

    def outline(self, at: Pointer, options: Any) -> Outline:
        return Outline(circles=((at.x, at.y, options.size / 2),))


class Eraser(Brush):
    """Takes away from the mask; turned round it paints, but for the eraser of a pen, which always takes away."""

    id = "eraser"
    name = N_("Eraser")
    Options: type = NibOptions

    def press(self, document: Document, at: Pointer, options: Any) -> Stroke:
        erases = not at.erases or bool(at.button & Button.ERASER)
        return Stroke(MaskInk(document, erases), at, options)


class RestoreBrush(Brush):
    """Paints the original back into the photo, where a removal went too far. Needs the original to be at hand."""

    id = "restore"
    name = N_("Restore brush")
    Options: type = NibOptions
    paints_mask = False

    def press(self, document: Document, at: Pointer, options: Any) -> Stroke:
        original = document.original()
        return Stroke(PhotoInk(document, _("Restore"), lambda region: original[region.slices]), at, options)


class MaskInk:
    """What a stroke leaves in the mask: the nib's coverage, or its absence."""

    def __init__(self, document: Document, erases: bool) -> None:
        self.plane = document.mask
        self.erases = erases
        self.covered: Covered = {}  # nothing of the photo
        self.edit = document.edit(_("Erase stroke") if erases else _("Brush stroke"))
        self._lay = brush.erase if erases else brush.paint

    def lay(self, region: Region, coverage: brush.Coverage) -> None:
        laid = self.plane.pixels[region.slices].copy()
        self._lay(laid, coverage)
        self.edit.lay(self.plane, region, laid)


class PhotoInk:
    """What a stroke leaves in the photo: other pixels, mixed by the most that the nib has covered so far.

    `above(region)` gives them. Mixing starts each time from the photo as it was before the stroke, so that going over a
    place twice does not change it twice and no rounding adds up.
    """

    erases = False

    def __init__(self, document: Document, label: str, above: Callable[[Region], Pixels]) -> None:
        self.plane = document.photo
        self.edit = document.edit(label)
        self._above = above
        self.covered: dict[tuple[int, int], brush.Coverage] = {}  # by tile
        self._before: dict[tuple[int, int], NDArray[Any]] = {}

    def lay(self, region: Region, coverage: brush.Coverage) -> None:
        with self.edit.write(self.plane, region) as pixels:
            for key in region.tiles():
                tile = Region.of_tile(*key, self.plane.shape)
                part = tile.intersect(region)
                in_region = part.shift(-region.y0, -region.x0).slices
                in_tile = part.shift(-tile.y0, -tile.x0).slices
                if key not in self._before:
                    self._before[key] = self.plane.pixels[tile.slices].copy()
                    self.covered[key] = np.zeros((tile.height, tile.width), np.uint8)
                covered = self.covered[key][in_tile]
                brush.paint(covered, coverage[in_region])
                pixels[in_region] = mixed(self._before[key][in_tile], self._above(part), covered)

    def laid(self) -> tuple[Laid, ...]:
        """What the stroke has made of the photo, to show it where it is taken back."""
        regions = {key: Region.of_tile(*key, self.plane.shape) for key in self._before}
        return tuple(
            Laid(region, self.plane.pixels[region.slices].copy(), self._before[key]) for key, region in regions.items()
        )


class Stroke:
    """From press to release: each move sweeps the nib from the last place to the next."""

    def __init__(self, ink: MaskInk | PhotoInk, at: Pointer, options: Any) -> None:
        self._ink = ink
        self._size = options.size
        self._hardness = options.hardness / 100
        self._region = Region(0, 0, 0, 0)
        self._last = self._nib(at)
        self._sweep(self._last, self._last)

    def move(self, at: Pointer) -> None:
        to = self._nib(at)
        travelled = math.hypot(to.x - self._last.x, to.y - self._last.y)
        if travelled >= FINEST_MOVE or abs(to.radius - self._last.radius) >= FINEST_MOVE:
            self._sweep(self._last, to)
            self._last = to

    def release(self, at: Pointer) -> bool:
        # A pen's last sample often comes with no pressure left: the end keeps the width of the move before it.
        self._sweep(self._last, NibPoint(at.x, at.y, self._last.radius))
        self.finish()
        return True

    def press(self, at: Pointer) -> bool:
        return False  # a second button changes nothing

    def finish(self) -> None:
        self._ink.edit.commit()

    def back(self) -> bool:
        return False

    def cancel(self) -> None:
        self._ink.edit.rollback()

    def outline(self) -> Outline:
        return Outline(circles=((self._last.x, self._last.y, self._last.radius),))

    @property
    def writes(self) -> bool:
        return True

    @property
    def erases(self) -> bool:
        return self._ink.erases

    @property
    def drawn(self) -> Region:
        return self._region

    @property
    def covered(self) -> Covered:
        return self._ink.covered

    @property
    def rest(self) -> Rest | None:
        return None

    def _nib(self, at: Pointer) -> NibPoint:
        pressure = 1.0 if at.pressure is None else min(1.0, max(0.0, at.pressure))
        return NibPoint(at.x, at.y, max(SMALLEST, self._size * pressure) / 2)

    def _sweep(self, a: NibPoint, b: NibPoint) -> None:
        for region, coverage in brush.segment(a, b, self._hardness, self._ink.plane.shape):
            self._ink.lay(region, coverage)
            self._region = self._region.union(region)


def mixed(below: NDArray[Any], above: NDArray[Any], weight: brush.Coverage) -> NDArray[Any]:
    """`above` over `below`, both (h, w, 3) of one dtype, by `weight` (h, w): 255 gives `above` exactly, 0 `below`."""
    if weight.min(initial=255) == 255:
        return above
    share = weight[..., None] / np.float64(255)
    blend = above * share + below * (1 - share)
    if np.issubdtype(below.dtype, np.integer):
        blend = np.rint(blend)
    blended = blend.astype(below.dtype)
    return np.where(weight[..., None] == 255, above, np.where(weight[..., None] == 0, below, blended))
