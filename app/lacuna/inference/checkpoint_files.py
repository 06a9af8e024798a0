"""The files of a checkpoint, from what a person names, drops or has unpacked: files in any order, or their folder."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Sequence
from pathlib import Path

from lacuna.errors import UnreadableFile, UnsuitableWeights
from lacuna.i18n import _
from lacuna.inference.published import PUBLISHED

BESIDE_INDEX = re.compile(r"(.+)\.(?:data-\d{5}-of-\d{5}|meta)")  # TensorFlow's files that an index lists, or that add
NAMED = 6  # files that a sentence lists


def checkpoint_files(named: Sequence[Path]) -> tuple[Path, ...]:
    """Each file once, and for those of TensorFlow their index. Raises UnreadableFile or UnsuitableWeights."""
    files = [file for path in named for file in (_in_folder(path) if path.is_dir() else [_index_of(path)])]
    for file in files:
        if not file.is_file():
            raise UnreadableFile(_("{file} does not exist.").format(file=file))
    return tuple(dict.fromkeys(files))


def _index_of(path: Path) -> Path:
    beside = BESIDE_INDEX.fullmatch(path.name)
    return path.with_name(f"{beside[1]}.index") if beside else path


def _in_folder(folder: Path) -> list[Path]:
    """Its files that are called as generators were published: one of each."""
    patterns = dict.fromkeys(published.layout.file for published in PUBLISHED)
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise UnreadableFile(_("{file} does not exist.").format(file=folder), cause=error) from error
    found = {pattern: fnmatch.filter(names, pattern) for pattern in patterns}
    several = next((alike for alike in found.values() if len(alike) > 1), None)
    if several:
        raise UnsuitableWeights(
            _("{folder} holds several checkpoints: {names}.").format(folder=folder, names=", ".join(several[:NAMED])),
            hint=_("Name one of them."),
        )
    files = [folder / name for alike in found.values() for name in alike]
    if not files:
        raise UnsuitableWeights(
            _("{folder} holds no file that is called as weights were published.").format(folder=folder),
            hint=_("They are called {names}.").format(names=", ".join(patterns)),
        )
    return files
