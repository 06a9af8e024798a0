"""The soft fill along lines against a dense solver, and against the one that knows no lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lacuna.contract.progress import Cancelled
from lacuna.imaging.photo import Hole
from lacuna.kernels import parted, poisson
from tests.kernels.test_poisson import holes, noise


def dense(image: NDArray[Any], hole: Hole, across: Hole, down: Hole) -> NDArray[np.float64]:
    """The same equations as a matrix."""
    places = [tuple(place) for place in np.argwhere(hole)]
    number = {place: n for n, place in enumerate(places)}
    matrix, right = np.zeros((len(places), len(places))), np.zeros((len(places), 3))
    for (y, x), n in number.items():
        links = (
            ((y, x - 1), x > 0 and across[y, x - 1]),
            ((y, x + 1), x + 1 < hole.shape[1] and across[y, x]),
            ((y - 1, x), y > 0 and down[y - 1, x]),
            ((y + 1, x), y + 1 < hole.shape[0] and down[y, x]),
        )
        for q, cut in links:
            if 0 <= q[0] < hole.shape[0] and 0 <= q[1] < hole.shape[1]:
                weight = parted.LEAK if cut else 1.0
                matrix[n, n] += weight
                if q in number:
                    matrix[n, number[q]] -= weight
                else:
                    right[n] += weight * image[q]
    solved = image.astype(np.float64)
    solved[hole] = np.linalg.solve(matrix, right)
    return solved


@settings(deadline=None, max_examples=150)
@given(hole=holes(), share=st.sampled_from([0.0, 0.1, 0.5, 0.9]), seed=st.integers(0, 99))
def test_the_solution_is_that_of_the_matrix_whatever_is_cut(hole: Hole, share: float, seed: int) -> None:
    if hole.all() or not hole.any():
        return
    chance = np.random.default_rng(seed)
    across = chance.random((hole.shape[0], hole.shape[1] - 1)) < share
    down = chance.random((hole.shape[0] - 1, hole.shape[1])) < share
    image = noise(hole.shape, seed)
    expected = dense(image, hole, across, down)
    parted.solve(image, hole, across, down, tolerance=1e-5)
    assert image[hole] == pytest.approx(expected[hole], abs=0.05)


def test_without_a_cut_it_is_the_membrane() -> None:
    hole = np.zeros((150, 170), bool)
    hole[20:120, 30:150] = True
    image = noise(hole.shape)
    expected = poisson.solve(image.copy(), hole, tolerance=1e-3)
    parted.solve(image, hole, np.zeros((150, 169), bool), np.zeros((149, 170), bool), tolerance=1e-3)
    assert np.abs(image - expected).max() < 0.02


def test_a_large_hole_takes_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    hole = np.zeros((400, 400), bool)
    hole[10:-10, 10:-10] = True
    image = noise(hole.shape)
    across, down = np.zeros((400, 399), bool), np.zeros((399, 400), bool)
    down[200, :300] = True
    monkeypatch.setattr(parted, "MOST", 20)
    parted.solve(image, hole, across, down, tolerance=0.01)
    short = image.copy()
    monkeypatch.setattr(parted, "MOST", 200)
    parted.solve(image, hole, across, down, tolerance=1e-4)
    assert np.abs(short - image).max() < 0.1


def test_it_hears_a_cancel() -> None:
    def cancel() -> None:
        raise Cancelled

    hole = np.zeros((9, 9), bool)
    hole[4] = True
    with pytest.raises(Cancelled):
        parted.solve(noise(hole.shape), hole, np.zeros((9, 8), bool), np.zeros((8, 9), bool), check=cancel)
