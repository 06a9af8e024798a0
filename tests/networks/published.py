"""What the published programs computed from weights that a formula gives, to hold our networks against.

The files of `tests/networks/fixtures` are a part of a larger set. All of it lies where `LACUNA_FIXTURES`
says, or beside the repository in `shared/fixtures`; its README.md tells how the numbers were made.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lacuna.networks.checkpoint import Layout, taken_over

HERE = Path(__file__).resolve().parent / "fixtures"
BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "fixtures"
WHOLE = Path(os.environ.get("LACUNA_FIXTURES", BESIDE))
FIXTURES = WHOLE if WHOLE.is_dir() else HERE

Array = NDArray[Any]


def cases(network: str, pattern: str) -> list[str]:
    """The names of the recorded runs of a network."""
    return sorted(path.stem for path in (FIXTURES / network).glob(f"{pattern}.npz"))


def arrays(network: str, case: str) -> dict[str, Array]:
    with np.load(FIXTURES / network / f"{case}.npz") as recorded:
        return dict(recorded)


@cache
def entries(network: str, file: str, layout: str) -> list[dict[str, Any]]:
    """The keys of a published layout, with shapes and what their weights are made of."""
    return json.loads((FIXTURES / network / file).read_text(encoding="utf-8"))["layouts"][layout]["entries"]


def weights(network: str, file: str, layout: str) -> dict[str, Array]:
    """The weights of a published layout by the formula: normal numbers from the key's own name."""
    return {entry["key"]: _drawn(entry) for entry in entries(network, file, layout)}


def _drawn(entry: Mapping[str, Any]) -> Array:
    shape, gain = entry["shape"], entry.get("gain", 1.0)
    if entry["kind"] == "const":
        return np.eye(3, dtype=np.float32).reshape(shape)
    drawn = np.random.RandomState(zlib.crc32(entry["key"].encode())).standard_normal(shape)
    if entry["kind"] == "bias":
        drawn *= 0.05 * gain
    elif entry["kind"] == "sn_vector":
        drawn /= np.linalg.norm(drawn)
    else:
        drawn *= gain * np.sqrt(2 / entry["fan_in"])
    return drawn.astype(np.float32)


def wave(channels: int, height: int, width: int, batch: int) -> NDArray[np.float32]:
    """The picture that critics were shown."""
    n, c, i, j = np.ogrid[:batch, :channels, :height, :width]
    return (np.sin(0.05 * (c + 1) * i + 0.3 * c + n) * np.cos(0.043 * (c + 2) * j)).astype(np.float32)


def differences(recorded: Mapping[str, Array], computed: Mapping[str, Array]) -> Iterator[tuple[str, float]]:
    """For every recorded array of which all was computed: its name and the largest difference.

    Statistics are compared in units of the array's own largest value.
    """
    for name, expected in recorded.items():
        stem, _, kept = name.partition(".")
        if stem not in computed:
            continue
        whole = computed[stem].astype(np.float64)
        if kept == "stats":
            found = np.array([whole.mean(), whole.std(), whole.min(), whole.max(), np.linalg.norm(whole)])
            scale = np.maximum(1, [1, 1, 1, 1, whole.size**0.5])
            yield name, float((np.abs(found - expected) / scale).max())
        else:
            found = _kept(whole, kept)
            assert found.shape == expected.shape, name
            yield name, float(np.abs(found - expected).max())


def _kept(whole: Array, kept: str) -> Array:
    if not kept:
        return whole
    step = int(kept[1:])
    return whole[:, ::step] if kept[0] == "c" else whole[..., ::step, ::step]


Network = TypeVar("Network", bound=nn.Module)


def loaded(network: Network, layout: Layout, published: Mapping[str, Array]) -> Network:
    """The network with these weights, ready to be run."""
    shapes = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    ours = taken_over(layout, published, shapes)
    network.load_state_dict({key: torch.from_numpy(value) for key, value in ours.items()})
    return network.eval()
