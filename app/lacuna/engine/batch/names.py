"""What results are called: as their originals where they can, and never as anything that is there already."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from lacuna.engine.batch.inputs import Input
from lacuna.imaging.formats import SUFFIX, WRITABLE

Taken = Callable[[Path], bool]


def named(
    inputs: Iterable[Input],
    folder: Path,
    *,
    before: Mapping[str, Path],
    taken: Taken = os.path.lexists,
) -> dict[str, Path]:
    """The file that each input's result is written to, by its `original`; no two are the same on any file system.

    `before` are names that an earlier run gave, which stay. Else it is the input's own name below `folder`; where that
    is `taken` or another's, with `_lacuna`, `_lacuna-2` and so on behind its stem.
    """
    inputs = list(inputs)
    names: dict[str, Path] = {}
    used = {_folded(found.original) for found in inputs}
    used.update(*map(_known_as, before.values()))
    for found in inputs:
        if found.original in before:
            names[found.original] = before[found.original]
            continue
        names[found.original] = _free(folder / found.place, used, taken)
        used |= _known_as(names[found.original])
    return names


def with_format(path: Path, kind: str) -> Path:
    """The name of a result in the format `kind`: with a further ending where its own stands for another format.

    Further, since `a.gif` and `a.png` must not become one file.
    """
    return path if WRITABLE.get(path.suffix.lower()) == kind else path.with_name(f"{path.name}{SUFFIX[kind]}")


def _free(path: Path, used: set[str], taken: Taken) -> Path:
    number, candidate = 0, path
    while not used.isdisjoint(_known_as(candidate)) or any(map(taken, _as_written(candidate))):
        number += 1
        candidate = path.with_stem(f"{path.stem}_lacuna" if number == 1 else f"{path.stem}_lacuna-{number}")
    return candidate


def _as_written(path: Path) -> list[Path]:
    """All that `with_format` may make of a name."""
    return [path, *(path.with_name(f"{path.name}{suffix}") for suffix in SUFFIX.values())]


def _known_as(path: Path) -> set[str]:
    """The same as `_folded` knows them."""
    folded = _folded(path)
    return {folded, *(f"{folded}{suffix}" for suffix in SUFFIX.values())}


def _folded(path: Path | str) -> str:
    """How a file system that ignores case and how accents are put together, as that of macOS, would know it."""
    return unicodedata.normalize("NFC", os.path.realpath(path).casefold())
