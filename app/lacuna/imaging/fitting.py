"""What a photo becomes before a format can hold it: fewer bits, no transparency, metadata of its own size; all told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.errors import CannotSave, WouldReduce
from lacuna.i18n import _
from lacuna.imaging.formats import DEPTH, MAX_SIDE, NAMES, NO_ALPHA
from lacuna.imaging.photo import Metadata, Photo, Pixels


def over_long(kind: str, height: int, width: int) -> str:
    """Why no picture of this size can be saved in the format; "" if one can."""
    side = MAX_SIDE.get(kind)
    if side is None or max(height, width) <= side:
        return ""
    return _("{format} holds at most {side} pixels a side.").format(format=NAMES[kind], side=side)


def refuse_unfit(photo: Photo, path: Path, kind: str, *, allow_reduce: bool) -> None:
    """Raises CannotSave for a photo that the format cannot hold, WouldReduce for one that it holds only reduced."""
    if over_long(kind, photo.height, photo.width):
        sentence = _("{name} cannot be saved: {format} holds at most {side} pixels a side.")
        sentence = sentence.format(name=path.name, format=NAMES[kind], side=MAX_SIDE[kind])
        raise CannotSave(sentence, _("Save as PNG or TIFF instead."))
    if allow_reduce:
        return
    if photo.alpha is not None and kind in NO_ALPHA and not opaque(photo.alpha).all():
        sentence = _("{name} cannot be saved: {format} cannot hold transparency.")
        hint = _("Save as PNG or TIFF, or allow the transparency to be given up.")
        raise WouldReduce(sentence.format(name=path.name, format=NAMES[kind]), hint)
    bits, room = _depths(photo, kind)
    if bits > room:
        sentence = _("{name} cannot be saved: {format} holds {room} bits a channel, the picture has {bits}.")
        hint = _("Save as TIFF, or allow the depth to be reduced.")
        if bits == 16:
            hint = _("Save as PNG or TIFF, or allow the depth to be reduced.")
        raise WouldReduce(sentence.format(name=path.name, format=NAMES[kind], room=room, bits=bits), hint)


def fitted(photo: Photo, kind: str) -> tuple[Photo, list[str]]:
    """The photo as the format can hold it, and what that took."""
    notes: list[str] = []
    if photo.alpha is not None and kind in NO_ALPHA and opaque(photo.alpha).all():
        photo = replace(photo, alpha=None)
    bits, room = _depths(photo, kind)
    if bits > room:
        photo = _reduced(photo, room)
        notes.append(_("The depth was reduced from {bits} to {room} bits a channel.").format(bits=bits, room=room))
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


def _depths(photo: Photo, kind: str) -> tuple[int, int]:
    """Bits a channel that the photo has, and that the format has room for."""
    return photo.pixels.dtype.itemsize * 8, DEPTH.get(kind, 8)


def _reduced(photo: Photo, room: int) -> Photo:
    """The photo with `room` bits a channel, 16 or 8."""
    from lacuna.imaging.colour import from_float, to_float

    dtype = np.uint16 if room == 16 else np.uint8
    white, top = photo.white, float(np.iinfo(dtype).max)

    def reduced(plane: NDArray[Any], white: float) -> NDArray[Any]:
        values = np.nan_to_num(to_float(plane, white), nan=0.0, posinf=1.0, neginf=0.0)
        return from_float(values, dtype, top)

    alpha = photo.alpha
    if alpha is not None:
        alpha = reduced(alpha, 1.0 if alpha.dtype.kind == "f" else float(np.iinfo(alpha.dtype).max))
    return photo.with_pixels(reduced(photo.pixels, white), alpha)


def with_its_size(photo: Photo, notes: list[str]) -> Metadata:
    """The photo's metadata with its present size in them; what is damaged is left out and noted."""
    from lacuna.imaging.metadata import sized

    try:
        return sized(photo.metadata, photo.height, photo.width)
    except ValueError:  # a Metadata made by hand, not by `read`
        notes.append(_("The metadata are damaged and were left out."))
        return Metadata(dpi=photo.metadata.dpi)
