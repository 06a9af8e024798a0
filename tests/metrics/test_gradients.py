"""Gradient magnitude similarity deviation: by hand, and as piq 0.8.0 computes it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lacuna.metrics.gradients import gmsd
from tests.metrics.spoilt import HOLE, dulled, moved, truth

EVERYWHERE = np.ones_like(HOLE)


def test_equal_pictures_deviate_in_nothing() -> None:
    assert gmsd(truth(), truth(), EVERYWHERE) == 0


def test_it_is_the_figure_of_the_library_of_the_measure() -> None:
    assert gmsd(truth(), moved(), EVERYWHERE) == pytest.approx(0.163421, abs=1e-5)
    assert gmsd(truth(), dulled(), EVERYWHERE) == pytest.approx(0.088073, abs=1e-5)


def test_an_edge_that_is_lost_by_hand() -> None:
    edge = np.zeros((40, 40, 3), np.uint8)
    edge[:, 20:] = 90
    flat = np.full_like(edge, 45)
    hole = np.zeros((40, 40), bool)
    hole[10:30, 10:30] = True
    # At half the size: in two of its ten columns a gradient of 90 (three taps of a third), in the rest none.
    similar = np.array([170 / (90**2 + 170)] * 2 + [1.0] * 8)
    assert gmsd(edge, flat, hole) == pytest.approx(similar.std(), rel=1e-6)


def test_only_the_hole_counts_and_the_pixels_beside_it() -> None:
    assert gmsd(moved(), truth(), HOLE) > gmsd(moved(), truth(), EVERYWHERE)
    far = np.zeros_like(HOLE)
    far[:50] = True
    assert gmsd(truth(), moved(), far) == 0


def test_other_depths_are_measured_as_eight_bits() -> None:
    deep = [picture.astype(np.float32) / np.float32(255) for picture in (truth(), moved())]
    assert math.isclose(gmsd(*deep, HOLE, white=1.0), gmsd(truth(), moved(), HOLE))


def test_odd_sides_are_taken_whole() -> None:
    odd = np.zeros((31, 33), bool)
    odd[-1, -1] = odd[0, 0] = True
    filled = truth()[:31, :33].copy()
    filled[-6:, -6:] = 255
    assert gmsd(truth()[:31, :33], filled, odd) > 0
