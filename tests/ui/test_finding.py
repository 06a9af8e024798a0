"""What is found in the window without a template: looked for by a job, proposed, marked by Enter, filled by Enter."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lacuna.imaging.region import Region
from lacuna.ui.main_window import MainWindow
from tests.detection.mosaics import pixelated
from tests.detection.patches import softened
from tests.pictures import lion, write
from tests.ui.support import wait_until
from tests.ui.windows import key, open_photo

STAMP = np.s_[340:384, 365:495]


def orange(pixels: np.ndarray) -> int:
    return int(np.count_nonzero(pixels[..., 0].astype(int) - pixels[..., 2] > 140))


def test_the_date_stamp_is_found_marked_and_filled(window: MainWindow) -> None:
    open_photo(window)
    document = window.editor.document
    before = document.photo.pixels.copy()
    assert orange(before[STAMP]) > 50
    window.action_set["mask.find_text"].trigger()
    wait_until(lambda: window.editor.proposals.shown)
    assert not document.mask.pixels.any()
    (proposed,) = window.editor.proposals.found
    assert proposed.label == "date stamp"
    key(window.canvas, "Return")
    assert document.mask.pixels[STAMP].any()
    key(window.canvas, "Return")
    wait_until(lambda: not np.array_equal(document.photo.pixels, before))
    assert orange(document.photo.pixels[STAMP]) < 10


def test_a_pixelated_region_is_marked_for_the_mosaic_to_be_undone(window: MainWindow, tmp_path: Path) -> None:
    region = Region(60, 60, 180, 190)
    open_photo(window, write(tmp_path / "face.png", pixelated(lion()[40:300, 50:350], region, 10)))
    window.action_set["mask.find_mosaic"].trigger()
    wait_until(lambda: window.editor.proposals.shown)
    key(window.canvas, "Return")
    assert window.action_set["fill.mosaic"].isEnabled()
    found = []
    window.editor.find_mosaic(found.append)
    wait_until(lambda: bool(found))
    assert (found[0].down.size, found[0].across.size) == (10, 10)


def test_a_blurred_patch_is_proposed_and_marked(window: MainWindow, tmp_path: Path) -> None:
    picture, mask = softened(lion()[40:240, 50:290], Region(60, 60, 130, 150), 6.0)
    open_photo(window, write(tmp_path / "face.png", picture))
    window.action_set["mask.find_blur"].trigger()
    wait_until(lambda: window.editor.proposals.shown)
    (proposed,) = window.editor.proposals.found
    assert proposed.label == "blurred patch"
    key(window.canvas, "Return")
    marked = window.editor.document.mask.pixels > 0
    assert (marked & mask).sum() > 0.85 * (marked | mask).sum()


def test_that_nothing_was_found_is_said(window: MainWindow, tmp_path: Path) -> None:
    open_photo(window, write(tmp_path / "plain.png", np.full((60, 90, 3), 120, np.uint8)))
    said = []
    window.editor.said.add(said.append)
    for action, sentence in (
        ("mask.find_text", "No lettering was found."),
        ("mask.find_mosaic", "No pixelated region was found."),
        ("mask.find_blur", "No blurred patch was found."),
    ):
        window.action_set[action].trigger()
        wait_until(lambda wanted=sentence: any(message.sentence == wanted for message in said))
    assert not window.editor.proposals.shown
