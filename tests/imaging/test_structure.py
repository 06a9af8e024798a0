"""Lines across a hole: how they go on outside, and that nothing slips through them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lacuna.imaging.photo import Hole
from lacuna.imaging.polylines import Polyline
from lacuna.imaging.structure import parted_by, parting, parts, paths


def square(side: int = 60, margin: int = 20) -> Hole:
    hole = np.zeros((side, side), bool)
    hole[margin:-margin, margin:-margin] = True
    return hole


coordinate = st.one_of(st.floats(1, 38), st.integers(2, 76).map(lambda half: half / 2))


@settings(deadline=None, max_examples=200)
@given(
    xs=st.lists(coordinate, min_size=2, max_size=6, unique=True),
    ys=st.lists(coordinate, min_size=7, max_size=7),
)
def test_nothing_slips_through_a_line_from_border_to_border_however_it_runs(xs: list[float], ys: list[float]) -> None:
    inner = list(zip(sorted(xs), ys[1:], strict=False))
    line = Polyline(((-1.0, ys[0]), *inner, (41.0, ys[-1])))
    whole = np.ones((40, 40), bool)
    count, labels = parts(whole, parted_by(paths([line], whole, 0.0), (40, 40)))
    assert labels[0, 20] != labels[39, 20]
    assert count == 2


def test_an_end_near_the_rim_goes_on_beyond_it_and_a_deep_one_stays() -> None:
    hole = square()
    (path,) = paths([Polyline(((23.0, 30.0), (30.0, 30.0)))], hole, 10.0)
    assert path[:, 0].min() == pytest.approx(10.0, abs=1.5)
    assert path[:, 0].max() == pytest.approx(30.0)
    assert path[:, 1] == pytest.approx(30.0)


def test_a_line_goes_on_no_farther_than_the_next_hole() -> None:
    hole = square()
    hole[:, 45:] = True
    (path,) = paths([Polyline(((30.0, 30.0), (38.0, 30.0)))], hole, 20.0)
    assert path[:, 0].max() == pytest.approx(45.0, abs=1.5)


def test_lines_that_touch_no_hole_part_nothing() -> None:
    assert parting([Polyline(((2.0, 2.0), (58.0, 5.0)))], square(), 5.0) is None
    assert parting([], square(), 5.0) is None


def test_a_ring_closes_off_what_is_within() -> None:
    hole = square()
    cuts = parting([Polyline(((25.0, 25.0), (35.0, 26.0), (30.0, 36.0)), closed=True)], hole, 0.0)
    count, labels = parts(hole, cuts)
    assert count == 2
    assert labels[29, 30] != labels[22, 22]
