"""Which photos a model was trained on and shown with, and whom they are owed to: by the tables of the data folder."""

from __future__ import annotations

import csv
import html
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

OCTAL = re.compile(r"(?:\\[0-7]{3})+")  # how some tables write the bytes of letters beyond ASCII
FREE = "open"  # the class whose photos may be used for anything, with credit

CREDITS = """# Credits of the photos

Weights that ship with Lacuna were trained on photos among these, reduced and cropped: they are of the class `open`,
whose licences allow any use. No photo is part of a file of weights. The cards of the models say what else was used.

{lists}
"""

STATEMENTS = {
    FREE: "`open`: public domain, CC0, MIT or CC BY, stated for each photo; credits in [CREDITS.md](../CREDITS.md).",
    "stock": "`stock`: the Unsplash or the Pexels licence. The terms of service of both restrict machine learning, so "
    "these photos are not free for training in the strict sense.",
    "copyleft": "`copyleft`: CC BY-SA, GFDL or GPL. Whether weights inherit such terms is not settled.",
    "research": "`research`: Trained partly on pictures released for research or non-commercial use only; the pictures "
    "themselves are not part of the weights file. Check your own obligations before commercial use.",
}


@dataclass(frozen=True)
class Photo:
    folder: str
    file: str
    kind: str  # class of licence
    licence: str
    credit: str

    @property
    def source(self) -> str:
        return self.file.split("-")[0 if self.folder == "train" else 1].removesuffix(".webp")


def photos(data: Path) -> tuple[Photo, ...]:
    """All of the table."""
    return tuple(
        Photo(row["folder"], row["file"], row["class"], row["licence"], _plain(row["credit"]))
        for row in _rows(data / "licences.csv")
    )


def trained_on(data: Path, classes: Sequence[str], count: int) -> tuple[Photo, ...]:
    """The photos of a training on these classes, if they are so many: of the packs `photos-*` or `sr-*`, or of all."""
    packs = {row["file"]: row["shard"] for row in _rows(data / "train" / "manifest.csv")}
    chosen = [photo for photo in photos(data) if photo.folder == "train" and photo.kind in classes]
    for pack in ("photos-", "sr-", ""):
        some = tuple(photo for photo in chosen if packs[photo.file].startswith(pack))
        if len(some) == count:
            return some
    raise SystemExit(f"The classes {', '.join(classes)} have {len(chosen)} photos; the training had {count}.")


def sources(data: Path, chosen: Iterable[Photo]) -> list[str]:
    """A line for each source of these photos: its name, repository, photos and licences."""
    repositories = {row["source"]: row["repository"] for row in _rows(data / "train" / "sources.csv")}
    found: dict[str, Counter[str]] = {}
    for photo in chosen:
        found.setdefault(photo.source, Counter())[photo.licence] += 1
    return [
        f"`{name}` (from {repositories[name]}): {licences.total()} photos; {', '.join(sorted(licences))}"
        for name, licences in sorted(found.items(), key=lambda item: -item[1].total())
    ]


def credits(data: Path) -> str:
    """The text of CREDITS.md: every photo of the class `open` in the packs, by licence."""
    lines: dict[str, Counter[str]] = {}
    for photo in photos(data):
        if photo.folder == "train" and photo.kind == FREE:
            lines.setdefault(photo.licence, Counter())[photo.credit] += 1
    lists = []
    for licence, owed in sorted(lines.items()):
        entries = [
            f"- {credit}" + (f" ({count} photos)" if count > 1 else "") for credit, count in sorted(owed.items())
        ]
        lists.append("\n".join((f"## {licence}: {owed.total()} photos", "", *entries)))
    return CREDITS.format(lists="\n\n".join(lists))


def _plain(credit: str) -> str:
    """As it should be read: some come out of web pages or listings with their letters written otherwise.

    >>> _plain(r"Adri\\303\\241n &#x27;A&#x27;  B")
    "Adrián 'A' B"
    """
    text = OCTAL.sub(lambda found: bytes(int(n, 8) for n in found[0].split("\\")[1:]).decode(), html.unescape(credit))
    return " ".join(text.split())


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
