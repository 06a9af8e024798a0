"""Protocol Buffers as they are written (protobuf.dev/programming-guides/encoding), without their definitions.

TensorFlow's checkpoints and ONNX's graphs are such messages. Every length is held against what is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from lacuna.i18n import _

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

Data = TypeVar("Data", bytes, memoryview)


def fields(message: Data) -> Iterator[tuple[int, int | Data]]:
    """The fields of a message, by number: whole numbers, or bytes, which may be a message again.

    Raises ValueError, saying what is wrong, for what is no message. A view is taken apart without a copy.
    """
    reader: Reader[Data] = Reader(message)
    while reader.more:
        tag = reader.varint()
        kind = tag & 7
        if kind == VARINT:
            yield tag >> 3, reader.varint()
        elif kind == BYTES:
            yield tag >> 3, reader.take(reader.varint())
        elif kind in (FIXED32, FIXED64):
            yield tag >> 3, int.from_bytes(reader.take(4 if kind == FIXED32 else 8), "little")
        else:
            raise ValueError(_("it is damaged"))


class Reader(Generic[Data]):
    """Numbers and bytes one after the other, with ValueError in the place of reading past the end."""

    def __init__(self, data: Data) -> None:
        self.data: Data = data
        self.at = 0

    @property
    def more(self) -> bool:
        return self.at < len(self.data)

    def take(self, count: int) -> Data:
        if count > len(self.data) - self.at:
            raise ValueError(_("it ends too early"))
        self.at += count
        return self.data[self.at - count : self.at]

    def varint(self) -> int:
        """A whole number in groups of seven bits, the lowest first; at most 64 bits."""
        value = 0
        for shift in range(0, 70, 7):
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & 0xFFFFFFFFFFFFFFFF
        raise ValueError(_("a number is too long"))
