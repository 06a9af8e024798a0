"""Masks that were painted and not filled when their picture was closed: they come back when it is opened again."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lacuna import paths
from lacuna.contract.step_json import region_from_json, region_to_json
from lacuna.document.log import LogReader, LogWriter
from lacuna.document.tile_code import decode, encode
from lacuna.imaging.photo import Mask
from lacuna.imaging.region import Region

MOST = 200  # kept masks; the oldest go first


@dataclass(frozen=True, eq=False)
class KeptMask:
    """`pixels` (h, w) uint8 of a mask at `box`, 0 elsewhere, for a picture of `shape` (height, width)."""

    box: Region
    pixels: Mask
    shape: tuple[int, int]


def keep_mask(sha256: str, kept: KeptMask) -> None:
    """Keep a mask for the picture whose file has that SHA-256, in place of an older one. Raises OSError.

    Squeezing takes up to 0.3 s for 100 megapixels: for a job where the mask is large.
    """
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="new-") as scratch:
        new = Path(scratch) / "mask"
        log = LogWriter(new)
        try:
            log.append({"box": region_to_json(kept.box), "shape": list(kept.shape)}, encode(kept.pixels))
            log.sync()
        finally:
            log.close()
        os.replace(new, folder / f"{sha256}.mask")
    newest_first = sorted(folder.glob("*.mask"), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in newest_first[MOST:]:
        old.unlink(missing_ok=True)


def kept_mask(sha256: str) -> KeptMask | None:
    """The mask kept for that picture; None if there is none that can be read."""
    try:
        for record in LogReader(_folder() / f"{sha256}.mask").records():
            box = region_from_json(record.head["box"])
            height, width = record.head["shape"]
            pixels = decode(record.pixels, (box.height, box.width), np.dtype(np.uint8))
            return KeptMask(box, pixels, (int(height), int(width)))
    except (OSError, KeyError, TypeError, ValueError):
        pass
    return None


def drop_mask(sha256: str) -> None:
    """Forget the mask kept for that picture, if there is one. Raises OSError if it cannot be removed."""
    (_folder() / f"{sha256}.mask").unlink(missing_ok=True)


def _folder() -> Path:
    return paths.data_folder() / "masks"
