"""The stack of edits: unlimited undo and redo, bounded in memory; what exceeds the budget spills to disk."""

from __future__ import annotations

import itertools
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from lacuna.document.edit import Edit
from lacuna.document.spill import Kept, SpillFile
from lacuna.document.writer import Writer
from lacuna.errors import CannotSave, LacunaError
from lacuna.i18n import _
from lacuna.listeners import Listeners

PICTURE = ("photo", "alpha")  # the planes that a saved file holds
RETRY_SECONDS = 30.0  # after a spill failed, until it is tried again


class History:
    """Edits done and undone. `position` edits of `entries` are in force; `changed()` is told after each change.

    `clean` is True when the picture is as it was last saved (`mark_clean`); an edit of the mask alone leaves it clean.
    Nothing is ever dropped but redo entries that a new edit replaces.

    More listeners, all told on the owner's thread before `changed`: `pushed(edit)`, `moved(position)` after undo and
    redo, `saved()` after `mark_clean`, and `spill_failed(error)` once if the disk takes no more: the edits then stay in
    memory. What was written by the writer's thread is taken note of at the owner's next call, so nothing is locked.
    """

    def __init__(self, spill_folder: Path, budget: int = 256 << 20, writer: Writer | None = None) -> None:
        self.entries: list[Edit] = []
        self.position = 0
        self.changed: Listeners[[]] = Listeners()
        self.pushed: Listeners[[Edit]] = Listeners()
        self.moved: Listeners[[int]] = Listeners()
        self.saved: Listeners[[]] = Listeners()
        self.spill_failed: Listeners[[LacunaError]] = Listeners()
        self.spill_folder = spill_folder
        self.budget = budget
        self.writer = writer or Writer()
        self._clean_at: int | None = 0
        self._picture_edits = [0]  # how many of the first n entries change the picture, for n = 0, 1, ...
        self._written: deque[Callable[[], None]] = deque()  # news from the writer's thread
        self._names = itertools.count()
        self._serials = itertools.count(1)
        self._failure: LacunaError | None = None
        self._failed_at = float("-inf")
        self._told = False

    @property
    def can_undo(self) -> bool:
        return self.position > 0

    @property
    def can_redo(self) -> bool:
        return self.position < len(self.entries)

    @property
    def newest(self) -> Edit | None:
        """The last edit that is in force."""
        return self.entries[self.position - 1] if self.position else None

    @property
    def redoable(self) -> Edit | None:
        """What redo would put in force again."""
        return self.entries[self.position] if self.can_redo else None

    def went_back(self, since: Edit | None) -> bool:
        """Is there something to redo that was not `redoable` then, when `since` was? A new edit would drop it."""
        return self.redoable is not None and self.redoable is not since

    @property
    def labels(self) -> list[str]:
        """One label an entry, oldest first, undone ones included."""
        return [edit.label for edit in self.entries]

    def push(self, edit: Edit) -> None:
        """Make a committed edit the newest entry."""
        if self._clean_at is not None and self._clean_at > self.position:
            self._clean_at = self.position if self.clean else None
        self._drop_redo(edit)
        edit.serial = next(self._serials)
        self.entries.append(edit)
        self._picture_edits.append(self._picture_edits[-1] + any(edit.touches(name) for name in PICTURE))
        self.position += 1
        self.pushed(edit)
        self._settle()
        self.changed()

    def undo(self) -> str | None:
        """Take the last edit back; its label, or None if there is none. Raises UnreadableFile, with nothing changed."""
        if not self.can_undo:
            return None
        self.go_to(self.position - 1)
        return self.entries[self.position].label

    def redo(self) -> str | None:
        """Put the edit last taken back in force again; its label, or None if there is none. Raises as `undo`."""
        if not self.can_redo:
            return None
        self.go_to(self.position + 1)
        return self.entries[self.position - 1].label

    def go_to(self, position: int) -> None:
        """Undo or redo until `position` entries are in force."""
        if not 0 <= position <= len(self.entries):
            raise ValueError(f"there is no position {position} in a history of {len(self.entries)}")
        if position == self.position:
            return
        try:
            while self.position > position:
                self.entries[self.position - 1].swap()
                self.position -= 1
            while self.position < position:
                self.entries[self.position].swap()
                self.position += 1
        finally:
            self.moved(self.position)
            self._settle()
            self.changed()

    @property
    def clean(self) -> bool:
        """Is the picture (not the mask) as it was last saved?"""
        return self._clean_at is not None and self._picture_edits[self._clean_at] == self._picture_edits[self.position]

    def here(self) -> int:
        """This moment, for `mark_clean` when a save that begins now is done, and for `edited_since`."""
        return self.entries[self.position - 1].serial if self.position else 0

    def position_of(self, moment: int | None) -> int | None:
        """Where in the history a moment (see `here`) is; None if it can no longer be reached."""
        serials = [0, *(edit.serial for edit in self.entries)]
        return serials.index(moment) if moment in serials else None

    def edited_since(self, moment: int) -> bool:
        """Is an edit in force that was made after a moment (see `here`)?"""
        then = self.position_of(moment)
        return then is None or self.position > then

    @property
    def alters_picture(self) -> bool:
        """Do the edits in force change the picture?"""
        return bool(self._picture_edits[self.position])

    def picture_is_of(self, edit: Edit) -> bool:
        """Is the picture as `edit`, which is in force, has left it?"""
        place = self.entries.index(edit) + 1
        return self._picture_edits[place] == self._picture_edits[self.position]

    def mark_clean(self, moment: int | None = None) -> None:
        """Say that the picture was saved as it is now, or as it was at `moment` (see `here`)."""
        if moment is None:
            moment = self.here()
        self.mark_clean_at(self.position_of(moment))

    def mark_clean_at(self, position: int | None) -> None:
        """Say that the picture was saved as it was at `position`; None where that can no longer be reached."""
        self._clean_at = position
        self.saved()
        self.changed()

    @property
    def clean_position(self) -> int | None:
        """The position that was last saved; None if it can no longer be reached, or nothing was."""
        return self._clean_at

    @property
    def nbytes(self) -> int:
        """Memory held for undo and redo."""
        return sum(k.nbytes for k, _distance in self._kept())

    def settle(self) -> None:
        """Wait until what should rest on disk does; for tests and measurements."""
        self._settle()
        self.writer.flush()
        self._hear()

    def close(self) -> None:
        """End the writer's thread and remove the spilled files."""
        self.writer.close(discard=True)
        shutil.rmtree(self.spill_folder, ignore_errors=True)

    def _drop_redo(self, edit: Edit) -> None:
        """Forget the entries that were taken back, and what only they kept: a sheet may live on in `edit`."""
        replaced = [k for old in self.entries[self.position :] for k in old.kept()]
        del self.entries[self.position :], self._picture_edits[self.position + 1 :]
        if replaced:
            still_kept = {id(k) for other in (*self.entries, edit) for k in other.kept()}
            for k in replaced:
                if id(k) not in still_kept:
                    k.drop()

    def _settle(self) -> None:
        """Hear what was written, and send to disk what exceeds the budget, farthest from the position first."""
        self._hear()
        kept = list(self._kept())
        excess = sum(k.nbytes for k, _distance in kept if not k.spilling) - self.budget
        if excess <= 0 or time.monotonic() - self._failed_at < RETRY_SECONDS:
            return
        for k, _distance in sorted(kept, key=lambda pair: -pair[1]):
            if excess <= 0:
                break
            if not k.spilling and k.nbytes:
                excess -= k.nbytes
                self._spill(k)

    def _kept(self) -> Iterator[tuple[Kept, int]]:
        """What may rest on disk, each once, with its steps from the position."""
        seen: dict[int, tuple[Kept, int]] = {}
        for index, edit in enumerate(self.entries):
            distance = self.position - index if index < self.position else index - self.position + 1
            for k in edit.kept():
                if not k.spilled and (id(k) not in seen or seen[id(k)][1] > distance):
                    seen[id(k)] = (k, distance)
        yield from seen.values()

    def _spill(self, kept: Kept) -> None:
        arrays, generation = kept.arrays(), kept.generation
        path = self.spill_folder / f"{next(self._names)}.tiles"
        kept.spilling = True

        def write() -> None:
            if kept.generation != generation:  # wanted again, or dropped, before its turn came
                return
            try:
                file = SpillFile.write(path, arrays)
            except OSError as error:
                reason = error.strerror or str(error)
                self._written.append(lambda: self._spill_broke(kept, generation, reason))
            else:
                self._written.append(lambda: kept.settle(file, generation))

        self.writer.submit(write)

    def _spill_broke(self, kept: Kept, generation: int, reason: str) -> None:
        if kept.generation == generation:
            kept.spilling = False
        self._failed_at = time.monotonic()
        if not self._told:
            self._told = True
            self._failure = CannotSave(
                _("The history no longer fits on the disk ({reason}).").format(reason=reason),
                hint=_("Nothing is lost: it stays in memory. Make room in “{folder}”.").format(
                    folder=self.spill_folder
                ),
            )

    def _hear(self) -> None:
        while self._written:
            self._written.popleft()()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            self.spill_failed(failure)
