"""Meta-SR on ONNX Runtime: on the CPU, without torch. The indices are those of `networks.positions`."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.model_config import ModelConfig
from lacuna.contract.models import Model
from lacuna.contract.progress import Progress
from lacuna.contract.upscale import ALL_ENDS, Ends
from lacuna.inference import cost
from lacuna.inference.enlarging import WHITE, Picture, planes
from lacuna.inference.onnx_engine import Graphs
from lacuna.inference.session import require_numbers
from lacuna.inference.stored import read_weights
from lacuna.networks.meta_sr_sizes import reach
from lacuna.networks.positions import Band, Batch, Pane, Phases, Points, bands, phases_are_cheaper

Array = NDArray[Any]

KEPT = 32 << 20  # bytes of kernels that stay for the next tile: all of most factors with one decimal
BAND = 16 << 20  # bytes of the terms of a band


class OnnxEnlarger:
    """The graphs of one network, called batch by batch. Beyond a part it sees zeros, whatever ends there."""

    engine = "onnxruntime"

    def __init__(self, model: Model, config: ModelConfig, threads: int) -> None:
        self.config = config
        self.reach = reach(config.network, config.sizes)
        self._graphs = Graphs(model, config, threads)
        self.held = self._graphs.held
        self._count, self._hidden = int(config.sizes["features"]), int(config.sizes["hidden"])
        mean = read_weights(model, ("add_mean.weight", "add_mean.bias"))
        self._mix = mean["add_mean.weight"][:, :, 0, 0].astype(np.float32)
        self._mean = mean["add_mean.bias"].astype(np.float32)
        self._kernels = _Kernels(self._graphs)

    def bytes_for(self, height: int, width: int) -> int:
        return self.held + cost.bytes_for(self.config, height, width)

    def features(self, image: Picture, progress: Progress, ends: Ends = ALL_ENDS) -> Any:
        found = self._graphs.call("features", {"picture": planes(image)}, progress)["features"]
        progress.at(1.0)
        return found

    def points(self, features: Any, pane: Pane, progress: Progress) -> Picture:
        lying = pane.points()
        phases = Phases(lying, self._count)
        if phases_are_cheaper(phases, lying, self._count, self._hidden):
            found = self._by_phases(features, pane, phases, progress)
        else:
            found = self._by_terms(features, pane, lying, progress)
        require_numbers(found, self.config.title)
        found /= WHITE
        return found

    def _by_phases(self, features: Array, pane: Pane, phases: Phases, progress: Progress) -> Array:
        out = np.empty((*pane.shape, 3), np.float32)
        done, kernels = 0, out
        for batch in phases.batches():
            progress.at(done / (pane.shape[0] * pane.shape[1]))
            if batch.new:
                kernels = self._kernels.of(batch, pane.inverse)
            given = {"features": features, "rows": batch.rows, "columns": batch.columns, "kernels": kernels}
            out[batch.into_rows[:, None], batch.into_columns] = self._graphs.call_shortly("apply", given)["points"][0]
            done += len(batch.into_rows) * len(batch.into_columns)
        progress.at(1.0)
        return out

    def _by_terms(self, features: Array, pane: Pane, lying: tuple[Points, Points], progress: Progress) -> Array:
        out = np.empty((*pane.shape, 3), np.float32)
        for band in bands(lying, max(1, BAND // (12 * self._hidden * features.shape[2]))):
            progress.at(band.start / pane.shape[0])
            self._sum(features, band, pane.inverse, out[band.start : band.stop])
        progress.at(1.0)
        return out

    def _sum(self, features: Array, band: Band, inverse: np.float32, out: Array) -> None:
        from lacuna.kernels.enlarging import summed

        given = {
            "features": features,
            "rows": band.rows,
            "columns": band.columns,
            "inverse": np.array([inverse]),
            "down": band.down,
            "across": band.across,
        }
        found = self._graphs.call_shortly("terms", given)
        summed(
            found["terms"][:, 0],
            found["constant"][0],
            found["by_row"],
            found["by_column"],
            band.row_of,
            band.column_of,
            self._mix,
            self._mean,
            out,
        )


class _Kernels:
    """The kernels of batches, those last used kept: the next tile has the same."""

    def __init__(self, graphs: Graphs) -> None:
        self._graphs = graphs
        self._kept: OrderedDict[bytes, Array] = OrderedDict()

    def of(self, batch: Batch, inverse: np.float32) -> Array:
        key = b"|".join((inverse.tobytes(), batch.down.tobytes(), batch.across.tobytes(), bytes(batch.across.shape)))
        if key not in self._kept:
            given = {"inverse": np.array([inverse]), "down": batch.down, "across": batch.across}
            self._kept[key] = self._graphs.call_shortly("kernels", given)["kernels"]
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and sum(kernels.nbytes for kernels in self._kept.values()) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[key]
