"""The kernel against a slow twin, and what it is for: lines and texture run on across thin marks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.contract.progress import Cancelled
from lacuna.imaging.photo import Hole
from lacuna.kernels import block_votes, poisson, sparse_dct
from lacuna.kernels.block_votes import SIDE
from lacuna.kernels.sparse_dct import STRIDE
from tests.pictures import lion


def matrix() -> NDArray[np.float64]:
    k, n = np.mgrid[:SIDE, :SIDE]
    rows = np.sqrt(2 / SIDE) * np.cos(np.pi * (2 * n + 1) * k / (2 * SIDE))
    rows[0] /= np.sqrt(2)
    return np.asarray(rows)


def twin(plane: NDArray[Any], hole: Hole) -> NDArray[np.float64]:
    """`continue_across` block by block in plain numpy, in double precision."""
    cosines, window = matrix(), np.outer(np.kaiser(SIDE, 2), np.kaiser(SIDE, 2))
    rise = 1 + np.hypot(*np.mgrid[:SIDE, :SIDE]) / SIDE
    values, unknown = np.pad(plane.astype(float), SIDE, "symmetric"), np.pad(hole, SIDE, "symmetric")
    for number, threshold in enumerate(np.geomspace(60, 4, 14)):
        total, weight = np.zeros_like(values), np.zeros_like(values)
        for y in range(number * 5 % 4, values.shape[0] - SIDE + 1, STRIDE):
            for x in range((number * 7 + number // 4) % 4, values.shape[1] - SIDE + 1, STRIDE):
                place = slice(y, y + SIDE), slice(x, x + SIDE)
                if not unknown[place].any():
                    continue
                found = cosines @ values[place] @ cosines.T
                kept = np.abs(found) >= threshold * rise
                kept[0, 0] = True
                share = window / np.sqrt(kept.sum())
                total[place] += share * (cosines.T @ (found * kept) @ cosines)
                weight[place] += share
        heard = unknown & (weight > 0)
        values[heard] += 1.5 * (total[heard] / weight[heard] - values[heard])
    return values[SIDE:-SIDE, SIDE:-SIDE]


def marked(shape: tuple[int, int]) -> Hole:
    hole = np.zeros(shape, bool)
    hole[12:15] = hole[:, 20:22] = True
    hole[30:35, 3:9] = True
    return hole


@pytest.mark.parametrize("threshold", [0.0, 0.4, 100.0])
def test_the_votes_of_a_block_are_those_of_the_matrix(threshold: float) -> None:
    plane = np.random.default_rng(0).uniform(-1, 1, (40, 50)).astype(np.float32)
    total, weight = np.ones_like(plane), np.ones_like(plane)
    block_votes.vote(plane, 3, 20, np.float32(threshold), total, weight)
    place = slice(3, 3 + SIDE), slice(20, 20 + SIDE)
    found = matrix() @ plane[place] @ matrix().T
    kept = np.abs(found) >= threshold * (1 + np.hypot(*np.mgrid[:SIDE, :SIDE]) / SIDE)
    kept[0, 0] = True
    share = np.outer(np.kaiser(SIDE, 2), np.kaiser(SIDE, 2)) / np.sqrt(kept.sum())
    expected = np.zeros(plane.shape), np.zeros(plane.shape)
    expected[0][place] = share * (matrix().T @ (found * kept) @ matrix())
    expected[1][place] = share
    assert np.abs(total - 1 - expected[0]).max() < 1e-6
    assert np.abs(weight - 1 - expected[1]).max() < 1e-6


def test_the_kernel_agrees_with_its_twin() -> None:
    plane = lion()[100:140, 200:245, 1].astype(np.float32)
    hole = marked((40, 45))
    plane[hole] = 100
    found, expected = sparse_dct.continue_across(plane, hole, 255.0), twin(plane, hole)
    # A coefficient at the very threshold may fall on either side of it in another precision.
    assert np.median(np.abs(found - expected)[hole]) < 0.01
    assert np.abs(found - expected).max() < 2
    assert np.array_equal(found[~hole], plane[~hole])


@pytest.mark.parametrize("angle", [0, 20, 45, 90])
def test_stripes_run_on_across_a_mark(angle: float) -> None:
    ys, xs = np.mgrid[:64, :64]
    turn = np.deg2rad(angle)
    truth = (128 + 60 * np.sin((np.cos(turn) * xs + np.sin(turn) * ys) * 0.9)).astype(np.float32)
    hole = np.zeros((64, 64), bool)
    hole[30:34] = hole[:, 30:34] = True
    smooth = poisson.solve(np.repeat(truth[..., None], 3, axis=2), hole)[..., 0].copy()
    found = sparse_dct.continue_across(smooth, hole, 255.0)
    assert np.abs(found - truth)[hole].mean() < 0.45 * np.abs(smooth - truth)[hole].mean()


@pytest.mark.parametrize("white", [1.0, 65535.0])
def test_every_range_is_filled_alike(white: float) -> None:
    plane, hole = lion()[100:160, 200:260, 1].astype(np.float32), marked((60, 60))
    scaled = sparse_dct.continue_across(plane * np.float32(white / 255), hole, white)
    assert np.abs(scaled * (255 / white) - sparse_dct.continue_across(plane, hole, 255.0)).mean() < 0.01


def test_pixels_far_from_the_hole_do_not_matter() -> None:
    plane, hole = lion()[100:200, 200:300, 1].astype(np.float32), np.zeros((100, 100), bool)
    hole[50:53, 40:60] = True
    other = plane.copy()
    other[: 50 - SIDE] = 0
    assert np.array_equal(
        sparse_dct.continue_across(plane, hole, 255.0)[hole], sparse_dct.continue_across(other, hole, 255.0)[hole]
    )


def test_it_says_how_far_it_is_and_hears_a_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    plane, hole = lion()[100:160, 200:260, 1].astype(np.float32), marked((60, 60))
    told: list[float] = []
    expected = sparse_dct.continue_across(plane, hole, 255.0, told.append)
    monkeypatch.setattr(sparse_dct, "CALL", 10)
    assert np.array_equal(sparse_dct.continue_across(plane, hole, 255.0, told.append), expected)
    assert len(told) > 100
    assert told[-1] < 1

    def stop(fraction: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        sparse_dct.continue_across(plane, hole, 255.0, stop)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (7, 3)])
def test_pictures_smaller_than_a_block_are_taken(shape: tuple[int, int]) -> None:
    hole = np.zeros(shape, bool)
    hole[:, -1] = True
    found = sparse_dct.continue_across(np.full(shape, 5, np.float32), hole, 255.0)
    assert np.abs(found - 5).max() < 1e-3
