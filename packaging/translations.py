"""Collects the texts for people from the code, brings every catalogue up to date and compiles it. Needs Babel.

    python packaging/translations.py               all catalogues
    python packaging/translations.py new LANG      begin another language, such as de or pt_BR

Texts are the first arguments of `_` and `N_` and the first two of `ngettext`. What is new stands untranslated in the
catalogue, what is gone disappears; nothing is guessed from similar texts.
"""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
CODE = ROOT / "app" / "lacuna"
FOLDER = ROOT / "resources" / "translations"
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
UNDATED = datetime(2000, 1, 1, tzinfo=UTC)
NOT_KEPT = tuple(
    f'"{name}:'.encode()
    for name in (
        "Project-Id-Version", "Report-Msgid-Bugs-To", "POT-Creation-Date", "PO-Revision-Date", "Last-Translator",
        "Language-Team", "Generated-By",
    )
)  # fmt: skip


def collected(code: Path = CODE) -> Catalog:
    """All texts in the code, each with the files it stands in."""
    catalogue = Catalog(project="Lacuna", domain="lacuna", fuzzy=False)
    found = extract_from_dir(
        code, [("**.py", "python")], keywords=KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
    )
    for name, _line, text, comments, context in sorted(found, key=lambda item: (item[0], item[1])):
        # Without line numbers: else every change of code would change every catalogue.
        catalogue.add(text, locations=[(f"app/lacuna/{name}", None)], auto_comments=comments, context=context)
    return catalogue


def catalogues() -> dict[str, Path]:
    """The .po file of each language."""
    return {path.parent.parent.name: path for path in sorted(FOLDER.glob("*/LC_MESSAGES/lacuna.po"))}


def read(path: Path, language: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="lacuna")


def compiled(catalogue: Catalog) -> bytes:
    """The .mo file of a catalogue."""
    catalogue.creation_date = catalogue.revision_date = UNDATED
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def written(catalogue: Catalog) -> bytes:
    """The .po file of a catalogue, without dates and tools in its header: equal texts are equal files."""
    out = io.BytesIO()
    write_po(out, catalogue, width=120, ignore_obsolete=True)
    return b"".join(line for line in out.getvalue().splitlines(keepends=True) if not line.startswith(NOT_KEPT))


def header(language: str) -> str:
    return f"# Lacuna, {language}. Edit this file, then run `make translations`."


def update(path: Path, language: str, texts: Catalog) -> int:
    """Bring one catalogue up to date and compile it; returns how many texts wait for a translation."""
    catalogue = read(path, language)
    catalogue.update(texts, no_fuzzy_matching=True)
    catalogue.header_comment = header(language)
    path.write_bytes(written(catalogue))
    path.with_suffix(".mo").write_bytes(compiled(read(path, language)))
    return sum(not (any(m.string) if isinstance(m.string, tuple) else m.string) for m in catalogue if m.id)


def begin(language: str) -> Path:
    """An empty catalogue for another language."""
    path = FOLDER / language / "LC_MESSAGES" / "lacuna.po"
    if path.exists():
        raise SystemExit(f"{path.relative_to(ROOT)} is there already.")
    path.parent.mkdir(parents=True)
    path.write_bytes(written(Catalog(locale=language, project="Lacuna", domain="lacuna", fuzzy=False)))
    return path


def main() -> None:
    if sys.argv[1:2] == ["new"] and len(sys.argv) == 3:
        begin(sys.argv[2])
    elif sys.argv[1:]:
        raise SystemExit(__doc__)
    texts = collected()
    texts.header_comment = "# Lacuna: the texts, made by `make translations`."
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "lacuna.pot").write_bytes(written(texts))
    for language, path in catalogues().items():
        missing = update(path, language, texts)
        print(f"{language}: {len(texts)} texts, {missing or 'none'} without a translation")


if __name__ == "__main__":
    main()
