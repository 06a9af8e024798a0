"""Heal brush: a copy of another place whose seam is solved away when the stroke ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from lacuna.contract.progress import Progress
from lacuna.editor.clone import CloneBrush, CloneStroke, Copied
from lacuna.editor.strokes import Stroke
from lacuna.editor.tool import Covered, Laid, Pointer, Rest
from lacuna.engine import seam
from lacuna.engine.composite import as_grey, composite, differs
from lacuna.i18n import N_, _
from lacuna.imaging.brush import Coverage
from lacuna.imaging.photo import Mask, Pixels
from lacuna.imaging.region import Region


class HealBrush(CloneBrush):
    """Paints the texture of another place, in the colours and the light of this one."""

    id = "heal"
    name = N_("Heal brush")

    def _stroke(self, copied: Copied, at: Pointer, options: Any) -> Stroke:
        return HealStroke(copied, at, options)


class HealStroke(CloneStroke):
    """Shows the plain copy while it lasts. At its end the photo is as it was: the copy is put in by its rest."""

    label = N_("Heal")
    _rest: Healing | None = None

    def finish(self) -> None:
        laid = self._ink.laid()
        self.cancel()
        if laid:
            self._rest = Healing(self._copied, self._ink.covered, laid)

    @property
    def covered(self) -> Covered:
        return {}  # it is not in the photo yet, and has its turn after what is pending

    @property
    def rest(self) -> Rest | None:
        return self._rest


class Healing:
    """Solves the seam of what a stroke has covered, on the photo as it is when its turn has come.

    So a stroke sees what those before it have healed. What is painted over it while it is solved stays on top.
    """

    proposes = False

    def __init__(self, copied: Copied, covered: dict[tuple[int, int], Coverage], laid: tuple[Laid, ...]) -> None:
        self.label = _(HealStroke.label)
        self.laid = laid
        self._document = copied.document
        self._offset = copied.offset
        self._shape: tuple[int, ...] = copied.document.shape  # as it is now: the worker may look after a crop
        self._covered = covered
        self._left: dict[tuple[int, int], Mask] = {}  # by tile: how far newer strokes let this one show; 255 wholly
        self._copied: Copied | None = None
        self._revision = copied.document.photo.revision  # of the photo that `laid`, and later `_copied`, is of
        # In each tile: its key, what was there, what is to be there.
        self._made: list[tuple[tuple[int, int], Region, Pixels, Pixels]] = []

    def dropped(self) -> None:
        return

    def painted_over(self, covered: Covered) -> None:
        """By coverage, as the pixels tell nothing where a stroke has put back just what is there."""
        over = {key: 255 - coverage for key, coverage in covered.items() if key in self._covered}
        for key, left in over.items():
            self._left[key] = left if key not in self._left else _times(self._left[key], left)
        regions = {Region.of_tile(*key, self._shape): left for key, left in over.items()}
        self.laid = tuple(
            piece.below(regions[piece.region]) if piece.region in regions else piece for piece in self.laid
        )

    def begin(self) -> None:
        self._covered = {
            key: _times(coverage, self._left[key]) if key in self._left else coverage
            for key, coverage in self._covered.items()
        }
        self._left.clear()
        photo = self._document.photo
        self.laid = tuple(
            piece.anew(photo.pixels[piece.region.slices])
            if photo.changed_since(self._revision, piece.region)
            else piece
            for piece in self.laid
        )
        self._copied, self._revision = Copied(self._document, self._offset), photo.revision

    def run(self, progress: Progress) -> None:
        from lacuna.imaging.mask import bounds

        assert self._copied is not None
        copied, reach = self._copied, self._copied.reach
        tiles = {key: Region.of_tile(*key, self._shape) for key in self._covered}
        tight = (bounds(self._covered[key]).shift(tile.y0, tile.x0) for key, tile in tiles.items())
        box = Region.around(region.intersect(reach) for region in tight)
        if box.empty:
            copied.release()
            return
        box = box.pad(1).clip(self._shape)
        weight = self._weight(box, tiles, reach)
        before, copy = copied.below(box), copied.extended(box)
        copied.release()
        header = self._document.header
        after = seam.shifted(before, copy, weight > 0, header.white, progress.check)
        after = composite(before, as_grey(after) if header.grey else after, weight)
        for key, tile in tiles.items():
            part = tile.intersect(box)
            if not part.empty:
                self._made.append((key, part, before[part.slices_in(box)].copy(), after[part.slices_in(box)].copy()))

    def _weight(self, box: Region, tiles: dict[tuple[int, int], Region], reach: Region) -> Mask:
        """How much of the copy goes into each pixel of `box`: none where there is nothing to copy."""
        weight = np.zeros((box.height, box.width), np.uint8)
        for key, tile in tiles.items():
            part = tile.intersect(box).intersect(reach)
            if not part.empty:
                weight[part.slices_in(box)] = self._covered[key][part.slices_in(tile)]
        return weight

    def make(self) -> Region:
        photo = self._document.photo
        made, self._made = self._made, []
        with self._document.edit(self.label) as edit:
            for key, region, before, after in made:
                if key in self._left:
                    tile = Region.of_tile(*key, self._shape)
                    after = composite(before, after, self._left[key][region.slices_in(tile)])
                if photo.changed_since(self._revision, region):
                    now = photo.pixels[region.slices]
                    after = np.where(differs(before, now)[..., None], now, after)
                with edit.write(photo, region) as pixels:
                    pixels[...] = after
        return Region.around(region for _key, region, _before, _after in made)


def _times(one: Mask, other: Mask) -> Mask:
    """Their product, 255 for one."""
    return np.rint(one * (other / np.float32(255))).astype(np.uint8)
