"""Patches that were blurred on purpose are found by themselves; what is soft or plain by nature is none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.contract.progress import Cancelled, Progress
from lacuna.detection.blurs import Blurred, find_blurs
from lacuna.imaging.region import Region
from tests.detection.mosaics import as_jpeg
from tests.detection.patches import softened
from tests.pictures import lion

FACE = Region(61, 57, 61 + 70, 57 + 84)


def part() -> NDArray[np.uint8]:
    """The lion's head in its mane, sharp all over."""
    return np.ascontiguousarray(lion()[40:300, 50:350])


def alike(found: Blurred, mask: NDArray[np.bool_]) -> float:
    """How much of both together is in both."""
    whole = np.zeros(mask.shape, bool)
    whole[found.region.slices] = found.mask
    return np.count_nonzero(whole & mask) / np.count_nonzero(whole | mask)


@pytest.mark.parametrize(("sigma", "oval"), [(4.0, False), (10.0, False), (4.0, True), (8.0, True)])
def test_a_blurred_patch_is_found_in_its_place_and_shape(sigma: float, oval: bool) -> None:
    picture, mask = softened(part(), FACE, sigma, oval=oval)
    (found,) = find_blurs(picture)
    assert alike(found, mask) > 0.85


def test_a_blurred_patch_is_found_after_jpeg() -> None:
    picture, mask = softened(part(), FACE, 6.0)
    (found,) = find_blurs(as_jpeg(picture, 90))
    assert alike(found, mask) > 0.8


def test_the_mask_of_a_finding_leaves_none_of_the_patch() -> None:
    picture, mask = softened(part(), FACE, 6.0)
    (found,) = find_blurs(picture)
    whole = np.zeros(mask.shape, bool)
    whole[found.region.slices] = found.mask
    assert whole[mask].mean() > 0.97


def test_a_patch_of_a_soft_picture_is_found_where_that_is_made_smaller() -> None:
    large = np.asarray(cv2.resize(part(), None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), np.uint8)
    face = Region(*(3 * side for side in (FACE.y0, FACE.x0, FACE.y1, FACE.x1)))
    picture, mask = softened(large, face, 24.0)
    (found,) = find_blurs(picture)
    assert alike(found, mask) > 0.8


def test_a_sign_of_one_colour_is_no_blurred_patch() -> None:
    picture = part()
    picture[FACE.slices] = (200, 190, 60)
    assert find_blurs(picture) == ()


@pytest.mark.parametrize("sigma", [0.0, 2.0, 8.0])
def test_a_photo_has_none_whether_sharp_or_out_of_focus(sigma: float) -> None:
    picture = part() if not sigma else np.asarray(cv2.GaussianBlur(part(), (0, 0), sigma), np.uint8)
    assert find_blurs(picture) == ()


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 2000, 3), (80, 80, 3)])
def test_a_picture_of_one_colour_has_none(shape: tuple[int, int, int]) -> None:
    assert find_blurs(np.full(shape, 90, np.uint8)) == ()


def test_the_search_hears_that_it_should_stop() -> None:
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        find_blurs(part(), progress=progress)
