"""The three families of networks as `Painter`s: what each wants its pictures to be, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.fill import SizeRule
from lacuna.contract.model_config import ModelConfig, Network
from lacuna.contract.progress import Progress
from lacuna.imaging.edges import SIGMA, canny, grey_values
from lacuna.inference import cost
from lacuna.inference.session import Hole, Outcome, Painter, Picture, Plane, Runner, require_numbers

Planes = NDArray[Any]  # (1, c, h, w)
LEVELS = 5  # of PEN-Net's pyramid


def painter(config: ModelConfig, runner: Runner) -> Painter:
    """The painter of this network."""
    match config.network:
        case Network.EDGE_CONNECT:
            return EdgeConnectPainter(config, runner)
        case Network.PEN_NET:
            return PenNetPainter(config, runner)
        case _:
            return DeepFillPainter(config, runner)


class _Painter:
    size = SizeRule()

    def __init__(self, config: ModelConfig, runner: Runner) -> None:
        self.config = config
        self.runner = runner
        self.engine = runner.engine
        self.held = runner.held
        self.precision = runner.precision

    def bytes_for(self, height: int, width: int) -> int:
        return self.held + cost.bytes_for(self.config, height, width)

    def edges(
        self, image: Picture, hole: Hole, guide: Plane | None, progress: Progress, *, sigma: float = SIGMA
    ) -> Plane:
        raise ValueError(f"{self.config.network} predicts no edges")

    def _run(
        self, part: str, inputs: Mapping[str, Planes], progress: Progress, *, everywhere: bool = False
    ) -> dict[str, Planes]:
        """A pass whose numbers are numbers."""
        found = self.runner.run(part, inputs, progress, everywhere=everywhere)
        for values in found.values():
            require_numbers(values, self.config.title)
        return found

    def _shown(self, image: Picture) -> Planes:
        """The picture as the network sees it: in [-1, 1], channels first, in its order."""
        return self._ordered(_planes(image * np.float32(2) - np.float32(1)))

    def _seen(self, image: Planes) -> Picture:
        """The way back; values beyond white and black are cut off."""
        return np.ascontiguousarray(np.clip(_pixels(self._ordered(image)) / 2 + np.float32(0.5), 0, 1))

    def _ordered(self, image: Planes) -> Planes:
        return np.ascontiguousarray(image[:, ::-1]) if self.config.colours == "bgr" else image


class DeepFillPainter(_Painter):
    """Both papers: a coarse and a refined picture, and where attention copied from."""

    size = SizeRule(minimum=16, multiple=8)

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
        inputs = {"image": self._shown(image), "hole": _plane(hole)}
        if self.config.guided:
            inputs["guide"] = _plane(np.zeros_like(hole) if guide is None else guide)
        found = self._run("fill", inputs, progress, everywhere=stages)
        return Outcome(
            self._seen(found["refined"]),
            {"stage1": _pixels(found["coarse"]), "stage2": _pixels(found["refined"])} if stages else {},
            keys=found["keys"][0].astype(np.int32),
        )


class EdgeConnectPainter(_Painter):
    """Edges are completed, and then colour is painted along them: two steps, which may be taken apart."""

    size = SizeRule(minimum=12, multiple=4)

    def edges(
        self, image: Picture, hole: Hole, guide: Plane | None, progress: Progress, *, sigma: float = SIGMA
    ) -> Plane:
        grey = grey_values(image)
        known = canny(grey, ~hole, sigma)
        inputs = {"grey": _plane(grey), "edges": _plane(known), "hole": _plane(hole)}
        found = self._run("edges", inputs, progress)["edges"][0, 0]
        if self.config.start == "membrane":  # trained by us: its image model was shown the picture's own edges outside
            found = np.where(hole, found, known.astype(np.float32))
        return found if guide is None else np.where(hole, np.maximum(found, guide), found)

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
        if edges is None:
            edges = self.edges(image, hole, guide, progress.part(0.5))
            progress = progress.part(0.5)
        inputs = {"image": self._ordered(_planes(image)), "edges": _plane(edges), "hole": _plane(hole)}
        found = self._run("image", inputs, progress)["image"]
        picture = np.clip(_pixels(self._ordered(found)), 0, 1)
        return Outcome(picture, {"edges": edges[..., None], "output": _pixels(found)} if stages else {}, edges=edges)


class PenNetPainter(_Painter):
    """A picture, and with the stages those that its decoder paints on the five levels."""

    size = SizeRule(minimum=64, multiple=64)

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
        inputs = {"image": self._shown(image), "hole": _plane(hole)}
        found = self._run("fill", inputs, progress, everywhere=stages)
        shown = {}
        if stages:
            names = [f"img{level}" for level in range(LEVELS, 0, -1)]
            shown = {**{name: _pixels(found[name]) for name in names}, "output": _pixels(found["image"])}
        return Outcome(self._seen(found["image"]), shown)


def _planes(image: Picture) -> Planes:
    return np.ascontiguousarray(image.transpose(2, 0, 1)[None])


def _plane(values: NDArray[Any]) -> Planes:
    return np.ascontiguousarray(values[None, None], np.float32)


def _pixels(image: Planes) -> Picture:
    return np.ascontiguousarray(image[0].transpose(1, 2, 0))
