"""TIFF: strips and tiles at their own depth, and saving with EXIF where its offsets still hold.

tifffile reads the structure; the pixels are put together here, because without its codec package it lacks LZW, PackBits
and others, which work on bytes whatever the depth: libtiff inside Pillow unpacks those as if they were 8-bit grey.
"""

from __future__ import annotations

import contextlib
import logging
import lzma
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.i18n import _
from lacuna.imaging import exif
from lacuna.imaging.codec import Contents, check_size, cut_off, damaged, quiet, straight, unsupported
from lacuna.imaging.metadata import parse_resources, split_resources
from lacuna.imaging.tiff_structure import Structure

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _INKS, _YCBCR = 0, 1, 2, 3, 5, 6
_COMPRESSIONS = {
    1: "none", 2: "ccitt", 3: "ccitt-g3", 4: "ccitt-g4", 5: "lzw", 6: "old-jpeg", 7: "jpeg", 8: "deflate",
    32773: "packbits", 32946: "deflate", 34712: "jpeg2000", 34887: "lerc", 34925: "lzma", 50000: "zstd", 50001: "webp",
    50002: "jpeg-xl", 52546: "jpeg-xl",
}  # fmt: skip
_BYTEWISE = (1, 5, 8, 32773, 32946, 34925, 50000)
_BY_PILLOW = (1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 50000, 50001)
_LOSSY = (6, 7, 50001)
_RAW_TAGS = (50706, 33421)  # DNG version, colour filter pattern
_RAW_SIGNATURES = (b"CR", b"\0\x10")


def read(data: bytes, name: str, limit: int) -> Contents:
    """Take a TIFF's first page apart. Raises UnreadableFile, UnsupportedFormat, PictureTooLarge."""
    import tifffile

    logging.getLogger("tifffile").addHandler(logging.NullHandler())  # else its remarks reach stderr by default
    try:
        file = tifffile.TiffFile(BytesIO(data))
    except Exception as error:  # tifffile raises many kinds over damaged bytes
        raise damaged(name, _("its structure cannot be read"), error) from error
    with file:
        try:
            page = file.pages.first
            further = [p for p in _further(file) if not p]
        except Exception as error:
            raise damaged(name, _("its structure cannot be read"), error) from error
        check_size(name, int(page.imagewidth), int(page.imagelength), limit)
        if _is_raw(data, page):
            raise unsupported(name, _("it is a camera's raw file, not a picture"))
        contents = _contents(data, name, page)
        contents.frames = 1 + len(further)
        _collect(data, page, contents)
        _read_pixels(data, name, page, contents)
    return contents


def _further(file: Any) -> list[bool]:
    """For each page after the first whether it is a mere reduced copy or mask of another (tag 254, bits 0 and 2)."""
    found = []
    for n in range(1, len(file.pages)):
        tag = file.pages[n].tags.get(254)
        found.append(bool(tag is not None and int(tag.value) & 5))
    return found


def _is_raw(data: bytes, page: Any) -> bool:
    if data[8:10] == b"CR" or any(page.tags.get(tag) is not None for tag in _RAW_TAGS):
        return True
    reduced = page.tags.get(254)
    # NEF, ARW and others: the first page is a thumbnail, the picture a page below it
    return bool(reduced is not None and int(reduced.value) & 1 and page.tags.get(exif.SUB_IFDS) is not None)


def _contents(data: bytes, name: str, page: Any) -> Contents:
    photometric, compression = int(page.photometric), int(page.compression)
    if photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _INKS, _YCBCR):
        kind = getattr(page.photometric, "name", str(photometric))
        raise unsupported(name, _("TIFF with {kind} colours").format(kind=kind))
    if int(getattr(page, "imagedepth", 1)) != 1:
        raise unsupported(name, _("TIFF with a volume instead of a picture"))
    return Contents(
        pixels=np.empty((0, 0), np.uint8),
        format="TIFF",
        lossless=compression not in _LOSSY,
        bits=int(page.bitspersample),
        grey=photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO),
        palette=photometric == _PALETTE,
        compression=_COMPRESSIONS.get(compression, str(compression)),
    )


