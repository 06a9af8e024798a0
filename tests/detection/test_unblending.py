"""What lies beneath a semi-transparent mark comes back, far nearer to the truth than any fill; the rest stays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.detection.marks import find_marks
from lacuna.detection.unblending import GHOST, Matte, ghost, matte_of_set, matte_of_template, unblended
from lacuna.errors import UnsuitableMask
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region
from tests.detection.marked import logo, marked, matte, photo, placed, template
from tests.detection.mosaics import as_jpeg

MADE = placed(template(), 95.4, 59.7, 0.9)


def psnr(one: NDArray[Any], other: NDArray[Any], where: Hole, white: float = 255.0) -> float:
    difference = one[where].astype(np.float64) - other[where]
    return 20 * math.log10(white / math.sqrt(float(np.square(difference).mean())))


@pytest.mark.parametrize("dark", [False, True])
def test_the_opacity_and_place_of_a_known_mark_are_told_by_one_picture(dark: bool) -> None:
    picture = marked(photo(), template(), MADE, 0.55, dark=dark)
    true = 0.55 * matte(template(), MADE, picture.shape)

    found = matte_of_template(picture, template(), find_marks(picture, template())[0])

    alpha, colours = found.over(Region.whole(picture.shape))
    assert alpha.max() == pytest.approx(0.55, abs=0.03)
    assert np.abs(alpha - true).mean() < 0.01
    assert colours[alpha > 0.5].mean() == pytest.approx(0.0 if dark else 1.0, abs=0.01)


@pytest.mark.parametrize(("kind", "white"), [("uint16", 65535), ("float32", 1)])
def test_a_blend_is_taken_back_in_every_depth_and_nothing_else_is_touched(kind: str, white: float) -> None:
    true = (photo() / 255 * white).astype(kind)
    picture = marked(true, template(), MADE, 0.5, white=white)
    finding = find_marks((picture / white * 255).astype(np.uint8), template())[0]

    found = matte_of_template(picture, template(), finding, white=white)
    back, left = unblended(picture, found, white=white)

    where = found.mask(picture.shape)
    assert back.dtype == picture.dtype
    assert np.array_equal(back[~where], picture[~where])
    assert not left[~where].any()
    assert psnr(back, true, where, white) > 36
    assert psnr(back, true, where, white) > psnr(picture, true, where, white) + 15


def test_of_a_great_many_pictures_with_a_mark_no_more_are_loaded_than_tell_something() -> None:
    picture = marked(photo(), template(), MADE, 0.55)
    loaded = []

    def load(number: int) -> NDArray[Any]:
        loaded.append(number)
        return np.roll(photo(), 3 * number, axis=1) // 2 + picture // 2

    matte_of_set([lambda number=number: load(number) for number in range(90)], Region(30, 20, 90, 170))
    assert len(loaded) == 64


def test_a_mark_of_two_colours_is_taken_out_of_a_jpeg() -> None:
    true, made = photo(), placed(logo(), 95, 60, 1.3)
    picture = as_jpeg(marked(true, logo(), made, 0.45), 93)

    found = matte_of_template(picture, logo(), find_marks(picture, logo())[0])
    back, _left = unblended(picture, found)

    where = matte(logo(), made, picture.shape) > 0
    assert psnr(back, true, where) > psnr(picture, true, where) + 10


def test_what_is_opaque_or_was_clipped_is_left_to_a_fill() -> None:
    picture = np.full((40, 60, 3), 128, np.uint8)
    alpha = np.zeros((40, 60), np.float32)
    alpha[10:20, 10:20] = 1.0
    alpha[10:20, 30:40] = 0.5
    black = Matte(np.zeros((40, 60, 3), np.float32), alpha, Region(0, 0, 40, 60))

    back, left = unblended(picture, black)

    assert left[10:20, 10:20].all()
    assert not left[10:20, 30:40].any()
    assert (back[10:20, 30:40] == 255).all()
    assert unblended(np.full_like(picture, 200), black)[1][10:20, 30:40].all()


def test_several_pictures_tell_of_a_mark_that_nobody_has_drawn() -> None:
    truths = [photo(120, 200, y, x) for y in (0, 100, 200) for x in (0, 100, 200, 290)]
    made = placed(template(), 100, 60, 0.9)
    pictures = [marked(each, template(), made, 0.5) for each in truths]
    true = 0.5 * matte(template(), made, (120, 200))

    found = matte_of_set([pictures[0], *((lambda each=each: each) for each in pictures[1:])], bounds(true > 0).pad(3))

    alpha, _colours = found.over(Region(0, 0, 120, 200))
    assert np.abs(alpha - true)[true > 0].mean() < 0.04
    for picture, truth in zip(pictures, truths, strict=True):
        back, _left = unblended(picture, found)
        assert psnr(back, truth, true > 0) > psnr(picture, truth, true > 0) + 6


def test_a_set_that_tells_nothing_is_refused() -> None:
    pictures = [photo(60, 80, y, 0) for y in (0, 60, 120)]

    with pytest.raises(UnsuitableMask):
        matte_of_set(pictures[:2], Region(20, 20, 40, 60))
    with pytest.raises(UnsuitableMask):
        matte_of_set(pictures, Region(20, 20, 400, 60))


def test_a_wrong_matte_leaves_a_ghost_and_says_so() -> None:
    picture = marked(photo(), template(), MADE, 0.55)
    found = matte_of_template(picture, template(), find_marks(picture, template())[0])
    elsewhere = Matte(found.colours, found.alpha, found.region.shift(3, 4))

    assert ghost(picture, found) < GHOST
    assert ghost(picture, elsewhere) > GHOST
