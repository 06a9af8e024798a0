"""Picking an object: each scribble makes the object anew, until something else is done."""

from __future__ import annotations

import numpy as np
import pytest

from lacuna import paths
from lacuna.editor.tool import Modifier
from tests.editor.support import Desk


@pytest.fixture
def lion(empty: Desk) -> Desk:
    empty.open(paths.resources() / "samples" / "lion.jpg")
    empty.editor.use("pick")
    return empty


def share(desk: Desk) -> float:
    return float((desk.mask >= 128).mean())


def test_a_scribble_marks_the_object_as_one_edit(lion: Desk) -> None:
    lion.drag((160, 100), (180, 200), (280, 220))
    assert lion.editor.outline(None).path == ()
    lion.settle()
    assert lion.labels == ["Pick an object"]
    assert lion.mask[200, 180] == 255
    assert 0.05 < share(lion) < 0.6
    lion.editor.undo()
    assert not lion.mask.any()


def test_further_scribbles_add_and_with_alt_take_away_within_the_same_edit(lion: Desk) -> None:
    lion.drag((160, 100), (180, 200), (280, 220))
    lion.settle()
    before = lion.mask.copy()
    lion.drag((330, 230), (420, 260))
    lion.settle()
    assert lion.labels == ["Pick an object"]
    assert lion.mask[260, 415] == 255
    lion.drag((330, 230), (430, 262), modifiers=Modifier.ALT)
    lion.settle()
    assert lion.labels == ["Pick an object"]
    assert lion.mask[245, 380] < 128
    assert lion.mask[200, 180] == 255
    assert not np.array_equal(lion.mask, before)


def test_two_quick_scribbles_are_about_one_object(lion: Desk) -> None:
    lion.drag((160, 100), (180, 200))
    lion.drag((250, 215), (280, 220))
    lion.settle()
    assert lion.labels == ["Pick an object"]
    assert lion.mask[218, 270] == 255


def test_after_something_else_a_scribble_is_about_another_object(lion: Desk) -> None:
    lion.drag((160, 100), (180, 200), (280, 220))
    lion.settle()
    lion.editor.clear_mask()
    lion.drag((330, 230), (420, 260))
    lion.settle()
    assert lion.labels == ["Pick an object", "Clear mask", "Pick an object"]
    assert lion.mask[130, 165] == 0


def test_without_an_object_there_is_nothing_to_take_away(lion: Desk) -> None:
    lion.drag((160, 100), (180, 200), modifiers=Modifier.ALT)
    lion.settle()
    assert lion.editor.gesture is None
    assert lion.labels == []


def test_what_was_cancelled_counts_no_more(lion: Desk) -> None:
    lion.drag((160, 100), (180, 200), (280, 220))
    lion.editor.undo()  # it is still being found
    lion.settle()
    assert lion.labels == []
    lion.drag((40, 40), (60, 45))
    lion.settle()
    assert lion.mask[200, 180] == 0


def test_a_scribble_that_finds_nothing_takes_nothing_back(lion: Desk) -> None:
    lion.size_brush(20)
    lion.drag((50, 50), (90, 60))
    lion.editor.use("pick")
    for _again in range(2):
        lion.drag((900, 900), (950, 950))  # beside the picture
        lion.settle()
    lion.drag((160, 100), (180, 200), (280, 220))
    lion.settle()
    assert lion.labels == ["Brush stroke", "Pick an object"]
    assert lion.mask[50, 60] == 255
