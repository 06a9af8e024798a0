"""Sessions that a crash left behind: listed, restored with their undo history, or discarded."""

from __future__ import annotations

import contextlib
import shutil
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lacuna.contract import guides
from lacuna.contract.step_json import region_from_json, step_from_json
from lacuna.document.document import BUDGET, Document, prepare
from lacuna.document.facts import metadata_from_json, predicted_from_json, stretches_from_json
from lacuna.document.journal import LOCK, LOG, InProject, Journal, Place, SavedTo, sessions_folder
from lacuna.document.log import LogReader, Record
from lacuna.document.original import Original
from lacuna.document.tile_code import decode
from lacuna.errors import JournalDamaged
from lacuna.i18n import _, ngettext
from lacuna.imaging.lock import FileLock
from lacuna.imaging.region import Region

VALUES: dict[str, Callable[[Any], Any]] = {  # by the document's method that puts them
    "put_guides": guides.from_json,  # in older ones; now `change_guides` says what differs
    "put_predicted": predicted_from_json,
    "put_original_box": region_from_json,
    "put_stretches": stretches_from_json,
    "put_metadata": metadata_from_json,
}
YOUNG_SECONDS = 3600.0  # a folder without a log may be another program's that is opening a picture just now


@dataclass(frozen=True)
class Session:
    """What a session was about: the picture's path (None if it was pasted), the last change, edits in force."""

    folder: Path
    path: Path | None
    changed: float  # seconds since the epoch
    edits: int

    @property
    def name(self) -> str:
        return _("Pasted picture") if self.path is None else self.path.name

    def describe(self) -> str:
        """Name, time and number of edits, in words."""
        when = time.strftime("%x %H:%M", time.localtime(self.changed))
        return ngettext("{name}, {when}, {count} change", "{name}, {when}, {count} changes", self.edits).format(
            name=self.name, when=when, count=self.edits
        )

    def discard(self) -> None:
        """Forget it for good, unless another window has restored it meanwhile."""
        with contextlib.suppress(OSError):
            lock = FileLock.take(self.folder / LOCK)
            if lock is not None:
                shutil.rmtree(self.folder, ignore_errors=True)
                lock.release()


@dataclass(frozen=True, eq=False)
class Restored:
    """A session brought back: its document, its journal going on, where it was saved to, and what was lost if any.

    `home` is the project that it belongs to.
    """

    document: Document
    journal: Journal
    saved: SavedTo | None = None
    home: InProject | None = None
    damage: JournalDamaged | None = None


def sessions() -> list[Session]:
    """Sessions that no living program holds and in which something was done, newest first; removes those without.

    Reads no pixels: milliseconds. Those of living programs are told by their locks.
    """
    found = []
    try:
        folders = [f for f in sessions_folder().iterdir() if f.is_dir()]
    except OSError:
        return []
    for folder in folders:
        try:
            lock = FileLock.take(folder / LOCK)
        except OSError:  # another user's, or on a disk that cannot be written
            continue
        if lock is None:
            continue
        try:
            session = _looked_at(folder)
        except OSError:
            session = None
            with contextlib.suppress(OSError):
                if time.time() - folder.stat().st_mtime < YOUNG_SECONDS:
                    lock.release()
                    continue
        lock.release()
        if session is None:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            found.append(session)
    return sorted(found, key=lambda s: s.changed, reverse=True)


def restore(session: Session, budget: int = BUDGET) -> Restored:
    """Bring a session back, undone edits included, by doing again what its journal tells; for a job.

    What lies behind a damaged place is lost: `Restored.damage` says how much was kept. Raises JournalDamaged if not
    even the picture is left, or if another program has the session open.
    """
    lock = FileLock.take(session.folder / LOCK)
    if lock is None:
        raise JournalDamaged(
            _("The session of “{name}” is open in another window.").format(name=session.name),
            hint=_("Close it there first."),
        )
    try:
        return _restore(session, Place(session.folder, lock), budget)
    except BaseException:
        lock.release()
        raise


def _looked_at(folder: Path) -> Session | None:
    """A session by the heads of its records; None if nothing was done in it. Raises OSError without a log."""
    path: Path | None = None
    edits = position = 0
    log = folder / LOG
    for head in LogReader(log).heads():
        match head.get("kind"):
            case "opened":
                path = Path(head["path"]) if head.get("path") else None
            case "edit":
                position += 1
                edits = position
            case "go":
                position = int(head.get("position", position))
    return Session(folder, path, log.stat().st_mtime, position) if edits else None


