"""Of a mask that is wider than a mosaic the mosaic alone is taken, with the blocks that its border cuts."""

from __future__ import annotations

import numpy as np
import pytest

from lacuna.contract.progress import Progress
from lacuna.detection.mosaic import find_mosaic, mosaic_of_size
from lacuna.detection.mosaic_extent import mosaic_below
from lacuna.imaging.region import Region
from tests.detection.mosaics import as_jpeg, masked, pixelated
from tests.pictures import lion

MADE = Region(40, 50, 143, 171)  # of no whole number of blocks
WIDE = MADE.pad(13)


@pytest.mark.parametrize(("quality", "missing", "beside"), [(None, 0.0, 0.0), (90, 0.03, 0.04)])
def test_the_mosaic_is_taken_and_the_rim_left(quality: int | None, missing: float, beside: float) -> None:
    picture = pixelated(lion()[100:300, 150:400], MADE, 9, (4, 7))
    picture = picture if quality is None else as_jpeg(picture, quality)
    mask = masked(picture, WIDE)
    mosaic = find_mosaic(picture, mask)
    assert mosaic is not None

    below = mosaic_below(picture, mask, mosaic, Progress())

    true = masked(picture, MADE) > 0
    assert (true & ~below).sum() <= missing * true.sum()
    assert (below & ~true).sum() <= beside * ((mask > 0) & ~true).sum()


def test_where_no_such_blocks_are_seen_the_mask_is_believed() -> None:
    picture = lion()[100:200, 150:280]
    mask = masked(picture, Region(20, 20, 80, 90))

    assert np.array_equal(mosaic_below(picture, mask, mosaic_of_size(picture, mask, 8, 8), Progress()), mask > 0)
