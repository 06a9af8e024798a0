"""The picture as it was below a fill that is in it: what another fill of the same hole is made for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.fill import FillStep
from lacuna.document.document import Document
from lacuna.document.edit import Edit
from lacuna.document.plane import Plane
from lacuna.engine.composite import weights
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Hole, Mask
from lacuna.imaging.region import Region

Tiles = dict[tuple[int, int], NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Below:
    """What `edit`, a fill, has taken the place of, by the tiles that its undo keeps. Nothing is copied.

    `step` is the fill's; it knows the mask, also in a session that was brought back. `revision` is the photo's.
    """

    edit: Edit
    step: FillStep
    shape: tuple[int, int]
    revision: int
    tiles: dict[str, Tiles]  # by the name of the plane

    @classmethod
    def of(cls, edit: Edit, document: Document) -> Below:
        """While `edit` is in force. Raises UnreadableFile for tiles on disk that are gone."""
        assert edit.fill is not None
        planes = (plane for name, plane in document.planes.items() if name != "mask" and edit.touches(name))
        tiles = {plane.name: edit.before(plane) for plane in planes}
        return cls(edit, edit.fill, document.shape, document.photo.revision, tiles)

    @cached_property
    def mask(self) -> Mask:
        """The mask that was filled, in `step.box`."""
        import cv2

        return np.asarray(cv2.imdecode(np.frombuffer(self.step.mask, np.uint8), cv2.IMREAD_UNCHANGED), np.uint8)

    def whole_mask(self) -> Mask:
        """The same in the size of the picture; of what is not in the box, no memory is touched."""
        whole = np.zeros(self.shape, np.uint8)
        whole[self.step.box.slices] = self.mask
        return whole

    @cached_property
    def _hole(self) -> tuple[Region, Hole]:
        """Every pixel that the fill may have changed, in its box."""
        box = self.step.box.pad(int(self.step.options.grow) + 1).clip(self.shape)
        mask = np.zeros((box.height, box.width), np.uint8)
        mask[self.step.box.shift(-box.y0, -box.x0).slices] = self.mask
        return box, weights(mask, self.step.options) > 0

    def regions(self, name: str) -> Iterator[Region]:
        """Where the fill may have changed the plane of that name: a part of a tile each."""
        box, hole = self._hole
        for key in self.tiles.get(name, ()):
            part = Region.of_tile(*key, self.shape).intersect(box)
            changed = bounds(hole[part.shift(-box.y0, -box.x0).slices]) if not part.empty else part
            if not changed.empty:
                yield changed.shift(part.y0, part.x0)

    def put_back(self, name: str, region: Region, pixels: NDArray[Any]) -> None:
        """Write into `pixels`, those of `region` of a plane, what was there before the fill."""
        box, hole = self._hole
        for key, tile in self.tiles.get(name, {}).items():
            of_tile = Region.of_tile(*key, self.shape)
            part = of_tile.intersect(box).intersect(region)
            if not part.empty:
                where = hole[part.shift(-box.y0, -box.x0).slices]
                whole = np.broadcast_to(tile, (of_tile.height, of_tile.width, *tile.shape[2:]))
                before = whole[part.shift(-of_tile.y0, -of_tile.x0).slices]
                pixels[part.shift(-region.y0, -region.x0).slices][where] = before[where]

    def put_all_back(self, edit: Edit, planes: dict[str, Plane]) -> None:
        """Within `edit`, which stands above others: the picture as it was without the fill."""
        for name in self.tiles:
            for region in self.regions(name):
                with edit.write(planes[name], region) as pixels:
                    self.put_back(name, region, pixels)
