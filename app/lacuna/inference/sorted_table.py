"""A sorted table of LevelDB, the form of TensorFlow's `.index` files: keys in order, each with a value.

Blocks of entries, a block that says where they lie, and a footer that says where that one is. A file is taken for
hostile: every length is held against what is there, and every block against its checksum.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from lacuna.i18n import _
from lacuna.inference.crc32c import masked_crc32c
from lacuna.inference.protobuf import Reader

MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)  # the last bytes of such a file
FOOTER = 48
TRAILER = 5  # behind each block: how it is compressed, and its checksum
UNCOMPRESSED = 0
LONGEST_KEY = 300
MOST_ENTRIES = 100_000  # each may be two bytes long and repeat a long key


def entries(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """All keys and values. Raises ValueError, saying what is wrong, for what is no whole table."""
    if len(table) < FOOTER or not table.endswith(MAGIC):
        raise ValueError(_("it does not end as an index does"))
    footer = Reader(table[-FOOTER:])
    footer.varint(), footer.varint()  # where the block of properties lies: there are none
    count = 0
    for _last, place in _in_block(_block(table, footer.varint(), footer.varint())):
        where = Reader(place)
        for entry in _in_block(_block(table, where.varint(), where.varint())):
            count += 1
            if count > MOST_ENTRIES:
                raise ValueError(_("it has too many entries"))
            yield entry


def _block(table: bytes, offset: int, size: int) -> bytes:
    reader = Reader(table[:-FOOTER])
    reader.take(offset)
    block, compression, checksum = reader.take(size), *struct.unpack("<BI", reader.take(TRAILER))
    if masked_crc32c(block + bytes([compression])) != checksum:
        raise ValueError(_("its checksum is wrong"))
    if compression != UNCOMPRESSED:
        raise ValueError(_("it is compressed"))  # as nothing since TensorFlow 1.2 writes it
    return block


def _in_block(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Entries, each key without what it shares with the one before; the places to start from stand behind them."""
    if len(block) < 4:
        raise ValueError(_("a block is too short"))
    end = len(block) - 4 * (1 + int.from_bytes(block[-4:], "little"))
    if end < 0:
        raise ValueError(_("a block is too short"))
    reader, key = Reader(block[:end]), b""
    while reader.more:
        shared, own, length = reader.varint(), reader.varint(), reader.varint()
        if shared > len(key) or shared + own > LONGEST_KEY:
            raise ValueError(_("a key is damaged"))
        key = key[:shared] + reader.take(own)
        yield key, reader.take(length)
