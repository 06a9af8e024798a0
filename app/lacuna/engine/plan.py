"""From a mask to what has to be cut out and filled: holes, their context, and what it will cost.

Two steps. `windows_for` looks at a whole mask by tiles, fast enough for the owner's thread at 100 megapixels, and says
which parts of the picture a fill needs to see. `cuts` then takes one such window apart, pixel by pixel, in the worker.

A cut is one call of a backend: a crop that holds its own hole and no pixel of another one. Holes whose boxes lie within
another's context are filled together; this goes on until nothing is left to join. The outcome depends on the mask
alone, not on how it was looked at: the smallest division with that property is unique.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.fill import Context, FillOptions, Needs
from lacuna.engine.paces import key
from lacuna.engine.sections import Section, detail_lost, sections
from lacuna.engine.work import missing
from lacuna.imaging.mask import as_bool, bounds, rim
from lacuna.imaging.photo import Hole, Mask
from lacuna.imaging.region import Region

TILE = 32  # side of the tiles in which a whole mask is looked at
ONE_LOOK = 768  # a mask within so many pixels is one window: taking it apart costs more than it saves
TIGHT = 256  # so many groups of tiles are measured to the pixel; more would take the owner's thread too long
BLOCK = 16  # at most: side of the blocks in which a window is looked at
CHUNK = 128  # boxes compared with all others at a time
CUT_SECONDS = 1e-3  # a call of a backend and what surrounds it
CROP_SECONDS = 0.02  # a megapixel of context: copies, comparison, composite

Boxes = NDArray[np.int64]  # (n, 4): y0, x0, y1, x1


@dataclass(frozen=True)
class Cut:
    """One call of a backend: the smallest `box` around its hole, and the `crop` with the context around that."""

    box: Region
    crop: Region


@dataclass(frozen=True)
class Estimate:
    """What a fill will take: seconds, bytes beyond the picture, pixels to invent, windows to look at, and calls.

    `crop` is the largest part that one call sees, (height, width), and `size` how large it is made for that.
    """

    seconds: float
    bytes: int
    pixels: int
    windows: int
    calls: int = 0
    crop: tuple[int, int] = (0, 0)
    size: tuple[int, int] = (0, 0)


def windows_for(
    mask: Mask | Hole,
    needs: Needs,
    options: FillOptions,
    within: Region | None = None,
    sources: Region | None = None,
) -> tuple[Region, ...]:
    """The parts of a whole picture that a fill of `mask` needs to see, in picture coordinates.

    Each holds whole cuts: no hole pixel in it belongs to a cut that reaches out of it. They may overlap in their
    context. `within` says where the mask is known to lie, if that is known, `sources` where it is that may be copied
    alone. A few ms at 100 megapixels.
    """
    return tuple(cut.crop for cut in _spans(mask, needs, options, within, sources))


def cuts(hole: Hole, needs: Needs, sources: Region | None = None) -> tuple[Cut, ...]:
    """The calls of a backend that fill `hole` (h, w), in its coordinates. Each hole pixel is in one of them.

    With `sources`, the box of what may be copied, it is one call, whose crop reaches to all of that.
    """
    if sources is not None:
        return (_reaching(_with_context(bounds(hole), needs.context, hole.shape), sources),)
    boxes = _merged(_block_boxes(hole, needs.context.minimum), needs.context, hole.shape)
    boxes = boxes[np.lexsort((boxes[:, 1], boxes[:, 0]))]
    return tuple(_with_context(Region(*box), needs.context, hole.shape) for box in boxes.tolist())


def estimate(
    mask: Mask | Hole,
    needs: Needs,
    options: FillOptions,
    *,
    backend: str = "",
    detail: Needs | None = None,
    within: Region | None = None,
    paces: Mapping[str, float] | None = None,
    pixel_bytes: int = 3,
    sources: Region | None = None,
) -> Estimate:
    """What a fill of `mask` will take, nearly as cheap as `windows_for`.

    `paces` are how many times as long as it says each method was measured to take, under the keys of `paces`; `detail`
    are the needs of the backend that `needs.detail` names. `pixel_bytes` is the size of a pixel of the picture.
    """
    marked, known = as_bool(mask), paces or {}
    total, fine, area, most, pixels, calls = 0.0, 0.0, 0, 0.0, 0, 0
    largest: Section | None = None
    spans = _spans(mask, needs, options, within, sources)
    for span in spans:
        extent = _extent(mask, span, options)
        parts = sections(marked[span.crop.slices], needs)
        scale = max(part.scale for part in parts)
        worked = [_padded_area(part.size, needs) for part in parts]
        view = Region.around(part.view for part in parts)
        total += needs.seconds(extent.pixels / scale**2, extent.rim / scale, sum(worked))
        at_once = max(needs.least_bytes, max(worked) * needs.bytes_per_pixel)
        if detail is not None and detail_lost(parts, needs) is not None:
            fine += detail.seconds(extent.pixels, extent.rim, view.area)
            at_once = max(at_once, view.area * detail.bytes_per_pixel)
        most = max(most, at_once + 2 * span.crop.area * pixel_bytes)
        pixels, area, calls = pixels + extent.pixels, area + span.crop.area, calls + len(parts)
        largest = max((part for part in (largest, *parts) if part is not None), key=lambda part: part.view.area)
    seconds = known.get(key(backend, needs), 1.0) * max(needs.least_seconds, total)
    if detail is not None and needs.detail is not None:
        seconds += known.get(key(needs.detail, detail, started=True), 1.0) * fine
    return Estimate(
        seconds=seconds + area / 1e6 * CROP_SECONDS + len(spans) * CUT_SECONDS,
        bytes=int(area * (pixel_bytes + 1) + most),
        pixels=pixels,
        windows=len(spans),
        calls=calls,
        crop=(0, 0) if largest is None else (largest.view.height, largest.view.width),
        size=(0, 0) if largest is None else largest.size,
    )


def _padded_area(size: tuple[int, int], needs: Needs) -> int:
    height, width = (side + missing(side, needs.size) for side in size)
    return height * width


@dataclass(frozen=True)
class _Span(Cut):
    """A group of holes with its context; as a mean over all groups, how many `parts` of it lie apart."""

    parts: float


@dataclass(frozen=True)
class _Extent:
    """Pixels of a hole after growing, pixels along its rim, and those of its crop."""

    pixels: int
    rim: float
    area: int


def _extent(mask: Mask | Hole, span: _Span, options: FillOptions) -> _Extent:
    """Growth is counted as a ring along the rim, with round corners for each part that lies apart."""
    marked = as_bool(mask)[span.box.pad(1).clip(mask.shape).slices]
    painted, edge = int(np.count_nonzero(marked)), float(rim(marked))
    if options.grow < 1:
        return _Extent(painted, edge, span.crop.area)
    ring = edge * options.grow + np.pi * span.parts * options.grow**2
    pixels = min(span.box.area, painted + round(ring))
    return _Extent(pixels, edge + 8 * span.parts * options.grow, span.crop.area)


def _spans(
    mask: Mask | Hole, needs: Needs, options: FillOptions, within: Region | None, sources: Region | None = None
) -> list[_Span]:
    """The boxes of groups of holes, grown by `options.grow`, with their context; a window is a group's crop."""
    where = Region.whole(mask.shape) if within is None else within.clip(mask.shape)
    if where.empty:
        return []
    around = bounds(mask[where.slices])
    if around.empty:
        return []
    where = around.shift(where.y0, where.x0)
    margin = int(options.grow)
    if max(where.height, where.width) <= ONE_LOOK or sources is not None:
        boxes = [Region(0, 0, where.height, where.width)]
    else:
        marked = as_bool(mask)[where.slices]
        boxes = _tile_boxes(marked)
        if len(boxes) <= TIGHT:
            boxes = [bounds(marked[box.slices]).shift(box.y0, box.x0) for box in boxes]
    boxes = [box.shift(where.y0, where.x0).pad(margin).clip(mask.shape) for box in boxes]
    if sources is not None:
        reaching = _reaching(_with_context(boxes[0], needs.context, mask.shape), sources)
        return [_Span(reaching.box, reaching.crop, 1.0)]
    apart = np.array([(b.y0, b.x0, b.y1, b.x1) for b in boxes], np.int64).reshape(-1, 4)
    merged = _merged(apart, needs.context, mask.shape).tolist()
    found = [_with_context(Region(*box), needs.context, mask.shape) for box in merged]
    return [_Span(cut.box, cut.crop, len(apart) / len(merged)) for cut in found]


