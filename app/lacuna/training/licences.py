"""Photos chosen by what may be done with them: a table `licences.csv` beside them sorts each into a class.

Its columns are `file` and `class`, and `folder` where it lies above several folders; it may have others.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from lacuna.errors import InvalidParameter, UnreadableFile
from lacuna.i18n import _

TABLE = "licences.csv"
NAMED = 6  # files that a sentence lists


class Choice:
    """The photos of some `classes`; of no class at all: every photo, listed or not."""

    def __init__(self, classes: Sequence[str]) -> None:
        self._classes = frozenset(classes)
        self._tables: dict[Path, Mapping[str, str]] = {}
        self._known: set[str] = set()
        self._unlisted: list[str] = []

    def takes(self, folder: Path, file: str) -> bool:
        """Whether this photo is one of them. Raises UnreadableFile without a table; what no table knows is told at the
        end.
        """
        if not self._classes:
            return True
        if folder not in self._tables:
            self._tables[folder], known = _listed(folder.resolve())
            self._known |= known
        listed = self._tables[folder]
        if file not in listed:
            self._unlisted.append(file)
            return False
        return listed[file] in self._classes

    def require_all_known(self) -> None:
        """Raise InvalidParameter for a class that none of the tables has, in whatever folder; and UnreadableFile,
        naming them, if there were photos of which the table says nothing.
        """
        unknown = self._classes - self._known
        if self._tables and unknown:
            sentence = _("The photos in {path} have no licence class {names}.")
            sentence = sentence.format(path=", ".join(map(str, self._tables)), names=", ".join(sorted(unknown)))
            raise InvalidParameter(sentence, hint=_("There are: {names}.").format(names=", ".join(sorted(self._known))))
        if self._unlisted:
            names = ", ".join(self._unlisted[:NAMED]) + (" …" if len(self._unlisted) > NAMED else "")
            sentence = _("{table} does not list {count} of the photos: {names}.")
            raise UnreadableFile(
                sentence.format(table=TABLE, count=len(self._unlisted), names=names),
                hint=_("Enter them, or take them away: of a photo that is not listed nobody knows what it allows."),
            )


def _listed(folder: Path) -> tuple[Mapping[str, str], frozenset[str]]:
    """The class of each file in `folder` that has one, by the table in it or in the folder above; all its classes."""
    path = next((place / TABLE for place in (folder, folder.parent) if (place / TABLE).is_file()), None)
    if path is None:
        sentence = _("There is no {table} in {path}, nor in the folder above.").format(table=TABLE, path=folder)
        raise UnreadableFile(sentence, hint=_("Without --licences all photos are taken."))
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file, strict=True) if row["class"]]
        here = {row["file"]: row["class"] for row in rows if row.get("folder", folder.name) == folder.name}
        return here, frozenset(row["class"] for row in rows)
    except (OSError, ValueError, csv.Error, KeyError) as error:
        reason = _("it has no column {name}").format(name=error) if isinstance(error, KeyError) else error
        sentence = _("{path} cannot be read: {reason}.").format(path=path, reason=reason)
        raise UnreadableFile(sentence, cause=error) from error
