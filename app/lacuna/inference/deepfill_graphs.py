"""DeepFill on graphs: encode, attend piece by piece, decode. Torch does no other, but decodes the whole picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.progress import Progress
from lacuna.networks import attention_piece
from lacuna.networks.conventions import CONVENTIONS

Array = NDArray[Any]
ENCODED, ATTENDED = 0.75, 0.9  # how much of the time is over then, of a usual run


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
    refined = _decoded(call, maps, wanted[0, 0], pasted, progress)
    progress.at(1.0)
    return {"coarse": maps["coarse"], "refined": refined, "keys": keys}


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


def _decoded(
    call: Call, maps: Mapping[str, Array], wanted: NDArray[np.bool_], pasted: Array, progress: Progress
) -> Array:
    """The repaired picture, refined in the box around the wanted cells.

    What is asked for depends on no others (`queries_for`), so that the zeros around the box instead of around the
    picture change nothing of it.
    """
    refined = maps["repaired"].copy()
    if not wanted.any():
        return refined
    rows, columns = (slice(int(cells.min()), int(cells.max()) + 1) for cells in np.nonzero(wanted))
    height, width = wanted.shape
    corners = pasted.reshape(1, height + 1, width + 1, -1)[:, _times(1, rows, 1), _times(1, columns, 1)]
    pixels = (..., _times(8, rows), _times(8, columns))
    inputs = {
        "pasted": corners.reshape(1, -1, pasted.shape[2]),
        "dilated": maps["dilated"][..., _times(2, rows), _times(2, columns)],
        "repaired": refined[pixels],
    }
    refined[pixels] = call("decode", inputs, progress)["refined"]
    return refined


def _times(factor: int, extent: slice, more: int = 0) -> slice:
    """The same extent in a map that is larger by this factor, and so many rows more."""
    return slice(factor * extent.start, factor * extent.stop + more)


def _beside_known(known: NDArray[np.bool_]) -> attention_piece.Rows:
    """The corners of the grid at which a known cell lies."""
    around = np.pad(known, 1)
    return np.flatnonzero(around[1:, 1:] | around[1:, :-1] | around[:-1, 1:] | around[:-1, :-1])
