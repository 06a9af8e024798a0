"""Tiles as bytes for the journal, without loss: differences of neighbours, squeezed.

A photo shrinks to two thirds at 50 MB/s, a painted mask to a hundredth; deeper settings gain 5 % for twice the time.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.document.tiles import packed


def encode(tile: NDArray[Any]) -> bytes:
    """A tile (h, w) or (h, w, c); one of a single colour becomes a few bytes."""
    small = packed(tile)
    if small.shape != tile.shape:
        return b"1" + small.tobytes()
    words = _words(np.ascontiguousarray(tile))
    if tile.ndim == 3:
        words = words.copy()
        words[:, 1:] -= words[:, :-1].copy()
    return b"z" + zlib.compress(words.data, 1)


def decode(data: memoryview | bytes, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """The tile of that shape and dtype again; raises ValueError or zlib.error if `data` is not one."""
    kind, body = bytes(data[:1]), data[1:]
    if kind == b"1":
        return np.broadcast_to(np.frombuffer(body, dtype).reshape(1, 1, *shape[2:]), shape)
    if kind != b"z":
        raise ValueError("not a tile")
    tile = np.frombuffer(bytearray(zlib.decompress(body)), dtype).reshape(shape)
    if tile.ndim == 3:
        words = _words(tile)
        np.cumsum(words, axis=1, dtype=words.dtype, out=words)
    return tile


def _words(tile: NDArray[Any]) -> NDArray[Any]:
    """The same bytes as unsigned numbers, whose differences wrap round and lose nothing."""
    return tile.view(f"u{tile.itemsize}")
