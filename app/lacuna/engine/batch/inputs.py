"""Which pictures a batch is of: files, folders and patterns become a list, each file once."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lacuna.errors import LacunaError, UnreadableFile
from lacuna.i18n import _
from lacuna.imaging import files


@dataclass(frozen=True)
class Input:
    """A file of the batch: `path`, and the `place` of its result below the folder for results."""

    path: Path
    place: Path

    @cached_property
    def original(self) -> str:
        """The file itself, by whatever link or way it was named."""
        return os.path.realpath(self.path)


@dataclass(frozen=True)
class Gathered:
    """The inputs in order, what was named and cannot be looked into: (what, why), and what was named but is `used`."""

    inputs: tuple[Input, ...]
    problems: tuple[tuple[str, LacunaError], ...] = ()
    used: tuple[Path, ...] = ()


def gathered(
    named: Sequence[str],
    *,
    recursive: bool = False,
    results: Path | None = None,
    spared: Collection[Path] = (),
    used: Collection[Path] = (),
    heard: Callable[[int], object] = lambda _count: None,
) -> Gathered:
    """The pictures that files, folders and patterns (`*`, `?`, `[...]`, `**`) name, in the order of naming.

    A folder gives its pictures, by the natural order of their names, `recursive` those of the folders in it as well,
    but not of the folder for `results`: each at its place in that folder, or in one of its name where several are
    named. Files that are `spared`, such as the results of an earlier run, are never inputs: a shell's pattern names
    them too. Neither are those that are `used`, such as the mask, under whatever name; those are told. A file that is
    named and is not there is an input as well: its failure is told as any other. `heard(count)` is told before each
    folder and after each file how many there are so far, and may raise to stop: a folder on the net may take minutes.
    """
    collected = _Collected(recursive, results, spared, used, heard, keeps_names=recursive and len(named) > 1)
    for word in named:
        try:
            collected.take(word)
        except LacunaError as error:
            collected.problems.append((word, error))
    return Gathered(tuple(collected.inputs.values()), tuple(collected.problems), tuple(collected.met))


class _Collected:
    def __init__(
        self,
        recursive: bool,
        results: Path | None,
        spared: Collection[Path],
        used: Collection[Path],
        heard: Callable[[int], object],
        *,
        keeps_names: bool,
    ) -> None:
        self.heard = heard
        self.keeps_names = keeps_names
        self.recursive = recursive
        self.results = None if results is None else os.path.realpath(results)
        self.spared = {_place(path) for path in spared}
        self.used = {os.path.realpath(path) for path in used}
        self.met: dict[Path, None] = {}  # of the used
        self.inputs: dict[str, Input] = {}
        self.problems: list[tuple[str, LacunaError]] = []

    def take(self, word: str) -> None:
        path = Path(word)
        if os.path.isdir(path):  # as a Path it would raise for a name that is too long, or in a closed folder
            self._folder(path, Path(path.resolve().name) if self.keeps_names else Path())
        elif os.path.exists(path) or not glob.has_magic(word):
            self._file(path, Path(path.name))
        else:
            self._pattern(word)

    def _file(self, path: Path, place: Path) -> None:
        found = Input(path, place)
        if found.original in self.used:
            self.met[path] = None
        elif _place(path) not in self.spared:
            self.inputs.setdefault(found.original, found)
        self.heard(len(self.inputs))

    def _pattern(self, word: str) -> None:
        found = [Path(name) for name in glob.glob(word, recursive=True)]
        if not found:
            raise UnreadableFile(_("Nothing has a name like {pattern}.").format(pattern=word), _("Check the pattern."))
        for path in sorted(found, key=lambda path: files.natural_key(str(path))):
            if os.path.isdir(path):
                if self.recursive:
                    self._folder(path, Path(path.name))
            else:
                self._file(path, Path(path.name))

    def _folder(self, folder: Path, place: Path) -> None:
        self.heard(len(self.inputs))
        for path in files.in_folder(folder):
            self._file(path, place / path.name)
        if not self.recursive:
            return
        for inner in self._inner(folder):
            try:
                self._folder(inner, place / inner.name)
            except LacunaError as error:  # one closed folder does not keep the others
                self.problems.append((str(inner), error))

    def _inner(self, folder: Path) -> list[Path]:
        """The folders in one; links to folders may lead round in a circle, and are not followed."""
        with os.scandir(folder) as entries:
            found = [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
        return sorted(
            (path for path in found if not path.name.startswith(".") and os.path.realpath(path) != self.results),
            key=lambda path: files.natural_key(path.name),
        )


def _place(path: Path) -> str:
    """Where a file lies; of a link, where the link does."""
    return os.path.join(os.path.realpath(path.parent), path.name)
