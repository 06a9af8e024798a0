"""The stack of edits: unlimited undo and redo, bounded in memory; what exceeds the budget spills to disk."""

from __future__ import annotations

from pathlib import Path

from lacuna.document.edit import Edit
from lacuna.listeners import Listeners


class History:
    """Edits done and undone. `position` edits of `entries` are in force; `changed()` is told after each change.

    `clean` is True when the picture is as it was last saved (`mark_clean`). Nothing is ever dropped but redo
    entries that a new edit replaces.
    """

    def __init__(self, spill_folder: Path, budget: int = 256 << 20) -> None:
        self.entries: list[Edit] = []
        self.position = 0
        self.changed: Listeners[[]] = Listeners()
        self.spill_folder = spill_folder
        self.budget = budget
        self._clean_at: int | None = 0

    @property
    def can_undo(self) -> bool:
        return self.position > 0

    @property
    def can_redo(self) -> bool:
        return self.position < len(self.entries)

    @property
    def labels(self) -> list[str]:
        """One label an entry, oldest first, undone ones included."""
        return [edit.label for edit in self.entries]

    def push(self, edit: Edit) -> None:
        """Make a committed edit the newest entry."""
        raise NotImplementedError

    def undo(self) -> str | None:
        """Take the last edit back; its label, or None if there is none."""
        raise NotImplementedError

    def redo(self) -> str | None:
        raise NotImplementedError

    def go_to(self, position: int) -> None:
        """Undo or redo until `position` entries are in force."""
        raise NotImplementedError

    @property
    def clean(self) -> bool:
        raise NotImplementedError

    def mark_clean(self) -> None:
        raise NotImplementedError
