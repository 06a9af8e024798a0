"""What is proposed for the mask: nothing changes before Enter, which marks all that is on by one edit."""

from __future__ import annotations

import numpy as np

from lacuna.editor.proposals import Proposed
from lacuna.editor.tool import Button
from lacuna.imaging.region import Region
from tests.editor.support import Desk

LEFT = Region(40, 50, 80, 110)
RIGHT = Region(60, 200, 100, 260)


def propose(desk: Desk, *regions: Region) -> None:
    found = [Proposed(np.ones((region.height, region.width), bool), region, 0.9, "part") for region in regions]
    desk.editor.proposals.show(desk.document, found, "Find parts")


def test_enter_marks_all_that_is_on_as_one_edit(opened: Desk) -> None:
    propose(opened, LEFT, RIGHT)
    assert not opened.mask.any()
    assert opened.editor.can_undo
    opened.editor.enter()
    assert opened.labels == ["Find parts"]
    assert opened.mask.sum() == 255 * (LEFT.area + RIGHT.area)
    assert not opened.editor.proposals.shown
    opened.editor.undo()
    assert not opened.mask.any()


def test_a_click_within_one_switches_it_and_a_click_beside_them_is_the_tools(opened: Desk) -> None:
    propose(opened, LEFT, RIGHT)
    opened.editor.use("brush")
    opened.click(70, 60)
    assert opened.editor.proposals.on == (False, True)
    assert not opened.mask.any()
    opened.click(150, 200)
    assert opened.labels == ["Brush stroke"]
    opened.click(230, 80, button=Button.RIGHT)  # erases
    assert opened.editor.proposals.on == (False, True)
    opened.click(70, 60)
    opened.click(70, 60)
    opened.editor.enter()
    assert opened.mask[80, 230] == 255
    assert opened.mask[60, 70] == 0


def test_of_two_that_overlap_a_click_switches_the_smaller(opened: Desk) -> None:
    propose(opened, LEFT.pad(20), LEFT)
    opened.click(70, 60)
    assert opened.editor.proposals.on == (True, False)


def test_esc_and_undo_drop_them_and_leave_the_mask(opened: Desk) -> None:
    opened.editor.use("rectangle")
    opened.drag((10, 10), (30, 30))
    for drop in (opened.editor.escape, opened.editor.undo):
        propose(opened, LEFT)
        drop()
        assert not opened.editor.proposals.shown
        assert opened.labels == ["Rectangle"]


def test_undo_takes_back_what_was_done_last_a_stroke_or_a_switch_or_all_that_is_proposed(opened: Desk) -> None:
    proposals = opened.editor.proposals
    propose(opened, LEFT, RIGHT)
    opened.editor.use("rectangle")
    opened.drag((10, 10), (30, 30))
    opened.click(70, 60)
    opened.drag((200, 200), (210, 210))
    assert proposals.on == (False, True)
    opened.editor.undo()
    assert (opened.document.history.position, proposals.on) == (1, (False, True))
    opened.editor.undo()
    assert (opened.document.history.position, proposals.on) == (1, (True, True))
    opened.editor.undo()
    assert (opened.document.history.position, proposals.on) == (0, (True, True))
    assert opened.editor.can_undo
    opened.editor.undo()
    assert not proposals.shown
    assert not opened.editor.can_undo
    opened.editor.redo()
    opened.editor.redo()
    assert opened.labels == ["Rectangle", "Rectangle"]


def test_a_fill_takes_them_in_and_a_stroke_that_fills_does_not(opened: Desk) -> None:
    from dataclasses import replace

    settings = opened.editor.settings
    settings.preferences = replace(settings.preferences, fill_after_stroke=True)
    propose(opened, LEFT)
    opened.editor.use("rectangle")
    opened.drag((200, 200), (210, 210))
    opened.settle()
    assert opened.editor.proposals.shown
    opened.editor.fill()
    opened.settle()
    assert [label for label in opened.labels if label in ("Rectangle", "Find parts")] == ["Rectangle", "Find parts"]
    assert opened.document.steps()[-1].box.overlaps(LEFT)


def test_a_soft_part_is_marked_as_softly_and_one_that_is_all_off_makes_no_edit(opened: Desk) -> None:
    coverage = np.full((10, 10), 255, np.uint8)
    coverage[:, 0] = 60
    soft = Proposed(coverage, Region(20, 20, 30, 30))
    assert not soft.holds(20.5, 25)
    opened.editor.proposals.show(opened.document, (soft,), "Find parts")
    opened.editor.proposals.switch(0)
    opened.editor.enter()
    assert opened.labels == []
    opened.editor.proposals.show(opened.document, (soft,), "Find parts")
    opened.editor.enter()
    assert opened.mask[25, 20] == 60
    assert opened.mask[25, 21] == 255


def test_another_frame_has_no_use_for_them(opened: Desk) -> None:
    propose(opened, LEFT)
    opened.document.crop(Region(0, 0, 200, 300), "Crop")
    assert not opened.editor.proposals.shown
