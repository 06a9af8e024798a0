"""The picture as it was opened: its bytes, kept as a file of the session and decoded again when they are needed."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lacuna.document.facts import facts_from_json, facts_to_json
from lacuna.errors import CannotSave, UnreadableFile
from lacuna.i18n import _
from lacuna.imaging.photo import Photo

KEPT = "original"  # the file's bytes, as they were read
KEPT_PIXELS = "original.npz"  # the pixels and facts of a picture that came from no file


@dataclass(frozen=True)
class Original:
    """Where the kept picture lies, and the SHA-256 of its bytes (of its pixels, if it came from no file)."""

    file: Path
    path: Path | None
    sha256: str
    size: int  # bytes

    def load(self) -> Photo:
        """Decode it: hundreds of milliseconds for 24 megapixels; for any thread. Raises UnreadableFile."""
        try:
            if self.file.name == KEPT_PIXELS:
                return _from_arrays(self.file)
            data = self.file.read_bytes()
        except (OSError, ValueError, KeyError) as error:
            raise UnreadableFile(
                _("The kept copy of the picture “{path}” cannot be read: {reason}.").format(
                    path=self.file, reason=error
                ),
                hint=_("Save what you have, and open the picture again."),
                cause=error,
            ) from error
        from lacuna.imaging.files import NO_LIMIT, read_bytes

        return read_bytes(data, self.path, pixel_limit=NO_LIMIT)

    def intact(self) -> bool:
        """Are the kept bytes those that were kept? Reads them all."""
        try:
            data = self.file.read_bytes()
        except OSError:
            return False
        return _sha256(data).hexdigest() == self.sha256


def _sha256(data: bytes = b"") -> Any:
    import hashlib  # 5 ms that a first window does not wait for

    return hashlib.sha256(data)


def keep_bytes(data: bytes, path: Path | None, folder: Path) -> Original:
    """Write a file's bytes into `folder`; for any thread, beside the decoding. Raises CannotSave on a full disk."""
    file = folder / KEPT
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    except OSError as error:
        raise cannot_keep(folder, error) from error
    return Original(file, path, _sha256(data).hexdigest(), len(data))


def keep_pixels(photo: Photo, folder: Path) -> Original:
    """Write a picture that came from no file into `folder`, losslessly. Raises CannotSave on a full disk."""
    file = folder / KEPT_PIXELS
    alpha = photo.pixels[:0, :0, 0] if photo.alpha is None else photo.alpha  # no pixels: no alpha
    facts = np.frombuffer(json.dumps(facts_to_json(photo)).encode(), np.uint8)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open(file, "wb") as out:
            np.savez(out, facts=facts, pixels=photo.pixels, alpha=alpha)
        digest = _sha256()
        with open(file, "rb") as back:
            for block in iter(lambda: back.read(1 << 20), b""):
                digest.update(block)
        size = os.stat(file).st_size
    except OSError as error:
        raise cannot_keep(folder, error) from error
    return Original(file, None, digest.hexdigest(), size)


def cannot_keep(folder: Path, error: OSError) -> CannotSave:
    return CannotSave(
        _("The session cannot be kept in “{folder}”: {reason}.").format(
            folder=folder, reason=error.strerror or str(error)
        ),
        hint=_("Make room on that disk, or allow writing to that folder."),
        cause=error,
    )


def _from_arrays(file: Path) -> Photo:
    with np.load(file, allow_pickle=False) as kept:
        facts = facts_from_json(json.loads(kept["facts"].tobytes().decode()))
        alpha = kept["alpha"]
        return facts.with_pixels(kept["pixels"], alpha if alpha.size else None)
