"""What is to be filled in a picture of a batch: by a mask file, by its own transparency; each a value that travels."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.progress import Progress
from lacuna.engine.batch.anchoring import anchored
from lacuna.errors import UnsuitableMask
from lacuna.i18n import _
from lacuna.imaging import files, mask_file
from lacuna.imaging.mask import bounds
from lacuna.imaging.mask_fit import MaskFit
from lacuna.imaging.photo import Hole, Mask, Photo
from lacuna.imaging.region import Region


@dataclass(frozen=True, eq=False)
class Finding:
    """Something that is to go: where, how surely it was found (None where nothing had to be found), and its outline.

    `outline` holds closed lines of (x, y) in coordinates of the picture. One that is not `sure` stays where nobody says
    otherwise.
    """

    region: Region
    confidence: float | None
    outline: tuple[NDArray[np.float32], ...] = ()
    sure: bool = True


@dataclass(frozen=True, eq=False)
class Marked:
    """`photo` as it is to be filled, where `mask` says; None if there is nothing to fill. `findings` in their order.

    Where there is nothing to do at all, it is the very photo that was given.
    """

    photo: Photo
    mask: Mask | None
    findings: tuple[Finding, ...]


class Marking(Protocol):
    """A way to say what is to go. Frozen and picklable: it goes to other processes and other machines."""

    def marked(self, photo: Photo, name: str, accepted: frozenset[int] | None, progress: Progress) -> Marked:
        """What is to go of `photo`: of what is found the `accepted`, by their numbers, or those that are sure."""
        ...

    def found(self, photo: Photo, name: str, progress: Progress) -> tuple[Finding, ...]:
        """What would go, without anything being done."""
        ...

    def described(self) -> Mapping[str, Any]:
        """All that what is found depends on, for JSON."""
        ...


@dataclass(frozen=True)
class MaskFile:
    """What a mask file marks, `data` its bytes; anchored where pictures have other sizes."""

    data: bytes
    name: str
    fit: MaskFit = MaskFit.REFUSE
    invert: bool = False
    soft: bool = False
    pixel_limit: int = files.PIXEL_LIMIT

    def marked(self, photo: Photo, name: str, accepted: frozenset[int] | None, progress: Progress) -> Marked:
        mask = self._mask(photo, name)
        return Marked(photo, mask, (outlined(mask, None),))

    def found(self, photo: Photo, name: str, progress: Progress) -> tuple[Finding, ...]:
        return (outlined(self._mask(photo, name), None),)

    def described(self) -> Mapping[str, Any]:
        digest = hashlib.sha256(self.data).hexdigest()
        return {"mask": digest, "fit": self.fit.value, "invert": self.invert, "soft": self.soft}

    def check(self) -> None:
        """Raises what reading the mask raises, and UnsuitableMask for one that suits no picture: once, not at each."""
        mask = _decoded(self)
        if not mask.any():
            sentence, hint = _("{mask} marks nothing: there is nothing to fill."), _("White marks what should go.")
        elif mask.all() and self.fit in (MaskFit.REFUSE, MaskFit.STRETCH):
            sentence = _("{mask} marks the whole picture: nothing is left to fill it from.")
            hint = _("Leave some of the picture unmarked; an inverted mask may be what was meant.")
        else:
            return
        raise UnsuitableMask(sentence.format(mask=self.name), hint)

    def _mask(self, photo: Photo, name: str) -> Mask:
        return anchored(_decoded(self), self.fit, (photo.height, photo.width), self.name, name)


@dataclass(frozen=True)
class Transparency:
    """Each picture's own transparency; what is filled is opaque."""

    def marked(self, photo: Photo, name: str, accepted: frozenset[int] | None, progress: Progress) -> Marked:
        mask = mask_file.from_alpha(photo)
        return Marked(photo.with_pixels(photo.pixels, None), mask, (outlined(mask, None),))

    def found(self, photo: Photo, name: str, progress: Progress) -> tuple[Finding, ...]:
        return (outlined(mask_file.from_alpha(photo), None),)

    def described(self) -> Mapping[str, Any]:
        return {"mask": "alpha"}


@lru_cache(maxsize=1)
def _decoded(mask: MaskFile) -> Mask:
    """The same for every picture of a batch, and so read once in a process."""
    from pathlib import Path

    photo = files.read_bytes(mask.data, Path(mask.name), pixel_limit=mask.pixel_limit)
    plane = mask_file.mask_of(photo, invert=mask.invert, soft=mask.soft)
    plane.flags.writeable = False
    return plane


def outlined(mask: Mask | Hole, confidence: float | None, *, at: Region | None = None, sure: bool = True) -> Finding:
    """What a mask marks, of a whole picture or of the part of it `at` a region, as a finding."""
    import cv2

    box = bounds(mask)
    part = np.ascontiguousarray(mask[box.slices] > 0).view(np.uint8)
    lines, _inner = cv2.findContours(part, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if at is not None:
        box = box.shift(at.y0, at.x0)
    corner = np.array([box.x0, box.y0], np.float32)
    return Finding(box, confidence, tuple(line[:, 0].astype(np.float32) + corner for line in lines), sure)
