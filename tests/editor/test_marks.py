"""A mark is outlined once and proposed elsewhere, in this picture and the next; what lies beneath it comes back."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lacuna.imaging.region import Region
from tests.detection.marked import marked, matte, photo, placed, template
from tests.editor.support import Desk
from tests.pictures import write

PLACES = [placed(template(), 90, 35, 0.8), placed(template(), 150, 110, 0.8)]
SIZE = (150, 230)


def picture(path: Path, opacity: float, y: int = 100) -> Path:
    pixels = photo(*SIZE, y)
    for place in PLACES:
        pixels = marked(pixels, template(), place, opacity)
    return write(path, pixels)


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    path = tmp_path / "mark.png"
    alpha = np.rint(template().alpha * 255).astype(np.uint8)
    cv2.imwrite(str(path), np.dstack([template().colours, alpha]))
    return path


def test_an_outlined_mark_is_proposed_where_else_it_is_and_in_the_next_picture(empty: Desk, tmp_path: Path) -> None:
    editor = empty.editor
    empty.open(picture(tmp_path / "one.png", 1.0))
    assert editor.document is not None
    with editor.document.edit("outline") as edit, edit.write(editor.document.mask, Region(0, 0, *SIZE)) as mask:
        mask[matte(template(), PLACES[0], SIZE) > 0.02] = 255

    editor.marks.find_outlined()
    empty.settle()

    (elsewhere,) = editor.proposals.found
    assert elsewhere.confidence is not None
    assert elsewhere.confidence > 0.5
    editor.proposals.accept()
    true = matte(template(), PLACES[1], SIZE) > 0.1
    assert (editor.document.mask.pixels[true] > 0).mean() > 0.97

    empty.open(picture(tmp_path / "two.png", 1.0, 180))
    empty.settle()
    assert len(editor.proposals.found) == 2
    editor.marks.follow(False)
    empty.open(picture(tmp_path / "three.png", 1.0, 50))
    empty.settle()
    assert not editor.proposals.shown


def test_a_semi_transparent_mark_is_taken_out_as_one_edit_where_it_is_on(
    empty: Desk, tmp_path: Path, mark: Path
) -> None:
    editor = empty.editor
    empty.open(picture(tmp_path / "one.png", 0.5))
    document = editor.document
    assert document is not None
    before = document.photo.pixels.copy()
    editor.marks.find_file(mark)
    empty.settle()
    editor.proposals.switch(1)
    left_alone = editor.proposals.found[1].region

    editor.marks.take_out()
    empty.settle()

    truth = photo(*SIZE)
    changed = (document.photo.pixels != before).any(axis=2)
    assert changed.any()
    assert not changed[left_alone.slices].any()
    assert np.abs(document.photo.pixels[changed].astype(float) - truth[changed]).mean() < 4
    assert "50" in empty.messages[-1].sentence
    editor.undo()
    assert np.array_equal(document.photo.pixels, before)


def outline(desk: Desk, region: Region) -> None:
    document = desk.editor.document
    assert document is not None
    with document.edit("outline") as edit, edit.write(document.mask, region) as mask:
        mask[...] = 255


def test_a_loose_outline_is_enough_for_the_same_place_in_the_next_picture_of_the_folder(
    empty: Desk, tmp_path: Path
) -> None:
    editor = empty.editor
    for name, y, x in (("one", 230, 20), ("two", 20, 200), ("else/one", 20, 200)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(tmp_path / f"{name}.png", marked(photo(*SIZE, y, x), template(), PLACES[1], 0.45))
    empty.open(tmp_path / "one.png")
    outline(empty, Region(88, 82, 132, 218))

    editor.marks.find_outlined()
    empty.settle()

    nowhere = empty.messages[-1]
    assert "strokes" in nowhere.hint
    assert nowhere.over is not None
    assert not nowhere.over()
    empty.open(tmp_path / "two.png")
    empty.settle()
    assert nowhere.over()
    assert editor.proposals.found
    editor.proposals.accept()
    assert editor.document is not None
    true = matte(template(), PLACES[1], SIZE) > 0.1
    masked = editor.document.mask.pixels > 0
    assert masked[true].mean() > 0.95
    assert np.count_nonzero(masked & ~true) < 2 * np.count_nonzero(true)  # strokes, not the outline
    empty.open(tmp_path / "else" / "one.png")
    empty.settle()
    assert not editor.proposals.shown


def test_taking_out_means_what_is_masked_and_says_what_is_missing(empty: Desk, tmp_path: Path, mark: Path) -> None:
    editor = empty.editor
    empty.open(picture(tmp_path / "one.png", 0.5))
    document = editor.document
    assert document is not None
    before = document.photo.pixels.copy()
    editor.marks.take_out()
    assert "Find the mark first" in empty.messages[-1].hint
    editor.marks.find_file(mark)
    empty.settle()
    editor.proposals.drop()
    outline(empty, Region(4, 160, 40, 220))

    editor.marks.take_out()
    empty.settle()

    assert "not where it is masked" in empty.messages[-1].sentence
    assert np.array_equal(document.photo.pixels, before)
    editor.undo()
    outline(empty, Region(86, 80, 134, 220))
    editor.marks.follow(False)
    editor.marks.take_out()
    empty.settle()
    changed = (document.photo.pixels != before).any(axis=2)
    assert changed[matte(template(), PLACES[1], SIZE) > 0.5].mean() > 0.9


def test_an_opaque_mark_is_masked_to_be_filled_and_not_a_pixel_is_changed(
    empty: Desk, tmp_path: Path, mark: Path
) -> None:
    editor = empty.editor
    empty.open(picture(tmp_path / "one.png", 1.0))
    document = editor.document
    assert document is not None
    before = document.photo.pixels.copy()
    editor.marks.find_file(mark)
    empty.settle()

    editor.marks.take_out()
    empty.settle()

    assert np.array_equal(document.photo.pixels, before)
    for place in PLACES:
        assert (document.mask.pixels[matte(template(), place, SIZE) > 0.1] > 0).mean() > 0.97
