"""A crop as a backend wants it, and its answer as the engine wants it: defined values, allowed sizes, working scale."""

from __future__ import annotations

from dataclasses import dataclass
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

ROUNDING = 1e-4  # of a share of a pixel: what is less is none


@dataclass(frozen=True, eq=False)
class Prepared:
    """What was made of a crop: the `work` for the backend, and the way back to the crop's `shape`."""

    work: FillWork
    shape: tuple[int, int]
    small: tuple[int, int]  # the size at which the crop is worked on, before it was padded

    def restore(self, filled: Filled) -> Pixels:
        """The backend's pixels at the crop's own size and dtype. Raises ValueError if they cannot be used."""
        image = filled.image
        if image.shape != self.work.image.shape:
            raise ValueError(f"the backend gave {image.shape}, not {self.work.image.shape}")
        if image.dtype not in (self.work.image.dtype, np.dtype(np.float32)):
            raise ValueError(f"the backend gave {image.dtype}, neither {self.work.image.dtype} nor float32")
        if image.dtype.kind == "f" and not np.isfinite(image[self.work.hole]).all():
            raise ValueError("the backend gave values that are no numbers")
        if self.small != self.shape:  # what is enlarged must have its surroundings
            image = np.where(self.work.hole[..., None], image, self.work.image)
        return self._enlarged(image[: self.small[0], : self.small[1]], self.shape)

    def seen(self, region: Region, pixels: Pixels) -> tuple[Region, Pixels]:
        """A preview of the work's `region` as one of the crop. Raises ValueError if it cannot be used."""
        if pixels.shape != (region.height, region.width, 3) or region.clip(self.work.hole.shape) != region:
            raise ValueError(f"the backend showed {pixels.shape} at {region} of a work of {self.work.hole.shape}")
        inside = region.clip(self.small)
        down, across = (big / own for big, own in zip(self.shape, self.small, strict=True))
        there = Region(
            round(inside.y0 * down), round(inside.x0 * across), round(inside.y1 * down), round(inside.x1 * across)
        )
        return there, self._enlarged(pixels[: inside.height, : inside.width], (there.height, there.width))

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
        if self.small != self.shape:
            axes = [_origins_along(own, big) for own, big in zip(self.small, self.shape, strict=True)]
            within = within[axes[0].cell][:, axes[1].cell]
            known = within[..., 0] >= 0
            for axis, offset in enumerate((axes[0].offset[:, None], axes[1].offset[None, :])):
                ratio, side = self.shape[axis] / self.small[axis], self.shape[axis]
                place = np.minimum((within[..., axis] + offset) * ratio, side - 1).astype(np.int32)
                within[..., axis] = np.where(known, place, -1)
        return np.ascontiguousarray(within)

    def edges(self, filled: Filled) -> NDArray[np.float32] | None:
        """The edges that the fill followed, (h, w) at the crop's own size. Raises ValueError if they cannot be used."""
        found = filled.edges
        if found is None:
            return None
        if found.shape != self.work.hole.shape or found.dtype != np.float32 or not np.isfinite(found).all():
            raise ValueError(f"the backend gave edges as {found.dtype} {found.shape}")
        return _resized(found[: self.small[0], : self.small[1]], self.shape)

    def spread(self, edges: NDArray[np.float32]) -> NDArray[np.float32]:
        """Edges of the work at the crop's own size, (h, w): each pixel has those of the small one that it lies in.

        So `prepare` makes the same edges of them again, which of interpolated ones it would not.
        """
        if edges.shape != self.work.hole.shape or not np.isfinite(edges).all():
            raise ValueError(f"the backend gave edges as {edges.dtype} {edges.shape}")
        rows, columns = (_origins_along(own, big).cell for own, big in zip(self.small, self.shape, strict=True))
        return np.ascontiguousarray(edges[rows][:, columns], np.float32)

    def _enlarged(self, image: Pixels, size: tuple[int, int]) -> Pixels:
        if image.shape[:2] != size:
            image = _resized(image.astype(np.float32), size)
        return as_dtype(image, self.work.image.dtype)


@dataclass(frozen=True, eq=False)
class _Along:
    """For each pixel along an axis, the `cell` of the smaller size in which its middle lies, and where in that."""

    cell: NDArray[np.int64]
    offset: NDArray[np.float64]


def _origins_along(small: int, side: int) -> _Along:
    middle = (np.arange(side) + 0.5) * small / side
    cell = middle.astype(np.int64)
    return _Along(cell, middle - cell)


