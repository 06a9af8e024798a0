"""TIFF structures over bytes (TIFF 6.0): a header, directories of 12-byte entries, values at offsets.

EXIF is one of these (CIPA DC-008), and so is a TIFF file itself, whose big kind has entries of 20 bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

EXIF_IFD = 34665
GPS_IFD = 34853
INTEROP_IFD = 40965
POINTERS = (EXIF_IFD, GPS_IFD, INTEROP_IFD)
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}


@dataclass(frozen=True)
class Entry:
    """One tag: `at` is where its 12 (or 20) bytes lie, `value_at` where its value does, `size` the value's bytes."""

    tag: int
    kind: int
    count: int
    at: int
    value_at: int
    size: int


@dataclass(frozen=True)
class Directory:
    entries: tuple[Entry, ...]
    at: int
    next_at: int  # where the offset of the next directory lies
    next: int

    def find(self, tag: int) -> Entry | None:
        return next((e for e in self.entries if e.tag == tag), None)


class Structure:
    """A TIFF structure over bytes, classic or big. Raises ValueError for what is no such structure."""

    def __init__(self, data: bytes | bytearray) -> None:
        self.data = data
        self.order = {b"II": "<", b"MM": ">"}.get(bytes(data[:2]), "")
        if not self.order or len(data) < 8:
            raise ValueError("no TIFF header")
        version = self._number(2, 2)
        self.big = version == 43
        if version not in (42, 43):
            raise ValueError("no TIFF header")
        self.first = self._number(8, 8) if self.big else self._number(4, 4)

    def _number(self, at: int, size: int) -> int:
        piece = self.data[at : at + size]
        if len(piece) != size:
            raise ValueError("an offset points outside")
        return int.from_bytes(piece, "little" if self.order == "<" else "big")

    def directory(self, at: int) -> Directory:
        head, width, inline = (8, 20, 8) if self.big else (2, 12, 4)
        if at < 8:
            raise ValueError("a directory lies in the header")
        count = self._number(at, head)
        if count > 4096 or at + head + count * width > len(self.data):
            raise ValueError("a directory ends outside")
        entries = []
        for n in range(count):
            here = at + head + n * width
            kind, items = self._number(here + 2, 2), self._number(here + 4, inline)
            size = SIZES.get(kind, 0) * items
            value_at = here + width - inline
            if size > inline:
                value_at = self._number(value_at, inline)
            entries.append(Entry(self._number(here, 2), kind, items, here, value_at, size))
        next_at = at + head + count * width
        following = self._number(next_at, inline) if next_at + inline <= len(self.data) else 0
        return Directory(tuple(entries), at, next_at, following)

    def value(self, entry: Entry) -> bytes:
        """The bytes of a value; ValueError if they lie outside."""
        piece = bytes(self.data[entry.value_at : entry.value_at + entry.size])
        if len(piece) != entry.size:
            raise ValueError("a value lies outside")
        return piece

    def numbers(self, entry: Entry) -> list[int]:
        """Whole numbers of a value of kind BYTE, SHORT, LONG, IFD or LONG8; empty for any other kind."""
        width = SIZES.get(entry.kind, 0)
        if entry.kind not in (1, 3, 4, 13, 16, 18):
            return []
        piece = self.value(entry)
        return [
            int.from_bytes(piece[n : n + width], "little" if self.order == "<" else "big")
            for n in range(0, len(piece), width)
        ]

    def number(self, entry: Entry | None) -> int | None:
        found = self.numbers(entry) if entry is not None else []
        return found[0] if found else None

    def below(self, directory: Directory) -> Iterator[Directory]:
        """The directory itself, and EXIF, GPS and interoperability below it as far as they can be read."""
        yield directory
        for entry in directory.entries:
            at = self.number(entry) if entry.tag in POINTERS else None
            if at:
                try:
                    child = self.directory(at)
                except ValueError:
                    continue
                if child.at != directory.at:
                    yield from (self.below(child) if entry.tag == EXIF_IFD else (child,))
