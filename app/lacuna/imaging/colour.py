"""Depths and colours: whole numbers to floats and back, a profile to the screen, inks to RGB, luma."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lacuna.i18n import _
from lacuna.imaging.photo import Pixels
from lacuna.imaging.profiles import opened, space_of, to_srgb


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
    transform = to_srgb(profile) if profile is not None else None
    return shown if transform is None else transform(shown)


def luma(pixels: Pixels) -> NDArray[Any]:
    """(h, w) brightness of (h, w, 3) in the same depth (ITU-R BT.601); equal channels keep their value."""
    import cv2

    if pixels.size == 0:
        return pixels[..., 0]
    return cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)


def from_cmyk(inks: Any, profile: bytes | None) -> tuple[NDArray[np.uint8], str]:
    """A Pillow image of inks as (H, W, 3) sRGB, by its profile if it has a usable one, and the note for the person."""
    from PIL import ImageCms

    source = opened(profile) if profile is not None and space_of(profile) == "CMYK" else None
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
