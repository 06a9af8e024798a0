"""A model's folder, written whole or not at all."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract import models
from lacuna.contract.models import CARD, CONFIG, WEIGHTS, ModelConfig
from lacuna.errors import UnsuitableWeights
from lacuna.i18n import _
from lacuna.imaging.atomic import cannot_save
from lacuna.inference.export import exported
from lacuna.inference.graph_files import shipped


def save(
    folder: Path, config: ModelConfig, tensors: Mapping[str, NDArray[Any]], *, card: str = "", replace: bool = False
) -> ModelConfig:
    """Write the weights, the graphs and the config of a model; what the config says now, with graphs and hashes.

    `tensors` are those of `networks.building.shapes`, put into `config.dtype`; `card` is the text of the model card.
    Needs torch, onnx and onnxscript. Raises UnsuitableWeights where a number is none or too large for the dtype,
    CannotSave for what the disk refuses or if there is such a folder and it may not be replaced, and ValueError for
    other keys or shapes.
    """
    from safetensors.numpy import save_file

    from lacuna.networks import building

    parts = building.built(config)
    misfits = building.misfitting(parts, tensors)
    if misfits:
        raise ValueError(f"other weights: {', '.join(misfits)}")
    stored = {key: _stored(key, values, config.dtype) for key, values in tensors.items()}
    graphs = shipped(config) or exported(config, parts)
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        temporary.mkdir(parents=True)
        save_file(stored, temporary / WEIGHTS)
        files = {name: f"{name}.onnx" for name in graphs}
        for name, graph in graphs.items():
            (temporary / files[name]).write_bytes(graph)
        if card:
            (temporary / CARD).write_text(card, encoding="utf-8")
        digests = {file.name: models.digest(file) for file in sorted(temporary.iterdir())}
        written = dataclasses.replace(config, graphs=files, sha256=digests)
        (temporary / CONFIG).write_text(written.to_json(), encoding="utf-8")
        _put(temporary, folder, replace)
    except OSError as error:
        raise cannot_save(folder, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return written


def _stored(key: str, values: NDArray[Any], dtype: str) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        stored = np.ascontiguousarray(values, dtype)
    if not np.isfinite(stored).all():
        raise UnsuitableWeights(
            _("The weights “{key}” hold numbers that are none, or too large for {dtype}.").format(key=key, dtype=dtype)
        )
    return stored


def _put(temporary: Path, folder: Path, replace: bool) -> None:
    """Rename it to its name; an old folder stands until the last moment, and again if that fails."""
    if folder.exists() and not replace:
        raise FileExistsError(errno.EEXIST, "exists", str(folder))
    old = folder.with_name(f"{temporary.name}.old")
    with contextlib.suppress(FileNotFoundError):
        os.rename(folder, old)
    try:
        os.rename(temporary, folder)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            os.rename(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