def _with_context(box: Region, context: Context, shape: tuple[int, ...]) -> Cut:
    return Cut(box, context.around(box, shape))


def _reaching(cut: Cut, sources: Region) -> Cut:
    return Cut(cut.box, cut.crop.union(sources))


def _tile_boxes(marked: Hole) -> list[Region]:
    """Boxes of tiles that hold marked pixels and touch each other, diagonally too."""
    import cv2

    height, width = marked.shape
    occupied = np.zeros((-(-height // TILE), -(-width // TILE)), np.uint8)
    starts = np.arange(0, width, TILE)
    for row in range(len(occupied)):
        band = marked[row * TILE : (row + 1) * TILE]
        if band.any():
            occupied[row] = np.logical_or.reduceat(band.any(axis=0), starts)
    stats = cv2.connectedComponentsWithStats(occupied, connectivity=8)[2]
    return [
        Region(y * TILE, x * TILE, (y + h) * TILE, (x + w) * TILE).clip(marked.shape)
        for x, y, w, h, _area in stats[1:].tolist()
    ]


def _block_boxes(hole: Hole, reach: int) -> Boxes:
    """Tight boxes of groups of hole pixels that are connected, or so near that one surely lies in the other's context.

    Pixels of neighbouring blocks of half the reach are within reach of each other; so groups of blocks can be labelled
    in place of pixels, which are many more.
    """
    import cv2

    whole = bounds(hole)
    if whole.empty:
        return np.zeros((0, 4), np.int64)
    if max(whole.height, whole.width) <= reach or hole[whole.slices].all():
        return np.array([(whole.y0, whole.x0, whole.y1, whole.x1)], np.int64)
    side = max(1, min(BLOCK, (reach + 1) // 2))
    rows, columns = -(-whole.height // side), -(-whole.width // side)
    padded = np.zeros((rows * side, columns * side), bool)
    padded[: whole.height, : whole.width] = hole[whole.slices]
    in_row = np.zeros((side, rows, columns), bool)  # [r]: does row r of each block hold a hole pixel?
    in_column = np.zeros((side, rows, columns), bool)
    for r in range(side):
        band = padded[r::side]
        for c in range(side):
            part = band[:, c::side]
            in_row[r] |= part
            in_column[c] |= part
    occupied: Hole = np.asarray(in_row.any(axis=0))
    count, labels = cv2.connectedComponents(occupied.view(np.uint8), connectivity=8)
    by, bx = np.nonzero(occupied)
    label = np.asarray(labels, np.int64)[by, bx] - 1
    boxes = _empty_boxes(count - 1)
    np.minimum.at(boxes[:, 0], label, by * side + in_row.argmax(axis=0)[by, bx])
    np.minimum.at(boxes[:, 1], label, bx * side + in_column.argmax(axis=0)[by, bx])
    np.maximum.at(boxes[:, 2], label, (by + 1) * side - in_row[::-1].argmax(axis=0)[by, bx])
    np.maximum.at(boxes[:, 3], label, (bx + 1) * side - in_column[::-1].argmax(axis=0)[by, bx])
    return boxes + np.array([whole.y0, whole.x0, whole.y0, whole.x0])


def _merged(boxes: Boxes, context: Context, shape: tuple[int, ...]) -> Boxes:
    """The boxes, joined until none lies within the context of another."""
    fresh = np.arange(len(boxes))  # those not yet compared with all others
    while fresh.size and len(boxes) > 1:
        first, second = _pairs(boxes, fresh, _seen(boxes, context, shape))
        if not first.size:
            break
        group = _groups(len(boxes), first, second)
        count = int(group.max()) + 1
        joined = _empty_boxes(count)
        np.minimum.at(joined[:, :2], group, boxes[:, :2])
        np.maximum.at(joined[:, 2:], group, boxes[:, 2:])
        boxes = joined
        fresh = np.flatnonzero(np.bincount(group, minlength=count) > 1)
    return boxes


def _empty_boxes(count: int) -> Boxes:
    return np.tile(np.array([1 << 40, 1 << 40, 0, 0], np.int64), (count, 1))


def _seen(boxes: Boxes, context: Context, shape: tuple[int, ...]) -> Boxes:
    """What `Context.around` gives for each of them, not clipped to the picture."""
    long_sides = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    padding = np.maximum(context.minimum, np.rint(context.share * long_sides)).astype(np.int64)
    seen = boxes + np.stack([-padding, -padding, padding, padding], axis=1)
    if context.even:
        before, behind = np.maximum(0, -seen[:, :2]), np.maximum(0, seen[:, 2:] - np.array(shape[:2]))
        seen += np.concatenate([-behind, before], axis=1)
    return seen


def _pairs(boxes: Boxes, fresh: NDArray[np.int64], seen: Boxes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of boxes (first, second), the first among `fresh`, where one touches what is `seen` around the other."""
    fresh = fresh[np.argsort(boxes[fresh, 0], kind="stable")]  # neighbours in a chunk, so that few others are near it
    firsts, seconds = [], []
    for start in range(0, len(fresh), CHUNK):
        some = fresh[start : start + CHUNK]
        near = np.flatnonzero((seen[:, 0] < seen[some, 2].max()) & (seen[:, 2] > seen[some, 0].min()))
        touching = _overlapping(seen[some], boxes[near]) | _overlapping(boxes[some], seen[near])
        i, j = np.nonzero(touching)
        firsts.append(some[i])
        seconds.append(near[j])
    first, second = np.concatenate(firsts), np.concatenate(seconds)
    other = first != second
    return first[other], second[other]


def _overlapping(some: Boxes, others: Boxes) -> NDArray[np.bool_]:
    """(n, m): which of `some` share pixels with which of `others`."""
    a, b = some[:, None], others[None]
    found = a[..., 0] < b[..., 2]
    found &= a[..., 2] > b[..., 0]
    found &= a[..., 1] < b[..., 3]
    found &= a[..., 3] > b[..., 1]
    return np.asarray(found)


def _groups(count: int, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """A group number from 0 for each of `count` things, of which the pairs belong together."""
    lowest = np.arange(count)
    while True:
        low = np.minimum(lowest[first], lowest[second])
        before = lowest.copy()
        np.minimum.at(lowest, first, low)
        np.minimum.at(lowest, second, low)
        lowest = lowest[lowest]
        if np.array_equal(before, lowest):
            return np.unique(lowest, return_inverse=True)[1]
