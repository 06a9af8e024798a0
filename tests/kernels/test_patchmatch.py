"""The kernels of patch completion against slow twins in numpy, on small pictures."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.backends.patch_levels import PATCH, Level, level_of
from lacuna.kernels import patch_votes, patchmatch
from tests.pictures import lion

NOTHING = np.zeros(0, np.int32)


def picture(height: int = 48, width: int = 61) -> NDArray[np.uint8]:
    """A small crop of the lion with a fourth byte of noise."""
    fourth = np.random.default_rng(1).integers(0, 256, (height, width, 1), np.uint8)
    return np.concatenate([lion()[200 : 200 + height, 300 : 300 + width], fourth], axis=2)


def made(height: int = 48, width: int = 61) -> Level:
    """A level with a hole that also touches the border, and any field."""
    hole = np.zeros((height, width), bool)
    hole[14:30, 20:35] = True
    hole[40:, 50:] = True
    level = level_of(cv2, picture(height, width), hole, ~hole)
    assert level is not None
    level.field[level.targets] = np.random.default_rng(2).choice(np.flatnonzero(level.allowed), level.targets.size)
    return level


def patch(level: Level, place: int) -> NDArray[np.int64]:
    y, x = divmod(int(place), level.width)
    return level.picture.reshape(level.height, level.width, 4)[y : y + PATCH, x : x + PATCH].astype(np.int64)


def distance(level: Level, target: int, source: int) -> int:
    return int(((patch(level, target) - patch(level, source)) ** 2).sum())


def search(level: Level, seed: int = 0, *, backward: bool = False, offsets: Any = NOTHING) -> Any:
    """One round over all targets; the costs it says."""
    costs = np.zeros(level.targets.size, np.int32)
    patchmatch.search(
        level.picture, level.width, level.allowed, level.targets, 0, level.targets.size, level.field, level.field,
        costs, offsets, backward, 64, seed,
    )  # fmt: skip
    return costs


def test_targets_are_all_patches_that_touch_the_hole_and_sources_all_that_do_not():
    level = made()
    hole = level.hole.reshape(level.height, level.width).astype(bool)
    places = range((level.height - PATCH + 1) * level.width)
    corners = [p for p in places if p % level.width <= level.width - PATCH]
    touching = {p for p in corners if hole[p // level.width :, p % level.width :][:PATCH, :PATCH].any()}
    assert set(level.targets.tolist()) == touching
    assert set(np.flatnonzero(level.allowed).tolist()) == set(corners) - touching


@pytest.mark.parametrize("backward", [False, True])
def test_costs_are_the_distances_of_numpy(backward: bool):
    level = made()
    costs = search(level, backward=backward)
    assert costs.tolist() == [distance(level, t, level.field[t]) for t in level.targets]


def test_the_greatest_distance_fits():
    black = np.zeros((PATCH, 2 * PATCH, 4), np.uint8)
    black[:, PATCH:] = 255
    hole = np.zeros(black.shape[:2], bool)
    hole[:, :PATCH] = True
    level = level_of(cv2, black, hole, ~hole)
    assert level is not None
    level.field[level.targets] = PATCH
    costs = search(level)
    assert costs[0] == 255**2 * 4 * PATCH**2


def test_a_round_makes_no_match_worse_and_many_better():
    level = made()
    before = [distance(level, t, level.field[t]) for t in level.targets]
    costs = search(level)
    assert (costs <= before).all()
    assert costs.mean() < 0.7 * np.mean(before)
    assert (level.allowed[level.field[level.targets]] == 1).all()


def test_rounds_come_near_the_best_match_of_all():
    level = made()
    for number in range(8):
        costs = search(level, number, backward=number % 2 == 1)
    sources = np.flatnonzero(level.allowed)
    best = [min(distance(level, t, s) for s in sources) for t in level.targets[::7]]
    assert costs[::7].mean() < 1.1 * np.mean(best)


def test_the_order_of_bands_does_not_matter():
    one, other = made(), made()
    parts = [(0, 100), (100, 250), (250, one.targets.size)]
    for level, order in ((one, parts), (other, parts[::-1])):
        costs = np.zeros(level.targets.size, np.int32)
        before = level.field.copy()
        for begin, end in order:
            patchmatch.search(
                level.picture, level.width, level.allowed, level.targets, begin, end, level.field, before, costs,
                NOTHING, False, 64, begin,
            )  # fmt: skip
    assert np.array_equal(one.field, other.field)


def test_offsets_given_are_tried():
    level = made()
    tile = picture(8, 9)
    tiled = np.tile(tile, (6, 7, 1))[: level.height, : level.width]
    level.picture[:] = tiled.reshape(-1)
    for number in range(12):
        costs = search(level, number, offsets=np.array([9 * 3, -9 * 3, 8 * 3 * level.width], np.int32))
    assert (costs == 0).mean() > 0.9


def test_votes_are_the_weighted_averages_of_numpy():
    level = made()
    weights = np.random.default_rng(3).random(level.targets.size).astype(np.float32) + np.float32(0.1)
    sums = np.zeros((level.height, level.width, 4))
    totals = np.zeros((level.height, level.width, 1))
    for weight, target in zip(weights, level.targets, strict=True):
        y, x = divmod(int(target), level.width)
        sums[y : y + PATCH, x : x + PATCH] += weight * patch(level, level.field[target])
        totals[y : y + PATCH, x : x + PATCH] += weight
    known = level.picture.reshape(-1, 4)[level.hole == 0].copy()
    y0, x0, y1, x1 = level.box
    for top, bottom in ((y0, y0 + 5), (y0 + 5, y1 - 1), (y1 - 1, y1)):
        patch_votes.vote(
            level.picture, level.width, level.hole, level.targets, level.rows, level.field, weights, top, bottom, x0, x1
        )
    now = level.picture.reshape(-1, 4)
    expected = (sums / np.maximum(totals, 1e-9)).reshape(-1, 4)
    assert np.abs(now[level.holes] - expected[level.holes]).max() <= 0.51
    assert np.array_equal(now[level.hole == 0], known)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_last_votes_are_taken_in_the_depth_of_the_picture(dtype: Any):
    level = made()
    image = (picture()[..., :3].astype(np.float64) / 255 * (1 if dtype is np.float32 else np.iinfo(dtype).max)).astype(
        dtype
    )
    weights = np.random.default_rng(3).random(level.targets.size).astype(np.float32) + np.float32(0.1)
    numbers = np.full(level.hole.size, -1, np.int32)
    numbers[level.targets] = np.arange(level.targets.size)
    values = np.zeros((level.holes.size, 3), np.float32)
    places = np.zeros((level.holes.size, 2), np.int32)
    patch_votes.collect(image, level.holes, 0, level.holes.size, numbers, level.field, weights, values, places)
    for index in range(0, level.holes.size, 37):
        y, x = divmod(int(level.holes[index]), level.width)
        votes = []
        for number, target in enumerate(level.targets):
            ty, tx = divmod(int(target), level.width)
            if 0 <= y - ty < PATCH and 0 <= x - tx < PATCH:
                sy, sx = divmod(int(level.field[target]), level.width)
                votes.append((weights[number], sy + y - ty, sx + x - tx))
        total = sum(vote[0] for vote in votes)
        average = sum(weight * image[sy, sx].astype(np.float64) for weight, sy, sx in votes) / total
        assert np.allclose(values[index], average, rtol=1e-4)
        assert tuple(places[index]) == max(votes)[1:]


def test_the_smooth_fill_continues_a_slope():
    slope = np.repeat((np.arange(40, dtype=np.uint8) * 5)[None, :, None], 30, axis=0).repeat(4, axis=2)
    hole = np.zeros((30, 40), bool)
    hole[8:20, 10:25] = True
    level = level_of(cv2, np.where(hole[..., None], 0, slope).astype(np.uint8), hole, ~hole)
    assert level is not None
    values = level.picture.astype(np.float32)
    patch_votes.relax(level.picture, level.width, level.holes, level.hole, values, 200)
    assert np.abs(level.picture.reshape(30, 40, 4).astype(int) - slope).max() <= 1