def _read_pixels(data: bytes, name: str, page: Any, contents: Contents) -> None:
    compression, photometric, bits = int(page.compression), int(page.photometric), int(page.bitspersample)
    kind = {1: "u", 2: "i", 3: "f"}.get(int(page.sampleformat), "?")
    whole = (kind == "u" and bits in (8, 16)) or (kind == "f" and bits in (16, 32, 64))
    packed = kind == "u" and 8 < bits < 16 and int(page.predictor) == 1
    if (whole or packed) and compression in _BYTEWISE and photometric not in (_YCBCR, _PALETTE)[: 1 if whole else 2]:
        samples = _assemble(data, name, page, np.dtype(f"{kind}{-(-bits // 8)}"))
        if packed:  # instruments and scanners
            samples = _stretched(samples, bits)
            note = _("The picture has {bits} bits a channel; it is opened and saved with 16.")
            contents.notes.append(note.format(bits=bits))
        _interpret(samples, name, page, contents)
    elif kind == "u" and bits <= 8 and compression in _BY_PILLOW:
        _read_by_pillow(data, name, contents)
    elif not whole and not (kind == "u" and bits <= 16):
        word = {"u": _("whole"), "i": _("signed whole"), "f": _("floating-point")}.get(kind, _("unknown"))
        raise unsupported(name, _("TIFF with {kind} numbers of {bits} bits").format(kind=word, bits=bits))
    else:
        raise unsupported(name, _("TIFF with {kind} compression").format(kind=contents.compression))


