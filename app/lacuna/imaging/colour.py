"""Depths and colours: whole numbers to floats and back, a profile to the screen, inks to RGB, luma."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lacuna.i18n import _
from lacuna.imaging.photo import Pixels


def to_float(pixels: NDArray[Any], white: float) -> NDArray[np.float32]:
    """Values of any depth as float32, `white` becoming 1. Always a new array."""
    return np.divide(pixels, np.float32(white), dtype=np.float32)


def from_float(values: NDArray[Any], dtype: DTypeLike, white: float) -> NDArray[Any]:
    """float32 values of `to_float` in their own depth again: whole numbers rounded and clipped, floats only scaled.

    The identity after `to_float` for every value of uint8 and uint16.
    """
    kind = np.dtype(dtype)
    scaled = np.multiply(values, np.float32(white), dtype=np.float32)
    if kind.kind == "f":
        return scaled.astype(kind, copy=False)
    np.rint(scaled, out=scaled)
    return np.clip(scaled, 0, np.float32(np.iinfo(kind).max), out=scaled).astype(kind)


def to_bytes(pixels: NDArray[Any], white: float) -> NDArray[np.uint8]:
    """Values of any depth as uint8 for the screen, `white` becoming 255; uint8 comes back as it is. NaN becomes 0."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16 and white == 65535.0:
        # x * 255 / 65535, rounded, without floats
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    scaled = np.nan_to_num(np.multiply(pixels, np.float32(255.0 / white), dtype=np.float32), nan=0.0)
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def to_display(pixels: Pixels, profile: bytes | None, white: float) -> NDArray[np.uint8]:
    """(h, w, 3) pixels as sRGB of 8 bits for the screen. `profile` None, sRGB, or unreadable: taken as sRGB.

    The result may be `pixels` itself. The transform is made once a profile; 256 x 256 pixels take about 1 ms.
    """
    shown = to_bytes(pixels, white)
    transform = _display_transform(profile) if profile is not None else None
    if transform is None:
        return shown
    from PIL import Image, ImageCms

    height, width = shown.shape[:2]
    grey = transform.input_mode == "L"
    planes = np.ascontiguousarray(shown[..., 0] if grey else shown)
    image = Image.frombuffer(transform.input_mode, (width, height), planes, "raw", transform.input_mode, 0, 1)
    return np.asarray(ImageCms.applyTransform(image, transform))


def luma(pixels: Pixels) -> NDArray[Any]:
    """(h, w) brightness of (h, w, 3) in the same depth (ITU-R BT.601); equal channels keep their value."""
    import cv2

    if pixels.size == 0:
        return pixels[..., 0]
    return cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)


def profile_space(profile: bytes) -> str:
    """The profile's own colour space as its header states it: "RGB", "GRAY", "CMYK", "Lab"; "" for no profile."""
    if len(profile) < 128 or profile[36:40] != b"acsp":
        return ""
    return profile[16:20].decode("latin-1").strip()


def from_cmyk(inks: Any, profile: bytes | None) -> tuple[NDArray[np.uint8], str]:
    """A Pillow image of inks as (H, W, 3) sRGB, by its profile if it has a usable one, and the note for the person."""
    from PIL import ImageCms

    source = _open_profile(profile) if profile is not None and profile_space(profile) == "CMYK" else None
    if source is not None:
        try:
            image = ImageCms.profileToProfile(
                inks, source, ImageCms.createProfile("sRGB"), ImageCms.Intent.RELATIVE_COLORIMETRIC, "RGB"
            )
            note = _("The CMYK colours were converted to RGB by the file's profile; it will be saved as RGB.")
            return np.array(image), note
        except ImageCms.PyCMSError:
            pass
    note = _("The CMYK colours were converted to RGB without a profile; it will be saved as RGB.")
    return np.array(inks.convert("RGB")), note


@lru_cache(maxsize=8)
def _display_transform(profile: bytes) -> Any:
    """From `profile` to sRGB; None where there is nothing to do or the profile cannot be used."""
    from PIL import Image, ImageCms

    mode = {"RGB": "RGB", "GRAY": "L"}.get(profile_space(profile))
    source = _open_profile(profile) if mode is not None else None
    if mode is None or source is None:
        return None
    try:
        transform = ImageCms.buildTransform(
            source, ImageCms.createProfile("sRGB"), mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC
        )
    except ImageCms.PyCMSError:
        return None
    if mode == "RGB":
        levels = np.linspace(0, 255, 9).astype(np.uint8)
        cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(27, 27, 3)
        shown = np.asarray(ImageCms.applyTransform(Image.fromarray(cube), transform))
        if int(np.abs(shown.astype(np.int16) - cube).max()) <= 1:
            return None  # one of the many profiles that are sRGB by another name
    return transform


def _open_profile(profile: bytes) -> Any:
    from io import BytesIO

    from PIL import ImageCms

    try:
        return ImageCms.ImageCmsProfile(BytesIO(profile))
    except (OSError, ImageCms.PyCMSError):
        return None
