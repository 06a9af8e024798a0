"""PNG: its chunks, decoding at full depth, and saving with all that was in it (PNG specification, third edition).

Pillow makes 8 bits of 16-bit colour without a word, so OpenCV decodes, from a copy that holds only the pixels:
ancillary chunks cannot disturb it, and every checksum has been compared before.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.i18n import _
from lacuna.imaging.codec import Contents, Output, check_size, cut_off, damaged, decode_opencv, planes_to_save, quiet
from lacuna.imaging.metadata import build_resources, parse_resources, split_resources
from lacuna.imaging.photo import Metadata, Photo

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP_KEY = "XML:com.adobe.xmp"
_COLOUR = (b"gAMA", b"cHRM", b"sRGB", b"cICP")
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_TEXT_LIMIT = 64 << 20  # bytes that one text chunk or profile may unpack to
_EFFORT = 3  # of zlib: photographs come out within 1 % of level 6 in half of its time
_RAW = re.compile(r"^Raw profile type (\w+)$")  # ImageMagick's way to put EXIF, IPTC and XMP into text


def read(data: bytes, name: str, limit: int) -> Contents:
    """Take a PNG apart. Raises UnreadableFile, PictureTooLarge."""
    chunks = list(_chunks(data, name, limit))
    width, height, depth, kind, interlaced = _header(chunks[0][1], name)
    wanted = [(t, body) for t, body in chunks if t in (b"IHDR", b"PLTE", b"IDAT", b"IEND")]
    if not any(t == b"IDAT" for t, _body in wanted):
        raise damaged(name, _("it holds no picture data"))
    clear = next((body for t, body in chunks if t == b"tRNS"), None)
    contents = Contents(
        pixels=np.empty((0, 0, 3), np.uint8),
        format="PNG",
        lossless=True,
        bits=depth,
        grey=kind in (0, 4),
        palette=kind == 3,
        progressive=bool(interlaced),
    )
    plain = SIGNATURE + b"".join(_chunk(t, body) for t, body in wanted)
    if kind == 3:
        _read_palette(plain, name, clear, contents)
    else:
        _read_plain(plain, name, kind, depth, clear, contents)
    if contents.pixels.shape[:2] != (height, width):
        raise damaged(name, _("its picture data do not fit its size"))
    _collect(chunks, contents)
    return contents


def _chunks(data: bytes, name: str, limit: int) -> Iterator[tuple[bytes, bytes]]:
    """(type, data) of each chunk up to the last; a damaged one raises if the picture needs it, else it is left out."""
    at, first = len(SIGNATURE), True
    while True:
        if at + 12 > len(data):
            raise cut_off(name)
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        if first and (kind != b"IHDR" or size != 13):
            raise damaged(name, _("it does not start with a header"))
        body = data[at + 8 : at + 8 + size]
        if first:
            width, height, *_rest = _header(body, name)
            check_size(name, width, height, limit)
        at += 12 + size
        if at > len(data):
            raise cut_off(name)
        if zlib.crc32(body, zlib.crc32(kind)) == int.from_bytes(data[at - 4 : at], "big"):
            yield kind, body
        elif not kind[0] & 32 or kind == b"tRNS":
            raise damaged(name, _("a checksum does not fit its data"))
        if kind == b"IEND":
            return
        first = False


def _header(body: bytes, name: str) -> tuple[int, int, int, int, int]:
    """Width, height, bits, colour type, interlacing."""
    if len(body) != 13:
        raise cut_off(name)
    width, height, depth, kind, method, filtering, interlaced = struct.unpack(">IIBBBBB", body)
    if depth not in _DEPTHS.get(kind, ()) or method or filtering or interlaced > 1:
        raise damaged(name, _("its header makes no sense"))
    return width, height, depth, kind, interlaced


def _read_plain(plain: bytes, name: str, kind: int, depth: int, clear: bytes | None, contents: Contents) -> None:
    import cv2

    flags = {
        0: cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH,
        2: cv2.IMREAD_COLOR_RGB | cv2.IMREAD_ANYDEPTH,
    }.get(kind, cv2.IMREAD_UNCHANGED)
    decoded = decode_opencv(plain, flags)
    if decoded is None:
        decoded = _by_pillow(plain, name, depth)
        if decoded.ndim == 3 and decoded.shape[2] == 4:
            decoded = decoded[..., [2, 1, 0, 3]]
    if kind == 4:  # OpenCV repeats the grey
        contents.pixels, contents.alpha = _split(decoded, 1)
    elif kind == 6:
        contents.alpha = np.ascontiguousarray(decoded[..., 3])
        contents.pixels = cv2.cvtColor(decoded, cv2.COLOR_BGRA2RGB)
    else:
        contents.pixels = decoded
        if clear is not None:
            contents.alpha = _alpha_by_key(decoded, clear, depth)


def _split(decoded: NDArray[Any], colours: int) -> tuple[NDArray[Any], NDArray[Any]]:
    colour = decoded[..., 0] if colours == 1 else decoded[..., :colours]
    return np.ascontiguousarray(colour), np.ascontiguousarray(decoded[..., -1])


def _alpha_by_key(pixels: NDArray[Any], clear: bytes, depth: int) -> NDArray[Any] | None:
    """tRNS of a grey or RGB picture: one colour is transparent."""
    top = np.iinfo(pixels.dtype).max
    count = 1 if pixels.ndim == 2 else 3
    if len(clear) < 2 * count:
        return None
    key = np.array(struct.unpack(f">{count}H", clear[: 2 * count]), np.int64)
    key = key * top // ((1 << depth) - 1)
    same = pixels == key[0] if count == 1 else np.all(pixels == key, axis=2)
    return np.where(same, 0, top).astype(pixels.dtype)


def _by_pillow(plain: bytes, name: str, depth: int) -> NDArray[Any]:
    """For pictures beyond OpenCV's own limit of pixels; 8 bits only, as Pillow would drop the rest of 16."""
    from PIL.PngImagePlugin import PngImageFile

    if depth == 16:
        raise damaged(name, _("its picture data cannot be unpacked"))
    try:
        with quiet(), PngImageFile(BytesIO(plain)) as image:
            image.load()
            return np.array(image.convert("L") if image.mode in ("1", "I") else image)
    except Exception as error:  # whatever a decoder raises over damaged bytes
        raise damaged(name, _("its picture data cannot be unpacked"), error) from error


