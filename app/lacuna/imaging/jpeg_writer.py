"""Saving JPEG so that a second generation keeps the first: its own tables, and chroma that decoding would not blur."""

from __future__ import annotations

import struct
import threading
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.i18n import _
from lacuna.imaging.codec import Output, planes_to_save
from lacuna.imaging.jpeg import EXIF, EXTENDED_XMP, ICC, PHOTOSHOP, XMP
from lacuna.imaging.metadata import build_resources
from lacuna.imaging.photo import Metadata, Photo

QUALITY = 95  # where there are no tables to keep
_one_at_a_time = threading.Lock()
_ROOM = 65533  # bytes of payload in one segment


def write(photo: Photo, metadata: Metadata, quality: int | None) -> Output:
    """A photo of 8 bits without alpha as JPEG: with the source's tables unless `quality` (1..100) is given."""
    source = photo.source
    own = source.quantisation if source is not None and quality is None else None
    subsampling = "4:4:4"  # for 4:4:0 too, which the encoder does not know: 4:2:2 would halve the other axis as well
    if source is not None and source.format == "JPEG" and source.subsampling in ("4:2:0", "4:2:2"):
        subsampling = source.subsampling
    encoded = _encode(
        planes_to_save(photo),
        own,
        QUALITY if quality is None else quality,
        subsampling,
        progressive=source is not None and source.progressive,
    )
    segments, notes = _segments(metadata, photo.profile)
    # libjpeg's own JFIF segment comes first and has a fixed length; ours takes its place
    body = 4 + int.from_bytes(encoded[4:6], "big") if encoded[2:4] == b"\xff\xe0" else 2
    return Output([b"\xff\xd8", *segments, memoryview(encoded)[body:]], notes)


def _encode(
    planes: NDArray[Any],
    tables: tuple[tuple[int, ...], ...] | None,
    quality: int,
    subsampling: str,
    *,
    progressive: bool,
) -> bytes:
    from PIL import Image, ImageFile

    height, width = planes.shape[:2]
    options: dict[str, Any] = {"optimize": True, "progressive": progressive}
    if planes.ndim == 2:
        image = Image.frombuffer("L", (width, height), planes, "raw", "L", 0, 1)
    elif subsampling == "4:4:4":
        image = Image.frombuffer("RGB", (width, height), planes, "raw", "RGB", 0, 1)
        options["subsampling"] = 0
    else:
        levels = sharp_chroma(planes, 2 if subsampling == "4:2:0" else 1)
        image = Image.frombuffer("YCbCr", (width, height), levels, "raw", "YCbCr", 0, 1)
        options["subsampling"] = 2 if subsampling == "4:2:0" else 1
    if tables is not None:
        options["qtables"] = [list(table) for table in tables]
    else:
        options["quality"] = quality
    try:
        return _saved(image, options)
    except OSError:
        # Optimised tables need the whole file in one buffer, and Pillow's guess is too small for noise.
        with _one_at_a_time:
            before = ImageFile.MAXBLOCK
            ImageFile.MAXBLOCK = max(before, 4 * planes.nbytes)
            try:
                return _saved(image, options)
            finally:
                ImageFile.MAXBLOCK = before


