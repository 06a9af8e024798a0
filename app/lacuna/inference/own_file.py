"""A model of ours as something to pass on, without graphs: those are made anew where it is imported.

It is one file, weights with the config and the card in the header; or the folder that a training leaves behind.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lacuna.contract import models
from lacuna.contract.model_config import CONFIG, ModelConfig
from lacuna.contract.models import CARD, LONGEST_CONFIG, TRAINED, WEIGHTS, Model
from lacuna.i18n import _
from lacuna.imaging.atomic import write_atomically
from lacuna.inference import safetensors_file
from lacuna.inference.stored import read_weights
from lacuna.inference.tensors import Array, Group, unreadable
from lacuna.networks.layout import NAMED

NOTE, CARD_NOTE, HASH_NOTE = "lacuna", "card", "sha256"  # of the header


@dataclass(frozen=True, eq=False)
class Own:
    """A model of ours that is not installed. `config` names no graphs and no hashes; `tensors` reads the numbers, and
    raises UnreadableFile if a bit of them is not as it was.
    """

    config: ModelConfig
    card: str
    tensors: Callable[[], dict[str, Array]]


def export(model: Model, path: Path, *, overwrite: bool = False) -> int:
    """Write the model to one file of safetensors; its length in bytes. Raises DamagedModel or CannotSave."""
    from safetensors.numpy import save

    models.verify(model)
    assert model.config is not None  # or it would not have been verified
    tensors = read_weights(model)
    config = dataclasses.replace(model.config, graphs={}, sha256={}, int8=None)
    notes = {NOTE: config.to_json(), CARD_NOTE: card(model), HASH_NOTE: _digest(tensors)}
    return write_atomically(path, [save(tensors, notes)], overwrite=overwrite)


def card(model: Model) -> str:
    """What the model's card says; "" if it has none."""
    return _card(model.folder)


def is_own(group: Group) -> bool:
    return NOTE in group.notes


def of_file(group: Group) -> Own:
    """What `export` wrote. Raises UnreadableFile for a config that no reader understands, or other tensors than its."""

    def tensors() -> dict[str, Array]:
        read = {key: group.read(key) for key in group.shapes}
        if _digest(read) != group.notes.get(HASH_NOTE):
            raise unreadable(group.files[0], _("its numbers are not what they were"))
        return read

    return Own(_config(group.notes[NOTE], group, group.files[0]), group.notes.get(CARD_NOTE, ""), tensors)


def folder_in(path: Path) -> Path | None:
    """The folder of a model of ours that a person means: itself, a file in it, or a training's; None if it is none."""
    if path.name in (CONFIG, WEIGHTS):
        path = path.parent
    parts = (CONFIG, WEIGHTS)
    return next((it for it in (path, path / TRAINED) if all((it / part).is_file() for part in parts)), None)


def of_folder(folder: Path) -> Own:
    """The model in a folder, whose graphs may be missing. Raises UnreadableFile as `of_file` does."""
    group = safetensors_file.group(folder / WEIGHTS)
    try:
        with (folder / CONFIG).open(encoding="utf-8") as file:
            text = file.read(LONGEST_CONFIG)
    except (OSError, ValueError) as error:
        raise unreadable(folder / CONFIG, error, error) from error
    config = _config(text, group, folder / CONFIG)

    def tensors() -> dict[str, Array]:
        read = {key: group.read(key) for key in group.shapes}
        if models.digest(folder / WEIGHTS) != ModelConfig.from_json(text).sha256.get(WEIGHTS):
            raise unreadable(folder / WEIGHTS, _("its numbers are not what they were"))
        return read

    return Own(config, _card(folder), tensors)


def _config(text: str, group: Group, path: Path) -> ModelConfig:
    """The config that `text` is, if it describes these tensors; `path` is where it stands."""
    from lacuna.networks import building

    try:
        read = ModelConfig.from_json(text)
        wanted = building.shapes(building.unfilled(read))
    except (ValueError, RecursionError) as error:
        raise unreadable(path, error, error) from error
    wrong = sorted(key for key in wanted.keys() | group.shapes.keys() if wanted.get(key) != group.shapes.get(key))
    if wrong:
        reason = _("it lacks what its network needs, or has what it does not: {keys}")
        raise unreadable(path, reason.format(keys=", ".join(wrong[:NAMED])))
    return dataclasses.replace(read, graphs={}, sha256={}, int8=None)


def _card(folder: Path) -> str:
    try:
        with (folder / CARD).open("rb") as file:
            return file.read(LONGEST_CONFIG).decode(errors="replace")
    except OSError:
        return ""


def _digest(tensors: Mapping[str, Array]) -> str:
    digest = hashlib.sha256()
    for key in sorted(tensors):
        digest.update(f"{key} {tensors[key].dtype} {tensors[key].shape}\n".encode())
        digest.update(tensors[key].tobytes())
    return digest.hexdigest()
