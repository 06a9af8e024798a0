"""A picture as opened from a file, with all that has to survive to the file it is saved to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]  # (H, W, 3) uint8, uint16 or float32, RGB
Mask = NDArray[np.uint8]  # (H, W), 255 = fill this
Hole = NDArray[np.bool_]  # (h, w), True = to be invented
STEP_ERROR = 0.4  # of a mean step of brightness: what a JPEG of quality 60 to 98 moves values by, where they move most
OTHER_ERROR = 3.0  # levels: lossy WebP at 80 to 95, whose steps nobody tells


@dataclass(frozen=True)
class Metadata:
    """What a file says beside its pixels. EXIF is kept upright (orientation 1) and without its thumbnail."""

    exif: bytes | None = None  # as in a TIFF header, without the "Exif\\0\\0" prefix
    xmp: bytes | None = None
    iptc: bytes | None = None  # IIM records
    photoshop: tuple[tuple[int, bytes], ...] = ()  # other image resources that may be kept: copyright flag, link
    dpi: tuple[float, float] | None = None
    text: tuple[tuple[str, str], ...] = ()  # PNG text chunks and comments, in file order
    colour_chunks: tuple[tuple[bytes, bytes], ...] = ()  # PNG's gAMA, cHRM, sRGB, cICP as they stood, for PNG again


@dataclass(frozen=True)
class Source:
    """The file a picture came from, and what is needed to write its like again."""

    path: Path | None
    format: str  # "JPEG", "PNG", "TIFF", "WEBP", "BMP", "AVIF", "HEIF", "GIF"
    lossless: bool
    bits: int  # a channel, in the file
    frames: int = 1
    palette: bool = False
    # JPEG tables in natural order, by component table index; they and the next lie as the upright picture does
    quantisation: tuple[tuple[int, ...], ...] | None = None
    subsampling: str | None = None  # JPEG "4:4:4", "4:2:2", "4:4:0", "4:2:0"; None where unknown
    progressive: bool = False
    compression: str | None = None  # TIFF's, by name

    @property
    def error(self) -> float:
        """About how far its format has moved values, in levels of 8 bits: 0 where it is lossless."""
        if self.lossless:
            return 0.0
        if self.quantisation:
            return STEP_ERROR * float(np.mean(self.quantisation[0]))
        return OTHER_ERROR


@dataclass(frozen=True, eq=False)
class Photo:
    """The picture, upright, RGB, in its own depth.

    `lacuna.imaging.files.read` makes one of a file. `pixels` is (H, W, 3) uint8, uint16 or float32; float keeps its own
    range and is never clipped. `alpha` is (H, W) of the same dtype, straight (not premultiplied), or None. `grey` marks
    three equal channels, saved as one. `profile` is the ICC profile as bytes, None for sRGB. `source` is the file that
    it came from, None for a picture from elsewhere. `notes` are sentences to tell the person once, such as a CMYK
    conversion.
    """

    pixels: Pixels
    alpha: NDArray[Any] | None = None
    grey: bool = False
    profile: bytes | None = None
    metadata: Metadata = field(default_factory=Metadata)
    source: Source | None = None
    notes: tuple[str, ...] = ()

    @property
    def height(self) -> int:
        """In pixels, as the next."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def path(self) -> Path | None:
        """The file that it came from."""
        return self.source.path if self.source else None

    @cached_property
    def white(self) -> float:
        """The value shown as white: 255, 65535, or for float the larger of 1.0 and the 99.9th percentile."""
        return white_of(self.pixels)

    def with_pixels(self, pixels: Pixels, alpha: NDArray[Any] | None) -> Photo:
        """The same file facts over other pixels, which may have another size."""
        return replace(self, pixels=pixels, alpha=alpha)

    def copied(self) -> Photo:
        """The same picture in arrays of its own, which may be written to; its white is found again when asked for."""
        return self.with_pixels(self.pixels.copy(), None if self.alpha is None else self.alpha.copy())

    def of_white(self, white: float) -> Photo:
        """The same picture with this as its white, such as that of the picture that its pixels were made from."""
        same = replace(self)
        vars(same)["white"] = white  # where the property keeps what it has found
        return same


def white_of(pixels: Pixels) -> float:
    """The value of `pixels`' dtype that stands for white; see `Photo.white`."""
    if pixels.dtype == np.uint8:
        return 255.0
    if pixels.dtype == np.uint16:
        return 65535.0
    if pixels.size and float(pixels.max()) <= 1.0:  # sorting is far slower than looking; a NaN among them says False
        return 1.0
    finite = pixels[np.isfinite(pixels)]
    return max(1.0, float(np.percentile(finite, 99.9))) if finite.size else 1.0
