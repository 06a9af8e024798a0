"""Masks from files and into files. White is the hole; no guess is made whether someone meant it the other way round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.errors import UnsuitableMask
from lacuna.i18n import _
from lacuna.imaging import files, png
from lacuna.imaging.atomic import write_atomically
from lacuna.imaging.colour import luma, to_bytes
from lacuna.imaging.photo import Mask, Metadata, Photo

CUT = 128  # from here on a pixel of a mask file is hole, so that compression noise makes none
MARK = ("Lacuna", "mask")  # the text in our own mask files: their soft values are meant


def read_mask(
    path: Path,
    *,
    invert: bool = False,
    soft: bool = False,
    own_soft: bool = False,
    pixel_limit: int = files.PIXEL_LIMIT,
) -> Mask:
    """The mask in a picture file of any kind: (H, W) uint8, 255 = fill this.

    Colours count by their luma, other depths are scaled to 8 bits, what is transparent is never hole. Values from 128
    up become 255 and the rest 0, unless `soft` keeps them, or `own_soft` those of a file that `write_mask` made;
    `invert` turns it first. Errors as in `files.read`.
    """
    photo = files.read(path, pixel_limit=pixel_limit)
    return mask_of(photo, invert=invert, soft=soft or (own_soft and MARK in photo.metadata.text))


def mask_of(photo: Photo, *, invert: bool = False, soft: bool = False) -> Mask:
    """The mask that a picture shows, by the rules of `read_mask`; always an array of its own."""
    values = to_bytes(photo.pixels[..., 0] if photo.grey else luma(photo.pixels), photo.white)
    if invert:
        values = 255 - values
    if photo.alpha is not None:
        values = _seen(values, photo.alpha)
    if soft:
        return np.array(values, np.uint8)
    return np.where(values >= CUT, np.uint8(255), np.uint8(0))


def _seen(values: Mask, alpha: NDArray[Any]) -> Mask:
    """`values` by how opaque they are, rounded."""
    return np.asarray((values.astype(np.uint16) * _opacity(alpha) + 127) // 255, np.uint8)


def _opacity(alpha: NDArray[Any]) -> NDArray[np.uint8]:
    return to_bytes(alpha, 1.0 if alpha.dtype.kind == "f" else float(np.iinfo(alpha.dtype).max))


def from_alpha(photo: Photo) -> Mask:
    """The mask of a picture's own transparency, by the rule of `of_alpha`. Raises UnsuitableMask if there is none."""
    if photo.alpha is None:
        sentence = _("{name} has no transparency to take a mask from.")
        name = photo.path.name if photo.path is not None else _("The picture")
        raise UnsuitableMask(sentence.format(name=name), _("Give a mask file instead."))
    return of_alpha(photo.alpha)


def of_alpha(alpha: NDArray[Any]) -> Mask:
    """The mask of a transparency of any depth: 255 where it is fully transparent, 0 where it is opaque.

    Between, the value is 255 less the opacity, and every value above 0 is filled with that weight: what is half seen is
    half replaced, so a soft edge cut by an eraser blends.
    """
    return np.asarray(255 - _opacity(alpha), np.uint8)


def write_mask(mask: Mask, path: Path, *, overwrite: bool = True) -> int:
    """Save a mask as a grey PNG marked as ours, lossless, whole or not at all; returns its bytes. Raises CannotSave."""
    pixels = np.broadcast_to(mask[..., None], (*mask.shape, 3))
    output = png.write(Photo(pixels=pixels, grey=True), Metadata(text=(MARK,)))
    return write_atomically(Path(path), output.parts, overwrite=overwrite)
