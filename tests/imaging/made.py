"""Files as cameras and programs make them, built by hand: the tests read them back with other libraries than ours."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

MAKER_NOTE = b"Maker\0" + bytes(range(1, 200)) + struct.pack("<I", 0xCAFE) * 9
XMP_RATING = b'<xmp:Rating xmlns:xmp="http://ns.adobe.com/xap/1.0/">4</xmp:Rating>'


def scene(height: int = 48, width: int = 64, channels: int = 3, dtype: Any = np.uint8) -> NDArray[Any]:
    """A smooth picture with some grain, different in every corner, from one seed."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [np.sin(x / (7 + n)) + np.cos(y / (9 - n)) + (x * (n + 1) + y) / (height + width) for n in range(channels)]
    values = np.stack(planes, axis=-1)
    values += np.random.default_rng(5).normal(0, 0.02, values.shape)
    values = (values - values.min()) / (values.max() - values.min())
    if np.dtype(dtype).kind == "f":
        return (values * 1.7 - 0.2).astype(dtype)
    return np.rint(values * np.iinfo(dtype).max).astype(dtype)


def picture_bytes(pixels: NDArray[Any], kind: str, **options: Any) -> bytes:
    """By Pillow, without metadata of ours."""
    out = BytesIO()
    Image.fromarray(pixels).save(out, kind, **options)
    return out.getvalue()


# --- EXIF, laid out as a camera lays it: thumbnail directory behind the first, its JPEG at the end ------------------
def exif(order: str = "<", orientation: int = 1, size: tuple[int, int] = (48, 64), thumbnail: bytes = b"") -> bytes:
    """First directory, EXIF, GPS, interoperability, and a second directory if there is a `thumbnail`."""
    gps = [
        (1, 2, b"N\0"),
        (2, 5, struct.pack(order + "6I", 48, 1, 51, 1, 2999, 100)),
        (3, 2, b"E\0"),
        (4, 5, struct.pack(order + "6I", 2, 1, 17, 1, 4012, 100)),
        (29, 2, b"2024:05:17\0"),
    ]
    details = [
        (33434, 5, struct.pack(order + "2I", 1, 250)),
        (34855, 3, struct.pack(order + "H", 400)),
        (36864, 7, b"0232"),
        (36867, 2, b"2024:05:17 10:11:12\0"),
        (37500, 7, MAKER_NOTE),
        (37510, 7, b"ASCII\0\0\0a note"),
        (40962, 4, struct.pack(order + "I", size[1])),
        (40963, 3, struct.pack(order + "H", size[0])),
        (40965, 4, [(1, 2, b"R98\0"), (2, 7, b"0100")]),
        (42036, 2, b"A lens 24-70 mm\0"),
    ]
    main = [
        (271, 2, b"Maker of cameras\0"),
        (272, 2, b"Model 7\0"),
        (274, 3, struct.pack(order + "H", orientation)),
        (282, 5, struct.pack(order + "2I", 300, 1)),
        (283, 5, struct.pack(order + "2I", 150, 1)),
        (296, 3, struct.pack(order + "H", 2)),
        (315, 2, "Zoë\0".encode()),
        (34665, 4, details),
        (34853, 4, gps),
    ]
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    body = bytearray(_directory(order, 8, main))
    if thumbnail:
        second = 8 + len(body)
        body[2 + 12 * len(main) : 6 + 12 * len(main)] = struct.pack(order + "I", second)
        place = second + 2 + 12 * 3 + 4
        rows = [
            (259, 3, struct.pack(order + "H", 6)),
            (513, 4, struct.pack(order + "I", place)),
            (514, 4, struct.pack(order + "I", len(thumbnail))),
        ]
        body += _directory(order, second, rows) + thumbnail
    return bytes(head + body)


