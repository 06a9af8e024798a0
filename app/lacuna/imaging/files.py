"""Pictures from files and into files: kind told by content, upright, at their own depth, with all they carry; atomic.

The codecs take a file apart and put one together; what holds for all of them stands here.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.errors import CannotSave, LacunaError, OutOfMemory, UnreadableFile, UnsupportedFormat
from lacuna.i18n import _
from lacuna.imaging import heif
from lacuna.imaging.atomic import refuse_unwritable, write_atomically
from lacuna.imaging.codec import Contents, Output, damaged
from lacuna.imaging.fitting import fitted, opaque, refuse_unfit, with_its_size
from lacuna.imaging.formats import NAMES, READABLE, SUFFIX, WRITABLE, kind_of, left_out
from lacuna.imaging.names import in_folder, natural_key, proposed_path
from lacuna.imaging.photo import Mask, Metadata, Photo, Pixels, Source
from lacuna.imaging.project_start import is_project

__all__ = [
    "NO_LIMIT",
    "PIXEL_LIMIT",
    "READABLE",
    "WRITABLE",
    "Encoded",
    "WriteReport",
    "check_writable",
    "coarse",
    "encoded",
    "generation_loss",
    "in_folder",
    "kind_of",
    "load",
    "natural_key",
    "proposed_path",
    "read",
    "read_bytes",
    "upright",
    "write",
]

PIXEL_LIMIT = 500_000_000
NO_LIMIT = 1 << 40  # for a picture that the person has allowed, or that was opened before


@dataclass(frozen=True)
class WriteReport:
    """A file that was written: `notes` are sentences about what it could not hold."""

    path: Path
    format: str
    bytes: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Encoded:
    """A file that is still to be written: bytes-like `parts` in their order; `notes` as in a `WriteReport`."""

    format: str
    parts: Iterable[Any]
    notes: tuple[str, ...] = ()


# --- reading ----------------------------------------------------------------------------------------------------------
def read(path: Path, *, pixel_limit: int = PIXEL_LIMIT) -> Photo:
    """The picture in a file, upright, in its own depth.

    Raises UnreadableFile (missing, empty, cut off, damaged, not allowed), UnsupportedFormat, PictureTooLarge (told from
    the header, before decoding) and OutOfMemory; nothing else, whatever the file holds.
    """
    return read_bytes(load(path), path, pixel_limit=pixel_limit)


def load(path: Path, most: int | None = None) -> bytes:
    """The bytes of a file, of at most so many. Raises UnreadableFile."""
    path = Path(path)
    try:
        state = os.stat(path)
        if not stat.S_ISREG(state.st_mode):  # a pipe would never end, a device may
            what = _("it is a folder") if path.is_dir() else _("it is no ordinary file")
            sentence = _("{path} cannot be opened: {reason}.").format(path=path, reason=what)
            raise UnreadableFile(sentence, _("Choose a picture file."))
        if most is not None and state.st_size > most:
            raise UnreadableFile(_("{path} cannot be read: {reason}.").format(path=path, reason=_("it is too large")))
        return path.read_bytes()
    except FileNotFoundError as error:
        raise missing(path, error) from error
    except PermissionError as error:
        sentence = _("{path} may not be read.").format(path=path)
        raise UnreadableFile(sentence, _("Change its permissions, or copy it to another folder."), error) from error
    except OSError as error:
        reason = error.strerror or str(error)
        sentence = _("{path} cannot be read: {reason}.").format(path=path, reason=reason)
        raise UnreadableFile(sentence, _("Check the disk or the network, then try again."), error) from error
    except MemoryError as error:
        raise _no_memory(path.name, error) from error


def missing(path: Path, cause: OSError | None = None) -> UnreadableFile:
    """What is raised for a file that is not there."""
    sentence = _("{path} does not exist.").format(path=path)
    return UnreadableFile(sentence, _("Check the name; the file may have been moved."), cause)


def read_bytes(data: bytes, path: Path | None = None, *, pixel_limit: int = PIXEL_LIMIT) -> Photo:
    """The picture in the bytes of a file; `path` names it for people and becomes the photo's. Errors as in `read`."""
    path = Path(path) if path is not None else None
    name = path.name if path is not None else _("The picture")
    kind = kind_of(data)
    if not data:
        raise UnreadableFile(_("{name} is empty.").format(name=name), _("Copy it again from where it came from."))
    if is_project(data):
        sentence = _("{name} is a project of Lacuna, and no picture.").format(name=name)
        raise UnsupportedFormat(sentence, _("Open it in the window, or let “lacuna render” write its picture."))
    if kind is None:
        sentence = _("{name} is not a picture of a kind that Lacuna knows.").format(name=name)
        raise UnsupportedFormat(sentence, _("It opens JPEG, PNG, WebP, TIFF, BMP, AVIF, GIF and HEIC."))
    try:
        return _photo(_codec(kind)(data, name, pixel_limit), path, name)
    except LacunaError:
        raise
    except MemoryError as error:
        raise _no_memory(name, error) from error
    except Exception as error:  # three libraries raise whatever they like over damaged bytes; it is kept as the cause
        raise damaged(name, _("its contents make no sense"), error) from error


