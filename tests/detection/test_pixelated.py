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


@pytest.mark.parametrize("size", [6, 10, 21])
def test_a_mosaic_is_found_with_its_grid_and_its_place(size: int) -> None:
    picture = pixelated(lion(), FACE, size)
    found = find_mosaics(picture)
    assert len(found) == 1
    assert (found[0].mosaic.down.size, found[0].mosaic.across.size) == (size, size)
    lines = found[0].mosaic.down.lines(*found[0].mosaic.down.around(FACE.y0, FACE.y0 + 1))
    assert FACE.y0 in lines
    mask = whole(found, picture.shape)
    assert mask[FACE.slices].mean() > 0.7
    mask[FACE.pad(2 * size).slices] = False
    assert not mask.any()


def test_a_round_mosaic_is_found_as_round_within_its_blocks() -> None:
    square = pixelated(lion(), FACE, 10)
    disc = np.zeros(square.shape[:2], np.uint8)
    cv2.circle(disc, (FACE.x0 + 80, FACE.y0 + 75), 70, 1, -1)
    found = find_mosaics(np.where(disc[..., None] > 0, square, lion()))
    mask = whole(found, square.shape)
    assert mask[disc > 0].mean() > 0.75
    assert (disc[mask] > 0).mean() > 0.75


def test_two_mosaics_are_two_findings() -> None:
    other = Region(270, 300, 366, 450)
    found = find_mosaics(pixelated(pixelated(lion(), FACE, 12), other, 8))
    assert sorted(each.mosaic.down.size for each in found) == [8, 12]


def test_a_mosaic_is_found_after_jpeg() -> None:
    picture = as_jpeg(pixelated(lion(), FACE, 12), 80)
    found = find_mosaics(picture)
    assert [round(each.mosaic.down.size) for each in found] == [12]
    assert whole(found, picture.shape)[FACE.slices].mean() > 0.7


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
