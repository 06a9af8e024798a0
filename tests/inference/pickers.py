"""Tiny networks that pick an object: what is coloured like the points inside of it, and unlike those outside.

They compute that from picture and points by ONNX's own operators, in the forms in which such networks are passed on.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from lacuna.contract.graph_config import GRAPH
from lacuna.contract.picker_config import PICKER_CONFIG, PickerConfig
from tests.inference.own_graphs import OPSET, Builder

ALIKE = 0.15  # of white: how far a colour may lie from the point's
ENCODER = "encoder.onnx"


def write(folder: Path, *, side: int = 64, encoder: bool = False, square: bool = False, sam: bool = False) -> Path:
    """A picker in `folder`: one graph, or two; `square` takes side x side alone; `sam` has the decoder's other inputs.

    The second of its two masks is the better by its own word; the first is the other way round.
    """
    folder.mkdir(parents=True)
    length = side if square else None
    made = Builder()
    inputs = [
        helper.make_tensor_value_info("point_coords", TensorProto.FLOAT, [1, None, 2]),
        helper.make_tensor_value_info("point_labels", TensorProto.FLOAT, [1, None]),
    ]
    picture = "image_embeddings" if encoder else "image"
    inputs.insert(0, helper.make_tensor_value_info(picture, TensorProto.FLOAT, [1, 3, length, length]))
    if sam:
        inputs += [
            helper.make_tensor_value_info("mask_input", TensorProto.FLOAT, [1, 1, 16, 16]),
            helper.make_tensor_value_info("has_mask_input", TensorProto.FLOAT, [1]),
            helper.make_tensor_value_info("orig_im_size", TensorProto.FLOAT, [2]),
        ]
    likely = _likely(made, picture)
    if sam:  # at the size of the picture alone, as SAM's decoder gives it
        size = made.of("Cast", "orig_im_size", to=TensorProto.INT64)
        likely = made.of("Slice", likely, made.number([0, 0], np.int64), size, made.number([2, 3], np.int64))
    masks = made.of("Concat", made.of("Neg", likely), likely, axis=1)
    made.nodes += [
        helper.make_node("Identity", [masks], ["masks"]),
        helper.make_node("Identity", [made.number([[0.2, 0.9]])], ["iou_predictions"]),
    ]
    outputs = [
        helper.make_tensor_value_info("masks", TensorProto.FLOAT, [1, 2, None, None]),
        helper.make_tensor_value_info("iou_predictions", TensorProto.FLOAT, [1, 2]),
    ]
    _save(folder / GRAPH, made, inputs, outputs)
    if encoder:
        seen = Builder()
        seen.nodes.append(helper.make_node("Identity", ["pixels"], ["embedded"]))
        given = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [1, 3, length, length])
        gives = helper.make_tensor_value_info("embedded", TensorProto.FLOAT, [1, 3, length, length])
        _save(folder / ENCODER, seen, [given], [gives])
    files = [GRAPH, *([ENCODER] if encoder else [])]
    digests = {file: hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in files}
    config = PickerConfig("Tiny picker", encoder=ENCODER if encoder else "", side=side, sha256=digests)
    (folder / PICKER_CONFIG).write_text(config.to_toml())
    return folder


def _likely(made: Builder, picture: str) -> str:
    """(1, 1, h, w): by how much the nearest colour of a point inside is nearer than `ALIKE` and than one outside."""
    places = made.of("Cast", made.of("Floor", "point_coords"), to=TensorProto.INT64)
    xs, ys = (made.of("Gather", places, made.number(i, np.int64), axis=2) for i in (0, 1))
    rows = made.of("Transpose", picture, perm=[0, 2, 3, 1])  # (1, h, w, 3)
    where = made.of("Concat", *(made.of("Unsqueeze", part, made.number([2], np.int64)) for part in (ys, xs)), axis=2)
    colours = made.of("GatherND", rows, where, batch_dims=1)  # (1, n, 3)
    apart = made.of(
        "Sub",
        made.of("Unsqueeze", rows, made.number([3], np.int64)),  # (1, h, w, 1, 3)
        made.of("Unsqueeze", colours, made.number([1, 2], np.int64)),  # (1, 1, 1, n, 3)
    )
    far = made.of("ReduceMax", made.of("Abs", apart), axes=[4], keepdims=0)  # (1, h, w, n)
    labels = made.of("Unsqueeze", "point_labels", made.number([1, 2], np.int64))
    nearest = {}
    for label in (1.0, 0.0):
        other = made.of("Not", made.of("Equal", labels, made.number(label)))
        beyond = made.of("Mul", made.of("Cast", other, to=TensorProto.FLOAT), made.number(9.0))
        nearest[label] = made.of("ReduceMin", made.of("Add", far, beyond), axes=[3], keepdims=0)  # (1, h, w)
    limit = made.of("Min", nearest[0.0], made.number(ALIKE))
    return made.of("Unsqueeze", made.of("Sub", limit, nearest[1.0]), made.number([1], np.int64))


def _save(path: Path, made: Builder, inputs: list[object], outputs: list[object]) -> None:
    graph = helper.make_graph(made.nodes, path.stem, inputs, outputs, made.constants)
    model = helper.make_model(graph, opset_imports=[OPSET], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
