"""The real program in a real window, driven by mouse and keyboard from outside, by the way of the README's pictures."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from lacuna.imaging import files

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def shots(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script that drives the program for the README's pictures."""
    spec = importlib.util.spec_from_file_location("screenshots", ROOT / "packaging" / "screenshots.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "screenshots", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the window is driven through an X server")
def test_a_photo_is_opened_painted_filled_undone_redone_zoomed_and_saved(shots: ModuleType, tmp_path: Path) -> None:
    from PIL import Image

    source = tmp_path / "lion.png"  # lossless, so that every pixel outside the mask has to come back
    before = files.read(shots.SAMPLE).pixels
    Image.fromarray(before).save(source)
    saved = tmp_path / "lion_lacuna.png"
    with shots.screen() as environment, shots.Driven(environment, "dark", source) as driven:
        place = driven.place()
        driven.key("b", *["bracketleft"] * 4)
        (ax, ay), (bx, by) = (300, 0), (332, 383)  # along a long scratch
        start = driven.settle()
        driven.stroke([place(ax + (bx - ax) * i / 60, ay + (by - ay) * i / 60) for i in range(61)])
        driven.tool("mousemove", *map(str, place(200, 200)))
        painted = driven.changed_from(start, "the stroke was there")
        driven.key("Return")
        filled = driven.filled(place(316, 191))  # within the stroke
        driven.key("ctrl+z")
        undone = driven.changed_from(filled, "the fill was undone")
        assert picture_of(undone) == picture_of(painted)  # the mask came back with it
        driven.key("ctrl+shift+z")
        assert picture_of(driven.changed_from(undone, "the fill was redone")) == picture_of(filled)
        driven.tool("click", "4")
        zoomed = driven.changed_from(filled, "the wheel zoomed in")
        driven.key("ctrl+0")
        assert picture_of(driven.changed_from(zoomed, "the picture fits again")) == picture_of(filled)
        driven.key("ctrl+s")
        driven.confirm_dialog()
        driven.until(lambda: saved.exists() and saved.stat().st_size > 0, "the picture was saved")
        driven.settle()
    after = files.read(saved).pixels
    assert np.array_equal(files.read(source).pixels, before)  # the source is as it was
    near = np.zeros(before.shape[:2], bool)
    for i in range(400):  # the stroke's way, wider than its nib and the growth of the mask
        x, y = round(300 + 32 * i / 399), round(383 * i / 399)
        near[max(0, y - 14) : y + 15, max(0, x - 14) : x + 15] = True
    assert np.array_equal(after[~near], before[~near])
    assert (after[near] != before[near]).any()


def picture_of(shot: np.ndarray) -> bytes:
    """The middle of the screen, where nothing but the picture is."""
    height, width = shot.shape[:2]
    return shot[height // 4 : height * 3 // 4, width // 5 : width * 3 // 5].tobytes()
