"""Saving TIFF, so that EXIF and maker notes keep their offsets.

The file begins with the EXIF structure as it stands: its directories and values keep their places, and the maker
note, whose inner offsets count from the start of the file, stays readable. Pixels follow, and a new first directory at
the end holds EXIF's own entries and those that describe the pixels.
"""

from __future__ import annotations

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.i18n import _
from lacuna.imaging import exif
from lacuna.imaging.codec import Output, planes_to_save
from lacuna.imaging.metadata import build_resources
from lacuna.imaging.photo import Metadata, Photo

LARGEST = (1 << 32) - (1 << 20)  # bytes that 32-bit offsets reach; beyond it the file becomes a big TIFF
_STRIP = 1 << 20  # bytes of pixels in a strip, about
_DEFLATE = 8
_EFFORT = 3  # of zlib, as for PNG
_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 1, 2, 3, 4, 5, 7


def write(photo: Photo, metadata: Metadata, *, packed: bool) -> Output:
    """A photo of any depth as TIFF: `packed` by deflate with differences along rows, else uncompressed."""
    planes = planes_to_save(photo)
    if planes.nbytes + len(metadata.exif or b"") > LARGEST:
        return _write_big(photo, metadata, planes, packed=packed)
    start = metadata.exif if metadata.exif is not None else b"II*\0\x08\0\0\0"
    order, kept = exif.entries(start) if metadata.exif is not None else ("<", [])
    start += bytes(len(start) % 2)
    strips, rows = _strips(planes, order, packed=packed)
    offsets, at = [], len(start)
    for strip in strips:
        offsets.append(at)
        at += _size(strip)
    padding = bytes(at % 2)
    table = _directory(photo, metadata, planes, order, at + len(padding), kept, rows, offsets, strips, packed=packed)
    head = start[:4] + struct.pack(order + "I", at + len(padding)) + start[8:]
    return Output([head, *strips, padding, table])


def _strips(planes: NDArray[Any], order: str, *, packed: bool) -> tuple[list[Any], int]:
    """Bytes of each strip and rows in one; threads pack, since zlib lets them."""
    height = planes.shape[0]
    rows = max(1, min(height, _STRIP // max(1, planes[0].nbytes)))
    bands = [planes[y : y + rows] for y in range(0, height, rows)]
    with ThreadPoolExecutor() as threads:
        return list(threads.map(lambda band: _strip(band, order, packed=packed), bands)), rows


def _strip(band: NDArray[Any], order: str, *, packed: bool) -> Any:
    stored = band.dtype.newbyteorder("<" if order == "<" else ">")
    if not packed:
        return np.ascontiguousarray(band, stored).view(np.uint8)
    if band.dtype.kind == "u":
        step = band.copy()
        step[:, 1:] -= band[:, :-1]  # wraps, and so does its undoing
        band = step
    return zlib.compress(np.ascontiguousarray(band, stored).tobytes(), _EFFORT)


def _size(strip: Any) -> int:
    return memoryview(strip).nbytes


def _directory(
    photo: Photo,
    metadata: Metadata,
    planes: NDArray[Any],
    order: str,
    at: int,
    kept: list[tuple[int, int, int, bytes]],
    rows: int,
    offsets: list[int],
    strips: list[Any],
    *,
    packed: bool,
) -> bytes:
    """The first directory, to lie at offset `at`: `kept` entries as they are, ours with their values behind it."""
    height, width = planes.shape[:2]
    samples = 1 if planes.ndim == 2 else planes.shape[2]
    bits = planes.dtype.itemsize * 8

    def shorts(*numbers: int) -> tuple[int, int, bytes]:
        return _SHORT, len(numbers), struct.pack(f"{order}{len(numbers)}H", *numbers)

    def longs(*numbers: int) -> tuple[int, int, bytes]:
        return _LONG, len(numbers), struct.pack(f"{order}{len(numbers)}I", *numbers)

    ours = {
        256: longs(width),
        257: longs(height),
        258: shorts(*[bits] * samples),
        259: shorts(_DEFLATE if packed else 1),
        262: shorts(1 if photo.grey else 2),
        273: longs(*offsets),
        exif.ORIENTATION: shorts(1),
        277: shorts(samples),
        278: longs(rows),
        279: longs(*[_size(strip) for strip in strips]),
        284: shorts(1),
        339: shorts(*[3 if planes.dtype.kind == "f" else 1] * samples),
    }
    if packed and planes.dtype.kind == "u":
        ours[317] = shorts(2)
    if photo.alpha is not None:
        ours[338] = shorts(2)  # straight
    if metadata.dpi is not None:
        for tag, dots in zip((exif.X_RESOLUTION, exif.Y_RESOLUTION), metadata.dpi, strict=True):
            ratio = Fraction(dots).limit_denominator(10000)
            ours[tag] = (_RATIONAL, 1, struct.pack(order + "II", ratio.numerator, ratio.denominator))
        ours[exif.RESOLUTION_UNIT] = shorts(2)
    for tag, kind, value in _blobs(photo, metadata):
        ours[tag] = (kind, len(value), value)
    rest = {tag: (kind, count, field) for tag, kind, count, field in kept if tag not in ours}
    table = bytearray(struct.pack(order + "H", len(ours) + len(rest)))
    tail = bytearray()
    tail_at = at + 2 + 12 * (len(ours) + len(rest)) + 4
    for tag in sorted(ours | rest):
        kind, count, value = ours[tag] if tag in ours else rest[tag]
        if tag in ours and len(value) > 4:
            place = tail_at + len(tail)
            tail += value + bytes(len(value) % 2)
            value = struct.pack(order + "I", place)
        table += struct.pack(order + "HHI", tag, kind, count) + value.ljust(4, b"\0")
    return bytes(table + bytes(4) + tail)


def _blobs(photo: Photo, metadata: Metadata) -> list[tuple[int, int, bytes]]:
    found = []
    if metadata.xmp is not None:
        found.append((exif.XMP, _BYTE, metadata.xmp))
    if metadata.iptc is not None:
        found.append((exif.IPTC, _UNDEFINED, metadata.iptc))
    if metadata.photoshop:
        found.append((exif.PHOTOSHOP, _BYTE, build_resources(list(metadata.photoshop))))
    if photo.profile is not None:
        found.append((exif.ICC, _UNDEFINED, photo.profile))
    return found


def _write_big(photo: Photo, metadata: Metadata, planes: NDArray[Any], *, packed: bool) -> Output:
    """Beyond 4 GB offsets have 64 bits, which EXIF's own have not: tifffile writes, and EXIF is left out."""
    import tifffile

    out = BytesIO()
    tifffile.imwrite(
        out,
        planes,
        bigtiff=True,
        photometric="minisblack" if photo.grey else "rgb",
        planarconfig="contig" if planes.ndim == 3 else None,
        extrasamples=["unassalpha"] if photo.alpha is not None else None,
        compression="zlib" if packed else None,
        predictor=packed and planes.dtype.kind == "u",
        resolution=metadata.dpi,
        resolutionunit="INCH" if metadata.dpi is not None else None,
        metadata=None,
        extratags=[(tag, kind, len(value), value, True) for tag, kind, value in _blobs(photo, metadata)],
    )
    notes = []
    if metadata.exif is not None:
        notes.append(_("The file is larger than 4 GB, where a TIFF has no place for EXIF; it was left out."))
    return Output([out.getbuffer()], notes)
