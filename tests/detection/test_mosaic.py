"""The grid of a mosaic is found as it was made, and its blocks are the small picture that stands behind it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lacuna.detection.mosaic import Mosaic, blocks_of, find_mosaic, mosaic_of_size
from lacuna.imaging.region import Region
from tests.detection.mosaics import as_jpeg, lines, masked, pixelated
from tests.pictures import lion

FACE = Region(101, 107, 101 + 250, 107 + 310)


def lines_found(mosaic: Mosaic, region: Region) -> tuple[list[int], list[int]]:
    """The lines inside a region, of rows and of columns."""
    return (
        [y for y in mosaic.down.lines(*mosaic.down.around(region.y0, region.y1)) if region.y0 < y < region.y1],
        [x for x in mosaic.across.lines(*mosaic.across.around(region.x0, region.x1)) if region.x0 < x < region.x1],
    )


@pytest.mark.parametrize("size", [4, 5, 8, 11, 16, 23, 32])
@pytest.mark.parametrize("offset", [(0, 0), (3, 1)])
def test_whole_blocks_are_found_to_the_pixel_with_partial_ones_at_the_border(
    size: int, offset: tuple[int, int]
) -> None:
    mosaic = find_mosaic(pixelated(lion(), FACE, size, offset), masked(lion(), FACE))

    assert mosaic is not None
    assert mosaic.likely
    assert mosaic.confidence > 0.9
    assert (mosaic.down.size, mosaic.across.size) == (size, size)
    rows, columns = lines_found(mosaic, FACE)
    assert rows == lines(FACE.y0, FACE.y1, offset[0], size)[1:-1]
    assert columns == lines(FACE.x0, FACE.x1, offset[1], size)[1:-1]


@pytest.mark.parametrize("size", [4, 7, 12, 20, 32])
@pytest.mark.parametrize("quality", [85, 70])
def test_blocks_are_found_below_the_noise_of_a_jpeg(size: int, quality: int) -> None:
    picture = as_jpeg(pixelated(lion(), FACE, size, (2, 5)), quality)

    mosaic = find_mosaic(picture, masked(picture, FACE))

    assert mosaic is not None
    assert mosaic.likely
    assert (mosaic.down.size, mosaic.across.size) == (size, size)
    assert lines_found(mosaic, FACE)[1] == [x for x in lines(FACE.x0, FACE.x1, 5, size) if FACE.x0 < x < FACE.x1]


@pytest.mark.parametrize("size", [5, 9, 24])
def test_blocks_are_found_in_a_slightly_blurred_jpeg(size: int) -> None:
    blurred = cv2.GaussianBlur(pixelated(lion(), FACE, size), (0, 0), 0.7)
    picture = as_jpeg(blurred, 85)

    mosaic = find_mosaic(picture, masked(picture, FACE))

    assert mosaic is not None
    assert mosaic.likely
    assert (mosaic.down.size, mosaic.across.size) == (size, size)


@pytest.mark.parametrize("size", [6.4, 10.35, 21.7])
def test_a_fractional_size_is_found_so_exactly_that_no_line_is_a_pixel_off(size: float) -> None:
    mosaic = find_mosaic(pixelated(lion(), FACE, size), masked(lion(), FACE))

    assert mosaic is not None
    assert mosaic.likely
    for found, made in zip(
        lines_found(mosaic, FACE),
        (lines(FACE.y0, FACE.y1, 0, size), lines(FACE.x0, FACE.x1, 0, size)),
        strict=True,
    ):
        assert np.abs(np.array(found) - made[1:-1]).max() <= 1


def test_blocks_that_are_not_square_are_found_on_each_axis() -> None:
    mosaic = find_mosaic(pixelated(lion(), FACE, (12, 9)), masked(lion(), FACE))

    assert mosaic is not None
    assert (mosaic.down.size, mosaic.across.size) == (12, 9)


def test_a_round_mask_and_another_depth_find_the_same_blocks() -> None:
    picture = pixelated(lion(), FACE, 14, (1, 4)).astype(np.uint16) * 257
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.ellipse(mask, (262, 226), (140, 110), 0, 0, 360, 255, -1)

    mosaic = find_mosaic(picture, mask)

    assert mosaic is not None
    assert mosaic.likely
    assert (mosaic.down.size, mosaic.across.size) == (14, 14)


@pytest.mark.parametrize("quality", [None, 90])
def test_a_plain_photo_is_no_mosaic(quality: int | None) -> None:
    picture = lion() if quality is None else as_jpeg(lion(), quality)
    for y, x in ((10, 10), (120, 150), (230, 30), (200, 330)):
        region = Region(y, x, y + 150, x + 170)
        mosaic = find_mosaic(picture, masked(picture, region))
        assert mosaic is None or not mosaic.likely


@pytest.mark.parametrize("region", [Region(0, 0, 0, 0), Region(5, 5, 6, 6), Region(5, 5, 12, 300)])
def test_where_too_few_blocks_could_be_there_is_nothing_found(region: Region) -> None:
    assert find_mosaic(lion(), masked(lion(), region)) is None


def test_one_colour_is_no_mosaic() -> None:
    flat = np.full((100, 120, 3), 90, np.uint8)

    assert find_mosaic(flat, masked(flat, Region(10, 10, 90, 90))) is None


def test_a_size_that_a_person_gives_is_taken_and_put_where_its_lines_are() -> None:
    picture = pixelated(lion(), FACE, 10, (4, 7))

    given = mosaic_of_size(picture, masked(picture, FACE), 10, 10)
    wrong = mosaic_of_size(picture, masked(picture, FACE), 13, 13)

    assert lines_found(given, FACE)[0][0] == FACE.y0 + 4
    assert lines_found(given, FACE)[1][0] == FACE.x0 + 7
    assert given.likely
    assert not wrong.likely


@pytest.mark.parametrize("size", [6, 16, 10.35])
def test_the_small_picture_holds_the_mean_of_each_block_and_its_place(size: float) -> None:
    picture = pixelated(lion(), FACE, size, (2, 3))
    mask = masked(picture, FACE)
    mosaic = find_mosaic(picture, mask)
    assert mosaic is not None

    blocks = blocks_of(picture, mask, mosaic)

    height, width = blocks.pixels.shape[:2]
    assert blocks.pixels.dtype == picture.dtype
    assert blocks.place.height / height == pytest.approx(size, rel=0.02)
    assert blocks.place.intersect(FACE) == FACE
    y, x = FACE.y0 + FACE.height // 2, FACE.x0 + FACE.width // 2  # a block in the middle, by its middle
    row = int((y - blocks.place.y0) * height / blocks.place.height)
    column = int((x - blocks.place.x0) * width / blocks.place.width)
    centre = (
        int(blocks.place.y0 + (row + 0.5) * blocks.place.height / height),
        int(blocks.place.x0 + (column + 0.5) * blocks.place.width / width),
    )
    assert np.array_equal(blocks.pixels[row, column], picture[centre])


def test_blocks_repeated_by_their_size_are_the_mosaic_again() -> None:
    picture = pixelated(lion(), FACE, 16, (2, 3))
    mask = masked(picture, FACE)
    mosaic = find_mosaic(picture, mask)
    assert mosaic is not None

    blocks = blocks_of(picture, mask, mosaic)

    again = blocks.pixels.repeat(16, axis=0).repeat(16, axis=1)
    assert again.shape[:2] == (blocks.place.height, blocks.place.width)
    inside = FACE.shift(-blocks.place.y0, -blocks.place.x0)
    assert np.array_equal(again[inside.slices], picture[FACE.slices])


def test_the_small_picture_goes_on_around_the_mask_and_over_the_pictures_border() -> None:
    corner = Region(0, 0, 90, 100)
    picture = pixelated(lion(), corner, 9, (5, 2))
    mosaic = find_mosaic(picture, masked(picture, corner))
    assert mosaic is not None

    blocks = blocks_of(picture, masked(picture, corner), mosaic)

    assert (blocks.place.y0, blocks.place.x0) == (-4, -7)
    assert blocks.place.y1 > corner.y1 + 9
    assert blocks.place.x1 > corner.x1 + 9
    assert np.array_equal(blocks.pixels[0, 0], picture[0, 0])
