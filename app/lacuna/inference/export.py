"""Networks as graphs without weights: ONNX files of some kilobytes that serve any weights of the same network.

A graph names its weights and says of which shape and dtype they are; whoever runs it hands them over. So one file of
weights serves both engines. Of half precision on disk 32 bit are made in the graph.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lacuna.contract.models import WEIGHTS, ModelConfig

if TYPE_CHECKING:
    from torch import nn

    from lacuna.networks.graphs import Graph

OPSET = 20  # the first that samples linearly and in three dimensions alike; ONNX Runtime reads it from 1.17 on


def exported(config: ModelConfig, parts: Mapping[str, nn.Module]) -> dict[str, bytes]:
    """The graphs of the network, each as an ONNX file, by name. Needs torch, onnx and onnxscript; wastes the weights.

    The same network gives the same bytes, and none of them tells where it was exported.
    """
    import torch

    from lacuna.networks.graphs import graphs

    random = torch.Generator().manual_seed(1)
    for part in parts.values():
        for parameter in part.parameters():
            torch.nn.init.normal_(
                parameter, generator=random
            )  # of equal weights, such as zeros, the exporter makes one
    return {name: _exported(graph, config.dtype) for name, graph in graphs(parts).items()}


def _exported(graph: Graph, dtype: str) -> bytes:
    import onnx_ir as ir
    import torch

    with _quietly(), torch.no_grad():
        program: Any = torch.onnx.export(
            graph.network.eval(),
            tuple(graph.inputs.values()),
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_shapes=graph.free,
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    model = program.model
    for name, weight in list(model.graph.initializers.items()):
        if name in graph.network.state_dict():
            _hand_over(model.graph, weight, graph.stored + name.removeprefix(graph.wrapped), dtype)
    _forget_where(model)
    return bytes(ir.to_proto(model).SerializeToString(deterministic=True))


def _hand_over(graph: Any, weight: Any, key: str, dtype: str) -> None:
    """In place of the numbers: a name, a shape and a dtype."""
    import onnx_ir as ir

    stored = ir.DataType.FLOAT16 if dtype == "float16" else ir.DataType.FLOAT
    shape = weight.const_value.shape
    graph.initializers.pop(weight.name)
    tensor = ir.ExternalTensor(WEIGHTS, None, None, stored, shape=shape, name=key)
    outside = ir.Value(name=key, shape=shape, type=ir.TensorType(stored), const_value=tensor)
    graph.initializers[key] = outside
    if stored == ir.DataType.FLOAT:
        weight.replace_all_uses_with(outside)
        return
    cast = ir.node("Cast", [outside], {"to": ir.DataType.FLOAT}, name=f"{key}.cast")
    cast.outputs[0].name = f"{key}.float"
    weight.replace_all_uses_with(cast.outputs[0])
    graph.insert_before(graph[0], cast)


def _forget_where(model: Any) -> None:
    """The exporter notes the line of code behind each node, with the paths of this machine."""
    model.metadata_props.clear()
    model.doc_string = None
    graph = model.graph
    graph.metadata_props.clear()
    graph.doc_string = None
    for node in graph:
        node.metadata_props.clear()
        node.doc_string = None
        for value in node.outputs:
            value.metadata_props.clear()
    for value in (*graph.inputs, *graph.initializers.values()):
        value.metadata_props.clear()


@contextmanager
def _quietly() -> Iterator[None]:
    """The exporter warns of its own ways, and of libraries that it could use."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.__trace")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
