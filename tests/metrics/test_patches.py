"""The sliced Wasserstein distance: a slow twin, a value by hand, and what it minds and does not mind."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.metrics import patches
from lacuna.metrics.patches import TruePatches, swd
from tests.pictures import lion


def some_hole(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """A block, a thin line, single pixels, and some of the border."""
    hole = np.zeros(shape[:2], bool)
    hole[10:22, 15:31] = True
    hole[30, 5:40] = True
    hole[[3, 27, 35], [8, 44, 1]] = True
    hole[-3:, -9:] = True
    return hole


def twin(truth: NDArray[Any], filled: NDArray[Any], hole: NDArray[np.bool_]) -> float:
    """The same by plain loops: patch by patch, direction by direction."""
    directions = np.random.default_rng(0).standard_normal((128, 147))
    directions /= np.sqrt((directions**2).sum(axis=1))[:, None]
    distances = []
    one, other = truth.astype(np.float32), filled.astype(np.float32)
    for level in range(3):
        bands = []
        smaller = []
        for picture in (one, other):
            below = cv2.pyrDown(picture)
            size = (picture.shape[1], picture.shape[0])
            bands.append(picture - cv2.pyrUp(below, dstsize=size) if level < 2 else picture)
            smaller.append(below)
        crowds = []
        for band in bands:
            around = np.pad(band, ((3, 3), (3, 3), (0, 0)), mode="symmetric")
            centres = zip(*np.nonzero(hole), strict=True)
            crowds.append(np.array([around[y : y + 7, x : x + 7].astype(np.float64) for y, x in centres]))
        mean, spread = crowds[0].mean(axis=(0, 1, 2)), crowds[0].std(axis=(0, 1, 2))
        first, second = (((crowd - mean) / spread).reshape(len(crowd), -1) for crowd in crowds)
        for direction in directions:
            distances.append(np.abs(np.sort(first @ direction) - np.sort(second @ direction)).mean())
        one, other = smaller
        height, width = hole.shape
        coarse = np.zeros((-(-height // 2), -(-width // 2)), bool)
        for y, x in zip(*np.nonzero(hole), strict=True):
            coarse[y // 2, x // 2] = True
        hole = coarse
    return float(np.mean(distances))


@pytest.fixture
def truth() -> NDArray[Any]:
    return np.ascontiguousarray(lion()[100:141, 200:253])


def test_it_agrees_with_plain_loops(truth: NDArray[Any]) -> None:
    hole = some_hole(truth.shape)
    filled = truth.copy()
    filled[hole] = cv2.GaussianBlur(truth, (0, 0), 2)[hole]
    assert swd(truth, filled, hole) == pytest.approx(twin(truth, filled, hole), rel=1e-4)


def test_large_holes_are_measured_in_slices_with_the_same_outcome(
    truth: NDArray[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    hole = some_hole(truth.shape)
    filled = cv2.inpaint(truth, hole.astype(np.uint8), 3, cv2.INPAINT_TELEA)
    whole = swd(truth, filled, hole)
    monkeypatch.setattr(patches, "SLICE", 2000)
    monkeypatch.setattr(patches, "ROWS", 50)
    assert swd(truth, filled, hole) == pytest.approx(whole, rel=1e-5)


def test_the_truth_is_at_no_distance_and_serves_several_fills(truth: NDArray[Any]) -> None:
    hole = some_hole(truth.shape)
    crowd = TruePatches(truth, hole)
    assert crowd.distance(truth) == 0
    filled = truth.copy()
    filled[hole] //= 2
    assert crowd.distance(filled) == swd(truth, filled, hole) > 0


def test_a_brighter_picture_is_off_on_the_last_level_alone_by_the_sum_of_each_direction(truth: NDArray[Any]) -> None:
    truth = truth // 2
    hole = some_hole(truth.shape)
    last = cv2.pyrDown(cv2.pyrDown(truth.astype(np.float32)))
    coarse = patches.halved(patches.halved(hole))
    around = np.pad(last, ((3, 3), (3, 3), (0, 0)), mode="symmetric")
    crowd = np.array([around[y : y + 7, x : x + 7] for y, x in zip(*np.nonzero(coarse), strict=True)], np.float64)
    directions = np.random.default_rng(0).standard_normal((128, 147))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    step = np.tile(20 / crowd.std(axis=(0, 1, 2)), 49)  # 20 grey levels in each value of a patch
    assert swd(truth, truth + np.uint8(20), hole) == pytest.approx(np.abs(directions @ step).mean() / 3, rel=1e-3)


def test_it_minds_that_there_is_texture_and_not_where_it_stands() -> None:
    grass = np.random.default_rng(1).integers(0, 256, (120, 120, 3)).astype(np.uint8)
    grass = cv2.GaussianBlur(grass, (0, 0), 1)
    hole = np.zeros((120, 120), bool)
    hole[30:90, 30:90] = True
    moved, smooth = grass.copy(), grass.copy()
    moved[hole] = np.roll(grass, (17, 23), axis=(0, 1))[hole]
    smooth[hole] = grass[~hole].mean(axis=0)
    assert swd(grass, moved, hole) < swd(grass, smooth, hole) / 5


def test_other_depths_are_measured_as_eight_bits(truth: NDArray[Any]) -> None:
    hole = some_hole(truth.shape)
    filled = np.where(hole[..., None], 40, truth).astype(np.uint8)
    deep = [(picture.astype(np.uint16) * 257) for picture in (truth, filled)]
    assert swd(*deep, hole, white=65535.0) == pytest.approx(swd(truth, filled, hole))


def test_a_flat_truth_gives_a_finite_distance() -> None:
    flat = np.full((30, 30, 3), 90, np.uint8)
    hole = some_hole((45, 45))[:30, :30]
    assert swd(flat, flat, hole) == 0
    assert 0 < swd(flat, flat + np.uint8(3), hole) < 10


def test_a_hole_of_one_pixel_is_still_there_on_every_level(truth: NDArray[Any]) -> None:
    hole = np.zeros(truth.shape[:2], bool)
    hole[7, 9] = True
    filled = truth.copy()
    filled[hole] = 255 - filled[hole]
    assert swd(truth, filled, hole) > 0
