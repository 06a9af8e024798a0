"""MS-SSIM and VIF: by hand, by a twin, as piq 0.8.0 has them, and what becomes of them without the extra."""

from __future__ import annotations

import math
import sys
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.metrics import library
from lacuna.metrics.library import MS_SSIM_SIDE, VIF_SIDE, ms_ssim, vif
from tests.metrics.spoilt import dulled, moved, truth

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # Wang, Simoncelli and Bovik 2003, section 3.2


def twin(x: NDArray[Any], y: NDArray[Any]) -> float:
    """MS-SSIM in doubles, scale by scale; all but the last look at windows within the picture alone."""

    def blur(plane: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(cv2.GaussianBlur(plane, (11, 11), 1.5, borderType=cv2.BORDER_REFLECT_101))

    x, y = x.astype(np.float64), y.astype(np.float64)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    product = 1.0
    for scale, weight in enumerate(WEIGHTS):
        a, b = blur(x), blur(y)
        contrast = (2 * (blur(x * y) - a * b) + c2) / (blur(x * x) - a * a + blur(y * y) - b * b + c2)
        whole = contrast * (2 * a * b + c1) / (a * a + b * b + c1)
        product *= float(contrast[5:-5, 5:-5].mean() if scale < 4 else whole.mean()) ** weight
        even = x.shape[0] // 2 * 2, x.shape[1] // 2 * 2
        size = even[1] // 2, even[0] // 2
        x, y = (cv2.resize(p[: even[0], : even[1]], size, interpolation=cv2.INTER_AREA) for p in (x, y))
    return product


def test_equal_pictures_are_perfect() -> None:
    assert ms_ssim(truth(), truth()) == pytest.approx(1, abs=1e-6)
    assert vif(truth(), truth()) == pytest.approx(1, abs=1e-6)


def test_of_even_greys_the_coarsest_scale_alone_sees_the_difference() -> None:
    dark, light = (np.full((180, 180, 3), grey, np.uint8) for grey in (50, 150))
    c1 = (0.01 * 255) ** 2
    means = (2 * 50 * 150 + c1) / (50**2 + 150**2 + c1)
    assert ms_ssim(dark, light) == pytest.approx(means ** WEIGHTS[-1], abs=2e-4)


@pytest.mark.parametrize("filled", [moved, dulled])
def test_similarity_on_five_scales_agrees_with_plain_steps(filled: Any) -> None:
    assert ms_ssim(truth(), filled()) == pytest.approx(twin(truth(), filled()), abs=1e-5)


def test_a_second_library_is_near_though_it_leaves_out_the_border() -> None:
    assert ms_ssim(truth(), moved()) == pytest.approx(0.762509, abs=0.03)
    assert ms_ssim(truth(), dulled()) == pytest.approx(0.920549, abs=0.01)


def test_fidelity_is_that_of_a_second_library() -> None:
    assert vif(truth(), moved()) == pytest.approx(0.718958, abs=1e-5)
    assert vif(truth(), dulled()) == pytest.approx(0.857482, abs=1e-5)


def test_half_the_contrast_of_a_pattern_that_only_the_finest_scale_sees_by_hand() -> None:
    y, x = np.mgrid[:100, :100]
    strong, weak = (np.where((y + x) % 2, 128 + a, 128 - a).astype(np.uint8) for a in (40, 20))
    strong, weak = (np.repeat(plane[..., None], 3, axis=2) for plane in (strong, weak))
    # Variances of 1600 and 400 everywhere, against 2 that the eye adds.
    assert vif(strong, weak) == pytest.approx(math.log(1 + 400 / 2) / math.log(1 + 1600 / 2), abs=1e-3)
    assert vif(weak, strong) == pytest.approx(math.log(1 + 1600 / 2) / math.log(1 + 400 / 2), abs=5e-3)


def test_a_truth_that_tells_nothing_has_no_fidelity() -> None:
    flat = np.full((60, 60, 3), 90, np.uint8)
    assert math.isnan(vif(flat, flat))


@pytest.mark.parametrize(("dtype", "white"), [(np.uint16, 65535.0), (np.float32, 1.0)])
def test_every_depth_is_measured_by_its_white(dtype: Any, white: float) -> None:
    deep = [(picture.astype(np.float64) / 255 * white).astype(dtype) for picture in (truth(), moved())]
    assert ms_ssim(*deep, white) == pytest.approx(ms_ssim(truth(), moved()), abs=1e-4)
    assert vif(*deep, white) == pytest.approx(vif(truth(), moved()), abs=1e-4)


def test_below_their_sides_they_do_not_exist() -> None:
    for measure, side in ((ms_ssim, MS_SSIM_SIDE), (vif, VIF_SIDE)):
        assert measure(truth()[:side, :side], moved()[:side, :side]) > 0
        with pytest.raises(ValueError):
            measure(truth()[: side - 1, :side], moved()[: side - 1, :side])


def test_it_is_known_whether_the_extra_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert library.installed()
    monkeypatch.setitem(sys.modules, "torchmetrics", None)
    assert not library.installed()
