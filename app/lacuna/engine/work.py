"""A crop as a backend wants it, and its answer as the engine wants it: defined values, allowed sizes, working scale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.fill import Filled, FillWork, SizeRule
from lacuna.contract.guides import GuideStroke
from lacuna.engine.composite import as_dtype
from lacuna.errors import UnsuitableMask
from lacuna.i18n import _
from lacuna.imaging.photo import Hole, Pixels
from lacuna.imaging.region import Region


@dataclass(frozen=True, eq=False)
class Prepared:
    """What was made of a crop: the `work` for the backend, and the way back to the crop's `shape`."""

    work: FillWork
    shape: tuple[int, int]
    scale: int
    small: tuple[int, int]  # the crop's size at the working scale, before it was padded

    def restore(self, filled: Filled) -> Pixels:
        """The backend's pixels at the crop's own size and dtype. Raises ValueError if they cannot be used."""
        image = filled.image
        if image.shape != self.work.image.shape:
            raise ValueError(f"the backend gave {image.shape}, not {self.work.image.shape}")
        if image.dtype not in (self.work.image.dtype, np.dtype(np.float32)):
            raise ValueError(f"the backend gave {image.dtype}, neither {self.work.image.dtype} nor float32")
        if image.dtype.kind == "f" and not np.isfinite(image[self.work.hole]).all():
            raise ValueError("the backend gave values that are no numbers")
        return self._at_size(image[: self.small[0], : self.small[1]])[: self.shape[0], : self.shape[1]]

    def seen(self, region: Region, pixels: Pixels) -> tuple[Region, Pixels]:
        """A preview of the work's `region` as one of the crop. Raises ValueError if it cannot be used."""
        if pixels.shape != (region.height, region.width, 3) or region.clip(self.work.hole.shape) != region:
            raise ValueError(f"the backend showed {pixels.shape} at {region} of a work of {self.work.hole.shape}")
        inside = region.clip(self.small)
        big = self._at_size(pixels[: inside.height, : inside.width])
        there = Region(*(edge * self.scale for edge in (inside.y0, inside.x0, inside.y1, inside.x1))).clip(self.shape)
        return there, big[: there.height, : there.width]

    def origins(self, filled: Filled) -> NDArray[np.int32] | None:
        """`came_from` in the crop's coordinates, (h, w, 2), -1 where unknown. Raises ValueError if it cannot be used.

        What came from the mirrored padding came from the pixel that was mirrored there. At a smaller working size each
        pixel of a square comes from its own place in the source's square.
        """
        found = filled.came_from
        if found is None:
            return None
        if found.shape != (*self.work.hole.shape, 2) or found.dtype != np.int32:
            raise ValueError(f"the backend gave origins as {found.dtype} {found.shape}")
        known = (found[..., 0] >= 0) & (found[..., 1] >= 0)  # `all` over pairs takes five times as long
        if (found[known] >= self.work.hole.shape).any():
            raise ValueError("the backend gave origins outside of its work")
        within = found.copy()
        if self.small != self.work.hole.shape:  # padded
            within = np.stack([_unfolded(found[..., axis], side) for axis, side in enumerate(self.small)], axis=2)
        within[~known] = -1
        within = within[: self.small[0], : self.small[1]]
        if self.scale > 1:
            within = within.repeat(self.scale, axis=0).repeat(self.scale, axis=1)[: self.shape[0], : self.shape[1]]
            ys, xs = np.ogrid[: self.shape[0], : self.shape[1]]
            known = within[..., 0] >= 0
            for axis, (own, side) in enumerate(zip((ys, xs), self.shape, strict=True)):
                place = np.minimum(within[..., axis] * self.scale + own % self.scale, side - 1)
                within[..., axis] = np.where(known, place, -1)
        return np.ascontiguousarray(within)

    def _at_size(self, image: Pixels) -> Pixels:
        if self.scale > 1:
            import cv2

            height, width = (side * self.scale for side in image.shape[:2])
            image = np.asarray(cv2.resize(image.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC))
        return as_dtype(image, self.work.image.dtype)


