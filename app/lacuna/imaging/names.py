"""Names of picture files: what a first save proposes, and the pictures of a folder in the order people expect."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lacuna.errors import UnreadableFile
from lacuna.i18n import _
from lacuna.imaging import heif
from lacuna.imaging.formats import DEPTH, NO_ALPHA, READABLE, SUFFIX, WRITABLE
from lacuna.imaging.photo import Photo


def proposed_path(photo: Photo, taken: Callable[[Path], bool] = os.path.exists, *, folder: Path | None = None) -> Path:
    """Where a first save goes: `name_lacuna.ext` in `folder`, else beside the source; the first name not `taken`.

    The format is the source's where it can hold the photo and be written, else PNG, and TIFF for floats. A photo that
    comes from no file needs a folder, or its name is one of the folder that the program happens to run in.
    """
    source = photo.path or Path(_("untitled"))
    kind = proposed_format(photo)
    suffix = source.suffix if WRITABLE.get(source.suffix.lower()) == kind else SUFFIX[kind]
    stem = re.sub(r"_lacuna(-\d+)?$", "", source.stem)
    number = 1
    while True:
        tail = "_lacuna" if number == 1 else f"_lacuna-{number}"
        candidate = (folder or source.parent) / f"{stem}{tail}{suffix}"
        if candidate != source and not taken(candidate):
            return candidate
        number += 1


def proposed_format(photo: Photo) -> str:
    """The format of a photo's source where it can hold the photo and be written, else PNG, and TIFF for floats."""
    kind = photo.source.format if photo.source is not None else "PNG"
    bits = photo.pixels.dtype.itemsize * 8
    if photo.source is not None and photo.source.palette and kind == "GIF":
        kind = "PNG"
    unfit = (
        kind not in SUFFIX
        or bits > DEPTH.get(kind, 8)
        or (photo.alpha is not None and kind in NO_ALPHA)
        or (kind == "HEIF" and not heif.can_write())
    )
    if unfit:
        return "TIFF" if bits > 16 else "PNG"
    return kind


def masks_among(pictures: Sequence[Path]) -> dict[Path, Path]:
    """Which of these files are masks of which others, `NAME-KIND.png` beside `NAME.jpg`: a mask belongs to the longest
    name that it begins with.
    """
    masks: dict[Path, Path] = {}
    for path in sorted(pictures, key=lambda path: len(path.stem)):
        owners = [other for other in pictures if other not in masks and path.stem.startswith(f"{other.stem}-")]
        if owners and path.suffix.lower() == ".png":
            masks[path] = max(owners, key=lambda owner: len(owner.stem))
    return masks


def in_folder(folder: Path) -> list[Path]:
    """The pictures of a folder that can be opened, by the natural order of their names. Raises UnreadableFile."""
    readable = {s for s, kind in READABLE.items() if kind != "HEIF" or heif.installed()}
    try:
        with os.scandir(folder) as entries:
            found = [
                Path(folder) / entry.name
                for entry in entries
                if not entry.name.startswith(".")
                and os.path.splitext(entry.name)[1].lower() in readable
                and entry.is_file()
            ]
    except OSError as error:
        sentence = _("The folder {path} cannot be read: {reason}.")
        sentence = sentence.format(path=folder, reason=error.strerror or str(error))
        raise UnreadableFile(sentence, _("Check the name and its permissions."), error) from error
    return sorted(
        found, key=lambda path: (natural_key(path.stem)[0], natural_key(path.name))
    )  # `a.jpg` before `a 2.jpg`


def natural_key(name: str) -> tuple[Any, ...]:
    """A key that sorts `photo 9` before `photo 10`, whatever the case."""
    parts = re.split(r"(\d+)", name.casefold())
    return (tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts), name)
