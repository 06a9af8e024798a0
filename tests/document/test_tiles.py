"""Tiles swept a row at a time are the tiles looked at one by one."""

from __future__ import annotations

import numpy as np
import pytest

from lacuna.document.tiles import in_blocks, merged, packed, packed_tiles, same_colour
from lacuna.imaging.region import Region
from tests.document.support import noise


def patchwork(dtype: type, channels: int) -> np.ndarray:
    """Two rows of ten tiles, some of one colour, some of one colour but for a pixel; ragged at its ends."""
    pixels = np.zeros((400, 2500, channels) if channels else (400, 2500), dtype)
    pixels[:, 300:900] = 7
    pixels[:, 1000:1500] = noise(pixels[:, 1000:1500].shape, 1, dtype)
    pixels[399, 2499] = 9
    pixels[3, 1600] = 1
    return pixels


@pytest.mark.parametrize("channels", [0, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_sweep_packs_like_a_look_at_each(dtype: type, channels: int) -> None:
    pixels = patchwork(dtype, channels)
    keys = list(Region.whole(pixels.shape).tiles())
    swept = packed_tiles(pixels, keys)
    for key in keys:
        alone = packed(pixels[Region.of_tile(*key, pixels.shape).slices])
        assert swept[key].shape == alone.shape
        assert swept[key].tobytes() == alone.tobytes()
    assert not np.shares_memory(swept[0, 0], pixels)


def test_tiles_in_blocks_put_back_all_that_was_packed() -> None:
    pixels = patchwork(np.uint8, 3)
    tiles = packed_tiles(pixels, Region.whole(pixels.shape).tiles())
    out = np.full_like(pixels, 99)
    blocks = list(in_blocks(tiles, pixels.shape))
    for region, tile in blocks:
        out[region.slices] = tile
    assert np.array_equal(out, pixels)
    assert len(blocks) < len(tiles)


def test_minus_zero_and_nonsense_are_kept_as_they_are() -> None:
    tile = np.zeros((4, 4), np.float32)
    tile[1, 1] = -0.0
    assert packed(tile).shape == (4, 4)
    assert np.signbit(packed(tile)[1, 1])
    nan = np.full((4, 4), np.nan, np.float32)
    assert packed(nan).shape == (1, 1)
    assert same_colour(packed(nan), packed(nan.copy()))
    assert not same_colour(packed(np.zeros((4, 4), np.float32)), packed(np.full((4, 4), -0.0, np.float32)))


def test_merged_regions_are_the_same_pixels_and_fewer() -> None:
    shape = (1000, 1000)
    keys = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (3, 3), (2, 0)]
    regions = [Region.of_tile(*key, shape) for key in keys]
    out = np.zeros(shape, int)
    for region in merged(regions):
        out[region.slices] += 1
    wanted = np.zeros(shape, int)
    for region in regions:
        wanted[region.slices] += 1
    assert np.array_equal(out, wanted)
    assert merged(regions) == [Region(0, 0, 512, 768), Region(512, 0, 768, 256), Region(768, 768, 1000, 1000)]
