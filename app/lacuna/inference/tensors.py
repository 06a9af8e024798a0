"""Tensors in files of others, by name and shape, whatever the form of the file: nothing is read before it is asked for.

A file is never run, and never trusted: what is a file of weights is told by its first bytes, and each form has a reader
of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from lacuna.errors import UnreadableFile, UnsupportedFormat
from lacuna.i18n import _

Array = NDArray[Any]
Shape = tuple[int, ...]

MOST_TENSORS = 100_000
MOST_AXES = 32


@dataclass(frozen=True)
class Group:
    """Tensors that belong together: those of one network, which `files` hold under `name` ("" if there is but one).

    `read` gives one of them as it is stored, and raises UnreadableFile if it is not whole. `notes` are texts that
    stand beside them.
    """

    name: str
    files: tuple[Path, ...]
    shapes: Mapping[str, Shape]
    read: Callable[[str], Array]
    notes: Mapping[str, str] = field(default_factory=dict)


def groups(path: Path) -> tuple[Group, ...]:
    """What a file holds. Raises UnreadableFile, UnsupportedFormat, or UnsuitableWeights for a file with code in it."""
    from lacuna.inference import pytorch_file, safetensors_file, sorted_table, tensorflow_checkpoint

    try:
        with path.open("rb") as file:
            start = file.read(16)
            file.seek(-min(len(sorted_table.MAGIC), file.seek(0, 2)), 2)
            end = file.read()
    except OSError as error:
        raise unreadable(path, error.strerror or str(error), error) from error
    if end == sorted_table.MAGIC:
        return (tensorflow_checkpoint.group(path),)
    if start[8:9] == b"{":
        return (safetensors_file.group(path),)
    if start.startswith(pytorch_file.STARTS):
        return pytorch_file.groups(path)
    raise UnsupportedFormat(
        _("{file} is no file of weights that Lacuna can read.").format(file=path.name),
        hint=_("It reads PyTorch's .pt and .pth, TensorFlow's .index with its .data files, and .safetensors."),
    )


def unreadable(path: Path, reason: object, cause: BaseException | None = None) -> UnreadableFile:
    """The error for people: which file, and what is wrong with it."""
    return UnreadableFile(
        _("{file} cannot be read: {reason}.").format(file=path.name, reason=reason),
        hint=_("Fetch the file again; it may have been cut off on its way."),
        cause=cause,
    )


def is_whole(shape: Shape, itemsize: int, size: int) -> bool:
    """Whether so many bytes are an array of this shape: no more is ever made of a file than it holds."""
    return len(shape) <= MOST_AXES and 0 < size == math.prod(shape) * itemsize
