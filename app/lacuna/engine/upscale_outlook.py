"""The file of an enlargement before it is there: its format, and whether the disk holds it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from lacuna import words
from lacuna.contract.enlargement import Enlargement
from lacuna.errors import CannotSave
from lacuna.i18n import _
from lacuna.imaging import files
from lacuna.imaging.file_size import likely_bytes
from lacuna.imaging.photo import Photo

SURELY = 0.5  # of what a file will likely take it takes at least


def check_file(
    photo: Photo, enlargement: Enlargement, target: Path, pixel_bytes: int, *, overwrite: bool, allow_reduce: bool
) -> str:
    """The format that a photo of this kind, enlarged to so many bytes of pixels, will be written in.

    Raises what `files.check_writable` does, and CannotSave where the disk does not hold it. Of the photo's own pixels
    only their dtype matters, and of its alpha whether it hides any.
    """
    pixel = np.zeros((1, 1, 3), photo.pixels.dtype)
    outlook = photo.with_pixels(np.broadcast_to(pixel, (enlargement.rows, enlargement.columns, 3)), photo.alpha)
    kind = files.check_writable(outlook, target, overwrite=overwrite, allow_reduce=allow_reduce)
    likely, free = likely_bytes(kind, pixel_bytes), shutil.disk_usage(target.parent).free
    if SURELY * likely > free:
        sentence = _("{name} would have {width} × {height} pixels and take about {needed}: the disk has {free}.")
        raise CannotSave(
            sentence.format(
                name=target.name,
                width=enlargement.columns,
                height=enlargement.rows,
                needed=words.memory(likely),
                free=words.memory(free),
            ),
            hint=_("Make place, choose another folder or a smaller size."),
        )
    return kind
