"""Files of safetensors: a header of names and shapes, and the numbers behind it. Nothing in them can be run."""

from __future__ import annotations

from pathlib import Path

from lacuna.inference.tensors import Array, Group, unreadable


def group(path: Path) -> Group:
    """The tensors of the file, which stays where it is until they are read. Raises UnreadableFile."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            shapes = {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118 (no mapping)
            notes = file.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        raise unreadable(path, error, error) from error

    def read(key: str) -> Array:
        try:
            with safe_open(path, "np") as file:
                return file.get_tensor(key)
        except (SafetensorError, OSError, ValueError, TypeError, AttributeError) as error:  # numpy lacks some kinds
            raise unreadable(path, error, error) from error

    return Group("", (path,), shapes, read, notes)
