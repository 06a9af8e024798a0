"""The lines that the truth has across a hole."""

from __future__ import annotations

import numpy as np

from lacuna.contract.guides import Guide
from lacuna.engine.true_lines import BEYOND, true_lines
from lacuna.imaging.photo import Photo


def test_an_edge_across_the_hole_is_a_line_and_one_beside_it_or_a_short_one_is_not() -> None:
    pixels = np.full((120, 160, 3), 200, np.uint8)
    pixels[60:] = 60  # across
    pixels[:20, 30:] = 0  # above the hole
    pixels[80:90, 70:90] = 255  # within
    hole = np.zeros((120, 160), bool)
    hole[40:100, 50:110] = True
    (line,) = true_lines(Photo(pixels), hole)
    assert line.kind is Guide.LINE
    x, y = np.array(line.points).T
    assert np.abs(y - 60).max() <= 1.5
    assert (min(x), max(x)) == (50 - BEYOND + 0.5, 109 + BEYOND + 0.5)


def test_an_edge_that_ends_in_the_hole_is_none() -> None:
    pixels = np.full((120, 160, 3), 200, np.uint8)
    pixels[60:, :80] = 60
    hole = np.zeros((120, 160), bool)
    hole[40:80, 60:159] = True
    hole[40:120, 79:82] = True
    assert len(true_lines(Photo(pixels), hole)) <= 1
    assert true_lines(Photo(np.full((120, 160, 3), 200, np.uint8)), hole) == ()
