"""ONNX files that pick objects by clicks made into a model: one graph, or a decoder with its encoder."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from lacuna.contract import models
from lacuna.contract.graph_config import GRAPH
from lacuna.contract.models import Model
from lacuna.contract.picker_config import PICKER_CONFIG, PickerConfig
from lacuna.contract.progress import Progress
from lacuna.errors import InvalidParameter, UnsuitableWeights
from lacuna.i18n import _
from lacuna.inference import onnx_file
from lacuna.inference.picker import POINTS, Picker
from lacuna.inference.tensors import unreadable
from lacuna.inference.whole_folder import written_whole

ENCODER = "encoder.onnx"
SIDE = 1024  # pixels: at which SAM and its kin were trained


def takes_points(paths: Sequence[Path]) -> bool:
    """Is one of these ONNX files a graph that is told points? Raises UnreadableFile."""
    return any(_told_points(path) for path in paths)


def install(
    paths: Sequence[Path], said: Mapping[str, str], name: str, progress: Progress, *, replace: bool = False
) -> Model:
    """Write the folder of the model, which is there whole or not at all; `said` may have its `side` and `range`.

    Raises UnreadableFile, UnsupportedFormat, UnsuitableWeights for files that are no such network, InvalidParameter
    for what is `said` and for a name that cannot be, CannotSave, and Cancelled.
    """
    models.refuse_name(name, replace=replace)
    graph = next(path for path in paths if _told_points(path))
    encoders = [path for path in paths if path != graph]
    if len(encoders) > 1:
        raise UnsuitableWeights(
            _("A network that picks objects is one ONNX file, or two: one of them sees the picture.")
        )
    progress.at(0.0, _("Writing"))
    with written_whole(models.own_folder() / name, replace=replace) as folder:
        digests: dict[str, str] = {}
        for source, target in ((graph, GRAPH), *((encoder, ENCODER) for encoder in encoders)):
            for file in (source, *onnx_file.beside(source)):
                progress.check()
                copy = folder / (target if file == source else file.name)
                shutil.copyfile(file, copy)
                digests[copy.name] = models.digest(copy)
        config = _config(graph, bool(encoders), said, digests)
        Picker(Model(name, folder, None, picker=config), config, 1)  # refuses what does not fit
        (folder / PICKER_CONFIG).write_text(config.to_toml(), encoding="utf-8")
    return models.model(name)


def _config(graph: Path, encoded: bool, said: Mapping[str, str], digests: Mapping[str, str]) -> PickerConfig:
    odd = sorted(said.keys() - {"side", "range"})
    if odd:
        raise InvalidParameter(_("A network that picks objects has no “{name}”.").format(name=odd[0]))
    try:
        return PickerConfig(
            title=graph.stem,
            encoder=ENCODER if encoded else "",
            side=int(said.get("side", SIDE)),
            range=said.get("range", "imagenet" if encoded else "0..1"),
            source=graph.name,
            sha256=digests,
        )
    except ValueError as error:
        raise InvalidParameter(_("That cannot be: {reason}.").format(reason=error)) from error


def _told_points(path: Path) -> bool:
    try:
        return POINTS.encode() in path.read_bytes()
    except OSError as error:
        raise unreadable(path, error.strerror or error, error) from error
