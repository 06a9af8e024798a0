"""Batches without end: crops of the photos with holes drawn into them, all on the device."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lacuna.networks.conventions import Start
from lacuna.training import edges, film
from lacuna.training.chance import Chance
from lacuna.training.holes import Holes
from lacuna.training.photos import Photos
from lacuna.training.stage import Batch

GUIDED = 0.5  # share of the pictures whose edges in the hole are shown


@dataclass(frozen=True, eq=False)
class Feeder:
    """Makes the batches of a stage; `edged` finds the edges of each picture as well."""

    photos: Photos
    holes: Holes
    count: int
    size: int
    start: Start
    edged: bool

    def batch(self, chance: Chance) -> Batch:
        image = self.photos.crops(chance, self.count, self.size)
        hole = self.holes.drawn(chance, self.count)
        guided = chance.often(GUIDED, self.count, 1, 1, 1).float()
        return batch_of(image, hole, guided, chance, self.start, edged=self.edged)


def batch_of(image: Tensor, hole: Tensor, guided: Tensor, chance: Chance, start: Start, *, edged: bool) -> Batch:
    """These pictures and holes as a network wants them."""
    lines = edges.canny(edges.grey_values(image)) if edged else torch.zeros_like(hole)
    given = film.filled(image, hole) if start is Start.MEMBRANE else image
    image, hole, given = (part.contiguous(memory_format=torch.channels_last) for part in (image, hole, given))
    return Batch(image, hole, given, lines, guided, chance, start)
