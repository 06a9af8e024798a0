"""Where filled pixels were copied from, for as long as the session lasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacuna.document.document import Document
from lacuna.engine.fill import Piece
from lacuna.imaging.region import Region

MOST_BYTES = 64 << 20  # the oldest are forgotten first


@dataclass(frozen=True, eq=False)
class Origin:
    """`came_from` (h, w, 2) of what a fill, the edit `serial`, put at `region`, in the `frame` of that moment."""

    serial: int
    region: Region
    came_from: NDArray[np.int32]
    frame: object


class Origins:
    """What the fills of one document have told."""

    def __init__(self) -> None:
        self._known: list[Origin] = []

    def add(self, document: Document, pieces: tuple[Piece, ...]) -> None:
        """Remember the pieces of the fill that was just put in."""
        serial = document.history.here()
        for piece in pieces:
            if piece.came_from is not None:
                self._known.append(Origin(serial, piece.region, piece.came_from, document.frame))
        while sum(origin.came_from.nbytes for origin in self._known) > MOST_BYTES:
            self._known.pop(0)

    def at(self, document: Document, x: float, y: float) -> tuple[int, int] | None:
        """The pixel (x, y) that the last fill in force copied to this place; None if that is not known."""
        pixel = Region(int(y // 1), int(x // 1), int(y // 1) + 1, int(x // 1) + 1)
        history = document.history
        for origin in reversed(self._known):
            if (
                origin.region.overlaps(pixel)
                and origin.frame == document.frame
                and any(edit.serial == origin.serial for edit in history.entries[: history.position])
            ):
                there = pixel.shift(-origin.region.y0, -origin.region.x0)
                from_y, from_x = origin.came_from[there.y0, there.x0]
                if from_y >= 0:
                    return int(from_x), int(from_y)
        return None
