"""A model's folder, written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lacuna.imaging.atomic import cannot_save


@contextmanager
def written_whole(folder: Path, *, replace: bool = False) -> Iterator[Path]:
    """A folder beside it to write into, which takes its place at the end; nothing is left of it after an error.

    Raises CannotSave for what the disk refuses, or if there is such a folder and it may not be replaced.
    """
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        _put(temporary, folder, replace)
    except OSError as error:
        raise cannot_save(folder, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _put(temporary: Path, folder: Path, replace: bool) -> None:
    """Rename it to its name; an old folder stands until the last moment, and again if that fails."""
    if folder.exists() and not replace:
        raise FileExistsError(errno.EEXIST, "exists", str(folder))
    old = folder.with_name(f"{temporary.name}.old")
    with contextlib.suppress(FileNotFoundError):
        os.rename(folder, old)
    try:
        os.rename(temporary, folder)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            os.rename(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
