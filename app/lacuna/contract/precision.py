"""In how many bits a network calculates on a processor, and what the graphs in 8 bits beside a model cost and gain."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lacuna.contract.model_files import FILE

INT8_WEIGHTS = "int8.safetensors"  # the numbers of all such graphs of a model
MOST_LOSS = 0.1  # dB that a fill may lose by them
LEAST_SPEED = 1.15  # times as fast: less is not worth their place


class Precision(StrEnum):
    """What a person may ask for. Automatic: 8 bits where the model has them, and the processor gains by them."""

    AUTO = "auto"
    FLOAT32 = "float32"
    INT8 = "int8"


@dataclass(frozen=True)
class Int8:
    """What `packaging/quantise.py` measured: dB lost in the holes of the worst kind of mask, and how many times as fast
    a pass is on one core of a processor with dot products of bytes. `graphs` names the file of each part of the network
    that has one, and is empty where they are not worth their place.
    """

    loss: float
    speed: float
    graphs: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ValueError for what no reader could use."""
        if not (math.isfinite(self.loss) and math.isfinite(self.speed)):
            raise ValueError(f"int8: {self.loss}, {self.speed}")
        if not all(FILE.fullmatch(file) for file in self.graphs.values()):
            raise ValueError(f"int8: {', '.join(self.graphs.values())}")

    @property
    def pays(self) -> bool:
        """Whether they are worth their place, and are taken unasked on such a processor."""
        return self.loss < MOST_LOSS and self.speed >= LEAST_SPEED

    @property
    def files(self) -> frozenset[str]:
        """The names of all files that it needs."""
        return frozenset({INT8_WEIGHTS, *self.graphs.values()}) if self.graphs else frozenset()

    @staticmethod
    def read(given: Any) -> Int8:
        """What `config.json` says under `int8`. Raises ValueError for what it cannot say."""
        if not isinstance(given, dict) or given.keys() != {"loss", "speed", "graphs"}:
            raise ValueError(f"int8: {given!r}")
        loss, speed, graphs = given["loss"], given["speed"], given["graphs"]
        numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (loss, speed))
        if not numbers or not isinstance(graphs, dict) or not all(isinstance(file, str) for file in graphs.values()):
            raise ValueError(f"int8: {given!r}")
        return Int8(loss, speed, graphs)
