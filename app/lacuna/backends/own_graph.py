"""An ONNX graph that the person brought (LaMa, MI-GAN, MAT and others circulate so): one backend for each.

What it asks for stands in its `model.toml`, so that it is listed without loading anything.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lacuna.backends.learned import LEAST_CONTEXT, colours_switch, detail_choice
from lacuna.contract import models
from lacuna.contract.fill import Composite, Context, Filled, FillWork, Needs, Runtime
from lacuna.contract.graph_config import GRAPH_CONFIG, GraphConfig
from lacuna.contract.guides import Guide
from lacuna.contract.models import Model
from lacuna.contract.progress import Progress
from lacuna.errors import LacunaError, UnknownModel
from lacuna.i18n import N_


@dataclass(frozen=True)
class OwnGraphParams:
    detail: str = detail_choice()
    colours: bool = colours_switch()


class OwnGraphBackend:
    """The graph in the folder `name` of the person's models."""

    summary = N_("An ONNX model of your own; how it is read stands in its model.toml.")
    Params: ClassVar[type] = OwnGraphParams

    def __init__(self, name: str) -> None:
        self.id = f"onnx:{name}"
        self._name = name
        self._listed: tuple[object, Model | None, str] | None = None
        model, _missing = self._known()
        self.name = f"{name if model is None else model.title} (ONNX)"
        self._runtime = Runtime()

    def needs(self, params: OwnGraphParams) -> Needs:
        model, missing = self._known()
        if model is None or model.graph is None:
            return Needs(missing=missing)
        from lacuna.inference import cost

        size = model.graph.size
        side = size.comfortable or size.minimum
        return Needs(
            guides=frozenset({Guide.LINE}),
            band="patchmatch",
            model=self._name,
            size=size,
            context=Context(minimum=max(LEAST_CONTEXT, side // 2), even=True),
            composite=Composite.POISSON if params.colours else Composite.PLAIN,
            smooth=True,
            detail="patchmatch" if params.detail == "photo" else None,
            megapixel_seconds=0.0,
            crop_seconds=_seconds(model.graph, side),
            bytes_per_pixel=cost.own_graph_bytes(side, side) / side**2,
        )

    def load(self, runtime: Runtime) -> None:
        from lacuna.inference import session

        self._session = session
        self._runtime = runtime
        model, _missing = self._known()
        if model is not None:
            session.opened_graph(model, runtime)

    def fill(self, work: FillWork, params: OwnGraphParams, progress: Progress) -> Filled:
        progress.check()
        model, missing = self._known()
        if model is None:
            raise UnknownModel(missing)
        painter = self._session.opened_graph(model, self._runtime)
        image = np.clip(work.image / np.float32(work.white), 0, 1, dtype=np.float32)
        outcome = painter.paint(image, work.hole, progress)
        filled = work.image.astype(np.float32)
        filled[work.hole] = outcome.image[work.hole] * np.float32(work.white)
        return Filled(filled)

    def unload(self) -> None:
        self._session.closed()

    def _known(self) -> tuple[Model | None, str]:
        """The model, or why it cannot be used; looked at again when its description has changed."""
        state = tuple(_changed(str(folder / self._name / GRAPH_CONFIG)) for folder in models.folders())
        if self._listed is None or self._listed[0] != state:
            try:
                self._listed = state, models.model(self._name), ""
            except LacunaError as error:
                self._listed = state, None, str(error)
        return self._listed[1], self._listed[2]


def _changed(file: str) -> tuple[int, int]:
    try:
        status = os.stat(file)
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


def _seconds(graph: GraphConfig, side: int) -> float:
    """For a megapixel of the crop; a graph that is not square works on more than it is given."""
    more = graph.height * graph.width / side**2 if graph.fixed else 1.0
    return graph.megapixel_seconds * more
