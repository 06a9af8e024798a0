"""Tries of one fill: they lie side by side until one is accepted, and the fill that was there is safe meanwhile."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from lacuna.editor.offer import MOST, MOST_BYTES, Offer, Result
from lacuna.editor.tool import Modifier
from lacuna.engine.jobs import State
from lacuna.imaging.region import Region
from tests.editor.scripted import Script
from tests.editor.support import Desk, desk, picture

HOLE = (slice(100, 140), slice(100, 160))


def prefer(desk: Desk, **changed: object) -> None:
    desk.editor.settings.preferences = dataclasses.replace(desk.editor.settings.preferences, **changed)


def mask_box(desk: Desk, y0: int, x0: int, y1: int, x1: int) -> None:
    desk.editor.use("rectangle")
    desk.drag((x0, y0), (x1, y1))


def try_again(desk: Desk, times: int = 1) -> None:
    for _ in range(times):
        desk.editor.try_again()
        desk.settle()


def shown(desk: Desk) -> np.ndarray:
    """The picture as the canvas shows it."""
    seen = desk.photo.copy()
    for region, pixels in desk.editor.offer.pieces if desk.editor.offer is not None else ():
        seen[region.slices] = pixels
    return seen


@pytest.fixture
def filled(opened: Desk, script: Script) -> Desk:
    """A box was filled by the scripted backend: with 77, and with one more for each try."""
    opened.editor.use_backend("scripted")
    prefer(opened, grow=0.0)
    mask_box(opened, 100, 100, 140, 160)
    opened.editor.fill()
    opened.settle()
    assert (opened.photo[HOLE] == 77).all()
    return opened


def test_a_try_is_offered_beside_the_fill_and_the_picture_keeps_that_meanwhile(filled: Desk):
    photo = filled.photo.copy()
    try_again(filled)
    offer = filled.editor.offer
    assert offer is not None
    assert [result.seed for result in offer.results] == [0, 1]
    assert (shown(filled)[HOLE] == 78).all()
    assert np.array_equal(filled.photo, photo)
    assert filled.labels == ["Rectangle", "Fill: Scripted"]
    assert not filled.mask.any()


def test_a_try_is_made_for_the_picture_as_it_was_before_the_fill(filled: Desk, script: Script):
    saw = []
    filled.editor.undo()
    before = filled.photo.copy()
    filled.editor.redo()
    script.saw = saw.append
    try_again(filled)
    (crop,) = saw
    assert np.array_equal(crop, before[:268, :288])  # the hole and 128 pixels around it


def test_enter_accepts_the_result_shown_as_one_edit_in_the_place_of_the_fill(filled: Desk):
    try_again(filled, 2)
    filled.editor.choose(1)
    filled.editor.enter()
    assert filled.editor.offer is None
    assert (filled.photo[HOLE] == 78).all()
    assert filled.labels == ["Rectangle", "Fill: Scripted"]
    assert [step.seed for step in filled.document.steps()] == [1]
    assert filled.editor.report.untouched
    filled.editor.undo()
    assert (filled.mask[HOLE] == 255).all()
    assert (filled.photo[HOLE] != 78).any()
    filled.editor.redo()
    assert (filled.photo[HOLE] == 78).all()
    assert not filled.mask.any()


def test_undone_after_a_try_the_picture_is_as_before_the_fill(opened: Desk, script: Script):
    before = opened.photo.copy()
    opened.editor.use_backend("scripted")
    mask_box(opened, 100, 100, 140, 160)
    mask = opened.mask.copy()
    opened.editor.fill()
    opened.settle()
    try_again(opened)
    opened.editor.accept()
    opened.editor.undo()
    assert np.array_equal(opened.photo, before)
    assert np.array_equal(opened.mask, mask)


def test_accepting_the_one_that_is_there_changes_nothing(filled: Desk):
    photo = filled.photo.copy()
    try_again(filled)
    filled.editor.choose(0)
    assert np.array_equal(shown(filled), photo)
    filled.editor.enter()
    assert filled.editor.offer is None
    assert np.array_equal(filled.photo, photo)
    assert [step.seed for step in filled.document.steps()] == [0]


def test_escape_drops_the_tries_and_the_fill_stays(filled: Desk):
    photo = filled.photo.copy()
    try_again(filled, 2)
    filled.editor.escape()
    assert filled.editor.offer is None
    assert np.array_equal(filled.photo, photo)
    assert filled.labels == ["Rectangle", "Fill: Scripted"]
    assert not filled.mask.any()


def test_undo_drops_the_tries_before_it_takes_the_fill_back(filled: Desk):
    try_again(filled)
    filled.editor.undo()
    assert filled.editor.offer is None
    assert (filled.photo[HOLE] == 77).all()
    filled.editor.undo()
    assert (filled.mask[HOLE] == 255).all()


def test_choosing_goes_round(filled: Desk):
    try_again(filled, 2)
    chosen = []
    for _ in range(4):
        chosen.append(filled.editor.offer.chosen)
        filled.editor.choose(filled.editor.offer.chosen + 1)
    assert chosen == [2, 0, 1, 2]


def test_results_of_several_methods_lie_side_by_side(filled: Desk):
    filled.editor.use_backend("telea")
    try_again(filled)
    offer = filled.editor.offer
    assert [result.step.backend for result in offer.results] == ["scripted", "telea"]
    assert offer.shown.seed is None
    telea = shown(filled)
    filled.editor.accept()
    assert np.array_equal(filled.photo, telea)
    filled.editor.undo()
    original = filled.photo.copy()
    filled.editor.fill()
    filled.settle()
    assert np.array_equal(filled.photo, telea), "a try is not the fill that the method makes at once"
    assert not np.array_equal(filled.photo, original)


def test_a_method_that_would_give_the_same_again_says_so_and_does_not_run(filled: Desk):
    filled.editor.use_backend("telea")
    try_again(filled)
    filled.editor.try_again()
    assert filled.editor.jobs == []
    assert "same result" in filled.messages[-1].sentence
    assert len(filled.editor.offer.results) == 2
    filled.editor.set_param("radius", 9)
    try_again(filled)
    assert len(filled.editor.offer.results) == 3


def test_a_try_with_less_growth_puts_back_what_the_fill_had_changed_beyond_it(opened: Desk, script: Script):
    opened.editor.use_backend("scripted")
    prefer(opened, grow=1.0)  # 4 pixels
    before = opened.photo.copy()
    mask_box(opened, 100, 100, 140, 160)
    opened.editor.fill()
    opened.settle()
    assert (opened.photo[97, 100:160] == 77).all()
    prefer(opened, grow=0.0)
    try_again(opened)
    expected = before.copy()
    expected[HOLE] = 78
    assert np.array_equal(shown(opened), expected)
    opened.editor.accept()
    assert np.array_equal(opened.photo, expected)


def test_at_most_so_many_results_are_kept_and_the_oldest_go_but_not_the_one_in_the_picture(filled: Desk):
    try_again(filled, MOST + 1)
    assert [result.seed for result in filled.editor.offer.results] == [0, *range(3, MOST + 2)]
    told = [message.sentence for message in filled.messages if "made room" in message.sentence]
    assert told == ["“Scripted” made room for newer results."] * 2
    filled.editor.escape()
    assert (filled.photo[HOLE] == 77).all()


def test_results_that_take_much_memory_are_fewer(filled: Desk):
    try_again(filled)
    first, second = filled.editor.offer.results
    large = dataclasses.replace(second, nbytes=MOST_BYTES // 2)
    offer = Offer((first,), base=filled.editor.offer.base)
    for _ in range(4):
        offer = offer.beside(dataclasses.replace(large))
    assert len(offer.results) == 3
    assert offer.results[0] is first
    assert offer.beside(dataclasses.replace(large, nbytes=2 * MOST_BYTES)).results[0] is first


def test_a_result_that_is_not_shown_yet_leaves_the_one_that_is_where_it_is(filled: Desk):
    try_again(filled)
    offer = filled.editor.offer.choose(1)
    large = dataclasses.replace(offer.shown, nbytes=MOST_BYTES)
    for _ in range(3):
        offer = offer.beside(large, show=False)
        assert offer.shown is filled.editor.offer.results[1]
    assert len(offer.results) == 3


def test_painting_goes_on_from_the_result_that_is_shown(filled: Desk):
    try_again(filled)
    filled.size_brush(10)
    filled.drag((110, 110), (120, 110))
    assert filled.editor.offer is None
    assert (filled.photo[HOLE] == 78).all()
    assert filled.mask[110, 115] == 255
    assert filled.labels == ["Rectangle", "Fill: Scripted", "Brush stroke"]


def test_moving_the_view_accepts_nothing(filled: Desk):
    try_again(filled)
    filled.editor.use("hand")
    filled.drag((110, 110), (120, 110))
    assert filled.editor.offer is not None


def test_what_is_shown_is_what_is_saved(filled: Desk, tmp_path: Path):
    try_again(filled)
    filled.editor.save(tmp_path / "out.png")
    filled.settle()
    assert filled.editor.offer is None
    assert (cv2.imread(str(tmp_path / "out.png"))[HOLE] == 78).all()


def test_a_crop_takes_what_is_shown_and_its_undo_brings_all_of_it_back(filled: Desk):
    try_again(filled)
    expected = shown(filled)
    filled.editor.select_all()
    filled.editor.undo()
    assert np.array_equal(filled.photo, expected)
    try_again(filled)
    filled.document.crop(Region(50, 50, 200, 200), "Crop")  # by other means than the menu, which accepts first
    assert filled.editor.offer is None
    assert "was dropped" in filled.messages[-1].sentence
    assert np.array_equal(filled.photo, expected[50:200, 50:200])


def test_another_picture_ends_the_offer(filled: Desk, tmp_path: Path):
    try_again(filled)
    filled.open(picture(tmp_path / "next.png", 200, 200))
    assert filled.editor.offer is None
    filled.editor.accept()
    assert filled.labels == []


def test_the_history_may_go_back_behind_the_fill_while_tries_are_shown(filled: Desk):
    try_again(filled)
    filled.editor.go_to(0)
    assert filled.editor.offer is None
    filled.editor.go_to(2)
    assert (filled.photo[HOLE] == 77).all()


def test_a_try_that_comes_after_other_edits_takes_the_place_of_the_fill_below_them(filled: Desk, script: Script):
    before = filled.photo.copy()
    script.go.clear()
    filled.editor.try_again()
    filled.run_until(lambda: script.calls == 2)
    filled.size_brush(10)
    filled.drag((300, 200), (310, 200))
    mask = filled.mask.copy()
    script.go.set()
    filled.settle()
    assert len(filled.editor.offer.results) == 2
    filled.editor.enter()
    assert (filled.photo[HOLE] == 78).all()
    assert np.array_equal(filled.mask, mask)
    assert filled.labels == ["Rectangle", "Fill: Scripted", "Brush stroke", "Fill: Scripted"]
    filled.editor.undo()
    assert np.array_equal(filled.photo, before)
    assert np.array_equal(filled.mask, mask)


def test_a_try_whose_picture_changed_below_asks_before_it_is_put_in(filled: Desk, script: Script):
    script.go.clear()
    filled.editor.try_again()
    filled.run_until(lambda: script.calls == 2)
    with filled.document.edit("Meanwhile") as edit, edit.write(filled.document.photo, Region(90, 90, 120, 120)) as part:
        part[...] = 5
    script.go.set()
    filled.settle()
    assert filled.editor.offer.base is None
    filled.editor.drop()
    assert (filled.photo[90:120, 90:120] == 5).all()


@pytest.mark.parametrize(("tool", "when"), [("heal", "it runs"), ("clone", "it runs"), ("clone", "it waits")])
def test_a_stroke_over_the_fill_that_is_tried_again_is_not_lost(filled: Desk, script: Script, tool: str, when: str):
    go = threading.Event()
    if when == "it waits":
        filled.editor.work.run("Wait", lambda _progress: go.wait(60), lambda _result: None, bound=False)
    script.go.clear()
    filled.editor.try_again()
    if when == "it runs":
        filled.run_until(lambda: script.calls == 2)
    filled.editor.use(tool)
    filled.editor.set_option("size", 20)
    filled.click(300, 200, modifiers=Modifier.ALT)
    filled.drag((120, 120), (130, 120))
    go.set()
    script.go.set()
    filled.settle()
    painted = filled.photo.copy()
    assert (painted[HOLE] != 77).any()
    assert filled.editor.offer.base is None  # it is asked whether the try should be put in
    filled.size_brush(10)
    filled.drag((300, 200), (310, 200))
    assert np.array_equal(filled.photo, painted)


@pytest.mark.parametrize("tool", ["clone", "heal"])
def test_naming_a_place_to_copy_from_leaves_the_tries_and_painting_with_it_accepts_the_one_shown(
    filled: Desk, tool: str
):
    try_again(filled)
    filled.editor.use(tool)
    filled.click(30, 30)  # nothing to copy from yet: it is said, and nothing is done
    filled.click(30, 30, modifiers=Modifier.ALT)
    assert filled.editor.offer is not None
    assert (filled.photo[HOLE] == 77).all()
    filled.click(200, 200)
    assert filled.editor.offer is None
    assert (filled.photo[HOLE] == 78).all()


def test_after_a_stroke_that_is_not_solved_yet_the_last_mask_is_filled_once_more(filled: Desk):
    go = threading.Event()
    filled.editor.work.run("Wait", lambda _progress: go.wait(60), lambda _result: None, bound=False)
    filled.editor.use("heal")
    filled.click(300, 200, modifiers=Modifier.ALT)
    filled.click(120, 120)
    filled.editor.try_again()
    go.set()
    filled.settle()
    assert filled.editor.offer is None
    assert filled.labels == ["Rectangle", "Fill: Scripted", "Reuse the last mask", "Heal", "Fill: Scripted"]


def test_questions_wait_for_each_other(filled: Desk, script: Script):
    script.go.clear()
    filled.editor.try_again()
    mask_box(filled, 200, 200, 220, 220)
    filled.editor.fill()
    filled.run_until(lambda: script.calls == 2)
    with filled.document.edit("Meanwhile") as edit, edit.write(filled.document.photo, Region(90, 90, 250, 250)) as part:
        part[...] = 5
    script.go.set()
    filled.settle()
    assert filled.editor.offer.base is None  # the try; the other fill saw the change, and is in
    assert (filled.photo[200:220, 200:220] == 78).all()
    assert filled.editor.offer.pieces[0][0] == Region(100, 100, 140, 160)


def test_accepting_ends_the_tries_that_still_run(filled: Desk, script: Script):
    try_again(filled)
    script.go.clear()
    filled.editor.try_again()
    filled.run_until(lambda: script.calls == 3)
    filled.editor.accept()
    assert [job.state for job in filled.editor.jobs] == [State.CANCELLING]
    script.go.set()
    filled.settle()
    assert filled.editor.offer is None
    assert (filled.photo[HOLE] == 78).all()


def test_a_cancelled_try_leaves_the_fill_as_it_is(filled: Desk, script: Script):
    photo = filled.photo.copy()
    script.go.clear()
    filled.editor.try_again()
    filled.editor.cancel()
    filled.settle()
    assert filled.editor.offer is None
    assert np.array_equal(filled.photo, photo)


def test_trying_twice_at_once_offers_both(filled: Desk):
    filled.editor.try_again()
    filled.editor.try_again()
    filled.settle()
    assert [result.seed for result in filled.editor.offer.results] == [0, 1, 2]


def test_a_fill_of_a_session_that_was_brought_back_can_be_tried_again(script: Script, tmp_path: Path):
    with desk() as first:
        first.open(picture(tmp_path / "photo.png"))
        before = first.photo.copy()
        first.editor.use_backend("scripted")
        mask_box(first, 100, 100, 140, 160)
        first.editor.fill()
        first.settle()
    with desk() as second:
        second.editor.use_backend("scripted")
        second.editor.restore(second.editor.restorable()[0])
        second.settle()
        try_again(second)
        assert [result.seed for result in second.editor.offer.results] == [0, 1]
        second.editor.accept()
        assert (second.photo[HOLE] == 78).all()
        second.editor.undo()
        assert np.array_equal(second.photo, before)


def test_without_a_fill_at_the_end_the_last_mask_is_filled_once_more(filled: Desk):
    filled.editor.undo()
    filled.editor.clear_mask()
    try_again(filled)
    assert filled.editor.offer is None
    assert (filled.photo[HOLE] == 77).all()


def test_the_transparency_is_tried_again_too(empty: Desk, script: Script, tmp_path: Path):
    pixels = np.full((200, 200, 4), 120, np.uint8)
    cv2.imwrite(str(tmp_path / "clear.png"), pixels)
    empty.open(tmp_path / "clear.png")
    empty.editor.use_backend("scripted")
    prefer(empty, grow=0.0, fill_alpha=True)
    mask_box(empty, 100, 100, 140, 160)
    empty.editor.fill()
    empty.settle()
    assert (empty.document.alpha.pixels[HOLE] == 77).all()
    try_again(empty)
    assert (empty.document.alpha.pixels[HOLE] == 77).all()
    empty.editor.accept()
    assert (empty.document.alpha.pixels[HOLE] == 78).all()
    empty.editor.undo()
    assert (empty.document.alpha.pixels == 120).all()


def test_a_result_knows_by_itself_that_it_is_in_the_picture(filled: Desk):
    try_again(filled)
    there, other = filled.editor.offer.results
    assert isinstance(there, Result)
    assert (there.put, there.pieces, there.nbytes) == (None, (), 0)
    assert other.nbytes >= 2 * 40 * 60 * 3
