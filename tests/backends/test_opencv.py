"""Telea and Navier-Stokes: OpenCV's own bytes from a tight crop, every depth at its own, floats of every range."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import lacuna
from lacuna.contract.params import validate
from lacuna.engine import registry
from lacuna.errors import InvalidParameter
from lacuna.imaging.photo import Hole
from tests.pictures import lion

FLAGS = {"telea": cv2.INPAINT_TELEA, "ns": cv2.INPAINT_NS}
IDS = pytest.mark.parametrize("backend", ["telea", "ns"])


def inpainted(image: NDArray[Any], hole: Hole, radius: int, backend: str) -> NDArray[Any]:
    """OpenCV on the whole picture: 8 bits as it is, 16 bits channel by channel."""
    mask = hole.astype(np.uint8)
    if image.dtype == np.uint8 or image.ndim == 2:
        return np.asarray(cv2.inpaint(image, mask, radius, FLAGS[backend]))
    channels = [cv2.inpaint(np.ascontiguousarray(image[..., i]), mask, radius, FLAGS[backend]) for i in range(3)]
    return np.stack(channels, axis=-1)


@st.composite
def holes(draw: st.DrawFn, height: int, width: int) -> Hole:
    """Rectangles and strokes: some far apart, some a few pixels, some at and across the border."""
    hole = np.zeros((height, width), bool)
    for _ in range(draw(st.integers(1, 5))):
        y, x = draw(st.integers(-6, height - 1)), draw(st.integers(-6, width - 1))
        tall, wide = draw(st.integers(7, 30)), draw(st.integers(7, 30))
        hole[max(0, y) : y + tall, max(0, x) : x + wide] = True
        for _twin in range(draw(st.integers(0, 2))):
            y, x = y + draw(st.integers(-40, 40)), x + draw(st.integers(-40, 40))
            hole[max(0, y) : max(0, y + 4), max(0, x) : max(0, x + 9)] = True
    return hole


@IDS
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(hole=holes(150, 170), radius=st.integers(1, 9), depth=st.sampled_from(["8 bit", "16 bit", "grey"]))
def test_the_bytes_are_those_of_opencv_on_the_full_frame(backend: str, hole: Hole, radius: int, depth: str) -> None:
    image: NDArray[Any] = lion()[100:250, 200:370]
    if depth == "16 bit":
        image = image.astype(np.uint16) * 257 + np.arange(170, dtype=np.uint16)[:, None] % 200
    elif depth == "grey":
        image = image[..., 1]
    image = np.ascontiguousarray(image)
    if hole.all() or not hole.any():
        return
    expected = inpainted(image, hole, radius, backend)
    assert np.array_equal(lacuna.fill(image, hole, backend, radius=radius), expected)


@IDS
@pytest.mark.parametrize("radius", [1, 2, 3, 5, 12, 20])
@pytest.mark.parametrize("gap", [1, 2, 5, 9, 13, 30])
def test_neighbouring_holes_see_each_other_as_in_the_full_frame(backend: str, radius: int, gap: int) -> None:
    image = np.ascontiguousarray(lion()[:160, :200])
    hole = np.zeros(image.shape[:2], bool)
    hole[40:60, 50:70] = True
    hole[40:60, 70 + gap : 90 + gap] = True
    hole[60 + gap : 66 + gap, 30:50] = True
    hole[:4, 180:] = True
    assert np.array_equal(lacuna.fill(image, hole, backend, radius=radius), inpainted(image, hole, radius, backend))


@IDS
def test_sixteen_bits_are_not_filled_through_eight(backend: str) -> None:
    ramp = np.repeat((np.arange(200, dtype=np.uint16) * 3 + 30000)[None, :, None], 60, axis=0)
    image = np.repeat(ramp, 3, axis=2)
    hole = np.zeros((60, 200), bool)
    hole[28:31] = True
    filled = lacuna.fill(image, hole, backend)
    assert np.abs(filled[hole].astype(int) - image[hole]).max() <= 8  # a step of 8 bits is 257


@IDS
@pytest.mark.parametrize("factor", [1e-6, 1e-3, 1.0, 255.0, 1e4, 1e12])
def test_floats_are_filled_alike_whatever_their_range(backend: str, factor: float) -> None:
    image = (lion()[:120, :160] / np.float32(255)).astype(np.float32)
    hole = np.zeros((120, 160), bool)
    hole[50:60, 40:90] = True
    deep = lacuna.fill((image * 65535).round().astype(np.uint16), hole, backend).astype(np.float64) / 65535
    filled = lacuna.fill(image * np.float32(factor), hole, backend) / np.float64(factor)
    difference = np.abs(filled - deep)[hole]
    assert difference.mean() < 1e-4
    assert difference.max() < 5e-3


@IDS
def test_a_lamp_in_a_float_picture_does_not_press_the_rest_down(backend: str) -> None:
    image = np.full((80, 80, 3), 0.25, np.float32)
    image[5:7, 5:7] = 60000.0
    hole = np.zeros((80, 80), bool)
    hole[40:50, 40:50] = True
    assert np.abs(lacuna.fill(image, hole, backend)[hole] - 0.25).max() < 1e-3


@IDS
def test_negative_floats_are_kept(backend: str) -> None:
    image = np.full((40, 40, 3), -0.5, np.float32)
    hole = np.zeros((40, 40), bool)
    hole[15:25, 15:25] = True
    assert np.abs(lacuna.fill(image, hole, backend)[hole] + 0.5).max() < 1e-3


@IDS
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_undefined_values_spread_nowhere_and_stay_where_they_were(backend: str, value: float) -> None:
    image = np.full((60, 60, 3), 0.5, np.float32)
    image[20:40, 18] = value
    image[25, 25] = value
    hole = np.zeros((60, 60), bool)
    hole[20:40, 20:40] = True
    filled = lacuna.fill(image, hole, backend)
    assert np.abs(filled[hole] - 0.5).max() < 1e-3
    assert np.array_equal(filled[~hole].view(np.uint32), image[~hole].view(np.uint32))


@IDS
def test_what_stood_in_the_hole_does_not_matter(backend: str) -> None:
    image = np.ascontiguousarray(lion()[:100, :100])
    hole = np.zeros((100, 100), bool)
    hole[30:60, 30:60] = True
    other = image.copy()
    other[hole] = 0
    assert np.array_equal(lacuna.fill(image, hole, backend), lacuna.fill(other, hole, backend))


@IDS
@pytest.mark.parametrize("radius", [0, 21, "five", 2.5])
def test_the_radius_goes_from_one_to_twenty(backend: str, radius: Any) -> None:
    with pytest.raises(InvalidParameter, match="radius"):
        validate(registry.backend(backend).Params, {"radius": radius})
    assert registry.backend(backend).Params().radius == 3


@IDS
def test_it_says_that_a_call_cannot_be_stopped_and_that_width_costs(backend: str) -> None:
    found = registry.backend(backend)
    few, many = (found.needs(validate(found.Params, {"radius": radius})) for radius in (1, 20))
    assert not few.interruptible
    assert many.megapixel_seconds > 20 * few.megapixel_seconds
    assert few.context.minimum < many.context.minimum < 50
