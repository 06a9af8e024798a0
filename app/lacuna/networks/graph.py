"""A part of a network that becomes a graph of ONNX: see `graphs` and `meta_sr_graphs`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class Graph:
    """A network to export. `inputs` are examples, `free` says which of their axes may have any size.

    The keys of its weights begin with `wrapped` in `network`, and with `stored` in the file of weights.
    """

    network: nn.Module
    inputs: Mapping[str, Tensor]
    free: tuple[Any, ...]
    outputs: tuple[str, ...]
    wrapped: str = ""
    stored: str = ""
