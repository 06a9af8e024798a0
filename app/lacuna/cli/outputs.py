"""The file that a verb writes, and what is remembered and said around it: the same for every verb that writes one."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import typer

from lacuna.cli.main import say
from lacuna.engine import paces
from lacuna.engine.paces import Spent
from lacuna.errors import CannotSave, WouldReduce
from lacuna.i18n import _
from lacuna.imaging import files
from lacuna.imaging.photo import Photo
from lacuna.settings import Settings


def target(output: str | None, photo: Photo, *, overwrite: bool, written: Collection[Path] = ()) -> Path:
    """The file to write; in a folder, or beside the picture, `NAME_lacuna`, a free one unless that may be replaced.

    Nothing that was `written` by the same run is replaced. Raises CannotSave for a file that exists and is not to be
    replaced. A folder has to be there: see `made_folder`.
    """
    taken = written.__contains__ if overwrite else os.path.exists
    if output is None:
        return files.proposed_path(photo, taken)
    path = Path(output)
    if path.is_dir():
        return files.proposed_path(photo, taken, folder=path)
    refuse_existing(path, overwrite=overwrite)
    return path


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Raise CannotSave for a file that is there and is not to be replaced."""
    if path.exists() and not overwrite:
        sentence = _("{path} exists already.").format(path=path)
        raise CannotSave(sentence, hint=_("Give another name, or allow it to be replaced with --overwrite."))


def is_picture(output: str) -> bool:
    """By its name: then it was meant as a file, and not as a folder that is still to be made."""
    return not Path(output).is_dir() and Path(output).suffix.lower() in files.WRITABLE


@contextmanager
def made_folder(output: str | Path | None, *, several: bool = False) -> Iterator[None]:
    """The folder of an output, made if it is not there; it goes again if nothing was written into it.

    An output is a folder itself by a stroke at its end, or since it is for `several` files. Raises CannotSave.
    """
    named = "" if output is None else str(output)
    wanted = Path(named) / "file" if several or named.endswith(("/", os.sep)) else Path(named)
    made: list[Path] = []
    try:
        for folder in reversed(wanted.parents):
            if not os.path.exists(folder):
                _make(folder)
                made.append(folder)
        yield
    finally:
        for folder in reversed(made):
            with suppress(OSError):  # there is something in it
                folder.rmdir()


def _make(folder: Path) -> None:
    try:
        folder.mkdir()
    except OSError as error:
        sentence = _("The folder {path} cannot be made: {reason}.")
        reason = error.strerror or str(error)
        raise CannotSave(sentence.format(path=folder, reason=reason), _("Name another one."), error) from error


@contextmanager
def naming_the_option() -> Iterator[None]:
    """Below the command line nobody knows what the permission that is missing is called here."""
    try:
        yield
    except WouldReduce as error:
        hint = " ".join((error.hint, _("The option for that is --allow-reduce.")))
        raise WouldReduce(error.sentence, hint, error) from error


def pixel_limit(*, allow_large: bool) -> int:
    return files.NO_LIMIT if allow_large else files.PIXEL_LIMIT


def remembered() -> Settings:
    """What the program remembers; what could not be read of it is told."""
    settings = Settings.load()
    for problem in settings.problems:
        say(problem)
    return settings


def remember(spent: Mapping[str, Spent]) -> None:
    """The paces, for the next estimate, also the window's."""
    settings = remembered()
    known = dict(settings.paces)
    paces.remember(settings.paces, spent)
    if settings.paces != known:
        with suppress(CannotSave):  # then the next estimate is as rough as this one was
            settings.save()


def print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
