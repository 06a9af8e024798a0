"""The edges that a fill has followed, from a method that predicts edges before it paints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacuna.engine.fill import Piece
from lacuna.imaging.region import Region


@dataclass(frozen=True, eq=False)
class Edges:
    """`strength` (h, w) at `region`: 1 on an edge, 0 where there is none."""

    region: Region
    strength: NDArray[np.float32]


def edges_of(pieces: Iterable[Piece]) -> tuple[Edges, ...]:
    """Those that the pieces of a fill tell of; most methods tell of none."""
    return tuple(Edges(piece.region, piece.edges) for piece in pieces if piece.edges is not None)
