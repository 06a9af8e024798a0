"""Planes of a picture: what is regular on a wall or a floor goes on at a slant, and where none is, nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import lacuna
from lacuna.backends.patchmatch import PatchMatchParams
from lacuna.backends.plane_offsets import regular_offsets
from lacuna.backends.planes import planes_of
from lacuna.backends.rectified import Halvings, view_of
from lacuna.backends.vanishing import segments, vanishing_points
from lacuna.contract.fill import Filled
from lacuna.contract.progress import Cancelled, Progress
from lacuna.imaging.photo import Hole
from tests.backends import completion
from tests.pictures import lion

SIZE = (420, 540)
WALL = ((20, -60), (520, 120), (520, 330), (20, 560))  # where the corners of what is seen at a slant lie
FLOOR = ((180, 150), (380, 150), (760, 420), (-220, 420))
LEFT = ((-60, -160), (260, 100), (260, 310), (-60, 560))
RIGHT = ((260, 100), (620, -120), (620, 520), (260, 310))

Corners = tuple[tuple[int, int], ...]


def windows() -> NDArray[np.float32]:
    """Rows of windows, as seen from the front."""
    y, x = np.mgrid[:1400, :1400]
    window = (y % 120 > 30) & (y % 120 < 100) & (x % 90 > 20) & (x % 90 < 70)
    grey = np.where(window, 60, 160 + 20 * np.sin(x / 200)) + np.where(window & (y % 120 > 60) & (y % 120 < 66), 90, 0)
    return (grey[..., None] + [15, 0, -15]).astype(np.float32)


def tiles() -> NDArray[np.float32]:
    """Square tiles of uneven brightness with dark joints."""
    y, x = np.mgrid[:1400, :1400]
    shades = 170 + 8 * np.random.default_rng(0).standard_normal((24, 24))
    grey = np.where((y % 60 < 5) | (x % 60 < 5), 70, shades[y // 60, x // 60])
    return (grey[..., None] * [1, 0.95, 0.85]).astype(np.float32)


def lead_to(corners: Corners) -> NDArray[np.float64]:
    """(3, 3): from the front view to the picture."""
    front = np.array([[0, 0], [1400, 0], [1400, 1400], [0, 1400]], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(front, np.array(corners, np.float32)), np.float64)


def seen(front: NDArray[np.float32], corners: Corners) -> NDArray[np.uint8]:
    """`front` at a slant, taken by a camera with some noise."""
    twice = np.diag([2.0, 2.0, 1.0]) @ lead_to(corners)
    big = cv2.warpPerspective(
        front, twice, (2 * SIZE[1], 2 * SIZE[0]), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_WRAP
    )
    picture = cv2.resize(big, SIZE[::-1], interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(1).normal(0, 2.5, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def corner() -> NDArray[np.uint8]:
    """Two walls that meet at column 260."""
    return np.where(np.arange(SIZE[1])[None, :, None] < 260, seen(windows(), LEFT), seen(tiles(), RIGHT))


def box(y0: int, y1: int, x0: int, x1: int, shape: tuple[int, ...] = SIZE) -> Hole:
    hole = np.zeros(shape[:2], bool)
    hole[y0:y1, x0:x1] = True
    return hole


def completed(image: NDArray[Any], hole: Hole, *, planes: bool = True, **rest: Any) -> Filled:
    return completion.completed(image, hole, params=PatchMatchParams(planes=planes), **rest)


def decibels(filled: NDArray[Any], truth: NDArray[Any], hole: Hole) -> float:
    return float(10 * np.log10(255**2 / ((filled[hole].astype(float) - truth[hole]) ** 2).mean()))


@pytest.mark.parametrize(("front", "corners"), [(windows, WALL), (tiles, WALL), (tiles, FLOOR)])
def test_the_vanishing_points_of_a_grid_are_found(front: Callable[[], NDArray[np.float32]], corners: Corners):
    grey = cv2.cvtColor(seen(front(), corners), cv2.COLOR_RGB2GRAY)
    found = vanishing_points(segments(cv2, grey, np.zeros(SIZE, bool)), SIZE, Progress())
    middle = np.array([SIZE[1] / 2, SIZE[0] / 2])
    lead = lead_to(corners)
    for true in (lead[:, 0], lead[:, 1]):
        angles = []
        for point in (each.point for each in found):
            one, other = (p[:2] - p[2] * middle for p in (true, point))
            sine = abs(one[0] * other[1] - one[1] * other[0]) / np.hypot(*one) / np.hypot(*other)
            angles.append(np.degrees(np.arcsin(sine)))
        assert min(angles) < 1.0


def test_segments_in_the_hole_are_left_out():
    grey = cv2.cvtColor(seen(windows(), WALL), cv2.COLOR_RGB2GRAY)
    hole = box(100, 300, 150, 400)
    lines = segments(cv2, grey, hole)
    middle = np.rint(lines.reshape(-1, 2, 2).mean(axis=1)).astype(int)
    assert len(lines) > 100
    assert not hole[middle[:, 1], middle[:, 0]].any()


def test_a_plane_seen_from_the_front_repeats_itself_at_even_distances():
    image, hole = seen(tiles(), WALL), box(140, 270, 190, 330)
    (plane,) = planes_of(cv2, image, hole, Progress())
    view = view_of(cv2, plane, Halvings.of(cv2, image), hole, ~hole, Progress())
    assert view is not None
    assert view.image[..., 0].size < 2 * hole.size
    offsets = regular_offsets(cv2, view.image, view.hole, view.sources, Progress())
    lead = view.there @ lead_to(WALL)
    points = (lead @ [x, y, 1] for x, y in ((730, 730), (790, 730), (730, 790)))
    start, beside, below = (point[:2] / point[2] for point in points)
    assert abs(beside[1] - start[1]) < 0.5
    assert abs(below[0] - start[0]) < 0.5
    periods = np.array([beside[0] - start[0], below[1] - start[1]])
    multiples = offsets[:8, ::-1] / periods
    assert np.abs(multiples - np.rint(multiples)).max() < 0.15


@pytest.mark.parametrize(
    ("front", "corners", "hole", "gain"),
    [
        (windows, WALL, box(140, 270, 190, 330), 8.0),
        (tiles, WALL, box(140, 270, 190, 330), 2.0),
        (tiles, FLOOR, box(240, 340, 220, 350), 2.0),
    ],
    ids=["windows", "tiled wall", "floor"],
)
def test_what_is_regular_goes_on_at_a_slant(
    front: Callable[[], NDArray[np.float32]], corners: Corners, hole: Hole, gain: float
):
    image = seen(front(), corners)
    along, plain = (completed(image, hole, planes=planes).image for planes in (True, False))
    assert decibels(along, image, hole) > decibels(plain, image, hole) + gain


def test_two_walls_that_meet_go_on_each_by_itself():
    image, hole = corner(), box(150, 260, 170, 360)
    found = planes_of(cv2, image, hole, Progress())
    assert len(found) == 2
    sides = [plane.hole.nonzero()[1].mean() < 260 for plane in found]
    assert sorted(sides) == [False, True]
    filled = completed(image, hole)
    assert decibels(filled.image, image, hole) > decibels(completed(image, hole, planes=False).image, image, hole) + 1


def test_where_no_plane_is_found_the_fill_is_the_same_and_that_is_said():
    image = np.ascontiguousarray(lion()[150:360, 250:480])
    hole = box(60, 120, 70, 130, image.shape)
    along, plain = (completed(image, hole, planes=planes, seed=2) for planes in (True, False))
    assert np.array_equal(along.image, plain.image)
    assert np.array_equal(along.came_from, plain.came_from)
    assert "No plane" in along.notes[0]
    assert not plain.notes


def test_a_plane_of_which_too_little_may_be_copied_is_left_to_plain_translation_and_that_is_said():
    image, hole = seen(windows(), WALL), box(140, 270, 190, 330)
    sources = box(20, 60, 40, 80)
    along, plain = (completed(image, hole, planes=planes, sources=sources) for planes in (True, False))
    assert np.array_equal(along.image, plain.image)
    assert "No plane was followed" in along.notes[0]


def test_a_wall_seen_from_the_front_is_filled_by_plain_translation():
    image = np.clip(windows()[:420, :540], 0, 255).astype(np.uint8)
    hole = box(140, 270, 190, 330)
    assert np.array_equal(completed(image, hole).image, completed(image, hole, planes=False).image)


def test_known_pixels_stay_and_what_lay_under_the_mask_does_not_matter():
    image, hole = corner(), box(150, 260, 170, 360)
    first = lacuna.fill(image, hole, "patchmatch", planes=True)
    assert np.array_equal(first[~hole], image[~hole])
    for other in (0, 255):
        covered = image.copy()
        covered[hole] = other
        assert np.array_equal(lacuna.fill(covered, hole, "patchmatch", planes=True), first)


def test_a_seed_gives_the_same_pixels_whatever_the_number_of_threads():
    image, hole = seen(tiles(), WALL), box(140, 270, 190, 330)
    alone = completed(image, hole, seed=3)
    several = completed(image, hole, seed=3, threads=3)
    assert np.array_equal(alone.image, several.image)
    assert np.array_equal(alone.came_from, several.came_from)
    assert not np.array_equal(alone.image, completed(image, hole, seed=4).image)


def test_every_pixel_says_from_which_allowed_one_it_came():
    image, hole = seen(windows(), WALL), box(140, 270, 190, 330)
    sources = np.zeros(SIZE, bool)
    sources[:, :460] = True
    image[:, 460:] = [0, 200, 0]
    filled = completed(image, hole, sources=sources)
    assert "along planes" in filled.notes[0]
    assert filled.came_from is not None
    y, x = filled.came_from[hole].T
    assert (sources & ~hole)[y, x].all()
    assert (filled.came_from[~hole] == -1).all()
    assert np.abs(filled.image[hole].astype(int) - image[y, x]).mean() < 12


def test_deep_pictures_are_filled_in_their_own_depth():
    image, hole = seen(windows(), WALL), box(140, 270, 190, 330)
    least = decibels(completed(image, hole).image, image, hole) - 3
    deep = completed(image.astype(np.uint16) * 257, hole).image
    assert deep.dtype == np.uint16
    assert decibels(deep / 257, image, hole) > least
    floats = completed((image / np.float32(255)).astype(np.float32), hole).image
    assert floats.dtype == np.float32
    assert decibels(floats * 255, image, hole) > least


@pytest.mark.parametrize("after", [0, 1, 6, 30])
def test_a_cancel_is_heard_between_steps(after: int):
    progress = completion.Impatient(after)
    with pytest.raises(Cancelled):
        completed(corner(), box(150, 260, 170, 360), progress=progress)
    assert progress.told == after + 1
