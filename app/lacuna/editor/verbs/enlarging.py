"""Enlarging the picture, a part of it, or the blocks of a mosaic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lacuna.editor.verbs.base import Verbs


class EnlargingVerbs(Verbs):
    """Runs that enlarge; how is said to `Verbs.enlarging`."""

    def enlarge(self) -> None:
        """Enlarge the picture as `enlarging` says, in a job; what is still being worked out for it comes first."""
        self.when_settled(self.enlarging.enlarge)

    def save_enlarged(self, path: Path, quality: int | None = None, then: Callable[[bool], None] | None = None) -> None:
        """Write the enlarged picture, or its enlarged part, to a file; this one stays as it is."""
        self.when_settled(lambda document: self.enlarging.save(document, path, quality, then or (lambda _well: None)))

    def open_enlarged(self) -> None:
        """Open the enlarged picture, or its enlarged part, in the place of this one. Unsaved work: ask before."""
        self.when_settled(self.enlarging.open)

    def find_mosaic(self, then: Callable[[Any], None], size: tuple[float, float] | None = None) -> None:
        """Look in a job for the blocks of the masked part, or for where those of `size` (height, width) lie."""
        document = self.document
        if document is not None:
            self._guarded(lambda: self.mosaics.find(document, then, size))

    def undo_mosaic(self, mosaic: Any, way: Any) -> None:
        """Enlarge the blocks of the masked part, in a job."""
        self.when_settled(lambda document: self.mosaics.undo(document, mosaic, way))
