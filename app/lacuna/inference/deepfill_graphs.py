"""DeepFill on graphs: encode, attend piece by piece, decode. The same pieces as in torch, and as lean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.progress import Progress
from lacuna.networks import attention_piece
from lacuna.networks.conventions import CONVENTIONS

Array = NDArray[Any]
ENCODED, ATTENDED = 0.6, 0.8  # how much of the time is over then, of a usual run


class Call(Protocol):
    """Runs a graph: its inputs by name to its outputs by name."""

    def __call__(self, name: str, inputs: Mapping[str, Array], progress: Progress) -> dict[str, Array]: ...


def fill(
    call: Call, conventions: str, inputs: Mapping[str, Array], progress: Progress, *, everywhere: bool
) -> dict[str, Array]:
    """`coarse`, `refined` and `keys`, as `networks.passes` gives them."""
    maps = call("encode", inputs, progress)
    progress.at(ENCODED)
    wanted = np.ones_like(maps["queries"]) if everywhere else maps["queries"]
    keys, pasted = _attended(call, maps, wanted[0, 0], CONVENTIONS[conventions].fuse, progress)
    decoded = call("decode", {"pasted": pasted, "dilated": maps["dilated"], "repaired": maps["repaired"]}, progress)
    progress.at(1.0)
    return {"coarse": maps["coarse"], "refined": decoded["refined"], "keys": keys}


def _attended(
    call: Call, maps: Mapping[str, Array], wanted: NDArray[np.bool_], fuse: bool, progress: Progress
) -> tuple[Array, Array]:
    """The key of each cell, -1 where it was not wanted, and what all pieces paste, (1, k, 4 C)."""
    height, width = wanted.shape
    used = _beside_known(maps["known"][0, 0] > 0)
    common = {
        **{name: maps[name] for name in ("cells", "scales", "known")},
        "blocks": np.ascontiguousarray(maps["blocks"][:, used]),
        "used": used,
    }
    keys = np.full(height * width, -1)
    pasted = np.zeros_like(maps["blocks"])
    pieces = attention_piece.pieces(wanted, attention_piece.most(height, width))
    for number, queries in enumerate(pieces):
        progress.at(ENCODED + (ATTENDED - ENCODED) * number / len(pieces))
        piece = attention_piece.piece(queries, height, width, fuse)
        rows = {name: vars(piece)[name] for name in attention_piece.read_by_step(fuse)}
        found = call("attend", common | rows, progress)
        keys[queries] = found["keys"][0]
        pasted[:, piece.blocks] += found["added"]
    return keys.reshape(1, height, width), pasted


def _beside_known(known: NDArray[np.bool_]) -> attention_piece.Rows:
    """The corners of the grid at which a known cell lies."""
    around = np.pad(known, 1)
    return np.flatnonzero(around[1:, 1:] | around[1:, :-1] | around[:-1, 1:] | around[:-1, :-1])
