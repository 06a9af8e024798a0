"""Means with Student's interval: figures from printed tables, and how often it holds what it should."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lacuna.metrics.interval import Mean, mean, students


@pytest.mark.parametrize(
    ("freedom", "printed"),
    [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (10, 2.228), (30, 2.042), (60, 2.000), (120, 1.980)],
)
def test_the_distances_are_those_of_the_tables(freedom: int, printed: float) -> None:
    assert students(freedom) == pytest.approx(printed, abs=5e-4)


def test_of_four_photos_by_hand() -> None:
    found = mean([10.0, 12.0, 14.0, 16.0])
    assert found.value == 13
    assert found.margin == pytest.approx(3.1824 * math.sqrt(20 / 3) / 2, rel=1e-4)
    assert found.count == 4


def test_one_photo_and_perfect_fills_have_no_interval() -> None:
    assert mean([3.0]) == Mean(3.0, None, 1)
    assert mean([3.0, math.inf]) == Mean(math.inf, None, 2)
    assert mean([2.0, 2.0]) == Mean(2.0, 0.0, 2)


def test_nineteen_intervals_in_twenty_hold_the_true_mean() -> None:
    drawn = np.random.default_rng(5).normal(7, 3, (2000, 6))
    held = [abs(found.value - 7) <= (found.margin or 0) for found in map(mean, drawn.tolist())]
    assert np.mean(held) == pytest.approx(0.95, abs=0.015)
