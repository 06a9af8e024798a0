"""A model of ours as one file to pass on: its weights, and in their file's header its config and card.

The graphs are left out: they are made anew where it is imported.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from pathlib import Path

from lacuna.contract import models
from lacuna.contract.models import CARD, LONGEST_CONFIG, Model, ModelConfig
from lacuna.i18n import _
from lacuna.imaging.atomic import write_atomically
from lacuna.inference.stored import read_weights
from lacuna.inference.tensors import Array, Group, unreadable
from lacuna.networks.layout import NAMED

NOTE, CARD_NOTE, HASH_NOTE = "lacuna", "card", "sha256"  # of the header


def export(model: Model, path: Path, *, overwrite: bool = False) -> int:
    """Write the model to one file of safetensors; its length in bytes. Raises DamagedModel or CannotSave."""
    from safetensors.numpy import save

    models.verify(model)
    assert model.config is not None  # or it would not have been verified
    tensors = read_weights(model)
    config = dataclasses.replace(model.config, graphs={}, sha256={})
    notes = {NOTE: config.to_json(), CARD_NOTE: card(model), HASH_NOTE: _digest(tensors)}
    return write_atomically(path, [save(tensors, notes)], overwrite=overwrite)


def card(model: Model) -> str:
    """What the model's card says; "" if it has none."""
    try:
        with (model.folder / CARD).open("rb") as file:
            return file.read(LONGEST_CONFIG).decode(errors="replace")
    except OSError:
        return ""


def is_own(group: Group) -> bool:
    return NOTE in group.notes


def config(group: Group) -> ModelConfig:
    """The config in the file. Raises UnreadableFile for one that no reader understands or other tensors than its."""
    from lacuna.networks import building

    try:
        read = ModelConfig.from_json(group.notes[NOTE])
        wanted = building.shapes(building.unfilled(read))
    except (ValueError, RecursionError) as error:
        raise unreadable(group.files[0], error, error) from error
    wrong = sorted(key for key in wanted.keys() | group.shapes.keys() if wanted.get(key) != group.shapes.get(key))
    if wrong:
        reason = _("it lacks what its network needs, or has what it does not: {keys}")
        raise unreadable(group.files[0], reason.format(keys=", ".join(wrong[:NAMED])))
    return dataclasses.replace(read, graphs={}, sha256={})


def tensors(group: Group) -> dict[str, Array]:
    """The numbers in the file, compared with their hash. Raises UnreadableFile if a bit of them is not as it was."""
    read = {key: group.read(key) for key in group.shapes}
    if _digest(read) != group.notes.get(HASH_NOTE):
        raise unreadable(group.files[0], _("its numbers are not what they were"))
    return read


def _digest(tensors: Mapping[str, Array]) -> str:
    digest = hashlib.sha256()
    for key in sorted(tensors):
        digest.update(f"{key} {tensors[key].dtype} {tensors[key].shape}\n".encode())
        digest.update(tensors[key].tobytes())
    return digest.hexdigest()
