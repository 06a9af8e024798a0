"""Grain: measured as it is, put where it is missing, nowhere else, and the same for the same seed."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import lacuna
from lacuna.engine.grain import add, measure
from lacuna.imaging.photo import Hole
from lacuna.metrics.fidelity import detail
from tests.pictures import lion

SHAPE = (220, 260)


def hole_of() -> Hole:
    hole = np.zeros(SHAPE, bool)
    hole[70:150, 80:180] = True
    return hole


def noisy(level: float, *, coarse: float = 0.0, coloured: bool = True, seed: int = 0) -> NDArray[np.float32]:
    """A gentle slope under noise of a standard deviation, (h, w, 3)."""
    noise = np.random.default_rng(seed).normal(0, 1, (*SHAPE, 3 if coloured else 1)).astype(np.float32)
    if coarse:
        noise = cv2.GaussianBlur(noise, (0, 0), coarse).reshape(noise.shape)
        noise /= noise.std()
    return (np.linspace(80, 170, SHAPE[1])[None, :, None] + level * noise).repeat(1 if coloured else 3, axis=2).astype(
        np.float32
    )  # fmt: skip


def whole(values: NDArray[Any]) -> NDArray[np.uint8]:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("level", [2.0, 5.0, 9.0])
@pytest.mark.parametrize("coarse", [0.0, 0.7])
def test_a_smooth_fill_gets_the_noise_of_its_surroundings(level: float, coarse: float) -> None:
    image, hole = whole(noisy(level, coarse=coarse)), hole_of()
    smooth = lacuna.fill(image, hole, "membrane")
    grainy = lacuna.fill(image, hole, "membrane", grain=True)
    assert detail(image, smooth, hole, 255.0) < 0.4
    assert 0.75 < detail(image, grainy, hole, 255.0) < 1.25
    inner = np.s_[80:140, 90:170]
    spread = [float((part[inner].astype(float) - noisy(0.0)[inner]).std()) for part in (grainy, image)]
    assert spread[0] == pytest.approx(spread[1], rel=0.25)
    assert np.array_equal(grainy[~hole], image[~hole])


def test_grey_noise_stays_grey_and_coloured_noise_keeps_its_colours() -> None:
    hole = hole_of()
    grey = measure(whole(noisy(5.0, coloured=False)), hole, 255.0)
    coloured = measure(whole(noisy(5.0)), hole, 255.0)
    assert grey is not None
    assert coloured is not None
    for grain, correlation in ((grey, 1.0), (coloured, 0.0)):
        covariance = grain.mix @ grain.mix.T
        assert covariance[0, 1] / covariance[0, 0] == pytest.approx(correlation, abs=0.15)
        assert np.sqrt(covariance[0, 0]) == pytest.approx(5.0, rel=0.2)


def test_texture_is_not_taken_for_noise() -> None:
    image = whole(noisy(2.0))
    image[:60] = lion()[200:260, 100:360]  # a mane above the hole, flat ground around the rest of it
    found = measure(image, hole_of(), 255.0)
    assert found is not None
    assert found.level * np.sqrt(3) == pytest.approx(2.0, rel=0.35)


def test_what_has_grain_of_its_own_gets_hardly_any() -> None:
    image, hole = whole(noisy(5.0)), hole_of()
    found = measure(image, hole, 255.0)
    assert found is not None
    assert (add(image, hole, found, (0,)) - image)[hole].std() < 0.8


@pytest.mark.parametrize("image", [np.full((*SHAPE, 3), 90, np.uint8), np.zeros((*SHAPE, 3), np.uint8), "small"])
def test_where_there_is_no_noise_or_nothing_to_see_there_is_no_grain(image: Any) -> None:
    if isinstance(image, str):
        assert measure(whole(noisy(5.0))[:5, :9], hole_of()[:5, :9], 255.0) is None
    else:
        assert measure(image, hole_of(), 255.0) is None


def test_blocks_that_are_clipped_or_undefined_say_nothing() -> None:
    image = whole(noisy(6.0))
    image[:, :40] = 255
    found = measure(image, hole_of(), 255.0)
    assert found is not None
    assert found.level * np.sqrt(3) == pytest.approx(6.0, rel=0.25)
    floats = noisy(6.0) / np.float32(255)
    floats[:40] = np.nan
    again = measure(floats, hole_of(), 1.0)
    assert again is not None
    assert again.level * 255 == pytest.approx(found.level, rel=0.15)


def test_the_same_seed_gives_the_same_grain_and_another_another() -> None:
    image, hole = whole(noisy(5.0)), hole_of()
    first, second, third = (lacuna.fill(image, hole, "membrane", grain=True, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, third)


def test_sixteen_bits_and_grey_pictures_get_grain_too() -> None:
    hole = hole_of()
    deep = (noisy(4.0) * 257).astype(np.uint16)
    assert 0.75 < detail(deep, lacuna.fill(deep, hole, "membrane", grain=True), hole, 65535.0) < 1.25
    grey = whole(noisy(4.0, coloured=False))[..., 0]
    filled = lacuna.fill(np.ascontiguousarray(grey), hole, "membrane", grain=True)
    assert filled.shape == grey.shape
    assert filled[80:140, 120].std() > 2
