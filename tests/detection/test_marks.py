"""A mark is found where it was put, as it was put, as often as it was put, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from lacuna.contract.progress import Cancelled, Progress
from lacuna.detection import mark_search
from lacuna.detection.mark_features import guesses_by_features
from lacuna.detection.mark_sharing import SharedMark
from lacuna.detection.mark_templates import Template, template_of_file, template_of_outline
from lacuna.detection.marks import DEFAULT_CONFIDENCE, find_marks
from lacuna.errors import UnsuitableMask
from lacuna.imaging.colour import luma
from tests.detection.marked import apart, logo, marked, matte, photo, placed, template
from tests.detection.mosaics import as_jpeg


@pytest.mark.parametrize(
    ("scale", "turn", "opacity", "dark"),
    [
        (1.0, 0.0, 0.35, False),
        (0.5, 0.0, 1.0, False),
        (1.2, 7.0, 0.8, False),
        (1.0, -10.0, 1.0, True),
    ],
)
def test_a_mark_is_found_whatever_its_scale_turn_opacity_and_polarity(
    scale: float, turn: float, opacity: float, dark: bool
) -> None:
    made = placed(template(), 95, 58, scale, turn)
    picture = as_jpeg(marked(photo(), template(), made, opacity, dark=dark), 93)

    found = find_marks(picture, template())

    assert found[0].confidence >= DEFAULT_CONFIDENCE
    assert apart(found[0].matrix, made, template()) < 1.5
    assert found[0].scale == pytest.approx(scale, rel=0.03)
    assert found[0].turn == pytest.approx(turn, abs=1)
    assert found[0].inverted == dark
    assert len([each for each in found if each.confidence >= DEFAULT_CONFIDENCE]) == 1


@pytest.mark.parametrize("turn", [0.0, 8.0])
def test_a_large_picture_is_looked_through_coarsely_and_the_mark_is_found_as_finely(
    turn: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mark_search, "LARGE", 1000)
    for name, usual in (("COARSE", mark_search.COARSE), ("COARSE_TURNED", mark_search.COARSE_TURNED)):
        monkeypatch.setattr(mark_search, name, replace(usual, pixels=4000))
    monkeypatch.setattr("lacuna.detection.marks.guesses_by_features", lambda *_words: iter(()))
    made = placed(template(), 95, 58, 0.8, turn)

    found = find_marks(marked(photo(), template(), made, 0.7), template())

    assert found[0].confidence >= DEFAULT_CONFIDENCE
    assert apart(found[0].matrix, made, template()) < 1.0


def test_a_clear_mark_is_found_at_any_turn() -> None:
    made = placed(template(), 95, 60, 0.7, 140)

    found = find_marks(marked(photo(), template(), made, 1.0), template())

    assert apart(found[0].matrix, made, template()) < 1.5


def test_a_logo_without_letters_is_found() -> None:
    made = placed(logo(), 110, 60, 1.1)

    found = find_marks(as_jpeg(marked(photo(), logo(), made, 0.7), 90), logo())

    assert found[0].confidence >= DEFAULT_CONFIDENCE
    assert apart(found[0].matrix, made, logo()) < 1.5


def test_every_tile_of_a_repeated_mark_is_found_also_what_the_border_cuts_off() -> None:
    middles = [(60, 30), (190, 30), (60, 100), (190, 100), (15, 150)]
    picture = photo(170, 260)
    for x, y in middles:
        picture = marked(picture, template(), placed(template(), x, y, 0.7), 0.6)

    found = find_marks(picture, template())

    sure = [each for each in found if each.confidence >= DEFAULT_CONFIDENCE]
    assert len(sure) == len(middles)
    for x, y in middles:
        assert min(apart(each.matrix, placed(template(), x, y, 0.7), template()) for each in sure) < 1.5


def test_nothing_is_found_where_no_mark_is() -> None:
    for sought, place in ((template(), (0, 0)), (logo(), (150, 200))):
        found = find_marks(photo(80, 120, *place), sought)

        assert all(each.confidence < DEFAULT_CONFIDENCE for each in found)


def test_pictures_a_pixel_high_or_wide_are_looked_through() -> None:
    for shape in ((1, 4000, 3), (4000, 1, 3)):
        assert find_marks(np.random.default_rng(0).integers(0, 256, shape, np.uint8), template()) == ()


def test_features_of_a_large_template_tell_the_place_too() -> None:
    large = Template(*(cv2.resize(plane, None, fx=12, fy=12) for plane in (template().colours, template().alpha)))
    picture = marked(photo(500, 520, 0, 0), large, placed(large, 260, 250, 0.31, 140), 1.0)

    best = max(guesses_by_features(luma(picture), large, Progress()), key=lambda guess: guess.evidence)

    assert (best.x, best.y) == pytest.approx((260, 250), abs=3)
    assert (best.scale, best.turn) == (pytest.approx(0.31, rel=0.02), pytest.approx(140, abs=1))


def test_the_mask_holds_the_mark_in_its_own_shape() -> None:
    made = placed(template(), 95.3, 59.6, 0.8, 3)
    picture = marked(photo(), template(), made, 1.0)

    mask = find_marks(picture, template())[0].mask(picture.shape)

    true = matte(template(), made, picture.shape) > 1 / 255
    assert np.count_nonzero(mask & true) >= 0.98 * np.count_nonzero(true)
    assert np.count_nonzero(mask) < 2.5 * np.count_nonzero(true)


def test_the_search_can_be_cancelled_and_tells_how_far_it_is() -> None:
    told: list[float] = []
    progress = Progress(lambda fraction, _stage: told.append(fraction))

    find_marks(photo(60, 90), template(), progress=progress)

    assert told == sorted(told)
    assert told[-1] == 1.0
    progress.cancel()
    with pytest.raises(Cancelled):
        find_marks(photo(60, 90), template(), progress=progress)


def test_an_opaque_file_has_its_borders_colour_as_ground(tmp_path: Path) -> None:
    drawn = np.full((60, 120, 3), (200, 220, 240), np.uint8)
    cv2.rectangle(drawn, (20, 15), (90, 40), (30, 60, 200), -1)
    path = tmp_path / "mark.png"
    cv2.imwrite(str(path), drawn[..., ::-1])

    found = template_of_file(path)

    assert found.size == (26, 71)
    assert found.alpha.min() > 0.95
    assert np.abs(found.colours.astype(int) - (30, 60, 200)).max() <= 3


def test_an_outline_in_one_picture_finds_the_mark_in_another() -> None:
    first = marked(np.full((90, 200, 3), 120, np.uint8), template(), placed(template(), 100, 45), 1.0)
    mask = np.zeros(first.shape[:2], np.uint8)
    mask[18:72, 20:180] = 255
    made = placed(template(), 95, 60, 0.9)

    sought = template_of_outline(first, mask)
    found = find_marks(marked(photo(), template(), made, 0.8), sought)

    assert found[0].confidence >= DEFAULT_CONFIDENCE
    true = matte(template(), made, (120, 190)) > 0.1
    assert np.count_nonzero(found[0].mask((120, 190)) & true) >= 0.98 * np.count_nonzero(true)


def test_a_loose_outline_in_two_pictures_tells_the_mark_and_nothing_where_there_is_none() -> None:
    shape, made = (120, 190), placed(template(), 95, 60, 0.9)
    mask = np.zeros(shape, np.uint8)
    mask[34:86, 22:168] = 255
    bare = photo(*shape, 20, 200)
    outlined = SharedMark.outlined(marked(photo(*shape, 230, 20), template(), made, 0.45), mask)

    seen = outlined.seen(marked(bare, template(), made, 0.45))

    assert seen is not None
    _both, finding = seen
    true = matte(template(), made, shape) > 0.1
    assert finding.mask(shape)[true].mean() > 0.95
    assert finding.template.colours[0, 0].min() > 220
    assert outlined.seen(bare) is None
    assert outlined.seen(bare[:-1]) is None
    same_scene = SharedMark.outlined(bare, mask)
    assert same_scene.seen(bare) is None


def test_a_loose_outline_over_texture_takes_its_strokes_for_the_mark() -> None:
    shape, made = (120, 190), placed(template(), 95, 60, 0.9)
    mask = np.zeros(shape, np.uint8)
    mask[34:86, 22:168] = 255
    rough = np.clip(photo(*shape) / 2 + np.random.default_rng(0).normal(0, 20, (*shape, 1)), 0, 255).astype(np.uint8)

    sought = template_of_outline(marked(rough, template(), made, 0.6), mask)

    true = matte(template(), made, shape)[34:86, 22:168]
    assert sought.size == true.shape
    assert sought.alpha[true > 0.9].mean() > 3 * sought.alpha[true < 0.02].mean()


def test_where_nothing_stands_out_there_is_no_template() -> None:
    flat = np.full((50, 50, 3), 90, np.uint8)
    mask = np.zeros((50, 50), np.uint8)
    mask[10:40, 10:40] = 255

    with pytest.raises(UnsuitableMask):
        template_of_outline(flat, mask)
    with pytest.raises(UnsuitableMask):
        template_of_outline(flat, np.zeros_like(mask))
