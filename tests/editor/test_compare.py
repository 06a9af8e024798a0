"""Several methods at once: each gives a result of the same hole, they lie side by side, and one is accepted."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lacuna.imaging.region import Region
from tests.editor.scripted import Script
from tests.editor.support import Desk


@pytest.fixture
def masked(opened: Desk, script: Script) -> Desk:
    """A box is masked, and the scripted method is chosen."""
    preferences = opened.editor.settings.preferences
    opened.editor.settings.preferences = dataclasses.replace(preferences, grow=0.0)
    opened.editor.use_backend("scripted")
    opened.editor.use("rectangle")
    opened.drag((100, 100), (120, 120))
    return opened


def methods(desk: Desk) -> list[str]:
    offer = desk.editor.offer
    return [] if offer is None else [result.step.backend for result in offer.results]


def test_a_mask_is_filled_as_chosen_and_the_others_are_offered_beside_it(masked: Desk):
    before = masked.photo.copy()
    masked.editor.compare(["scripted", "telea", "ns"])
    masked.settle()
    assert methods(masked) == ["scripted", "telea", "ns"]
    assert (masked.photo[100:120, 100:120] == 77).all()
    masked.editor.choose(1)
    masked.editor.accept()
    assert masked.labels == ["Rectangle", "Fill: Telea (fast marching)"]
    assert not (masked.photo[100:120, 100:120] == 77).all()
    masked.editor.undo()
    assert np.array_equal(masked.photo, before)
    assert masked.mask[100:120, 100:120].all()


def test_a_fill_that_was_made_is_compared_with_others_and_no_method_comes_twice(masked: Desk):
    masked.editor.fill()
    masked.settle()
    for _ in range(2):
        masked.editor.compare(["scripted", "telea"])
        masked.settle()
    assert methods(masked) == ["scripted", "telea"]
    assert masked.labels == ["Rectangle", "Fill: Scripted"]


def test_a_method_that_cannot_run_is_left_out(masked: Desk):
    masked.editor.compare(["scripted", "deepfill", "telea"])  # no model is installed
    masked.settle()
    assert methods(masked) == ["scripted", "telea"]


def test_choosing_one_ends_those_that_still_run(masked: Desk, script: Script):
    masked.editor.compare(["scripted", "telea", "ns"])
    masked.run_until(lambda: len(methods(masked)) == 2)
    masked.editor.accept()
    masked.settle()
    assert masked.editor.offer is None


def candidates(desk: Desk) -> list[tuple[str, bool, bool]]:
    """Name of each, is its result there, and is it on its way?"""
    return [(c.name, c.result is not None, c.job is not None) for c in desk.editor.candidates]


def test_candidates_are_all_there_from_the_start_and_become_results_in_their_order(masked: Desk, script: Script):
    script.go.clear()
    masked.editor.compare(["scripted", "telea"])
    masked.run_until(lambda: script.calls == 1)
    assert candidates(masked) == [("Scripted", False, True), ("Telea (fast marching)", False, False)]
    script.go.set()
    masked.run_until(lambda: masked.editor.offer is not None)
    assert candidates(masked) == [("Scripted", True, False), ("Telea (fast marching)", False, True)]
    masked.settle()
    assert candidates(masked) == [("Scripted", True, False), ("Telea (fast marching)", True, False)]
    masked.editor.accept()
    assert candidates(masked) == []


def test_a_comparison_keeps_the_choice_while_further_results_come(masked: Desk):
    masked.editor.compare(["scripted", "telea", "ns"])
    masked.settle()
    assert masked.editor.offer.chosen == 0
    masked.editor.choose(1)
    masked.editor.compare(["membrane"])
    masked.settle()
    assert methods(masked) == ["scripted", "telea", "ns", "membrane"]
    assert masked.editor.offer.chosen == 1


def test_the_hole_is_known_before_and_after_the_first_fill_is_put_in(masked: Desk, script: Script):
    before = masked.photo[90:130, 90:130].copy()
    script.go.clear()
    masked.editor.compare(["scripted", "telea"])
    masked.run_until(lambda: script.calls == 1)
    unfilled = masked.editor.unfilled
    assert unfilled.box == Region(100, 100, 120, 120)
    assert unfilled.pieces == ()
    script.go.set()
    masked.settle()
    unfilled = masked.editor.unfilled
    assert unfilled.box == Region(100, 100, 120, 120)
    ((region, mask),) = unfilled.masks
    assert region == unfilled.box
    assert mask.all()
    shown = masked.photo.copy()
    assert (shown[100:120, 100:120] == 77).all()
    for at, pixels in unfilled.pieces:
        shown[at.slices] = pixels
    assert np.array_equal(shown[90:130, 90:130], before)


def test_dropping_ends_what_still_runs(masked: Desk, script: Script):
    masked.editor.use_backend("telea")
    script.go.clear()
    masked.editor.compare(["telea", "scripted"])
    masked.run_until(lambda: script.calls == 1)
    masked.editor.drop()
    assert not any(job.matters for job in masked.editor.jobs)
    masked.settle()
    assert masked.editor.offer is None
    assert masked.labels == ["Rectangle", "Fill: Telea (fast marching)"]


def test_a_comparison_of_which_nothing_else_came_asks_for_no_choice(masked: Desk, script: Script):
    masked.editor.use_backend("telea")
    script.error = RuntimeError("broken")
    masked.editor.compare(["telea", "scripted"])
    masked.settle()
    assert masked.editor.offer is None
    assert "broken" in str(masked.messages[-1].error)
