"""EXIF as bytes: read as far as needed, patched in place, never written anew, so that no tag or maker note is lost.

EXIF is a TIFF structure (TIFF 6.0, CIPA DC-008): a header, directories of 12-byte entries, values at offsets. Only
where it is taken out of a TIFF file (`gather`) is it laid out again.
"""

from __future__ import annotations

import re
import struct

from lacuna.imaging.tiff_structure import POINTERS, Directory, Entry, Structure

DESCRIPTION = 270
ORIENTATION = 274
SUB_IFDS = 330
XMP = 700
IPTC = 33723
PHOTOSHOP = 34377
ICC = 34675
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296
_WIDTHS, _HEIGHTS = (256, 40962), (257, 40963)  # ImageWidth and PixelXDimension, ImageLength and PixelYDimension
_THUMBNAIL, _THUMBNAIL_SIZE, _STRIPS, _STRIP_SIZES = 513, 514, 273, 279
# Tags that describe how this file's pixels lie in it, or that repeat what is kept elsewhere; previews and layers too
STRUCTURE = frozenset(
    {
        254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 277, 278, 279, 280, 281, 284, 288, 289, 290,
        291, 292, 293, 301, 317, 318, 319, 320, 321, 322, 323, 324, 325, 326, 327, 328, 330, 332, 333, 334, 336,
        337, 338, 339, 340, 341, 342, 343, 344, 345, 346, 347, 351, 400, 401, 402, 403, 404, 405, 434, 435, 437,
        512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532, XMP, IPTC, PHOTOSHOP, ICC, 34732, 37724,
        50255, 50707,
    }
)  # fmt: skip
_ASCII = 2
_SHAPE = re.compile(rb'(\{"shape": \[)(\d+), (\d+)(?=[,\]])')
_JPEG = re.compile(rb"\xff\xd8\xff[\xc0-\xc4\xdb\xdd\xe0-\xef\xfe]")


def clean(exif: bytes) -> tuple[bytes, int]:
    """EXIF without thumbnails and with orientation 1, and the orientation (1..8) that it had.

    The first directory's chain is cut and the bytes of what hung on it are cut off or zeroed; JPEG pictures inside
    maker notes are zeroed where they lie, so that no offset moves. Raises ValueError where it cannot be read.
    """
    data = bytearray(exif)
    structure = Structure(data)
    if structure.big:
        raise ValueError("EXIF is never a big TIFF")
    main = structure.directory(structure.first)
    orientation = _upright(structure, main)
    kept = _extents(structure, main)
    tables = [(d.at, d.next_at + 4) for d in structure.below(main)]
    gone: list[tuple[int, int]] = []

    def drop(directory: Directory) -> None:
        pictures = _pictures(structure, directory)
        if any(_overlap(picture, table) for picture in pictures for table in tables):
            raise ValueError("a thumbnail lies over a directory")
        # writers let two directories share a value, a resolution for instance
        own = [s for s in _extents(structure, directory, children=False) if not any(_overlap(s, k) for k in kept)]
        gone.extend(own + pictures)

    at, seen = main.next, {main.at}
    data[main.next_at : main.next_at + 4] = bytes(4)
    while at and at not in seen and len(seen) < 16:
        seen.add(at)
        try:
            further = structure.directory(at)
        except ValueError:
            break
        drop(further)
        at = further.next
    children = main.find(SUB_IFDS)
    for at in structure.numbers(children) if children is not None else []:
        try:
            drop(structure.directory(at))
        except ValueError:
            continue
    if children is not None:
        data[children.value_at : children.value_at + children.size] = bytes(children.size)
    for start, end in gone:
        data[start:end] = bytes(max(0, min(end, len(data)) - start))
    _cut_tail(data, gone)
    blank_pictures(data, [end for _start, end in kept])
    return bytes(data), orientation


def resized(exif: bytes, height: int, width: int) -> bytes:
    """EXIF that states this size wherever it states one."""
    data = bytearray(exif)
    structure = Structure(data)
    main = structure.directory(structure.first)
    for directory in structure.below(main):
        for entry in directory.entries:
            if entry.count == 1 and entry.kind in (3, 4):
                if entry.tag in _WIDTHS:
                    _patch(structure, entry, width)
                elif entry.tag in _HEIGHTS:
                    _patch(structure, entry, height)
            elif entry.tag == DESCRIPTION and entry.kind == _ASCII:
                _reshape(data, entry, height, width)
    return bytes(data)


