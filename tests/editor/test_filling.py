"""Fills from the press of Enter to the entry in the history."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from lacuna.contract.fill import Composite
from lacuna.contract.params import describe
from lacuna.editor.tool import Modifier
from lacuna.editor.values import Severity
from lacuna.engine import registry
from lacuna.engine.jobs import Job, State
from lacuna.imaging.region import Region
from lacuna.settings import Preferences
from tests.editor.scripted import Script
from tests.editor.support import Desk, box_of, picture, pointer


def box(desk: Desk, y0: int, x0: int, y1: int, x1: int) -> None:
    desk.editor.use("rectangle")
    desk.drag((x0, y0), (x1, y1))


def prefer(desk: Desk, **changed: object) -> None:
    desk.editor.settings.preferences = dataclasses.replace(desk.editor.settings.preferences, **changed)


@pytest.fixture
def scripted(opened: Desk, script: Script) -> Desk:
    """A picture is open, the scripted backend chosen, and the mask is filled as it was painted."""
    opened.editor.use_backend("scripted")
    prefer(opened, grow=0.0)
    return opened


def test_enter_fills_and_undo_brings_mask_and_photo_back(opened: Desk):
    photo = opened.photo.copy()
    box(opened, 100, 100, 140, 160)
    mask = opened.mask.copy()
    opened.editor.enter()
    opened.settle()
    assert not opened.mask.any()
    assert not np.array_equal(opened.photo, photo)
    assert opened.labels[-1].startswith("Fill")
    opened.editor.undo()
    assert np.array_equal(opened.photo, photo)
    assert np.array_equal(opened.mask, mask)


def test_a_fill_changes_nothing_outside_the_grown_mask_and_says_so(opened: Desk):
    photo = opened.photo.copy()
    prefer(opened, grow=1.0)
    assert opened.editor.growth == 4.0
    box(opened, 100, 100, 140, 160)
    opened.editor.fill()
    opened.settle()
    outside = np.ones((300, 400), bool)
    outside[96:144, 96:164] = False
    assert np.array_equal(opened.photo[outside], photo[outside])
    assert not np.array_equal(opened.photo[97, 100:160], photo[97, 100:160])
    assert opened.editor.filling.report.untouched


def test_growth_is_a_share_of_the_long_side_at_least_a_pixel_or_off(opened: Desk):
    assert opened.editor.growth == 1.0
    prefer(opened, grow=2.0)
    assert opened.editor.growth == 8.0
    prefer(opened, grow=0.0)
    assert opened.editor.growth == 0.0


def test_every_fill_carries_its_recipe_step(opened: Desk):
    box(opened, 100, 100, 140, 160)
    opened.editor.set_param("radius", 7)
    opened.editor.fill()
    opened.settle()
    (step,) = opened.document.steps()
    assert step.backend == "telea"
    assert step.params == {"radius": 7}
    assert step.box == Region(100, 100, 140, 160)


def test_the_preferences_know_every_way_to_join_a_fill_and_it_is_used(scripted: Desk, script: Script):
    (param,) = (p for p in describe(Preferences) if p.name == "composite")
    assert [word for word, _label in param.choices] == list(Composite)
    box(scripted, 100, 100, 140, 160)
    for word, joined in (("plain", False), ("poisson", True)):
        prefer(scripted, composite=word)
        scripted.editor.fill()
        scripted.settle()
        assert scripted.document.steps()[-1].options.composite == word
        assert (scripted.photo[100:140, 100:160] != 77).any() == joined
        scripted.editor.undo()


def test_an_empty_mask_and_a_full_one_are_told_before_anything_runs(opened: Desk):
    assert opened.editor.estimate().problem
    opened.editor.fill()
    assert opened.editor.jobs == []
    assert opened.messages[-1].severity is Severity.INFO  # a note: it goes by itself
    assert not opened.messages[-1].over()
    opened.editor.select_all()
    assert opened.messages[-1].over()
    assert "whole picture" in opened.editor.estimate().problem
    opened.editor.fill()
    assert opened.editor.jobs == []
    assert "whole picture" in opened.messages[-1].sentence
    assert opened.messages[-1].severity is Severity.WARNING


def test_the_estimate_counts_pixels_and_regions_and_grows_with_them(opened: Desk):
    box(opened, 10, 10, 20, 20)
    small = opened.editor.estimate()
    assert (small.pixels, small.regions, small.problem) == (100, 1, "")
    box(opened, 200, 300, 290, 390)
    large = opened.editor.estimate()
    assert large.pixels == 100 + 90 * 90
    assert large.seconds > small.seconds
    assert large.bytes >= small.bytes


def test_the_estimate_learns_from_fills(scripted: Desk, script: Script):
    box(scripted, 50, 50, 250, 150)
    scripted.editor.fill()
    scripted.settle()
    scripted.editor.undo()
    script.go.clear()
    scripted.editor.fill()
    scripted.run_until(lambda: script.calls == 2)
    time.sleep(0.3)
    script.go.set()
    scripted.settle()
    scripted.editor.undo()
    assert scripted.editor.settings.paces["scripted"] > 1.5  # 0.3 s for 0.02 megapixels, of which it says 0.02 s
    assert 0.03 < scripted.editor.estimate().seconds < 0.3  # so short a fill moves it by little


def test_the_estimate_says_that_a_first_use_may_take_longer_where_something_is_compiled(opened: Desk):
    registry.refresh()
    box(opened, 10, 10, 20, 20)
    told = {}
    for backend in ("telea", "patchmatch", "auto"):
        opened.editor.use_backend(backend)
        told[backend] = opened.editor.estimate().first
    assert told == {"telea": False, "patchmatch": True, "auto": True}
    opened.editor.use_backend("patchmatch")
    opened.editor.fill()
    opened.settle()
    opened.editor.undo()
    assert not opened.editor.estimate().first


def test_a_method_that_tries_others_says_that_this_takes_time(opened: Desk):
    box(opened, 10, 10, 20, 20)
    seconds = {}
    for backend in ("telea", "auto"):
        opened.editor.use_backend(backend)
        seconds[backend] = opened.editor.estimate().seconds
    assert seconds["auto"] > seconds["telea"] + 0.2


def test_the_method_that_was_chosen_is_reported_until_something_else_is_done_and_not_said(opened: Desk):
    opened.editor.use_backend("auto")
    opened.editor.set_param("methods", "telea,ns")
    box(opened, 100, 100, 140, 160)
    opened.editor.fill()
    opened.settle()
    report = opened.editor.report
    assert report.methods in (("telea",), ("ns",))
    assert f"{report.methods[0]} was chosen" in report.notes[0]
    assert opened.messages == []
    opened.editor.use_backend("telea")
    opened.editor.try_again()
    opened.settle()
    first, second = opened.editor.offer.results
    name = {"telea": "Telea", "ns": "Navier-Stokes"}[report.methods[0]]
    assert first.name == f"Automatic choice ({name})"
    assert opened.labels[-1] == f"Fill: {name} (automatic)"
    assert opened.editor.report is second.report
    opened.editor.choose(0)
    assert opened.editor.report is report
    opened.editor.drop()
    box(opened, 10, 10, 20, 20)
    assert opened.editor.report is None


def test_a_fill_below_transparent_pixels_says_that_nothing_is_to_be_seen(empty: Desk, script: Script, tmp_path: Path):
    pixels = np.full((200, 200, 4), 120, np.uint8)
    pixels[:100, :, 3] = 0
    cv2.imwrite(str(tmp_path / "clear.png"), pixels)
    empty.open(tmp_path / "clear.png")
    empty.editor.use_backend("scripted")
    prefer(empty, grow=0.0)
    box(empty, 80, 80, 120, 120)
    empty.editor.fill()
    empty.settle()
    assert empty.messages == []  # half of it is seen
    box(empty, 10, 10, 30, 30)
    empty.editor.fill()
    empty.settle()
    assert "nothing of it is to be seen" in empty.messages[-1].sentence
    assert "transparency" in empty.messages[-1].hint


def test_an_exception_in_the_backend_is_said_with_details_and_changes_nothing(scripted: Desk, script: Script):
    photo = scripted.photo.copy()
    box(scripted, 100, 100, 140, 160)
    mask = scripted.mask.copy()
    script.error = ZeroDivisionError("seven over nothing")
    scripted.editor.fill()
    scripted.settle()
    message = scripted.messages[-1]
    assert message.severity is Severity.ERROR
    assert "seven over nothing" in message.details
    assert "Traceback" in message.details
    assert np.array_equal(scripted.photo, photo)
    assert np.array_equal(scripted.mask, mask)
    assert scripted.labels == ["Rectangle"]


def test_a_finished_part_is_previewed_before_the_fill_is_put_in(scripted: Desk):
    seen = []
    scripted.editor.previewed.add(lambda region, _pixels: seen.append((region, scripted.labels)))
    box(scripted, 100, 100, 140, 160)
    scripted.editor.fill()
    scripted.settle()
    assert seen == [(Region(100, 100, 140, 160), ["Rectangle"])]


def test_a_cancelled_fill_frees_the_document_at_once_and_changes_nothing(scripted: Desk, script: Script):
    photo = scripted.photo.copy()
    box(scripted, 100, 100, 140, 160)
    script.go.clear()
    scripted.editor.fill()
    scripted.run_until(lambda: script.calls == 1)
    scripted.editor.cancel()
    assert scripted.editor.jobs[0].state is State.CANCELLING
    box(scripted, 10, 10, 20, 20)  # the document is free
    scripted.settle()  # the worker too, without having been let go
    assert np.array_equal(scripted.photo, photo)
    assert scripted.labels == ["Rectangle", "Rectangle"]


def test_a_call_that_cannot_be_stopped_blocks_the_next_job_and_that_can_be_told(scripted: Desk, script: Script):
    photo = scripted.photo.copy()
    box(scripted, 100, 100, 140, 160)
    script.go.clear()
    script.listens = False
    scripted.editor.fill()
    scripted.run_until(lambda: script.calls == 1)
    scripted.editor.escape()
    assert scripted.editor.blocked == ""
    scripted.editor.fill()
    assert [job.state for job in scripted.editor.jobs] == [State.CANCELLING, State.WAITING]
    assert "waits" in scripted.editor.blocked
    script.go.set()
    scripted.settle()
    assert scripted.labels == ["Rectangle", "Fill: Scripted"]  # the second one's; the first was thrown away
    assert not np.array_equal(scripted.photo, photo)


def test_the_next_mask_can_be_painted_and_filled_while_a_fill_runs(scripted: Desk, script: Script):
    box(scripted, 10, 10, 30, 30)
    script.go.clear()
    scripted.editor.fill()
    scripted.run_until(lambda: script.calls == 1)
    box(scripted, 10, 40, 30, 60)  # in the same tile
    scripted.editor.fill()
    script.go.set()
    scripted.settle()
    assert scripted.labels[-2:] == ["Fill: Scripted", "Fill: Scripted"]
    assert scripted.editor.offer is None
    assert not scripted.mask.any()
    assert (scripted.photo[10:30, 10:30] == 77).all()
    assert (scripted.photo[10:30, 40:60] == 77).all()
    assert scripted.document.steps()[1].box == Region(10, 40, 30, 60)


def test_enter_twice_does_not_fill_twice(scripted: Desk, script: Script):
    box(scripted, 10, 10, 30, 30)
    script.go.clear()
    scripted.editor.enter()
    scripted.editor.enter()
    assert len(scripted.editor.jobs) == 1
    script.go.set()
    scripted.settle()
    assert script.calls == 1


def test_what_was_painted_meanwhile_stays_in_the_mask(scripted: Desk, script: Script):
    box(scripted, 10, 10, 30, 30)
    script.go.clear()
    scripted.editor.fill()
    box(scripted, 200, 200, 220, 220)
    script.go.set()
    scripted.settle()
    assert box_of(scripted.mask) == Region(200, 200, 220, 220)


def changed_below(desk: Desk, script: Script) -> np.ndarray:
    """Let the picture change inside the hole while it is being filled; the picture as it is then."""
    box(desk, 100, 100, 140, 160)
    script.go.clear()
    desk.editor.fill()
    desk.run_until(lambda: script.calls == 1)
    with (
        desk.document.edit("Meanwhile") as edit,
        edit.write(desk.document.photo, Region(90, 90, 120, 120)) as pixels,
    ):
        pixels[...] = 5
    script.go.set()
    desk.settle()
    return desk.photo.copy()


def test_a_result_whose_picture_changed_below_is_only_offered(scripted: Desk, script: Script):
    photo = changed_below(scripted, script)
    offer = scripted.editor.offer
    assert offer is not None
    assert [region for region, _pixels in offer.pieces] == [Region(100, 100, 140, 160)]
    assert scripted.labels == ["Rectangle", "Meanwhile"]
    scripted.editor.enter()
    assert scripted.editor.offer is None
    assert (scripted.photo[100:140, 100:160] == 77).all()
    assert (scripted.photo[90:100, 90:120] == 5).all()
    assert not scripted.mask.any()
    scripted.editor.undo()
    assert np.array_equal(scripted.photo, photo)


def filling_after_a_fill(desk: Desk, script: Script) -> None:
    """One box is filled, and the fill of a second one runs."""
    box(desk, 10, 10, 30, 30)
    desk.editor.fill()
    desk.settle()
    box(desk, 100, 100, 140, 160)
    script.go.clear()
    desk.editor.fill()
    desk.run_until(lambda: script.calls == 2)


def test_a_result_that_comes_while_the_person_looks_back_waits_and_leaves_what_can_be_redone(
    scripted: Desk, script: Script
):
    filling_after_a_fill(scripted, script)
    labels = scripted.labels
    scripted.editor.go_to(0)
    script.go.set()
    scripted.settle()
    assert scripted.labels == labels
    assert "history" in scripted.editor.offer.question.sentence
    scripted.editor.go_to(len(labels))
    scripted.editor.accept()
    assert scripted.labels == [*labels, labels[1]]
    assert not scripted.mask.any()
    scripted.editor.undo()
    assert box_of(scripted.mask) == Region(100, 100, 140, 160)


def test_a_try_of_a_fill_that_was_taken_back_meanwhile_leaves_it_to_be_redone(scripted: Desk, script: Script):
    box(scripted, 10, 10, 30, 30)
    scripted.editor.fill()
    scripted.settle()
    script.go.clear()
    scripted.editor.try_again()
    scripted.run_until(lambda: script.calls == 2)
    scripted.editor.undo()
    script.go.set()
    scripted.settle()
    assert scripted.editor.can_redo
    assert scripted.editor.offer.question


def test_a_fill_of_a_mask_that_was_undone_before_it_was_asked_for_is_put_in(scripted: Desk, script: Script):
    box(scripted, 10, 10, 30, 30)
    box(scripted, 100, 100, 140, 160)
    scripted.editor.undo()
    scripted.editor.fill()
    scripted.settle()
    assert scripted.editor.offer is None
    assert scripted.labels == ["Rectangle", "Fill: Scripted"]


@pytest.mark.parametrize("verb", ["undo", "clear_mask"])
def test_a_fill_whose_mask_is_taken_back_is_cancelled_with_a_word(scripted: Desk, script: Script, verb: str):
    filling_after_a_fill(scripted, script)
    getattr(scripted.editor, verb)()
    assert not scripted.editor.filling.running
    assert "cancelled" in scripted.messages[-1].sentence
    script.go.set()
    scripted.settle()
    assert (scripted.photo[100:140, 100:160] != 77).any()
    assert scripted.labels[:3] == ["Rectangle", "Fill: Scripted", "Rectangle"]


def test_what_is_undone_beside_the_mask_of_a_fill_leaves_that_running(scripted: Desk, script: Script):
    filling_after_a_fill(scripted, script)
    box(scripted, 200, 200, 220, 220)
    scripted.editor.undo()
    assert scripted.editor.filling.running


def test_escape_drops_the_result_offered_and_keeps_the_mask(scripted: Desk, script: Script):
    photo = changed_below(scripted, script)
    scripted.editor.escape()
    assert scripted.editor.offer is None
    assert np.array_equal(scripted.photo, photo)
    assert scripted.mask.any()


def test_escape_means_shape_then_offer_then_run_then_mask(scripted: Desk, script: Script):
    changed_below(scripted, script)
    script.go.clear()
    scripted.editor.work.run("Something", lambda progress: _wait(script, progress), lambda _result: None)
    scripted.editor.use("polygon")
    scripted.click(10, 10)
    scripted.editor.escape()
    assert scripted.editor.gesture is None
    assert scripted.editor.offer is not None
    scripted.editor.escape()
    assert scripted.editor.offer is None
    scripted.editor.escape()
    assert scripted.editor.jobs[0].state is State.CANCELLING
    assert scripted.mask.any()
    scripted.editor.escape()
    assert not scripted.mask.any()
    scripted.editor.undo()
    assert scripted.mask.any()
    scripted.settle()


def test_enter_means_shape_then_offer_then_fill(scripted: Desk, script: Script):
    changed_below(scripted, script)
    scripted.editor.use("polygon")
    for x, y in ((200, 200), (260, 200), (260, 260)):
        scripted.click(x, y)
    scripted.editor.enter()
    assert scripted.labels[-1] == "Polygon"
    assert scripted.editor.offer is not None
    scripted.editor.enter()
    assert scripted.labels[-1] == "Fill: Scripted"
    assert scripted.mask[210, 250] == 255
    scripted.editor.enter()
    scripted.settle()
    assert not scripted.mask.any()


def test_a_stroke_is_filled_when_the_brush_is_lifted_if_the_person_wants_it(scripted: Desk, script: Script):
    prefer(scripted, fill_after_stroke=True)
    scripted.size_brush(20)
    scripted.drag((50, 50), (80, 50))
    assert len(scripted.editor.jobs) == 1
    scripted.settle()
    assert scripted.labels == ["Brush stroke", "Fill: Scripted"]


def test_ctrl_held_collects_strokes(scripted: Desk, script: Script):
    prefer(scripted, fill_after_stroke=True)
    scripted.size_brush(20)
    scripted.drag((50, 50), (80, 50), modifiers=Modifier.CTRL)
    scripted.drag((50, 150), (80, 150), modifiers=Modifier.CTRL)
    assert scripted.editor.jobs == []
    scripted.drag((50, 250), (80, 250))
    scripted.settle()
    assert scripted.labels[-1] == "Fill: Scripted"
    assert scripted.labels.count("Fill: Scripted") == 1
    assert not scripted.mask.any()


def test_erasing_runs_no_fill(scripted: Desk, script: Script):
    scripted.editor.select_all()
    prefer(scripted, fill_after_stroke=True)
    scripted.size_brush(20)
    scripted.drag((50, 50), (80, 50), modifiers=Modifier.ALT)
    assert scripted.editor.jobs == []


def test_nothing_runs_after_a_stroke_by_itself(scripted: Desk):
    scripted.drag((50, 50), (80, 50))
    assert scripted.editor.jobs == []


def test_changing_the_document_cancels_its_fill(scripted: Desk, script: Script, tmp_path: Path):
    box(scripted, 100, 100, 140, 160)
    script.go.clear()
    scripted.editor.fill()
    scripted.run_until(lambda: script.calls == 1)
    fill = scripted.editor.jobs[0]
    scripted.editor.close()
    assert scripted.editor.document is None
    assert fill.state is State.CANCELLING
    scripted.settle()
    assert fill.state is State.CANCELLED
    scripted.open(picture(tmp_path / "next.png", 200, 200))
    assert scripted.labels == []


def test_a_job_tells_of_its_states(scripted: Desk):
    states = []
    scripted.editor.job_changed.add(lambda job: states.append(job.state))
    box(scripted, 100, 100, 140, 160)
    scripted.editor.fill()
    scripted.settle()
    assert list(dict.fromkeys(states)) == [State.WAITING, State.RUNNING, State.DONE]


def test_params_are_remembered_for_each_backend_and_checked(scripted: Desk):
    scripted.editor.set_param("value", 9)
    scripted.editor.use_backend("telea")
    scripted.editor.set_param("radius", 5)
    scripted.editor.set_param("radius", 500)
    assert scripted.editor.params.radius == 5
    assert scripted.messages[-1].severity is Severity.ERROR
    scripted.editor.use_backend("scripted")
    assert scripted.editor.params.value == 9
    assert scripted.editor.settings.params == {"scripted": {"value": 9}, "telea": {"radius": 5}}


def test_a_backend_that_is_gone_gives_way_to_the_first_there_is(opened: Desk):
    opened.editor.settings.backend = "uninstalled"
    assert opened.editor.backend == registry.ids()[0]
    opened.editor.use_backend("nowhere")
    assert "nowhere" in opened.messages[-1].sentence


@pytest.mark.parametrize("dtype", [np.uint16])
def test_sixteen_bits_are_filled_at_their_own_depth(empty: Desk, tmp_path: Path, dtype: type):
    empty.open(picture(tmp_path / "deep.png", dtype=dtype))
    box(empty, 100, 100, 140, 160)
    empty.editor.fill()
    empty.settle()
    filled = empty.photo[100:140, 100:160]
    assert filled.dtype == np.uint16
    assert len(np.unique(filled % 257)) > 100


def _wait(script: Script, progress: Job) -> None:
    while not script.go.is_set():
        progress.check()  # type: ignore[attr-defined]
        time.sleep(0.002)


# --- a result that comes at a bad moment


def filled_during(desk: Desk, script: Script, begin: object) -> None:
    """Let a fill of a box end while a gesture is open that `begin()` begins."""
    box(desk, 10, 10, 30, 30)
    script.go.clear()
    desk.editor.fill()
    desk.run_until(lambda: script.calls == 1)
    begin()  # type: ignore[operator]
    assert desk.editor.gesture is not None
    script.go.set()
    desk.run_until(lambda: not desk.jobs.busy)
    desk.deliver()
    assert (desk.photo[10:30, 10:30] != 77).any(), "it landed in the middle of the gesture"


def test_a_fill_that_lands_during_a_stroke_waits_for_its_end_and_undo_takes_them_apart(scripted: Desk, script: Script):
    before = scripted.photo.copy()
    scripted.size_brush(6)

    def stroke() -> None:
        scripted.size_brush(6)
        scripted.drag((20, 20), (60, 20), release=False)

    filled_during(scripted, script, stroke)
    scripted.editor.release(pointer(60, 20))
    scripted.settle()
    assert scripted.labels == ["Rectangle", "Brush stroke", "Fill: Scripted"]
    assert (scripted.photo[10:30, 10:30] == 77).all()
    scripted.editor.undo()  # the fill
    assert np.array_equal(scripted.photo, before)
    assert (scripted.mask[10:30, 10:30] == 255).all()
    scripted.editor.undo()  # the stroke
    assert (scripted.mask[10:30, 10:30] == 255).all()
    assert not scripted.mask[:, 30:].any()


def test_a_polygon_holds_no_edit_so_a_fill_lands_meanwhile(scripted: Desk, script: Script):
    box(scripted, 10, 10, 30, 30)
    scripted.editor.fill()
    scripted.editor.use("polygon")
    scripted.click(100, 100)
    scripted.settle()
    assert scripted.editor.gesture is not None
    assert (scripted.photo[10:30, 10:30] == 77).all()


def test_a_held_result_that_is_cancelled_waits_for_the_gesture_too(scripted: Desk, script: Script):
    box(scripted, 10, 10, 30, 30)
    scripted.editor.fill()
    scripted.settle()
    filled = scripted.photo.copy()
    script.go.clear()
    scripted.editor.try_again()
    scripted.run_until(lambda: script.calls == 2)
    scripted.size_brush(6)
    scripted.drag((20, 20), (60, 20), release=False)
    script.go.set()
    scripted.run_until(lambda: not scripted.jobs.busy)
    scripted.deliver()
    scripted.editor.work.cancel_bound()  # the window is to end, but stays
    scripted.editor.escape()
    scripted.settle()
    assert np.array_equal(scripted.photo, filled)
    assert not scripted.mask.any()
    scripted.editor.undo()
    assert (scripted.mask[10:30, 10:30] == 255).all()


def test_a_result_that_fails_does_not_hold_up_the_next(scripted: Desk):
    scripted.size_brush(6)
    scripted.drag((100, 100), (120, 100), release=False)
    heard: list[str] = []

    def fails(_result: object) -> None:
        raise ZeroDivisionError

    scripted.editor.work.run("first", lambda _progress: None, fails)
    scripted.editor.work.run("second", lambda _progress: None, lambda _result: heard.append("second"))
    scripted.run_until(lambda: not scripted.jobs.busy)
    scripted.deliver()
    assert heard == []
    with pytest.raises(ZeroDivisionError):
        scripted.editor.release(pointer(120, 100))
    assert heard == ["second"]
    assert scripted.editor.jobs == []


def test_what_waited_for_a_gesture_comes_to_nothing_with_another_picture(
    scripted: Desk, script: Script, tmp_path: Path
):
    def stroke() -> None:
        scripted.size_brush(6)
        scripted.drag((100, 100), (120, 100), release=False)

    filled_during(scripted, script, stroke)
    document = scripted.document
    scripted.editor.close()
    scripted.settle()
    assert "Fill: Scripted" not in document.history.labels
    assert not scripted.editor.filling.running


def test_a_fill_that_waits_its_turn_sees_what_the_one_before_made(scripted: Desk, script: Script):
    seen: list[np.ndarray] = []
    script.saw = seen.append
    box(scripted, 10, 10, 30, 30)
    script.go.clear()
    scripted.editor.fill()
    scripted.run_until(lambda: script.calls == 1)
    box(scripted, 10, 32, 30, 52)  # close enough to have the first box in its context
    scripted.editor.fill()
    script.go.set()
    scripted.settle()
    assert scripted.editor.offer is None
    first, second = seen
    assert (second[10:30, 10:30] == 77).all(), "what the first fill removed still shows"
    assert (first[10:30, 10:30] != 77).any()


def test_a_result_for_a_picture_that_was_cropped_is_dropped_and_said(scripted: Desk, script: Script):
    box(scripted, 10, 10, 30, 30)
    script.go.clear()
    scripted.editor.fill()
    scripted.run_until(lambda: script.calls == 1)
    scripted.document.crop(Region(5, 5, 250, 350), "Crop")
    cropped = scripted.photo.copy()
    script.go.set()
    scripted.settle()
    assert np.array_equal(scripted.photo, cropped)
    assert any("was cropped" in m.sentence for m in scripted.messages)
    assert scripted.mask.any()


def test_a_crop_of_the_same_size_elsewhere_drops_a_result_too(scripted: Desk, script: Script):
    scripted.document.crop(Region(0, 0, 200, 200), "Crop")
    box(scripted, 10, 10, 30, 30)
    script.go.clear()
    scripted.editor.fill()
    scripted.run_until(lambda: script.calls == 1)
    scripted.editor.undo()
    scripted.editor.undo()
    scripted.document.crop(Region(50, 50, 250, 250), "Crop")
    cropped = scripted.photo.copy()
    script.go.set()
    scripted.settle()
    assert np.array_equal(scripted.photo, cropped)


def test_a_result_that_waits_goes_when_the_picture_is_cropped_and_that_is_said(scripted: Desk, script: Script):
    changed_below(scripted, script)
    assert scripted.editor.offer is not None
    scripted.document.crop(Region(0, 0, 90, 90), "Crop")
    assert scripted.editor.offer is None
    assert "was dropped" in scripted.messages[-1].sentence
    scripted.editor.accept()
    assert scripted.photo.shape[:2] == (90, 90)


def test_a_wand_search_from_before_a_crop_marks_nothing(opened: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lacuna.editor.wand.AT_ONCE", 10)
    opened.editor.use("wand")
    opened.editor.set_option("tolerance", 255)
    opened.click(350, 250)
    opened.document.crop(Region(0, 0, 40, 40), "Crop")
    opened.settle()
    assert not opened.mask.any()
    assert any("was cropped" in m.sentence for m in opened.messages)


@pytest.mark.parametrize("wanted", [True, False])
def test_transparency_is_filled_too_where_that_is_wanted_and_undone_with_the_fill(
    empty: Desk, tmp_path: Path, wanted: bool
):
    pixels = np.full((120, 160, 4), 200, np.uint8)
    pixels[..., 3] = 255
    pixels[40:60, 50:80, 3] = 0
    cv2.imwrite(str(tmp_path / "clear.png"), pixels)
    empty.editor.settings.preferences = dataclasses.replace(empty.editor.settings.preferences, fill_alpha=wanted)
    empty.open(tmp_path / "clear.png")
    before = empty.document.alpha.pixels.copy()
    empty.editor.use("rectangle")
    empty.drag((45, 35), (85, 65))
    empty.editor.fill()
    empty.settle()
    assert (empty.document.alpha.pixels == 255).all() == wanted
    assert np.array_equal(empty.document.alpha.pixels, before) != wanted
    empty.editor.undo()
    assert np.array_equal(empty.document.alpha.pixels, before)