def _read_palette(plain: bytes, name: str, clear: bytes | None, contents: Contents) -> None:
    from PIL.PngImagePlugin import PngImageFile

    try:
        with quiet(), PngImageFile(BytesIO(plain)) as image:
            image.load()
            indices = np.asarray(image)
            table = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
    except Exception as error:  # whatever a decoder raises over damaged bytes
        raise damaged(name, _("its picture data cannot be unpacked"), error) from error
    colours = np.zeros((256, 3), np.uint8)
    colours[: len(table)] = table[:256]
    contents.pixels = colours[indices]
    if clear is not None:
        opacity = np.full(256, 255, np.uint8)
        opacity[: len(clear)] = np.frombuffer(clear[:256], np.uint8)
        contents.alpha = opacity[indices]


def _collect(chunks: list[tuple[bytes, bytes]], contents: Contents) -> None:
    texts: list[tuple[str, str]] = []
    for kind, body in chunks:
        if kind == b"eXIf":
            contents.exif = body
        elif kind == b"iCCP":
            contents.profile = _unpack(body.partition(b"\0")[2][1:])
        elif kind == b"pHYs" and len(body) == 9:
            x, y, unit = struct.unpack(">IIB", body)
            if unit == 1 and x and y:
                contents.dpi = (x * 0.0254, y * 0.0254)
        elif kind in _COLOUR:
            contents.colour_chunks += ((kind, body),)
        elif kind == b"acTL" and len(body) == 8:
            contents.frames = max(1, int.from_bytes(body[:4], "big"))
        elif kind in (b"tEXt", b"zTXt", b"iTXt"):
            text = _text(kind, body)
            if text is None:
                continue
            raw = _RAW.match(text[0])
            if text[0] == XMP_KEY:
                contents.xmp = text[1].encode()
            elif raw is None:
                texts.append(text)
            else:
                _take_raw(raw.group(1).lower(), text[1], contents)
    contents.text = tuple(texts)


