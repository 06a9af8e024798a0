"""The names of what can be trained, the stages of each, and what `config.json` says of the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lacuna.contract.models import ModelConfig, Network
from lacuna.networks.conventions import Start
from lacuna.training.deepfill import OURS, Discounted, Gated
from lacuna.training.edge_connect import Edges, Image
from lacuna.training.pen_net import Pyramid
from lacuna.training.stage import Making, Stage


@dataclass(frozen=True)
class Course:
    """One stage of a training. `part` stands before the keys of its weights; `share` is that of the time."""

    part: str
    make: Callable[[Making], Stage]
    share: float = 1.0


@dataclass(frozen=True)
class Trainable:
    """A network that can be trained, its courses in order."""

    network: Network
    title: str
    courses: tuple[Course, ...]
    guided: bool = False
    conventions: str = ""
    multiple: int = 8

    def config(self, width: float, start: Start, side: int, source: str) -> ModelConfig:
        """For weights in half precision; the hashes are still to come."""
        return ModelConfig(
            network=self.network,
            title=self.title,
            width=width,
            guided=self.guided,
            conventions=self.conventions,
            start=start,
            dtype="float16",
            side=side,
            source=source,
        )


MODELS: Mapping[str, Trainable] = {
    "deepfill": Trainable(
        Network.DEEPFILL_V2, "DeepFill v2", (Course("", Gated),), guided=True, conventions=OURS, multiple=64
    ),
    "edgeconnect": Trainable(
        Network.EDGE_CONNECT, "EdgeConnect", (Course("edges", Edges, 0.5), Course("image", Image, 0.5)), multiple=16
    ),
    "pennet": Trainable(Network.PEN_NET, "PEN-Net", (Course("", Pyramid),), multiple=64),
    "deepfill-v1": Trainable(
        Network.DEEPFILL_V1, "DeepFill v1", (Course("", Discounted),), conventions=OURS, multiple=32
    ),
}
