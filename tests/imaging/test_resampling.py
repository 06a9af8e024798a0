"""Resampling: as MATLAB's on 8-bit pictures, the same in every pane, and true to what a kernel can represent."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tests.networks.published import Numbers

from lacuna.contract.enlargement import by_factor, to_sides
from lacuna.imaging.resampling import BICUBIC, LANCZOS, Kernel, imresized, resampled, taps
from lacuna.networks.positions import Pane, whole

RNG = np.random.default_rng(7)
KERNELS = pytest.mark.parametrize("kernel", [BICUBIC, LANCZOS], ids=("bicubic", "lanczos"))


@pytest.mark.parametrize("name", [name for name in Numbers("meta-sr/imresize").arrays if name.startswith("lr_u8")])
def test_reducing_an_8_bit_picture_is_what_the_reference_computes(name: str) -> None:
    fixture = Numbers("meta-sr/imresize").arrays
    truth, factor = fixture["hr_u8"], Fraction(name.removeprefix("lr_u8.x"))
    rows, columns = (side if (side / factor).denominator == 1 else side - 4 for side in truth.shape[:2])

    found = imresized(truth[:rows, :columns], 1 / factor)

    apart = np.abs(found.astype(int) - fixture[name])
    assert found.shape == fixture[name].shape
    assert apart.max() <= 1
    assert (apart > 0).mean() <= 0.005  # exact halves, which the fixture rounds as its order of operations has them


@KERNELS
@pytest.mark.parametrize("factor", ["0.37", "1", "1.1", "2.7", "3", "8"])
def test_any_window_of_a_part_is_that_of_the_whole(kernel: Kernel, factor: str) -> None:
    image = RNG.random((40, 33, 3), dtype=np.float32)
    enlargement = by_factor(40, 33, factor)
    together = resampled(image, whole(enlargement), kernel)
    top, bottom = enlargement.rows // 3, 2 * enlargement.rows // 3
    left, right = enlargement.columns // 2, enlargement.columns

    part = Pane(enlargement, top, left, bottom, right, row=2, column=3)
    found = resampled(image[2:38, 3:], part, kernel)

    assert np.array_equal(found, together[top:bottom, left:right])


@KERNELS
def test_a_factor_of_one_changes_nothing(kernel: Kernel) -> None:
    image = RNG.random((9, 12, 3), dtype=np.float32)
    assert np.allclose(resampled(image, whole(by_factor(9, 12, 1)), kernel), image, atol=1e-6)


@pytest.mark.parametrize("factor", ["1.3", "2", "3.14"])
def test_a_slope_stays_a_slope_under_the_cubic_with_the_same_middle(factor: str) -> None:
    enlargement = by_factor(30, 30, factor)
    slope = np.broadcast_to(np.arange(30, dtype=np.float32)[:, None, None], (30, 30, 1))

    found = resampled(slope, whole(enlargement), BICUBIC)

    middles = (np.arange(enlargement.rows) + 0.5) / float(enlargement.down) - 0.5
    inner = (middles > 2) & (middles < 27)
    assert np.allclose(found[inner, 0, 0], middles[inner], atol=1e-5)


@KERNELS
def test_reducing_averages_what_is_finer_than_a_pixel(kernel: Kernel) -> None:
    rows, columns = np.mgrid[:64, :64]
    chessboard = ((rows + columns) % 2).astype(np.float32)[..., None]
    found = resampled(chessboard, whole(by_factor(64, 64, "0.25")), kernel)
    assert np.abs(found - 0.5).max() < 0.02  # at the edges, whose pixels stand beyond them as well


@KERNELS
def test_a_flat_picture_stays_flat_whatever_the_sides(kernel: Kernel) -> None:
    grey = np.full((10, 10, 3), 0.3, np.float32)
    found = resampled(grey, whole(to_sides(10, 10, 37, 36, allow_distortion=True)), kernel)
    assert found.shape == (37, 36, 3)
    assert np.allclose(found, 0.3, atol=1e-6)


def test_a_picture_of_one_pixel_is_enlarged() -> None:
    assert np.allclose(resampled(np.full((1, 1, 3), 0.5, np.float32), whole(by_factor(1, 1, 4))), 0.5)


def test_the_matrix_of_taps_does_what_they_do() -> None:
    some = taps(BICUBIC, Fraction(27, 10), 0, 11, 30)
    values = RNG.random(30)
    assert np.allclose(some.matrix(30) @ values, (values[some.index] * some.weight).sum(1))
