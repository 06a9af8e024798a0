"""Several methods at once: each gives a result of the same hole, they lie side by side, and one is accepted."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

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
