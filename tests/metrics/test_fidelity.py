"""PSNR, SSIM, L1, L2, total variation and detail: values worked out by hand, and what they look at."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.metrics.fidelity import detail, l1, l2, psnr, ssim, tv
from tests.pictures import lion

HOLE = np.zeros((40, 60), bool)
HOLE[10:30, 20:45] = True


def even(value: float, dtype: Any = np.uint8) -> NDArray[Any]:
    return np.full((40, 60, 3), value, dtype)


def checkers(amplitude: int) -> NDArray[Any]:
    """Single pixels that alternate by `amplitude` around 128."""
    y, x = np.mgrid[:40, :60]
    return np.repeat(np.where((y + x) % 2, 128 + amplitude, 128 - amplitude)[..., None], 3, axis=2).astype(np.uint8)


def test_five_grey_levels_off_are_34_decibels() -> None:
    assert psnr(even(100), even(105), HOLE) == pytest.approx(20 * math.log10(255 / 5))
    assert psnr(even(105), even(100), HOLE) == pytest.approx(34.1514, abs=1e-4)


def test_one_channel_off_counts_a_third() -> None:
    filled = even(100)
    filled[..., 1] = 130
    assert psnr(even(100), filled, HOLE) == pytest.approx(10 * math.log10(255**2 / 300))
    assert l1(even(100), filled, HOLE) == pytest.approx(100 * 10 / 255)
    assert l2(even(100), filled, HOLE) == pytest.approx(100 * 300 / 255**2)


@pytest.mark.parametrize(("dtype", "white"), [(np.uint16, 65535.0), (np.float32, 1.0), (np.float32, 4.0)])
def test_every_depth_is_measured_by_its_white(dtype: Any, white: float) -> None:
    truth, filled = even(white * 0.2, dtype), even(white * 0.25, dtype)
    assert psnr(truth, filled, HOLE, white) == pytest.approx(20 * math.log10(20), abs=1e-2)
    assert l1(truth, filled, HOLE, white) == pytest.approx(5, abs=1e-2)
    assert l2(truth, filled, HOLE, white) == pytest.approx(0.25, abs=1e-3)
    assert ssim(truth, filled, HOLE, white) == pytest.approx(ssim(even(51), even(64), HOLE), abs=2e-3)


def test_only_the_hole_counts() -> None:
    filled = np.array(lion()[:40, :60])
    truth = filled.copy()
    truth[~HOLE] ^= 255
    assert psnr(truth, filled, HOLE) == math.inf
    assert l1(truth, filled, HOLE) == l2(truth, filled, HOLE) == 0


def test_equal_pictures_are_perfect() -> None:
    truth = lion()[:40, :60]
    assert psnr(truth, truth, HOLE) == math.inf
    assert ssim(truth, truth, HOLE) == pytest.approx(1)
    assert detail(truth, truth, HOLE) == 1


def test_the_similarity_of_even_greys_is_that_of_their_means() -> None:
    c1 = (0.01 * 255) ** 2
    assert ssim(even(50), even(150), HOLE) == pytest.approx((2 * 50 * 150 + c1) / (50**2 + 150**2 + c1))


def test_an_inverted_pattern_is_the_opposite_of_similar() -> None:
    assert ssim(checkers(40), checkers(-40), HOLE) < -0.95


def test_total_variation_adds_the_steps_to_the_right_and_down() -> None:
    ramp = np.repeat((2 * np.arange(60) + 3 * np.arange(40)[:, None])[..., None], 3, axis=2).astype(np.uint8)
    assert tv(ramp, HOLE) == pytest.approx(100 * (2 + 3) / 255)
    assert tv(ramp.astype(np.float32), HOLE, white=4.0) == pytest.approx(100 * 5 / 4)
    assert tv(even(90), HOLE) == 0


def test_total_variation_sees_the_step_out_of_the_hole_but_not_into_it() -> None:
    filled = even(100)
    filled[HOLE] = 151  # of 25 columns the last steps out, of 20 rows the last: 20 % of white each
    assert tv(filled, HOLE) == pytest.approx(20 / 25 + 20 / 20)


def test_total_variation_at_the_border_of_the_picture_takes_the_steps_that_are_there() -> None:
    last = np.zeros((40, 60), bool)
    last[-1, :-1] = True
    assert tv(checkers(51), last) == pytest.approx(40)  # to the right alone
    last[:] = False
    last[-1, -1] = True
    assert tv(checkers(51), last) == 0


def test_half_the_contrast_is_half_the_detail() -> None:
    assert detail(checkers(40), checkers(20), HOLE) == pytest.approx(0.5)
    assert detail(checkers(20), checkers(40), HOLE) == pytest.approx(2)
    assert detail(checkers(40), even(90), HOLE) < 1e-6


def test_a_truth_without_detail_is_met_by_a_fill_without_any() -> None:
    assert detail(even(90), even(20), HOLE) == 1
    assert detail(even(90), checkers(10), HOLE) == math.inf


def test_blur_gains_signal_and_loses_detail() -> None:
    truth = lion()[100:400, 200:500]
    hole = np.zeros(truth.shape[:2], bool)
    hole[100:200, 100:200] = True
    smooth = cv2.GaussianBlur(truth, (0, 0), 3)
    moved = np.roll(truth, 5, axis=1)
    assert psnr(truth, smooth, hole) > psnr(truth, moved, hole) + 2
    assert detail(truth, smooth, hole) < 0.3
    assert detail(truth, moved, hole) == pytest.approx(1, abs=0.1)
