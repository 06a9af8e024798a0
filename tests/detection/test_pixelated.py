"""Pixelated regions are found by themselves, and photos have none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.contract.progress import Cancelled, Progress
from lacuna.detection.pixelated import Pixelated, find_mosaics
from lacuna.imaging.region import Region
from tests.detection.mosaics import as_jpeg, pixelated
from tests.pictures import lion

FACE = Region(101, 107, 101 + 150, 107 + 160)


def whole(found: tuple[Pixelated, ...], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape[:2], bool)
    for each in found:
        mask[each.region.slices] |= each.mask
    return mask


def at(y: int, x: int, size: int, rows: int = 8, columns: int = 9) -> Region:
    """A region of whole blocks of this size."""
    return Region(y, x, y + rows * size, x + columns * size)


def farthest(found: Region, made: Region) -> int:
    """By how many pixels the side lies wrong that lies most so."""
    return max(
        abs(a - b)
        for a, b in zip((found.y0, found.x0, found.y1, found.x1), (made.y0, made.x0, made.y1, made.x1), strict=True)
    )


@pytest.mark.parametrize(
    ("y", "x", "size"), [(101, 107, 5), (101, 107, 6), (101, 107, 10), (0, 0, 12), (64, 200, 8), (101, 107, 21)]
)
def test_a_mosaic_is_found_with_its_grid_and_its_place_to_the_pixel(y: int, x: int, size: int) -> None:
    region = at(y, x, size)
    (found,) = find_mosaics(pixelated(lion(), region, size))
    assert (found.mosaic.down.size, found.mosaic.across.size) == (size, size)
    assert found.region == region
    assert found.mask.all()


def test_a_round_mosaic_is_found_as_round_within_its_blocks() -> None:
    square = pixelated(lion(), FACE, 10)
    disc = np.zeros(square.shape[:2], np.uint8)
    cv2.circle(disc, (FACE.x0 + 80, FACE.y0 + 75), 70, 1, -1)
    found = find_mosaics(np.where(disc[..., None] > 0, square, lion()))
    mask = whole(found, square.shape)
    assert mask[disc > 0].mean() > 0.8
    assert (disc[mask] > 0).mean() > 0.95


def test_two_mosaics_are_two_findings() -> None:
    small, large = at(270, 300, 8), at(101, 107, 12)
    found = find_mosaics(pixelated(pixelated(lion(), large, 12), small, 8))
    assert {each.mosaic.down.size: each.region for each in found} == {8: small, 12: large}


def test_a_corner_of_one_colour_is_part_of_the_mosaic() -> None:
    picture, region = lion().copy(), at(101, 107, 10)
    picture[region.y0 : region.y0 + 40, region.x0 : region.x0 + 30] = 0
    (found,) = find_mosaics(pixelated(picture, region, 10))
    assert found.region == region
    assert found.mask.all()


@pytest.mark.parametrize(("size", "quality"), [(6, 90), (12, 80), (16, 80)])
def test_a_mosaic_is_found_to_two_pixels_after_jpeg(size: int, quality: int) -> None:
    region = at(101, 107, size)
    (found,) = find_mosaics(as_jpeg(pixelated(lion(), region, size), quality))
    assert round(found.mosaic.down.size) == size
    assert farthest(found.region, region) <= 2
    assert found.mask.mean() > 0.97


@pytest.mark.parametrize("quality", [None, 75, 40])
def test_a_photo_has_no_mosaic(quality: int | None) -> None:
    assert find_mosaics(lion() if quality is None else as_jpeg(lion(), quality)) == ()


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 300, 3), (80, 80, 3)])
def test_a_picture_of_one_colour_has_none(shape: tuple[int, int, int]) -> None:
    assert find_mosaics(np.full(shape, 90, np.uint8)) == ()


def test_the_search_hears_that_it_should_stop() -> None:
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        find_mosaics(lion(), progress=progress)