# --- strips and tiles -----------------------------------------------------------------------------------------------
def _assemble(data: bytes, name: str, page: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    """(H, W, samples) in machine order from all strips or tiles; raises where one is missing or short."""
    height, width, samples = int(page.imagelength), int(page.imagewidth), int(page.samplesperpixel)
    stored = dtype.newbyteorder(page.parent.byteorder)
    bits = int(page.bitspersample)
    separate = int(page.planarconfig or 1) == 2 and samples > 1
    planes, deep = (samples, 1) if separate else (1, samples)
    tiled = bool(page.is_tiled)
    rows = int(page.tilelength) if tiled else min(int(page.rowsperstrip or height), height)
    columns = int(page.tilewidth) if tiled else width
    if rows < 1 or columns < 1 or rows * columns * dtype.itemsize * deep > 1 << 33:
        raise damaged(name, _("its structure cannot be read"))
    down, across = -(-height // rows), -(-width // columns)
    offsets, counts = page.dataoffsets, page.databytecounts
    if len(offsets) < planes * down * across or len(counts) < planes * down * across:
        raise cut_off(name)
    unpack = _unpacker(page)
    out = np.empty((height, width, samples), dtype)
    for n in range(planes * down * across):
        plane, rest = divmod(n, down * across)
        y, x = rest // across * rows, rest % across * columns
        high = rows if tiled else min(rows, height - y)
        row = -(-columns * deep * bits // 8)
        packed = data[int(offsets[n]) : int(offsets[n]) + int(counts[n])]
        try:
            plain = unpack(packed, row, high)
        except Exception as error:  # zlib, lzma and Pillow each have their own
            raise damaged(name, _("a part of its picture data cannot be unpacked"), error) from error
        if len(plain) < row * high:
            raise cut_off(name)
        plain = plain[: row * high]
        if bits % 8:
            segment = _unpack_bits(plain, high, columns, deep, bits)
        else:
            segment = _unpredict(plain, int(page.predictor), high, columns, deep, stored)
        piece = segment[: height - y, : width - x]
        if separate:
            out[y : y + piece.shape[0], x : x + piece.shape[1], plane] = piece[..., 0]
        else:
            out[y : y + piece.shape[0], x : x + piece.shape[1]] = piece
    return out


def _unpacker(page: Any) -> Callable[[bytes, int, int], bytes]:
    """A function (packed, bytes a row, rows) -> plain bytes."""
    compression = int(page.compression)
    if int(page.fillorder) == 2:
        turned = bytes(int(f"{n:08b}"[::-1], 2) for n in range(256))
        straight = _plain_unpacker(compression)
        return lambda packed, row, rows: straight(packed.translate(turned), row, rows)
    return _plain_unpacker(compression)


def _plain_unpacker(compression: int) -> Callable[[bytes, int, int], bytes]:
    if compression == 1:
        return lambda packed, row, rows: packed
    if compression in (8, 32946):
        return lambda packed, row, rows: zlib.decompressobj().decompress(packed, row * rows)
    if compression == 34925:
        return lambda packed, row, rows: lzma.LZMADecompressor().decompress(packed, row * rows)
    return lambda packed, row, rows: _by_libtiff(packed, compression, row, rows)


def _by_libtiff(packed: bytes, compression: int, row: int, rows: int) -> bytes:
    """Unpack one strip by presenting it to Pillow's libtiff as an 8-bit grey picture of `row` x `rows`."""
    from PIL.TiffImagePlugin import TiffImageFile

    tags = (
        (256, 4, row), (257, 4, rows), (258, 3, 8), (259, 3, compression), (262, 3, 1), (273, 4, 8), (277, 3, 1),
        (278, 4, rows), (279, 4, len(packed)),
    )  # fmt: skip
    padding = bytes(len(packed) % 2)
    table = struct.pack("<H", len(tags))
    table += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    header = struct.pack("<2sHI", b"II", 42, 8 + len(packed) + len(padding))
    with quiet(), TiffImageFile(BytesIO(header + packed + padding + table + bytes(4))) as image:
        return image.tobytes()


def _unpack_bits(plain: bytes, rows: int, columns: int, deep: int, bits: int) -> NDArray[Any]:
    """Samples of 9 to 15 bits, most significant first, each row padded to a whole byte."""
    single = np.unpackbits(np.frombuffer(plain, np.uint8).reshape(rows, -1), axis=1)[:, : columns * deep * bits]
    weights = 1 << np.arange(bits - 1, -1, -1, dtype=np.uint16)
    return (single.reshape(rows, columns, deep, bits) * weights).sum(axis=3, dtype=np.uint16)


def _stretched(samples: NDArray[Any], bits: int) -> NDArray[np.uint16]:
    """From 0..2^bits - 1 to 0..65535."""
    top = (1 << bits) - 1
    return ((samples.astype(np.uint32) * 65535 + top // 2) // top).astype(np.uint16)


def _unpredict(plain: bytes, predictor: int, rows: int, columns: int, deep: int, stored: np.dtype[Any]) -> NDArray[Any]:
    """Samples (rows, columns, deep) in machine order, differences along a row summed up (TIFF 6.0, section 14)."""
    native = stored.newbyteorder("=")
    if predictor == 3:  # Adobe TechNote 3: bytes of a row sorted by rank, most significant first, then differenced
        octets = np.frombuffer(plain, np.uint8).reshape(rows, columns * deep * stored.itemsize)
        octets = octets.reshape(rows, -1, deep).cumsum(axis=1, dtype=np.uint8)
        ranked = octets.reshape(rows, stored.itemsize, columns * deep)
        joined = np.ascontiguousarray(ranked.transpose(0, 2, 1))
        return joined.view(stored.newbyteorder(">")).reshape(rows, columns, deep).astype(native)
    samples = np.frombuffer(plain, stored).reshape(rows, columns, deep).astype(native, copy=False)
    if predictor == 2:
        whole = samples.view(f"u{stored.itemsize}")
        return whole.cumsum(axis=1, dtype=whole.dtype).view(native)
    return samples


# --- meaning --------------------------------------------------------------------------------------------------------
def _interpret(samples: NDArray[Any], name: str, page: Any, contents: Contents) -> None:
    """From samples to colours and straight alpha."""
    photometric = int(page.photometric)
    if samples.dtype.kind == "f":
        if samples.dtype.itemsize == 8:
            contents.notes.append(_("The picture has 64 bits a channel; it is opened and saved with 32."))
        samples = samples.astype(np.float32, copy=False)
    colours = {_RGB: 3, _INKS: 4}.get(photometric, 1)
    if samples.shape[2] < colours:
        raise damaged(name, _("it has fewer channels than its colours need"))
    colour, extra = samples[..., :colours], samples[..., colours:]
    if photometric == _INKS:
        _from_inks(colour, contents)
    elif photometric == _PALETTE:
        _from_palette(colour[..., 0], name, page, contents)
    elif photometric == _RGB:
        contents.pixels = np.ascontiguousarray(colour)
    else:
        contents.pixels = np.ascontiguousarray(colour[..., 0])
        if photometric == _WHITE_IS_ZERO and samples.dtype.kind == "u":
            contents.pixels = np.iinfo(samples.dtype).max - contents.pixels
    if extra.shape[2]:
        _take_alpha(extra, page, contents)


def _take_alpha(extra: NDArray[Any], page: Any, contents: Contents) -> None:
    """The first further channel is alpha; colours multiplied by it (ExtraSamples 1) are divided again."""
    kinds = tuple(int(kind) for kind in (page.extrasamples or ()))
    first = next((n for n, kind in enumerate(kinds) if kind in (1, 2)), 0)
    alpha = np.ascontiguousarray(extra[..., min(first, extra.shape[2] - 1)])
    if alpha.dtype != contents.pixels.dtype:  # inks of 16 bits became RGB of 8
        alpha = ((alpha.astype(np.uint32) + 128) // 257).astype(np.uint8)
    contents.alpha = alpha
    if extra.shape[2] > 1:
        contents.notes.append(_("Only the first of the further channels is kept, as alpha."))
    if first < len(kinds) and kinds[first] == 1:
        contents.pixels = straight(contents.pixels, alpha)


def _from_inks(colour: NDArray[Any], contents: Contents) -> None:
    from PIL import Image

    from lacuna.imaging.colour import from_cmyk, to_bytes

    white = 65535.0 if colour.dtype == np.uint16 else 255.0
    inks = Image.fromarray(np.ascontiguousarray(to_bytes(colour, white)), "CMYK")
    contents.pixels, note = from_cmyk(inks, contents.profile)
    contents.profile = None
    contents.notes.append(note)
    if colour.dtype == np.uint16:
        contents.notes.append(_("Its 16 bits a channel became 8 with that."))


def _from_palette(indices: NDArray[Any], name: str, page: Any, contents: Contents) -> None:
    colours = page.colormap
    if colours is None or colours.shape[0] != 3 or indices.dtype.kind != "u":
        raise damaged(name, _("its palette is missing"))
    table = np.asarray(colours).T
    wide = table.max(initial=0) > 255  # some writers fill 16-bit entries with 8-bit values
    table = (table >> 8).astype(np.uint8) if wide else table.astype(np.uint8)
    if int(indices.max(initial=0)) >= len(table):
        raise damaged(name, _("its palette is incomplete"))
    contents.pixels = table[indices]


def _read_by_pillow(data: bytes, name: str, contents: Contents) -> None:
    """Bilevel, 2 and 4 bits, fax and JPEG compression: all end in 8 bits, which libtiff makes."""
    from PIL.TiffImagePlugin import TiffImageFile

    try:
        with quiet(), TiffImageFile(BytesIO(data)) as image:
            image.load()
            mode = image.mode
            if mode in ("1", "L"):
                contents.pixels, contents.grey = np.array(image.convert("L")), True
            elif mode in ("LA", "RGBA"):
                samples = np.array(image)
                contents.pixels = np.ascontiguousarray(samples[..., 0] if mode == "LA" else samples[..., :3])
                contents.alpha = np.ascontiguousarray(samples[..., -1])
            elif mode == "CMYK":
                _from_inks(np.array(image), contents)
            elif mode in ("P", "RGB", "RGBX", "YCbCr"):
                contents.pixels = np.array(image.convert("RGB"))
            else:
                raise unsupported(name, _("TIFF with {kind} colours").format(kind=mode))
    except (OSError, ValueError, SyntaxError, RuntimeError, struct.error) as error:
        raise damaged(name, _("its picture data cannot be unpacked"), error) from error


def _collect(data: bytes, page: Any, contents: Contents) -> None:
    """Metadata of the first page."""
    with contextlib.suppress(ValueError, struct.error):
        structure = Structure(data)
        main = structure.directory(structure.first)
        values = {}
        for tag in (exif.XMP, exif.IPTC, exif.PHOTOSHOP, exif.ICC):
            entry = main.find(tag)
            if entry is not None:
                with contextlib.suppress(ValueError):
                    values[tag] = structure.value(entry)
        contents.xmp = values.get(exif.XMP)
        contents.profile = values.get(exif.ICC)
        resources = parse_resources(values.get(exif.PHOTOSHOP, b""))
        iptc, contents.photoshop = split_resources(resources)
        contents.iptc = values.get(exif.IPTC) or iptc
        orientation = structure.number(main.find(exif.ORIENTATION))
        contents.orientation = orientation if orientation in range(1, 9) else 1
        contents.exif = exif.gather(data)
