"""What a batch has done, in a file beside its results: a run that goes on knows by it what is finished.

A line of JSON for each step, appended and synced: "begun" before a result takes its place, "done" once it stands there.
So a result without "done" is half a step of ours, and is made again; a line that was cut off counts as not written.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lacuna.engine.batch.inputs import Input
from lacuna.errors import CannotSave
from lacuna.i18n import _
from lacuna.imaging.atomic import cannot_save
from lacuna.imaging.lock import FileLock

NAME = ".lacuna-batch.jsonl"
LOCK = ".lacuna-batch.lock"
BEGUN, DONE = "begun", "done"
NOTHING = "nothing"  # looked at, and there was nothing to do
VOID = "void"  # what was begun could not be written


@dataclass(frozen=True)
class Stamp:
    """A file as it was when it was looked at: another size or time is another file."""

    bytes: int
    modified: int  # ns

    @classmethod
    def of(cls, path: Path | str) -> Stamp | None:
        try:
            found = os.stat(path)
        except OSError:
            return None
        return cls(found.st_size, found.st_mtime_ns)


@dataclass(frozen=True)
class Entry:
    """The last that is known of an input."""

    state: str
    treatment: str  # its digest
    source: Stamp
    result: Path
    written: Stamp | None = None


class Ledger:
    """The steps of a batch into one folder. Nothing is written, and no file made, before the first step is told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / NAME
        self.entries: dict[str, Entry] = {}
        self._file: IO[bytes] | None = None
        self._look()

    @property
    def results(self) -> dict[str, Path]:
        """The results by their `Input.original`: those begun as well, as they keep their names."""
        return {original: entry.result for original, entry in self.entries.items()}

    @property
    def written(self) -> list[Path]:
        """The files that are results, whole or not."""
        return [entry.result for entry in self.entries.values() if entry.state in (BEGUN, DONE)]

    def finished(self, found: Input, treatment: str) -> bool:
        """Whether nothing is left to do: the same file, treated the same, and its result still there unchanged."""
        entry = self.entries.get(found.original)
        if entry is None or entry.treatment != treatment or entry.source != Stamp.of(found.path):
            return False
        return entry.state == NOTHING or (entry.state == DONE and entry.written == Stamp.of(entry.result))

    def nothing(self, found: Input) -> bool:
        """Whether it was looked at, and there was nothing to do: no result of it is there."""
        entry = self.entries.get(found.original)
        return entry is not None and entry.state == NOTHING

    def treated_otherwise(self, found: Input, treatment: str) -> bool:
        """Whether something else was done to it before: it would be finished but for that."""
        entry = self.entries.get(found.original)
        return entry is not None and entry.treatment != treatment and self.finished(found, entry.treatment)

    def changed(self, found: Input) -> bool:
        """Whether its result is no longer as it was left: then it is the person's own, and is not replaced."""
        entry = self.entries.get(found.original)
        return entry is not None and entry.state == DONE and Stamp.of(entry.result) not in (None, entry.written)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """The folder, made if need be, for this batch alone. Raises CannotSave, also while another one has it."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock.take(self.folder / LOCK)
        except OSError as error:
            raise cannot_save(self.folder, error) from error
        if lock is None:
            sentence = _("Another batch is writing to {path}.").format(path=self.folder)
            raise CannotSave(sentence, _("Wait for its end, or choose another folder."))
        try:
            self._look()  # another batch may have ended since
            yield
        finally:
            lock.release()
            self.close()

    def begin(self, found: Input, source: Stamp, treatment: str, result: Path) -> None:
        """Say that `result` is about to be written. Raises CannotSave."""
        self._tell(found, Entry(BEGUN, treatment, source, result))

    def finish(self, found: Input, source: Stamp, treatment: str, result: Path, *, nothing: bool = False) -> None:
        """Say that it stands there, or that there was `nothing` to do. Raises CannotSave."""
        written = None if nothing else Stamp.of(result)
        self._tell(found, Entry(NOTHING if nothing else DONE, treatment, source, result, written))

    def withdraw(self, found: Input, before: Entry | None) -> None:
        """Say that what was begun could not be written: what is known is what was before, or nothing is."""
        if before is not None:
            self._tell(found, before)
        else:
            self._append({"source": found.original, "state": VOID})
            del self.entries[found.original]

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _tell(self, found: Input, entry: Entry) -> None:
        row: dict[str, Any] = {
            "source": found.original,
            "state": entry.state,
            "treatment": entry.treatment,
            "bytes": entry.source.bytes,
            "modified": entry.source.modified,
            "result": os.path.relpath(entry.result, self.folder),  # the folder may be moved
        }
        if entry.written is not None:
            row["written"] = [entry.written.bytes, entry.written.modified]
        self._append(row)
        self.entries[found.original] = entry

    def _append(self, row: dict[str, Any]) -> None:
        try:
            file, line = self._open(), json.dumps(row).encode() + b"\n"
            if file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        except OSError as error:
            self.close()  # the next line begins behind what was cut off
            raise cannot_save(self.path, error) from error

    def _open(self) -> IO[bytes]:
        if self._file is None:
            cut_off = self._lines()[-1:] != [b""]
            self._file = open(self.path, "ab", buffering=0)  # noqa: SIM115  (until `close`)
            if cut_off and self._file.tell():
                self._file.write(b"\n")
        return self._file

    def _look(self) -> None:
        self.entries.clear()
        for line in self._lines():
            self._read(line)

    def _lines(self) -> list[bytes]:
        try:
            return self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise cannot_save(self.path, error) from error

    def _read(self, line: bytes) -> None:
        try:
            row = json.loads(line)
            if row["state"] == VOID:
                self.entries.pop(row["source"], None)
                return
            result = Path(row["result"])
            if result.is_absolute() or ".." in result.parts:
                return  # leads out of the folder, where nothing is ours
            written = row.get("written")
            entry = Entry(
                row["state"],
                row["treatment"],
                Stamp(int(row["bytes"]), int(row["modified"])),
                self.folder / result,
                None if written is None else Stamp(*map(int, written)),
            )
            self.entries[str(row["source"])] = entry
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # cut off, or not ours
