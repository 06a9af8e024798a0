"""What the window asks about files: which to open, where to save, and never to lose work without a word."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog

from lacuna import paths
from lacuna.document.document import Document
from lacuna.document.project_file import ENDING
from lacuna.editor.values import Message, Misfit
from lacuna.errors import LacunaError, PictureTooLarge
from lacuna.i18n import _
from lacuna.imaging.formats import READABLE

if TYPE_CHECKING:
    from lacuna.ui.main_window import MainWindow


class Files:
    """The dialogs around `editor.open` and `editor.save`. `given` are the files named at the start, in their order."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._editor = window.editor
        self._asked: Path | None = None  # the file being opened, in case it turns out too large
        self.given: list[Path] = []

    # --- open --------------------------------------------------------------------------------------------------------
    def ask_open(self) -> None:
        """Let the person choose pictures or projects; several become the list that next and previous go through."""
        chosen, _kind = QFileDialog.getOpenFileNames(self._window, _("Open picture"), self._folder(), _openable())
        if chosen:
            self.open([Path(c) for c in chosen])

    def open(self, files: Sequence[Path]) -> None:
        """Open the first of `files`, after asking about unsaved work."""
        if not files:
            return
        given = [f.absolute() for f in files]

        def go() -> None:
            if len(given) > 1 or given[0] not in self.given:
                self.given = given if len(given) > 1 else []
            self._open(given[0])

        self.leave(go)

    def _open(self, path: Path, *, allow_large: bool = False) -> None:
        self._asked = path
        folder = self._editor.settings.last_folder

        def opened() -> None:
            if path.is_relative_to(paths.resources()):  # a sample: dialogs go on beginning where the person's files are
                self._editor.settings.last_folder = folder
            self._window.recent_changed()

        self._editor.open(path, opened, allow_large=allow_large)

    def refused(self, error: LacunaError) -> bool:
        """An opening failed: a picture that is only too large can be allowed once. True if that was asked."""
        if not isinstance(error, PictureTooLarge) or self._asked is None:
            return False
        from lacuna.ui.dialogs.question import too_large

        path = self._asked

        def allow() -> None:
            self.leave(lambda: self._open(path, allow_large=True))

        too_large(error.sentence, error.hint, allow, self._window).open()
        return True

    def has_step(self, step: int) -> bool:
        """Could there be a next (+1) or previous (-1) picture? The folder is looked at only when asked to go there."""
        here = self._here()
        if here is None:
            return False
        if here in self.given:
            return 0 <= self.given.index(here) + step < len(self.given)
        return True

    def step(self, step: int) -> None:
        """The next or previous of the files given, else of the folder."""
        here = self._here()
        if here in self.given:
            there = self.given.index(here) + step
            self._step_to(self.given[there] if 0 <= there < len(self.given) else None, step)
        else:
            self._editor.files.folder.neighbour(step, lambda target: self._step_to(target, step))

    def _step_to(self, target: Path | None, step: int) -> None:
        if target is not None:
            self.leave(lambda: self._open(target))
            return
        last = _("This is the last picture of the folder.")
        self._window.say(Message(last if step > 0 else _("This is the first picture of the folder.")))

    def close(self) -> None:
        """Close the picture, after asking about unsaved work."""
        self.leave(self._editor.close)

    def leave(self, then: Callable[[], object], discard: Callable[[], object] | None = None) -> None:
        """Go on with `then` once unsaved work is saved, or with `discard` (else `then` too) once it is given up."""
        if not self._editor.unsaved:
            then()
            return

        def saved() -> None:
            self.leave(then, discard)  # asks again if a fill was put in while the file was written

        if self._editor.settings.preferences.save_without_asking:
            self.save(saved)
            return
        from lacuna.ui.dialogs.question import unsaved

        def save(always: bool) -> None:
            if always:
                self._window.prefer("save_without_asking", True)
            self.save(saved)

        unsaved(self._window.picture_name(), save, discard or then, self._window).open()

    # --- save --------------------------------------------------------------------------------------------------------
    def save(self, then: Callable[[], object] | None = None) -> None:
        """Save the project that it belongs to, or where it was saved before, or ask; `then()` if that went well."""
        if self._editor.projects.path is not None:
            self._save_project(self._editor.projects.path, then)
        elif self._editor.save_path is not None:
            self._save(self._editor.save_path, self._editor.save_quality, then)
        elif self._editor.settings.preferences.save_without_asking and then is not None:
            self._save(self.proposed(), None, then, overwrite=False)
        else:
            self.ask_save(then)

    def ask_save(self, then: Callable[[], object] | None = None) -> None:
        """The page with name, folder, format and quality."""
        document = self._editor.document
        if document is None:
            return
        from lacuna.ui.dialogs.save_picture import SavePicture

        SavePicture(
            self.proposed(),
            document.header,
            8 * document.photo.pixels.itemsize,
            document.alpha is not None,
            lambda path, quality: self._save(path, quality, then),
            self._window,
            sides=document.shape,
        ).open()

    def _save(
        self, path: Path, quality: int | None, then: Callable[[], object] | None, *, overwrite: bool = True
    ) -> None:
        # What the format cannot hold stood on the page that was confirmed; a proposed name loses nothing.
        saved = self._once_saved(then)
        self._editor.save(path, saved, quality=quality, allow_reduce=True, overwrite=overwrite)

    def _once_saved(self, then: Callable[[], object] | None) -> Callable[[bool], None]:
        """For who saves: `then()` follows if it went well."""

        def saved(well: bool) -> None:
            if well:
                self._window.recent_changed()
                if then is not None:
                    then()

        return saved

    def proposed(self) -> Path:
        """What the editor proposes: beside the source, or where dialogs begin if nothing can be written there."""
        here = self._here()
        beside = here is not None and not here.is_relative_to(paths.resources()) and os.access(here.parent, os.W_OK)
        return self._editor.proposed_path(None if beside else Path(self._folder()))

    # --- projects and recipes ----------------------------------------------------------------------------------------
    def ask_save_project(self) -> None:
        """Choose a name; from then on the picture belongs to that project."""
        document = self._editor.document
        if document is None:
            return
        target = self._editor.projects.path or self._beside(document, "{name}" + ENDING)
        path = self._named(_("Save project"), target, _("Lacuna project (*.lacuna)"), ENDING)
        if path is not None:
            self._save_project(path)

    def _save_project(self, path: Path, then: Callable[[], object] | None = None) -> None:
        self._editor.projects.save(path, self._once_saved(then))

    def ask_save_recipe(self) -> None:
        document = self._editor.document
        if document is None:
            return
        target = self._beside(document, _("{name}_recipe.json"))
        path = self._named(_("Save recipe"), target, _("Lacuna's recipes (*.json)"), ".json")
        if path is not None:
            self._editor.projects.save_recipe(path)

    def _named(self, title: str, proposed: Path, kinds: str, ending: str) -> Path | None:
        """Let the person name a file, whose ending may be left out; None if the dialog is closed.

        The system asks before a file is replaced, but by the name that was typed: where the ending makes it another one
        that is there, the dialog comes again with that, and asks.
        """
        while True:
            chosen, _kind = QFileDialog.getSaveFileName(self._window, title, str(proposed), kinds)
            if not chosen:
                return None
            typed = Path(chosen)
            if typed.suffix.lower() == ending:
                return typed
            proposed = typed.with_name(typed.name + ending)
            if not proposed.exists():
                return proposed

    # --- masks -------------------------------------------------------------------------------------------------------
    def ask_import_mask(self) -> None:
        chosen, _kind = QFileDialog.getOpenFileName(self._window, _("Import a mask"), self._folder(), _pictures())
        if chosen:
            self.import_mask(Path(chosen))

    def import_mask(self, path: Path) -> None:
        """Take a file as the mask; one of another size is asked about."""
        self._editor.import_mask(path, self.ask_fit)

    def ask_mark(self) -> None:
        """Let the person choose a file that shows a mark, which is then looked for."""
        chosen, _kind = QFileDialog.getOpenFileName(
            self._window, _("Find the mark of a file"), self._folder(), _pictures()
        )
        if chosen:
            self._editor.marks.find_file(Path(chosen))

    def ask_fit(self, misfit: Misfit) -> None:
        """Let the person choose what to do with a mask of another size."""
        from lacuna.ui.dialogs.mask_size import MaskSize
        from lacuna.ui.pictures import mask_image, small_image

        document = self._editor.document
        assert document is not None
        picture = small_image(document.photo.pixels, document.header.white)
        MaskSize(
            misfit.mask_size,
            misfit.picture_size,
            picture,
            mask_image(misfit.preview),
            self._window.canvas.mask_colour,
            misfit.put,
            self._window,
        ).open()

    def ask_export_mask(self) -> None:
        document = self._editor.document
        if document is None:
            return
        target = self._beside(document, _("{name}_mask.png"))
        path = self._named(_("Export the mask"), target, _("PNG, lossless (*.png)"), ".png")
        if path is not None:
            self._editor.export_mask(path)

    # --- guides ------------------------------------------------------------------------------------------------------
    def ask_import_guides(self) -> None:
        kinds = ";;".join((_("Guides (*.json *.svg *.png)"), _("All files (*)")))
        chosen, _kind = QFileDialog.getOpenFileName(self._window, _("Import guides"), self._folder(), kinds)
        if chosen:
            self._editor.guides.import_file(Path(chosen))

    def ask_export_guides(self) -> None:
        document = self._editor.document
        if document is None:
            return
        target = self._beside(document, _("{name}_guides.json"))
        forms = {
            ".json": _("Lacuna's guides (*.json)"),
            ".svg": _("Drawing (*.svg)"),
            ".png": _("PNG, lines alone (*.png)"),
        }
        chosen, kind = QFileDialog.getSaveFileName(
            self._window, _("Export the guides"), str(target), ";;".join(forms.values())
        )
        if chosen:
            path = Path(chosen)
            ending = next((ending for ending, words in forms.items() if words == kind), ".json")
            self._editor.guides.export(path if path.suffix.lower() in forms else path.with_name(path.name + ending))

    def _beside(self, document: Document, pattern: str) -> Path:
        """Where to propose to write what belongs to the picture: `pattern` with its name, where it would be saved."""
        proposed, source = self.proposed(), document.header.path
        return proposed.with_name(pattern.format(name=source.stem if source else proposed.stem))

    # --- sessions ----------------------------------------------------------------------------------------------------
    def forget_recent(self) -> None:
        self._editor.settings.recent = []
        self._window.recent_changed()

    def _here(self) -> Path | None:
        """The file that is open, as it was given: of a project that, else the picture."""
        project = self._editor.projects.path
        if project in self.given:
            return project
        document = self._editor.document
        path = document.header.path if document is not None else None
        return path.absolute() if path is not None else None

    def _folder(self) -> str:
        """Where dialogs begin: the folder used last, else the person's pictures."""
        last = self._editor.settings.last_folder
        if last and Path(last).is_dir():
            return last
        pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        return pictures if pictures and Path(pictures).is_dir() else str(Path.home())


def _pictures() -> str:
    """The filters of a dialog that opens a picture."""
    return ";;".join((_("Pictures ({pattern})").format(pattern=_patterns(READABLE)), _("All files (*)")))


def _openable() -> str:
    """Those of one that opens a picture or a project."""
    pattern = _patterns((*READABLE, ENDING))
    return ";;".join(
        (
            _("Pictures and projects ({pattern})").format(pattern=pattern),
            _("Lacuna project (*.lacuna)"),
            _("All files (*)"),
        )
    )


def _patterns(suffixes: Iterable[str]) -> str:
    return " ".join(f"*{suffix} *{suffix.upper()}" for suffix in suffixes)