def _directory(order: str, at: int, rows: list[tuple[int, int, Any]]) -> bytes:
    sizes = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}
    table, tail = struct.pack(order + "H", len(rows)), b""
    tail_at = at + 2 + 12 * len(rows) + 4
    for tag, kind, value in rows:
        if isinstance(value, list):
            place = struct.pack(order + "I", tail_at + len(tail))
            tail += _directory(order, tail_at + len(tail), value)
            table += struct.pack(order + "HHI", tag, kind, 1) + place
            continue
        table += struct.pack(order + "HHI", tag, kind, len(value) // sizes[kind])
        if len(value) <= 4:
            table += value.ljust(4, b"\0")
        else:
            table += struct.pack(order + "I", tail_at + len(tail))
            tail += value + bytes(len(value) % 2)
    return table + bytes(4) + tail


def exif_fields(blob: bytes) -> dict[tuple[str, int], Any]:
    """(directory, tag) -> value as Pillow reads it; pointers left out."""
    reader = Image.Exif()
    reader.load(blob)
    found: dict[tuple[str, int], Any] = {("main", tag): value for tag, value in dict(reader).items()}
    for name, pointer in (("exif", 34665), ("gps", 34853), ("interop", 40965)):
        found.update({(name, tag): value for tag, value in reader.get_ifd(pointer).items()})
    return {key: value for key, value in found.items() if key[1] not in (34665, 34853, 40965)}


# --- XMP, IPTC, profile ---------------------------------------------------------------------------------------------
def xmp(inside: bytes = XMP_RATING, attributes: bytes = b"") -> bytes:
    return (
        b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"'
        b' xmlns:exif="http://ns.adobe.com/exif/1.0/"' + attributes + b">" + inside + b"</rdf:Description>"
        b'</rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
    )


def iptc(*records: tuple[int, int, bytes]) -> bytes:
    chosen = records or ((1, 90, b"\x1b%G"), (2, 5, b"A title"), (2, 25, b"pier"), (2, 80, "Zoë".encode()))
    return b"".join(struct.pack(">BBBH", 0x1C, record, number, len(data)) + data for record, number, data in chosen)


def resource(number: int, data: bytes) -> bytes:
    return b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + bytes(len(data) % 2)


@lru_cache
def profile() -> bytes:
    """Display P3: littlecms' sRGB with other primaries."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    wanted = {
        b"rXYZ": (0.5151, 0.2412, -0.0011),
        b"gXYZ": (0.2919, 0.6922, 0.0419),
        b"bXYZ": (0.1572, 0.0666, 0.7841),
    }
    for n in range(int.from_bytes(made[128:132], "big")):
        key, at, _size = struct.unpack(">4sII", made[132 + 12 * n : 144 + 12 * n])
        if key in wanted:
            made[at + 8 : at + 20] = struct.pack(">3i", *[round(value * 65536) for value in wanted[key]])
    return bytes(made)


def srgb() -> bytes:
    return bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


def ink_profile() -> bytes:
    """A press that prints every mixture of inks as a neutral grey: each ink takes a quarter of the light."""
    identity = bytes(range(256))
    corners = b"".join(bytes([255 - 63 * n.bit_count(), 128, 128]) for n in range(16))  # Lab of 8 bits
    matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    grid = struct.pack(">4sI4B", b"mft1", 0, 4, 3, 2, 0) + matrix + identity * 4 + corners + identity * 3
    white = struct.pack(">4sI3i", b"XYZ ", 0, 63190, 65536, 54061)
    tags, body, at = [(b"A2B0", grid), (b"wtpt", white)], b"", 132 + 24
    table = struct.pack(">I", 2)
    for key, value in tags:
        table += struct.pack(">4sII", key, at + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    head = struct.pack(">I4sI4s4s4s12x4s", at + len(body), b"test", 0x02400000, b"prtr", b"CMYK", b"Lab ", b"acsp")
    illuminant = struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(68, b"\0") + illuminant + bytes(48) + table + body


# --- containers -----------------------------------------------------------------------------------------------------
def segment(marker: int, payload: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    """A JPEG with segments put in behind its first two bytes."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def jpeg_segments(data: bytes) -> list[tuple[int, bytes]]:
    """(marker, payload) up to the first scan."""
    found, at = [], 2
    while data[at + 1] != 0xDA:
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        found.append((data[at + 1], data[at + 4 : at + 2 + size]))
        at += 2 + size
    return found


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    samples: NDArray[Any], kind: int, depth: int, *chunks: bytes, width: int = 0, packed: bytes | None = None
) -> bytes:
    """A PNG from samples (H, W[, C]) already in file order; `chunks` go before the pixels."""
    height, columns = samples.shape[:2]
    rows = samples.astype(">u2") if depth == 16 else samples.astype(np.uint8)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width or columns, height, depth, kind, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + b"".join(chunks)
        + chunk(b"IDAT", zlib.compress(raw) if packed is None else packed)
        + chunk(b"IEND", b"")
    )


def png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size
    return found
