"""What results are called: as their originals where they can, and never as anything that is there already."""

from __future__ import annotations

import os
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
    used = {_folded(path) for path in before.values()} | {_folded(Path(found.original)) for found in inputs}
    for found in inputs:
        path = before.get(found.original)
        if path is None:
            path = _free(folder / found.place, lambda path: _folded(path) in used or taken(path))
            used.add(_folded(path))
        names[found.original] = path
    return names


def with_format(path: Path, kind: str) -> Path:
    """The name of a result in the format `kind`: with a further ending where its own stands for another format.

    Further, since `a.gif` and `a.png` must not become one file.
    """
    return path if WRITABLE.get(path.suffix.lower()) == kind else path.with_name(f"{path.name}{SUFFIX[kind]}")


def _free(path: Path, used: Taken) -> Path:
    if not _used(path, used):
        return path
    number = 1
    while True:
        tail = "_lacuna" if number == 1 else f"_lacuna-{number}"
        candidate = path.with_stem(f"{path.stem}{tail}")
        if not _used(candidate, used):
            return candidate
        number += 1


def _used(path: Path, used: Taken) -> bool:
    """Whether a name, in whichever format it will be, is another's."""
    return used(path) or any(used(path.with_name(f"{path.name}{suffix}")) for suffix in SUFFIX.values())


def _folded(path: Path) -> str:
    """How a file system that ignores case, as those of Windows and macOS, would know it."""
    return os.path.realpath(path).casefold()
