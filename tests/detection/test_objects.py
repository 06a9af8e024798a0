"""An object is found from a scribble inside it, at the picture's own size, wherever it lies."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.contract.progress import Cancelled
from lacuna.detection.objects import Scribbles, Segment, picked
from lacuna.imaging.polylines import Polyline
from lacuna.imaging.region import Region
from tests.pictures import lion


def scene(height: int, width: int, centre: tuple[int, int], radius: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A reddish disc with grain on greenish grass with grain; the picture, and where the disc is."""
    rng = np.random.default_rng(3)
    grass = np.array([70, 120, 60]) + rng.normal(0, 18, (height, width, 1))
    disc = np.array([190, 90, 80]) + rng.normal(0, 12, (height, width, 1))
    y, x = np.mgrid[:height, :width]
    inside = np.hypot(y - centre[0], x - centre[1]) < radius
    return np.clip(np.where(inside[..., None], disc, grass), 0, 255).astype(np.uint8), inside


def found(
    image: NDArray[np.generic], scribbles: Scribbles, white: float = 255.0
) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    box, mask = picked(lambda region: image[region.slices], image.shape[:2], white, scribbles, lambda: None)  # type: ignore[arg-type]
    whole = np.zeros(image.shape[:2], np.uint8)
    whole[box.slices] = mask
    return whole >= 128, whole


def overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(one & other) / np.count_nonzero(one | other))


def line(*points: tuple[float, float], width: float = 6) -> Polyline:
    return Polyline(points, width)


@pytest.mark.parametrize(("size", "centre", "radius"), [((300, 400), (150, 200), 60), ((1500, 2000), (900, 1500), 260)])
def test_a_scribble_within_an_object_finds_all_of_it_at_the_pictures_size(
    size: tuple[int, int], centre: tuple[int, int], radius: int
) -> None:
    image, truth = scene(*size, centre, radius)
    y, x = centre
    mask, _soft = found(image, Scribbles((line((x - radius / 3, y), (x + radius / 3, y + radius / 4)),)))
    assert overlap(mask, truth) > 0.97


def test_an_object_larger_than_what_is_looked_at_first_is_followed() -> None:
    image, truth = scene(800, 1200, (400, 600), 300)
    mask, _soft = found(image, Scribbles((line((590, 400), (610, 400)),)))
    assert overlap(mask, truth) > 0.95


def test_an_object_may_touch_the_pictures_border() -> None:
    image, truth = scene(300, 400, (20, 30), 90)
    mask, _soft = found(image, Scribbles((line((20, 20), (60, 40)),)))
    assert overlap(mask, truth) > 0.95


def test_scribbles_outside_take_away_and_further_ones_add() -> None:
    image, first = scene(300, 400, (150, 110), 60)
    other, second = scene(300, 400, (150, 290), 60)
    image[second] = other[second]
    both = Scribbles((line((90, 150), (130, 150)), line((270, 150), (310, 150))))
    mask, _soft = found(image, both)
    assert overlap(mask, first | second) > 0.95
    bridge = image.copy()
    bridge[140:160, 110:290] = other[150, 280]  # now they hang together
    alone = Scribbles((line((90, 150), (130, 150)),), (line((200, 150), (310, 150), width=20),))
    mask, _soft = found(bridge, alone)
    assert not mask[second].any()
    assert mask[first].mean() > 0.9


def test_the_same_scribbles_find_the_same_object_in_any_depth() -> None:
    image = lion()
    scribbles = Scribbles((line((160, 100), (180, 200), (280, 220)),))
    mask, soft = found(image, scribbles)
    assert np.array_equal(found(image, scribbles)[1], soft)
    deep = image.astype(np.uint16) * 257
    assert np.array_equal(found(deep, scribbles, 65535.0)[1], soft)
    assert 0.05 < mask.mean() < 0.6


def test_scribbles_beside_the_picture_find_nothing_and_a_tiny_picture_does_no_harm() -> None:
    image, _truth = scene(300, 400, (150, 200), 60)
    _box, mask = picked(
        lambda region: image[region.slices], (300, 400), 255.0, Scribbles((line((900, 900), (950, 950)),)), lambda: None
    )
    assert mask.size == 0
    one = np.zeros((1, 1, 3), np.uint8)
    box, mask = picked(lambda region: one[region.slices], (1, 1), 255.0, Scribbles((line((0.5, 0.5)),)), lambda: None)
    assert box in (Region(0, 0, 1, 1), Region(0, 0, 0, 0))


def test_it_ends_when_it_is_told_to() -> None:
    image, _truth = scene(300, 400, (150, 200), 60)

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        picked(lambda region: image[region.slices], (300, 400), 255.0, Scribbles((line((150, 150), (200, 150)),)), stop)


def test_the_border_follows_the_pictures_and_not_the_working_size() -> None:
    image, truth = scene(1500, 2000, (900, 1500), 260)
    _mask, soft = found(image, Scribbles((line((1420, 900), (1580, 960)),)))
    outline = cv2.dilate(truth.view(np.uint8), np.ones((9, 9))) - cv2.erode(truth.view(np.uint8), np.ones((9, 9)))
    wrong = (soft >= 128) != truth
    assert np.count_nonzero(wrong & (outline == 0)) < 0.01 * np.count_nonzero(truth)


def test_a_network_is_not_asked_about_points_that_all_lie_beside_the_picture() -> None:
    def never(image: NDArray[np.uint8], points: NDArray[np.float32], labels: NDArray[np.bool_]) -> NDArray[np.float32]:
        raise AssertionError(points)

    image = np.zeros((60, 80, 3), np.uint8)
    scribbles = Scribbles((line((-900, 30), (4, 30)),))
    segment = Segment(64, never)
    _box, mask = picked(lambda r: image[r.slices], (60, 80), 255.0, scribbles, lambda: None, segment)
    assert not mask.any()
