"""Depths there and back, and colours on the screen as littlecms has them."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms
from tests.imaging import made

from lacuna.imaging import colour, profiles


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255.0), (np.uint16, 65535.0)])
def test_every_whole_number_comes_back_from_floats(dtype: type, white: float) -> None:
    every = np.arange(int(white) + 1, dtype=dtype)
    values = colour.to_float(every, white)
    assert values.dtype == np.float32
    assert (values.min(), values.max()) == (0, 1)
    assert np.array_equal(colour.from_float(values, dtype, white), every)


def test_floats_are_only_scaled_never_clipped() -> None:
    values = np.array([-3.0, 0.5, 9.0], np.float32)
    assert np.array_equal(colour.to_float(values, 4.0), values / 4)
    assert np.array_equal(colour.from_float(values, np.float32, 4.0), values * 4)


def test_whole_numbers_are_rounded_and_clipped() -> None:
    values = np.array([-1.0, 0.4 / 255, 0.6 / 255, 2.0], np.float32)
    assert np.array_equal(colour.from_float(values, np.uint8, 255.0), [0, 0, 1, 255])


def test_bytes_for_the_screen_are_the_nearest() -> None:
    every = np.arange(65536, dtype=np.uint16)
    assert np.array_equal(colour.to_bytes(every, 65535.0), np.rint(every / 257).astype(np.uint8))
    floats = np.array([np.nan, -1, 0.5, 2, np.inf], np.float32)
    assert np.array_equal(colour.to_bytes(floats, 1.0), [0, 0, 128, 255, 255])


def littlecms(pixels: np.ndarray, profile: bytes) -> np.ndarray:
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    image = ImageCms.profileToProfile(
        Image.fromarray(pixels),
        source,
        ImageCms.createProfile("sRGB"),
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        "RGB",
    )
    return np.asarray(image)


def with_curves(profile: bytes, curve: bytes) -> bytes:
    """The profile with another curve for all three channels, put behind its end."""
    made_of = bytearray(profile + bytes(-len(profile) % 4))
    at = len(made_of)
    for n in range(int.from_bytes(made_of[128:132], "big")):
        entry = 132 + 12 * n
        if made_of[entry : entry + 4] in (b"rTRC", b"gTRC", b"bTRC"):
            made_of[entry + 4 : entry + 12] = struct.pack(">II", at, len(curve))
    made_of += curve
    made_of[:4] = struct.pack(">I", len(made_of))
    return bytes(made_of)


def parametric(kind: int, *values: float) -> bytes:
    return b"para" + struct.pack(f">IHH{len(values)}i", 0, kind, 0, *[round(v * 65536) for v in values])


TABLE = np.rint(65535 * np.linspace(0, 1, 200) ** 1.9).astype(int)
CURVES = {
    "as it is": b"",
    "linear": b"curv" + struct.pack(">II", 0, 0),
    "gamma": b"curv" + struct.pack(">IIH", 0, 1, round(2.2 * 256)) + bytes(2),
    "table": b"curv" + struct.pack(f">II{len(TABLE)}H", 0, len(TABLE), *TABLE),
    "parametric 0": parametric(0, 1.8),
    "parametric 1": parametric(1, 2.4, 0.9, 0.1),
    "parametric 3": parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
    "parametric 4": parametric(4, 2.4, 0.94, 0.05, 0.08, 0.04, 0.001, 0.0005),
}


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_the_screen_shows_what_littlecms_shows(curve: bytes) -> None:
    profile = with_curves(made.profile(), curve) if curve else made.profile()
    pixels = np.random.default_rng(1).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    shown = colour.to_display(pixels, profile, 255.0)
    difference = np.abs(shown.astype(int) - littlecms(pixels, profile))
    assert difference.max() <= 2
    assert difference.mean() < 0.1


def test_a_curve_and_a_matrix_need_no_littlecms() -> None:
    assert profiles._shaper(made.profile()) is not None


def test_deep_pictures_are_shown_like_their_eight_bits() -> None:
    pixels = made.scene()
    shown = colour.to_display(pixels, made.profile(), 255.0)
    deep = colour.to_display(pixels.astype(np.uint16) * 257, made.profile(), 65535.0)
    floats = colour.to_display((pixels / 255 * 3).astype(np.float32), made.profile(), 3.0)
    assert np.array_equal(shown, deep)
    assert np.array_equal(shown, floats)


def test_srgb_under_any_name_and_no_profile_show_the_pixels_themselves() -> None:
    pixels = made.scene()
    renamed = made.srgb().replace(b"s\0R\0G\0B", b"m\0y\0o\0w")
    for profile in (None, made.srgb(), renamed, b"nonsense", made.profile()[:200]):
        assert np.array_equal(colour.to_display(pixels, profile, 255.0), pixels)


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
def test_a_grey_profile_is_shown_by_its_curve(gamma: float) -> None:
    curve = b"curv" + struct.pack(">IIH", 0, 1, round(gamma * 256)) + bytes(2)
    profile = bytearray(with_curves(made.srgb(), curve))
    profile[16:20] = b"GRAY"
    at = profile.index(b"rTRC", 132)
    profile[at : at + 4] = b"kTRC"
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    shown = colour.to_display(ramp, bytes(profile), 255.0)
    light = (np.arange(256) / 255) ** (round(gamma * 256) / 256)
    expected = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(shown[0, :, 0] - expected).max() <= 0.51
    assert (shown == shown[..., :1]).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_luma_keeps_the_value_of_grey(dtype: type) -> None:
    grey = made.scene(channels=1, dtype=dtype)
    found = colour.luma(np.repeat(grey, 3, axis=2))
    assert found.dtype == dtype
    assert found == pytest.approx(grey[..., 0], abs=1e-5 if dtype is np.float32 else 0)


def test_luma_weighs_green_most() -> None:
    primaries = np.eye(3, dtype=np.float32)[None]
    assert colour.luma(primaries)[0] == pytest.approx([0.299, 0.587, 0.114], abs=1e-6)
