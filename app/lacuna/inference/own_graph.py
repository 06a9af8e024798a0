"""An ONNX graph of others on ONNX Runtime: what goes in and out by its own word, and how that is read.

No package `onnx`: the runtime knows names, shapes and dtypes. A graph is numbers in and numbers out; it cannot reach
files or the network, and operators that are not the runtime's own are refused by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.graph_config import RANGES, GraphReading
from lacuna.contract.progress import Progress
from lacuna.errors import UnsupportedFormat
from lacuna.i18n import _
from lacuna.inference import onnx_engine, onnx_file

Array = NDArray[Any]
Picture = NDArray[np.float32]  # (h, w, 3)
Hole = NDArray[np.bool_]

DTYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
    "tensor(bool)": "bool",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
}
FREE = 0  # a length that the graph leaves open


@dataclass(frozen=True)
class Port:
    """An input or output of a graph; lengths that are free are 0, `dtype` is numpy's name or the runtime's own."""

    name: str
    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        lengths = " × ".join(str(length) if length else "?" for length in self.shape)
        kind = f"{self.dtype} {lengths}".rstrip()
        return f"{self.name} ({kind})"

    def takes(self, layout: str, channels: int) -> bool:
        """Could a plane of so many channels be given to it in this layout?"""
        wanted = {"n": 1, "c": channels}
        if len(layout) != len(self.shape) or ("c" not in layout and channels != 1):
            return False
        return all(length in (FREE, wanted.get(axis, length)) for axis, length in zip(layout, self.shape, strict=True))

    def size(self, layout: str) -> tuple[int, int]:
        """The height and width that it takes in this layout, 0 where they are free."""
        return self.shape[layout.index("h")], self.shape[layout.index("w")]


class OwnGraph:
    """A graph that is loaded."""

    def __init__(self, path: Path, threads: int) -> None:
        """Raises UnreadableFile, UnsupportedFormat, and MemoryError."""
        import onnxruntime

        files = (path, *onnx_file.beside(path))
        self.held = sum(file.stat().st_size for file in files)
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), onnx_engine.session_options(threads), ["CPUExecutionProvider"]
            )
        except MemoryError:
            raise
        except Exception as error:  # ONNX Runtime has no class of its own for it
            raise UnsupportedFormat(
                _("ONNX Runtime cannot run {file}: {reason}").format(
                    file=path.name, reason=" ".join(str(error).split())[:300]
                ),
                hint=_("It runs graphs of its own operators, of ONNX versions that it knows."),
                cause=error,
            ) from error
        self.inputs = tuple(_port(given) for given in self._session.get_inputs())
        self.outputs = tuple(_port(given) for given in self._session.get_outputs())

    def run(
        self, given: Mapping[str, Array], progress: Progress, outputs: Sequence[str] | None = None
    ) -> dict[str, Array]:
        """What it gives, or only these outputs. Raises Cancelled, MemoryError and BackendFailed."""
        return onnx_engine.passed(self._session, given, progress, outputs)

    def shown(self, reading: GraphReading, image: Picture, hole: Hole) -> dict[str, Array]:
        """Its inputs for a picture in [0, 1] with a hole, as the reading says."""
        ports = {port.name: port for port in self.inputs}
        low, high = RANGES[reading.range]
        picture = low + image * (high - low)
        if reading.hole != "kept":
            picture[hole] = {"zero": 0.0, "black": low, "white": high}[reading.hole]
        if reading.colours == "bgr":
            picture = picture[..., ::-1]
        off, on = RANGES[reading.mask_range]
        mask = np.where(hole if reading.ones == "hole" else ~hole, on, off)[..., None]
        if reading.mask:
            return {
                reading.image: laid(picture, reading.layout, ports[reading.image].dtype),
                reading.mask: laid(mask, reading.mask_layout, ports[reading.mask].dtype),
            }
        both = (picture, mask) if reading.channels == "image-mask" else (mask, picture)
        return {reading.image: laid(np.concatenate(both, axis=2), reading.layout, ports[reading.image].dtype)}


def seen(reading: GraphReading, output: Array, shape: tuple[int, int]) -> Picture | None:
    """An output as a picture of this (height, width) in [0, 1], unbounded; None if it is none of that size."""
    planes = output[0] if output.ndim == 4 and output.shape[0] == 1 else output
    if planes.shape == (3, *shape):
        planes = planes.transpose(1, 2, 0)
    elif planes.shape != (*shape, 3):
        return None
    if reading.colours == "bgr":
        planes = planes[..., ::-1]
    low, high = RANGES[reading.output_range]
    return np.ascontiguousarray((planes.astype(np.float32) - low) / (high - low), np.float32)


def laid(planes: Array, layout: str, dtype: str) -> Array:
    """(h, w, c) with its axes in the order of `layout`, in the graph's dtype."""
    bare = layout.replace("n", "")
    moved = planes.transpose(["hwc".index(axis) for axis in bare]) if "c" in bare else planes[..., 0]
    if "n" in layout:
        moved = moved[None]
    return np.ascontiguousarray(np.rint(moved) if np.dtype(dtype).kind in "iu" else moved, dtype)


def _port(given: Any) -> Port:
    shape = tuple(length if isinstance(length, int) and length > 0 else FREE for length in given.shape)
    return Port(given.name, shape, DTYPES.get(given.type, given.type))
