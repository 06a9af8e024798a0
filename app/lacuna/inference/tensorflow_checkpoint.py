"""Checkpoints of TensorFlow, in its second form, without TensorFlow: an index and the files of numbers beside it.

The index is a sorted table from names to messages of Protocol Buffers: `BundleHeaderProto` under the empty name, and a
`BundleEntryProto` for each tensor (tensorflow/core/protobuf/tensor_bundle.proto). Numbers stand in little-endian order,
row by row. Every length is held against the file, and what is read against its checksum.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lacuna.i18n import _
from lacuna.inference.crc32c import masked_crc32c
from lacuna.inference.protobuf import fields
from lacuna.inference.sorted_table import entries
from lacuna.inference.tensors import Array, Group, Shape, is_whole, unreadable

LARGEST_INDEX = 16 << 20  # bytes; those of whole networks have a few thousand
# By TensorFlow's numbers for them. Other kinds are no weights, and passed over.
KINDS = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8", 19: "<f2"}


@dataclass(frozen=True)
class _Place:
    """Where the numbers of one tensor stand."""

    kind: str
    shape: Shape
    shard: int
    offset: int
    size: int
    checksum: int


def group(index: Path) -> Group:
    """The tensors of the checkpoint that `index` lists. Raises UnreadableFile if that is not whole."""
    try:
        with index.open("rb") as file:
            table = file.read(LARGEST_INDEX + 1)
        if len(table) > LARGEST_INDEX:
            raise ValueError(_("it is too large for an index"))
        shards, places = _listed(table)
    except OSError as error:
        raise unreadable(index, error.strerror or error, error) from error
    except ValueError as error:  # UnicodeDecodeError is one
        raise unreadable(index, error, error) from error
    files = tuple(index.with_name(f"{index.stem}.data-{n:05d}-of-{shards:05d}") for n in range(shards))
    for numbers in files:
        if not numbers.is_file():
            raise unreadable(numbers, _("it is missing beside {index}").format(index=index.name))

    def read(key: str) -> Array:
        return _read(files[places[key].shard], key, places[key])

    return Group("", (index, *files), {key: place.shape for key, place in places.items()}, read)


def _listed(table: bytes) -> tuple[int, dict[str, _Place]]:
    """How many files of numbers there are, and what stands where in them."""
    shards = 0
    places: dict[str, _Place] = {}
    for key, value in entries(table):
        if not key:
            shards = _shards(value)
            continue
        if not shards:
            break
        place = _place(value)
        if place is None:
            continue
        if not place.shard < shards:
            raise ValueError(_("it names a file that is none of its own"))
        places[key.decode()] = place
    if not shards:  # it would stand first
        raise ValueError(_("its header is missing"))
    return shards, places


def _shards(header: bytes) -> int:
    count = 1
    for number, value in fields(header):
        if number == 1 and isinstance(value, int):
            count = value
        elif number == 2 and value:
            raise ValueError(_("its numbers stand in another order of bytes"))
    if not 0 < count < 1000:
        raise ValueError(_("it names too many files"))
    return count


def _place(entry: bytes) -> _Place | None:
    """Of one tensor; None where it is of a kind that no weight has."""
    numbers: dict[int, int] = {}
    shape: Shape = ()
    for number, value in fields(entry):
        if isinstance(value, int):
            numbers[number] = value
        elif number == 2:
            shape = _shape(value)
    kind = KINDS.get(numbers.get(1, 0))
    if kind is None:
        return None
    return _Place(kind, shape, numbers.get(3, 0), numbers.get(4, 0), numbers.get(5, 0), numbers.get(6, 0))


def _shape(message: bytes) -> Shape:
    sides = (side for number, side in fields(message) if number == 2 and isinstance(side, bytes))
    return tuple(_side(side) for side in sides)


def _side(message: bytes) -> int:
    return next((value for number, value in fields(message) if number == 1 and isinstance(value, int)), 0)


def _read(file: Path, key: str, place: _Place) -> Array:
    try:
        if not is_whole(place.shape, np.dtype(place.kind).itemsize, place.size):
            raise ValueError(_("{key} has not the size of its shape").format(key=key))
        with file.open("rb") as numbers:
            if place.offset + place.size > numbers.seek(0, 2):
                raise ValueError(_("it ends before {key}").format(key=key))
            numbers.seek(place.offset)
            data = numbers.read(place.size)
        if masked_crc32c(data) != place.checksum:
            raise ValueError(_("the checksum of {key} is wrong").format(key=key))
    except OSError as error:
        raise unreadable(file, error.strerror or error, error) from error
    except ValueError as error:
        raise unreadable(file, error, error) from error
    return np.frombuffer(data, place.kind).reshape(place.shape)
