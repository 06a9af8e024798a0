"""Between Qt's images and our arrays: the clipboard, and small images for previews."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColorSpace, QImage

from lacuna.imaging import mask_file
from lacuna.imaging.photo import Mask, Photo, Pixels

PREVIEW_SIDE = 480  # pixels of the long side of a small image


def image_of(photo: Photo) -> QImage:
    """A picture as an image that owns its pixels, with alpha and profile; 16 bits where the picture has more than 8."""
    deep = photo.pixels.dtype != np.uint8
    white = 65535.0 if deep else 255.0
    kind = np.uint16 if deep else np.uint8
    rgba = np.empty((photo.height, photo.width, 4), kind)
    rgba[..., :3] = _levels(photo.pixels, photo.white, white, kind)
    rgba[..., 3] = int(white) if photo.alpha is None else _levels(photo.alpha, photo.white, white, kind)
    if photo.alpha is None:
        form = QImage.Format.Format_RGBX64 if deep else QImage.Format.Format_RGBX8888
    else:
        form = QImage.Format.Format_RGBA64 if deep else QImage.Format.Format_RGBA8888
    image = QImage(rgba.data, photo.width, photo.height, rgba.strides[0], form).copy()
    if photo.profile is not None:
        space = QColorSpace.fromIccProfile(photo.profile)
        if space.isValid():
            image.setColorSpace(space)
    return image


def photo_of(image: QImage) -> Photo:
    """A picture from an image; more than 8 bits a channel become 16."""
    deep = image.pixelFormat().redSize() > 8
    form = QImage.Format.Format_RGBA64 if deep else QImage.Format.Format_RGBA8888
    plain = image.convertToFormat(form)
    kind: type[np.uint8 | np.uint16] = np.uint16 if deep else np.uint8
    rgba = _rows(plain, kind, 4)
    space = image.colorSpace()
    profile = bytes(space.iccProfile().data()) if space.isValid() else b""
    alpha = rgba[..., 3].copy() if image.hasAlphaChannel() else None
    if alpha is not None and bool((alpha == np.iinfo(kind).max).all()):
        alpha = None  # an alpha channel that says nothing
    return Photo(np.ascontiguousarray(rgba[..., :3]), alpha, profile=profile or None)


def mask_of(image: QImage) -> Mask:
    """The mask that an image shows, by the rules for mask files."""
    return mask_file.mask_of(photo_of(image))


def small_image(pixels: Pixels, white: float) -> QImage:
    """A picture reduced for a preview by leaving pixels out: a millisecond whatever its size."""
    step = max(1, -(-max(pixels.shape[:2]) // PREVIEW_SIDE))
    rgb = np.ascontiguousarray(_levels(pixels[::step, ::step], white, 255.0, np.uint8))
    return QImage(rgb.data, rgb.shape[1], rgb.shape[0], rgb.strides[0], QImage.Format.Format_RGB888).copy()


def mask_image(mask: Mask) -> QImage:
    """A mask as a grey image that owns its pixels."""
    rows = np.ascontiguousarray(mask)
    return QImage(rows.data, rows.shape[1], rows.shape[0], rows.strides[0], QImage.Format.Format_Grayscale8).copy()


def _levels(values: Pixels, white: float, wanted: float, kind: type) -> NDArray[np.uint8] | NDArray[np.uint16]:
    if values.dtype == kind:
        return values
    if values.dtype == np.uint16 and kind is np.uint8:
        return (values >> 8).astype(np.uint8)
    scaled = np.clip(np.nan_to_num(np.asarray(values, np.float32)) / white, 0, 1) * wanted
    return np.rint(scaled).astype(kind)


def _rows(image: QImage, kind: type, channels: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """(h, w, channels) copy of an image's pixels: Qt frees its own with the image, whatever looks at them."""
    width = np.dtype(kind).itemsize * channels
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    flat = rows[:, : image.width() * width].copy()
    return flat.view(kind).reshape(image.height(), image.width(), channels)
