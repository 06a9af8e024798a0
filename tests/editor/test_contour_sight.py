"""What is seen of edges: at every level, with what was rubbed out taken away."""

from __future__ import annotations

import numpy as np
import pytest

from lacuna.contract.edges import PredictedEdges
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.editor.contour_sight import ContourMap, Looked, contour_map
from lacuna.imaging.region import Region

SHAPE = (128, 160)
HOLE = Region(40, 50, 90, 110)


def picture() -> np.ndarray:
    pixels = np.full((*SHAPE, 3), 60, np.uint8)
    pixels[64:] = 200
    return pixels


def predicted() -> PredictedEdges:
    """A level edge at row 64, and an upright one at column 80, in the hole."""
    region = HOLE.pad(10)
    strength = np.zeros((region.height, region.width), np.uint8)
    hole = np.zeros(strength.shape, bool)
    hole[HOLE.slices_in(region)] = True
    strength[64 - region.y0], strength[:, 80 - region.x0] = 255, 120
    return PredictedEdges(region, strength, hole, "")


def look(size: int, *strokes: GuideStroke) -> ContourMap:
    pixels, mask = picture()[::size, ::size], np.zeros(SHAPE, np.uint8)
    mask[HOLE.slices] = 255
    region = Region.whole(pixels.shape)
    small = mask.reshape(SHAPE[0] // size, size, SHAPE[1] // size, size).max(axis=(1, 3))
    return contour_map(Looked(region, size, pixels, 255.0, small, (predicted(),), strokes, 2.0))


def test_outside_the_hole_the_pictures_edges_are_seen_and_inside_those_predicted() -> None:
    seen = look(1)
    hole = np.zeros(SHAPE, bool)
    hole[HOLE.slices] = True
    assert np.array_equal(seen.hole, hole)
    assert not seen.picture[hole].any()
    rows, columns = np.nonzero(seen.picture)
    assert set(rows) <= {63, 64}
    assert len(set(columns)) > 0.8 * (SHAPE[1] - HOLE.width)
    assert set(np.argwhere(seen.predicted == 255)[:, 0]) == {64}
    assert not seen.predicted[~hole].any()


@pytest.mark.parametrize("size", [2, 4])
def test_at_a_smaller_size_no_line_is_lost(size: int) -> None:
    seen = look(size)
    assert (seen.predicted[64 // size, HOLE.x0 // size + 1 : HOLE.x1 // size] == 255).all()
    assert (seen.predicted[HOLE.y0 // size + 1 : HOLE.y1 // size, 80 // size] >= 120).all()
    assert seen.hole.sum() * size**2 >= HOLE.area


def test_what_was_rubbed_out_is_seen_no_more_and_the_rest_is() -> None:
    rubber = GuideStroke(Guide.ERASE_EDGE, ((45.0, 64.5), (70.0, 64.5)), 8.0)
    seen = look(1, rubber)
    assert not seen.predicted[64, 50:70].any()
    assert (seen.predicted[64, 76:110] >= 120).all()
    assert (seen.predicted[75:90, 80] == 120).all()
