"""Checkpoints of TensorFlow are read without it, and a file that was cut, altered or made to harm is told, not used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from lacuna.errors import LacunaError, UnreadableFile
from lacuna.inference.crc32c import crc32c
from lacuna.inference.tensors import Group, groups
from tests.inference.tensorflow import Array, entry, message, number, random_tensors, table_of, write_checkpoint
from tests.networks.published import HERE

MINI = HERE / "deepfill-v2" / "tf-mini-checkpoint"  # written by TensorFlow itself


def read(group: Group) -> dict[str, Array]:
    return {key: group.read(key) for key in group.shapes}


def same(found: Mapping[str, Array], wanted: Mapping[str, Array]) -> bool:
    return found.keys() == wanted.keys() and all(
        found[key].shape == value.shape and found[key].dtype == value.dtype and np.array_equal(found[key], value)
        for key, value in wanted.items()
    )


@pytest.mark.parametrize(
    ("data", "expected"), [(b"", 0), (b"a", 0xC1D04330), (b"123456789", 0xE3069283), (b"\0" * 32, 0x8A9136AA)]
)
def test_the_checksum_is_castagnolis(data: bytes, expected: int) -> None:
    assert crc32c(data) == expected


@pytest.mark.parametrize("size", [3, 4095, 4096, 4097, 40_001])
def test_the_checksum_of_lanes_is_that_of_byte_after_byte(size: int) -> None:
    data = np.random.default_rng(size).integers(0, 256, size, np.uint8).tobytes()
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _bit in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    assert crc32c(data) == register ^ 0xFFFFFFFF


def test_a_checkpoint_that_tensorflow_wrote_is_read() -> None:
    (group,) = groups(MINI / "snap-0.index")
    with np.load(MINI / "expected.npz") as expected:
        assert same(read(group), dict(expected))
    assert [file.name for file in group.files] == ["snap-0.index", "snap-0.data-00000-of-00001"]


@pytest.mark.parametrize("shards", [1, 3])
def test_any_number_of_blocks_and_files_is_read(tmp_path: Path, shards: int) -> None:
    tensors = random_tensors()
    files = write_checkpoint(tmp_path / "snap-1.index", tensors, shards)
    (group,) = groups(files[0])
    assert same(read(group), tensors)
    assert list(group.files) == files


def test_tensors_of_a_kind_that_no_weight_has_are_passed_over(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "snap.index", {"name": np.zeros(3, np.uint8), "x": np.zeros(3, np.float32)})
    assert list(groups(tmp_path / "snap.index")[0].shapes) == ["x"]


def test_an_index_that_was_cut_is_refused_wherever_it_was_cut(tmp_path: Path) -> None:
    whole = (MINI / "snap-0.index").read_bytes()
    cut = tmp_path / "snap-0.index"
    for length in range(len(whole)):
        cut.write_bytes(whole[:length])
        with pytest.raises(LacunaError, match=r"snap-0\.index"):
            groups(cut)


def test_no_altered_byte_of_an_index_goes_unseen(tmp_path: Path) -> None:
    whole = (MINI / "snap-0.index").read_bytes()
    (tmp_path / "snap-0.data-00000-of-00001").write_bytes((MINI / "snap-0.data-00000-of-00001").read_bytes())
    altered = tmp_path / "snap-0.index"
    with np.load(MINI / "expected.npz") as file:
        expected = dict(file)
    for at in range(len(whole)):
        data = bytearray(whole)
        data[at] ^= 0x55
        altered.write_bytes(data)
        try:
            found = read(groups(altered)[0])
        except LacunaError:
            continue
        assert same(found, expected)  # what is altered there means nothing: padding, or where properties would lie


def test_an_index_without_its_numbers_is_refused_with_the_name_of_their_file(tmp_path: Path) -> None:
    index, *numbers = write_checkpoint(tmp_path / "snap.index", random_tensors(), 2)
    numbers[1].unlink()
    with pytest.raises(UnreadableFile, match=r"snap\.data-00001-of-00002 .*missing beside snap\.index"):
        groups(index)


def test_numbers_that_were_altered_or_cut_are_told_with_their_key(tmp_path: Path) -> None:
    index, numbers = write_checkpoint(tmp_path / "snap.index", random_tensors())
    whole = numbers.read_bytes()
    (group,) = groups(index)
    numbers.write_bytes(whole[:-1])
    with pytest.raises(UnreadableFile, match=r"data-00000-of-00001 .*ends before inpaint_net/large"):
        group.read("inpaint_net/large")
    numbers.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(UnreadableFile, match="checksum of inpaint_net/large is wrong"):
        group.read("inpaint_net/large")
    assert group.read("half").shape == (4, 2)
    numbers.unlink()
    with pytest.raises(UnreadableFile, match="data-00000-of-00001"):
        group.read("half")


HEADER = number(1, 1)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"x": entry("float32", (1,), 0, 0, b"1234")}, "header"),
        ({"": number(1, 10**9)}, "too many files"),
        ({"": HEADER + number(2, 1)}, "order of bytes"),
        ({"": HEADER, "x": entry("float32", (1,), 1, 0, b"1234")}, "none of its own"),
        ({"": HEADER, "x": b"\x0f"}, "damaged"),
        ({"": HEADER, "x": b"\xff" * 12}, "too long"),
        ({"": HEADER, "x": message(2, b"\x12\x7f")}, "too early"),
        ({"": HEADER, "x" * 301: b""}, "key"),
    ],
)
def test_an_index_made_by_other_hands_is_refused(tmp_path: Path, values: dict[str, bytes], reason: str) -> None:
    index = tmp_path / "made.index"
    index.write_bytes(table_of(values))
    with pytest.raises(UnreadableFile, match=reason):
        groups(index)


@pytest.mark.parametrize(
    "lie",
    [
        entry("float32", (1 << 40, 1 << 40), 0, 0, b"", size=16),
        entry("float32", (1 << 20,), 0, 0, b"", size=4 << 20),
        entry("float32", (4,), 0, 1 << 60, b"", size=16),
        entry("float32", (0, 1 << 62), 0, 0, b"", size=0),
        entry("float32", [1] * 100, 0, 0, b"1234"),
        entry("float32", ((1 << 64) - 1,), 0, 0, b"", size=4),  # -1, as a message holds it
    ],
)
def test_no_more_is_made_of_a_file_than_it_holds(tmp_path: Path, lie: bytes) -> None:
    (tmp_path / "made.data-00000-of-00001").write_bytes(b"1234" * 4)
    index = tmp_path / "made.index"
    index.write_bytes(table_of({"": HEADER, "x": lie}))
    with pytest.raises(UnreadableFile, match="x"):
        groups(index)[0].read("x")


def test_a_compressed_index_is_refused(tmp_path: Path) -> None:
    index = tmp_path / "made.index"
    index.write_bytes(table_of({"": HEADER}, compression=1))
    with pytest.raises(UnreadableFile, match="compressed"):
        groups(index)
