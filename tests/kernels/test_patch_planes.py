"""Votes through a rectified view: without a slant those of the plain kernel, with one the place that geometry names."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.kernels import patch_planes, patch_votes

HEIGHT, WIDTH = 40, 48


def field_of(random: np.random.Generator) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Targets that cover a hole of 10 x 10, and a field with a source for each."""
    y, x = np.mgrid[13:30, 13:30]
    targets = (y * WIDTH + x).reshape(-1).astype(np.int32)
    field = np.full(HEIGHT * WIDTH, -1, np.int32)
    sources = random.integers(0, [HEIGHT - 8, WIDTH - 8], (targets.size, 2))
    field[targets] = sources[:, 0] * WIDTH + sources[:, 1]
    return targets, field


def collected(
    image: NDArray[np.float32], back: NDArray[np.float64], random: np.random.Generator
) -> tuple[tuple[NDArray[np.float32], NDArray[np.int32]], tuple[NDArray[np.float32], NDArray[np.int32]]]:
    """What the kernel through a view makes of ten by ten pixels, and what the plain one does."""
    targets, field = field_of(random)
    numbers = np.full(HEIGHT * WIDTH, -1, np.int32)
    numbers[targets] = np.arange(targets.size)
    sums = random.integers(0, 255 * 64, 4 * HEIGHT * WIDTH).astype(np.int16)
    weights = random.random(targets.size).astype(np.float32)
    y, x = np.mgrid[20:30, 20:30]
    pixels = (y * WIDTH + x).reshape(-1).astype(np.int32)
    results = []
    for through in (True, False):
        values, places = np.zeros((pixels.size, 3), np.float32), np.zeros((pixels.size, 2), np.int32)
        rest = (sums, 640, 0.5, pixels, 0, pixels.size, numbers, field, weights, values, places)
        if through:
            patch_planes.collect((image,), back, np.linalg.inv(back), WIDTH, *rest)
        else:
            patch_votes.collect(image, *rest)
        results.append((values, places))
    return results[0], results[1]


def test_without_a_slant_the_votes_are_those_of_the_plain_kernel():
    random = np.random.default_rng(0)
    image = random.random((HEIGHT, WIDTH, 3)).astype(np.float32) * 255
    through, plain = collected(image, np.eye(3), random)
    assert np.abs(through[0] - plain[0]).max() < 0.01
    assert np.array_equal(through[1], plain[1])


def test_a_view_at_a_slant_copies_from_the_place_that_it_names():
    random = np.random.default_rng(1)
    targets, field = field_of(random)
    field[targets] = targets + 3 * WIDTH - 9  # 3 rows below, 9 columns to the left from the front
    numbers = np.full(HEIGHT * WIDTH, -1, np.int32)
    numbers[targets] = np.arange(targets.size)
    back = np.array([[1.1, 0.1, 2.0], [-0.05, 0.9, 3.0], [0.002, 0.004, 1.0]])
    there = np.linalg.inv(back)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    image = np.stack([2 * x, 3 * y, x + y], axis=2)  # a ramp, so that a colour says where it is from
    at = np.array([22, 24])  # x, y
    pixels = np.array([at[1] * WIDTH + at[0]], np.int32)
    values, places = np.zeros((1, 3), np.float32), np.zeros((1, 2), np.int32)
    sums, weights = np.zeros(4 * HEIGHT * WIDTH, np.int16), np.ones(targets.size, np.float32)
    patch_planes.collect(
        (image,), back, there, WIDTH, sums, 0, 1.0, pixels, 0, 1, numbers, field, weights, values, places
    )
    front = there @ [*at, 1.0]
    source = back @ (front / front[2] + [-9, 3, 0])
    source = source[:2] / source[2]
    assert values[0, :2] == pytest.approx([2 * source[0], 3 * source[1]], abs=0.01)
    assert places[0].tolist() == np.rint(source[::-1]).astype(int).tolist()


def test_a_pixel_for_which_no_patch_votes_is_told_apart():
    values, places = np.zeros((1, 3), np.float32), np.zeros((1, 2), np.int32)
    nothing = np.full(HEIGHT * WIDTH, -1, np.int32)
    image = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    sums, weights, pixels = np.zeros(4 * HEIGHT * WIDTH, np.int16), np.ones(1, np.float32), np.array([500], np.int32)
    patch_planes.collect(
        (image,), np.eye(3), np.eye(3), WIDTH, sums, 0, 1.0, pixels, 0, 1, nothing, nothing, weights, values, places
    )
    assert places.tolist() == [[-1, -1]]


def test_sampling_meets_whole_pixels_and_follows_a_parabola_between_them():
    y, x = np.mgrid[:9, :9].astype(np.float32)
    image = np.stack([x**2, y**2, x + y], axis=2)
    colour = np.zeros(3, np.float32)
    for at in ((4.0, 3.0), (4.25, 3.5), (2.9, 5.1)):
        patch_planes.sample(image, *at, colour)
        assert colour == pytest.approx([at[0] ** 2, at[1] ** 2, at[0] + at[1]], abs=1e-3)
    patch_planes.sample(image, -3.0, 20.0, colour)
    assert colour == pytest.approx(image[8, 0])
