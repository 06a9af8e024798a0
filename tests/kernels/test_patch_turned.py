"""The kernels of turned patches against slow twins in numpy, and against the plain ones where nothing is turned."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.backends.patch_fields import numbers_of
from lacuna.backends.patch_levels import PATCH
from lacuna.backends.patch_turns import Freedom, room_of, turns_of
from lacuna.kernels import patch_turned, patch_votes
from tests.kernels.test_patchmatch import NOTHING, SHIFT, distance, made, patch, picture

ROUNDING = 40  # of costs: a quarter of a shift of 12 levels in three channels is cut to a whole number
FREE = Freedom(rotate=180, scale=1.4, mirror=True)


class Turned:
    """A level whose targets have any source and any turn that fits."""

    def __init__(self, freedom: Freedom, seed: int = 2) -> None:
        self.level, random = made(), np.random.default_rng(seed)
        self.turns = turns_of(freedom, self.level.width, SHIFT)
        self.room = room_of(cv2, self.level)
        self.turned = np.zeros(self.level.hole.size, np.int16)
        for target in self.level.targets:
            turn = random.integers(self.turns.need.size)
            self.turned[target] = turn
            self.level.field[target] = random.choice(np.flatnonzero(self.room >= self.turns.need[turn]))

    def search(self, seed: int = 0, *, backward: bool = False, offsets: Any = NOTHING) -> NDArray[np.int32]:
        """One round over all targets; the costs it says."""
        level, costs = self.level, np.zeros(self.level.targets.size, np.int32)
        patch_turned.search(
            level.picture, level.width, self.room, self.turns, level.targets, 0, level.targets.size,
            level.field, self.turned, level.field, self.turned, costs, offsets, backward, 64, seed,
        )  # fmt: skip
        return costs

    def sample(self, target: int) -> NDArray[np.int64]:
        """(8, 8, 4): the source of a target as it is turned, pixel by pixel."""
        level, middle = self.level, (PATCH - 1) / 2
        (y, x), matrix = divmod(int(level.field[target]), level.width), self.turns.matrices[self.turned[target]]
        pixels = level.picture.reshape(level.height, level.width, 4).astype(np.int64)
        found = np.zeros((PATCH, PATCH, 4), np.int64)
        for i in range(PATCH):
            for j in range(PATCH):
                v, u = matrix.reshape(2, 2) @ [i - middle, j - middle] + middle
                found[i, j] = pixels[y + int(np.floor(v + 0.5 - 1e-9)), x + int(np.floor(u + 0.5 - 1e-9))]
        return found

    def bent(self, target: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Gain of each channel, and what is added then."""
        wanted, found = patch(self.level, target), self.sample(target)
        gain = np.ones(4)
        if self.turns.strongest > 1:
            ratio = wanted.std(axis=(0, 1)) / np.maximum(found.std(axis=(0, 1)), 1e-9)
            gain = np.where(found.var(axis=(0, 1)) > 1, np.clip(ratio, self.turns.weakest, self.turns.strongest), 1)
        gain[3] = 1
        by = np.clip((wanted - found).sum(axis=(0, 1)), -SHIFT, SHIFT) * [1, 1, 1, 0] / PATCH**2
        return gain, by + (1 - gain) * found.mean(axis=(0, 1))

    def distance(self, target: int) -> float:
        """The squared differences that are left once the source is bent; a quarter of what each step saves is lost."""
        difference = patch(self.level, target) - self.sample(target)
        left = float((difference**2).sum())
        by = np.clip(difference.sum(axis=(0, 1)), -SHIFT, SHIFT) * [1, 1, 1, 0] / PATCH**2
        saved = (difference**2).sum(axis=(0, 1)) - ((difference - by) ** 2).sum(axis=(0, 1))
        left -= float((saved - by**2 * PATCH**2 / 4).sum())
        gain, _ = self.bent(target)
        source, wanted = self.sample(target), patch(self.level, target)
        source, wanted = source - source.mean(axis=(0, 1)), wanted - wanted.mean(axis=(0, 1))
        saved = ((wanted - source) ** 2).sum(axis=(0, 1)) - ((wanted - gain * source) ** 2).sum(axis=(0, 1))
        return left - float(np.where(saved > 0, 0.75 * saved, saved).sum())


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("freedom", [Freedom(rotate=30), FREE, Freedom(contrast=1.5), Freedom(10, 1.2, True, 1.3)])
def test_costs_are_the_distances_of_numpy(freedom: Freedom, backward: bool):
    turned = Turned(freedom)
    costs = turned.search(backward=backward)
    for number in range(0, costs.size, 11):
        assert costs[number] == pytest.approx(turned.distance(turned.level.targets[number]), abs=ROUNDING)


