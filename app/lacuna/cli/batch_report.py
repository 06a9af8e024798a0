"""The table of a batch: a row for each file, written as they finish; a run that goes on keeps those of the last."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lacuna.cli.batch_telling import COLUMNS
from lacuna.cli.reports import Targets
from lacuna.engine.batch.run import State
from lacuna.errors import CannotSave
from lacuna.i18n import _
from lacuna.imaging.atomic import write_atomically

# What a row of an earlier run may say of a file that needs nothing now: its row says more than a new one could.
SAME = {State.SKIPPED: (State.DONE, State.SKIPPED), State.NOTHING: (State.NOTHING,)}


class BatchReport:
    """A table in a file, or none without a `path`. `resume`: the rows that are there stay, but for files done anew."""

    def __init__(self, path: Path | None, *, overwrite: bool, resume: bool) -> None:
        self._path, self._resume = path, resume
        self._targets = Targets(path, None, None, overwrite, append=resume)

    def refuse_unsuitable(self) -> None:
        """Raises CannotSave for a file that may not be replaced, or is no table of a batch and would be added to."""
        self._targets.refuse_unsuitable()
        self._earlier()

    @contextmanager
    def rows(self) -> Iterator[Callable[[Mapping[str, Any]], None]]:
        """Writes each row behind the others at once; in the end, also by Ctrl+C, a file has one row, its last."""
        earlier = self._earlier()
        self._merge()  # a line that was cut off would go on with the next
        with self._targets.rows(COLUMNS) as append:

            def write(row: Mapping[str, Any]) -> None:
                before = earlier.get(_key(row))
                if before is None or not _says_the_same(before, row):
                    append(dict(row))

            try:
                yield write
            finally:
                self._merge()

    def _earlier(self) -> dict[str, dict[str, str]]:
        """The last row of each file, by the file. Raises CannotSave."""
        if self._path is None or not self._resume or not self._path.exists():
            return {}
        try:
            with self._path.open(encoding="utf-8", newline="") as file:
                reader = csv.DictReader(file)
                if reader.fieldnames is None or list(reader.fieldnames) == list(COLUMNS):
                    return {_key(row): row for row in reader}
        except (OSError, ValueError, csv.Error):
            pass  # not text, or not to be read: no table of ours either
        sentence = _("{path} is no report of a batch, and nothing is added to it.").format(path=self._path)
        raise CannotSave(sentence, _("Give another name."))

    def _merge(self) -> None:
        if self._path is None or not self._resume:
            return
        rows, text = self._earlier(), io.StringIO(newline="")
        writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows.values())
        write_atomically(self._path, [text.getvalue().encode()])


def _key(row: Mapping[str, Any]) -> str:
    return os.path.realpath(row["file"])


def _says_the_same(before: Mapping[str, str], row: Mapping[str, Any]) -> bool:
    """Whether the row of an earlier run tells what came of a file that was finished then."""
    state = State(row["state"])
    settled = not row.get("seconds")  # nobody has worked on it now
    return settled and before["state"] in SAME.get(state, ()) and before["result"] == row["result"]
