"""Masks from files and into files. White is the hole; no guess is made whether someone meant it the other way round."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lacuna.errors import UnsuitableMask
from lacuna.i18n import _
from lacuna.imaging import files, png
from lacuna.imaging.atomic import write_atomically
from lacuna.imaging.colour import luma, to_bytes
from lacuna.imaging.photo import Mask, Metadata, Photo

CUT = 128  # from here on a pixel of a mask file is hole, so that compression noise makes none


def read_mask(path: Path, *, invert: bool = False, soft: bool = False, pixel_limit: int = files.PIXEL_LIMIT) -> Mask:
    """The mask in a picture file of any kind: (H, W) uint8, 255 = fill this.

    Colours count by their luma, other depths are scaled to 8 bits, transparency is ignored. Values from 128 up become
    255 and the rest 0, unless `soft` keeps them; `invert` turns it first. Errors as in `files.read`.
    """
    return mask_of(files.read(path, pixel_limit=pixel_limit), invert=invert, soft=soft)


def mask_of(photo: Photo, *, invert: bool = False, soft: bool = False) -> Mask:
    """The mask that a picture shows, by the rules of `read_mask`; always an array of its own."""
    values = to_bytes(photo.pixels[..., 0] if photo.grey else luma(photo.pixels), photo.white)
    if invert:
        values = 255 - values
    if soft:
        return np.array(values, np.uint8)
    return np.where(values >= CUT, 255, 0).astype(np.uint8)


def from_alpha(photo: Photo) -> Mask:
    """The mask of a picture's own transparency: 255 where it is fully transparent, 0 where it is opaque.

    Between, the value is 255 less the opacity, and every value above 0 is filled with that weight: what is half seen is
    half replaced, so a soft edge cut by an eraser blends. Raises UnsuitableMask if there is no alpha.
    """
    if photo.alpha is None:
        sentence = _("{name} has no transparency to take a mask from.")
        name = photo.path.name if photo.path is not None else _("The picture")
        raise UnsuitableMask(sentence.format(name=name), _("Give a mask file instead."))
    white = 1.0 if photo.alpha.dtype.kind == "f" else float(np.iinfo(photo.alpha.dtype).max)
    return np.asarray(255 - to_bytes(photo.alpha, white), np.uint8)


def write_mask(mask: Mask, path: Path, *, overwrite: bool = True) -> int:
    """Save a mask as a grey PNG, lossless, whole or not at all; returns its bytes. Raises CannotSave."""
    pixels = np.broadcast_to(mask[..., None], (*mask.shape, 3))
    output = png.write(Photo(pixels=pixels, grey=True), Metadata())
    return write_atomically(Path(path), output.parts, overwrite=overwrite)
