"""Graphs in 8 bits, made of those in 32: convolutions alone, weights by channel, ranges as some pictures had them.

Such a graph shares what stays in 32 bits with the graph that it was made of, by the same keys in the same file. What is
new in it has keys of its own, for a second file: bytes in the place of weights, and their scales.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.models import WEIGHTS
from lacuna.contract.precision import INT8_WEIGHTS

Array = NDArray[Any]

# Channels that go into a convolution, and that come out of it: with fewer 8 bits take up to twice as long. So the first
# layer and the last stay as they are.
LEAST_CHANNELS = 16


def quantised(
    part: str, graph: bytes, weights: Mapping[str, Array], inputs: Iterable[Mapping[str, Array]]
) -> tuple[bytes, dict[str, Array]] | None:
    """The graph in 8 bits and its own numbers by key; None for a graph with no convolution to gain by. Needs onnx.

    `weights` are those of the model as they lie on disk, `inputs` what the graph was given for some pictures: the range
    of every map is the one that they had.
    """
    import onnx

    model = onnx.load_model_from_string(graph)
    before = {tensor.name for tensor in model.graph.initializer}
    _put_in(model, weights)
    chosen = _chosen(model)
    if not chosen:
        return None
    found = _made(model, chosen, inputs)
    own = _taken_out(found, part, weights, before)
    _forget_maker(found)
    return found.SerializeToString(deterministic=True), own


def _put_in(model: Any, weights: Mapping[str, Array]) -> None:
    """Numbers into the graph for as long as it is worked on."""
    from onnx import TensorProto, numpy_helper

    for tensor in model.graph.initializer:
        if tensor.data_location == TensorProto.EXTERNAL:
            tensor.CopyFrom(numpy_helper.from_array(weights[tensor.name], tensor.name))


def _chosen(model: Any) -> list[str]:
    """The names of the convolutions that are worth it; what they take is no longer calculated, but is there.

    Of a gated layer the graph itself takes the weights of both convolutions apart, and of a deconvolution the phases.
    """
    from onnx import numpy_helper

    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    fixed = _fixed(model, [name for node in convolutions for name in node.input[1:]]) if convolutions else {}
    chosen = []
    for node in convolutions:
        if not all(name in fixed for name in node.input[1:]) or min(fixed[node.input[1]].shape[:2]) < LEAST_CHANNELS:
            continue
        chosen.append(node.name)
        for place, kind in enumerate(("weight", "bias")[: len(node.input) - 1], 1):
            name = f"{node.name}.{kind}"
            model.graph.initializer.append(numpy_helper.from_array(fixed[node.input[place]], name))
            node.input[place] = name
    _forget_unused(model.graph)
    return chosen


def _fixed(model: Any, names: Sequence[str]) -> dict[str, Array]:
    """The values of those `names` that depend on no input of the graph."""
    from onnx import TensorProto, helper
    from onnxruntime import InferenceSession

    inputs = {given.name for given in model.graph.input}
    steady = {tensor.name for tensor in model.graph.initializer}
    nodes = []
    for node in model.graph.node:  # they stand in the order of their use
        if all(name in steady or not name for name in node.input) and not inputs.intersection(node.input):
            nodes.append(node)
            steady.update(node.output)
    wanted = [name for name in dict.fromkeys(names) if name in steady]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in wanted]
    graph = helper.make_graph(nodes, "fixed", [], outputs, list(model.graph.initializer))
    _forget_unused(graph)
    part = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    session = InferenceSession(part.SerializeToString(), providers=["CPUExecutionProvider"])
    return dict(zip(wanted, session.run(wanted, {}), strict=True))


def _forget_unused(graph: Any) -> None:
    """Take out all that nothing depends on any more."""
    wanted = {given.name for given in graph.output}
    kept = []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append(node)
    used = [tensor for tensor in graph.initializer if tensor.name in wanted]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend(used)


def _made(model: Any, chosen: Sequence[str], inputs: Iterable[Mapping[str, Array]]) -> Any:
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.quant_utils import add_pre_process_metadata

    class Pictures(CalibrationDataReader):
        def __init__(self) -> None:
            self._left = iter(inputs)

        def get_next(self) -> dict[str, Array] | None:
            found = next(self._left, None)
            return None if found is None else dict(found)

    add_pre_process_metadata(model)  # or it asks for what would make constants of the weights
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "int8.onnx"
        quantize_static(
            model,
            path,
            Pictures(),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            nodes_to_quantize=list(chosen),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        return onnx.load(path)


def _taken_out(model: Any, part: str, weights: Mapping[str, Array], before: Collection[str]) -> dict[str, Array]:
    """The new numbers, by their keys; the graph names these and the weights that it has kept. Single numbers stay."""
    from onnx import numpy_helper

    own: dict[str, Array] = {}
    renamed: dict[str, str] = {}
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.name in weights:
            _name_outside(tensor, tensor.name, WEIGHTS)
        elif values.size > 1 and tensor.name not in before:
            key = f"{part}.{tensor.name}"  # names of nodes are those of one graph
            own[key] = np.ascontiguousarray(values)
            renamed[tensor.name] = key
            _name_outside(tensor, key, INT8_WEIGHTS)
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = renamed.get(name, name)
    return own


def _name_outside(tensor: Any, key: str, file: str) -> None:
    """A tensor without numbers, which says where they lie."""
    from onnx import TensorProto

    outside = TensorProto(name=key, dims=tensor.dims, data_type=tensor.data_type, data_location=TensorProto.EXTERNAL)
    outside.external_data.add(key="location", value=file)
    tensor.CopyFrom(outside)


def _forget_maker(model: Any) -> None:
    model.producer_name = model.producer_version = ""
    del model.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
    del model.graph.value_info[:]
