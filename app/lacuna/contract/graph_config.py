"""A person's own ONNX graph as a model: what `model.toml` says of the `model.onnx` beside it.

Such graphs circulate without a word on what their inputs mean. `GraphReading` is that word, and `model.toml` a form of
it that people can read and change; docs/own-models.md explains it to them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from lacuna.contract.config_toml import FORMAT, checked_fields, given_by, toml_of
from lacuna.contract.fill import SizeRule
from lacuna.contract.model_files import require_hashes

GRAPH = "model.onnx"
GRAPH_CONFIG = "model.toml"
LONGEST_SIDE = 8192  # pixels
HEADING = f"# How Lacuna runs {GRAPH}; docs/own-models.md explains every line."

RANGES: Mapping[str, tuple[float, float]] = {
    "0..1": (0.0, 1.0),
    "-1..1": (-1.0, 1.0),
    "0..255": (0.0, 255.0),
    "-0.5..0.5": (-0.5, 0.5),
}
PICTURE_RANGES = ("0..1", "-1..1", "0..255")
LAYOUTS = ("nchw", "nhwc", "chw", "hwc")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "layout": LAYOUTS,
    "mask_layout": (*LAYOUTS, "hw"),
    "channels": ("image-mask", "mask-image"),
    "range": PICTURE_RANGES,
    "mask_range": tuple(RANGES),
    "ones": ("hole", "known"),
    "hole": ("zero", "black", "white", "kept"),
    "output_range": PICTURE_RANGES,
    "colours": ("rgb", "bgr"),
}


@dataclass(frozen=True)
class GraphReading:
    """What the inputs and outputs of a graph mean.

    `image`, `mask` and `output` are names in the graph; without a `mask` the image has it as a fourth channel, behind
    the colours or before them as `channels` says. Layouts name the axes in their order. Black and white of the picture
    are the ends of `range`, and the ends of `mask_range` mean what `ones` says of the upper one. `hole` is what stands
    in the picture's hole: the number zero, black, white, or what was there. `colours` is the order of channels.
    """

    image: str
    mask: str
    output: str
    layout: str = "nchw"
    mask_layout: str = "nchw"
    channels: str = "image-mask"
    range: str = "0..1"
    mask_range: str = "0..1"
    ones: str = "hole"
    hole: str = "zero"
    output_range: str = "0..1"
    colours: str = "rgb"

    def __post_init__(self) -> None:
        """Raises ValueError, naming the field, for a word that means nothing there."""
        for name, words in CHOICES.items():
            if getattr(self, name) not in words:
                raise ValueError(f"{name}: {getattr(self, name)}")

    def unlike(self, other: GraphReading) -> str:
        """The fields that differ from another reading's, as this one has them."""
        values = dataclasses.asdict(other)
        return ", ".join(f"{name}={value}" for name, value in dataclasses.asdict(self).items() if value != values[name])


READING_FIELDS = tuple(f.name for f in dataclasses.fields(GraphReading))


@dataclass(frozen=True)
class GraphConfig:
    """What has to be known to fill with a graph of others, as `model.toml` says it.

    `height` and `width` are those of the only picture that it takes, 0 for any; then sides are a multiple of
    `multiple`, and `side` is the length that the long one should have, as in training. `megapixel_seconds` is how long
    a megapixel took when the graph was tried. `sha256` has the hash of the graph and of the files of weights beside it.
    """

    title: str
    reading: GraphReading
    height: int = 0
    width: int = 0
    multiple: int = 8
    side: int = 512
    megapixel_seconds: float = 10.0
    licence: str = ""
    source: str = ""
    sha256: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def __post_init__(self) -> None:
        """Raises ValueError, naming the field, for what no reader could use."""
        if not self.title.strip():
            raise ValueError("title")
        fixed = (self.height, self.width)
        if fixed != (0, 0) and not all(1 <= length <= LONGEST_SIDE for length in fixed):
            raise ValueError(f"height, width: {self.height}, {self.width}")
        if not 1 <= self.multiple <= 512:
            raise ValueError(f"multiple: {self.multiple}")
        if not 64 <= self.side <= LONGEST_SIDE:
            raise ValueError(f"side: {self.side}")
        if not 0 < self.megapixel_seconds < math.inf:
            raise ValueError(f"megapixel_seconds: {self.megapixel_seconds}")
        require_hashes(self.sha256)
        if GRAPH not in self.sha256 or GRAPH_CONFIG in self.sha256:
            raise ValueError(f"sha256: {GRAPH if GRAPH not in self.sha256 else GRAPH_CONFIG}")

    @property
    def fixed(self) -> bool:
        """Does it take pictures of one size alone?"""
        return self.height > 0

    @property
    def size(self) -> SizeRule:
        """What the graph asks of the crops that it is given."""
        if not self.fixed:
            return SizeRule(minimum=self.multiple, multiple=self.multiple, comfortable=self.side)
        side = min(self.height, self.width)
        return SizeRule(minimum=side, multiple=side, comfortable=side, maximum=side)

    def to_toml(self) -> str:
        """The text of `model.toml`."""
        return toml_of(self, HEADING)

    @staticmethod
    def from_toml(text: str) -> GraphConfig:
        """The config that `to_toml` wrote, or a person. Raises ValueError, saying what is wrong, for any other text."""
        given = given_by(text)
        reading = checked_fields(GraphReading, "reading", given.pop("reading", {}))
        return GraphConfig(reading=GraphReading(**reading), **checked_fields(GraphConfig, "", given, ("reading",)))
