"""A save whose turn has not come: the person is told at once, and until the file is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lacuna.editor.values import Message
from lacuna.i18n import _

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor


def told_if_late(editor: Editor, path: Path, then: Callable[[bool], None] | None) -> Callable[[bool], None]:
    """For who is about to save: to be called as `then(ok)` would be. What runs now is named, if anything does."""
    ended: list[bool] = []

    def saved(well: bool) -> None:
        ended.append(well)
        if then is not None:
            then(well)

    first, document = next((job for job in editor.jobs if job.matters), None), editor.document
    if first is not None and document is not None:
        sentence = _("“{name}” will be saved when “{job}” has ended.").format(name=path.name, job=first.label)
        # The file is written though the picture is closed meanwhile, a project may not be: then nobody asks any more.
        over = lambda: bool(ended) or editor.document is not document  # noqa: E731
        editor.said(Message(sentence, stays=True, over=over))
    return saved
