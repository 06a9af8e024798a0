"""Brush, eraser and restore brush: what a press, a few moves and a release leave behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lacuna.editor.tool import Button, Modifier
from lacuna.settings import Settings
from tests.editor.support import Desk, box_of, desk, picture, pointer


def test_a_stroke_is_one_entry_of_the_history(opened: Desk):
    opened.drag((50, 50), (60, 55), (90, 80), (120, 60))
    assert opened.labels == ["Brush stroke"]
    opened.editor.undo()
    assert not opened.mask.any()
    opened.editor.redo()
    assert opened.mask.any()


def test_a_click_without_movement_makes_a_dab(opened: Desk):
    opened.size_brush(20)
    opened.click(100.5, 100.5)
    assert opened.labels == ["Brush stroke"]
    assert np.count_nonzero(opened.mask) == pytest.approx(np.pi * 10**2, rel=0.15)


def test_escape_in_the_middle_of_a_stroke_puts_the_mask_back(opened: Desk):
    opened.drag((50, 50), (90, 80))
    before = opened.mask.copy()
    opened.drag((200, 200), (250, 240), release=False)
    assert not np.array_equal(opened.mask, before)
    opened.editor.escape()
    assert np.array_equal(opened.mask, before)
    assert opened.labels == ["Brush stroke"]
    opened.editor.move(pointer(260, 260))  # the button is still down
    opened.editor.release(pointer(260, 260))
    assert np.array_equal(opened.mask, before)


@pytest.mark.parametrize(
    "how",
    [{"modifiers": Modifier.ALT}, {"button": Button.RIGHT}, {"button": Button.ERASER}],
    ids=["alt", "right button", "pen's eraser"],
)
def test_alt_the_right_button_and_the_pens_eraser_erase(opened: Desk, how: dict):
    opened.size_brush(30)
    opened.drag((50, 50), (150, 50))
    opened.drag((50, 50), (150, 50), **how)
    assert opened.labels == ["Brush stroke", "Erase stroke"]
    assert opened.mask.max() <= 128  # the smooth edge


@pytest.mark.parametrize(
    ("how", "label"),
    [
        ({}, "Erase stroke"),
        ({"modifiers": Modifier.ALT}, "Brush stroke"),
        ({"button": Button.RIGHT}, "Brush stroke"),
        ({"button": Button.ERASER}, "Erase stroke"),
    ],
    ids=["as it is", "alt", "right button", "pen's eraser"],
)
def test_alt_and_the_right_button_make_the_eraser_paint(opened: Desk, how: dict, label: str):
    opened.editor.use("rectangle")
    opened.drag((40, 40), (100, 60))
    opened.editor.use("eraser")
    opened.drag((50, 50), (150, 50), **how)
    assert opened.labels == ["Rectangle", label]


def test_x_swaps_painting_and_erasing(opened: Desk):
    opened.size_brush(30)
    opened.drag((50, 50), (150, 50))
    opened.editor.swap_erase()
    opened.drag((50, 50), (150, 50))
    assert opened.mask.max() <= 128
    opened.editor.swap_erase()
    opened.drag((50, 50), (150, 50))
    assert opened.mask.max() == 255


def test_x_on_the_eraser_gives_the_brush(opened: Desk):
    opened.editor.use("eraser")
    opened.editor.swap_erase()
    assert opened.editor.tool.id == "brush"
    assert opened.editor.options.mode == "paint"


def test_the_eraser_erases(opened: Desk):
    opened.editor.select_all()
    opened.editor.use("eraser")
    opened.editor.set_option("size", 20)
    opened.drag((50, 50), (150, 50))
    assert opened.mask[50, 100] == 0
    assert opened.mask[200, 100] == 255


def test_erasing_where_nothing_is_leaves_no_entry(opened: Desk):
    opened.drag((50, 50), (150, 50), modifiers=Modifier.ALT)
    assert opened.labels == []


def test_shift_click_draws_a_straight_segment_from_the_last_end(opened: Desk):
    opened.size_brush(10)
    opened.click(50, 50)
    opened.click(250, 150, modifiers=Modifier.SHIFT)
    assert opened.labels == ["Brush stroke", "Brush stroke"]
    assert opened.mask[100, 150] == 255
    opened.click(250, 250, modifiers=Modifier.SHIFT)
    assert opened.mask[200, 250] == 255


def test_the_first_shift_click_in_a_picture_is_a_dab(opened: Desk):
    opened.size_brush(10)
    opened.click(50, 50, modifiers=Modifier.SHIFT)
    assert box_of(opened.mask).width <= 11


def test_a_stroke_may_begin_and_end_outside_the_picture(opened: Desk):
    opened.size_brush(20)
    opened.drag((-80, 100), (480, 100))
    assert (opened.mask[100] == 255).all()


def test_pen_pressure_sets_the_width_if_the_person_wants_it(opened: Desk):
    opened.size_brush(40)
    opened.drag((100, 100), (120, 100), pressure=0.25)
    light = box_of(opened.mask).height
    assert 9 <= light <= 12
    opened.editor.settings.preferences = _with(opened, pen_pressure=False)
    opened.drag((100, 200), (120, 200), pressure=0.25)
    assert box_of(opened.mask[150:]).height >= 40


def test_a_size_meant_on_the_screen_follows_the_zoom(opened: Desk):
    opened.editor.settings.preferences = _with(opened, brush_on_screen=True)
    opened.size_brush(40)
    opened.click(100.5, 100.5, scale=4.0)
    assert 9 <= box_of(opened.mask).height <= 12
    assert opened.editor.outline(pointer(10, 10, scale=0.5)).circles[0][2] == 40


def test_soft_strokes_do_not_darken_each_other(opened: Desk):
    opened.size_brush(60)
    opened.editor.set_option("hardness", 0)
    opened.drag((100, 100), (200, 100))
    before = opened.mask.copy()
    opened.drag((100, 100), (200, 100))
    assert np.array_equal(opened.mask, before)


def test_the_nib_is_five_percent_of_the_short_side_until_the_person_sets_it(opened: Desk, tmp_path: Path):
    assert opened.editor.options.size == 15
    opened.open(picture(tmp_path / "large.png", 1000, 1200))
    assert opened.editor.options.size == 50
    opened.editor.resize_brush(1)
    assert opened.editor.options.size == 55
    opened.open(picture(tmp_path / "small.png", 200, 200))
    assert opened.editor.options.size == 55


def test_brush_steps_are_a_tenth_and_a_pixel_at_least(opened: Desk):
    opened.size_brush(3)
    opened.editor.resize_brush(1)
    assert opened.editor.options.size == 4
    opened.editor.set_option("size", 1)
    opened.editor.resize_brush(-1)
    assert opened.editor.options.size == 1
    opened.editor.set_option("size", 100)
    opened.editor.resize_brush(10)
    assert opened.editor.options.size == 259
    opened.editor.set_option("size", 1990)
    opened.editor.resize_brush(10)
    assert opened.editor.options.size == 2000


def test_hardness_stays_within_its_range(opened: Desk):
    opened.editor.harden_brush(3)
    assert opened.editor.options.hardness == 100
    opened.editor.harden_brush(-30)
    assert opened.editor.options.hardness == 0


def test_options_are_remembered_and_damaged_ones_are_as_new():
    settings = Settings()
    with desk(settings) as first:
        first.editor.use("wand")
        first.editor.set_option("tolerance", 60)
    settings.tool_options["brush"] = {"hardness": "nonsense", "mode": "erase", "gone": 1}
    with desk(settings) as second:
        assert second.editor.tool.id == "wand"
        assert second.editor.options.tolerance == 60
        second.editor.use("brush")
        assert second.editor.options.hardness == 100
        assert second.editor.options.mode == "erase"


def test_an_option_out_of_range_is_said_and_changes_nothing(opened: Desk):
    opened.size_brush(12)
    opened.editor.set_option("size", 99999)
    assert opened.editor.options.size == 12
    assert "99999" in opened.messages[-1].sentence


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_restore_brush_brings_the_original_back_at_the_photos_depth(empty: Desk, tmp_path: Path, dtype: type):
    empty.open(picture(tmp_path / "photo.png", dtype=dtype))
    original = empty.photo.copy()
    empty.editor.use("rectangle")
    empty.drag((50, 50), (250, 250))
    empty.editor.fill()
    empty.settle()
    filled = empty.photo.copy()
    assert not np.array_equal(filled, original)
    empty.editor.use("restore")
    empty.settle()
    empty.editor.set_option("size", 40)
    empty.drag((100, 150), (200, 150))
    assert empty.labels[-1] == "Restore"
    assert np.array_equal(empty.photo[135:165, 100:200], original[135:165, 100:200])
    assert np.array_equal(empty.photo[:120], filled[:120])
    empty.editor.undo()
    assert np.array_equal(empty.photo, filled)


def test_a_soft_restore_stroke_gone_over_twice_is_the_same_as_once(opened: Desk):
    with opened.document.edit("Darken") as edit, edit.write(opened.document.photo, _everywhere(opened)) as pixels:
        pixels[...] = 0
    opened.editor.use("restore")
    opened.settle()
    opened.editor.set_option("size", 80)
    opened.editor.set_option("hardness", 20)
    opened.drag((100, 150), (200, 150))
    once = opened.photo.copy()
    opened.editor.undo()
    opened.drag((100, 150), (200, 150), (100, 150), (200, 150))
    assert np.array_equal(opened.photo, once)
    assert 0 < once[150 + 30, 150].max() < opened.document.original()[150 + 30, 150].max()


def test_a_restore_stroke_before_the_original_is_there_is_refused_with_a_word(opened: Desk):
    opened.editor.use("restore")
    opened.drag((100, 100), (150, 150))
    assert opened.editor.gesture is None
    assert opened.labels == []
    assert "original" in opened.messages[-1].sentence
    opened.settle()
    opened.drag((100, 100), (150, 150))  # restores what is the original already
    assert opened.labels == []


@pytest.mark.parametrize("turn", [lambda editor: editor.use("lasso"), lambda editor: editor.invert_mask()])
def test_a_stroke_ends_where_it_is_when_another_tool_or_verb_is_taken(opened: Desk, turn: Callable[[Any], None]):
    opened.drag((50, 50), (90, 80), release=False)
    turn(opened.editor)
    opened.editor.move(pointer(200, 200))
    opened.editor.release(pointer(200, 200))
    assert opened.editor.gesture is None
    assert opened.labels in (["Brush stroke"], ["Brush stroke", "Invert mask"])
    opened.editor.go_to(1)
    assert box_of(opened.mask).x1 < 120


def test_the_hand_changes_nothing(opened: Desk):
    opened.editor.use("hand")
    opened.drag((50, 50), (90, 80))
    assert opened.editor.gesture is None
    assert opened.labels == []


def _with(opened: Desk, **changed: object):
    import dataclasses

    return dataclasses.replace(opened.editor.settings.preferences, **changed)


def _everywhere(opened: Desk):
    from lacuna.imaging.region import Region

    return Region.whole(opened.document.shape)
