"""How far a job is, in parts that need not know each other, and how it hears that it should stop."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna.contract.fill import Context
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.contract.progress import Cancelled, Progress
from lacuna.imaging.region import Region


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=6))
def test_parts_fill_the_whole_in_order(weights: list[float]) -> None:
    told: list[float] = []
    progress = Progress(lambda fraction, stage: told.append(fraction))
    for weight in weights:
        part = progress.part(weight / sum(weights))
        part.at(0.0)
        part.part(0.5).at(1.0)
        part.part(0.5).at(1.0)
    assert all(later >= earlier - 1e-9 for earlier, later in pairwise(told))
    assert told[0] == 0.0
    assert told[-1] == pytest.approx(1.0)


def test_fractions_outside_the_range_are_clipped() -> None:
    told: list[float] = []
    progress = Progress(lambda fraction, stage: told.append(fraction))
    for fraction in (-1.0, 2.0):
        progress.at(fraction)
    assert told == [0.0, 1.0]


def test_a_cancel_reaches_every_part() -> None:
    progress = Progress()
    part = progress.part(0.5).part(0.5)
    part.check()
    progress.cancel()
    for act in (
        part.check,
        lambda: part.at(0.1),
        lambda: part.show(Region(0, 0, 1, 1), None),
        progress.part(0.1).check,
    ):
        with pytest.raises(Cancelled):
            act()
    assert part.cancelled


def test_who_is_connected_hears_from_parts_taken_afterwards() -> None:
    told: list[object] = []
    progress = Progress()
    progress.connect(lambda fraction, stage: told.append((fraction, stage)), lambda region, pixels: told.append(pixels))
    part = progress.part(0.5)
    part.at(0.5, "Filling")
    part.show(Region(0, 0, 1, 1), "pixels")
    assert told == [(0.25, "Filling"), "pixels"]


@given(st.integers(1, 2000), st.integers(1, 2000))
def test_context_is_the_larger_of_a_minimum_and_a_share_of_the_long_side(height: int, width: int) -> None:
    padding = Context(minimum=128, share=0.5).padding(Region(0, 0, height, width))
    assert padding == max(128, round(0.5 * max(height, width)))


def test_a_guide_stroke_moves_with_its_crop() -> None:
    stroke = GuideStroke(Guide.LINE, ((10.5, 20.0), (30.0, 40.0)), 2.0)
    assert stroke.shift(-20, -10).points == ((0.5, 0.0), (20.0, 20.0))


def test_a_translated_preview_reaches_who_listens_and_none_keeps_it_back() -> None:
    heard: list[object] = []
    told: list[float] = []
    progress = Progress(lambda fraction, stage: told.append(fraction), lambda region, pixels: heard.append(region))
    part = progress.part(0.5)
    moved = part.shown_through(lambda region, pixels: part.show(region.shift(10, 20), pixels))
    moved.show(Region(0, 0, 1, 1), None)
    silent = part.shown_through(None)
    silent.show(Region(0, 0, 1, 1), None)
    moved.at(1.0)
    assert heard == [Region(10, 20, 11, 21)]
    assert told == [0.5]
    assert (moved.watched, silent.watched, Progress().watched) == (True, False, False)
    progress.cancel()
    with pytest.raises(Cancelled):
        silent.check()
