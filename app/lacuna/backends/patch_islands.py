"""Holes that lie far apart in one large crop, each with what lies around it: dust, marks strewn over a picture.

Searched as one, a patch for each speck would be looked for in the whole crop, at the cost of the whole crop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from lacuna.backends.patch_levels import nearest_known
from lacuna.contract.fill import Filled, FillWork
from lacuna.contract.progress import Progress
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region

GAP = 64  # pixels: holes farther from each other than this have nothing to do with each other
AROUND = 64  # pixels around a hole's box at least, as far as there is nothing but the gap for certain
SHARE = 0.5  # of the box's long side, for large ones
WORTH = 0.5  # of the crop: if the islands together are larger, it is searched as one


def islands(cv2: Any, work: FillWork) -> list[tuple[Region, Hole]]:
    """The crop of each island and its own hole in there; one, of everything, where it is not worth more.

    Where the person marked what may be copied, that is what has to be in sight: there are no islands.
    """
    whole = [(Region.whole(work.hole.shape), work.hole)]
    if work.sources is not None:
        return whole
    near = cv2.dilate(work.hole.view(np.uint8), np.ones((GAP + 1, GAP + 1), np.uint8))
    count, labels, stats, _centres = cv2.connectedComponentsWithStats(near, connectivity=8, ltype=cv2.CV_32S)
    if count <= 2:
        return whole
    found, area = [], 0
    for label, (x, y, w, h, _area) in enumerate(stats[1:].tolist(), 1):
        near_it = Region(y, x, y + h, x + w)
        box = bounds(work.hole[near_it.slices] & (labels[near_it.slices] == label)).shift(y, x)
        crop = box.pad(max(AROUND, round(SHARE * max(box.height, box.width)))).clip(work.hole.shape)
        found.append((crop, work.hole[crop.slices] & (labels[crop.slices] == label)))
        area += crop.area
    return found if area <= WORTH * work.hole.size else whole


def fill_each(cv2: Any, work: FillWork, fill: Callable[[FillWork, Progress], Filled], progress: Progress) -> Filled:
    """`fill` of each island of `work`, put together. No island sees what was made up in another one."""
    parts = islands(cv2, work)
    progress.check()
    if len(parts) == 1:
        return fill(work, progress)
    image = work.image.copy()
    came_from = np.full((*work.hole.shape, 2), -1, np.int32)
    area = sum(crop.area for crop, _hole in parts)
    for crop, hole in parts:
        unknown = work.hole[crop.slices]
        seen = nearest_known(cv2, np.ascontiguousarray(work.image[crop.slices]), unknown & ~hole)
        seen.flags.writeable = False
        start = None if work.start is None else work.start[crop.slices]
        guides = tuple(stroke.shift(-crop.y0, -crop.x0) for stroke in work.guides)
        own = replace(work, image=seen, hole=hole, start=start, sources=~unknown, guides=guides, edges=None)

        def show(region: Region, pixels: Any, crop: Region = crop) -> None:
            progress.show(region.shift(crop.y0, crop.x0), pixels)

        filled = fill(own, progress.part(crop.area / area).shown_through(show if progress.watched else None))
        assert filled.came_from is not None
        image[crop.slices][hole] = filled.image[hole]
        came_from[crop.slices][hole] = filled.came_from[hole] + np.array((crop.y0, crop.x0), np.int32)
    return Filled(image, came_from)