def _reshape(data: bytearray, entry: Entry, height: int, width: int) -> None:
    """Make the description that tifffile writes, a shape as JSON, state this size, or say nothing if it is too short.

    tifffile believes it more than the tags, and reads another picture than was saved.
    """
    place = slice(entry.value_at, entry.value_at + entry.size)
    old = bytes(data[place])
    found = _SHAPE.match(old)
    if found is None or (int(found[2]), int(found[3])) == (height, width):
        return
    new = found[1] + f"{height}, {width}".encode() + old[found.end() :].rstrip(b"\0")
    data[place] = (new if len(new) < len(old) else b"").ljust(len(old), b"\0")


def without_orientation(exif: bytes) -> bytes:
    """EXIF of the same length whose first directory states no orientation: its tag is made 0, which no reader knows."""
    data = bytearray(exif)
    structure = Structure(data)
    entry = structure.directory(structure.first).find(ORIENTATION)
    if entry is not None:
        data[entry.at : entry.at + 2] = bytes(2)
    return bytes(data)


def turned(exif: bytes) -> bytes:
    """EXIF of a picture whose axes changed places: horizontal and vertical resolution do so too."""
    data = bytearray(exif)
    structure = Structure(data)
    main = structure.directory(structure.first)
    x, y = main.find(X_RESOLUTION), main.find(Y_RESOLUTION)
    if x is not None and y is not None and x.size == y.size == 8:
        horizontal, vertical = structure.value(x), structure.value(y)
        data[x.value_at : x.value_at + 8], data[y.value_at : y.value_at + 8] = vertical, horizontal
    return bytes(data)


def resolution(exif: bytes) -> tuple[float, float] | None:
    """Dots an inch as the first directory states them."""
    structure = Structure(exif)
    main = structure.directory(structure.first)
    values = []
    for tag in (X_RESOLUTION, Y_RESOLUTION):
        entry = main.find(tag)
        if entry is None or entry.kind != 5 or entry.count != 1:
            return None
        above, below = struct.unpack(structure.order + "II", structure.value(entry))
        values.append(above / below if below else 0.0)
    unit = structure.number(main.find(RESOLUTION_UNIT)) or 2
    scale = {2: 1.0, 3: 2.54}.get(unit, 0.0)
    x, y = values[0] * scale, values[1] * scale
    return (x, y) if x > 0 and y > 0 else None


def printed(exif: bytes, across: float, down: float) -> bytes:
    """EXIF that states this resolution in dots an inch, if it states one."""
    data = bytearray(exif)
    structure = Structure(data)
    main = structure.directory(structure.first)
    for tag, dots in ((X_RESOLUTION, across), (Y_RESOLUTION, down)):
        entry = main.find(tag)
        if entry is not None and entry.kind == 5 and entry.count == 1:
            data[entry.value_at : entry.value_at + 8] = struct.pack(structure.order + "II", round(dots * 1000), 1000)
    unit = main.find(RESOLUTION_UNIT)
    if unit is not None:
        _patch(structure, unit, 2)
    return bytes(data)


# --- out of a TIFF file and into one --------------------------------------------------------------------------------
def gather(data: bytes) -> bytes | None:
    """The descriptive tags of a TIFF file's first page, with EXIF and GPS below, as a small structure of their own."""
    structure = Structure(data)
    main = structure.directory(structure.first)
    body = _lay_out(structure, main, 8, depth=0)
    if body is None:
        return None
    order = structure.order
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(order + "HI", 42, 8) + body


def entries(exif: bytes) -> tuple[str, list[tuple[int, int, int, bytes]]]:
    """Byte order, and (tag, kind, count, the entry's 4 value bytes) of each descriptive tag of the first directory.

    Offsets in them hold as long as `exif` lies at the start of the file that they are put into.
    """
    structure = Structure(exif)
    main = structure.directory(structure.first)
    found = [
        (e.tag, e.kind, e.count, bytes(exif[e.at + 8 : e.at + 12])) for e in main.entries if e.tag not in STRUCTURE
    ]
    return structure.order, found


def _lay_out(structure: Structure, directory: Directory, at: int, depth: int) -> bytes | None:
    """A directory and what hangs on it, classic, to lie at offset `at`; None if nothing is left of it."""
    order = structure.order
    rows: list[tuple[int, int, int, bytes | Directory]] = []
    for entry in directory.entries:
        if depth == 0 and entry.tag in STRUCTURE:
            continue
        try:
            if entry.tag in POINTERS and depth < 2:
                child = structure.number(entry)
                if child:
                    rows.append((entry.tag, 4, 1, structure.directory(child)))
            elif entry.kind < 14 and entry.size:
                rows.append((entry.tag, entry.kind, entry.count, structure.value(entry)))
        except ValueError:
            continue
    if not rows:
        return None
    table = bytearray(struct.pack(order + "H", len(rows)))
    tail = bytearray()
    tail_at = at + 2 + 12 * len(rows) + 4
    for tag, kind, count, value in sorted(rows, key=lambda row: row[0]):
        if isinstance(value, Directory):
            below = _lay_out(structure, value, tail_at + len(tail), depth + 1) or struct.pack(order + "HI", 0, 0)
            field = struct.pack(order + "I", tail_at + len(tail))
            tail += below
        elif len(value) <= 4:
            field = value.ljust(4, b"\0")
        else:
            field = struct.pack(order + "I", tail_at + len(tail))
            tail += value
        tail += bytes(len(tail) % 2)
        table += struct.pack(order + "HHI", tag, kind, count) + field
    return bytes(table + struct.pack(order + "I", 0) + tail)


