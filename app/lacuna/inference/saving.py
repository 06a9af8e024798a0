"""A model of ours, written: its weights, its graphs, and the config with their hashes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract import models
from lacuna.contract.model_config import CONFIG, ModelConfig
from lacuna.contract.models import CARD, WEIGHTS
from lacuna.errors import UnsuitableWeights
from lacuna.i18n import _
from lacuna.inference.export import exported
from lacuna.inference.graph_files import shipped
from lacuna.inference.whole_folder import written_whole


def save(
    folder: Path, config: ModelConfig, tensors: Mapping[str, NDArray[Any]], *, card: str = "", replace: bool = False
) -> ModelConfig:
    """Write the weights, the graphs and the config of a model; what the config says now, with graphs and hashes.

    `tensors` are those of `networks.building.shapes`, put into `config.dtype`; `card` is the text of the model card.
    Needs torch, onnx and onnxscript. Raises UnsuitableWeights where a number is none or too large for the dtype,
    CannotSave for what the disk refuses or if there is such a folder and it may not be replaced, and ValueError for
    other keys or shapes.
    """
    from safetensors.numpy import save as packed

    from lacuna.networks import building

    misfits = building.misfitting(building.unfilled(config), tensors)
    if misfits:
        raise ValueError(f"other weights: {', '.join(misfits)}")
    stored = {key: _stored(key, values, config.dtype) for key, values in tensors.items()}
    graphs = shipped(config) or exported(config, building.built(config))
    with written_whole(folder, replace=replace) as temporary:
        (temporary / WEIGHTS).write_bytes(packed(stored))
        files = {name: f"{name}.onnx" for name in graphs}
        for name, graph in graphs.items():
            (temporary / files[name]).write_bytes(graph)
        if card:
            (temporary / CARD).write_text(card, encoding="utf-8")
        digests = {file.name: models.digest(file) for file in sorted(temporary.iterdir())}
        written = dataclasses.replace(config, graphs=files, sha256=digests, int8=None)
        (temporary / CONFIG).write_text(written.to_json(), encoding="utf-8")
    return written


def _stored(key: str, values: NDArray[Any], dtype: str) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        stored = np.ascontiguousarray(values, dtype)
    if not np.isfinite(stored).all():
        raise UnsuitableWeights(
            _("The weights “{key}” hold numbers that are none, or too large for {dtype}.").format(key=key, dtype=dtype)
        )
    return stored
