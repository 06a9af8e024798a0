"""The mask of a batch in each of its pictures."""

from __future__ import annotations

from lacuna.errors import SizeMismatch, UnsuitableMask
from lacuna.i18n import _
from lacuna.imaging.mask_fit import MaskFit, fitted
from lacuna.imaging.photo import Mask


def anchored(mask: Mask, fit: MaskFit, size: tuple[int, int], mask_name: str, picture: str) -> Mask:
    """The mask for a picture of `size` (height, width).

    Raises SizeMismatch for another size under REFUSE, naming both, and UnsuitableMask if nothing of it lies in the
    picture.
    """
    if fit is MaskFit.REFUSE and mask.shape != size:
        raise _mismatch(mask, size, mask_name, picture)
    placed = fitted(mask, size, fit)
    if mask.any() and not placed.any():
        sentence = _("Nothing that {mask} marks lies in {picture}, which is {width} × {height} pixels.")
        raise UnsuitableMask(
            sentence.format(mask=mask_name, picture=picture, width=size[1], height=size[0]),
            _("Choose another anchor."),
        )
    return placed


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