def _text(kind: bytes, body: bytes) -> tuple[str, str] | None:
    key, _zero, rest = body.partition(b"\0")
    name = key.decode("latin-1")
    if kind == b"tEXt":
        return name, rest.decode("latin-1")
    if kind == b"zTXt":
        words = _unpack(rest[1:])
        return (name, words.decode("latin-1")) if words is not None else None
    if len(rest) < 2:
        return None
    packed, words = rest[0], rest[2:].split(b"\0", 2)[-1]
    unpacked = _unpack(words) if packed else words
    return (name, unpacked.decode("utf-8", "replace")) if unpacked is not None else None


def _unpack(packed: bytes) -> bytes | None:
    try:
        stream = zlib.decompressobj()
        words = stream.decompress(packed, _TEXT_LIMIT)
    except zlib.error:
        return None
    return words if stream.eof else None


def _take_raw(what: str, words: str, contents: Contents) -> None:
    """Hexadecimal metadata: a line with the name, one with the length, then the digits."""
    lines = words.strip().split("\n", 2)
    try:
        blob = bytes.fromhex("".join(lines[2].split())) if len(lines) == 3 else b""
    except ValueError:
        return
    if what in ("exif", "app1") and blob.startswith(b"Exif\0\0") and contents.exif is None:
        contents.exif = blob
    elif what == "xmp" and contents.xmp is None:
        contents.xmp = blob
    elif what in ("iptc", "8bim"):
        resources = parse_resources(blob)
        contents.iptc, contents.photoshop = split_resources(resources)


# --- writing ----------------------------------------------------------------------------------------------------------
def write(photo: Photo, metadata: Metadata) -> Output:
    """A photo of 8 or 16 bits as PNG."""
    planes = planes_to_save(photo)
    bits = planes.dtype.itemsize * 8
    height, width = planes.shape[:2]
    channels = 1 if planes.ndim == 2 else planes.shape[2]
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    parts = [SIGNATURE, _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0))]
    parts += _before(metadata, photo.profile)
    parts += [_chunk(b"IDAT", packed) for packed in pack(planes)]
    parts.append(_chunk(b"IEND", b""))
    return Output(parts)