def test_without_a_turn_costs_are_those_of_plain_patches():
    turned = Turned(Freedom())
    costs = turned.search()
    assert costs.tolist() == [distance(turned.level, t, turned.level.field[t]) for t in turned.level.targets]


@pytest.mark.parametrize("freedom", [Freedom(rotate=180), Freedom(mirror=True), Freedom(scale=2.0), FREE])
def test_the_first_turn_is_none_and_all_are_different(freedom: Freedom):
    matrices = freedom.matrices()
    assert np.array_equal(matrices[0], np.eye(2))
    flat = np.round(matrices.reshape(-1, 4), 6)
    assert len(np.unique(flat, axis=0)) == len(flat)
    assert (np.linalg.det(matrices) < 0).any() == freedom.mirror
    assert np.abs(np.linalg.det(matrices)).max() == pytest.approx(freedom.scale**2)
    assert np.abs(np.linalg.det(matrices)).min() == pytest.approx(freedom.scale**-2)


def test_quarter_turns_and_mirrored_patches_take_each_pixel_once():
    turns = turns_of(Freedom(rotate=180, mirror=True), 61, SHIFT)
    places = {4 * (y * 61 + x) for y in range(PATCH) for x in range(PATCH)}
    whole = [set(turns.offsets[64 * t : 64 * t + 64].tolist()) == places for t in range(turns.need.size)]
    assert sum(whole) == 8
    assert (turns.need[whole] == 1).all()


@pytest.mark.parametrize("freedom", [Freedom(rotate=45), FREE])
def test_whatever_is_sampled_is_known_and_allowed(freedom: Freedom):
    turned = Turned(freedom)
    level = turned.level
    for number in range(4):
        turned.search(number, backward=number % 2 == 1)
    allowed = np.zeros(level.hole.size, bool)  # all that lies in some source
    for place in np.flatnonzero(level.allowed):
        for row in range(PATCH):
            allowed[place + row * level.width : place + row * level.width + PATCH] = True
    turn = turned.turned[level.targets].astype(int)
    sampled = level.field[level.targets][:, None] + turned.turns.offsets.reshape(-1, 64)[turn] // 4
    assert allowed[sampled].all()
    assert not level.hole[sampled].any()
    assert (turn > 0).mean() > 0.2


def test_a_round_makes_no_match_worse_and_many_better():
    turned = Turned(FREE)
    before = np.array([turned.distance(t) for t in turned.level.targets])
    costs = turned.search()
    assert (costs <= before + ROUNDING).all()
    assert costs.mean() < 0.7 * before.mean()


def test_the_order_of_bands_does_not_matter():
    one, other = Turned(FREE), Turned(FREE)
    parts = [(0, 100), (100, 250), (250, one.level.targets.size)]
    for turned, order in ((one, parts), (other, parts[::-1])):
        level, costs = turned.level, np.zeros(turned.level.targets.size, np.int32)
        before, turned_before = level.field.copy(), turned.turned.copy()
        for begin, end in order:
            patch_turned.search(
                level.picture, level.width, turned.room, turned.turns, level.targets, begin, end,
                level.field, turned.turned, before, turned_before, costs, NOTHING, False, 64, begin,
            )  # fmt: skip
    assert np.array_equal(one.level.field, other.level.field)
    assert np.array_equal(one.turned, other.turned)


