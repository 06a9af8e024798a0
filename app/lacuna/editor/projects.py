"""Projects and recipes: what was done to the picture that is open, saved to be gone on with or to be done again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lacuna.contract.progress import Progress
from lacuna.document.account import FrozenHistory, steps_of
from lacuna.document.document import Document
from lacuna.document.journal import InProject, Journal, Place
from lacuna.document.project import Marked, read_project, write_project
from lacuna.document.project_document import document_of
from lacuna.editor.late_saves import told_if_late
from lacuna.editor.values import Message
from lacuna.engine.recipes import Recipe, write_recipe
from lacuna.i18n import _, ngettext

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor

READING_SHARE = 0.8  # of the progress of a save: packing the pixels of each change; the rest is the file


@dataclass(frozen=True, eq=False)
class OpenedProject:
    """What the opening job hands over: a document that is ready, and sentences to tell once."""

    document: Document
    journal: Journal
    home: InProject
    notes: tuple[str, ...]


class Projects:
    """Lives on the owner's thread; what takes time is a job."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._home: InProject | None = None

    @property
    def path(self) -> Path | None:
        """The project that the picture belongs to: where Ctrl+S writes; None for a picture of its own."""
        return None if self._home is None else self._home.path

    @property
    def worth_a_recipe(self) -> bool:
        """Something was done that a recipe could tell."""
        document = self._editor.document
        return document is not None and document.history.alters_picture

    def belong(self, home: InProject | None) -> None:
        """For `files` alone: which project the document that comes is from."""
        self._home = home

    def unsaved(self, document: Document) -> bool | None:
        """Has anything changed since the project was saved, mask and guides included? None without a project."""
        return None if self._home is None else document.history.here() != self._home.moment

    def opened(
        self, data: bytes, path: Path, place: Place, progress: Progress, *, budget: int, pixel_limit: int
    ) -> OpenedProject:
        """For a worker: the document in the bytes of a project. Raises as `read_project` and `document_of` do."""
        project = read_project(path, data)
        document, journal, notes = document_of(project, place, budget, pixel_limit=pixel_limit, progress=progress)
        home = InProject(path, document.history.here())
        journal.in_project(home)
        return OpenedProject(document, journal, home, notes)

    def save(self, path: Path, then: Callable[[bool], None] | None = None) -> None:
        """Write the project in a job; `then(ok)`. An old file stands until the new one is whole.

        What is still being worked out comes first, and a try that is shown is accepted: what is to be seen is saved.
        """
        path = Path(path).absolute()
        saved = told_if_late(self._editor, path, then)
        self._editor.when_settled(lambda document: self._save(document, path, saved))

    def _save(self, document: Document, path: Path, then: Callable[[bool], None]) -> None:
        frozen, mask = FrozenHistory(document), document.mask.freeze()
        guides, predicted = document.guides, document.predicted
        kept, moment = document.kept, document.history.here()

        def work(progress: Progress) -> int:
            account = frozen.read(progress.part(READING_SHARE))
            marked = Marked(mask.take(), guides, predicted)
            return write_project(path, kept, account, marked, progress.part(1 - READING_SHARE))

        def done(_bytes: int) -> None:
            self._editor.files.remember(path)
            if self._editor.document is document:
                self._home = InProject(path, moment)
                self._editor.files.tell_journal(lambda journal: journal.in_project(InProject(path, moment)))
            self._editor.said(Message(_("Saved as “{name}”.").format(name=path.name)))
            then(True)

        def failed() -> None:
            frozen.release()
            mask.release()
            then(False)

        label = _("Save “{name}”").format(name=path.name)
        self._editor.work.run(label, work, done, failed=failed, bound=False, kept=True)

    def save_recipe(self, path: Path) -> None:
        """Write what was done as a recipe, in a job."""
        self._editor.when_settled(lambda document: self._save_recipe(document, Path(path).absolute()))

    def _save_recipe(self, document: Document, path: Path) -> None:
        frozen = FrozenHistory(document)

        def work(progress: Progress) -> Recipe:
            account = frozen.read(progress)
            end = (account.end.height, account.end.width)
            recipe = Recipe(account.deeds[0].size if account.deeds else end, steps_of(account.deeds))
            write_recipe(recipe, path)
            return recipe

        def done(recipe: Recipe) -> None:
            count = len(recipe.steps)
            sentence = ngettext(
                "The recipe was written to “{name}”: {count} step.",
                "The recipe was written to “{name}”: {count} steps.",
                count,
            )
            self._editor.said(Message(sentence.format(name=path.name, count=count), painted_told(recipe)))

        self._editor.work.run(_("Save the recipe"), work, done, failed=frozen.release, bound=False, kept=True)


def painted_told(recipe: Recipe) -> str:
    """What has to be known of a recipe that holds pixels; "" for one that does not."""
    if not recipe.painted:
        return ""
    return ngettext(
        "{count} step was painted by hand: with it the recipe fits this picture alone.",
        "{count} steps were painted by hand: with them the recipe fits this picture alone.",
        recipe.painted,
    ).format(count=recipe.painted)
