"""Clone brush: what a stroke copies, and from where."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lacuna.editor.tool import Modifier
from lacuna.imaging.region import Region
from tests.editor.support import Desk, picture, pointer

ALT = Modifier.ALT


@pytest.fixture
def cloning(opened: Desk) -> Desk:
    """The clone brush is in hand, 20 pixels across, and copies from (100, 60)."""
    opened.editor.use("clone")
    opened.editor.set_option("size", 20)
    opened.click(100, 60, modifiers=ALT)
    return opened


def test_a_stroke_copies_what_lies_at_the_same_distance(cloning: Desk):
    before = cloning.photo.copy()
    assert cloning.labels == []
    cloning.drag((200, 160), (240, 160))
    assert cloning.labels == ["Clone"]
    assert np.array_equal(cloning.photo[155:165, 200:240], before[55:65, 100:140])
    assert np.array_equal(cloning.photo[:149], before[:149])
    assert not cloning.mask.any()
    cloning.editor.undo()
    assert np.array_equal(cloning.photo, before)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_copies_keep_the_depth(empty: Desk, tmp_path: Path, dtype: type):
    empty.open(picture(tmp_path / "photo.png", dtype=dtype))
    before = empty.photo.copy()
    empty.editor.use("clone")
    empty.editor.set_option("size", 20)
    empty.click(100, 60, modifiers=ALT)
    empty.drag((200, 160), (220, 160))
    assert np.array_equal(empty.photo[155:165, 200:220], before[55:65, 100:120])


def test_the_next_stroke_goes_on_beside_the_last_only_if_aligned(cloning: Desk):
    before = cloning.photo.copy()
    cloning.drag((200, 160), (200, 160))
    cloning.drag((300, 200), (300, 200))
    assert np.array_equal(cloning.photo[195:205, 295:305], before[95:105, 195:205])
    cloning.editor.undo()
    cloning.editor.set_option("aligned", False)
    cloning.drag((300, 200), (300, 200))
    assert np.array_equal(cloning.photo[195:205, 295:305], before[55:65, 95:105])


def test_a_stroke_over_its_own_source_copies_what_was_there_before(cloning: Desk):
    before = cloning.photo.copy()
    cloning.drag((110, 60), (180, 60))
    assert np.array_equal(cloning.photo[55:65, 110:180], before[55:65, 100:170])


def test_what_lies_outside_the_picture_is_not_copied(cloning: Desk):
    before = cloning.photo.copy()
    cloning.click(5, 60, modifiers=ALT)
    cloning.drag((205, 160), (185, 160))
    assert np.array_equal(cloning.photo[155:165, 200:212], before[55:65, 0:12])
    assert np.array_equal(cloning.photo[155:165, 175:200], before[155:165, 175:200])


def test_before_a_source_is_chosen_it_says_how(opened: Desk):
    opened.editor.use("clone")
    opened.drag((200, 160), (240, 160))
    assert opened.labels == []
    assert opened.editor.gesture is None
    assert "Alt+click" in opened.messages[-1].hint


def test_a_source_is_forgotten_with_its_picture_and_with_a_crop(cloning: Desk, tmp_path: Path):
    cloning.document.crop(Region(50, 50, 250, 350), "Crop")
    cloning.drag((100, 100), (110, 100))
    assert cloning.labels == ["Crop"]
    cloning.click(100, 60, modifiers=ALT)
    cloning.open(picture(tmp_path / "other.png"))
    cloning.drag((100, 100), (110, 100))
    assert cloning.labels == []


def test_esc_drops_the_stroke(cloning: Desk):
    before = cloning.photo.copy()
    cloning.drag((200, 160), (240, 160), release=False)
    assert not np.array_equal(cloning.photo, before)
    cloning.editor.escape()
    assert np.array_equal(cloning.photo, before)
    assert cloning.labels == []


def test_the_outline_shows_nib_and_source(cloning: Desk):
    nib, source = cloning.editor.outline(pointer(200, 160)).circles
    assert nib == (200, 160, 10)
    assert source[:2] == (100, 60)
    cloning.drag((200, 160), (240, 160), release=False)
    nib, source = cloning.editor.outline(pointer(240, 160)).circles
    assert source[:2] == (140, 60)
    cloning.editor.release(pointer(240, 160))
    _nib, source = cloning.editor.outline(pointer(300, 200)).circles
    assert source[:2] == (200, 100)


def test_the_source_is_shown_as_soon_as_it_is_chosen(opened: Desk):
    opened.editor.use("clone")
    assert len(opened.editor.outline(pointer(100, 60, modifiers=ALT)).circles) == 1
    opened.click(100, 60, modifiers=ALT)
    for at in (pointer(100, 60, modifiers=ALT), pointer(100, 60), pointer(120, 70, modifiers=ALT), pointer(200, 160)):
        _nib, source = opened.editor.outline(at).circles
        assert source[:2] == (100, 60)
    opened.drag((200, 160), (240, 160))
    assert len(opened.editor.outline(pointer(250, 160, modifiers=ALT)).circles) == 1  # another is being chosen
