"""Canny's edges are those that EdgeConnect was trained on, to the pixel."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.networks.published import Numbers, cases

from lacuna.imaging.edges import canny, gradient, grey_values, smoothed

CANNY = "edgeconnect/canny"
MAPS = [name for name in Numbers(CANNY).names() if name.startswith("canny")]
PICTURES = [case for case in cases("edgeconnect/c*x*_*") if not case.endswith("_layers")]


@pytest.mark.parametrize("name", MAPS)
def test_every_published_map_of_edges_is_found_to_the_pixel(name: str) -> None:
    arrays = Numbers(CANNY).arrays
    kind, sigma, mask = name.split(".")
    grey = grey_values(arrays["image_u8"] / 255)
    if kind == "canny_f32in":
        grey = grey.astype(np.float32)
    known = None if mask == "none" else arrays[f"known.{mask}"]
    assert np.array_equal(canny(grey, known, float(sigma[1:])), arrays[name])


@pytest.mark.parametrize("case", PICTURES)
def test_grey_values_and_edges_of_a_picture_are_what_the_networks_are_given(case: str) -> None:
    arrays = Numbers(case).arrays
    grey = grey_values(arrays["image_u8"] / 255)
    assert np.array_equal(grey.astype(np.float32), arrays["gray"][0, 0])
    assert np.array_equal(canny(grey), arrays["canny_full"])
    assert np.array_equal(canny(grey, arrays["mask_u8"] == 0), arrays["canny_known"][0, 0])


def test_the_steps_before_the_ridges_are_the_published_ones() -> None:
    numbers = Numbers(CANNY)
    blurred = smoothed(grey_values(numbers.arrays["image_u8"] / 255), numbers.arrays["known.free"], 2.0)
    down, right = gradient(blurred)
    for name, ours in (("smoothed", blurred), ("sobel_rows", down), ("sobel_cols", right)):
        assert numbers.farthest(f"{name}.s2.free", torch.from_numpy(ours)) < 1e-12


@given(st.integers(0, 1 << 30))
def test_what_lies_in_the_hole_is_not_seen(seed: int) -> None:
    random = np.random.default_rng(seed)
    grey = random.random((24, 31))
    known = random.random(grey.shape) < 0.9
    known[5:12, 7:20] = False
    edges = canny(grey, known, 1.0)
    assert not edges[~known].any()
    assert np.array_equal(edges, canny(np.where(known, grey, np.nan), known, 1.0))


def test_a_step_gives_a_line_one_pixel_thin_and_an_even_picture_none() -> None:
    step = np.zeros((40, 40))
    step[:, 20], step[:, 21:] = 0.5, 1
    edges = canny(step)
    assert np.array_equal(edges[1:-1], np.tile(np.arange(40) == 20, (38, 1)))
    assert not canny(np.full((40, 40), 0.7)).any()
    assert not canny(step, np.zeros(step.shape, bool)).any()


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (9, 2), (3, 3)])
def test_the_smallest_pictures_have_a_map_as_well(shape: tuple[int, int]) -> None:
    assert canny(np.random.default_rng(0).random(shape)).shape == shape
