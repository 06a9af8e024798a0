"""What is found in a picture without a template: lettering, pixelated regions and blurred patches, in one form for
window and commands.

The pictures are looked at in 8 bits, whatever they have: what is found does not depend on depth.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.findable import Findable
from lacuna.contract.progress import Progress
from lacuna.detection import blurs
from lacuna.detection.letter_kinds import Kind
from lacuna.detection.lettering import DEFAULT_CONFIDENCE, find_lettering
from lacuna.detection.mosaic import Mosaic
from lacuna.detection.pixelated import find_mosaics
from lacuna.i18n import N_
from lacuna.imaging.colour import to_bytes
from lacuna.imaging.photo import Hole, Mask, Pixels
from lacuna.imaging.region import Region

LABELS = {
    Kind.DATE_STAMP: N_("date stamp"),
    Kind.CAPTION: N_("caption"),
    Kind.LETTERING: N_("lettering"),
}
PIXELATED = N_("pixelated region")
BLURRED = N_("blurred patch")


@dataclass(frozen=True, eq=False)
class Found:
    """Something found: (h, w) which pixels of `region` it takes, how surely it is there, and what it is.

    `label` is a marked text, for `_()`. A pixelated region has its grid with it.
    """

    region: Region
    mask: Hole
    confidence: float
    label: str
    mosaic: Mosaic | None = None


def find(
    pixels: Pixels, white: float, sought: Findable, *, least: float | None = None, progress: Progress | None = None
) -> tuple[Found, ...]:
    """All of it in a picture (H, W, 3) of any depth, the surest first, with a confidence of `least`, or the usual one.

    Raises Cancelled.
    """
    seen: NDArray[np.uint8] = np.ascontiguousarray(to_bytes(pixels, white))
    if sought is Findable.TEXT:
        rows = find_lettering(seen, least=DEFAULT_CONFIDENCE if least is None else least, progress=progress)
        return tuple(Found(each.region, each.mask, each.confidence, LABELS[each.kind]) for each in rows)
    if sought is Findable.BLUR:
        patches = blurs.find_blurs(seen, least=blurs.DEFAULT_CONFIDENCE if least is None else least, progress=progress)
        return tuple(Found(each.region, each.mask, each.confidence, BLURRED) for each in patches)
    return tuple(
        Found(each.region, each.mask, each.confidence, PIXELATED, each.mosaic)
        for each in find_mosaics(seen, progress=progress)
        if least is None or each.confidence >= least
    )


def mask_of(found: Iterable[Found], shape: tuple[int, ...]) -> Mask:
    """All of them as one mask of a picture of this (height, width)."""
    mask = np.zeros(shape[:2], np.uint8)
    for each in found:
        mask[each.region.slices][each.mask] = 255
    return mask
