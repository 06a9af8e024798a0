"""Reading JPEG: a walk over its segments, and decoding by the faster library.

The walk finds size, tables and metadata without decoding, and where the scan ends. libjpeg paints what is missing from
a file grey and says nothing, so cut-off files are found here: by the missing end marker, by missing restart intervals,
and by decoding with zeros in the end marker's place, which makes a decoder that runs dry stop instead of painting on.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.i18n import _
from lacuna.imaging.codec import (
    Contents,
    check_size,
    cut_off,
    damaged,
    decode_opencv,
    quiet,
    unsupported,
)
from lacuna.imaging.metadata import parse_resources, split_resources

EXIF = b"Exif\0\0"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"
PHOTOSHOP = b"Photoshop 3.0\0"
ICC = b"ICC_PROFILE\0"
_SOF = {0xC0 + n for n in range(16)} - {0xC4, 0xC8, 0xCC}
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_SCAN_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_HOLE = bytes(256)
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
# ITU T.81, figure 5: natural position of the k-th coefficient in the file
_ZIGZAG = (
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
)  # fmt: skip
_SUBSAMPLING = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (1, 2): "4:4:0", (4, 1): "4:1:1"}


@dataclass
class Header:
    """What the walk found. `start` is where the first scan begins, `end` where the end marker stands."""

    width: int = 0
    height: int = 0
    frame: int = 0  # the SOF marker
    precision: int = 0
    components: list[tuple[int, int, int]] = field(default_factory=list)  # horizontal, vertical factor, table
    tables: dict[int, tuple[int, ...]] = field(default_factory=dict)
    restart: int = 0
    scans: int = 0
    start: int = 0
    end: int = 0
    segments: list[tuple[int, bytes]] = field(default_factory=list)  # APPn and COM with their payload
    jfif_density: tuple[int, int, int] | None = None

    @property
    def progressive(self) -> bool:
        return self.frame in (0xC2, 0xC6, 0xCA, 0xCE)

    @property
    def subsampling(self) -> str | None:
        if len(self.components) != 3 or any(c[:2] != (1, 1) for c in self.components[1:]):
            return None
        return _SUBSAMPLING.get(self.components[0][:2])

    @property
    def quantisation(self) -> tuple[tuple[int, ...], ...] | None:
        """A table for luma and one for chroma (or one a component where they differ more)."""
        tables = [self.tables.get(c[2]) for c in self.components]
        known = [t for t in tables if t is not None]
        if not known or len(known) != len(tables):
            return None
        if len(known) == 3 and known[1] == known[2]:
            known = known[:2]
        return tuple(known)


def read(data: bytes, name: str, limit: int) -> Contents:
    """Take a JPEG apart. Raises UnreadableFile, UnsupportedFormat, PictureTooLarge."""
    header = walk(data, name, limit)
    contents = Contents(
        pixels=np.empty((0, 0, 3), np.uint8),
        format="JPEG",
        lossless=False,
        bits=8,
        grey=len(header.components) == 1,
        quantisation=header.quantisation,
        subsampling=header.subsampling,
        progressive=header.progressive,
    )
    _collect(header, contents)
    if len(header.components) == 4:
        _read_cmyk(data, name, contents)
    else:
        contents.pixels = _decode(data, name, header)
    return contents


@dataclass(frozen=True)
class Description:
    """What a first sight needs: stored size, channels, orientation (1..8) and profile."""

    width: int
    height: int
    channels: int
    orientation: int
    profile: bytes | None


def describe(data: bytes, limit: int) -> Description:
    """A JPEG described without decoding. Errors as in `read`."""
    from lacuna.imaging.metadata import take

    header = walk(data, "", limit)
    contents = Contents(np.empty((0, 0, 3), np.uint8), "JPEG", lossless=False, bits=8)
    _collect(header, contents)
    _metadata, orientation = take(contents)
    return Description(header.width, header.height, len(header.components), orientation, contents.profile)


def walk(data: bytes, name: str, limit: int) -> Header:
    """Header and segments of the first picture in `data`, checked for its size and for being whole."""
    header = Header()
    at = 2
    while True:
        if at + 4 > len(data):
            raise cut_off(name)
        if data[at] != 0xFF:
            raise damaged(name, _("a segment does not start where it should"))
        marker = data[at + 1]
        if marker == 0xFF:  # padding before a marker
            at += 1
            continue
        at += 2
        if marker in _STANDALONE:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        payload = data[at + 2 : at + length]
        if length < 2 or len(payload) != length - 2:
            raise cut_off(name)
        at += length
        if marker in _SOF:
            _frame(header, marker, payload, name, limit)
        elif marker == 0xDB:
            _tables(header, payload, name)
        elif marker == 0xDD and len(payload) == 2:
            header.restart = int.from_bytes(payload, "big")
        elif marker == 0xDA:
            if not header.frame:
                raise damaged(name, _("its picture data come before their description"))
            header.scans += 1
            header.start = header.start or at
            found = _SCAN_END.search(data, at)
            if found is None:
                raise cut_off(name)
            _check_restarts(header, data, at, found.start(), len(payload), name)
            at = found.end() - 2
            if data[at + 1] == 0xD9:
                header.end = at
                return header
        elif marker == 0xD8 or marker == 0xD9:
            raise damaged(name, _("it holds no picture data"))
        elif marker == 0xFE or 0xE0 <= marker <= 0xEF:
            header.segments.append((marker, payload))
        elif marker not in (0xC4, 0xCC, 0xDC, 0xDE, 0xDF):
            raise damaged(name, _("its picture data are broken off by something else"))


def _frame(header: Header, marker: int, payload: bytes, name: str, limit: int) -> None:
    if header.frame:
        raise damaged(name, _("it describes two pictures in one"))
    if len(payload) < 6 or len(payload) < 6 + 3 * payload[5]:
        raise cut_off(name)
    header.frame = marker
    header.precision, header.height, header.width, count = struct.unpack(">BHHB", payload[:6])
    for n in range(count):
        factors, table = payload[6 + 3 * n + 1], payload[6 + 3 * n + 2]
        header.components.append((factors >> 4, factors & 15, table))
    if any(not (1 <= h <= 4 and 1 <= v <= 4) for h, v, _table in header.components):
        raise damaged(name, _("its description of the colours makes no sense"))
    if header.precision != 8:
        raise unsupported(name, _("JPEG with {bits} bits a channel").format(bits=header.precision))
    if count not in (1, 3, 4):
        raise unsupported(name, _("JPEG with {count} channels").format(count=count))
    if marker not in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA):
        raise unsupported(name, _("lossless or hierarchical JPEG"))
    check_size(name, header.width, header.height, limit)


def _tables(header: Header, payload: bytes, name: str) -> None:
    at = 0
    while at < len(payload):
        wide, index = payload[at] >> 4, payload[at] & 15
        size = 128 if wide else 64
        values = payload[at + 1 : at + 1 + size]
        if len(values) != size:
            raise damaged(name, _("a quantisation table is incomplete"))
        steps = struct.unpack(">64H" if wide else ">64B", values)
        natural = [0] * 64
        for k, position in enumerate(_ZIGZAG):
            natural[position] = steps[k]
        header.tables[index] = tuple(natural)
        at += 1 + size


def _check_restarts(header: Header, data: bytes, start: int, end: int, scan_header: int, name: str) -> None:
    """A file with restart markers must have as many as its size needs (only where all is in one scan)."""
    one_scan = scan_header == 4 + 2 * len(header.components) and not header.progressive
    if not header.restart or not one_scan:
        return
    if len(header.components) == 1:
        units = -(-header.width // 8) * -(-header.height // 8)
    else:
        across = 8 * max(c[0] for c in header.components)
        down = 8 * max(c[1] for c in header.components)
        units = -(-header.width // across) * -(-header.height // down)
    wanted = -(-units // header.restart) - 1
    if sum(1 for _found in _RESTART.finditer(data, start, end)) < wanted:
        raise damaged(name, _("a part of its picture data is missing"))


def _decode(data: bytes, name: str, header: Header) -> NDArray[Any]:
    """(H, W, 3) uint8 as stored, not yet turned upright."""
    import cv2

    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    dry = header.scans == 1 and not header.progressive
    whole = _to_run_dry(data, header.end) if dry else data[: header.end + 2]
    pixels = decode_opencv(whole, flags)
    # Zeros where a part was lost may be legal codes. Then something is left over: it decodes without its end too.
    if dry and pixels is not None and data.find(_HOLE, header.start, header.end) >= 0:
        spare = decode_opencv(_to_run_dry(data, header.end - 24), flags)
        if spare is not None:
            raise damaged(name, _("a part of its picture data is missing"))
    if pixels is None:
        pixels = _decode_pillow(whole, name)  # beyond OpenCV's own limit of pixels, or a variant only Pillow knows
    if pixels.shape != (header.height, header.width, 3):
        raise damaged(name, _("its picture data do not fit its size"))
    return pixels


def _to_run_dry(data: bytes, end: int) -> bytes:
    """A scan that ends in zeros, not in an end marker: a decoder looks up to 8 bytes ahead, and stops beyond them."""
    return b"".join((memoryview(data)[:end], bytes(8)))


def _decode_pillow(data: bytes, name: str) -> NDArray[Any]:
    from PIL.JpegImagePlugin import JpegImageFile

    try:
        with quiet(), JpegImageFile(BytesIO(data)) as image:
            return np.asarray(image.convert("RGB"))
    except Exception as error:  # whatever a decoder raises over damaged bytes
        raise cut_off(name, error) from error


def _read_cmyk(data: bytes, name: str, contents: Contents) -> None:
    from PIL.JpegImagePlugin import JpegImageFile

    from lacuna.imaging.colour import from_cmyk

    try:
        with quiet(), JpegImageFile(BytesIO(data)) as image:
            image.load()
            inks = image if image.mode == "CMYK" else image.convert("CMYK")
            contents.pixels, note = from_cmyk(inks, contents.profile)
    except OSError as error:
        raise cut_off(name, error) from error
    contents.profile = None
    contents.quantisation = contents.subsampling = None  # they belong to inks
    contents.notes.append(note)


def _collect(header: Header, contents: Contents) -> None:
    """Metadata from the segments."""
    profile: dict[int, bytes] = {}
    extended: dict[int, bytes] = {}
    resources: list[tuple[int, bytes]] = []
    comments: list[tuple[str, str]] = []
    for marker, payload in header.segments:
        if marker == 0xE0 and payload.startswith(b"JFIF\0") and len(payload) >= 12:
            unit, x, y = struct.unpack(">BHH", payload[7:12])
            if unit in (1, 2) and x and y:
                scale = 1.0 if unit == 1 else 2.54
                contents.dpi = (x * scale, y * scale)
        elif marker == 0xE1 and payload.startswith(EXIF) and contents.exif is None:
            contents.exif = payload[len(EXIF) :]
        elif marker == 0xE1 and payload.startswith(XMP) and contents.xmp is None:
            contents.xmp = payload[len(XMP) :]
        elif marker == 0xE1 and payload.startswith(EXTENDED_XMP):
            # 32 letters of digest, length of the whole, offset of this part
            rest = payload[len(EXTENDED_XMP) :]
            if len(rest) > 40:
                extended[int.from_bytes(rest[36:40], "big")] = rest[40:]
        elif marker == 0xE2 and payload.startswith(ICC) and len(payload) > 14:
            profile[payload[12]] = payload[14:]
        elif marker == 0xE2 and payload.startswith(b"MPF\0"):
            _further_pictures(payload[4:], contents)
        elif marker == 0xED and payload.startswith(PHOTOSHOP):
            resources += parse_resources(payload[len(PHOTOSHOP) :])
        elif marker == 0xFE:
            comments.append(("Comment", payload.rstrip(b"\0").decode("utf-8", "replace")))
    if profile:
        contents.profile = b"".join(profile[n] for n in sorted(profile))
    if extended:
        contents.extended_xmp = b"".join(extended[n] for n in sorted(extended))
    contents.iptc, contents.photoshop = split_resources(resources)
    contents.text = tuple(comments)


def _further_pictures(index: bytes, contents: Contents) -> None:
    """CIPA DC-007: other pictures behind the first. Views of a scene count as frames, previews do not."""
    from lacuna.imaging.exif import read_multi_picture

    kinds = read_multi_picture(index)
    views = sum(1 for kind in kinds[1:] if kind in (0x020001, 0x020002, 0x020003))
    if views:
        contents.frames = views + 1
    elif len(kinds) > 1:
        contents.notes.append(_("The previews or the gain map inside the file are left out when saving."))
