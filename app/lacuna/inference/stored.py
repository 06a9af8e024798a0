"""The numbers of a model as they lie on disk."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from numpy.typing import NDArray

from lacuna.contract.models import WEIGHTS, Model
from lacuna.contract.precision import INT8_WEIGHTS
from lacuna.errors import DamagedModel
from lacuna.i18n import _

MADE_OF = "made_of"  # in the header of `INT8_WEIGHTS`


def read_weights(model: Model, keys: Collection[str] | None = None) -> dict[str, NDArray[Any]]:
    """The weights by key, in the dtype of the file: all, or these.

    Raises DamagedModel for a file that is none of safetensors, or does not have them.
    """
    from safetensors import SafetensorError, safe_open
    from safetensors.numpy import load_file

    try:
        if keys is None:
            return load_file(model.weights)
        with safe_open(model.weights, "numpy") as file:
            return {key: file.get_tensor(key) for key in keys}
    except (SafetensorError, OSError, ValueError) as error:
        raise damaged(model, _("{file} cannot be read").format(file=model.weights.name), error) from error


def read_int8(model: Model) -> dict[str, NDArray[Any]]:
    """What the graphs in 8 bits have of their own, by key.

    Raises DamagedModel as `read_weights` does, and for what was made of other weights than those beside it.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(model.folder / INT8_WEIGHTS, "numpy") as file:
            made_of = (file.metadata() or {}).get(MADE_OF)
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no mapping)
    except (SafetensorError, OSError, ValueError) as error:
        raise damaged(model, _("{file} cannot be read").format(file=INT8_WEIGHTS), error) from error
    if made_of != model.sha256.get(WEIGHTS):
        raise damaged(model, _("{file} does not fit its weights").format(file=INT8_WEIGHTS))
    return tensors


def packed_int8(tensors: Mapping[str, NDArray[Any]], weights: str) -> bytes:
    """The content of that file; `weights` is the SHA-256 of those that the graphs were made of."""
    from safetensors.numpy import save

    return save(dict(tensors), {MADE_OF: weights})


def damaged(model: Model, reason: str, cause: Exception | None = None) -> DamagedModel:
    """The error for a folder whose hashes are right and whose content is not."""
    sentence = _("The model “{model}” cannot be used: {reason}.").format(model=model.name, reason=reason)
    return DamagedModel(sentence, hint=_("Remove it and import it anew."), cause=cause)
