"""Picking an object: each scribble makes the outline anew, until it is put into the mask or dropped."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna import paths
from lacuna.contract import models
from lacuna.editor.tool import Modifier
from lacuna.imaging import mask
from tests.editor.scripted import Script
from tests.editor.support import Desk
from tests.inference import pickers


@pytest.fixture
def lion(empty: Desk) -> Desk:
    empty.open(paths.resources() / "samples" / "lion.jpg")
    empty.editor.use("pick")
    return empty


def outlined(desk: Desk, x: float, y: float) -> bool:
    """Is this point proposed?"""
    return any(each.holds(x, y) for each in desk.editor.proposals.found)


def test_a_scribble_outlines_the_object_and_enter_marks_it_as_one_edit(lion: Desk) -> None:
    lion.drag((160, 100), (180, 200), (280, 220))
    assert lion.editor.outline(None).path == ()
    lion.settle()
    assert lion.labels == []
    assert not lion.mask.any()
    assert outlined(lion, 180, 200)
    assert not outlined(lion, 40, 40)
    lion.editor.enter()
    assert lion.labels == ["Pick an object"]
    assert lion.mask[200, 180] == 255
    assert 0.05 < float((lion.mask >= 128).mean()) < 0.6
    lion.editor.undo()
    assert not lion.mask.any()


def test_the_soft_border_of_an_object_is_taken_in_by_as_much_as_the_bar_says(lion: Desk) -> None:
    def marked(grow: float) -> NDArray[np.uint8]:
        lion.editor.set_option("grow", grow)
        lion.drag((160, 100), (180, 200), (280, 220))
        lion.settle()
        lion.editor.enter()
        whole = lion.mask.copy()
        lion.editor.undo()
        return whole

    usual = lion.editor.options.grow
    assert usual >= 3
    assert np.array_equal(marked(usual), mask.grow(marked(0), usual))


def test_further_scribbles_add_and_with_alt_take_away_and_undo_takes_the_last_back(lion: Desk) -> None:
    lion.drag((160, 100), (180, 200), (280, 220))
    lion.settle()
    (first,) = lion.editor.proposals.found
    lion.drag((330, 230), (420, 260))
    lion.settle()
    assert outlined(lion, 415, 260)
    (second,) = lion.editor.proposals.found
    lion.drag((330, 230), (430, 262), modifiers=Modifier.ALT)
    lion.settle()
    assert not outlined(lion, 380, 245)
    assert outlined(lion, 180, 200)
    lion.editor.undo()
    assert lion.editor.proposals.found == (second,)
    lion.editor.undo()
    assert lion.editor.proposals.found == (first,)
    lion.editor.undo()
    assert not lion.editor.proposals.shown
    assert lion.labels == []


def test_a_scribble_after_one_was_taken_back_knows_nothing_of_it(lion: Desk) -> None:
    lion.drag((160, 100), (180, 200), (280, 220))
    lion.settle()
    lion.drag((30, 40), (90, 60))
    lion.settle()
    assert outlined(lion, 60, 50)
    lion.editor.undo()
    lion.drag((170, 150), (180, 200))
    lion.settle()
    assert outlined(lion, 180, 200)
    assert not outlined(lion, 60, 50)


def test_two_quick_scribbles_are_about_one_object_and_enter_waits_for_both(lion: Desk) -> None:
    lion.drag((160, 100), (180, 200))
    lion.drag((250, 215), (280, 220))
    lion.editor.enter()
    lion.settle()
    assert lion.labels == ["Pick an object"]
    assert lion.mask[218, 270] == 255
    assert not lion.editor.proposals.shown


def test_the_button_too_marks_the_object_with_what_is_still_being_found_of_it(lion: Desk) -> None:
    lion.drag((160, 100), (180, 200), (280, 220))
    lion.settle()
    lion.drag((330, 230), (420, 260))
    lion.editor.intent.mark()
    lion.settle()
    assert lion.labels == ["Pick an object"]
    assert lion.mask[260, 415] == 255
    assert not lion.editor.proposals.shown


def test_after_enter_or_esc_a_scribble_is_about_another_object(lion: Desk) -> None:
    for end, marked in ((lion.editor.escape, 0), (lion.editor.enter, 255)):
        lion.drag((160, 100), (180, 200), (280, 220))
        lion.settle()
        end()
        assert lion.mask[200, 180] == marked
        lion.drag((30, 40), (90, 60))
        lion.settle()
        assert not outlined(lion, 180, 200)
        lion.editor.escape()


def test_another_tool_leaves_the_outline_and_a_fill_takes_it_in(lion: Desk) -> None:
    lion.drag((160, 100), (180, 200), (280, 220))
    lion.settle()
    lion.editor.use("hand")
    assert lion.editor.proposals.shown
    lion.editor.fill()
    lion.settle()
    assert lion.labels == ["Pick an object", "Fill: Telea (fast marching)"]


def test_without_an_object_there_is_nothing_to_take_away(lion: Desk) -> None:
    lion.drag((160, 100), (180, 200), modifiers=Modifier.ALT)
    lion.settle()
    assert lion.editor.gesture is None
    assert not lion.editor.proposals.shown


def test_what_was_cancelled_counts_no_more(lion: Desk) -> None:
    lion.drag((160, 100), (180, 200), (280, 220))
    lion.editor.undo()  # it is still being found
    lion.settle()
    assert not lion.editor.proposals.shown
    lion.drag((40, 40), (60, 45))
    lion.settle()
    assert not outlined(lion, 180, 200)


def test_one_esc_drops_the_object_and_what_is_still_being_found_of_it(lion: Desk) -> None:
    lion.drag((160, 100), (180, 200), (280, 220))
    lion.drag((330, 230), (420, 260))  # none of them is proposed yet
    lion.editor.escape()
    lion.settle()
    assert not lion.editor.proposals.shown
    lion.drag((160, 100), (180, 200), (280, 220))
    lion.settle()
    lion.drag((330, 230), (420, 260))  # is being added to the one that is proposed
    lion.editor.escape()
    assert not lion.editor.proposals.shown
    lion.drag((30, 40), (90, 60))  # while the one that was stopped may still be at it
    lion.settle()
    assert lion.editor.proposals.shown
    assert not outlined(lion, 180, 200)
    assert len(lion.editor.proposals.scribbles.inside) == 1


def test_esc_stops_a_scribble_before_the_fill_that_it_waits_for(lion: Desk, script: Script) -> None:
    script.go.clear()
    lion.editor.use_backend("scripted")
    lion.editor.use("rectangle")
    lion.drag((20, 20), (60, 60))
    lion.editor.fill()
    lion.editor.use("pick")
    lion.drag((160, 100), (180, 200), (280, 220))
    lion.editor.escape()
    assert [job.matters for job in lion.editor.jobs] == [True, False]
    script.go.set()
    lion.settle()
    assert lion.labels[-1] == "Fill: Scripted"
    assert not lion.editor.proposals.shown


def test_a_scribble_that_finds_nothing_leaves_what_is_proposed(lion: Desk) -> None:
    lion.drag((160, 100), (180, 200), (280, 220))
    lion.settle()
    before = lion.editor.proposals.found
    for _again in range(2):
        lion.drag((900, 900), (950, 950), modifiers=Modifier.ALT)  # beside the picture
        lion.settle()
    (after,) = lion.editor.proposals.found
    assert np.array_equal(after.mask, before[0].mask)
    lion.editor.enter()
    assert lion.labels == ["Pick an object"]


def test_a_network_of_the_persons_own_takes_the_place_of_grabcut(
    empty: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "own_folder", lambda: tmp_path / "models")
    pixels = np.full((120, 200, 3), 90, np.uint8)
    pixels[30:80, 40:90] = (30, 30, 220)  # OpenCV's order
    pixels[50:110, 120:180] = (30, 200, 30)
    cv2.imwrite(str(tmp_path / "squares.png"), pixels)
    empty.open(tmp_path / "squares.png")
    empty.editor.use("pick")
    empty.editor.set_option("model", "tiny")
    problem = empty.editor.tool.problem(empty.editor.options)  # type: ignore[attr-defined]
    assert "tiny" in problem
    empty.drag((50, 40), (60, 50))
    empty.settle()
    assert "tiny" in empty.messages[-1].sentence
    assert not empty.editor.proposals.shown
    pickers.write(tmp_path / "models" / "tiny", side=100, encoder=True)
    empty.editor.set_option("grow", 0)
    assert empty.editor.tool.problem(empty.editor.options) == ""  # type: ignore[attr-defined]
    empty.drag((50, 40), (60, 50))
    empty.settle()
    assert all(outlined(empty, x, y) for x, y in ((41, 31), (88, 78)))
    assert not any(outlined(empty, x, y) for x, y in ((37, 50), (60, 27), (93, 50), (150, 80)))
    empty.drag((130, 60), (170, 100))
    empty.settle()
    assert outlined(empty, 150, 80)
    empty.drag((50, 40), (80, 70), modifiers=Modifier.ALT)
    empty.settle()
    empty.editor.enter()
    assert empty.mask[80, 150] == 255
    assert empty.mask[20, 20] == 0


@pytest.mark.parametrize("back", ["escape", "undo"])
def test_what_takes_a_scribble_back_takes_back_the_enter_that_waits_for_its_object(lion: Desk, back: str) -> None:
    lion.editor.use("rectangle")
    lion.drag((10, 10), (30, 30))
    lion.editor.use("pick")
    lion.drag((160, 100), (180, 200), (280, 220))
    assert lion.editor.rests.proposing
    lion.editor.enter()
    getattr(lion.editor, back)()
    lion.settle()
    assert lion.labels == ["Rectangle"]
    assert not lion.editor.proposals.shown
    lion.editor.enter()
    lion.settle()
    assert len(lion.labels) == 2  # filled


def test_undo_takes_back_a_stroke_between_two_scribbles_before_the_first_of_them(lion: Desk) -> None:
    lion.drag((160, 100), (180, 200), (280, 220))
    lion.settle()
    (first,) = lion.editor.proposals.found
    lion.editor.use("rectangle")
    lion.drag((10, 10), (30, 30))
    lion.editor.use("pick")
    lion.drag((330, 230), (420, 260))
    lion.settle()
    lion.editor.undo()
    assert lion.editor.proposals.found == (first,)
    assert lion.mask.any()
    lion.editor.undo()
    assert lion.editor.proposals.found == (first,)
    assert not lion.mask.any()
    lion.editor.undo()
    assert not lion.editor.proposals.shown
