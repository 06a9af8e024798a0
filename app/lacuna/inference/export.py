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

from lacuna.contract.model_config import ModelConfig
from lacuna.contract.models import WEIGHTS

if TYPE_CHECKING:
    from torch import nn

    from lacuna.networks.graphs import Graph

OPSET = 20  # the first that samples linearly and in three dimensions alike; ONNX Runtime reads it from 1.17 on


def exported(config: ModelConfig, parts: Mapping[str, nn.Module]) -> dict[str, bytes]:
    """The graphs of the network, each as an ONNX file, by name. Needs torch, onnx and onnxscript.

    The same network gives the same bytes, and none of them tells where it was exported.
    """
    from lacuna.networks.graphs import graphs

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
            optimize=False,
            verbose=False,
        )
        # Before the graph is made simpler: what is made of weights alone would be put into it as a constant.
        weights = [
            _taken_out(program.model.graph, name, graph.stored + name.removeprefix(graph.wrapped), dtype)
            for name in dict(graph.network.named_parameters())
            if name in program.model.graph.initializers
        ]
        program.optimize()
    for weight in weights:
        weight.const_value = ir.ExternalTensor(WEIGHTS, None, None, weight.dtype, shape=weight.shape, name=weight.name)
    _forget_where(program.model)
    return bytes(ir.to_proto(program.model).SerializeToString(deterministic=True))


def _taken_out(graph: Any, name: str, key: str, dtype: str) -> Any:
    """What stands in place of the weight: a name, a shape and a dtype, without numbers."""
    import onnx_ir as ir

    weight = graph.initializers.pop(name)
    stored = ir.DataType.FLOAT16 if dtype == "float16" else ir.DataType.FLOAT
    outside = ir.Value(name=key, shape=weight.shape, type=ir.TensorType(stored))
    graph.initializers[key] = outside
    used = outside
    if stored != ir.DataType.FLOAT:
        cast = ir.node("Cast", [outside], {"to": ir.DataType.FLOAT}, name=f"{key}.cast")
        used = cast.outputs[0]
        used.name = f"{key}.float"
        used.shape, used.type = weight.shape, ir.TensorType(ir.DataType.FLOAT)
        graph.insert_before(graph[0], cast)
    weight.replace_all_uses_with(used)
    return outside


def _forget_where(model: Any) -> None:
    """The exporter notes the line of code behind each node, with the paths of this machine."""
    graph = model.graph
    values = (*graph.inputs, *graph.initializers.values(), *(value for node in graph for value in node.outputs))
    for noted in (model, graph, *graph, *values):
        noted.metadata_props.clear()
        noted.doc_string = None


@contextmanager
def _quietly() -> Iterator[None]:
    """The exporter warns of its own ways, and of libraries that it could use."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.__trace", "onnx_ir")]
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
