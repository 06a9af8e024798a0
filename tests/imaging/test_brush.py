"""What a nib covers: the exact sweep, whatever the size, hardness, pressure and place."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from lacuna.imaging import brush
from lacuna.imaging.brush import NibPoint
from lacuna.imaging.region import Region

SHAPE = (300, 400)


def swept(a: NibPoint, b: NibPoint, hardness: float = 1.0, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    for region, coverage in brush.segment(a, b, hardness, shape):
        assert region == region.clip(shape)
        assert coverage.shape == (region.height, region.width)
        brush.paint(mask[region.slices], coverage)
    return mask


def by_definition(a: NibPoint, b: NibPoint, hardness: float, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """The largest of many dabs on the way: slow, and what a sweep is."""
    ys, xs = np.ogrid[: shape[0], : shape[1]]
    best = np.zeros(shape, np.float32)
    for t in np.linspace(0, 1, 1 if a == b else 400):
        radius = a.radius + (b.radius - a.radius) * t
        down, across = ys + 0.5 - a.y - (b.y - a.y) * t, xs + 0.5 - a.x - (b.x - a.x) * t
        distance = np.sqrt(np.float32(down * down) + np.float32(across * across))
        depth = np.clip((radius + 0.5 - distance) / (radius * (1 - hardness) + 1), 0, 1)
        best = np.maximum(best, depth if hardness >= 1 else depth * depth * (3 - 2 * depth))
    return best * 255


@settings(deadline=None, max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    st.floats(-40, 440), st.floats(-40, 340), st.floats(-40, 440), st.floats(-40, 340),
    st.floats(2, 150), st.floats(2, 150),
)  # fmt: skip
def test_a_hard_segment_is_the_largest_of_all_dabs_on_the_way(xa, ya, xb, yb, ra, rb):
    a, b = NibPoint(xa, ya, ra), NibPoint(xb, yb, rb)
    off = np.abs(swept(a, b) - by_definition(a, b, 1.0))
    # The dabs lie up to 1.5 px apart here, which a narrow line shows between them.
    assert off.max() <= 40
    assert off.mean() <= 0.6


@settings(deadline=None, max_examples=15, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    st.floats(-40, 440), st.floats(-40, 340), st.floats(-40, 440), st.floats(-40, 340),
    st.floats(4, 150), st.sampled_from([0.97, 0.8, 0.5, 0.0]),
)  # fmt: skip
def test_a_soft_segment_is_the_largest_of_all_dabs_on_the_way(xa, ya, xb, yb, radius, hardness):
    a, b = NibPoint(xa, ya, radius), NibPoint(xb, yb, radius)
    off = np.abs(swept(a, b, hardness) - by_definition(a, b, hardness))
    assert off.max() <= 20
    assert off.mean() <= 0.6


@pytest.mark.parametrize("size", [20, 100, 250])
@pytest.mark.parametrize("hardness", [1.0, 0.9, 0.5, 0.0])
def test_a_dab_is_exact_to_two_levels(size: int, hardness: float):
    at = NibPoint(201.3, 149.8, size / 2)
    off = np.abs(swept(at, at, hardness) - by_definition(at, at, hardness))
    assert off.max() <= (2 if hardness < 1 else 1)


def test_a_hard_dab_covers_the_area_of_its_circle():
    at = NibPoint(200.25, 150.5, 40)
    assert swept(at, at).sum() / 255 == pytest.approx(math.pi * 40**2, rel=2e-3)


def test_the_smallest_nib_in_the_middle_of_a_pixel_covers_that_pixel_alone():
    at = NibPoint(100.5, 50.5, 0.5)
    mask = swept(at, at)
    assert mask[50, 100] == 255
    assert np.count_nonzero(mask) == 1


def test_nothing_is_covered_beyond_half_a_pixel_outside_the_nib():
    at = NibPoint(200, 150, 60)
    ys, xs = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    outside = np.hypot(xs - 200, ys - 150) > 60.51
    assert not swept(at, at)[outside].any()


def test_strokes_may_begin_and_end_outside_the_picture():
    mask = swept(NibPoint(-100, 150, 20), NibPoint(500, 150, 20))
    assert (mask[135:165] == 255).all()
    assert not mask[:129].any()


def test_a_stroke_wholly_outside_covers_nothing():
    assert list(brush.segment(NibPoint(-90, -90, 30), NibPoint(-50, -90, 30), 1.0, SHAPE)) == []


def test_a_long_slanted_segment_looks_at_little_more_than_it_covers():
    shape = (4000, 4000)
    parts = list(brush.segment(NibPoint(0, 0, 10), NibPoint(4000, 4000, 10), 1.0, shape))
    assert sum(region.area for region, _coverage in parts) < 0.05 * shape[0] * shape[1]


def test_painting_twice_over_the_same_place_changes_nothing():
    mask = swept(NibPoint(50, 50, 20), NibPoint(150, 90, 20), 0.3)
    again = mask.copy()
    for region, coverage in brush.segment(NibPoint(50, 50, 20), NibPoint(150, 90, 20), 0.3, SHAPE):
        brush.paint(again[region.slices], coverage)
    assert np.array_equal(mask, again)


def test_erasing_what_was_painted_leaves_nothing_but_the_smooth_edge():
    a, b = NibPoint(50, 50, 20), NibPoint(150, 90, 20)
    mask = swept(a, b)
    painted = mask.copy()
    for region, coverage in brush.segment(a, b, 1.0, SHAPE):
        brush.erase(mask[region.slices], coverage)
    assert not mask[painted == 255].any()
    assert mask.max() <= 128


def test_the_same_sweep_in_small_steps_covers_the_same():
    whole = swept(NibPoint(30, 40, 25), NibPoint(330, 240, 25))
    steps = np.zeros(SHAPE, np.uint8)
    points = [NibPoint(30 + 300 * t, 40 + 200 * t, 25) for t in np.linspace(0, 1, 60)]
    for a, b in pairwise(points):
        np.maximum(steps, swept(a, b), out=steps)
    assert np.abs(whole.astype(int) - steps).max() <= 1


def area(points: list[tuple[float, float]]) -> float:
    x, y = np.array(points).T
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)


def test_a_polygon_covers_its_area():
    points = [(20.0, 30.0), (220.5, 40.25), (180.0, 250.0), (40.75, 200.0)]
    region, coverage = brush.polygon(points, SHAPE)
    assert coverage.sum() / 255 == pytest.approx(area(points), rel=1e-4)
    assert region == Region(30, 20, 250, 221)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.floats(0, 400), st.floats(0, 300)), min_size=3, max_size=3))
def test_each_pixel_of_a_triangle_gets_the_share_that_lies_inside(points):
    _region, coverage = brush.polygon(points, SHAPE)
    # Every pixel is rounded to a level of 255: half a level at most for each that the outline crosses.
    assert abs(coverage.sum() / 255 - area(points)) <= 0.002 * (coverage.size**0.5 * 6 + 2)


def test_a_box_of_whole_pixels_is_exactly_those_pixels():
    region, coverage = brush.polygon([(10, 20), (30, 20), (30, 50), (10, 50)], SHAPE)
    assert region == Region(20, 10, 50, 30)
    assert (coverage == 255).all()


def test_a_polygon_moved_by_whole_pixels_covers_the_same():
    points = [(20.3, 30.7), (90.5, 40.25), (80.0, 95.9)]
    _here, here = brush.polygon(points, SHAPE)
    _there, there = brush.polygon([(x + 100, y + 100) for x, y in points], SHAPE)
    assert np.array_equal(here, there)


def test_both_halves_of_an_eight_are_inside():
    region, coverage = brush.polygon([(50, 50), (150, 150), (150, 50), (50, 150)], SHAPE)
    assert coverage[100 - region.y0, 60 - region.x0] == 255
    assert coverage[100 - region.y0, 140 - region.x0] == 255
    assert coverage[60 - region.y0, 100 - region.x0] == 0


def test_a_polygon_that_leaves_the_picture_is_cut():
    region, coverage = brush.polygon([(-50, -50), (100, -50), (100, 100), (-50, 100)], SHAPE)
    assert region == region.clip(SHAPE)
    assert region == Region(0, 0, 100, 100)
    assert (coverage == 255).all()


@pytest.mark.parametrize("points", [[], [(1.0, 1.0)], [(1.0, 1.0), (9.0, 9.0)]])
def test_fewer_than_three_points_enclose_nothing(points):
    region, coverage = brush.polygon(points, SHAPE)
    assert region == Region(0, 0, 0, 0)
    assert coverage.size == 0


def test_a_lasso_that_overshoots_its_start_leaves_no_hole():
    turn = [math.radians(d) for d in range(0, 400, 4)]  # 40 degrees too far, a little inside the first arc
    loop = [(200 + (100 - t) * math.cos(t), 150 + (100 - t) * math.sin(t)) for t in turn]
    region, coverage = brush.polygon(loop, SHAPE)
    ys, xs = np.mgrid[region.y0 : region.y1, region.x0 : region.x1] + 0.5
    assert (coverage[np.hypot(xs - 200, ys - 150) < 92.5] == 255).all()
