"""Completion by patches that are turned, scaled, mirrored or bent: what only fits so is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.backends.patchmatch import PatchMatchParams
from tests.backends.test_patchmatch import completed, square
from tests.pictures import lion

ALL = PatchMatchParams(rotate=180, scale=1.3, mirror=True, contrast=1.3)
Tile = NDArray[np.uint8]


def turned_by(tile: Tile, degrees: float, scale: float) -> Tile:
    middle = (tile.shape[1] - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), degrees, scale)
    size = (tile.shape[1], tile.shape[0])
    return np.asarray(cv2.warpAffine(tile, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT))


def beside(change: Callable[[Tile], Tile]) -> Tile:
    """A part of the lion, and beside it the same part, changed: the only place that shows what a hole in it held."""
    tile = np.ascontiguousarray(lion()[20:180, 60:220])
    return np.concatenate([tile, change(tile)], axis=1)


def psnr(image: Tile, params: PatchMatchParams) -> float:
    """Mean over three seeds, in dB; 50 at most."""
    hole = square(image.shape, 55, 55, 50)
    errors = [
        (completed(image, hole, params=params, seed=seed).image[hole].astype(float) - image[hole]) ** 2
        for seed in range(3)
    ]
    return float(np.mean([10 * np.log10(65025 / max(error.mean(), 0.65)) for error in errors]))


@pytest.mark.parametrize(
    ("change", "params", "gain"),
    [
        (lambda tile: tile[:, ::-1], PatchMatchParams(mirror=True), 20.0),
        (np.rot90, PatchMatchParams(rotate=90), 20.0),
        (lambda tile: tile[::-1, ::-1], PatchMatchParams(rotate=180), 20.0),
        (lambda tile: turned_by(tile, 30, 1), PatchMatchParams(rotate=30, start=16), 10.0),
        (lambda tile: turned_by(tile, 0, 1.4), PatchMatchParams(scale=1.5, start=16), 5.0),
        (lambda tile: np.rint(tile * 0.8 + 25).astype(np.uint8), PatchMatchParams(contrast=1.3), 3.0),
    ],
    ids=["mirrored", "quarter turn", "half turn", "turned by 30°", "larger", "of less contrast"],
)
def test_what_only_fits_once_it_is_changed_is_found_by_so_many_decibels(
    change: Callable[[Tile], Tile], params: PatchMatchParams, gain: float
):
    image = beside(change)
    off = PatchMatchParams(start=params.start)
    assert psnr(image, params) > psnr(image, off) + gain


def test_each_pixel_of_a_mirrored_copy_says_where_it_was_sampled():
    image = beside(lambda tile: tile[:, ::-1])
    hole = square(image.shape, 55, 55, 50)
    filled = completed(image, hole, params=PatchMatchParams(mirror=True))
    assert filled.came_from is not None
    y, x = np.nonzero(hole)
    assert np.array_equal(filled.came_from[hole], np.stack([y, image.shape[1] - 1 - x], axis=1))


def test_a_seed_gives_the_same_pixels_whatever_the_number_of_threads():
    image = beside(np.rot90)
    hole = square(image.shape, 20, 30, 120)  # enough targets for several bands
    alone = completed(image, hole, params=ALL, seed=3)
    for threads in (2, 5):
        several = completed(image, hole, params=ALL, seed=3, threads=threads)
        assert np.array_equal(alone.image, several.image)
        assert np.array_equal(alone.came_from, several.came_from)
    assert not np.array_equal(alone.image, completed(image, hole, params=ALL, seed=4).image)


def test_what_is_sampled_is_known_and_allowed_and_nothing_under_the_mask_matters():
    image = beside(np.rot90)
    hole = square(image.shape, 0, 30, 60) | square(image.shape, 120, 280, 40)
    sources = np.zeros(hole.shape, bool)
    sources[:, 100:240] = True
    filled = completed(image, hole, params=ALL, sources=sources)
    assert filled.came_from is not None
    y, x = filled.came_from[hole].T
    assert (y >= 0).all()
    assert (sources & ~hole)[y, x].all()
    assert np.array_equal(filled.image[~hole], image[~hole])
    spoilt = image.copy()
    spoilt[hole] = 0
    assert np.array_equal(completed(spoilt, hole, params=ALL, sources=sources).image, filled.image)


@pytest.mark.parametrize("side", [8, 9, 12])
def test_where_no_turned_patch_has_room_patches_stay_as_they_are(side: int):
    image = beside(np.rot90)
    hole = square(image.shape, 60, 70, 40)
    filled = completed(image, hole, params=ALL, sources=square(image.shape, 10, 10, side))
    assert filled.came_from is not None
    y, x = filled.came_from[hole].T
    assert ((y >= 10) & (y < 10 + side) & (x >= 10) & (x < 10 + side)).all()


@pytest.mark.parametrize("params", [ALL, PatchMatchParams(mirror=True)])
def test_deep_pictures_are_filled_in_their_own_depth(params: PatchMatchParams):
    image = beside(lambda tile: tile[:, ::-1])
    hole = square(image.shape, 55, 55, 50)
    deep = (image.astype(np.uint16) * 201 + 40) // 2 * 2
    floats: NDArray[Any] = (deep / np.float32(65535)).astype(np.float32)
    filled = completed(deep, hole, params=params).image
    assert filled.dtype == np.uint16
    from_floats = completed(floats, hole, params=params).image
    assert np.abs(from_floats[hole] * 65535 - filled[hole]).mean() < 60
    if params is not ALL:
        assert np.array_equal(filled, deep)
