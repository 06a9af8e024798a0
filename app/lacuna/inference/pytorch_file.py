"""Files of `torch.save`, tensors alone: a pickle may name any function, and what would be called is refused instead."""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lacuna.errors import UnsuitableWeights
from lacuna.i18n import _
from lacuna.inference.tensors import MOST_TENSORS, Array, Group, unreadable

if TYPE_CHECKING:
    from torch import Tensor

ZIP = b"PK\x03\x04"
STARTS = (ZIP, b"\x80")  # of a file since PyTorch 1.6, and of a bare pickle before
ASKED_FOR = re.compile(r"GLOBAL (\S+)")  # in what torch says of a pickle: the function or class that it named


def groups(path: Path) -> tuple[Group, ...]:
    """A dictionary of tensors, or one of such dictionaries, as trainings save them; what else is in it is left.

    Raises UnreadableFile, or UnsuitableWeights for a file that would have to be run.
    """
    found = tuple(_groups(path, _loaded(path)))
    if not found:
        raise UnsuitableWeights(
            _("{file} holds no tensors under names.").format(file=path.name),
            hint=_("Choose the file of a generator, as it was published."),
        )
    return found


def _loaded(path: Path) -> Any:
    import torch

    try:
        # Numbers stay in the file until they are read, which an archive before PyTorch 1.6 does not allow.
        mapped = _is_plain_archive(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of kinds that old files name
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError as error:
        asked = ASKED_FOR.search(str(error))
        if asked is None:
            raise unreadable(path, _("it is damaged"), error) from error
        raise UnsuitableWeights(
            _("{file} is refused: it holds more than numbers ({name}), and reading that would run code.").format(
                file=path.name, name=asked[1]
            ),
            hint=_("Choose a file that holds tensors alone."),
        ) from error
    except OSError as error:
        raise unreadable(path, error.strerror or error, error) from error
    except Exception as error:  # a damaged pickle may make torch stumble anywhere
        raise unreadable(path, _("it is damaged"), error) from error


def _is_plain_archive(path: Path) -> bool:
    """False for a bare pickle. Raises ValueError for an archive whose parts are compressed: torch writes none."""
    with path.open("rb") as file:
        if file.read(len(ZIP)) != ZIP:
            return False
    with zipfile.ZipFile(path) as archive:
        if any(part.compress_type != zipfile.ZIP_STORED for part in archive.infolist()):
            raise ValueError("compressed")
    return True


def _groups(path: Path, content: Any) -> Iterator[Group]:
    if not isinstance(content, Mapping):
        return
    for name, part in (("", content), *content.items()):
        tensors = _tensors(path, part)
        if tensors and isinstance(name, str):
            yield _group(path, name, tensors)


def _tensors(path: Path, part: Any) -> dict[str, Tensor]:
    from torch import Tensor, strided

    if not isinstance(part, Mapping) or len(part) > MOST_TENSORS:
        return {}
    return {
        key: value.detach()
        for key, value in part.items()
        if isinstance(key, str) and isinstance(value, Tensor) and value.layout == strided and value.device.type == "cpu"
    }


def _group(path: Path, name: str, tensors: Mapping[str, Tensor]) -> Group:
    def read(key: str) -> Array:
        tensor = tensors[key]
        # A tensor may repeat what it stores without end.
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise unreadable(path, _("{key} is larger than what is stored").format(key=key))
        return (tensor.float() if tensor.is_floating_point() else tensor).numpy()

    return Group(name, (path,), {key: tuple(tensor.shape) for key, tensor in tensors.items()}, read)
