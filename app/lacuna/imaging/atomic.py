"""Writing a file whole or not at all: a temporary file beside it, synced, then renamed over it."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lacuna.errors import CannotSave
from lacuna.i18n import N_, _

# errno -> (reason, remedy); anything else is told in the system's own words
_REASONS: dict[int, tuple[str, str]] = {
    errno.ENOSPC: (N_("the disk is full"), N_("Free some space or save to another disk.")),
    errno.EDQUOT: (N_("your share of the disk is used up"), N_("Free some space or save to another disk.")),
    errno.EFBIG: (N_("the file would be too large"), N_("Save to another disk or in a smaller format.")),
    errno.EACCES: (N_("the folder or the file may not be written"), N_("Choose another folder.")),
    errno.EPERM: (N_("the folder or the file may not be written"), N_("Choose another folder.")),
    errno.EROFS: (N_("the disk is read-only"), N_("Choose another folder.")),
    errno.ENOENT: (N_("its folder does not exist"), N_("Create the folder or choose another one.")),
    errno.ENOTDIR: (N_("its folder is not a folder"), N_("Choose another folder.")),
    errno.EISDIR: (N_("a folder has that name"), N_("Choose another name.")),
    errno.EEXIST: (N_("a file of that name exists"), N_("Choose another name, or allow it to be replaced.")),
    errno.ENAMETOOLONG: (N_("the name is too long"), N_("Choose a shorter name.")),
    errno.EINVAL: (N_("the name is not allowed there"), N_("Choose another name.")),
}


def write_atomically(path: Path, parts: Iterable[Any], *, overwrite: bool = True) -> int:
    """Write `parts` (bytes-like, consumed in order) to `path`; returns the number of bytes.

    Until the last moment the old file stands untouched; on any failure it still stands and nothing is left beside it.
    A link is written through to its target; a replaced file's permission bits (and owner, where allowed) are kept.
    Raises CannotSave for what the disk or the folder refuses; exceptions of `parts` itself pass through.
    """
    begun = _begin(path, overwrite)
    try:
        size = _fill(begun.descriptor, path, parts)
        try:
            if begun.before is not None:
                _keep_rights(begun.temporary, begun.before)
            _put(begun.temporary, begun.target, overwrite)
        except OSError as error:
            raise cannot_save(path, error) from error
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(begun.temporary)
        raise
    _sync_folder(begun.target.parent)
    return size


def refuse_unwritable(path: Path, *, overwrite: bool = True) -> None:
    """Raise the CannotSave that `write_atomically` would begin with; for before the work whose result is to be written.

    It begins as that does and leaves nothing: what a folder's rights allow, no system tells as surely as it does.
    """
    begun = _begin(path, overwrite)
    try:
        os.close(begun.descriptor)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(begun.temporary)


def cannot_save(path: Path, error: OSError) -> CannotSave:
    """The error for people: which file, why, and what to do."""
    known = _REASONS.get(error.errno or 0)
    reason = _(known[0]) if known else (error.strerror or str(error))
    hint = _(known[1]) if known else _("Save under another name or in another folder.")
    sentence = _("{path} cannot be saved: {reason}.").format(path=path, reason=reason)
    return CannotSave(sentence, hint, error)


@dataclass(frozen=True)
class _Begun:
    """A file that may be written: where it lies, what stood there, and the open file that will take its place."""

    target: Path
    before: os.stat_result | None
    temporary: Path
    descriptor: int


def _begin(path: Path, overwrite: bool) -> _Begun:
    try:
        target = Path(os.path.realpath(path))
        before = _state(target)
        _refuse(target, before, overwrite)
        return _Begun(target, before, *_open_beside(target))
    except OSError as error:
        raise cannot_save(path, error) from error


def _state(target: Path) -> os.stat_result | None:
    try:
        return os.stat(target)
    except FileNotFoundError:
        return None


def _refuse(target: Path, before: os.stat_result | None, overwrite: bool) -> None:
    if before is None:
        return
    if stat.S_ISDIR(before.st_mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(before.st_mode):  # a device or a pipe would be replaced by a plain file
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    if not overwrite:
        raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
    if not os.access(target, os.W_OK):  # a rename would go round a file's own write protection
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))


def _open_beside(target: Path) -> tuple[Path, int]:
    """A new file in the same folder; its short name fits wherever the target's fits."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    while True:
        temporary = target.parent / f".{secrets.token_hex(4)}.tmp"
        try:
            return temporary, os.open(temporary, flags, 0o666)  # the system applies the umask, as for any new file
        except FileExistsError:
            continue


def _fill(descriptor: int, path: Path, parts: Iterable[Any]) -> int:
    size = 0
    source = iter(parts)
    with open(descriptor, "wb", buffering=0) as file:
        for part in source:
            view = memoryview(part).cast("B")
            try:
                while view:
                    written = file.write(view)
                    size += written
                    view = view[written:]
            except OSError as error:
                raise cannot_save(path, error) from error
        try:
            os.fsync(file.fileno())
        except OSError as error:
            raise cannot_save(path, error) from error
    return size


def _keep_rights(temporary: Path, before: os.stat_result) -> None:
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):  # only an administrator may give files away
            os.chown(temporary, before.st_uid, before.st_gid)
    os.chmod(temporary, stat.S_IMODE(before.st_mode))


def _put(temporary: Path, target: Path, overwrite: bool) -> None:
    if overwrite:
        os.replace(temporary, target)
        return
    try:
        os.link(temporary, target)  # fails if the name was taken meanwhile, which a rename does not
    except FileExistsError:
        raise
    except OSError:  # no links on this file system
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        os.replace(temporary, target)
    else:
        os.unlink(temporary)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself last; not every file system can, and the file is whole in either case."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
