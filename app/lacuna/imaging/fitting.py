"""What a photo becomes before a format can hold it: fewer bits, no transparency, metadata of its own size; all told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.errors import CannotSave
from lacuna.i18n import _
from lacuna.imaging.formats import DEPTH, NAMES, NO_ALPHA
from lacuna.imaging.photo import Metadata, Photo, Pixels


def fitted(photo: Photo, path: Path, kind: str, *, allow_reduce: bool) -> tuple[Photo, list[str]]:
    """The photo as the format can hold it, and what that took; refuses what was not allowed."""
    notes: list[str] = []
    if photo.alpha is not None and kind in NO_ALPHA:
        if opaque(photo.alpha).all():
            photo = replace(photo, alpha=None)
        elif not allow_reduce:
            sentence = _("{name} was not saved: {format} cannot hold transparency.")
            hint = _("Save as PNG or TIFF, or allow the transparency to be given up.")
            raise CannotSave(sentence.format(name=path.name, format=NAMES[kind]), hint)
    bits, room = photo.pixels.dtype.itemsize * 8, DEPTH.get(kind, 8)
    if bits > room:
        photo = _reduced(photo, path, kind, notes, allow_reduce=allow_reduce)
    if photo.alpha is not None and kind in NO_ALPHA:
        notes.append(_("The transparency was laid over white, as {format} holds none.").format(format=NAMES[kind]))
        photo = photo.with_pixels(_over_white(photo.pixels, photo.alpha), None)
    return photo, notes


def opaque(alpha: NDArray[Any]) -> NDArray[np.bool_]:
    """Where nothing shines through, whatever the depth."""
    return np.asarray(alpha >= (1.0 if alpha.dtype.kind == "f" else np.iinfo(alpha.dtype).max))


def _over_white(pixels: Pixels, alpha: NDArray[Any]) -> Pixels:
    """8-bit pixels as they look on white paper. Opaque pixels stay as they are."""
    out = np.empty_like(pixels)
    for y in range(0, len(pixels), 512):  # bands: as floats the whole would be four times the picture
        share = alpha[y : y + 512, :, None].astype(np.float32) / 255
        out[y : y + 512] = np.rint(255 - (255 - pixels[y : y + 512].astype(np.float32)) * share)
    return out


def _reduced(photo: Photo, path: Path, kind: str, notes: list[str], *, allow_reduce: bool) -> Photo:
    """The photo with as many bits a channel as the format has room for. Raises CannotSave unless that is allowed."""
    from lacuna.imaging.colour import from_float, to_float

    bits, room = photo.pixels.dtype.itemsize * 8, DEPTH.get(kind, 8)
    if not allow_reduce:
        sentence = _("{name} was not saved: {format} holds {room} bits a channel, the picture has {bits}.")
        hint = _("Save as TIFF, or allow the depth to be reduced.")
        if bits == 16:
            hint = _("Save as PNG or TIFF, or allow the depth to be reduced.")
        raise CannotSave(sentence.format(name=path.name, format=NAMES[kind], room=room, bits=bits), hint)
    dtype = np.uint16 if room == 16 else np.uint8
    white, top = photo.white, float(np.iinfo(dtype).max)

    def reduced(plane: NDArray[Any], white: float) -> NDArray[Any]:
        values = np.nan_to_num(to_float(plane, white), nan=0.0, posinf=1.0, neginf=0.0)
        return from_float(values, dtype, top)

    alpha = photo.alpha
    if alpha is not None:
        alpha = reduced(alpha, 1.0 if alpha.dtype.kind == "f" else float(np.iinfo(alpha.dtype).max))
    notes.append(_("The depth was reduced from {bits} to {room} bits a channel.").format(bits=bits, room=room))
    return photo.with_pixels(reduced(photo.pixels, white), alpha)


def with_its_size(photo: Photo, notes: list[str]) -> Metadata:
    """The photo's metadata with its present size in them; what is damaged is left out and noted."""
    from lacuna.imaging.metadata import sized

    try:
        return sized(photo.metadata, photo.height, photo.width)
    except ValueError:  # a Metadata made by hand, not by `read`
        notes.append(_("The metadata are damaged and were left out."))
        return Metadata(dpi=photo.metadata.dpi)
