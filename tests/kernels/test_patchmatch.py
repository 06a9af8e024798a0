"""The kernels of patch completion against slow twins in numpy, on small pictures."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.backends.patch_levels import PATCH, Level, level_of
from lacuna.kernels import patch_distance, patch_votes, patchmatch
from tests.pictures import lion

NOTHING = np.zeros(0, np.int32)
SHIFT = 64 * 12  # colours may shift by 12 levels


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
    sum_up(level)
    return level


def sum_up(level: Level) -> None:
    corners = [p for p in range((level.height - PATCH + 1) * level.width) if p % level.width <= level.width - PATCH]
    places = np.array(corners, np.int32)
    patch_distance.sum_up(level.picture, level.width, places, 0, places.size, level.sums)


def patch(level: Level, place: int) -> NDArray[np.int64]:
    y, x = divmod(int(place), level.width)
    return level.picture.reshape(level.height, level.width, 4)[y : y + PATCH, x : x + PATCH].astype(np.int64)


def bias(level: Level, target: int, source: int, shift: int = SHIFT) -> NDArray[np.int64]:
    """By how much the sums of a target exceed those of a source, within the limit; four channels, the last has none."""
    difference = (patch(level, target) - patch(level, source)).sum(axis=(0, 1))
    return np.clip(difference, -shift, shift) * [1, 1, 1, 0]


def distance(level: Level, target: int, source: int, shift: int = SHIFT) -> int:
    """The squared differences that are left once the source is shifted; a quarter of what that saves is lost again."""
    difference = patch(level, target) - patch(level, source)
    by = bias(level, target, source, shift)
    saved = (2 * difference.sum(axis=(0, 1)) - by - np.trunc(by / 4).astype(np.int64)) * by >> 6
    return int((difference**2).sum() - saved.sum())


def search(
    level: Level, seed: int = 0, *, shift: int = SHIFT, backward: bool = False, offsets: Any = NOTHING
) -> NDArray[np.int32]:
    """One round over all targets; the costs it says."""
    costs = np.zeros(level.targets.size, np.int32)
    patchmatch.search(
        level.picture, level.sums, shift, level.width, level.allowed, level.targets, 0, level.targets.size,
        level.field, level.field, costs, offsets, backward, 64, 0, seed,
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
@pytest.mark.parametrize("shift", [0, SHIFT, 64 * 100])
def test_costs_are_the_distances_of_numpy(backward: bool, shift: int):
    level = made()
    costs = search(level, backward=backward, shift=shift)
    assert costs.tolist() == [distance(level, t, level.field[t], shift) for t in level.targets]


def test_sums_are_those_of_each_channel_of_a_patch():
    level = made()
    for place in (0, 5, level.width + 3, level.targets[0], level.targets[-1]):
        assert level.sums[4 * place : 4 * place + 4].tolist() == patch(level, place).sum(axis=(0, 1)).tolist()


def test_the_greatest_distance_fits():
    black = np.zeros((PATCH, 2 * PATCH, 4), np.uint8)
    black[:, PATCH:] = 255
    hole = np.zeros(black.shape[:2], bool)
    hole[:, :PATCH] = True
    level = level_of(cv2, black, hole, ~hole)
    assert level is not None
    level.field[level.targets] = PATCH
    sum_up(level)
    costs = search(level, shift=0)
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
                level.picture, level.sums, SHIFT, level.width, level.allowed, level.targets, begin, end,
                level.field, before, costs, NOTHING, False, 64, 0, begin,
            )  # fmt: skip
    assert np.array_equal(one.field, other.field)


def test_matches_lie_apart_where_that_is_asked():
    level = made()
    places = np.flatnonzero(level.allowed).astype(np.int32)
    field, costs = np.full(level.hole.size, -1, np.int32), np.zeros(places.size, np.int32)
    field[places] = places[::-1]
    start = field.copy()
    for number in range(6):
        patchmatch.search(
            level.picture, level.sums, SHIFT, level.width, level.allowed, places, 0, places.size,
            field, field, costs, NOTHING, number % 2 == 1, 64, 9, number,
        )  # fmt: skip
    rows = np.abs(field[places] // level.width - places // level.width)
    columns = np.abs(field[places] % level.width - places % level.width)
    moved = field[places] != start[places]
    assert moved.mean() > 0.9
    assert ((rows >= 9) | (columns >= 9))[moved].all()


def test_offsets_given_are_tried():
    level = made()
    tile = picture(8, 9)
    tiled = np.tile(tile, (6, 7, 1))[: level.height, : level.width]
    level.picture[:] = tiled.reshape(-1)
    sum_up(level)
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
        source = level.field[target]
        shifted = patch(level, source) + bias(level, target, source) / 64
        sums[y : y + PATCH, x : x + PATCH] += weight * shifted
        totals[y : y + PATCH, x : x + PATCH] += weight
    known = level.picture.reshape(-1, 4)[level.hole == 0].copy()
    y0, x0, y1, x1 = level.box
    for top, bottom in ((y0, y0 + 5), (y0 + 5, y1 - 1), (y1 - 1, y1)):
        patch_votes.vote(
            level.picture, level.sums, SHIFT, level.width, level.hole, level.targets, level.rows, level.field,
            weights, top, bottom, x0, x1,
        )  # fmt: skip
    now = level.picture.reshape(-1, 4)
    expected = np.clip(sums / np.maximum(totals, 1e-9), 0, 255).reshape(-1, 4)
    assert np.abs(now[level.holes] - expected[level.holes]).max() <= 0.51
    assert np.array_equal(now[level.hole == 0], known)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_last_votes_are_taken_in_the_depth_of_the_picture(dtype: Any):
    level = made()
    white = 1.0 if dtype is np.float32 else float(np.iinfo(dtype).max)
    image = (picture()[..., :3] / 255.0 * white).astype(dtype)
    weights = np.random.default_rng(3).random(level.targets.size).astype(np.float32) + np.float32(0.1)
    numbers = np.full(level.hole.size, -1, np.int32)
    numbers[level.targets] = np.arange(level.targets.size)
    values = np.zeros((level.holes.size, 3), np.float32)
    places = np.zeros((level.holes.size, 2), np.int32)
    patch_votes.collect(
        image, level.sums, SHIFT, white / 255, level.holes, 0, level.holes.size, numbers, level.field, weights,
        values, places,
    )  # fmt: skip
    for index in range(0, level.holes.size, 37):
        y, x = divmod(int(level.holes[index]), level.width)
        votes = []
        for number, target in enumerate(level.targets):
            ty, tx = divmod(int(target), level.width)
            if 0 <= y - ty < PATCH and 0 <= x - tx < PATCH:
                sy, sx = divmod(int(level.field[target]), level.width)
                by = bias(level, target, level.field[target])[:3] / 64 * white / 255
                votes.append((weights[number], sy + y - ty, sx + x - tx, by))
        total = sum(vote[0] for vote in votes)
        average = sum(weight * (image[sy, sx] + by) for weight, sy, sx, by in votes) / total
        assert np.allclose(values[index], average, rtol=1e-4, atol=1e-4 * white)
        assert tuple(places[index]) == max(votes, key=lambda vote: vote[0])[1:3]


def relaxed(known: NDArray[np.float32], hole: NDArray[np.bool_], leak: float) -> NDArray[np.float32]:
    values = np.where(hole[..., None], 0, known).astype(np.float32)
    holes = np.flatnonzero(hole).astype(np.int32)
    flat = values.reshape(-1)
    patch_votes.relax(flat, hole.shape[1], hole.view(np.uint8).reshape(-1), holes, leak, 200)
    return flat.reshape(known.shape)


def test_relaxing_continues_a_slope():
    slope = np.repeat(np.arange(40, dtype=np.float32)[None, :, None] * 5, 30, axis=0).repeat(4, axis=2)
    hole = np.zeros((30, 40), bool)
    hole[8:20, 10:25] = True
    hole[8:20, :3] = True
    result = relaxed(slope, hole, 0.0)
    assert np.abs(result - slope)[8:20, 10:25].max() < 0.1
    assert np.array_equal(result[~hole], slope[~hole])


def test_with_a_leak_the_middle_of_a_wide_hole_is_left_alone():
    known = np.full((60, 60, 4), 100, np.float32)
    hole = np.zeros((60, 60), bool)
    hole[10:50, 10:50] = True
    result = relaxed(known, hole, 0.05)
    assert result[30, 30].max() < 5
    assert result[30, 10].min() > 60
