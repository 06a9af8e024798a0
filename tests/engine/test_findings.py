"""What is found does not depend on the depth of a picture."""

from __future__ import annotations

import numpy as np
import pytest

from lacuna.contract.findable import Findable
from lacuna.engine.findings import find, mask_of
from lacuna.imaging.region import Region
from tests.detection.mosaics import pixelated
from tests.detection.patches import softened
from tests.pictures import lion

STAMPED = np.s_[230:384, 312:512]


@pytest.mark.parametrize("depth", [np.uint16, np.float32])
def test_a_picture_of_more_bits_has_the_same_lettering(depth: type) -> None:
    pixels = lion()[STAMPED]
    deep = pixels.astype(np.uint16) * 257 if depth is np.uint16 else (pixels / 255).astype(np.float32)
    white = 65535.0 if depth is np.uint16 else 1.0
    plain = mask_of(find(pixels, 255.0, Findable.TEXT), pixels.shape)
    assert plain.any()
    assert np.array_equal(mask_of(find(deep, white, Findable.TEXT), pixels.shape), plain)


def test_a_blurred_patch_of_a_deep_picture_is_found_and_one_above_the_least_confidence_alone_is_told() -> None:
    pixels, mask = softened(lion()[40:240, 50:290], Region(60, 60, 130, 150), 6.0)
    deep = pixels.astype(np.uint16) * 257
    (found,) = find(deep, 65535.0, Findable.BLUR)
    assert mask_of([found], mask.shape)[mask].mean() > 0.9 * 255
    assert find(deep, 65535.0, Findable.BLUR, least=min(1.0, found.confidence + 0.001)) == ()


def test_a_grey_picture_has_its_mosaic_and_one_above_the_least_confidence_alone_is_told() -> None:
    pixels = pixelated(lion()[40:240, 50:250], Region(40, 40, 160, 160), 10)
    grey = np.repeat(pixels.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    (found,) = find(grey, 255.0, Findable.MOSAIC)
    assert found.mosaic is not None
    assert found.mosaic.down.size == 10
    assert find(grey, 255.0, Findable.MOSAIC, least=min(1.0, found.confidence + 0.01)) == ()
