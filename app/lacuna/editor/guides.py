"""The verbs of the guides' menu: each change is one edit; files are read and written by jobs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lacuna.contract.guides import Guide, GuideStroke
from lacuna.contract.progress import Progress
from lacuna.document.document import Document
from lacuna.editor.values import Message
from lacuna.engine import guide_files
from lacuna.i18n import _

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor


class Guides:
    """All methods are called on the owner's thread; without a document open they do nothing."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor

    @property
    def ignored(self) -> frozenset[Guide]:
        """The kinds that the method chosen does not follow."""
        return frozenset(Guide) - self._editor.filling.method.needs.guides

    def clear(self) -> None:
        """Take all away."""
        self._editor.change(self._clear)

    def _clear(self, document: Document) -> None:
        if document.guides:
            with document.edit(_("Clear guides")) as edit:
                edit.put(document.put_guides, ())

    def import_file(self, path: Path) -> None:
        """Add those of a file to those that are there, in a job."""
        document = self._editor.document
        if document is None:
            return
        label, shape = _("Import guides"), document.shape
        limit = max(self._editor.settings.preferences.megapixel_limit * 1_000_000, shape[0] * shape[1])
        before = document.guides

        def work(_progress: Progress) -> tuple[GuideStroke, ...]:
            return guide_files.read(path, shape, pixel_limit=limit)

        def done(strokes: tuple[GuideStroke, ...]) -> None:
            if not strokes:
                none = _("There are no guides in “{name}”.").format(name=path.name)
                self._editor.tell(Message(none, over=lambda: document.guides is not before))
                return
            with document.edit(label) as edit:
                edit.put(document.put_guides, (*document.guides, *strokes))
            self._editor.state_changed()

        put = self._editor.in_frame(document, label, done)
        self._editor.work.run(label, work, put, over=lambda: document.guides is not before)

    def export(self, path: Path) -> None:
        """Write them as .json, .svg or, lines alone, .png, in a job."""
        document = self._editor.document
        if document is None:
            return
        guides, shape = document.guides, document.shape

        def work(_progress: Progress) -> None:
            guide_files.write(path, guides, shape, overwrite=True)

        def done(_result: None) -> None:
            self._editor.said(Message(_("The guides were written to “{name}”.").format(name=path.name)))

        self._editor.work.run(_("Export the guides"), work, done, bound=False, kept=True)
