"""Lines that were painted become polylines along their middles, and those drawn again cover what was painted."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lacuna.imaging.centrelines import centrelines, thinned
from lacuna.imaging.polylines import Polyline, drawn

SHAPE = (90, 140)


@pytest.mark.parametrize("width", [1, 2, 3, 6, 11])
def test_a_painted_line_comes_back_with_its_course_and_width(width: int) -> None:
    line = Polyline(((12.5, 20.5), (70.5, 30.5), (120.5, 75.5)), width)
    (found,) = centrelines(drawn([line], SHAPE) > 0)
    assert found.width == pytest.approx(width, abs=1.5)
    painted, again = drawn([line], SHAPE), drawn([found], SHAPE)
    for one, other in ((painted, again), (again, painted)):
        near = cv2.dilate(other, np.ones((3, 3), np.uint8)) > 0
        assert np.count_nonzero(near & (one > 0)) > 0.95 * np.count_nonzero(one)


def test_a_crossing_parts_lines_and_a_ring_is_closed() -> None:
    plane = np.zeros(SHAPE, np.uint8)
    cv2.line(plane, (20, 10), (20, 80), 1, 3)
    cv2.line(plane, (5, 45), (50, 45), 1, 3)
    cv2.circle(plane, (100, 45), 25, 1, 1)
    found = centrelines(plane > 0)
    assert len(found) == 5
    (ring,) = (line for line in found if line.points[0] == line.points[-1])
    assert np.hypot(*(np.array(ring.points) - (100.5, 45.5)).T) == pytest.approx(25, abs=1.5)
    assert sum((20.5, 45.5) in line.points for line in found) == 4


def test_a_dot_is_a_line_of_one_point() -> None:
    plane = np.zeros(SHAPE, bool)
    plane[0, 139] = True
    assert centrelines(plane) == [Polyline(((139.5, 0.5), (139.5, 0.5)), 1.0)]


def test_nothing_has_no_lines() -> None:
    assert centrelines(np.zeros(SHAPE, bool)) == []


def test_thinning_takes_nothing_apart_and_leaves_one_pixel() -> None:
    plane = np.zeros(SHAPE, np.uint8)
    cv2.polylines(plane, [np.array([[10, 10], [60, 70], [130, 20]], np.int32)], False, 1, 9)
    thin = thinned(plane > 0)
    assert not (thin & (plane == 0)).any()
    assert cv2.connectedComponents(thin.view(np.uint8))[0] == 2
    squares = np.lib.stride_tricks.sliding_window_view(thin, (3, 3)).all((2, 3))
    assert not squares.any()


def test_the_inside_of_a_closed_line_is_drawn_and_points_far_outside_do_no_harm() -> None:
    area = Polyline(((10, 10), (60, 10), (60, 50), (10, 50)), 1, closed=True)
    assert drawn([area], SHAPE)[20:40, 20:50].all()
    far = Polyline(((-1e12, 45.5), (1e12, 45.5)))
    assert drawn([far], SHAPE)[45].all()