def _saved(image: Any, options: dict[str, Any]) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def sharp_chroma(pixels: NDArray[np.uint8], vertical: int) -> NDArray[np.uint8]:
    """(H, W, 3) RGB -> (H, W, 3) YCbCr whose chroma, averaged by libjpeg over 2 x `vertical`, is what decoding undoes.

    A decoder enlarges chroma by a triangle filter, so a plain average of its result is blurred: along an axis
    `b[i] = (c[i-1] + 6 c[i] + c[i+1]) / 8`. Here that is solved for c (with its ends mirrored, as libjpeg has them),
    and the solution is repeated over each 2 x `vertical` block. So a second generation keeps the chroma of the first.
    """
    import cv2

    height, width = pixels.shape[:2]
    odd = height % vertical, width % 2
    padded = np.pad(pixels, ((0, odd[0]), (0, odd[1]), (0, 0)), mode="edge") if any(odd) else pixels
    total = padded[:, 0::2].astype(np.uint16) + padded[:, 1::2]
    if vertical == 2:
        total = total[0::2] + total[1::2]
    average: NDArray[Any] = total.astype(np.float32) / (2 * vertical)
    kernel = _undo_triangle()
    nothing = np.ones((1, 1), np.float32)
    levels: list[NDArray[Any]] = [cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)] * 3
    for n, weights in ((1, (-0.168736, -0.331264, 0.5)), (2, (0.5, -0.418688, -0.081312))):  # JFIF 1.02
        plane: NDArray[Any] = cv2.transform(average, np.array([weights], np.float32)) + np.float32(128)
        plane = cv2.sepFilter2D(
            plane, cv2.CV_32F, kernel, kernel if vertical == 2 else nothing, borderType=cv2.BORDER_REFLECT
        )
        small = np.clip(np.rint(plane), 0, 255).astype(np.uint8)
        large = cv2.resize(small, None, fx=2, fy=vertical, interpolation=cv2.INTER_NEAREST)
        levels[n] = large[:height, :width]
    return np.asarray(cv2.merge(levels), np.uint8)


def _undo_triangle() -> NDArray[np.float32]:
    """The inverse of (1, 6, 1) / 8 as taps: sqrt(2) r^|n| with r = sqrt(8) - 3; what follows the 6th is below 1e-5."""
    taps = np.abs(np.arange(-6, 7))
    return (np.sqrt(2.0) * (np.sqrt(8.0) - 3.0) ** taps).astype(np.float32)


def _segments(metadata: Metadata, profile: bytes | None) -> tuple[list[bytes], list[str]]:
    """All segments that carry metadata, in the usual order, and what did not fit."""
    notes: list[str] = []
    x, y = metadata.dpi or (0.0, 0.0)
    density = (1, round(x), round(y)) if 1 <= round(x) <= 65535 and 1 <= round(y) <= 65535 else (0, 1, 1)
    parts = [_segment(0xE0, b"JFIF\0\1\1" + struct.pack(">BHHBB", *density, 0, 0))]
    if metadata.exif is not None:
        if len(metadata.exif) + len(EXIF) <= _ROOM:
            parts.append(_segment(0xE1, EXIF + metadata.exif))
        else:
            notes.append(_("The EXIF data are too long for a JPEG and were left out."))
    if metadata.xmp is not None:
        parts += _xmp_segments(metadata.xmp)
    resources = list(metadata.photoshop)
    if metadata.iptc is not None:
        resources.insert(0, (1028, metadata.iptc))
    block = build_resources(resources)
    room = _ROOM - len(PHOTOSHOP)
    parts += [_segment(0xED, PHOTOSHOP + block[at : at + room]) for at in range(0, len(block), room)]
    if profile is not None:
        room = _ROOM - len(ICC) - 2
        pieces = [profile[at : at + room] for at in range(0, len(profile), room)]
        if len(pieces) <= 255:
            parts += [_segment(0xE2, ICC + bytes([n, len(pieces)]) + piece) for n, piece in enumerate(pieces, start=1)]
        else:
            notes.append(_("The colour profile is too long for a JPEG and was left out."))
    for key, words in metadata.text:
        body = words if key == "Comment" else f"{key}: {words}"
        parts.append(_segment(0xFE, body.encode()[:_ROOM]))
    return parts, notes


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def _xmp_segments(xmp: bytes) -> list[bytes]:
    """One packet, or (XMP specification, part 3, 1.1.3.1) a pointer to the rest in further segments."""
    if len(xmp) + len(XMP) <= _ROOM:
        return [_segment(0xE1, XMP + xmp)]
    import hashlib

    digest = hashlib.md5(xmp, usedforsecurity=False).hexdigest().upper().encode()
    pointer = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="'
        + digest
        + b'"/></rdf:RDF></x:xmpmeta>'
    )
    head = EXTENDED_XMP + digest + struct.pack(">I", len(xmp))
    room = _ROOM - len(head) - 4
    rest = [_segment(0xE1, head + struct.pack(">I", at) + xmp[at : at + room]) for at in range(0, len(xmp), room)]
    return [_segment(0xE1, XMP + pointer), *rest]