def _restore(session: Session, place: Place, budget: int) -> Restored:
    reader = LogReader(session.folder / LOG)
    try:
        records = reader.records()
        first = next(records, None)
    except OSError as error:
        raise _hopeless(session, error) from error
    if first is None or first.head.get("kind") != "opened":
        raise _hopeless(session)
    original = _original(session, first.head)
    photo = original.load()
    if list(photo.pixels.shape[:2]) != first.head.get("shape"):
        raise _hopeless(session)
    shutil.rmtree(session.folder / "history", ignore_errors=True)  # spilled by the run that ended: replayed anew
    document = Document.opened(prepare(photo, None, session.folder, original), budget)
    replay = _Replay(document)
    end, broken = first.end, False
    try:
        for record in records:
            replay.apply(record)
            if record.head.get("kind") != "tiles":
                end = record.end
    except (OSError, KeyError, TypeError, ValueError, IndexError, AttributeError, zlib.error):
        broken = True
    damage = None
    if broken or reader.cut or replay.waiting:
        count = len(document.history.entries)
        damage = JournalDamaged(
            _("The end of the session of “{name}” was not written whole.").format(name=session.name),
            hint=ngettext(
                "{count} change was brought back; what came after it is lost.",
                "{count} changes were brought back; what came after them is lost.",
                count,
            ).format(count=count),
        )
    return Restored(document, Journal(document, place, end=end), replay.saved, replay.home, damage)


def _original(session: Session, head: dict[str, Any]) -> Original:
    """The kept bytes, or if they are damaged the file itself where it still is the same."""
    path = Path(head["path"]) if head.get("path") else None
    kept = Original(session.folder / Path(head["file"]).name, path, head["sha256"], int(head["bytes"]))
    if kept.intact():
        return kept
    if path is not None and Original(path, path, kept.sha256, kept.size).intact():
        kept.file.write_bytes(path.read_bytes())
        return kept
    raise _hopeless(session)


def _hopeless(session: Session, cause: OSError | None = None) -> JournalDamaged:
    return JournalDamaged(
        _("The session of “{name}” cannot be brought back: its files are damaged.").format(name=session.name),
        hint=_("They lie in “{folder}”.").format(folder=session.folder),
        cause=cause,
    )


class _Replay:
    """Does again what records tell. Tiles wait until the edit that they belong to."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.waiting: list[Record] = []
        self.saved: SavedTo | None = None
        self.home: InProject | None = None

    def apply(self, record: Record) -> None:
        head = record.head
        match head["kind"]:
            case "tiles":
                self.waiting.append(record)
            case "edit":
                self._edit(head)
                self.waiting = []
            case "go":
                self.document.history.go_to(int(head["position"]))
            case "saved":
                self.document.history.mark_clean_at(head["position"])
            case "path":
                self.saved = SavedTo(Path(head["path"]), head.get("quality"))
            case "project":
                self.home = InProject(Path(head["path"]), self._moment(head["position"]))
            case kind:
                raise ValueError(kind)

    def _moment(self, position: int | None) -> int | None:
        if not position:
            return position
        return self.document.history.entries[position - 1].serial

    def _edit(self, head: dict[str, Any]) -> None:
        document = self.document
        step = None if head["step"] is None else step_from_json(head["step"])
        with document.edit(head["label"], step) as edit:
            if "crop" in head:
                document.cut_to(region_from_json(head["crop"]), edit, unmasked=bool(head.get("unmasked")))
                return
            for index, told in enumerate(head["planes"]):
                plane = document.planes[told["name"]]
                shape, dtype = tuple(told["shape"]), np.dtype(told["dtype"])
                fresh = np.zeros(shape, dtype) if told["whole"] else None
                if fresh is None and (shape, dtype) != (plane.shape, plane.dtype):
                    raise ValueError("tiles of another plane")
                for (row, column), data in self._tiles(index):
                    region = Region.of_tile(row, column, shape)
                    tile = decode(data, (region.height, region.width, *shape[2:]), dtype)
                    if fresh is not None:
                        fresh[region.slices] = tile
                    else:
                        with edit.write(plane, region) as pixels:
                            pixels[...] = tile
                if fresh is not None:
                    edit.replace(plane, fresh)
            for name, value in head["values"].items():
                if name == "change_guides":
                    edit.put(document.put_guides, guides.changed(document.guides, value))
                else:
                    edit.put(getattr(document, name), VALUES[name](value))

    def _tiles(self, plane: int) -> Any:
        for record in self.waiting:
            if record.head["plane"] == plane:
                at = 0
                for row, column, length in record.head["tiles"]:
                    yield (row, column), record.pixels[at : at + length]
                    at += length
