"""An append-only file of framed records: whatever it is cut short by, the whole records before the cut can be read.

A frame is its length and CRC-32 (little-endian, 4 bytes each) and so many bytes: the length of a JSON object, that
object, and pixels that it tells about.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

MAGIC = b"LacunaJ1"
FRAME = struct.Struct("<II")
HEAD = struct.Struct("<I")


class LogWriter:
    """Appends records. One that cannot be written whole leaves the file as it was before it."""

    def __init__(self, path: Path, end: int | None = None) -> None:
        """A new file, or with `end` an old one whose whole records end there: what follows is cut off."""
        self._file: BinaryIO = open(path, "r+b" if end else "xb", buffering=0)  # noqa: SIM115
        if end:
            self._file.truncate(end)
            self._file.seek(end)
            self.end = end
        else:
            self._write(MAGIC)
            self.end = len(MAGIC)

    def append(self, head: dict[str, Any], pixels: bytes = b"") -> None:
        """Add a record; raises OSError, for example on a full disk."""
        text = json.dumps(head, separators=(",", ":")).encode()
        payload = b"".join((HEAD.pack(len(text)), text, pixels))
        try:
            self._write(FRAME.pack(len(payload), zlib.crc32(payload)) + payload)
        except OSError:
            self._file.truncate(self.end)
            self._file.seek(self.end)
            raise
        self.end += FRAME.size + len(payload)

    def sync(self) -> None:
        """Have the disk hold what was appended; raises OSError."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]


@dataclass(frozen=True)
class Record:
    """One record, and where the next begins."""

    head: dict[str, Any]
    pixels: memoryview
    end: int


@dataclass
class LogReader:
    """Reads records; after the last whole one `cut` is True if anything follows it."""

    path: Path
    cut: bool = False

    def records(self) -> Iterator[Record]:
        """The whole records, oldest first, each checked. Raises OSError where the file cannot be read."""
        with open(self.path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if file.read(len(MAGIC)) != MAGIC:
                self.cut = True
                return
            at = len(MAGIC)
            while at < size:
                payload = _frame(file, size - at)
                record = None if payload is None else _record(payload, at + FRAME.size + len(payload))
                if record is None:
                    self.cut = True
                    return
                yield record
                at = record.end

    def heads(self) -> Iterator[dict[str, Any]]:
        """The records' JSON objects alone, unchecked and without reading the pixels: enough to list a session."""
        with open(self.path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if file.read(len(MAGIC)) != MAGIC:
                return
            at = len(MAGIC)
            while at + FRAME.size + HEAD.size <= size:
                length, _crc = FRAME.unpack(file.read(FRAME.size))
                (text,) = HEAD.unpack(file.read(HEAD.size))
                at += FRAME.size + length
                if at > size or text + HEAD.size > length:
                    return
                try:
                    head = json.loads(file.read(text))
                except ValueError:
                    return
                if not isinstance(head, dict):
                    return
                yield head
                file.seek(at)


def _frame(file: BinaryIO, left: int) -> bytes | None:
    """The next payload, None if it is not whole."""
    if left < FRAME.size:
        return None
    length, crc = FRAME.unpack(file.read(FRAME.size))
    if length < HEAD.size or length > left - FRAME.size:
        return None
    payload = file.read(length)
    return payload if len(payload) == length and zlib.crc32(payload) == crc else None


def _record(payload: bytes, end: int) -> Record | None:
    (text,) = HEAD.unpack_from(payload)
    try:
        head = json.loads(payload[HEAD.size : HEAD.size + text])
    except ValueError:
        return None
    return Record(head, memoryview(payload)[HEAD.size + text :], end) if isinstance(head, dict) else None
