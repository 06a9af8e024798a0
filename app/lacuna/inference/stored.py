"""The numbers of a model as they lie on disk."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from numpy.typing import NDArray

from lacuna.contract.models import Model
from lacuna.errors import DamagedModel
from lacuna.i18n import _


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


def damaged(model: Model, reason: str, cause: Exception) -> DamagedModel:
    """The error for a folder whose hashes are right and whose content is not."""
    sentence = _("The model “{model}” cannot be used: {reason}.").format(model=model.name, reason=reason)
    return DamagedModel(sentence, hint=_("Remove it and import it anew."), cause=cause)
