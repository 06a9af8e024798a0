"""What all codecs share: what they find in a file, what they make of a photo, how they refuse."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.errors import PictureTooLarge, UnreadableFile, UnsupportedFormat
from lacuna.i18n import _
from lacuna.imaging.photo import Photo

_one_at_a_time = threading.RLock()


@dataclass
class Contents:
    """A file taken apart: pixels as stored (not yet upright) and everything beside them, uncleaned.

    `pixels` is (H, W) grey or (H, W, 3) RGB of uint8, uint16 or float32; `alpha` (H, W) straight, or None.
    `orientation` is the container's own (1..8); None leaves it to EXIF.
    """

    pixels: NDArray[Any]
    format: str
    lossless: bool
    bits: int
    alpha: NDArray[Any] | None = None
    grey: bool = False
    profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    extended_xmp: bytes | None = None
    iptc: bytes | None = None
    photoshop: tuple[tuple[int, bytes], ...] = ()
    dpi: tuple[float, float] | None = None
    text: tuple[tuple[str, str], ...] = ()
    colour_chunks: tuple[tuple[bytes, bytes], ...] = ()
    orientation: int | None = None
    frames: int = 1
    palette: bool = False
    quantisation: tuple[tuple[int, ...], ...] | None = None
    subsampling: str | None = None
    progressive: bool = False
    compression: str | None = None
    notes: list[str] = field(default_factory=list)


@dataclass
class Output:
    """A photo in the words of one format: bytes-like `parts` to write in order, and what the format could not hold."""

    parts: Iterable[Any]
    notes: list[str] = field(default_factory=list)


def damaged(name: str, reason: str, cause: BaseException | None = None) -> UnreadableFile:
    """`reason` is a clause without a full stop."""
    sentence = _("{name} is damaged: {reason}.").format(name=name, reason=reason)
    return UnreadableFile(sentence, _("Copy it again from where it came from, or open another copy."), cause)


def cut_off(name: str, cause: BaseException | None = None) -> UnreadableFile:
    sentence = _("{name} is cut off: its data end before the picture does.").format(name=name)
    return UnreadableFile(sentence, _("Copy it again from where it came from, or open another copy."), cause)


def unsupported(name: str, what: str) -> UnsupportedFormat:
    """`what` names the kind that cannot be read, without a full stop."""
    sentence = _("{name} cannot be opened: {what}.").format(name=name, what=what)
    return UnsupportedFormat(sentence, _("Convert it to a TIFF or PNG of 8 or 16 bits a channel first."))


def check_size(name: str, width: int, height: int, limit: int) -> None:
    """Refuse an empty or too large picture by its header, before anything is decoded."""
    if width < 1 or height < 1:
        raise damaged(name, _("its size is given as {width} x {height} pixels").format(width=width, height=height))
    if width * height > limit:
        sentence = _("{name} has {width} x {height} pixels; at most {limit} megapixels are opened.")
        hint = _("If you trust the file, raise “Largest picture” in the preferences or use --allow-large.")
        raise PictureTooLarge(sentence.format(name=name, width=width, height=height, limit=round(limit / 1e6)), hint)


@contextmanager
def quiet() -> Iterator[None]:
    """Pillow's warnings about odd metadata are no news to a person; ours are in `Photo.notes`."""
    with _one_at_a_time, warnings.catch_warnings():  # the list of filters belongs to the whole process
        warnings.simplefilter("ignore")
        yield


def decode_opencv(data: bytes, flags: int) -> NDArray[Any] | None:
    """`cv2.imdecode` without its log lines; None where it cannot, or finds the file damaged."""
    import cv2

    before = cv2.utils.logging.setLogLevel(0)
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None
    finally:
        cv2.utils.logging.setLogLevel(before)


def planes_to_save(photo: Photo) -> NDArray[Any]:
    """The channels a file gets: (H, W), (H, W, 2), (H, W, 3) or (H, W, 4), grey reduced to one, alpha last."""
    colour = photo.pixels[..., :1] if photo.grey else photo.pixels
    if photo.alpha is None:
        return np.ascontiguousarray(colour[..., 0] if photo.grey else colour)
    return np.concatenate([colour, photo.alpha[..., None]], axis=2)


def straight(pixels: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Colours that were multiplied by their alpha, divided by it again."""
    top = 1.0 if pixels.dtype.kind == "f" else float(np.iinfo(pixels.dtype).max)
    share = alpha.astype(np.float64) / top
    share = share[..., None] if pixels.ndim == 3 else share
    divided = np.divide(pixels, share, out=np.zeros(pixels.shape, np.float64), where=share > 0)
    if pixels.dtype.kind == "f":
        return divided.astype(pixels.dtype)
    return np.clip(np.rint(divided), 0, top).astype(pixels.dtype)