def _codec(kind: str) -> Callable[[bytes, str, int], Contents]:
    from lacuna.imaging import jpeg, pillow_formats, png, tiff, webp

    return {
        "JPEG": jpeg.read,
        "PNG": png.read,
        "WEBP": webp.read,
        "TIFF": tiff.read,
        "BMP": pillow_formats.read_bmp,
        "GIF": pillow_formats.read_gif,
        "AVIF": pillow_formats.read_avif,
        "HEIF": heif.read,
    }[kind]


def _photo(contents: Contents, path: Path | None, name: str) -> Photo:
    from lacuna.imaging.metadata import take
    from lacuna.imaging.profiles import space_of

    metadata, orientation = take(contents)
    pixels = upright(contents.pixels, orientation)
    if pixels.ndim == 2:
        pixels = _tripled(pixels)
    alpha = upright(contents.alpha, orientation) if contents.alpha is not None else None
    profile = contents.profile
    if profile is not None and space_of(profile) not in ("RGB", "GRAY"):
        profile = None
        contents.notes.append(_("Its colour profile does not fit its colours and is left out."))
    if contents.frames > 1:
        contents.notes.append(
            _("{name} holds {count} pictures; the first was opened.").format(name=name, count=contents.frames)
        )
    quantisation, subsampling = contents.quantisation, contents.subsampling
    if orientation >= 5:
        quantisation, subsampling = _on_its_side(quantisation, subsampling)
    source = Source(
        path=path,
        format=contents.format,
        lossless=contents.lossless,
        bits=contents.bits,
        frames=contents.frames,
        palette=contents.palette,
        quantisation=quantisation,
        subsampling=subsampling,
        progressive=contents.progressive,
        compression=contents.compression,
    )
    return Photo(
        pixels=pixels,
        alpha=alpha,
        grey=contents.grey,
        profile=profile,
        metadata=metadata,
        source=source,
        notes=tuple(contents.notes),
    )


