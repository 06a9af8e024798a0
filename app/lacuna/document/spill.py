"""Arrays that are kept in memory or in a file: how history leaves memory and comes back."""

from __future__ import annotations

import os
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.errors import UnreadableFile
from lacuna.i18n import _

Key = tuple[int, int]
OVERHEAD = 200  # bytes that Python needs for a kept array beside its pixels


@dataclass(frozen=True)
class _Entry:
    key: Key
    dtype: str
    shape: tuple[int, ...]
    offset: int
    length: int
    squeezed: bool


class SpillFile:
    """Arrays in one file, written once. Its index stays in memory: nobody else ever reads it.

    One-channel planes are squeezed (a painted mask to a hundredth); photos are not: that would take 25 times as long
    as writing them and spare a third.
    """

    def __init__(self, path: Path, entries: tuple[_Entry, ...], total: int) -> None:
        self.path = path
        self.entries = entries
        self.total = total
        self._lock = threading.Lock()
        self._holds = 0
        self._doomed = False

    @classmethod
    def write(cls, path: Path, arrays: dict[Key, NDArray[Any]]) -> SpillFile:
        """Write `arrays` to a new file at `path`; raises OSError and leaves no file if that fails."""
        entries = []
        offset = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "xb") as file:
                for key, array in arrays.items():
                    squeezed = array.ndim == 2 and array.nbytes > 64
                    plain = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
                    data = zlib.compress(plain, 1) if squeezed else plain
                    file.write(data)
                    entries.append(_Entry(key, array.dtype.str, array.shape, offset, len(data), squeezed))
                    offset += len(data)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return cls(path, tuple(entries), offset)

    def read(self) -> dict[Key, NDArray[Any]]:
        """The arrays, writable; raises UnreadableFile if the file is gone or was cut."""
        arrays: dict[Key, NDArray[Any]] = {}
        try:
            with open(self.path, "rb") as file:
                if os.fstat(file.fileno()).st_size != self.total:
                    raise OSError(_("it has another length than was written"))
                for e in self.entries:
                    array = np.empty(e.shape, e.dtype)
                    flat = array.reshape(-1).view(np.uint8)
                    if e.squeezed:
                        flat[:] = np.frombuffer(zlib.decompress(file.read(e.length)), np.uint8)
                    elif file.readinto(flat.data) != e.length:
                        raise OSError(_("it has another length than was written"))
                    arrays[e.key] = array
        except (OSError, zlib.error, ValueError) as error:
            raise UnreadableFile(
                _("A step of the history could not be read from “{path}”: {reason}.").format(
                    path=self.path, reason=error
                ),
                hint=_("The picture is as it was. Save it under another name."),
                cause=error,
            ) from error
        return arrays

    def hold(self) -> None:
        """Somebody is going to read it: until as many `release` it is not removed."""
        with self._lock:
            self._holds += 1

    def release(self) -> None:
        with self._lock:
            self._holds -= 1
            if self._doomed and not self._holds:
                self._unlink()

    def delete(self) -> None:
        """Remove the file, once nobody holds it; one that another program holds open stays till the session ends."""
        with self._lock:
            self._doomed = True
            if not self._holds:
                self._unlink()

    def _unlink(self) -> None:
        try:
            self.path.unlink(missing_ok=True)
        except OSError:
            pass


class Lent:
    """What was kept at one moment, to be read once by a worker, whatever becomes of it meanwhile."""

    def __init__(self, arrays: dict[Key, NDArray[Any]], file: SpillFile | None) -> None:
        self._arrays, self._file = arrays, file
        if file is not None:
            file.hold()

    def take(self) -> dict[Key, NDArray[Any]]:
        """Nobody may write to these. Raises UnreadableFile."""
        try:
            return self._arrays if self._file is None else self._file.read()
        finally:
            self.release()

    def release(self) -> None:
        """It is not going to be read any more."""
        file, self._file, self._arrays = self._file, None, {}
        if file is not None:
            file.release()


class Kept:
    """Arrays by key, in memory or in a file. The arrays themselves are never written to while they are kept.

    `generation` rises whenever the contents change, so that a file written meanwhile is known to be out of date.
    """

    def __init__(self, arrays: dict[Key, NDArray[Any]]) -> None:
        self._arrays = arrays
        self._file: SpillFile | None = None
        self.generation = 0
        self.spilling = False  # a file of this generation is being written
        self._measured: int | None = None

    @property
    def nbytes(self) -> int:
        """Memory that it holds now."""
        if self._measured is None:
            self._measured = sum(a.nbytes + OVERHEAD for a in self._arrays.values())
        return self._measured

    @property
    def spilled(self) -> bool:
        return self._file is not None

    def arrays(self) -> dict[Key, NDArray[Any]]:
        """The arrays, read back if they rest in a file; raises UnreadableFile."""
        if self._file is not None:
            self._arrays = self._file.read()
            self._file.delete()
            self._file = None
            self._measured = None
        return self._arrays

    def lend(self) -> Lent:
        """What is kept now, for a worker; reads nothing."""
        return Lent(dict(self._arrays), self._file)

    def touch(self) -> None:
        """Say that the contents have changed, or are wanted in memory: a file on its way is of no use."""
        self.generation += 1
        self.spilling = False
        self._measured = None

    def settle(self, file: SpillFile, generation: int) -> None:
        """Let go of the memory, now that `file` holds the contents of that `generation`."""
        if generation != self.generation or self._file is not None:
            file.delete()
            return
        self.spilling = False
        self._file, self._arrays, self._measured = file, {}, None

    def drop(self) -> None:
        """Forget the contents and the file."""
        self.touch()
        if self._file is not None:
            self._file.delete()
            self._file = None
        self._arrays = {}
