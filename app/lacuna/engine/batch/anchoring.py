"""One mask for pictures of many sizes: held to a corner, to the middle, or in per cent."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from lacuna.errors import SizeMismatch, UnsuitableMask
from lacuna.i18n import _
from lacuna.imaging.mask_file import CUT
from lacuna.imaging.photo import Mask


class Anchor(StrEnum):
    """What of a mask stays where it is in a picture of another size. Without any, no other size is taken."""

    NONE = ""
    TOP_LEFT = "top-left"
    TOP_RIGHT = "top-right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM_RIGHT = "bottom-right"
    CENTRE = "centre"
    PERCENT = "percent"


def anchored(mask: Mask, anchor: Anchor, size: tuple[int, int], mask_name: str, picture: str) -> Mask:
    """The mask for a picture of `size` (height, width).

    A corner or the middle keeps the mask's pixels as they are and moves them; what falls outside is cut off. In per
    cent it is stretched as the picture is. Raises SizeMismatch for another size without an anchor, naming both, and
    UnsuitableMask if nothing of it lies in the picture.
    """
    if mask.shape == size:
        return mask
    if anchor is Anchor.NONE:
        raise _mismatch(mask, size, mask_name, picture)
    placed = _stretched(mask, size) if anchor is Anchor.PERCENT else _moved(mask, anchor, size)
    if mask.any() and not placed.any():
        sentence = _("Nothing that {mask} marks lies in {picture}, which is {width} × {height} pixels.")
        raise UnsuitableMask(
            sentence.format(mask=mask_name, picture=picture, width=size[1], height=size[0]),
            _("Choose another anchor."),
        )
    return placed


def _moved(mask: Mask, anchor: Anchor, size: tuple[int, int]) -> Mask:
    down, right = size[0] - mask.shape[0], size[1] - mask.shape[1]  # how much larger the picture is
    if anchor is Anchor.CENTRE:
        top, left = down // 2, right // 2
    else:
        top = down if anchor in (Anchor.BOTTOM_LEFT, Anchor.BOTTOM_RIGHT) else 0
        left = right if anchor in (Anchor.TOP_RIGHT, Anchor.BOTTOM_RIGHT) else 0
    placed = np.zeros(size, np.uint8)
    rows = slice(max(0, top), min(size[0], top + mask.shape[0]))
    columns = slice(max(0, left), min(size[1], left + mask.shape[1]))
    placed[rows, columns] = mask[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return placed


def _stretched(mask: Mask, size: tuple[int, int]) -> Mask:
    """In per cent of both sides. Where it becomes smaller, all that a hard mask marks stays marked, however thin."""
    import cv2

    shrinks = size[0] < mask.shape[0] or size[1] < mask.shape[1]
    kernel = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    shares = np.asarray(cv2.resize(mask.astype(np.float32), (size[1], size[0]), interpolation=kernel))
    if np.isin(mask, (0, 255)).all():
        return np.where(shares > 0 if shrinks else shares >= CUT, np.uint8(255), np.uint8(0))
    return np.rint(shares).astype(np.uint8)


def _mismatch(mask: Mask, size: tuple[int, int], mask_name: str, picture: str) -> SizeMismatch:
    sentence = _("{mask} is {mask_width} × {mask_height} pixels, {picture} is {width} × {height}.").format(
        mask=mask_name,
        mask_width=mask.shape[1],
        mask_height=mask.shape[0],
        picture=picture,
        width=size[1],
        height=size[0],
    )
    hint = _("Say what of the mask stays where it is: a corner, the centre, or per cent.")
    return SizeMismatch(sentence, hint, (mask.shape[1], mask.shape[0]), (size[1], size[0]))
