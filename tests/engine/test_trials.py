"""Where a hole can be tried out: on known pixels, near, apart, in its own shape; smaller where there is no room."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lacuna.engine.trials import KEPT, half_width, parted, places
from lacuna.imaging.photo import Hole


def empty(height: int = 240, width: int = 320) -> Hole:
    return np.zeros((height, width), bool)


def scratches() -> Hole:
    """Lines of two pixels over the whole picture."""
    hole = empty()
    for i in range(0, 240, 60):
        hole[i : i + 2] = True
    y, x = np.indices(hole.shape)
    hole[(np.abs(y - x + 40) < 1) | (np.abs(y + x - 300) < 1)] = True
    return hole


@st.composite
def holes(draw: st.DrawFn) -> Hole:
    hole = empty(90, 120)
    for _ in range(draw(st.integers(1, 4))):
        y, x = draw(st.integers(0, 89)), draw(st.integers(0, 119))
        hole[y : y + draw(st.integers(1, 50)), x : x + draw(st.integers(1, 60))] = True
    return hole


@settings(deadline=None, max_examples=60)
@given(hole=holes(), count=st.integers(1, 4), limit=st.integers(20, 4000), seed=st.integers(0, 5))
def test_places_are_known_pixels_within_bounds_and_the_same_for_a_seed(
    hole: Hole, count: int, limit: int, seed: int
) -> None:
    found = places(hole, hole, count, limit, seed)
    assert len(found) <= count
    for place in found:
        assert place.box.clip(hole.shape) == place.box
        assert not (place.probe & hole[place.box.slices]).any()
        assert 0 < place.pixels <= limit
        assert place.probe.any(axis=1)[[0, -1]].all()
        assert place.probe.any(axis=0)[[0, -1]].all()
    again = places(hole, hole, count, limit, seed)
    assert [place.box for place in again] == [place.box for place in found]


def test_half_a_strip_is_its_half_width() -> None:
    hole = empty()
    hole[100:120] = True
    assert half_width(hole) == pytest.approx(11, abs=1)
    assert half_width(scratches()) < 3
    hole = scratches()
    hole[20:30, 20:30] = True  # one wide spot does not make a shape of them
    assert half_width(hole) < 3


def test_marks_and_shapes_of_a_hole_are_told_apart() -> None:
    shape, marks = empty(), empty()
    shape[100:140, 100:160] = True
    marks[10:13, 10:300] = marks[20:230, 250:252] = marks[200:203, 20:23] = True
    thin, wide = parted(shape | marks)
    assert np.array_equal(thin, marks)
    assert np.array_equal(wide, shape)
    for alone in (shape, marks, empty()):
        (same,) = parted(alone)
        assert np.array_equal(same, alone)


def test_a_line_through_a_shape_is_a_mark_and_the_tips_of_shapes_are_not() -> None:
    shape, line = empty(), empty()
    shape[100:140, 100:160] = True
    line[118:121] = True
    thin, wide = parted(shape | line)
    assert not (thin & wide).any()
    assert np.array_equal(thin | wide, shape | line)
    assert (wide & shape).sum() == shape.sum()
    assert (thin & line).sum() > 0.9 * (line & ~shape).sum()
    y, x = np.indices((240, 320))
    corners = (abs(y - 120) < 80) & (abs(x - 160) < (y - 40) / 2)  # a triangle
    (same,) = parted(corners)
    assert np.array_equal(same, corners)


def test_a_wide_hole_keeps_its_shape() -> None:
    y, x = np.indices((240, 320))
    hole = (y - 60) ** 2 + (x - 70) ** 2 < 40**2
    hole[50:70, 60:80] = False  # a ring
    found = places(hole, hole, 4, 10**6, 0)
    assert len(found) == 4
    ring = hole[20:101, 30:111]
    whole = [place for place in found if place.probe.shape == ring[1:-1, 1:-1].shape]
    assert whole
    assert all(np.array_equal(place.probe, ring[1:-1, 1:-1]) for place in whole)


def test_the_places_lie_apart() -> None:
    hole = empty()
    hole[110:130, 150:170] = True
    found = places(hole, hole, 4, 10**6, 0)
    corners = [(place.box.y0, place.box.x0) for place in found]
    apart = [np.hypot(a[0] - b[0], a[1] - b[1]) for i, a in enumerate(corners) for b in corners[:i]]
    assert min(apart) > 20


def test_scratches_over_the_whole_picture_find_room_beside_themselves_as_thin_as_they_are() -> None:
    hole = scratches()
    found = places(hole, hole, 4, 10**6, 0)
    assert len(found) == 4
    for place in found:
        assert place.pixels >= KEPT * np.count_nonzero(hole)
        assert half_width(place.probe) <= half_width(hole) + 0.5


def test_of_many_scratches_a_part_is_taken_of_a_large_shape_a_smaller_one() -> None:
    part = places(scratches(), scratches(), 2, 500, 0)
    assert part
    assert all(place.pixels <= 500 and half_width(place.probe) < 3 for place in part)
    hole = empty()
    hole[20:220, 20:200] = True  # no room for another one
    small = places(hole, hole, 2, 10**6, 0)
    assert small
    for place in small:
        assert place.box.height > place.box.width * 0.6
        assert place.pixels < 40 * 200 * 2


def test_of_wide_strokes_a_part_is_taken_as_wide_as_they_are() -> None:
    hole = empty()
    hole[100:124, 10:310] = hole[20:220, 60:84] = True
    part = places(hole, hole, 2, 4000, 0)
    assert part
    for place in part:
        assert 1000 < place.pixels <= 4000
        assert half_width(np.pad(place.probe, 1)) > 0.75 * half_width(hole)


def test_where_nothing_is_known_there_is_no_place() -> None:
    hole = ~empty()
    hole[0, 0] = False
    assert places(hole, hole, 4, 10**6, 0) == ()


def test_a_single_pixel_finds_places() -> None:
    hole = empty()
    hole[100, 100] = True
    assert len(places(hole, hole, 4, 10**6, 0)) == 4


def test_a_line_of_eight_pixels_is_a_shape_and_a_speck_of_ten_a_mark() -> None:
    line, speck = np.zeros((2, 300, 300), np.uint8)
    cv2.line(line, (20, 30), (280, 250), 255, 8)
    cv2.circle(speck, (60, 220), 5, 255, -1)
    marks, shapes = parted((line | speck) > 0)
    assert np.array_equal(shapes, line > 0)
    assert np.array_equal(marks, speck > 0)
