"""The names of what can be trained, the stages of each, and what `config.json` says of the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from lacuna.contract.enlargement import Rule
from lacuna.contract.model_config import ModelConfig, Network
from lacuna.networks import meta_sr_sizes
from lacuna.networks.conventions import Start
from lacuna.training.deepfill import OURS, Discounted, Gated
from lacuna.training.edge_connect import Edges, Image
from lacuna.training.enlarging import EnlargingTask
from lacuna.training.filling import FillingTask
from lacuna.training.meta_sr import Enlarging
from lacuna.training.pen_net import Pyramid
from lacuna.training.plan import Plan
from lacuna.training.stage import Making, Stage
from lacuna.training.task import Task

FILLING, ENLARGING = FillingTask(), EnlargingTask()


@dataclass(frozen=True)
class Course:
    """One stage of a training. `part` stands before the keys of its weights; `share` is that of the time."""

    part: str
    make: Callable[[Making], Stage]
    share: float = 1.0


@dataclass(frozen=True)
class Usual:
    """What is taken where nothing else is asked for: side of a crop, factor of the channels, crops of a step."""

    size: int
    width: float
    batch: int


@dataclass(frozen=True)
class Trainable:
    """A network that can be trained, its courses in order.

    `sizes` are those of a network that enlarges. Crops have a side of at least `least`, of a `multiple`. What is not
    said is taken from `usual`, and of the `starts` the first.
    """

    network: Network
    title: str
    courses: tuple[Course, ...]
    task: Task = FILLING
    guided: bool = False
    conventions: str = ""
    sizes: Mapping[str, float] = field(default_factory=dict)
    multiple: int = 8
    least: int = 64
    usual: Usual = Usual(size=256, width=0.5, batch=16)
    starts: tuple[Start, ...] = (Start.MEMBRANE, Start.PUBLISHED)

    def config(self, plan: Plan, source: str) -> ModelConfig:
        """For weights in half precision; the hashes are still to come."""
        found = ModelConfig(
            network=self.network,
            title=self.title,
            width=plan.width,
            guided=self.guided,
            conventions=self.conventions,
            sizes=self.sizes,
            start=plan.start,
            dtype="float16",
            source=source,
        )
        return found if self.sizes else replace(found, side=plan.size)


def _enlarging(title: str, network: Network, sizes: Mapping[str, float], usual: Usual) -> Trainable:
    course = Course("", partial(Enlarging, network, sizes))
    return Trainable(
        network,
        title,
        (course,),
        ENLARGING,
        conventions=Rule.EXACT.value,
        sizes=sizes,
        multiple=1,
        least=16,
        usual=usual,
        starts=(Start.BICUBIC,),
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
    "meta-sr": _enlarging("Meta-SR", Network.META_EDSR, meta_sr_sizes.LIGHT, Usual(size=48, width=1.0, batch=4)),
    "meta-sr-large": _enlarging(
        "Meta-SR large", Network.META_EDSR, meta_sr_sizes.LARGE, Usual(size=48, width=1.0, batch=8)
    ),
    "meta-sr-span": _enlarging(
        "Meta-SR SPAN", Network.META_SPAN, meta_sr_sizes.SPAN, Usual(size=48, width=1.0, batch=16)
    ),
    "meta-sr-rdn": _enlarging(
        "Meta-SR RDN", Network.META_RDN, meta_sr_sizes.OUR_RDN, Usual(size=48, width=1.0, batch=16)
    ),
}
