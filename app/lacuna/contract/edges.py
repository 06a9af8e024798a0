"""Edges that a model has completed in a hole, as a value: kept with the picture, so that fills can follow them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.lossless import decoded, encoded
from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region


@dataclass(frozen=True, eq=False)
class PredictedEdges:
    """Edges around a hole, at `region` of the picture: `strength` (h, w) uint8, 255 for sure, and the `hole` (h, w).

    Outside the hole they are the picture's, as the model was shown them. `seen` is a digest of all that they depend on:
    what does not look the same any more has other edges. What the person draws and rubs out is not in them.
    """

    region: Region
    strength: NDArray[np.uint8]
    hole: Hole
    seen: str

    def within(self, region: Region) -> PredictedEdges | None:
        """The same in a picture that was cut to `region`; None where a part of them was cut off."""
        if region.intersect(self.region) != self.region:
            return None
        return replace(self, region=self.region.shift(-region.y0, -region.x0))


@dataclass(frozen=True)
class PackedEdges:
    """The same with planes as PNG, for steps and files: equal where all is."""

    region: Region
    strength: bytes
    hole: bytes
    seen: str

    @classmethod
    def of(cls, edges: PredictedEdges) -> PackedEdges:
        """Those edges, packed without loss."""
        return cls(edges.region, encoded(edges.strength), encoded(edges.hole.view(np.uint8)), edges.seen)

    def unpacked(self) -> PredictedEdges:
        """Raises ValueError for planes that are none of its region."""
        shape, kind = (self.region.height, self.region.width), np.dtype(np.uint8)
        strength, hole = decoded(self.strength, shape, kind), decoded(self.hole, shape, kind) > 0
        return PredictedEdges(self.region, strength, hole, self.seen)
