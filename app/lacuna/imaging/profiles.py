"""ICC profiles on their way to the screen: read once, then a transform fast enough for every repainted tile.

Nearly every profile of a photograph is a curve a channel and a matrix. Those run through OpenCV in a fifth of the time
that littlecms takes; all others, and those whose result differs from its, go through littlecms itself.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

Transform = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]  # (h, w, 3) -> (h, w, 3) sRGB
_LEVELS = 16383  # of linear light; sRGB's steepest part needs 6,600 to tell 8-bit values apart
_BAND = 1 << 16  # pixels that go through at once, so that floats of a whole picture never exist
# sRGB's primaries in the D50 connection space (IEC 61966-2-1, Bradford-adapted)
_SRGB = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)


def space_of(profile: bytes) -> str:
    """The profile's own colour space as its header states it: "RGB", "GRAY", "CMYK", "Lab"; "" for no profile."""
    if len(profile) < 128 or profile[36:40] != b"acsp":
        return ""
    return profile[16:20].decode("latin-1").strip()


def opened(profile: bytes) -> Any:
    """As Pillow's ImageCmsProfile, None where littlecms cannot read it."""
    from PIL import ImageCms

    try:
        return ImageCms.ImageCmsProfile(BytesIO(profile))
    except (OSError, ImageCms.PyCMSError):
        return None


@lru_cache(maxsize=8)
def to_srgb(profile: bytes) -> Transform | None:
    """From `profile` to sRGB; None where there is nothing to do (sRGB by any name) or the profile cannot be used."""
    from PIL import ImageCms

    mode = {"RGB": "RGB", "GRAY": "L"}.get(space_of(profile))
    source = opened(profile) if mode is not None else None
    if mode is None or source is None:
        return None
    try:
        exact = ImageCms.buildTransform(
            source, ImageCms.createProfile("sRGB"), mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC
        )
    except ImageCms.PyCMSError:
        return None
    if mode == "L":
        own = _grey_table(profile)
        return _by_table(_through(exact, np.arange(256, dtype=np.uint8)[None]) if own is None else own)
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(27, 27, 3)
    wanted = _through(exact, cube)
    if _apart(wanted, cube) <= 1:
        return None
    quick = _shaper(profile)
    if quick is not None and _apart(quick(cube), wanted) <= 2:
        return _in_bands(quick)
    return lambda pixels: _through(exact, pixels)


def _apart(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> int:
    return int(np.abs(one.astype(np.int16) - other).max())


def _through(transform: Any, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from PIL import Image, ImageCms

    mode = transform.input_mode
    image = Image.frombuffer(mode, pixels.shape[1::-1], np.ascontiguousarray(pixels), "raw", mode, 0, 1)
    return np.asarray(ImageCms.applyTransform(image, transform))


def _by_table(shown: NDArray[np.uint8]) -> Transform:
    """Grey values to colours by their table of 256."""
    table = shown.reshape(256, 3)
    return lambda pixels: table[pixels[..., 0]]


def _in_bands(transform: Transform) -> Transform:
    def banded(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        rows = max(1, _BAND // max(1, pixels.shape[1]))
        if pixels.shape[0] <= rows:
            return transform(pixels)
        out = np.empty_like(pixels)
        for y in range(0, pixels.shape[0], rows):
            out[y : y + rows] = transform(pixels[y : y + rows])
        return out

    return banded


def _shaper(profile: bytes) -> Transform | None:
    """Curves, matrix, sRGB's own curve; None for a profile that is not made of these."""
    tags = _tags(profile)
    if b"A2B0" in tags or b"A2B1" in tags or profile[20:24] != b"XYZ ":
        return None
    try:
        curves = [_curve(tags[key]) for key in (b"rTRC", b"gTRC", b"bTRC")]
        columns = [_fixed(tags[key][8:20]) for key in (b"rXYZ", b"gXYZ", b"bXYZ")]
    except (KeyError, ValueError, struct.error):
        return None
    table = np.dstack([curve.astype(np.float32) for curve in curves]).reshape(1, 256, 3)
    matrix = np.linalg.inv(_SRGB) @ np.array(columns).T * _LEVELS
    matrix = np.hstack([matrix, np.full((3, 1), 0.5)]).astype(np.float32)  # the half rounds where floats are cut off
    encoded = _encoded(np.arange(_LEVELS + 1) / _LEVELS)

    def shape(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        import cv2

        linear: NDArray[Any] = cv2.LUT(np.ascontiguousarray(pixels), table)
        cv2.transform(linear, matrix, dst=linear)
        np.clip(linear, 0, _LEVELS, out=linear)
        return np.take(encoded, linear.astype(np.uint16))

    return shape


def _encoded(light: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Linear light 0..1 by sRGB's curve."""
    light = np.clip(light, 0, 1)
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(255 * curve).astype(np.uint8)


def _grey_table(profile: bytes) -> NDArray[np.uint8] | None:
    """Colours of the 256 greys by the profile's own curve; littlecms rounds linear ones to 8 bits on the way."""
    tags = _tags(profile)
    try:
        levels = _encoded(_curve(tags[b"kTRC"]))
    except (KeyError, ValueError, struct.error):
        return None
    return np.repeat(levels[:, None], 3, axis=1) if profile[20:24] == b"XYZ " else None


def _tags(profile: bytes) -> dict[bytes, bytes]:
    count = int.from_bytes(profile[128:132], "big")
    found = {}
    for n in range(min(count, 256)):
        entry = profile[132 + 12 * n : 144 + 12 * n]
        if len(entry) == 12:
            key, at, size = struct.unpack(">4sII", entry)
            found[key] = profile[at : at + size]
    return found


def _fixed(data: bytes) -> list[float]:
    return [value / 65536 for value in struct.unpack(f">{len(data) // 4}i", data)]


def _curve(tag: bytes) -> NDArray[np.float64]:
    """Linear light for the 256 values of a channel (ICC.1:2022, 10.6 and 10.18). Raises ValueError for other kinds."""
    x = np.arange(256) / 255
    if tag[:4] == b"curv":
        (count,) = struct.unpack(">I", tag[8:12])
        if count == 0:
            return x
        points = struct.unpack(f">{count}H", tag[12 : 12 + 2 * count])
        if count == 1:
            return x ** (points[0] / 256)
        return np.interp(x, np.linspace(0, 1, count), np.array(points) / 65535)
    if tag[:4] != b"para":
        raise ValueError("no curve")
    (kind,) = struct.unpack(">H", tag[8:10])
    names = {0: "g", 1: "gab", 2: "gabc", 3: "gabcd", 4: "gabcdef"}.get(kind)
    if names is None:
        raise ValueError("an unknown kind of curve")
    values = dict(zip(names, _fixed(tag[12 : 12 + 4 * len(names)]), strict=True))
    g, a, b = values["g"], values.get("a", 1.0), values.get("b", 0.0)
    if a == 0:
        raise ValueError("a curve without a slope")
    upper = np.maximum(a * x + b, 0) ** g
    if kind < 3:  # below -b/a the power is 0 already
        return upper + values.get("c", 0.0)
    e, f = values.get("e", 0.0), values.get("f", 0.0)
    return np.where(x >= values["d"], upper + e, values["c"] * x + f)
