"""The session's log: every edit as it is committed, so that a crash loses nothing and undo still works afterwards.

A session is a folder `sessions/ID` of the user's data: the original's bytes, `journal.log`, a lock that tells the
living from the dead, and spilled history. A session that was closed properly leaves no folder.
"""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lacuna import paths
from lacuna.contract import guides
from lacuna.contract.step_json import region_to_json, step_to_json
from lacuna.document.document import Document
from lacuna.document.edit import Edit, SavedTiles, Swapped, SwappedPlane
from lacuna.document.facts import metadata_to_json, predicted_to_json, stretches_to_json
from lacuna.document.frozen import Frozen
from lacuna.document.kept_masks import KeptMask, drop_mask, keep_mask, kept_mask
from lacuna.document.log import LogWriter
from lacuna.document.original import cannot_keep
from lacuna.document.tile_code import encode
from lacuna.errors import CannotSave, LacunaError
from lacuna.i18n import _
from lacuna.imaging.lock import FileLock
from lacuna.imaging.region import Region
from lacuna.listeners import Listeners

__all__ = [
    "InProject",
    "Journal",
    "KeptMask",
    "Place",
    "SavedTo",
    "begin",
    "drop_mask",
    "keep_mask",
    "kept_mask",
    "sessions_folder",
]

LOG = "journal.log"
LOCK = "lock"
SYNC_SECONDS = 1.0  # how much a power cut may take; a fill is synced at once
ATTEMPTS = 100  # who looks for sessions to restore may hold the lock of a new folder for a moment
CHUNK = 4 << 20  # bytes of tiles in one record, so that no edit has to be held in memory as a whole
VALUES: dict[str, Callable[[Any], Any]] = {
    "put_predicted": predicted_to_json,
    "put_original_box": region_to_json,
    "put_stretches": stretches_to_json,
    "put_metadata": metadata_to_json,
}


def sessions_folder() -> Path:
    return paths.data_folder() / "sessions"


@dataclass
class Place:
    """A session's folder, locked by this process."""

    folder: Path
    lock: FileLock

    def abandon(self) -> None:
        """Remove it, when the picture could not be opened after all."""
        self.lock.release()
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class SavedTo:
    """Where the picture was saved, and in which quality; None for as the source, or the usual one."""

    path: Path
    quality: int | None = None


def begin() -> Place:
    """Make and lock the folder of a new session; for any thread. Raises CannotSave where nothing can be written."""
    folder = sessions_folder() / f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:8]}"
    try:
        folder.mkdir(parents=True)
        for _attempt in range(ATTEMPTS):
            lock = FileLock.take(folder / LOCK)
            if lock is not None:
                return Place(folder, lock)
            time.sleep(0.01)
    except OSError as error:
        raise cannot_keep(folder, error) from error
    raise AssertionError("a folder just made is nobody else's")


@dataclass(frozen=True)
class InProject:
    """The project that a document belongs to, and the moment (`History.here`) at which it was saved there.

    None: that can no longer be reached.
    """

    path: Path
    moment: int | None


