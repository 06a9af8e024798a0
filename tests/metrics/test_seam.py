"""The seam measure: 1 where nobody sees where a fill ends, by hand and on photos."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna import paths
from lacuna.metrics.seam import UNSEEN, seam
from tests.pictures import lion

HOLE = np.zeros((60, 80), bool)
HOLE[20:40, 30:60] = True


def ramp(down: float = 2.0, across: float = 2.0) -> NDArray[Any]:
    plane = down * np.arange(60)[:, None] + across * np.arange(80)
    return np.repeat(plane[..., None], 3, axis=2).astype(np.float32) / 255


def holes(shape: tuple[int, ...]) -> dict[str, NDArray[np.bool_]]:
    """A shape, strokes and thin marks."""
    height, width = shape[:2]
    shapes = np.zeros((3, height, width), np.uint8)
    cv2.ellipse(shapes[0], (width // 2, height // 2), (width // 4, height // 5), 25, 0, 360, 1, -1)
    cv2.polylines(shapes[1], [np.array([(20, 30), (width - 90, 90), (60, height - 40)])], False, 1, 24)
    for offset in range(0, width, 60):
        cv2.line(shapes[2], (offset, 0), (offset + 40, height - 1), 1, 3)
    return dict(zip(("blob", "brush", "thin"), shapes > 0, strict=True))


def samples() -> list[NDArray[Any]]:
    names = ("lion", "bridge", "house")
    pictures = [cv2.imread(str(paths.resources() / "samples" / f"{name}.jpg")) for name in names]
    return [cv2.resize(picture, (512, 384), interpolation=cv2.INTER_AREA) for picture in pictures]


def test_a_ramp_that_goes_on_has_no_seam() -> None:
    assert seam(ramp(), HOLE, 1.0) == pytest.approx(1, abs=1e-4)


def test_a_step_in_both_directions_is_counted_against_the_steps_beside_it() -> None:
    filled = ramp()
    filled[HOLE] += 10 / 255  # two of the four sides step by 12, two by 8, around them all by 2
    assert seam(filled, HOLE, 1.0) == pytest.approx((10 + 1) / (2 + 1), rel=1e-4)


def test_steps_are_compared_with_those_of_their_own_direction() -> None:
    line = np.zeros((60, 80), bool)
    line[30, 10:70] = True  # nearly all pairs go down, where the picture is flat
    flat = ramp(down=0, across=9)
    assert seam(flat, line, 1.0) == pytest.approx(1, abs=1e-3)
    flat[line] += 3 / 255
    sides = 9.0  # the two ends step by 12 and 6
    expected = (np.average([3.0, sides], weights=[120, 2]) + 1) / (np.average([0.0, 9.0], weights=[120, 2]) + 1)
    assert seam(flat, line, 1.0) == pytest.approx(expected, rel=1e-4)


def test_only_known_pixels_are_surroundings() -> None:
    near = HOLE.copy()
    near[20:40, 61:70] = True  # a second hole, one column away
    filled = ramp()
    filled[near] = 0.5
    other = filled.copy()
    other[25:35, 62:68] = 0.9  # inside a hole, beyond its border
    assert seam(filled, near, 1.0) == seam(other, near, 1.0)


@pytest.mark.parametrize("shape", ["blob", "brush", "thin"])
def test_true_photos_have_none_and_what_is_put_in_carelessly_has_much(shape: str) -> None:
    found: dict[str, list[float]] = {"truth": [], "constant": [], "moved": []}
    for picture in samples():
        hole = holes(picture.shape)[shape]
        constant, moved = picture.copy(), picture.copy()
        constant[hole] = (128, 128, 128)
        moved[hole] = np.roll(picture, (97, 131), axis=(0, 1))[hole]
        for name, filled in (("truth", picture), ("constant", constant), ("moved", moved)):
            found[name].append(seam(filled, hole))
    assert np.mean(found["truth"]) == pytest.approx(1, abs=0.04)
    assert max(np.abs(np.array(found["truth"]) - 1)) < 0.1
    assert min(found["constant"]) > 2
    assert min(found["moved"]) > 2


def test_a_fill_that_goes_out_smoothly_is_below_one() -> None:
    picture = np.array(lion()[100:400, 200:500])
    hole = holes(picture.shape)["blob"]
    filled = cv2.inpaint(picture, hole.astype(np.uint8), 3, cv2.INPAINT_NS)
    assert seam(filled, hole) < 0.9


@pytest.mark.parametrize("turn", [lambda a: a[::-1], lambda a: a[:, ::-1], lambda a: a.swapaxes(0, 1)])
def test_it_has_no_direction(turn: Callable[[NDArray[Any]], NDArray[Any]]) -> None:
    picture = np.array(lion()[100:160, 200:280])
    picture[HOLE] //= 2
    assert seam(turn(picture), turn(HOLE)) == pytest.approx(seam(picture, HOLE))


def test_where_there_is_nothing_to_compare_no_seam_is_said() -> None:
    picture = ramp()
    assert seam(picture, np.ones_like(HOLE), 1.0) == 1
    assert seam(picture, np.zeros_like(HOLE), 1.0) == 1
    everywhere = np.ones_like(HOLE)
    everywhere[::2, ::2] = False  # known pixels that have no known neighbour
    assert seam(picture, everywhere, 1.0) == 1


def test_other_depths_are_measured_by_their_white() -> None:
    picture = np.array(lion()[100:160, 200:280])
    picture[HOLE] //= 2
    deep = picture.astype(np.uint16) * 257
    assert seam(deep, HOLE, 65535.0) == pytest.approx(seam(picture, HOLE))
    even = np.full_like(picture, 90)
    even[HOLE] += 1
    assert seam(even, HOLE) == pytest.approx((1 / 255 + UNSEEN) / UNSEEN)
