"""What the published programs computed from weights that a formula gives, to hold our networks against.

No published weight is needed: each array of a key list is drawn by a generator seeded with the CRC-32 of its name. The
files of `tests/networks/fixtures` are parts of a larger set; where that lies beside the project, or where
`LACUNA_FIXTURES` says, it is read instead.

Of an array "name.cS" holds every S-th channel, "name.sS" and "name.qS" every S-th row and column, and "name.stats" the
mean, the standard deviation, the least, the largest value and the Euclidean norm of all of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

HERE = Path(__file__).resolve().parent / "fixtures"
WHOLE = Path(os.environ.get("LACUNA_FIXTURES", Path(__file__).resolve().parents[3] / "shared" / "fixtures"))
FOLDER = WHOLE if WHOLE.is_dir() else HERE

Array = NDArray[Any]
Entries = Sequence[Mapping[str, Any]]


def cases(pattern: str) -> list[str]:
    """The fixtures of this name, without their ending, as far as they are at hand: never none."""
    found = sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.glob(f"{pattern}.npz"))
    assert found, f"no fixture {pattern} in {FOLDER}"
    return found


class Numbers:
    """The arrays of one fixture. `farthest` knows how an array was thinned out from its name."""

    def __init__(self, name: str) -> None:
        with np.load(FOLDER / f"{name}.npz") as file:
            self.arrays: dict[str, Array] = dict(file)

    def tensor(self, name: str) -> Tensor:
        return torch.from_numpy(self.arrays[name])

    def names(self, start: str = "") -> list[str]:
        """The names, without what says how the array was thinned out."""
        return sorted({_plain(key) for key in self.arrays if key.startswith(start)})

    def farthest(self, name: str, ours: Tensor) -> float:
        """The largest difference from the array of that name, and from its statistics."""
        whole = ours.detach().double().numpy()
        recorded = {key: value for key, value in self.arrays.items() if _plain(key) == name}
        assert recorded, f"no array {name}"
        return max(_difference(whole, _how(key), value) for key, value in recorded.items())


def _how(key: str) -> str:
    last = key.rsplit(".", 1)[-1]
    return last if last == "stats" or (last[0] in "csq" and last[1:].isdigit()) else ""


def _plain(key: str) -> str:
    return key.removesuffix(f".{_how(key)}") if _how(key) else key


def _difference(whole: NDArray[np.float64], how: str, recorded: Array) -> float:
    if how == "stats":
        scale = np.array([1, 1, 1, 1, whole.size**0.5])  # a norm grows with the number of values
        found = np.array([whole.mean(), whole.std(), whole.min(), whole.max(), np.linalg.norm(whole)]) / scale
        recorded = recorded / scale
    elif how:
        step = int(how[1:])
        found = whole[:, ::step] if how[0] == "c" else whole[..., ::step, ::step]
    else:
        found = whole
    assert found.shape == recorded.shape
    return float(np.abs(found - recorded).max())


@cache
def key_lists(file: str) -> Mapping[str, Any]:
    """What a file says of each of its layouts."""
    listed = json.loads((FOLDER / file).read_text(encoding="utf-8"))
    return listed.get("layouts", listed)


def entries(file: str, layout: str) -> Entries:
    """The keys of a published layout, with shapes and what their weights are made of. Remarks may follow its name."""
    listed = next(listed for name, listed in key_lists(file).items() if name.split(" ")[0] == layout)
    return listed["state_dict"] if "state_dict" in listed else listed["entries"]


def weights(entries: Entries) -> dict[str, Array]:
    """The weights of a key list, by the rule of the fixtures' README."""
    shapes = {entry["key"]: entry["shape"] for entry in entries}
    made: dict[str, Array] = {}
    for entry in entries:
        key = entry.get("alias_of", entry["key"])
        made[entry["key"]] = made[key] if key in made else _weight(entry, shapes).astype(np.float32)
    return made


def _weight(entry: Mapping[str, Any], shapes: Mapping[str, Sequence[int]]) -> NDArray[np.float64]:
    if entry["kind"] == "const":
        return np.eye(3).reshape(entry["shape"])
    drawn, gain = _normals(entry["key"], entry["shape"]), entry.get("gain", 1.0)
    if "override" in entry:
        return _mean(entry["key"], drawn)
    if entry["kind"] == "bias":
        return 0.05 * gain * drawn
    if entry["kind"] == "sn_vector":
        return drawn / np.linalg.norm(drawn)
    weight = drawn * gain * np.sqrt(2 / entry["fan_in"])
    if "sigma" not in entry:
        return weight
    moved = np.moveaxis(weight, entry["sn_axis"], 0)
    matrix = moved.reshape(len(moved), -1)
    u, v = (
        _weight({"key": key, "shape": shapes[key], "kind": "sn_vector"}, shapes)
        for key in (entry["key"].replace("weight_orig", f"weight_{vector}") for vector in "uv")
    )
    matrix = matrix + (entry["sigma"] - u @ matrix @ v) * np.outer(u, v)
    return np.moveaxis(matrix.reshape(moved.shape), 0, entry["sn_axis"])


def _mean(key: str, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Meta-SR's layers for the mean colour: nearly what its program begins with."""
    if key.endswith(".weight"):
        return np.eye(3)[..., None, None] + 0.01 * drawn
    return (-1 if key.startswith("sub_mean") else 1) * 255 * np.array([0.4488, 0.4371, 0.4040]) + 0.5 * drawn


def _normals(key: str, shape: Sequence[int]) -> NDArray[np.float64]:
    return np.random.RandomState(crc32(key.encode())).standard_normal(shape)


def wave(channels: int, height: int, width: int, batch: int) -> Tensor:
    """The input of critics, a closed formula."""
    n, c, i, j = np.ogrid[:batch, :channels, :height, :width]
    values = np.sin(0.05 * (c + 1) * i + 0.3 * c + n) * np.cos(0.043 * (c + 2) * j)
    return torch.from_numpy(values.astype(np.float32))
