"""Marks are taken off a photo by what fits them: their blend taken back, or filled; nothing else is touched."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import lacuna
from lacuna.backends.membrane import MembraneParams
from lacuna.contract.progress import Progress
from lacuna.engine.marks import Removal, marks_of, taken_out, without_marks
from lacuna.engine.photos import FillSettings
from lacuna.errors import InvalidParameter
from lacuna.imaging import files
from lacuna.imaging.photo import Photo
from tests.detection.marked import marked, matte, photo, placed, template

MADE = placed(template(), 95, 60, 0.9)
HOW = FillSettings("membrane", MembraneParams())
WHERE = matte(template(), MADE, (120, 190)) > 0.02


def error(pixels: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(pixels[WHERE].astype(float) - truth[WHERE]).mean())


def test_a_semi_transparent_mark_is_unblended_and_that_is_nearer_to_the_truth_than_a_fill() -> None:
    truth = photo()
    picture = Photo(marked(truth, template(), MADE, 0.5))

    found, report = without_marks(picture, template(), HOW, Progress())
    filled, other = without_marks(picture, template(), HOW, Progress(), removal=Removal.FILL)

    assert len(report.findings) == 1
    assert report.unblended_pixels > 0.9 * WHERE.sum()
    assert error(found.pixels, truth) < 0.5 * error(filled.pixels, truth)
    assert other.unblended_pixels == 0
    assert other.filled_pixels > WHERE.sum()
    far = cv2.dilate(WHERE.view(np.uint8), np.ones((13, 13), np.uint8)) == 0
    assert np.array_equal(found.pixels[far], truth[far])
    assert np.array_equal(filled.pixels[far], truth[far])


@pytest.mark.parametrize(("quality", "gain"), [(70, 0.9), (93, 0.97)])
def test_what_a_jpeg_has_moved_is_not_left_larger_below_the_mark(quality: int, gain: float) -> None:
    truth, file = photo(), io.BytesIO()
    Image.fromarray(marked(truth, template(), MADE, 0.5)).save(file, "JPEG", quality=quality)
    picture = files.read_bytes(file.getvalue(), Path("marked.jpg"))
    finding = marks_of(picture, template(), Progress())[0]

    taken = taken_out(picture, (finding,), Removal.UNBLEND, Progress())
    plain = taken_out(replace(picture, source=None), (finding,), Removal.UNBLEND, Progress())

    assert error(taken.photo.pixels, truth) < gain * error(plain.photo.pixels, truth)
    [matte_found] = taken.mattes
    known = ~matte_found.mask(truth.shape)
    assert np.array_equal(taken.photo.pixels[known], picture.pixels[known])


def test_an_opaque_mark_and_one_that_would_leave_a_ghost_are_filled_whole() -> None:
    opaque = Photo(marked(photo(), template(), MADE, 1.0))
    finding = marks_of(opaque, template(), Progress())[0]

    taken = taken_out(opaque, (finding,), Removal.AUTO, Progress())

    assert not taken.mattes
    assert taken.mask is not None
    assert (taken.mask[WHERE] > 0).mean() > 0.98

    shadowed = marked(photo(), template(), MADE, 0.5)
    drawn = replace(template(), colours=np.zeros_like(template().colours))  # not the colours that it was put in by
    other = replace(finding, template=drawn)
    assert not taken_out(Photo(shadowed), (other,), Removal.AUTO, Progress()).mattes


def test_a_float_picture_keeps_its_white_when_its_brightest_part_goes() -> None:
    picture = Photo(marked((photo() / 255).astype(np.float32), template(), MADE, 0.5)).of_white(1.5)
    finding = marks_of(Photo(marked(photo(), template(), MADE, 0.5)), template(), Progress())[0]

    assert taken_out(picture, (finding,), Removal.UNBLEND, Progress()).photo.white == 1.5


def test_a_picture_without_the_mark_comes_back_as_it_is() -> None:
    picture = Photo(photo(70, 110))

    found, report = without_marks(picture, template(), HOW, Progress())

    assert found is picture
    assert report.notes


def test_the_library_takes_a_mark_off_an_array_of_any_kind(tmp_path: Path) -> None:
    path = tmp_path / "mark.png"
    alpha = np.rint(template().alpha * 255).astype(np.uint8)
    cv2.imwrite(str(path), np.dstack([template().colours, alpha]))
    grey = photo()[..., 1]
    three = np.repeat(grey[..., None], 3, axis=2)
    picture = marked(three, template(), MADE, 0.5)

    found = lacuna.remove_mark(picture[..., 0], path, "membrane")
    rgba = lacuna.remove_mark(np.dstack([picture, grey]), path, "membrane", removal="unblend")

    assert found.shape == grey.shape
    assert np.abs(found[WHERE].astype(float) - grey[WHERE]).mean() < 4
    assert np.array_equal(rgba[..., 3], grey)
    with pytest.raises(InvalidParameter):
        lacuna.remove_mark(picture, path, removal="magic")