def pack(planes: NDArray[Any]) -> Iterator[bytes]:
    """(H, W) or (H, W, C) of uint8 or uint16 as one zlib stream in pieces, bands packed by as many threads as cores.

    A band ends on a byte (a full flush), so that the pieces join into one stream, as RFC 1950 and 1951 allow.
    """
    height = planes.shape[0]
    stride = planes[0].nbytes
    rows = max(1, (1 << 20) // max(1, stride))
    bands = [(y, min(height, y + rows)) for y in range(0, height, rows)]
    with ThreadPoolExecutor() as threads:
        results = threads.map(lambda band: _band(planes, *band, last=band[1] == height), bands)
        check = 1
        yield b"\x78\x5e"
        for packed, total, size in results:
            check = _joined(check, total, size)
            yield packed
        yield struct.pack(">I", check)


def _band(planes: NDArray[Any], y0: int, y1: int, *, last: bool) -> tuple[bytes, int, int]:
    """Rows y0..y1 filtered and deflated: the raw deflate data, the Adler-32 of what went in, and its length."""
    rows = _rows(planes, y0, y1)
    above = _rows(planes, y0 - 1, y1 - 1) if y0 else np.vstack([np.zeros_like(rows[:1]), _rows(planes, 0, y1 - 1)])
    step = rows.shape[1] // planes.shape[1]
    filtered = _filter(rows, above, step)
    raw = filtered.tobytes()
    end = zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH
    packed = _deflated(raw, _EFFORT, end)
    if len(packed) * 5 < len(raw):  # flat parts of graphics and masks: more effort costs little there and gains a lot
        packed = _deflated(raw, 6, end)
    return packed, zlib.adler32(raw), len(raw)


def _deflated(raw: bytes, effort: int, end: int) -> bytes:
    stream = zlib.compressobj(effort, zlib.DEFLATED, -15, 9)
    return stream.compress(raw) + stream.flush(end)


def _rows(planes: NDArray[Any], y0: int, y1: int) -> NDArray[np.uint8]:
    part = np.ascontiguousarray(planes[y0:y1])
    if part.dtype == np.uint16:
        part = part.astype(">u2")
    return part.view(np.uint8).reshape(y1 - y0, part[0].nbytes if y1 > y0 else planes[0].nbytes)


def _filter(rows: NDArray[np.uint8], above: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """Each row by whichever of Sub, Up, Average and Paeth leaves the smallest differences, its number first."""
    left = np.zeros_like(rows)
    left[:, step:] = rows[:, :-step]
    corner = np.zeros_like(rows)
    corner[:, step:] = above[:, :-step]
    a, b, c = left.astype(np.int16), above.astype(np.int16), corner.astype(np.int16)
    towards_a, towards_b = np.abs(b - c), np.abs(a - c)
    towards_c = np.abs(a + b - 2 * c)
    paeth = np.where(
        (towards_a <= towards_b) & (towards_a <= towards_c), left, np.where(towards_b <= towards_c, above, corner)
    )
    choices = np.stack([rows - left, rows - above, rows - ((a + b) >> 1).astype(np.uint8), rows - paeth])
    cost = np.abs(choices.view(np.int8).astype(np.int16)).sum(axis=2, dtype=np.int64)
    best = cost.argmin(axis=0)
    out = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
    out[:, 0] = best + 1
    out[:, 1:] = choices[best, np.arange(rows.shape[0])]
    return out


def _joined(check: int, total: int, size: int) -> int:
    """Adler-32 of two runs of bytes from the sums of each (zlib's adler32_combine)."""
    base = 65521
    low = (check & 0xFFFF) + (total & 0xFFFF) - 1
    high = (check >> 16) + (total >> 16) + ((check & 0xFFFF) - 1) * size
    return low % base | (high % base) << 16


def _before(metadata: Metadata, profile: bytes | None) -> list[bytes]:
    """Everything that stands before the pixels."""
    parts = []
    if profile is not None:
        parts.append(_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile)))
    parts += [
        _chunk(kind, body) for kind, body in metadata.colour_chunks if profile is None or kind not in (b"sRGB", b"cICP")
    ]
    if metadata.dpi is not None:
        x, y = (round(value / 0.0254) for value in metadata.dpi)
        if 0 < x < 1 << 31 and 0 < y < 1 << 31:
            parts.append(_chunk(b"pHYs", struct.pack(">IIB", x, y, 1)))
    if metadata.exif is not None:
        parts.append(_chunk(b"eXIf", metadata.exif))
    if metadata.xmp is not None:
        parts.append(_chunk(b"iTXt", XMP_KEY.encode() + bytes(5) + metadata.xmp))
    resources = list(metadata.photoshop)
    if metadata.iptc is not None:
        resources.insert(0, (1028, metadata.iptc))
    if resources:
        parts.append(_raw_profile("iptc", build_resources(resources)))
    parts += [_written(key, words) for key, words in metadata.text]
    return parts


def _raw_profile(what: str, blob: bytes) -> bytes:
    digits = blob.hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    words = f"\n{what}\n{len(blob):8d}\n{lines}\n".encode("ascii")
    return _chunk(b"zTXt", f"Raw profile type {what}".encode() + b"\0\0" + zlib.compress(words))


def _written(key: str, words: str) -> bytes:
    keyword = " ".join(key.split()).encode("latin-1", "replace")[:79] or b"Comment"
    try:
        body = words.encode("latin-1")
        if b"\0" not in body:
            return _chunk(b"tEXt", keyword + b"\0" + body)
    except UnicodeEncodeError:
        pass
    return _chunk(b"iTXt", keyword + bytes(5) + words.encode())


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))
