"""Lasso, polygon, rectangle and magic wand."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from lacuna.editor import wand
from lacuna.editor.tool import Modifier
from lacuna.imaging.region import Region
from tests.editor.support import Desk, box_of, pointer


def test_a_lasso_marks_what_it_goes_round(opened: Desk):
    opened.editor.use("lasso")
    opened.drag(*[(200 + 60 * math.cos(t), 150 + 60 * math.sin(t)) for t in np.linspace(0, 2 * math.pi, 40)])
    assert opened.labels == ["Lasso"]
    assert opened.mask[150, 200] == 255
    assert (opened.mask / 255).sum() == pytest.approx(math.pi * 60**2, rel=0.02)


def test_a_lasso_shows_its_line_and_changes_nothing_before_it_is_let_go(opened: Desk):
    opened.editor.use("lasso")
    opened.drag((10, 10), (100, 10), (100, 100), release=False)
    assert opened.editor.outline(None).path == ((10, 10), (100, 10), (100, 100))
    assert not opened.mask.any()
    opened.editor.escape()
    assert opened.labels == []


def test_a_click_with_the_lasso_marks_nothing(opened: Desk):
    opened.editor.use("lasso")
    opened.click(100, 100)
    assert opened.labels == []


def test_alt_takes_away_with_every_selection(opened: Desk):
    opened.editor.select_all()
    opened.editor.use("rectangle")
    opened.drag((50, 50), (100, 100), modifiers=Modifier.ALT)
    opened.editor.use("lasso")
    opened.drag((200, 50), (260, 50), (260, 100), (200, 100), modifiers=Modifier.ALT)
    assert not opened.mask[50:100, 50:100].any()
    assert not opened.mask[55:95, 205:255].any()
    assert opened.labels == ["Select all", "Erase rectangle", "Erase lasso"]


def test_a_rectangle_is_whole_pixels_and_a_square_with_shift(opened: Desk):
    opened.editor.use("rectangle")
    opened.drag((10.2, 20.4), (60.3, 41.9))
    assert box_of(opened.mask) == Region(20, 10, 42, 60)
    assert (opened.mask[20:42, 10:60] == 255).all()
    opened.editor.undo()
    opened.drag((100, 100), (60, 90), modifiers=Modifier.SHIFT)
    assert box_of(opened.mask) == Region(60, 60, 100, 100)


def test_a_rectangle_shows_a_closed_outline(opened: Desk):
    opened.editor.use("rectangle")
    opened.drag((10, 20), (60, 40), release=False)
    outline = opened.editor.outline(None)
    assert outline.closed
    assert outline.path == ((10, 20), (60, 20), (60, 40), (10, 40))


def corners(opened: Desk, *points: tuple[float, float]) -> None:
    opened.editor.use("polygon")
    for x, y in points:
        opened.click(x, y)


def test_a_polygon_waits_between_its_corners_and_enter_closes_it(opened: Desk):
    corners(opened, (50, 50), (150, 50), (150, 150), (50, 150))
    assert opened.editor.gesture is not None
    assert opened.labels == []
    opened.editor.enter()
    assert opened.labels == ["Polygon"]
    assert (opened.mask[50:150, 50:150] == 255).all()
    assert np.count_nonzero(opened.mask) == 100 * 100


def test_a_double_click_closes_a_polygon(opened: Desk):
    corners(opened, (50, 50), (150, 50), (100, 150))
    opened.editor.double_click(pointer(100, 150))
    assert opened.labels == ["Polygon"]
    assert opened.editor.gesture is None


def test_a_click_near_the_first_corner_closes_a_polygon(opened: Desk):
    corners(opened, (50, 50), (150, 50), (100, 150))
    opened.click(53, 52)
    assert opened.labels == ["Polygon"]
    corners(opened, (200, 50), (300, 50), (250, 150))
    opened.click(203, 52, scale=8.0)  # 29 screen pixels away
    assert opened.editor.gesture is not None


def test_backspace_takes_corners_back_one_by_one(opened: Desk):
    corners(opened, (50, 50), (150, 50), (390, 290))
    opened.editor.back()
    opened.click(100, 150)
    opened.editor.enter()
    assert box_of(opened.mask) == Region(50, 50, 150, 150)
    corners(opened, (50, 50), (60, 60))
    opened.editor.back()
    opened.editor.back()
    assert opened.editor.gesture is None


def test_undo_in_a_polygon_takes_its_last_corner_back(opened: Desk):
    opened.editor.select_all()
    corners(opened, (50, 50), (60, 60))
    opened.editor.undo()
    assert len(opened.editor.outline(None).path) == 2  # a corner, and the pointer
    assert opened.labels == ["Select all"]
    assert opened.mask.all()


def test_escape_drops_a_polygon_and_keeps_the_mask(opened: Desk):
    opened.editor.select_all()
    corners(opened, (50, 50), (150, 50), (100, 150))
    opened.editor.escape()
    assert opened.editor.gesture is None
    assert opened.mask.all()


def test_a_polygon_of_two_corners_is_dropped(opened: Desk):
    corners(opened, (50, 50), (150, 50))
    opened.editor.enter()
    assert opened.labels == []
    assert opened.editor.gesture is None


def patches(path: Path, dtype: type = np.uint8) -> Path:
    """Two patches of 100, twenty levels apart from 120 beside them, on 200."""
    pixels = np.full((300, 400, 3), 200, np.uint8)
    pixels[50:100, 50:100] = 100
    pixels[50:100, 100:150] = 120
    pixels[200:250, 300:350] = 100
    cv2.imwrite(str(path), pixels.astype(dtype) * (257 if dtype is np.uint16 else 1))
    return path


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_wand_takes_what_is_within_its_tolerance(empty: Desk, tmp_path: Path, dtype: type):
    empty.open(patches(tmp_path / "patches.png", dtype))
    empty.editor.use("wand")
    empty.editor.set_option("antialias", False)
    empty.editor.set_option("tolerance", 19)
    empty.click(75, 75)
    assert empty.labels == ["Magic wand"]
    assert box_of(empty.mask) == Region(50, 50, 100, 100)
    empty.editor.undo()
    empty.editor.set_option("tolerance", 20)
    empty.click(75, 75)
    assert box_of(empty.mask) == Region(50, 50, 100, 150)
    assert np.count_nonzero(empty.mask) == 50 * 100


def test_the_wand_takes_like_pixels_everywhere_if_asked(empty: Desk, tmp_path: Path):
    empty.open(patches(tmp_path / "patches.png"))
    empty.editor.use("wand")
    empty.editor.set_option("contiguous", False)
    empty.editor.set_option("antialias", False)
    empty.editor.set_option("tolerance", 0)
    empty.click(75, 75)
    assert np.count_nonzero(empty.mask) == 2 * 50 * 50


def test_the_wand_adds_and_with_alt_takes_away(empty: Desk, tmp_path: Path):
    empty.open(patches(tmp_path / "patches.png"))
    empty.editor.use("wand")
    empty.editor.set_option("antialias", False)
    empty.editor.set_option("tolerance", 5)
    empty.click(75, 75)
    empty.click(125, 75)
    assert box_of(empty.mask) == Region(50, 50, 100, 150)
    empty.click(125, 75, modifiers=Modifier.ALT)
    assert box_of(empty.mask) == Region(50, 50, 100, 100)


def test_a_smooth_wand_edge_lies_outside_what_was_found(empty: Desk, tmp_path: Path):
    empty.open(patches(tmp_path / "patches.png"))
    empty.editor.use("wand")
    empty.editor.set_option("tolerance", 5)
    empty.click(75, 75)
    assert (empty.mask[50:100, 50:100] == 255).all()
    assert box_of(empty.mask) == Region(49, 49, 101, 101)
    assert 0 < empty.mask[49, 75] < 128


def test_the_wand_outside_the_picture_does_nothing(opened: Desk):
    opened.editor.use("wand")
    opened.click(-5, 20)
    opened.click(400, 20)
    assert opened.labels == []


def test_a_patch_too_large_to_wait_for_is_found_by_a_job(empty: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wand, "AT_ONCE", 1000)
    monkeypatch.setattr(wand, "FIRST_LOOK", 10)
    empty.open(patches(tmp_path / "patches.png"))
    empty.editor.use("wand")
    empty.editor.set_option("antialias", False)
    empty.click(10, 10)
    assert empty.editor.gesture is None
    assert not empty.mask.any()
    empty.settle()
    assert empty.labels == ["Magic wand"]
    assert np.array_equal(empty.mask == 255, empty.photo[..., 0] == 200)
    empty.editor.set_option("contiguous", False)
    empty.editor.undo()
    empty.click(10, 10)
    empty.settle()
    assert np.array_equal(empty.mask == 255, empty.photo[..., 0] == 200)