def _tripled(grey: NDArray[Any]) -> Pixels:
    out = np.empty((*grey.shape, 3), grey.dtype)
    out[...] = grey[..., None]
    return out


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """An array (H, W, ...) turned and mirrored as EXIF's `orientation` (1..8) says, contiguous."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    down = orientation in (3, 4, 7, 8)
    across = orientation in (2, 3, 6, 7)
    return np.ascontiguousarray(pixels[:: -1 if down else 1, :: -1 if across else 1])


def _on_its_side(
    tables: tuple[tuple[int, ...], ...] | None, subsampling: str | None
) -> tuple[tuple[tuple[int, ...], ...] | None, str | None]:
    """A JPEG's tables and subsampling as they lie in its picture once rows have become columns.

    With the tables as they stand in the file, saving rounds every frequency by the step of another.
    """
    if tables is not None:
        tables = tuple(tuple(table[8 * x + y] for y in range(8) for x in range(8)) for table in tables)
    return tables, {"4:2:2": "4:4:0", "4:4:0": "4:2:2"}.get(subsampling or "", subsampling)


def _no_memory(name: str, cause: BaseException) -> OutOfMemory:
    return OutOfMemory(
        _("There is not enough memory to open {name}.").format(name=name),
        _("Close other programs and try again."),
        cause,
    )


def coarse(data: bytes, side: int = 2048) -> tuple[Pixels, tuple[int, int]] | None:
    """A first reduced sight of a picture, upright, sRGB of 8 bits, and the full (height, width).

    At most `side` pixels on its long side. None where it is not had much faster than the whole: all but large JPEGs.
    Never raises; what is wrong with the file, `read_bytes` tells. May run beside it in another thread.
    """
    import cv2

    from lacuna.imaging import jpeg
    from lacuna.imaging.codec import decode_opencv
    from lacuna.imaging.colour import to_display

    if kind_of(data) != "JPEG":
        return None
    try:
        found = jpeg.describe(data, PIXEL_LIMIT * 10)
    except LacunaError:
        return None
    longest = max(found.width, found.height)
    # half size takes more than half of the time
    scale = next((s for s in (4, 8) if longest <= s * side), 8)
    if found.width * found.height < 4_000_000 or found.channels == 4:
        return None
    flags = {4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}[scale]
    reduced = decode_opencv(data, flags | cv2.IMREAD_IGNORE_ORIENTATION)
    if reduced is None:
        return None
    shown = to_display(cv2.cvtColor(reduced, cv2.COLOR_BGR2RGB), found.profile, 255.0)
    size = (found.width, found.height) if found.orientation >= 5 else (found.height, found.width)
    return upright(shown, found.orientation), size


# --- writing ----------------------------------------------------------------------------------------------------------
def write(
    photo: Photo,
    path: Path,
    *,
    format: str | None = None,
    quality: int | None = None,
    overwrite: bool = True,
    allow_reduce: bool = False,
) -> WriteReport:
    """Save a photo, whole or not at all, in `format` (as in WRITABLE) or the one that the suffix names.

    `quality` (1..100) is for lossy formats; without it a JPEG keeps its own tables. `allow_reduce` lets a format take
    less than the photo has: fewer bits a channel, and no transparency, which is then laid over white. Raises what
    `check_writable` raises, and CannotSave otherwise.
    """
    path = Path(path)
    check_writable(photo, path, format=format, overwrite=overwrite, allow_reduce=allow_reduce)
    made = encoded(photo, path, format=format, quality=quality, allow_reduce=allow_reduce)
    size = write_atomically(path, made.parts, overwrite=overwrite)
    return WriteReport(path, made.format, size, made.notes)


def encoded(
    photo: Photo, path: Path, *, format: str | None = None, quality: int | None = None, allow_reduce: bool = False
) -> Encoded:
    """What `write` would put into the file at `path`, which is not looked at. Raises as it does."""
    if quality is not None and not 1 <= quality <= 100:
        raise ValueError("quality is 1 to 100")
    kind = _fitting_format(photo, path, format, allow_reduce)
    ready, notes = fitted(photo, kind)
    try:
        output = _encode(ready, with_its_size(ready, notes), kind, quality)
    except MemoryError as error:
        sentence = _("{name} cannot be saved: there is not enough memory.").format(name=path.name)
        raise CannotSave(sentence, _("Close other programs and try again."), error) from error
    except (OSError, ValueError, RuntimeError) as error:  # an encoder's own refusal
        sentence = _("{name} cannot be saved: the {format} encoder failed ({reason}).")
        sentence = sentence.format(name=path.name, format=NAMES[kind], reason=error)
        raise CannotSave(sentence, _("Save as PNG or TIFF instead."), error) from error
    return Encoded(kind, output.parts, (*notes, *output.notes))


def check_writable(
    photo: Photo, path: Path, *, format: str | None = None, overwrite: bool = True, allow_reduce: bool = False
) -> str:
    """The format that `write` would save a photo in, once sure that nothing stands in its way that shows beforehand.

    For before work that takes its time; nothing is encoded, and nothing is left in the folder. Raises UnsupportedFormat
    for an unknown format or one whose library is missing, WouldReduce where only `allow_reduce` lets the format take
    the photo, and CannotSave for what the format or the folder refuses.
    """
    path = Path(path)
    kind = _fitting_format(photo, path, format, allow_reduce)
    _spare_pages(photo, path)
    refuse_unwritable(path, overwrite=overwrite)
    return kind


def _fitting_format(photo: Photo, path: Path, wanted: str | None, allow_reduce: bool) -> str:
    kind = _format_for(path, wanted)
    if kind == "HEIF" and not heif.installed():
        raise heif.missing(path.name)
    refuse_unfit(photo, path, kind, allow_reduce=allow_reduce)
    return kind


def _format_for(path: Path, wanted: str | None) -> str:
    kind = wanted.upper() if wanted is not None else WRITABLE.get(path.suffix.lower())
    if kind in SUFFIX:
        return str(kind)
    what = wanted or path.suffix or path.name
    sentence = _("{name} cannot be saved: Lacuna does not write {what}.").format(name=path.name, what=what)
    raise UnsupportedFormat(sentence, _("Give the name one of these endings: .png .jpg .tif .webp .bmp .avif .heic"))


def _spare_pages(photo: Photo, path: Path) -> None:
    """A file of several pictures is never replaced by its first."""
    source = photo.source
    if source is None or source.path is None or source.frames < 2:
        return
    try:
        same = os.path.samefile(source.path, path)
    except OSError:
        return
    if same:
        sentence = _("{name} cannot be saved: the file holds {count} pictures, and all but the first would be lost.")
        raise CannotSave(sentence.format(name=path.name, count=source.frames), _("Save under another name."))


def _encode(photo: Photo, metadata: Metadata, kind: str, quality: int | None) -> Output:
    from lacuna.imaging import jpeg_writer, pillow_formats, png, tiff_writer, webp

    source = photo.source
    if kind == "JPEG":
        output = jpeg_writer.write(photo, metadata, quality)
    elif kind == "PNG":
        output = png.write(photo, metadata)
    elif kind == "TIFF":
        packed = source is None or source.format != "TIFF" or source.compression != "none"
        output = tiff_writer.write(photo, metadata, packed=packed)
    elif kind == "WEBP":
        lossless = quality is None and (source is None or source.lossless)
        output = webp.write(photo, metadata, quality, lossless=lossless)
    elif kind == "BMP":
        output = pillow_formats.write_bmp(photo, metadata)
    elif kind == "AVIF":
        output = pillow_formats.write_avif(photo, metadata, quality)
    else:
        output = heif.write(photo, metadata, quality)
    lost = left_out(photo, kind)
    if lost:
        sentence = _("{format} cannot hold these, they were left out: {what}.")
        output.notes.append(sentence.format(format=NAMES[kind], what=", ".join(lost)))
    return output


def generation_loss(photo: Photo, path: Path, *, outside: Mask | None = None) -> tuple[float, float]:
    """(greatest, mean) difference between a photo and the file it was saved to, in steps of its own depth.

    `outside` counts only where that mask is 0. Transparency that the file could not hold does not count either. The
    mean is over pixels and channels.
    """
    saved = read(path, pixel_limit=max(PIXEL_LIMIT, photo.pixels.size))
    if saved.pixels.shape != photo.pixels.shape:
        raise ValueError("the file has another size than the photo")
    flattened = photo.alpha if saved.alpha is None else None
    worst, total, count = 0.0, 0.0, 0
    for y in range(0, photo.height, 512):  # bands: a difference of the whole would be several times the picture
        kept = None if outside is None else outside[y : y + 512] == 0
        if flattened is not None:
            solid = opaque(flattened[y : y + 512])
            kept = solid if kept is None else kept & solid
        mine, theirs = photo.pixels[y : y + 512], saved.pixels[y : y + 512]
        difference = np.abs(mine.astype(np.float64) - theirs.astype(np.float64) * (photo.white / saved.white))
        difference = difference if kept is None else difference[kept]
        if difference.size:
            worst, total, count = (
                max(worst, float(difference.max())),
                total + float(difference.sum()),
                count + difference.size,
            )
    return worst, total / count if count else 0.0