class Journal:
    """Listens to a document's history and logs what happens, on the document's own writing thread.

    At a commit the owner's thread only freezes the tiles that changed: none is copied unless it is painted over before
    it was written. `failed(error)` is told once, on the owner's thread at the next edit, if the disk takes no more:
    editing goes on, but what follows could not be restored.
    """

    def __init__(self, document: Document, place: Place, *, end: int | None = None) -> None:
        """Begin the log of a new session; with `end` go on with a restored one, whose whole records end there."""
        self.document = document
        self.place = place
        self.failed: Listeners[[LacunaError]] = Listeners()
        self._end = end
        self._log: LogWriter | None = None
        self._broken = False
        self._closing = False
        self._failure: OSError | None = None
        self._synced = time.monotonic()
        history = document.history
        self._forget = [
            history.pushed.add(self._pushed),
            history.moved.add(self._moved),
            history.saved.add(self._saved),
        ]
        if end is None:
            opened = self._opened()
            self._submit(lambda: [(opened, b"")])

    def saved_to(self, saved: SavedTo) -> None:
        """Remember where and how the picture was saved, so that a restored session goes on saving so."""
        self._submit(lambda: [({"kind": "path", "path": str(saved.path), "quality": saved.quality}, b"")])

    def in_project(self, home: InProject) -> None:
        """Remember which project the picture was saved in, and when."""
        position = self.document.history.position_of(home.moment)
        self._submit(lambda: [({"kind": "project", "path": str(home.path), "position": position}, b"")])

    def flush(self, wait: float = 60.0) -> bool:
        """Wait until all is written; False if that took longer than `wait` seconds. Tells of a failure."""
        done = self.document.writer.flush(wait)
        self._tell()
        return done

    @property
    def written(self) -> bool:
        """Nothing waits to be written."""
        return self.document.writer.idle

    def catch_up(self) -> None:
        """For a worker: wait until all that has happened so far is written, however long that takes."""
        self.document.writer.flush(None)

    def detach(self) -> None:
        """Hear no more of the document: `close` or `leave` may follow on another thread."""
        for forget in self._forget:
            forget()
        self._forget.clear()

    def close(self) -> None:
        """The document was closed properly: end its threads and remove the session."""
        self.detach()
        self._closing = True
        self.document.writer.close(discard=True)
        if self._log is not None:
            self._log.close()
        self.place.lock.release()
        self.document.close()

    def leave(self) -> None:
        """End, but leave the session to be restored at the next start.

        What is not on disk yet is waited for, however slow the disk is: given up here, it would be lost. So a window
        comes here only with little left to write (see `written`), or leaves it to a worker.
        """
        self.detach()
        self.document.writer.close(None)
        if self._log is not None:
            self._log.close()
        self.place.lock.release()

    # --- owner's thread ----------------------------------------------------------------------------------------------
    def _opened(self) -> dict[str, Any]:
        document, kept = self.document, self.document.kept
        modified = None
        if kept.path is not None:
            try:
                modified = kept.path.stat().st_mtime
            except OSError:  # gone since it was opened; the kept bytes are what counts
                pass
        return {
            "kind": "opened",
            "path": None if kept.path is None else str(kept.path),
            "file": kept.file.name,
            "sha256": kept.sha256,
            "bytes": kept.size,
            "modified": modified,
            "shape": list(document.shape),
            "time": time.time(),
        }

    def _pushed(self, edit: Edit) -> None:
        self._tell()
        if self._broken:
            return
        head: dict[str, Any] = {
            "kind": "edit",
            "label": edit.label,
            "step": None if edit.step is None else step_to_json(edit.step),
            "time": time.time(),
        }
        crop = _crop(edit)
        if crop is not None:
            self._submit(lambda: [({**head, "crop": region_to_json(crop[0]), "unmasked": crop[1]}, b"")])
            return
        values: dict[str, tuple[Any, Any]] = {}  # before and after
        frozen = []
        whole = {o.plane.name for o in edit.operations if isinstance(o, SwappedPlane)}
        for operation in edit.operations:
            if isinstance(operation, Swapped):
                name = operation.put.__name__
                values.setdefault(name, (operation.before, self._values()[name]))
            elif isinstance(operation, SavedTiles) and operation.plane.name not in whole:
                frozen.append((operation.plane.name, operation.plane.freeze(operation.keys), operation.keys))
        for name in sorted(whole):
            plane = self.document.planes[name]
            frozen.append((name, plane.freeze(), frozenset(Region.whole(plane.shape).tiles())))
        head["planes"] = [
            {"name": n, "shape": list(f.shape), "dtype": f.dtype.str, "whole": n in whole} for n, f, _keys in frozen
        ]

        def records() -> Any:
            head["values"] = dict(_value(name, *states) for name, states in values.items())
            return _edit_records(head, frozen)

        self._submit(records, sync=edit.fill is not None)

    def _values(self) -> dict[str, Any]:
        document = self.document
        return {
            "put_guides": document.guides,
            "put_predicted": document.predicted,
            "put_original_box": document.original_box,
            "put_stretches": document.stretches,
            "put_metadata": document.header.metadata,
        }

    def _moved(self, position: int) -> None:
        self._tell()
        self._submit(lambda: [({"kind": "go", "position": position}, b"")])

    def _saved(self) -> None:
        self._tell()
        position = self.document.history.clean_position
        self._submit(lambda: [({"kind": "saved", "position": position}, b"")])

    def _tell(self) -> None:
        if self._failure is not None:
            error, self._failure = self._failure, None
            self.failed(
                CannotSave(
                    _("The session can no longer be kept on disk: {reason}.").format(
                        reason=error.strerror or str(error)
                    ),
                    hint=_("You can go on, but after a crash what you do from here on would be lost. Save soon."),
                    cause=error,
                )
            )

    def _submit(self, records: Callable[[], Any], *, sync: bool = False) -> None:
        self.document.writer.submit(lambda: self._write(records, sync))

    # --- the writer's thread -----------------------------------------------------------------------------------------
    def _write(self, records: Callable[[], Any], sync: bool) -> None:
        if self._broken:
            return
        try:
            if self._log is None:
                self._log = LogWriter(self.place.folder / LOG, self._end)
            for head, pixels in records():
                if self._closing:
                    return
                self._log.append(head, pixels)
            wait = self._synced + SYNC_SECONDS - time.monotonic()
            if sync or wait <= 0:
                self._sync()
            else:
                self.document.writer.later(wait, self._sync)
        except OSError as error:
            self._broken = True
            self._failure = error

    def _sync(self) -> None:
        if self._log is not None and not self._broken:
            try:
                self._log.sync()
            except OSError as error:
                self._broken = True
                self._failure = error
            self._synced = time.monotonic()


def _crop(edit: Edit) -> tuple[Region, bool] | None:
    """The region, if a crop is all that the edit does to pixels, and whether it left nothing of the mask."""
    whole = {o.plane.name: o.region for o in edit.operations if isinstance(o, SwappedPlane)}
    tiles = any(isinstance(o, SavedTiles) for o in edit.operations)
    region = whole.get("photo")
    if region is None or tiles or any(other != region for name, other in whole.items() if name != "mask"):
        return None
    return region, whole["mask"] is None


def _value(name: str, before: Any, after: Any) -> tuple[str, Any]:
    """What is written of a value, and as what; of guides what differs: there may be hundreds, of many points each."""
    if name == "put_guides":
        return "change_guides", guides.change_to_json(before, after)
    return name, VALUES[name](after)


def _edit_records(head: dict[str, Any], frozen: list[tuple[str, Frozen, frozenset[tuple[int, int]]]]) -> Any:
    """Records with the tiles, a chunk each, then the edit itself: without that last one they count for nothing."""
    for index, (_name, plane, keys) in enumerate(frozen):
        tiles: list[list[int]] = []
        pixels: list[bytes] = []
        size = 0
        for row, column in sorted(keys):
            data = encode(plane.tile(row, column))
            tiles.append([row, column, len(data)])
            pixels.append(data)
            size += len(data)
            if size >= CHUNK:
                yield {"kind": "tiles", "plane": index, "tiles": tiles}, b"".join(pixels)
                tiles, pixels, size = [], [], 0
        if tiles:
            yield {"kind": "tiles", "plane": index, "tiles": tiles}, b"".join(pixels)
        plane.release()
    yield head, b""
