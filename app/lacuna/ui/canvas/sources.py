"""Where the pixels on the screen come from: a picture's levels as 8-bit RGB, in the screen's colours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lacuna.editor.tool import Laid
from lacuna.engine.composite import differs
from lacuna.imaging.colour import to_display
from lacuna.imaging.photo import Photo, Pixels
from lacuna.imaging.pyramid import Pyramid
from lacuna.imaging.region import Region

Rgb = NDArray[np.uint8]  # (h, w, 3)
Display = Callable[[Rgb], Rgb]  # from the picture's colours to the screen's


class PictureSource:
    """A photo's levels, its alpha's, and finished pieces that are shown over it but are not in it (yet).

    The document keeps the photo's levels up to date.

    `pieces` are in the photo's own depth; `strokes` lie below them, and where they say so they show what is there. A
    piece is put into the full pixels before they are halved, so that a level looks just as it will when the piece has
    become part of the picture.
    """

    def __init__(
        self,
        levels: Pyramid,
        alpha: NDArray[Any] | None,
        white: float,
        display: Display | None = None,
    ) -> None:
        self.shape = levels.shape(0)
        self.white = white
        self.display = display
        self.pieces: tuple[tuple[Region, Pixels], ...] = ()
        self.strokes: tuple[Laid, ...] = ()
        self._levels = levels
        # A float picture's alpha is 1 where it is opaque, however bright its white is.
        self._alpha = None if alpha is None else Pyramid(alpha, white=1.0 if alpha.dtype.kind == "f" else 255.0)

    def under(self, pieces: tuple[tuple[Region, Pixels], ...]) -> PictureSource:
        """The same picture below other pieces: its levels are shared."""
        other = copy(self)
        other.pieces = pieces
        return other

    @property
    def has_alpha(self) -> bool:
        return self._alpha is not None

    def alpha_stale(self, region: Region) -> None:
        """The alpha has changed there."""
        if self._alpha is not None:
            self._alpha.stale(region)

    def read(self, level: int, region: Region) -> Rgb:
        """The picture as the screen shows it."""
        pixels = eight_bits(self._levels.read(level, region), self.white)
        if self.pieces or self.strokes:
            pixels = self._with_pieces(level, region, pixels)
        return pixels if self.display is None else self.display(pixels)

    def read_alpha(self, level: int, region: Region) -> NDArray[np.uint8]:
        """How opaque it is, 255 fully."""
        assert self._alpha is not None
        pixels = self._alpha.read(level, region)
        return eight_bits(pixels, 1.0 if pixels.dtype.kind == "f" else 255.0)

    def _with_pieces(self, level: int, region: Region, pixels: Rgb) -> Rgb:
        """`pixels`, of this level, with all that lies over them: whole pixels of the level, made of full ones."""
        side = 1 << level
        full = Region(region.y0 * side, region.x0 * side, region.y1 * side, region.x1 * side).clip(self.shape)
        strokes = [stroke for stroke in self.strokes if stroke.region.overlaps(full)]
        pieces = [(r, p) for r, p in self.pieces if r.overlaps(full)]
        if not strokes and not pieces:
            return pixels
        pixels = pixels.copy()
        for region_above in (*(stroke.region for stroke in strokes), *(r for r, _piece in pieces)):
            box = region_above.intersect(full)
            wide = Region(
                box.y0 // side * side, box.x0 // side * side, -(-box.y1 // side) * side, -(-box.x1 // side) * side
            ).clip(self.shape)
            above = eight_bits(_covered(self._levels.read(0, wide), wide, strokes, pieces), self.white)
            for _ in range(level):
                above = _halved(above)
            y, x = wide.y0 // side - region.y0, wide.x0 // side - region.x0
            pixels[y : y + above.shape[0], x : x + above.shape[1]] = above
        return pixels


class Levels(Protocol):
    """What is read of a pyramid."""

    def shape(self, n: int) -> tuple[int, int]: ...

    def read(self, n: int, region: Region) -> NDArray[Any]: ...


class LaidLevels:
    """The levels of a mask of which only parts are kept, each in its place; elsewhere it is 0."""

    def __init__(self, shape: tuple[int, int], parts: Iterable[tuple[Region, NDArray[np.uint8]]]) -> None:
        self._shape = shape
        self._parts = [tuple(parts)]  # of each level that was asked for so far

    def shape(self, n: int) -> tuple[int, int]:
        height, width = self._shape
        return -(-height >> n), -(-width >> n)

    def read(self, n: int, region: Region) -> NDArray[np.uint8]:
        region = region.clip(self.shape(n))
        while len(self._parts) <= n:
            self._parts.append(tuple(_peaks(*part) for part in self._parts[-1]))
        mask = np.zeros((region.height, region.width), np.uint8)
        for at, part in self._parts[n]:
            both = at.intersect(region)
            if not both.empty:
                here = mask[both.slices_in(region)]
                np.maximum(here, part[both.slices_in(at)], out=here)
        return mask


class MaskSource:
    """A mask's levels, each pixel the highest value below it: what is thin stays in sight."""

    def __init__(self, levels: Levels) -> None:
        self.shape = levels.shape(0)
        self.hidden: tuple[Region, ...] = ()  # where nothing of it is shown: a result is looked at there
        self._levels = levels

    def read(self, level: int, region: Region) -> NDArray[np.uint8]:
        mask: NDArray[np.uint8] = self._levels.read(level, region)
        side = 1 << level
        for hidden in self.hidden:
            part = Region(hidden.y0 // side, hidden.x0 // side, -(-hidden.y1 // side), -(-hidden.x1 // side))
            part = part.intersect(region)
            if not part.empty:
                mask = mask if mask.flags.owndata else mask.copy()
                mask[part.shift(-region.y0, -region.x0).slices] = 0
        return mask


def display_of(header: Photo) -> Display | None:
    """From a picture's colours to the screen's; None where they are the same."""
    profile = header.profile
    if profile is None:
        return None
    return lambda pixels: to_display(pixels, profile, 255.0)


def eight_bits(pixels: NDArray[Any], white: float) -> NDArray[np.uint8]:
    """Pixels of any depth as the screen shows them: uint16 by its upper bits, float by `white`."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        return (pixels >> 8).astype(np.uint8)
    bright = np.nan_to_num(pixels * np.float32(255.0 / white), nan=0.0, posinf=255.0, neginf=0.0)
    return np.clip(bright + np.float32(0.5), 0, 255).astype(np.uint8)


def _halved(pixels: Rgb) -> Rgb:
    """The next level, as the pyramid makes it: an odd end doubled is the mean of what is left."""
    import cv2

    height, width = pixels.shape[:2]
    even = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    size = (even.shape[1] // 2, even.shape[0] // 2)
    half: Rgb = np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_AREA), np.uint8)
    return half.reshape(size[1], size[0], 3)


def _peaks(region: Region, part: NDArray[np.uint8]) -> tuple[Region, NDArray[np.uint8]]:
    """A part of a mask on the next level, each pixel the highest of the four below it."""
    y0, x0, y1, x1 = region.y0 // 2, region.x0 // 2, -(-region.y1 // 2), -(-region.x1 // 2)
    above, left = region.y0 - 2 * y0, region.x0 - 2 * x0
    padded = np.pad(part, ((above, 2 * y1 - region.y1), (left, 2 * x1 - region.x1)))
    return Region(y0, x0, y1, x1), padded.reshape(y1 - y0, 2, x1 - x0, 2).max(axis=(1, 3))


def _covered(below: Pixels, region: Region, strokes: Iterable[Laid], pieces: Iterable[tuple[Region, Pixels]]) -> Pixels:
    """A copy of `below`, the full pixels of `region`, with all that lies over them."""
    pixels = below.copy()
    for stroke in strokes:
        part = stroke.region.intersect(region)
        if not part.empty:
            there, here = part.slices_in(stroke.region), part.slices_in(region)
            laid, over = stroke.pixels[there], stroke.over[there]
            shown = differs(laid, over) & ~differs(over, below[here])
            pixels[here][shown] = laid[shown]
    for piece_region, piece in pieces:
        part = piece_region.intersect(region)
        if not part.empty:
            pixels[part.slices_in(region)] = piece[part.slices_in(piece_region)]
    return pixels