@pytest.mark.parametrize("degrees", [30, 90, -40])
def test_a_match_is_followed_along_its_turn_without_drift(degrees: int):
    side, middle = 200, (PATCH - 1) / 2
    turns = turns_of(Freedom(rotate=180), side, 0)
    turn = int(np.argmin(np.abs(np.degrees(np.arctan2(turns.matrices[:, 1], turns.matrices[:, 0])) - degrees)))
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 4), np.uint8)
    image = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX)

    def source_of(points: NDArray[Any]) -> NDArray[Any]:
        """Where the points of the copy, (n, 2), come from."""
        return (points - 40.0) @ turns.matrices[turn].reshape(2, 2).T + [130, 100]

    copy = np.stack(np.mgrid[20:61, 20:61], axis=-1)
    came_from = source_of(copy).astype(np.float32)
    image[20:61, 20:61] = cv2.remap(image, came_from[..., 1], came_from[..., 0], cv2.INTER_LINEAR)
    targets = np.ravel_multi_index(tuple(np.mgrid[20:54, 20:54]), (side, side)).reshape(-1).astype(np.int32)
    expected = source_of(np.stack(np.divmod(targets, side), axis=1) + middle) - middle
    field, kinds = np.full(side * side, -1, np.int32), np.zeros(side * side, np.int16)
    field[targets] = 130 * side + 10
    field[targets[0]] = np.rint(expected[0]) @ [side, 1]  # one knows the turn: it must be enough for all
    kinds[targets[0]] = turn
    room = np.zeros((side, side), np.uint8)
    room[80:190, 10:185] = 9
    patch_turned.search(
        image.reshape(-1), side, room.reshape(-1), turns, targets, 0, targets.size, field, kinds, field, kinds,
        np.zeros(targets.size, np.int32), NOTHING, False, 0, 1,
    )  # fmt: skip
    assert (kinds[targets] == turn).all()
    assert np.abs(np.stack(np.divmod(field[targets], side), axis=1) - expected).max() <= 1.5


def test_votes_are_the_weighted_averages_of_numpy():
    turned = Turned(Freedom(90, 1.3, True, 1.4))
    level = turned.level
    weights = np.random.default_rng(3).random(level.targets.size).astype(np.float32) + np.float32(0.1)
    sums, totals = np.zeros((level.height, level.width, 4)), np.zeros((level.height, level.width, 1))
    for weight, target in zip(weights, level.targets, strict=True):
        y, x = divmod(int(target), level.width)
        gain, shift = turned.bent(target)
        sums[y : y + PATCH, x : x + PATCH] += weight * (gain * turned.sample(target) + shift)
        totals[y : y + PATCH, x : x + PATCH] += weight
    gains, shifts = bent(turned)
    y0, x0, y1, x1 = level.box
    for top, bottom in ((y0, y0 + 5), (y0 + 5, y1)):
        patch_turned.vote(
            level.picture, level.width, level.hole, level.targets, level.rows, level.field, turned.turned,
            turned.turns.offsets, gains, shifts, weights, top, bottom, x0, x1,
        )  # fmt: skip
    expected = np.clip(sums / np.maximum(totals, 1e-9), 0, 255).reshape(-1, 4)
    assert np.abs(level.picture.reshape(-1, 4)[level.holes] - expected[level.holes]).max() <= 0.51


def test_without_a_turn_the_last_votes_are_those_of_plain_patches():
    turned = Turned(Freedom())
    level = turned.level
    image = picture()[..., :3].astype(np.uint16) * 257
    weights = np.random.default_rng(3).random(level.targets.size).astype(np.float32) + np.float32(0.1)
    numbers = numbers_of(level)
    made_of: list[Any] = []
    for kernel in ("plain", "turned"):
        values = np.zeros((level.holes.size, 3), np.float32)
        places = np.zeros((level.holes.size, 2), np.int32)
        if kernel == "plain":
            patch_votes.collect(
                image, level.sums, SHIFT, 257.0, level.holes, 0, level.holes.size, numbers, level.field, weights,
                values, places,
            )  # fmt: skip
        else:
            gains, shifts = bent(turned)
            patch_turned.collect(
                image, 500.0, 257.0, level.holes, 0, level.holes.size, numbers, level.field, turned.turned,
                turned.turns.offsets, gains, shifts, weights, values, places,
            )  # fmt: skip
        made_of.append((values, places))
    assert np.allclose(made_of[0][0], made_of[1][0], rtol=1e-4)
    assert np.array_equal(made_of[0][1], made_of[1][1])


def bent(turned: Turned) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    level = turned.level
    gains, shifts = (np.zeros((level.targets.size, 4), np.float32) for _ in range(2))
    patch_turned.bend(
        level.picture, level.width, turned.turns, level.targets, 0, level.targets.size,
        level.field, turned.turned, gains, shifts,
    )  # fmt: skip
    return gains, shifts
