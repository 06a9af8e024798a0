"""The membrane: better than Telea on thin marks, smooth in wide holes, every depth at its own, and never a surprise."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import lacuna
from lacuna.contract.fill import FillWork, Runtime
from lacuna.contract.progress import Cancelled, Progress
from lacuna.engine import registry
from lacuna.imaging.photo import Hole
from tests.pictures import lion

PHOTO = np.ascontiguousarray(lion()[60:300, 150:450])


def scratches(shape: tuple[int, ...], seed: int = 0) -> Hole:
    """Lines of one to four pixels, letters, and specks."""
    mask, chance = np.zeros(shape[:2], np.uint8), np.random.default_rng(seed)
    for width in (1, 2, 3, 4):
        ends = chance.integers(0, min(shape[:2]), (2, 2)).tolist()
        cv2.line(mask, tuple(ends[0]), tuple(ends[1]), 255, width)
    cv2.putText(mask, "Lacuna", (20, shape[0] // 2), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 255, 2)
    return np.asarray(mask) > 0


def decibels(filled: NDArray[Any], truth: NDArray[Any], hole: Hole) -> float:
    return float(10 * np.log10(255**2 / ((filled[hole].astype(float) - truth[hole]) ** 2).mean()))


def test_it_comes_first_in_the_list() -> None:
    assert registry.ids()[0] == "membrane"


@pytest.mark.parametrize("seed", range(4))
def test_on_thin_marks_it_is_better_than_telea_and_not_smoother(seed: int) -> None:
    hole = scratches(PHOTO.shape, seed)
    ours, theirs = lacuna.fill(PHOTO, hole, "membrane"), lacuna.fill(PHOTO, hole, "telea")
    assert decibels(ours, PHOTO, hole) > decibels(theirs, PHOTO, hole) + 0.7
    smooth = lacuna.fill(PHOTO, hole, "membrane", lines=False)
    assert decibels(ours, PHOTO, hole) > decibels(smooth, PHOTO, hole) + 0.3
    roughness = [np.abs(cv2.Laplacian(p[..., 1], cv2.CV_32F))[hole].mean() for p in (ours, smooth)]
    assert roughness[0] > 1.3 * roughness[1]


def test_in_a_wide_hole_each_pixel_is_the_mean_of_its_neighbours() -> None:
    hole = np.zeros(PHOTO.shape[:2], bool)
    hole[60:160, 80:220] = True
    deep = PHOTO.astype(np.uint16) * 257
    filled = lacuna.fill(deep, hole, "membrane").astype(float)
    means = (filled[:-2, 1:-1] + filled[2:, 1:-1] + filled[1:-1, :-2] + filled[1:-1, 2:]) / 4
    assert np.abs(means - filled[1:-1, 1:-1])[hole[1:-1, 1:-1]].max() <= 2  # of 65535: rounding
    assert np.abs(filled - lacuna.fill(deep, hole, "membrane", lines=False)).max() <= 4  # another crop, other rounding


def test_a_scratch_beside_a_wide_hole_still_carries_lines_on() -> None:
    hole = np.zeros(PHOTO.shape[:2], bool)
    hole[60:160, 80:220] = True
    scratch = np.zeros_like(hole)
    scratch[20:23, 30:270] = True
    both = lacuna.fill(PHOTO, hole | scratch, "membrane")
    assert not np.array_equal(both[scratch], lacuna.fill(PHOTO, hole | scratch, "membrane", lines=False)[scratch])
    assert decibels(both, PHOTO, scratch) == pytest.approx(
        decibels(lacuna.fill(PHOTO, scratch, "membrane"), PHOTO, scratch), abs=0.3
    )


@pytest.mark.parametrize("lines", [True, False])
@pytest.mark.parametrize("factor", [1e-6, 1.0, 300.0, 1e9])
def test_floats_are_filled_alike_whatever_their_range(lines: bool, factor: float) -> None:
    image = (PHOTO / np.float32(255)).astype(np.float32)
    hole = scratches(PHOTO.shape)
    backend: Any = registry.loaded("membrane", Runtime())

    def filled(scale: float) -> NDArray[Any]:
        work = FillWork(image * np.float32(scale), hole, white=scale)
        return np.asarray(backend.fill(work, backend.Params(lines=lines), Progress()).image) / scale

    assert np.abs(filled(factor) - filled(1.0))[hole].mean() < 1e-3


def test_sixteen_bits_are_not_filled_through_eight() -> None:
    ramp = np.repeat((np.arange(200, dtype=np.uint16) * 3 + 30000)[None, :, None], 60, axis=0)
    image = np.repeat(ramp, 3, axis=2)
    hole = np.zeros((60, 200), bool)
    hole[28:31] = True
    for lines, most in ((False, 4), (True, 30)):  # a step of 8 bits is 257
        assert np.abs(lacuna.fill(image, hole, "membrane", lines=lines)[hole].astype(int) - image[hole]).max() <= most


def test_grey_stays_grey_and_means_the_same_as_three_equal_channels() -> None:
    grey, hole = np.ascontiguousarray(PHOTO[..., 1]), scratches(PHOTO.shape)
    filled = lacuna.fill(grey, hole, "membrane")
    assert np.array_equal(np.repeat(filled[..., None], 3, 2), lacuna.fill(np.dstack([grey] * 3), hole, "membrane"))


@pytest.mark.parametrize("value", [0, 255, "noise"])
def test_what_stood_in_the_hole_does_not_matter(value: Any) -> None:
    hole = scratches(PHOTO.shape)
    other = PHOTO.copy()
    noise = np.random.default_rng(1).integers(0, 256, (int(hole.sum()), 3))
    other[hole] = noise if value == "noise" else value
    assert np.array_equal(lacuna.fill(other, hole, "membrane"), lacuna.fill(PHOTO, hole, "membrane"))


@settings(deadline=None, max_examples=40)
@given(height=st.integers(1, 40), width=st.integers(1, 40), seed=st.integers(0, 999), share=st.floats(0.01, 0.9))
def test_small_pictures_and_ragged_holes_are_filled_and_nothing_else_changes(
    height: int, width: int, seed: int, share: float
) -> None:
    hole = np.random.default_rng(seed).random((height, width)) < share
    if hole.all() or not hole.any():
        return
    image = np.ascontiguousarray(PHOTO[:height, :width])
    filled = lacuna.fill(image, hole, "membrane")
    assert np.array_equal(filled[~hole], image[~hole])
    assert np.array_equal(filled, lacuna.fill(image, hole, "membrane"))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_undefined_values_spread_nowhere(value: float) -> None:
    image = np.full((60, 60, 3), 0.5, np.float32)
    image[20:40, 18] = value
    hole = np.zeros((60, 60), bool)
    hole[20:40, 20:40] = True
    assert np.abs(lacuna.fill(image, hole, "membrane")[hole] - 0.5).max() < 1e-3


def test_a_cancel_is_heard_in_both_parts() -> None:
    backend: Any = registry.loaded("membrane", Runtime())
    work = FillWork(PHOTO, scratches(PHOTO.shape), white=255.0)
    heard: list[float] = []
    backend.fill(work, backend.Params(), Progress(lambda fraction, stage: heard.append(fraction)))
    for stop_at in (heard[0], heard[len(heard) // 2]):
        progress = Progress()
        progress.connect(
            lambda fraction, stage, p=progress, at=stop_at: p.cancel() if fraction >= at else None,  # type: ignore[misc]
            lambda region, pixels: None,
        )
        with pytest.raises(Cancelled):
            backend.fill(work, backend.Params(), progress)
