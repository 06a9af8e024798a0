"""Colours that cannot be seen take those around them, from near, and leave what can be seen as it is."""

from __future__ import annotations

import numpy as np

from lacuna.imaging.hidden import REACH, spread

RNG = np.random.default_rng(3)


def test_what_can_be_seen_stays_bit_identical() -> None:
    colours, visible = RNG.random((40, 50, 3), np.float32), RNG.random((40, 50), np.float32)
    visible[5:20, 10:30] = 0
    found = spread(colours, visible)
    assert np.array_equal(found[visible > 0], colours[visible > 0])
    assert not np.array_equal(found[visible == 0], colours[visible == 0])


def test_what_hides_takes_the_colour_beside_it_whatever_its_own() -> None:
    colours = np.zeros((60, 60, 3), np.float32)
    colours[:, :30] = (0.2, 0.5, 0.7)
    visible = np.zeros((60, 60), np.float32)
    visible[:, :30] = 0.4
    found = spread(colours, visible)
    assert np.allclose(found, (0.2, 0.5, 0.7), atol=1e-4)
    colours[:, 30:] = RNG.random((60, 30, 3), np.float32)
    assert np.array_equal(spread(colours, visible)[:, 30:], found[:, 30:])


def test_nothing_depends_on_what_is_beyond_the_reach() -> None:
    colours, visible = RNG.random((30, 400, 3), np.float32), np.zeros((30, 400), np.float32)
    visible[:, ::57] = 1
    whole = spread(colours, visible)
    part = spread(colours[:, 100 - REACH : 200 + REACH], visible[:, 100 - REACH : 200 + REACH])
    assert np.abs(part[:, REACH:-REACH] - whole[:, 100:200]).max() < 1e-5


def test_where_nothing_can_be_seen_all_stays() -> None:
    colours = RNG.random((20, 20, 3), np.float32)
    assert np.array_equal(spread(colours, np.zeros((20, 20), np.float32)), colours)