def prepare(
    image: Pixels,
    hole: Hole,
    *,
    white: float,
    grey: bool,
    seed: int,
    guides: tuple[GuideStroke, ...],
    size: SizeRule,
    scale: int = 1,
    sources: Hole | None = None,
    share: float = 1.0,
) -> Prepared:
    """The crop `image` (h, w, 3) with its `hole` (h, w) as a work for a backend; neither is written to.

    Undefined known values (NaN, infinite) become part of the hole, so that they spread into no average. `scale` 2, 4
    and so on works at a half, a quarter of the size. Sides are padded by reflection to what `size` asks for. Of
    `sources` (h, w) known pixels are left, at a smaller size squares that are sources all over; raises UnsuitableMask
    if those are none. Padding is no source.
    """
    shape = (hole.shape[0], hole.shape[1])
    image, hole = _defined(image, hole)
    if sources is not None:
        sources = _usable(sources & ~hole, scale)
    if scale > 1:
        image, hole = _shrunk(image, hole, scale)
        guides = tuple(_scaled(stroke, 1 / scale) for stroke in guides)
    small = (hole.shape[0], hole.shape[1])
    image, hole = _padded(image, hole, size)
    if sources is not None and sources.shape != hole.shape:
        sources = np.pad(sources, [(0, big - own) for big, own in zip(hole.shape, sources.shape, strict=True)])
    view = np.ascontiguousarray(image).view()
    view.flags.writeable = False
    work = FillWork(view, np.ascontiguousarray(hole), white, guides, sources=sources, seed=seed, grey=grey, share=share)
    return Prepared(work, shape, scale, small)


def _defined(image: Pixels, hole: Hole) -> tuple[Pixels, Hole]:
    if image.dtype.kind != "f" or np.isfinite(image).all():
        return image, hole
    finite = np.isfinite(image)
    hole = hole | ~finite.all(axis=2)
    if hole.all():
        raise UnsuitableMask(
            _("Around the mask the picture has no defined values."), hint=_("Mark a part with known pixels around it.")
        )
    return np.where(finite, image, 0).astype(image.dtype), hole


def _usable(sources: Hole, scale: int) -> Hole:
    if scale > 1:
        rows, columns = (-(-side // scale) for side in sources.shape)
        whole = np.ones((rows * scale, columns * scale), bool)  # beyond the border nothing speaks against a square
        whole[: sources.shape[0], : sources.shape[1]] = sources
        sources = np.logical_and.reduce(whole.reshape(rows, scale, columns, scale), axis=(1, 3))
    if not sources.any():
        raise UnsuitableMask(
            _("There is nothing in the sampling area that could be copied."),
            hint=_("Mark a larger part with known pixels as the place to copy from."),
        )
    return np.ascontiguousarray(sources)


def _unfolded(places: NDArray[np.int32], side: int) -> NDArray[np.int32]:
    """Places along an axis that was padded by mirroring at its end, as places within `side`."""
    around = places % (2 * side)
    return np.where(around < side, around, 2 * side - 1 - around).astype(np.int32)


def _shrunk(image: Pixels, hole: Hole, scale: int) -> tuple[Pixels, Hole]:
    """By `scale`: means of the known pixels of each square; a square without any is hole."""
    rows, columns = (-(-side // scale) for side in hole.shape)
    known = np.zeros((rows * scale, columns * scale), bool)
    known[: hole.shape[0], : hole.shape[1]] = ~hole
    padded = np.zeros((*known.shape, 3), np.float64)
    padded[: hole.shape[0], : hole.shape[1]] = np.where(hole[..., None], 0, image)
    counts = known.reshape(rows, scale, columns, scale).sum(axis=(1, 3))
    sums = padded.reshape(rows, scale, columns, scale, 3).sum(axis=(1, 3))
    means = sums / np.maximum(counts, 1)[..., None]
    return as_dtype(means, image.dtype), counts == 0


def _scaled(stroke: GuideStroke, factor: float) -> GuideStroke:
    points = tuple((x * factor, y * factor) for x, y in stroke.points)
    return replace(stroke, points=points, width=stroke.width * factor)


def _padded(image: Pixels, hole: Hole, size: SizeRule) -> tuple[Pixels, Hole]:
    """With more rows below and columns to the right where `size` asks for them; a mirrored hole is a hole."""
    add = [_missing(side, size) for side in hole.shape]
    if not any(add):
        return image, hole
    return _mirrored(image, add), _mirrored(hole, add)


def _missing(side: int, size: SizeRule) -> int:
    wanted = max(side, size.minimum)
    return -(-wanted // size.multiple) * size.multiple - side


def _mirrored(array: NDArray[Any], add: list[int]) -> NDArray[Any]:
    return np.pad(array, [(0, add[0]), (0, add[1]), *([(0, 0)] * (array.ndim - 2))], mode="symmetric")
