"""What an evaluation writes: rows while it runs, means at its end, sheets of pictures page by page."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

from lacuna.cli.tables import Row
from lacuna.errors import CannotSave, UnsupportedFormat
from lacuna.i18n import _
from lacuna.imaging import files
from lacuna.imaging.contact_sheet import Cell, ContactSheet
from lacuna.imaging.photo import Photo

MARKDOWN, CSV = ".md", ".csv"


@dataclass(frozen=True)
class Targets:
    """The files that were asked for. `append`: rows go on behind those that are there."""

    csv: Path | None
    summary: Path | None
    sheet: Path | None
    overwrite: bool
    append: bool = False

    def refuse_unsuitable(self) -> None:
        """What would otherwise show after an hour. Raises CannotSave and UnsupportedFormat."""
        for target in (self.csv, self.summary, self.sheet):
            if target is not None:
                self._refuse_existing(target)
                if not target.absolute().parent.is_dir():
                    sentence = _("There is no folder {path}.").format(path=target.parent)
                    raise CannotSave(sentence, hint=_("Make it first, or give another name."))
        if self.sheet is not None and self.sheet.suffix.lower() not in files.WRITABLE:
            sentence = _("{path}: Lacuna does not write such files.").format(path=self.sheet)
            raise UnsupportedFormat(sentence, hint=_("Give the sheet's name an ending such as .png or .jpg."))
        if self.summary is not None and self.summary.suffix.lower() not in (MARKDOWN, CSV):
            sentence = _("{path}: Lacuna does not write such files.").format(path=self.summary)
            raise UnsupportedFormat(sentence, hint=_("Give the summary's name the ending .md or .csv."))

    @contextmanager
    def rows(self, columns: Sequence[str]) -> Iterator[Callable[[Row], None]]:
        """Writes each row at once, so that what was measured before Ctrl+C is kept."""
        if self.csv is None:
            yield lambda row: None
            return
        with _writable(self.csv, "a" if self.append else "w") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore")
            if not file.tell():
                writer.writeheader()

            def write_row(row: Row) -> None:
                writer.writerow(row)
                file.flush()

            yield write_row

    @contextmanager
    def rows_of_pictures(self) -> Iterator[Callable[[Sequence[Cell]], None]]:
        """Draws each row of cells; further pages are FILE-2, FILE-3."""
        if self.sheet is None:
            yield lambda cells: None
            return
        sheet, target, pages = ContactSheet(), self.sheet, 0

        def finish_page() -> None:
            nonlocal pages
            pages += 1
            path = target if pages == 1 else target.with_stem(f"{target.stem}-{pages}")
            self._refuse_existing(path)
            files.write(Photo(pixels=sheet.page()), path, overwrite=self.overwrite)

        def draw(cells: Sequence[Cell]) -> None:
            sheet.add(cells)
            if sheet.full:
                finish_page()

        yield draw
        if not sheet.empty:
            finish_page()

    def summarise(self, means: Sequence[Row], columns: Sequence[str], markdown: Callable[[Sequence[Row]], str]) -> None:
        if self.summary is None or not means:
            return
        with _writable(self.summary) as file:
            if self.summary.suffix.lower() == MARKDOWN:
                file.write(markdown(means))
                return
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(means)

    def _refuse_existing(self, target: Path) -> None:
        if target.exists() and not self.overwrite and not self.append:
            sentence = _("{path} exists already.").format(path=target)
            raise CannotSave(sentence, hint=_("Give another name, or allow it to be replaced with --overwrite."))


def _writable(path: Path, mode: Literal["w", "a"] = "w") -> TextIO:
    try:
        return path.open(mode, encoding="utf-8", newline="")
    except OSError as error:
        sentence = _("{path} cannot be written: {reason}.").format(path=path, reason=error.strerror or error)
        raise CannotSave(sentence, _("Check the name and its permissions."), error) from error
