"""Growing, narrowing, softening and taking masks apart."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lacuna.imaging.mask import Side, bounds, components, feather, grow, reduced, shrink
from lacuna.imaging.photo import Mask
from lacuna.imaging.region import Region

FEW_VALUES = st.sampled_from([0, 0, 0, 0, 1, 128, 255])
MASKS = arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20)), elements=FEW_VALUES)
RADII = st.integers(0, 28).map(lambda quarters: quarters / 4)


def disc_maximum(mask: Mask, radius: float) -> Mask:
    """The definition of growth, pixel by pixel."""
    reach = int(radius)
    padded = np.pad(mask, reach)
    height, width = mask.shape
    grown = np.zeros_like(mask)
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            if dy * dy + dx * dx <= radius * radius:
                shifted = padded[reach + dy : reach + dy + height, reach + dx : reach + dx + width]
                grown = np.maximum(grown, shifted)
    return grown


@settings(deadline=None)
@given(MASKS, RADII)
def test_growth_takes_the_highest_value_within_the_disc(mask: Mask, radius: float) -> None:
    assert np.array_equal(grow(mask, radius), disc_maximum(mask, radius))


@settings(deadline=None)
@given(MASKS, RADII)
def test_shrinking_is_growing_what_is_not_mask(mask: Mask, radius: float) -> None:
    assert np.array_equal(shrink(mask, radius), 255 - grow(255 - mask, radius))


@settings(deadline=None)
@given(MASKS, RADII)
def test_the_argument_is_left_as_it_was(mask: Mask, radius: float) -> None:
    before = mask.copy()
    for result in (grow(mask, radius), shrink(mask, radius), feather(mask, radius)):
        assert not np.shares_memory(result, mask)
    assert np.array_equal(mask, before)


@settings(deadline=None)
@given(arrays(np.uint8, (24, 24)), st.integers(4, 20).map(lambda quarters: quarters / 4))
def test_a_mask_of_many_levels_keeps_its_support_and_its_extremes(noise: Mask, radius: float) -> None:
    exact = disc_maximum(noise, radius)
    grown = grow(noise, radius)
    assert np.array_equal(grown > 0, exact > 0)
    assert np.array_equal(grown == 255, exact == 255)
    assert (grown >= noise).all()


@pytest.mark.parametrize("radius", [3, 12, 40])
def test_a_soft_edge_moves_outward_unchanged(radius: int) -> None:
    ramp = np.clip(np.arange(200) - 80, 0, 60) * 255 // 60
    mask = np.tile(ramp.astype(np.uint8), (5, 1))
    moved = np.tile(np.roll(ramp, -radius).astype(np.uint8), (5, 1))[:, : 200 - radius]
    assert np.abs(grow(mask, radius)[:, : 200 - radius].astype(int) - moved).max() <= 4  # a level is 17 wide


def test_growth_across_the_picture_border_is_cut() -> None:
    mask = np.zeros((10, 10), np.uint8)
    mask[0, 0] = 255
    assert bounds(grow(mask, 4)) == Region(0, 0, 5, 5)


def test_a_full_mask_does_not_shrink_at_the_border() -> None:
    assert (shrink(np.full((8, 8), 255, np.uint8), 3) == 255).all()


@settings(deadline=None)
@given(MASKS, st.floats(0.5, 6))
def test_feathering_inside_keeps_the_hole(mask: Mask, radius: float) -> None:
    softened = feather(mask, radius, Side.INSIDE)
    assert np.array_equal(softened > 0, mask > 0)
    assert (softened <= mask).all()


@settings(deadline=None)
@given(MASKS, st.floats(0.5, 6))
def test_feathering_outside_keeps_what_was_painted(mask: Mask, radius: float) -> None:
    softened = feather(mask, radius, Side.OUTSIDE)
    assert np.array_equal(softened[mask > 0], mask[mask > 0])
    reached = grow(np.where(mask > 0, 255, 0).astype(np.uint8), radius + 1)
    assert not softened[reached == 0].any()


def test_a_feathered_edge_falls_evenly_over_its_width() -> None:
    mask = np.zeros((3, 100), np.uint8)
    mask[:, 50:] = 255
    for side, first, last in ((Side.INSIDE, 50, 60), (Side.OUTSIDE, 40, 50), (Side.BOTH, 45, 55)):
        row = feather(mask, 10, side)[1].astype(int)
        assert (np.diff(row) >= 0).all()
        assert (row[:first] == 0).all()
        assert (row[last:] == 255).all()
        assert abs(row[(first + last) // 2] - 140) < 8  # half a pixel past the middle of the curve


@settings(deadline=None)
@given(MASKS)
def test_parts_cover_the_hole_once_and_boxes_are_tight(mask: Mask) -> None:
    parts = components(mask)
    assert np.array_equal(parts.labels > 0, mask > 0)
    for index, box in enumerate(parts.boxes):
        assert bounds(parts.labels == index + 1) == box
    assert parts.labels.max(initial=0) == len(parts.boxes)


def test_diagonal_neighbours_are_one_part() -> None:
    assert len(components(np.eye(4, dtype=np.uint8) * 255).boxes) == 1


@given(MASKS)
def test_bounds_hold_every_marked_pixel_and_no_empty_border(mask: Mask) -> None:
    box = bounds(mask)
    ys, xs = np.nonzero(mask)
    expected = Region(ys.min(), xs.min(), ys.max() + 1, xs.max() + 1) if ys.size else Region(0, 0, 0, 0)
    assert box == expected


def test_importing_the_module_does_not_import_opencv() -> None:
    code = "import sys, lacuna.imaging.mask; sys.exit('cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_reduced_mask_keeps_thin_strokes_where_they_are() -> None:
    mask = np.zeros((301, 997), np.uint8)
    mask[200, 500] = 130
    small = reduced(mask, 100)
    assert max(small.shape) <= 100
    assert small[20, 50] == 130
    assert np.count_nonzero(small) == 1
    assert np.array_equal(reduced(mask, 997), mask)
