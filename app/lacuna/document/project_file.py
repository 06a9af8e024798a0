"""The container of a project: a zip whose first member names its kind, and whose end holds the hash of all before it.

So a file that was cut anywhere, or in which one bit has changed, is known before anything of it is unpacked. Only the
manifest is squeezed, so that no small file unfolds into a large one. Members are looked up by their names and never
become paths.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lacuna.errors import UnreadableFile, UnsupportedFormat
from lacuna.i18n import _
from lacuna.imaging import files
from lacuna.imaging.project_start import KIND, MIME, START, is_project

ENDING = ".lacuna"
MANIFEST = "project.json"
FORMAT = "lacuna project"
VERSION = 1  # a reader refuses what is newer
END = b"sha256:"  # and 64 digits: the comment of the zip, with which the file ends
DIGITS = 64
LONGEST_MANIFEST = 128 << 20  # bytes, unpacked
DATE = (1980, 1, 1, 0, 0, 0)  # of every member: when a picture was worked on is nobody's business


def parts(members: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The bytes of a project with these members, piece by piece."""
    import hashlib  # with zipfile some ms that a first window does not wait for
    import zipfile

    out, digest = _Tail(), hashlib.sha256()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in ((KIND, MIME), *members):
            told = zipfile.ZipInfo(name, DATE)
            squeezed = name == MANIFEST and len(data) <= LONGEST_MANIFEST  # a longer one would not be unpacked again
            told.compress_type = zipfile.ZIP_DEFLATED if squeezed else zipfile.ZIP_STORED
            archive.writestr(told, data)
            piece = out.take()
            digest.update(piece)
            yield piece
        archive.comment = END + b"0" * DIGITS
    piece = out.take()[:-DIGITS]
    digest.update(piece)
    yield piece + digest.hexdigest().encode()


class _Tail(io.BytesIO):
    """A file whose beginning is taken away as soon as it is written; the zip goes back within a member alone."""

    def __init__(self) -> None:
        super().__init__()
        self._gone = 0

    def take(self) -> bytes:
        """What was written since."""
        piece = self.getvalue()
        self._gone += len(piece)
        super().seek(0)
        self.truncate()
        return piece

    def tell(self) -> int:
        return self._gone + super().tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == io.SEEK_SET:
            offset -= self._gone
        return self._gone + super().seek(offset, whence)


class Members:
    """A project's members, in memory. What is wrong with the file is told once it is opened."""

    def __init__(self, data: bytes, path: Path) -> None:
        """Raises UnreadableFile for a file that is not whole, UnsupportedFormat for one that is no project."""
        import zipfile

        self.path = path
        self._length = len(data)
        self._given: set[str] = set()
        _require_whole(data, path)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            self._told = {told.filename: told for told in self._zip.infolist()}
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise self.damaged(_("it is no whole zip"), error) from error

    def __contains__(self, name: object) -> bool:
        return name in self._told

    def read(self, name: str) -> bytes:
        """A member, once: many that are the same would unfold a small file. Raises UnreadableFile."""
        if name not in self:
            raise self.damaged(_("“{member}” is missing in it").format(member=name))
        if name in self._given:
            raise self.damaged(_("its contents make no sense"))
        self._given.add(name)
        import zipfile

        told = self._told[name]
        squeezed = name == MANIFEST and told.compress_type == zipfile.ZIP_DEFLATED
        if not squeezed and told.compress_type != zipfile.ZIP_STORED:
            raise self.damaged(_("“{member}” in it is packed").format(member=name))
        most = LONGEST_MANIFEST if squeezed else self._length
        if told.file_size > most:
            raise self.damaged(_("“{member}” in it is too large").format(member=name))
        try:
            with self._zip.open(told) as member:
                data = member.read(most + 1)  # its CRC is looked at where it ends
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
            raise self.damaged(_("“{member}” in it is damaged").format(member=name), error) from error
        if len(data) != told.file_size:
            raise self.damaged(_("“{member}” in it is damaged").format(member=name))
        return data

    def manifest(self) -> dict[str, Any]:
        """Raises UnreadableFile, and UnsupportedFormat for one of a newer Lacuna."""
        try:
            value = json.loads(self.read(MANIFEST))
            if value["format"] != FORMAT:
                raise ValueError(value["format"])
            version = int(value["version"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise self.damaged(_("“{member}” in it is damaged").format(member=MANIFEST), error) from error
        if version > VERSION:
            raise UnsupportedFormat(
                _("{path} was saved by a newer Lacuna (version {version} of projects; this one knows {known}).").format(
                    path=self.path, version=version, known=VERSION
                ),
                hint=_("Open it with that one."),
            )
        assert isinstance(value, dict)
        return value

    def damaged(self, reason: str, cause: Exception | None = None) -> UnreadableFile:
        return damaged(self.path, reason, cause)


def damaged(path: Path, reason: str, cause: Exception | None = None) -> UnreadableFile:
    """The error for people: which file, why, and what is left to do."""
    return UnreadableFile(
        _("The project {path} cannot be opened: {reason}.").format(path=path, reason=reason),
        hint=_("Open another copy, if there is one. A program for zip files may still get the picture out of it."),
        cause=cause,
    )


def load(path: Path) -> bytes:
    """The bytes of a project. Raises UnreadableFile, and UnsupportedFormat for a file of another kind."""
    data = files.load(path)
    if data and not is_project(data) and not START.startswith(data[:4]):
        raise UnsupportedFormat(
            _("{path} is no project of Lacuna.").format(path=path), hint=_("Choose a file that “Save project…” wrote.")
        )
    return data


def _require_whole(data: bytes, path: Path) -> None:
    import hashlib

    if not data:
        raise UnreadableFile(_("{name} is empty.").format(name=path), _("Copy it again from where it came from."))
    at = len(data) - len(END) - DIGITS
    if at < 0 or data[at : at + len(END)] != END:
        raise damaged(path, _("its end is missing"))
    if hashlib.sha256(memoryview(data)[: at + len(END)]).hexdigest().encode() != data[at + len(END) :]:
        raise damaged(path, _("it is not as it was written"))
