"""`lacuna models run`: one plain pass of a network, the way to look inside. No crop, no scaling, no composite."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import typer
from numpy.typing import NDArray

from lacuna.cli import outputs, runner
from lacuna.contract import models
from lacuna.contract.enlargement import Rule, by_factor
from lacuna.contract.fill import Needs, Runtime, SizeRule
from lacuna.contract.model_config import ENLARGING, ModelConfig
from lacuna.contract.models import Model
from lacuna.contract.progress import Progress
from lacuna.engine import device
from lacuna.engine.arrays import fill, size_mismatch
from lacuna.errors import CannotSave, InvalidParameter, UnsuitableMask
from lacuna.i18n import _
from lacuna.imaging import files, mask_file
from lacuna.imaging.atomic import refuse_unwritable, write_atomically
from lacuna.networks.positions import whole

GUIDE = 0.6  # from here on a pixel of a guide is a line, as DeepFill's program cuts it

NEEDS = Needs(devices=frozenset({"cpu", "cuda"}))


@dataclass(frozen=True)
class Order:
    """What was asked for, word by word as `verb_models.run_model` explains it."""

    name: str
    image: Path
    mask: Path | None
    factor: str
    guide: Path | None
    output: Path
    device: str
    overwrite: bool


def run(order: Order) -> None:
    """Carry the order out: usage is checked before any file is opened, the output before anything runs."""
    with outputs.made_folder(order.output):
        _carry_out(order)


def _carry_out(order: Order) -> None:
    from lacuna.inference.session import opened, opened_graph

    model = models.model(order.name)
    if model.picker is not None:
        raise InvalidParameter(
            _("“{model}” picks objects, and neither fills nor enlarges.").format(model=order.name),
            hint=_("Choose it in the window, among the options of the tool that picks objects."),
        )
    runtime = device.runtime_for(order.device, NEEDS if model.graph is None else Needs())
    if order.output.suffix.lower() != ".npz":
        raise InvalidParameter(_("{path} is no .npz file.").format(path=order.output))
    if order.output.exists() and not order.overwrite:
        sentence = _("{path} was not saved: a file of that name exists.").format(path=order.output)
        raise CannotSave(sentence, hint=_("Give another name, or allow it to be replaced with --overwrite."))
    refuse_unwritable(order.output, overwrite=order.overwrite)
    photo = files.read(order.image)
    image = np.asarray(photo.pixels, np.float32) / np.float32(photo.white)
    if model.config is not None and model.config.network in ENLARGING:
        _write(order, {"output": _enlarged(model, model.config, runtime, image, order)})
        return
    if order.mask is None or order.factor:
        raise InvalidParameter(_("“{model}” fills holes: give a --mask and no --factor.").format(model=order.name))
    hole = _hole(order.mask, image)
    guide = None if order.guide is None else _guide(order.guide, image)
    if model.config is not None and model.config.start == "membrane":
        image = fill(image, hole, "membrane", lines=False)

    def work(progress: Progress) -> Mapping[str, NDArray[Any]]:
        painter = opened(model, runtime) if model.graph is None else opened_graph(model, runtime)
        seen = padded(image, painter.size)
        lines = None if guide is None else padded(guide, painter.size)
        outcome = painter.paint(seen, padded(hole, painter.size), progress, guide=lines, stages=True)
        return {name: cut_back(stage, hole.shape, len(seen)) for name, stage in outcome.stages.items()}

    _write(order, runner.run(work))


def _enlarged(
    model: Model, config: ModelConfig, runtime: Runtime, image: NDArray[np.float32], order: Order
) -> NDArray[np.float32]:
    """The picture enlarged at once, with nothing cut off, in the network's own range."""
    from lacuna.inference.enlarging import WHITE
    from lacuna.inference.session import opened_enlarger

    if order.mask is not None or not order.factor:
        raise InvalidParameter(_("“{model}” enlarges: give a --factor and no --mask.").format(model=order.name))
    height, width, _channels = image.shape
    enlargement = by_factor(height, width, order.factor, Rule(config.conventions))
    if enlargement.down < 1:
        raise InvalidParameter(_("“{model}” makes no picture smaller.").format(model=order.name))

    def work(progress: Progress) -> NDArray[np.float32]:
        enlarger = opened_enlarger(model, runtime)
        features = enlarger.features(image, progress.part(0.5))
        return enlarger.points(features, whole(enlargement), progress.part(0.5)) * WHITE

    return runner.run(work)


def _write(order: Order, stages: Mapping[str, NDArray[Any]]) -> None:
    packed = io.BytesIO()
    arrays: dict[str, Any] = dict(stages)
    np.savez_compressed(packed, **arrays)
    write_atomically(order.output, [packed.getvalue()], overwrite=order.overwrite)
    typer.echo(order.output)


def padded(plane: NDArray[Any], size: SizeRule) -> NDArray[Any]:
    """With mirrored rows below and columns to the right, until the sides obey the rule; a mirrored hole is a hole."""
    add = [-(-max(side, size.minimum) // size.multiple) * size.multiple - side for side in plane.shape[:2]]
    return np.pad(plane, [(0, add[0]), (0, add[1]), *([(0, 0)] * (plane.ndim - 2))], mode="symmetric")


def cut_back(stage: NDArray[Any], small: tuple[int, ...], whole: int) -> NDArray[Any]:
    """A stage of the padded picture, `whole` rows high, without what was added; the smaller stages rounded up."""
    factor = whole // stage.shape[0]
    return stage[: -(-small[0] // factor), : -(-small[1] // factor)]


def _hole(path: Path, image: NDArray[Any]) -> NDArray[np.bool_]:
    hole = mask_file.read_mask(path) > 0
    if hole.shape != image.shape[:2]:
        raise size_mismatch(hole.shape, image.shape[:2])
    if not hole.any():
        raise UnsuitableMask(_("{mask} marks nothing.").format(mask=path))
    return hole


def _guide(path: Path, image: NDArray[Any]) -> NDArray[np.float32]:
    plane = mask_file.read_mask(path, soft=True)
    if plane.shape != image.shape[:2]:
        raise size_mismatch(plane.shape, image.shape[:2])
    return (plane / 255 > GUIDE).astype(np.float32)