def _resized(image: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    import cv2

    return np.asarray(cv2.resize(image, (size[1], size[0]), interpolation=cv2.INTER_CUBIC), np.float32)


def prepare(
    image: Pixels,
    hole: Hole,
    *,
    white: float,
    grey: bool,
    seed: int,
    guides: tuple[GuideStroke, ...],
    size: SizeRule,
    small: tuple[int, int] | None = None,
    sources: Hole | None = None,
    edges: NDArray[np.float32] | None = None,
    share: float = 1.0,
) -> Prepared:
    """The crop `image` (h, w, 3) with its `hole` (h, w) as a work for a backend; neither is written to.

    Undefined known values (NaN, infinite) become part of the hole, so that they spread into no average. `small` is the
    (height, width) at which it is worked on, where that is not its own. Sides are padded by reflection to what `size`
    asks for. Of `sources` (h, w) known pixels are left, at a smaller size those that are sources all over; raises
    UnsuitableMask if those are none. Padding is no source. `edges` (h, w) stay lines at a smaller size.
    """
    shape = (hole.shape[0], hole.shape[1])
    image, hole = _defined(image, hole)
    small = small or shape
    if sources is not None:
        sources = _usable(sources & ~hole, small)
    if small != shape:
        image, hole = _shrunk(image, hole, small)
        guides = tuple(stroke.scaled(small[0] / shape[0], small[1] / shape[1]) for stroke in guides)
        edges = None if edges is None else _lines(edges, small)
    if edges is not None:
        edges = np.ascontiguousarray(_padded(edges, size), np.float32)
    image, hole = _padded(image, size), _padded(hole, size)
    if sources is not None and sources.shape != hole.shape:
        sources = np.pad(sources, [(0, big - own) for big, own in zip(hole.shape, sources.shape, strict=True)])
    view = np.ascontiguousarray(image).view()
    view.flags.writeable = False
    hole = np.ascontiguousarray(hole)
    work = FillWork(view, hole, white, guides, edges, sources=sources, seed=seed, grey=grey, share=share)
    return Prepared(work, shape, small)


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


def _usable(sources: Hole, small: tuple[int, int]) -> Hole:
    if small != sources.shape:
        sources = _area(sources.astype(np.float32), small) > 1 - ROUNDING
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


def _shrunk(image: Pixels, hole: Hole, small: tuple[int, int]) -> tuple[Pixels, Hole]:
    """At a smaller size: means of the known pixels within each new one; one without any is hole."""
    known = _area((~hole).astype(np.float32), small)
    sums = _area(np.where(hole[..., None], np.float32(0), image.astype(np.float32)), small)
    means = sums / np.maximum(known, ROUNDING)[..., None]
    return as_dtype(means, image.dtype), known < ROUNDING


def _area(plane: NDArray[np.float32], small: tuple[int, int]) -> NDArray[np.float32]:
    """Means over the area of each new pixel, its borders by the share that lies within."""
    import cv2

    return np.asarray(cv2.resize(plane, (small[1], small[0]), interpolation=cv2.INTER_AREA), np.float32)


def _lines(edges: NDArray[np.float32], small: tuple[int, int]) -> NDArray[np.float32]:
    """At a smaller size: each pixel's edge in the new one that holds its middle, the strongest of several.

    Means over areas would turn lines of one pixel into grey bands, which no network was shown.
    """
    axes = [((np.arange(big) + 0.5) * own / big).astype(np.int64) for big, own in zip(edges.shape, small, strict=True)]
    starts = [np.searchsorted(cells, np.arange(own)) for cells, own in zip(axes, small, strict=True)]
    return np.maximum.reduceat(np.maximum.reduceat(edges, starts[0], axis=0), starts[1], axis=1)


def _padded(array: NDArray[Any], size: SizeRule) -> NDArray[Any]:
    """With more rows below and columns to the right where `size` asks for them, mirrored: of a hole, they are hole."""
    add = [missing(side, size) for side in array.shape[:2]]
    return _mirrored(array, add) if any(add) else array


def missing(side: int, size: SizeRule) -> int:
    """How many pixels are added to a side so that it obeys the rule."""
    wanted = max(side, size.minimum)
    return -(-wanted // size.multiple) * size.multiple - side


def _mirrored(array: NDArray[Any], add: list[int]) -> NDArray[Any]:
    return np.pad(array, [(0, add[0]), (0, add[1]), *([(0, 0)] * (array.ndim - 2))], mode="symmetric")
