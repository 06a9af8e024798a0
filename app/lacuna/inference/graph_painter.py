"""A person's own graph as a painter: the same seam as that of Lacuna's networks, by what `model.toml` says."""

from __future__ import annotations

import numpy as np

from lacuna.contract.graph_config import GRAPH, RANGES, GraphConfig
from lacuna.contract.models import Model
from lacuna.contract.progress import Progress
from lacuna.errors import BackendFailed, InvalidParameter, LacunaError
from lacuna.i18n import _
from lacuna.inference import cost
from lacuna.inference.graph_readings import require_known
from lacuna.inference.own_graph import Hole, OwnGraph, Picture, seen
from lacuna.inference.session import Outcome, Plane, require_numbers
from lacuna.inference.stored import damaged


class GraphPainter:
    """A loaded graph and how it is to be read. `size` is what the backend asks for; `paint` takes smaller ones too."""

    engine = "onnxruntime"

    def __init__(self, model: Model, config: GraphConfig, threads: int) -> None:
        """Raises DamagedModel for a graph that is none, or that `config` does not fit."""
        self.config = config
        self.size = config.size
        self._name = model.name
        try:
            self._graph = OwnGraph(model.folder / GRAPH, threads)
            self._require_fitting()
        except LacunaError as error:
            raise damaged(model, error.sentence.rstrip("."), error) from error
        self.held = self._graph.held

    def bytes_for(self, height: int, width: int) -> int:
        return self.held + cost.own_graph_bytes(height, width)

    def paint(
        self,
        image: Picture,
        hole: Hole,
        progress: Progress,
        *,
        guide: Plane | None = None,
        edges: Plane | None = None,
        stages: bool = False,
    ) -> Outcome:
        """One pass; a graph of one size gets what is smaller with mirrored rows and columns. See `session.Painter`."""
        height, width = hole.shape
        reading = self.config.reading
        image, hole = self._filled_up(image, hole)
        output = self._graph.run(self._graph.shown(reading, image, hole), progress, [reading.output])[reading.output]
        picture = seen(reading, output, (hole.shape[0], hole.shape[1]))
        if picture is None:
            raise BackendFailed(
                _("The model “{model}” gave {lengths}, no picture of {width} × {height} pixels.").format(
                    model=self._name,
                    lengths=" × ".join(map(str, output.shape)),
                    width=hole.shape[1],
                    height=hole.shape[0],
                ),
                hint=_("Set “multiple” in its model.toml to what its sides have to be a multiple of."),
            )
        require_numbers(picture, self._name)
        picture = picture[:height, :width]
        progress.at(1.0)
        low, high = RANGES[reading.output_range]
        return Outcome(np.clip(picture, 0, 1), {"output": low + picture * (high - low)} if stages else {})

    def _filled_up(self, image: Picture, hole: Hole) -> tuple[Picture, Hole]:
        if not self.config.fixed or hole.shape == (self.config.height, self.config.width):
            return image, hole
        missing = (self.config.height - hole.shape[0], self.config.width - hole.shape[1])
        if min(missing) < 0:
            raise InvalidParameter(
                _("“{model}” takes pictures of up to {width} × {height} pixels.").format(
                    model=self._name, width=self.config.width, height=self.config.height
                )
            )
        sides = [(0, length) for length in missing]
        return np.pad(image, [*sides, (0, 0)], mode="symmetric"), np.pad(hole, sides, mode="symmetric")

    def _require_fitting(self) -> None:
        """Raise unless the reading is one of this graph: a person may have changed it."""
        reading = self.config.reading
        names = {"image": reading.image, "mask": reading.mask, "output": reading.output}
        require_known(names, self._graph.inputs, self._graph.outputs)
        channels = 3 if reading.mask else 4
        layouts = [(reading.image, reading.layout, channels), (reading.mask, reading.mask_layout, 1)]
        ports = {port.name: port for port in self._graph.inputs}
        for name, layout, count in layouts[: len(ports)]:
            if not name or not ports[name].takes(layout, count):
                raise InvalidParameter(_("the layout “{layout}” does not fit {port}").format(layout=layout, port=name))
