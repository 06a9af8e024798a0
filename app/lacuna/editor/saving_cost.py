"""What saving to a lossy format has cost the part of the picture that nobody meant to change."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lacuna.document.document import Document
from lacuna.engine.composite import differs
from lacuna.errors import LacunaError
from lacuna.imaging.files import WriteReport
from lacuna.imaging.loss import LOSSY, loss_told
from lacuna.imaging.photo import Mask, Photo, Pixels

BAND = 512  # rows: a comparison of the whole would be as large as the picture


def original_if_changed(document: Document) -> Callable[[], Pixels] | None:
    """For a worker: the picture as opened, cropped and enlarged as it is now; decoded again where it is not in memory.

    None where no edit in force has touched the picture. Called on the owner's thread, as part of freezing it.
    """
    entries = document.history.entries[: document.history.position]
    if not any(edit.touches("photo") for edit in entries):
        return None
    box, stretches = document.original_box, document.stretches
    known = document.whole_original if document.original_ready else None
    return lambda: (document.load_original(stretches) if known is None else known)[box.slices]


def saving_cost(photo: Photo, report: WriteReport, original: Callable[[], Pixels] | None) -> str:
    """A sentence on the loss outside of what was filled; empty if there is none. For a worker.

    The file is written already, so a reason why it cannot be told is a sentence too, and no error.
    """
    if report.format not in LOSSY:
        return ""
    try:
        filled = None if original is None else _changed(photo, original())
        return loss_told(photo, report.path, report.format, filled=filled)
    except LacunaError as error:
        return error.sentence


def _changed(photo: Photo, original: Pixels) -> Mask:
    """255 where the picture is another than it was opened: what was filled and not painted back."""
    changed = np.empty((photo.height, photo.width), np.uint8)
    for y in range(0, photo.height, BAND):
        band = slice(y, y + BAND)
        changed[band] = np.where(differs(photo.pixels[band], original[band]), np.uint8(255), np.uint8(0))
    return changed
