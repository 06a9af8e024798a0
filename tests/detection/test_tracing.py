"""Paths along edges: on the edge outside of the hole, straight within it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.detection.tracing import Paths

SIDE = 96


def ring() -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A disc of radius 30 around (48, 48), brighter than what is around it, and no hole."""
    rng = np.random.default_rng(2)
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    disc = np.hypot(rows - 48, columns - 48) < 30
    grey = np.where(disc, 170, 60) + rng.normal(0, 4, disc.shape)
    return np.clip(grey, 0, 255).astype(np.uint8), np.zeros((SIDE, SIDE), bool)


def along(path: tuple[tuple[float, float], ...]) -> NDArray[np.float64]:
    """(n, 2) places a fifth of a pixel apart."""
    line = np.array(path)
    steps = [np.linspace(a, b, max(2, int(5 * np.hypot(*(b - a))))) for a, b in pairwise(line)]
    return np.concatenate(steps)


def test_a_path_follows_the_edge_and_takes_few_points() -> None:
    grey, hole = ring()
    path = Paths(grey, hole, (18.0, 46.0)).to((50.0, 79.0))
    off = np.abs(np.hypot(*(along(path) - 48).T) - 30)
    assert off.max() < 2.0
    assert off.mean() < 0.8
    assert len(path) < 25


def test_ends_are_drawn_to_an_edge_that_is_near_and_to_no_other() -> None:
    grey, hole = ring()
    paths = Paths(grey, hole, (15.0, 48.0))
    assert np.hypot(paths.start[0] - 48, paths.start[1] - 48) == pytest.approx(30, abs=1.5)
    assert paths.to((48.0, 48.0))[-1] == (48.0, 48.0)


def test_within_the_hole_it_leads_straight_though_there_is_an_edge() -> None:
    grey, hole = ring()
    hole[:40, 30:66] = True  # over the upper arc
    path = np.array(Paths(grey, hole, (20.0, 38.0)).to((77.0, 40.0)))
    inside = (path[:, 0] > 27) & (path[:, 0] < 69) & (path[:, 1] < 42)
    assert np.count_nonzero(inside) <= 4  # where it enters and where it leaves
    places = along(tuple(map(tuple, path)))
    middle = places[np.abs(places[:, 0] - 48) < 2]
    assert middle[:, 1].min() > 22  # the arc passes at 18


def test_beyond_what_is_looked_at_it_goes_straight_on() -> None:
    grey, hole = ring()
    path = Paths(grey, hole, (18.0, 48.0)).to((200.0, 48.0))
    assert path[-1] == (200.0, 48.0)
    assert path[-2][0] <= SIDE
