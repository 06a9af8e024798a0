"""Outlines of masks: whatever lies within them is what was marked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from lacuna.contract.progress import Cancelled
from lacuna.imaging import outlines
from lacuna.imaging.outlines import TOLERANCES, Line, traced


def within(lines: tuple[Line, ...], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels whose middle an odd number of lines goes around."""
    rows, columns = (np.arange(n) + 0.5 + 1e-4 for n in shape)
    crossed = np.zeros(shape, int)
    for line in lines:
        for (x0, y0), (x1, y1) in zip(line, np.roll(line, -1, axis=0), strict=True):
            for row in np.flatnonzero((y0 > rows) != (y1 > rows)):
                crossed[row] += columns < x0 + (rows[row] - y0) / (y1 - y0) * (x1 - x0)
    return crossed % 2 == 1


@settings(max_examples=60)
@given(arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.booleans()))
def test_the_finest_outline_holds_what_was_marked_and_nothing_else(mask: NDArray[np.bool_]) -> None:
    assert np.array_equal(within(traced(mask).levels[0], mask.shape), mask)


def test_an_outline_lies_where_its_mask_does_and_follows_straight_sides_exactly() -> None:
    (line,) = traced(np.ones((30, 40), bool), x=100, y=7).levels[0]
    assert np.min(line, axis=0).tolist() == [100, 7]
    assert np.max(line, axis=0).tolist() == [140, 37]


def test_of_a_mask_as_ragged_as_noise_the_outline_is_coarse_and_still_holds_nearly_all_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noise = np.random.default_rng(3).random((61, 84)) < 0.1
    monkeypatch.setattr(outlines, "MOST_LINES", 60)
    lines = traced(noise).levels[0]
    held = within(lines, noise.shape)
    assert 0 < len(lines) <= 60
    assert held[noise].mean() > 0.8  # corners of squares are cut off
    assert not held.all()
    monkeypatch.setattr(outlines, "MOST_SIDES", 400)
    assert sum(map(len, traced(noise).levels[0])) <= 400


def test_tracing_is_stopped_between_two_lines() -> None:
    checks: list[int] = []

    def check() -> None:
        checks.append(1)
        if len(checks) == 40:
            raise Cancelled

    with pytest.raises(Cancelled):
        traced(np.random.default_rng(3).random((200, 200)) < 0.1, check=check)
    assert len(checks) == 40


def test_from_afar_fewer_points_lie_within_the_tolerance() -> None:
    rows, columns = np.mgrid[:400, :400]
    disc = traced(np.hypot(rows - 200, columns - 200) < 180)
    counts = [sum(map(len, level)) for level in disc.levels]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] < 20 < counts[0]
    for tolerance, (line,) in zip(TOLERANCES, disc.levels, strict=True):
        middles = (line + np.roll(line, -1, axis=0)) / 2
        assert np.abs(np.hypot(*(middles - 200.5).T) - 180).max() < tolerance + 1.5
    assert [disc.level(zoom) for zoom in (8.0, 0.5, 0.01)] == [0, 1, 3]
