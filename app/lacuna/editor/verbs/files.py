"""Opening, saving and closing, what a crash has left, and the clipboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from lacuna.editor.verbs.base import Verbs
from lacuna.i18n import _
from lacuna.imaging.photo import Photo

T = TypeVar("T")

COPY_AT_ONCE = 1_000_000  # pixels: some 10 ms


class FileVerbs(Verbs):
    """What brings a picture in, and what takes it out."""

    def open(self, path: Path, then: Callable[[], None] | None = None, *, allow_large: bool = False) -> None:
        """Open a picture in a job; errors are said. `then()` follows when it is there. Unsaved work: ask before."""
        self.files.open(path, then, allow_large=allow_large)

    @property
    def opening(self) -> bool:
        """Another picture is on its way."""
        return self.files.opening

    def open_photo(self, photo: Photo) -> None:
        """Start a document from a picture in memory, in a job."""
        self.paste_picture(lambda: photo)

    def paste_picture(self, read: Callable[[], Photo]) -> None:
        """As `open_photo`, with what `read()` gives in the worker."""
        self.files.paste_picture(read)

    def save(
        self,
        path: Path,
        then: Callable[[bool], None] | None = None,
        *,
        quality: int | None = None,
        allow_reduce: bool = False,
        overwrite: bool = True,
    ) -> None:
        """Write the picture in a job; `then(ok)`. Writing over the source is the caller's decision, already asked.

        So is `allow_reduce`: a format that holds fewer bits a channel or no transparency may be used. Without
        `overwrite` a file that has come to stand there is left, and the next free name is taken. A try that is shown is
        accepted first: what is to be seen is saved.
        """
        if self.document is not None:
            self._settle()
            self.files.save(self.document, path, then, quality, allow_reduce=allow_reduce, overwrite=overwrite)

    @property
    def save_path(self) -> Path | None:
        """Where Ctrl+S writes without asking: the file last saved to; None before the first save."""
        return None if self.files.saved is None else self.files.saved.path

    @property
    def save_quality(self) -> int | None:
        """The quality that was chosen for that file; None for as the source, or the usual one."""
        return None if self.files.saved is None else self.files.saved.quality

    def proposed_path(self, folder: Path | None = None) -> Path:
        """`name_lacuna.ext` in `folder`, else beside the source: a free name, a format that keeps what the picture has.

        A picture that comes from no file needs a `folder`.
        """
        assert self.document is not None
        return self.files.proposed_path(self.document, folder)

    @property
    def unsaved(self) -> bool:
        """The picture (not the mask alone) has changes that are in no file."""
        return self.document is not None and (self.rests.pending or self.files.unsaved(self.document))

    def close(self) -> None:
        """Forget the document and its journal."""
        self.files.close()

    def restorable(self) -> list[Any]:
        """Sessions that a crash left behind, newest first (see `document.journal`)."""
        return self.files.restorable()

    def restore(self, session: Any) -> None:
        """Bring a session back, undo included, in a job."""
        self.files.restore(session)

    def copy(self, make: Callable[[Photo], T], then: Callable[[T], None]) -> None:
        """Make something of a copy of the picture as it is now, for the clipboard: `make` in a job, then `then` here.

        A small picture is copied at once, so that it need not wait for a running fill. A try that is shown is accepted
        first: what is to be seen is copied.
        """
        document = self.document
        if document is None:
            return
        self._settle()
        if document.shape[0] * document.shape[1] <= COPY_AT_ONCE and not self.rests.pending:
            then(make(document.snapshot()))
            return

        def copy() -> None:
            frozen = document.freeze()
            self.work.run(_("Copy the picture"), lambda _progress: make(frozen.read()), then, bound=False)

        self.rests.afterwards(copy)
