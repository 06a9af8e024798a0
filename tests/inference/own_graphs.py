"""Tiny ONNX graphs of others: they fill a hole by the mean colour around it, in every form that such graphs come in.

As a trained network they expect their own range: what leaves it is cut off, and half of each fill is middle grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from lacuna.contract.graph_config import RANGES

OPSET = helper.make_opsetid("", 17)
GREY = (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class Form:
    """How a graph wants its inputs; the words are those of `GraphReading`. `size` is (height, width), None = free."""

    layout: str = "nchw"
    mask_layout: str = "nchw"
    range: str = "-1..1"
    mask_range: str = "0..1"
    output_range: str = ""
    ones: str = "hole"
    channels: str = ""  # "image-mask" or "mask-image": one input
    dtype: int = TensorProto.FLOAT
    mask_dtype: int = TensorProto.FLOAT
    size: tuple[int, int] | None = None
    names: tuple[str, str] = ("image", "mask")
    mask_first: bool = False
    blanked_white: bool = False  # it trusts that the hole is white
    colours: str = "rgb"
    prior: tuple[float, float, float] = GREY  # the colour that it knows from its training
    multiple: int = 1


@dataclass
class Builder:
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def of(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def number(self, values: Any, dtype: Any = np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(values, dtype), name))
        return name


def write(path: Path, form: Form) -> Path:
    """The graph of this form."""
    made = Builder()
    image, mask = form.names
    picture, hole = _inputs(made, form, image, mask)
    low, high = RANGES[form.range]
    shown = made.of("Div", made.of("Sub", picture, made.number(low)), made.number(high - low))
    shown = made.of("Clip", shown, made.number(0.0), made.number(1.0))
    known = made.of("Sub", made.number(1.0), hole)
    axes = made.number([2, 3], np.int64)
    total = made.of("ReduceSum", made.of("Mul", shown, known), axes)
    mean = made.of("Div", total, made.of("ReduceSum", known, axes))
    half = made.number(0.5)
    prior = made.number(np.array(form.prior)[None, :, None, None] / 2)
    fill = made.of("Add", made.of("Mul", mean, half), prior)
    if form.blanked_white:
        stands = made.of(
            "Div", made.of("ReduceSum", made.of("Mul", shown, hole), axes), made.of("ReduceSum", hole, axes)
        )
        fill = made.of("Add", fill, made.of("Sub", stands, made.number(1.0)))
    result = made.of("Add", made.of("Mul", shown, known), made.of("Mul", fill, hole))
    if form.multiple > 1:
        result = _by_blocks(made, result, form.multiple)
    low, high = RANGES[form.output_range or form.range]
    result = made.of("Add", made.of("Mul", result, made.number(high - low)), made.number(low))
    if form.layout[-1] == "c":
        result = made.of("Transpose", result, perm=[0, 2, 3, 1])
    if form.dtype == TensorProto.UINT8:
        result = made.of("Round", result)
    made.nodes.append(helper.make_node("Cast", [result], ["filled"], to=form.dtype))
    height, width = form.size or ("height", "width")
    lengths = {"n": 1, "h": height, "w": width}
    channels = 4 if form.channels else 3
    inputs = [helper.make_tensor_value_info(image, form.dtype, [{**lengths, "c": channels}[a] for a in form.layout])]
    if not form.channels:
        shape = [{**lengths, "c": 1}[axis] for axis in form.mask_layout]
        inputs.append(helper.make_tensor_value_info(mask, form.mask_dtype, shape))
    output = helper.make_tensor_value_info("filled", form.dtype, [None] * 4)
    return save(path, made, inputs[::-1] if form.mask_first else inputs, [output])


def save(path: Path, made: Builder, inputs: Sequence[Any], outputs: Sequence[Any], **rest: Any) -> Path:
    graph = helper.make_graph(made.nodes, "graph", list(inputs), list(outputs), made.constants)
    model = helper.make_model(graph, opset_imports=[OPSET, *rest.pop("domains", [])], ir_version=8)
    onnx.save_model(model, str(path), **rest)
    return path


def simple(path: Path, make: Any, **rest: Any) -> Path:
    """A graph with the usual two inputs of any size, whose output is what `make(builder)` names, as "filled"."""
    made = Builder()
    made.nodes.append(helper.make_node("Identity", [make(made)], ["filled"]))
    inputs = [
        helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, "h", "w"]),
        helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1, 1, "h", "w"]),
    ]
    output = helper.make_tensor_value_info("filled", TensorProto.FLOAT, [None] * 4)
    return save(path, made, inputs, [output], **rest)


def expected(image: NDArray[Any], hole: NDArray[np.bool_], form: Form) -> NDArray[np.float32]:
    """What the graph paints, right inside the hole, for a picture in [0, 1]."""
    prior = np.array(form.prior[:: 1 if form.colours == "rgb" else -1])
    return np.asarray(np.where(hole[..., None], image[~hole].mean(axis=0) / 2 + prior / 2, image), np.float32)


def _inputs(made: Builder, form: Form, image: str, mask: str) -> tuple[str, str]:
    """The picture and the hole as planes (1, c, h, w) of floats; the hole is 1."""
    picture = _planes(made, image, form.layout)
    if form.channels:
        order = ("image", "mask") if form.channels == "image-mask" else ("mask", "image")
        sizes = made.number([3 if name == "image" else 1 for name in order], np.int64)
        made.nodes.append(helper.make_node("Split", [picture, sizes], [f"{name}_part" for name in order], axis=1))
        picture, plane = "image_part", "mask_part"
    else:
        plane = _planes(made, mask, form.mask_layout)
    off, on = RANGES[form.mask_range]
    hole = made.of("Div", made.of("Sub", plane, made.number(off)), made.number(on - off))
    return picture, hole if form.ones == "hole" else made.of("Sub", made.number(1.0), hole)


def _planes(made: Builder, name: str, layout: str) -> str:
    plane = made.of("Cast", name, to=TensorProto.FLOAT)
    if "n" not in layout:
        plane = made.of("Unsqueeze", plane, made.number([0], np.int64))
    if "c" not in layout:
        plane = made.of("Unsqueeze", plane, made.number([1], np.int64))
    return made.of("Transpose", plane, perm=[0, 3, 1, 2]) if layout[-1] == "c" else plane


def _by_blocks(made: Builder, result: str, multiple: int) -> str:
    """Something that is nothing, but fails where the sides are no multiple."""
    small = made.of("AveragePool", result, kernel_shape=[multiple] * 2, strides=[multiple] * 2)
    large = made.of("Resize", small, "", made.number([1, 1, multiple, multiple]), mode="nearest")
    return made.of("Add", result, made.of("Mul", large, made.number(0.0)))
