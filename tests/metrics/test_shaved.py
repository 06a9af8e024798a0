"""Measures without the border: what the program computes by which Meta-SR was published, and the edges of it."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from lacuna.metrics.shaved import border_of, luma_psnr, luma_ssim, rgb_psnr, rgb_ssim
from tests.networks.published import Numbers

NUMBERS = Numbers("meta-sr/metrics").arrays
TRUTH = NUMBERS["hr_u8"]
ENLARGED = NUMBERS["sr_quantized"][0].transpose(1, 2, 0)
FACTORS = sorted({name.split(".x")[1].rsplit(".", 1)[0] for name in NUMBERS if name.startswith("psnr.")})
OTHER = 6  # pixels more that it leaves out where it measures over all channels


@pytest.mark.parametrize("factor", FACTORS)
def test_psnr_and_ssim_are_those_of_the_published_program(factor: str) -> None:
    border = border_of(Fraction(factor))
    assert luma_psnr(TRUTH, ENLARGED, border) == pytest.approx(NUMBERS[f"psnr.x{factor}.benchmark"], abs=1e-4)
    assert rgb_psnr(TRUTH, ENLARGED, border + OTHER) == pytest.approx(NUMBERS[f"psnr.x{factor}.other"], abs=1e-4)
    assert luma_ssim(TRUTH, ENLARGED, border) == pytest.approx(NUMBERS[f"ssim.x{factor}.benchmark"], abs=1e-9)
    assert luma_ssim(TRUTH, ENLARGED, border + OTHER) == pytest.approx(NUMBERS[f"ssim.x{factor}.other"], abs=1e-9)


def test_equal_pictures_are_infinitely_near() -> None:
    assert luma_psnr(TRUTH, TRUTH, 2) == rgb_psnr(TRUTH, TRUTH, 2) == math.inf
    assert luma_ssim(TRUTH, TRUTH, 2) == rgb_ssim(TRUTH, TRUTH, 2) == pytest.approx(1)


def test_what_is_wrong_in_the_border_does_not_count() -> None:
    spoilt = TRUTH.copy()
    spoilt[:3] = spoilt[:, -3:] = 255
    assert luma_psnr(TRUTH, spoilt, 3) == math.inf
    assert luma_psnr(TRUTH, spoilt, 2) < 40


def test_the_similarity_over_all_channels_sees_colours_that_luma_does_not() -> None:
    swapped = TRUTH.astype(np.float64)
    swapped[..., 0] += 20 * np.sin(np.arange(52))
    swapped[..., 1] -= 20 * np.sin(np.arange(52)) * 65.738 / 129.057
    assert luma_ssim(TRUTH, swapped, 2) > 0.999
    assert rgb_ssim(TRUTH, swapped, 2) < 0.97


def test_a_picture_without_an_inside_has_no_similarity() -> None:
    assert math.isnan(luma_ssim(TRUTH[:12], TRUTH[:12], 4))
