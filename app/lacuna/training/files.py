"""What a training leaves behind: weights in half precision for use, and its whole state for going on. Tensors alone.

Each file is written whole or not at all. The state lies in files of at most 15 MiB, since some machines give back no
larger ones; the last to be written names the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from lacuna.contract.model_config import CONFIG, ModelConfig
from lacuna.contract.models import WEIGHTS, digest
from lacuna.errors import InvalidParameter, UnreadableFile, UnsuitableWeights
from lacuna.i18n import _
from lacuna.imaging.atomic import write_atomically
from lacuna.training import growing

LARGEST = 15 << 20
STATE, STANDING = "state", "standing.json"


def write_weights(folder: Path, config: ModelConfig, parts: Mapping[str, Mapping[str, Tensor]]) -> None:
    """`weights.safetensors` and `config.json` in `folder`: the weights of each part behind its name."""
    folder.mkdir(parents=True, exist_ok=True)
    halves = {}
    for part, weights in parts.items():
        for key, value in weights.items():
            name = f"{part}.{key}" if part else key
            halves[name] = value.half().contiguous()
            if not bool(torch.isfinite(halves[name]).all()):
                raise InvalidParameter(_("The weights {name} are too large for half precision.").format(name=name))
    write_atomically(folder / WEIGHTS, [save(halves)])
    hashed = replace(config, sha256={WEIGHTS: digest(folder / WEIGHTS)})
    write_atomically(folder / CONFIG, [hashed.to_json().encode()])


def read_weights(folder: Path, wanted: ModelConfig) -> dict[str, Tensor]:
    """The weights of a folder, float32; raises UnsuitableWeights if they are of another network, width or start.

    Of a network that can be grown they may be of a smaller one (see `growing`).
    """
    try:
        found = ModelConfig.from_json((folder / CONFIG).read_text(encoding="utf-8"))
        weights = load_file(folder / WEIGHTS)
    except (OSError, ValueError, SafetensorError) as error:
        sentence = _("{path} cannot be read: {reason}.").format(path=folder, reason=error)
        raise UnreadableFile(sentence, cause=error) from error
    for name in ("network", "width", "start", "guided", "conventions", "sizes", "colours"):
        mine, theirs = getattr(wanted, name), getattr(found, name)
        if mine != theirs and not (name == "sizes" and growing.begins(wanted.network, theirs, mine)):
            sentence = _("The weights in {path} have {name} {theirs}, not {mine}.")
            raise UnsuitableWeights(sentence.format(path=folder, name=name, theirs=theirs, mine=mine))
    return {key: value.float() for key, value in weights.items()}


def write_state(out: Path, standing: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """The state of a run below `out`; the one before it is removed once this one is whole."""
    folder = out / STATE
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for number, some in enumerate(_portions(tensors)):
        names.append(f"{standing['step']:08d}-{number:02d}.safetensors")
        write_atomically(folder / names[-1], [save(some)])
    text = json.dumps({**standing, "files": names}, indent=2)
    write_atomically(folder / STANDING, [text.encode()])
    for path in folder.glob("*.safetensors"):
        if path.name not in names:
            with suppress(OSError):  # it only takes room
                path.unlink()


def read_state(out: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """What `write_state` wrote."""
    folder = out / STATE
    tensors: dict[str, Tensor] = {}
    try:
        standing = json.loads((folder / STANDING).read_text(encoding="utf-8"))
        for name in standing.pop("files"):
            tensors |= load_file(folder / name)
    except FileNotFoundError as error:
        sentence = _("There is no training in {path} to go on with.").format(path=out)
        raise UnreadableFile(sentence, hint=_("Begin one without --resume."), cause=error) from error
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        sentence = _("{path} cannot be read: {reason}.").format(path=folder, reason=error)
        raise UnreadableFile(sentence, cause=error) from error
    return standing, tensors


def has_state(out: Path) -> bool:
    return (out / STATE / STANDING).exists()


def _portions(tensors: Mapping[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    some: dict[str, Tensor] = {}
    size = 0
    for key, value in tensors.items():
        # A copy each: one tensor may be a view of another, which the format does not know.
        copied = value.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
        if some and size + copied.nbytes > LARGEST:
            yield some
            some, size = {}, 0
        some[key] = copied
        size += copied.nbytes
    if some:
        yield some