# --- helpers --------------------------------------------------------------------------------------------------------
def _upright(structure: Structure, main: Directory) -> int:
    entry = main.find(ORIENTATION)
    value = structure.number(entry)
    if entry is None or value is None:
        return 1
    _patch(structure, entry, 1)
    return value if 1 <= value <= 8 else 1


def _patch(structure: Structure, entry: Entry, value: int) -> None:
    """Write a whole number into an entry that holds one; a SHORT too small for it becomes a LONG (both lie inline)."""
    data = structure.data
    assert isinstance(data, bytearray)
    kind = 4 if entry.kind == 3 and value > 65535 else entry.kind
    if entry.kind not in (1, 3, 4) or entry.count != 1:
        return
    data[entry.at + 2 : entry.at + 4] = struct.pack(structure.order + "H", kind)
    packed = struct.pack(structure.order + {1: "B", 3: "H", 4: "I"}[kind], value).ljust(4, b"\0")
    data[entry.at + 8 : entry.at + 12] = packed


def _extents(structure: Structure, directory: Directory, *, children: bool = True) -> list[tuple[int, int]]:
    """Where directories and their outlying values lie."""
    found = []
    for part in structure.below(directory) if children else (directory,):
        found.append((part.at, part.next_at + 4))
        found += [(e.value_at, e.value_at + e.size) for e in part.entries if e.size > 4]
    return found


def _pictures(structure: Structure, directory: Directory) -> list[tuple[int, int]]:
    """Where a directory's own pixels lie."""
    found = []
    for places, sizes in ((_THUMBNAIL, _THUMBNAIL_SIZE), (_STRIPS, _STRIP_SIZES)):
        where, many = directory.find(places), directory.find(sizes)
        if where is None or many is None:
            continue
        try:
            pairs = zip(structure.numbers(where), structure.numbers(many), strict=False)
            found += [(start, start + size) for start, size in pairs if start >= 8]
        except ValueError:
            continue
    return found


def _cut_tail(data: bytearray, gone: list[tuple[int, int]]) -> None:
    """Drop zeroed bytes from the end instead of keeping them, a byte or three of padding included."""
    for start, end in sorted(gone, key=lambda span: span[1], reverse=True):
        if end + 3 < len(data) or start >= len(data):
            break
        if any(data[end:]):
            break
        del data[start:]


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def blank_pictures(data: bytearray, ends: list[int]) -> None:
    """Zero every JPEG inside: a preview in a maker note still shows what was removed.

    One without an end marker ends where its value does, at the nearest of `ends`.
    """
    at = 0
    while found := _JPEG.search(data, at):
        start = found.start()
        limit = min((end for end in ends if end > start), default=len(data))
        end = _jpeg_end(data, start, min(limit, len(data)))
        if end is None:
            at = start + 2
            continue
        data[start:end] = bytes(end - start)
        at = end


def _jpeg_end(data: bytearray, start: int, limit: int) -> int | None:
    """The end of the JPEG at `start` (or `limit`, if it is cut off); None if these bytes only look like one."""
    at = start + 2
    segments = 0
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker < 0xC0 or length < 2:
            return None
        at += 2 + length
        segments += 1
        if marker == 0xDA:
            end = data.find(b"\xff\xd9", at)
            return limit if end < 0 else end + 2
    return limit if segments >= 2 and at >= limit else None


def read_multi_picture(index: bytes) -> list[int]:
    """The type code of each picture in a multi-picture index (CIPA DC-007, 5.2.3.3); empty if it cannot be read."""
    try:
        structure = Structure(index)
        entry = structure.directory(structure.first).find(0xB002)
        table = structure.value(entry) if entry is not None else b""
    except ValueError:
        return []
    return [
        struct.unpack(structure.order + "I", table[at : at + 4])[0] & 0xFFFFFF for at in range(0, len(table) - 15, 16)
    ]
