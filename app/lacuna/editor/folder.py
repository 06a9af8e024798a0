"""The folder round the picture: which one comes next, and which before."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lacuna.i18n import _
from lacuna.imaging import files

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor


class Folder:
    """Goes by the natural order of names, and past what this program has written there since its start."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._listing: _Listing | None = None
        self._saved: set[Path] = set()

    def saved_here(self, path: Path) -> None:
        """A result was saved there: that is no picture to go on to."""
        self._saved.add(path)

    def neighbour(self, step: int, then: Callable[[Path | None], None]) -> None:
        """Look in a job for the next (+1) or previous (-1) picture: a folder on the net may take seconds.

        An error is said, and `then` never comes.
        """
        here = self._editor.document.header.path if self._editor.document is not None else None
        if here is None:
            then(None)
            return
        here = here.absolute()
        if self._listing is None or self._listing.path != here.parent:
            self._listing = _Listing(here.parent)
        listing = self._listing

        def done(listed: list[Path]) -> None:
            pictures = [p for p in listed if p == here or p not in self._saved]
            at = pictures.index(here) + step if here in pictures else -1
            then(pictures[at] if 0 <= at < len(pictures) else None)

        label = _("Look for the next picture") if step > 0 else _("Look for the previous picture")
        self._editor.work.run(label, lambda _progress: listing.pictures(), done)


class _Listing:
    """The pictures of a folder, listed again only when the folder has changed. For the worker alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._changed: int | None = None
        self._pictures: list[Path] = []

    def pictures(self) -> list[Path]:
        """Raises UnreadableFile."""
        changed: int | None = None
        with contextlib.suppress(OSError):
            changed = self.path.stat().st_mtime_ns
        if changed is None or changed != self._changed:
            self._pictures = files.in_folder(self.path)
            self._changed = changed
        return self._pictures
