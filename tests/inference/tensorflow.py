"""Writes checkpoints as TensorFlow does: a sorted table of messages, and files of numbers beside it."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.inference.crc32c import masked_crc32c

Array = NDArray[Any]
KINDS = {"float32": 1, "float64": 2, "int32": 3, "int64": 9, "float16": 19, "uint8": 4}
BLOCK = 600  # bytes after which a block ends: a few thousand with TensorFlow, so that small tables have several here
RESTART = 16  # entries after which a key is written whole again


def write_checkpoint(index: Path, tensors: Mapping[str, Array], shards: int = 1) -> list[Path]:
    """The index, and the numbers in so many files; all files that were written."""
    data = [bytearray() for _shard in range(shards)]
    table: dict[str, bytes] = {"": number(1, shards) + message(3, number(1, 1))}
    for n, key in enumerate(sorted(tensors)):
        raw = tensors[key].tobytes()
        shard = data[n % shards]
        table[key] = entry(tensors[key].dtype.name, tensors[key].shape, n % shards, len(shard), raw)
        shard += raw
    index.write_bytes(table_of(table))
    files = [index.with_name(f"{index.stem}.data-{n:05d}-of-{shards:05d}") for n in range(shards)]
    for file, content in zip(files, data, strict=True):
        file.write_bytes(content)
    return [index, *files]


def entry(kind: str, shape: Iterable[int], shard: int, offset: int, raw: bytes, size: int | None = None) -> bytes:
    """A `BundleEntryProto`; `size` if it should lie."""
    sides = b"".join(message(2, number(1, side)) for side in shape)
    return b"".join(
        [
            number(1, KINDS[kind]),
            message(2, sides),
            number(3, shard) if shard else b"",
            number(4, offset) if offset else b"",
            number(5, len(raw) if size is None else size),
            varint(6 << 3 | 5) + struct.pack("<I", masked_crc32c(raw)),
        ]
    )


def table_of(values: Mapping[str, bytes], *, compression: int = 0) -> bytes:
    """A sorted table; `compression` is what its blocks say of themselves."""
    written, places = bytearray(), []
    rest = sorted((key.encode(), value) for key, value in values.items())
    while rest:
        count = next((n for n in range(1, len(rest)) if sum(len(k) + len(v) for k, v in rest[:n]) > BLOCK), len(rest))
        places.append((rest[count - 1][0], _put(written, block(rest[:count]), compression)))
        rest = rest[count:]
    properties = _put(written, block([]), compression)
    places_at = _put(written, block(places), compression)
    footer = (properties + places_at).ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)
    return bytes(written + footer)


def block(entries: Iterable[tuple[bytes, bytes]]) -> bytes:
    content, restarts, last = bytearray(), [], b""
    for n, (key, value) in enumerate(entries):
        if n % RESTART == 0:
            restarts.append(len(content))
            last = b""
        shared = next((i for i, (a, b) in enumerate(zip(key, last, strict=False)) if a != b), min(len(key), len(last)))
        content += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        last = key
    restarts = restarts or [0]
    return bytes(content) + struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))


def _put(written: bytearray, content: bytes, compression: int) -> bytes:
    place = varint(len(written)) + varint(len(content))
    kind = bytes([compression])
    written += content + kind + struct.pack("<I", masked_crc32c(content + kind))
    return place


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def message(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F)
    return bytes([*(group | 0x80 for group in groups[:-1]), groups[-1]])


def random_tensors() -> dict[str, Array]:
    """A few of each kind, one of them large enough for the checksum of many bytes."""
    random = np.random.default_rng(0)
    return {
        **{f"inpaint_net/conv{n}/kernel": random.standard_normal((3, 3, n, 4)).astype("f4") for n in range(1, 30)},
        "inpaint_net/large": random.standard_normal((300, 100)).astype("f4"),
        "half": random.standard_normal((4, 2)).astype("f2"),
        "double": random.standard_normal((1,)),
        "global_step": np.array(7, np.int64),
    }
