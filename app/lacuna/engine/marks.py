"""A photo without its marks: found by a template or given as a matte, their blend taken back, the rest filled.

The same for the library, the command line, a batch and the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from lacuna.contract.progress import Progress
from lacuna.detection.marks import DEFAULT_CONFIDENCE, GROWN, MarkFinding, Template, find_marks
from lacuna.detection.unblending import GHOST, OPAQUE, Matte, ghost, matte_of_template, unblended
from lacuna.engine.fill import FillResult
from lacuna.engine.photos import FillSettings, filled
from lacuna.i18n import _
from lacuna.imaging.colour import to_bytes
from lacuna.imaging.photo import Hole, Mask, Photo

SEEKING, TAKING = 0.4, 0.3  # of the progress; the rest is the fill
FAINTEST = 0.04  # of opacity: a mark that was found and is fainter by this was put in by other colours
TOO_MUCH = 0.5  # of a mark: if so much has to be filled anyway, the rest is better filled with it


class Removal(Enum):
    """How a mark is taken off."""

    AUTO = "auto"  # its blend is taken back where that leaves no ghost, else it is filled
    UNBLEND = "unblend"  # its blend is taken back, and only what that cannot bring back is filled
    FILL = "fill"


@dataclass(frozen=True, eq=False)
class TakenOut:
    """A photo whose blended marks are taken out, and what is left to a fill: `mask` (H, W), None for nothing.

    `mattes` are those by which something was taken out; `unblended_pixels` counts their pixels without those of `mask`.
    """

    photo: Photo
    mask: Mask | None
    mattes: tuple[Matte, ...]
    unblended_pixels: int


@dataclass(frozen=True, eq=False)
class MarkReport:
    """What was done: `findings` that were taken off, none for a given matte, and `fill` where something was filled."""

    findings: tuple[MarkFinding, ...]
    unblended_pixels: int
    filled_pixels: int
    fill: FillResult | None
    notes: tuple[str, ...] = ()


def marks_of(
    photo: Photo, template: Template, progress: Progress, least: float = DEFAULT_CONFIDENCE
) -> tuple[MarkFinding, ...]:
    """The places of a mark in a photo of any depth, surest first, from the confidence `least` on."""
    found = find_marks(to_bytes(photo.pixels, photo.white), template, progress=progress)
    return tuple(finding for finding in found if finding.confidence >= least)


def taken_out(
    photo: Photo, marks: Sequence[MarkFinding | Matte], removal: Removal, progress: Progress, *, grow: float = GROWN
) -> TakenOut:
    """The blends of the marks taken back, and a mask of what a fill has to do; marks that are filled are `grow`n."""
    shape = (photo.height, photo.width)
    pixels, hole, taken = photo.pixels, np.zeros(shape, bool), np.zeros(shape, bool)
    error = 0.0 if photo.source is None else photo.source.error
    mattes = []
    for mark in marks:
        part = progress.part(1 / len(marks))
        whole = mark.mask(shape, grow)
        if removal is Removal.FILL:
            hole |= whole
            continue
        matte = mark if isinstance(mark, Matte) else matte_of_template(
            pixels, mark.template, mark, white=photo.white, progress=part
        )  # fmt: skip
        after, left = unblended(pixels, matte, white=photo.white, error=error)
        touched = matte.mask(shape)
        if removal is Removal.AUTO and (
            not FAINTEST < float(matte.alpha.max(initial=0.0)) < OPAQUE
            or np.count_nonzero(left) > TOO_MUCH * np.count_nonzero(touched)
            or ghost(pixels, matte, white=photo.white) > GHOST
        ):
            hole |= whole
            continue
        pixels, taken = after, taken | touched
        hole |= left
        mattes.append(matte)
    if photo.grey and mattes:
        pixels = _greyed(pixels, taken)
    return TakenOut(
        photo.with_pixels(pixels, photo.alpha).of_white(photo.white) if mattes else photo,
        hole.astype(np.uint8) * np.uint8(255) if hole.any() else None,
        tuple(mattes),
        int(np.count_nonzero(taken & ~hole)),
    )


def without_marks(
    photo: Photo,
    mark: Template | Matte,
    how: FillSettings,
    progress: Progress,
    *,
    device: str = "auto",
    removal: Removal = Removal.AUTO,
    least: float = DEFAULT_CONFIDENCE,
    grow: float = GROWN,
) -> tuple[Photo, MarkReport]:
    """The photo without the mark: looked for where a template is given, taken as it is where a matte is.

    Where no mark is, every bit stays, and a photo without any comes back as it is. Raises what `engine.fill` raises.
    """
    marks: tuple[MarkFinding | Matte, ...]
    findings: tuple[MarkFinding, ...] = ()
    if isinstance(mark, Matte):
        marks = (mark,)
    else:
        findings = marks_of(photo, mark, progress.part(SEEKING), least)
        marks = findings
    if not marks:
        return photo, MarkReport((), 0, 0, None, (_("The mark was not found."),))
    taken = taken_out(photo, marks, removal, progress.part(TAKING), grow=grow)
    if taken.mask is None:
        return taken.photo, MarkReport(findings, taken.unblended_pixels, 0, None)
    after, result = filled(taken.photo, taken.mask, how, device, progress.part(1 - SEEKING - TAKING))
    return after, MarkReport(findings, taken.unblended_pixels, result.filled_pixels, result, result.notes)


def _greyed(pixels: Any, changed: Hole) -> Any:
    """Three equal channels again where a coloured mark was taken out of a grey picture."""
    grey = pixels.mean(axis=2, keepdims=True)
    if pixels.dtype.kind != "f":
        grey = np.rint(grey)
    return np.where(changed[..., None], grey.astype(pixels.dtype), pixels)
