"""Levels for display: the right bytes, made only where something changed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lacuna.imaging.pyramid import SMALLEST, Pyramid
from lacuna.imaging.region import Region

SIZES = st.tuples(st.integers(1, 700), st.integers(1, 700))


def slow_mean(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Half-size by the book: the mean of what each 2 x 2 box holds, halves rounded up."""
    height, width = pixels.shape[:2]
    out = np.empty((-(-height // 2), -(-width // 2), *pixels.shape[2:]), np.uint8)
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            box = pixels[2 * y : 2 * y + 2, 2 * x : 2 * x + 2].reshape(-1, *pixels.shape[2:])
            out[y, x] = (2 * box.sum(axis=0, dtype=np.int64) + len(box)) // (2 * len(box))
    return out


def noise(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("size", [(257, 300), (300, 257), (301, 283), (512, 260), (1, 600), (600, 1), (3, 519)])
def test_each_level_is_the_mean_of_the_one_before(size: tuple[int, int]) -> None:
    pyramid = Pyramid(noise((*size, 3)))
    for n in range(1, pyramid.levels):
        assert np.array_equal(pyramid.level(n), slow_mean(pyramid.level(n - 1)))


@given(SIZES)
def test_levels_halve_until_the_last_is_small(size: tuple[int, int]) -> None:
    pyramid = Pyramid(np.zeros((*size, 3), np.uint8))
    for n in range(1, pyramid.levels):
        assert max(pyramid.shape(n - 1)) > SMALLEST
        assert pyramid.shape(n) == tuple(-(-side // 2) for side in pyramid.shape(n - 1))
    assert max(pyramid.shape(pyramid.levels - 1)) <= SMALLEST


@given(SIZES, st.lists(st.tuples(*[st.integers(0, 700)] * 4), min_size=1, max_size=6), st.booleans(), st.integers(0, 9))
def test_making_parts_anew_gives_the_same_bytes_as_making_all(
    size: tuple[int, int], boxes: list[tuple[int, int, int, int]], peak: bool, seed: int
) -> None:
    pixels = noise(size if peak else (*size, 3), seed)
    pyramid = Pyramid(pixels, peak=peak)
    pyramid.build()
    for i, box in enumerate(boxes):
        region = Region(*box).clip(size)
        pixels[region.slices] = noise(pixels[region.slices].shape, seed + i) if i % 2 else 0
        pyramid.stale(region)
        if i % 3 == 0:  # some are looked at in between, in part
            pyramid.read(pyramid.levels - 1, Region(0, 0, 40, 30))
    whole = Pyramid(pixels, peak=peak)
    for n in range(pyramid.levels):
        assert np.array_equal(pyramid.level(n), whole.level(n))


@given(SIZES, st.tuples(*[st.integers(0, 400)] * 4))
def test_a_part_is_that_part_of_the_level(size: tuple[int, int], box: tuple[int, int, int, int]) -> None:
    pixels = noise((*size, 3))
    whole = Pyramid(pixels)
    for n in range(whole.levels):
        region = Region(*box).clip(whole.shape(n))
        part = Pyramid(pixels).read(n, Region(*box))
        if not region.empty:
            assert np.array_equal(part, whole.level(n)[region.slices])


def test_a_line_of_one_pixel_in_a_mask_stays_in_sight_at_every_level() -> None:
    mask = np.zeros((3001, 2003), np.uint8)
    pyramid = Pyramid(mask, peak=True, empty=True)
    mask[:, 777] = 255
    mask[3000, :] = 180
    pyramid.stale(Region(0, 777, 3001, 778))
    pyramid.stale(Region(3000, 0, 3001, 2003))
    for n in range(1, pyramid.levels):
        level = pyramid.level(n)
        assert (level[:-1, 777 >> n] == 255).all()
        assert (level[-1] >= 180).all()


@given(SIZES)
def test_a_mask_level_is_the_maximum_of_its_box(size: tuple[int, int]) -> None:
    mask = noise(size) * (noise(size, 1) > 200)
    padded = np.pad(mask, ((0, size[0] % 2), (0, size[1] % 2)))
    expected = padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2).max(axis=(1, 3))
    pyramid = Pyramid(mask, peak=True)
    if pyramid.levels > 1:
        assert np.array_equal(pyramid.level(1), expected)


def test_erasing_a_mask_erases_its_levels() -> None:
    mask = np.zeros((1000, 1000), np.uint8)
    pyramid = Pyramid(mask, peak=True, empty=True)
    for value in (255, 0):
        mask[100:300, 100:900] = value
        pyramid.stale(Region(100, 100, 300, 900))
        assert pyramid.level(2).max() == value


def test_sixteen_bits_are_shown_by_their_upper_eight() -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (515, 601, 3), dtype=np.uint16)
    assert np.array_equal(Pyramid(deep).level(1), Pyramid((deep >> 8).astype(np.uint8)).level(1))
    assert Pyramid(deep).read(0, Region(0, 0, 5, 5)).dtype == np.uint16


def test_floats_are_shown_by_their_white_and_nonsense_is_bounded() -> None:
    bright = np.full((600, 600, 3), 2.0, np.float32)
    bright[:, :300] = 4.0
    bright[:100] = np.nan
    bright[100:200] = np.inf
    bright[200:300] = -np.inf
    level = Pyramid(bright, white=4.0).level(1)
    assert level.dtype == np.uint8
    assert (level[150:, :150] == 255).all()
    assert (level[150:, 150:] == 128).all()
    assert (level[:50] == 0).all()
    assert (level[50:100] == 255).all()
    assert (level[100:150] == 0).all()


def test_only_what_is_looked_at_is_made() -> None:
    pixels = noise((2000, 2000, 3))
    pyramid = Pyramid(pixels)
    pyramid.read(2, Region(0, 0, 50, 50))
    assert pyramid.fresh(2, Region(0, 0, 64, 64))
    assert not pyramid.fresh(2, Region(300, 300, 310, 310))
    assert not pyramid.fresh(1, Region(900, 900, 910, 910))


def test_a_plane_cut_out_of_a_larger_one_has_the_levels_of_its_own_pixels() -> None:
    pixels = noise((900, 1100, 3))
    cut = pixels[13:813, 7:1000]
    assert np.array_equal(Pyramid(cut).level(2), Pyramid(cut.copy()).level(2))
    mask = noise((900, 1100))
    cut = mask[13:813, 7:1000]
    assert np.array_equal(Pyramid(cut, peak=True).level(2), Pyramid(cut.copy(), peak=True).level(2))
