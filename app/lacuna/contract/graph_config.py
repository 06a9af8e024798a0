"""A person's own ONNX graph as a model: what `model.toml` says of the `model.onnx` beside it.

Such graphs circulate without a word on what their inputs mean. `GraphReading` is that word, and `model.toml` a form of
it that people can read and change; docs/own-models.md explains it to them.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lacuna.contract.fill import SizeRule
from lacuna.contract.model_files import require_hashes

FORMAT = 1  # of model.toml; a reader refuses what is newer
GRAPH = "model.onnx"
GRAPH_CONFIG = "model.toml"
LONGEST_SIDE = 8192  # pixels
HEADING = f"# How Lacuna runs {GRAPH}; docs/own-models.md explains every line."
BARE = re.compile(r"[A-Za-z0-9_-]+")  # TOML's keys that need no quotes

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
        return "\n".join((HEADING, *toml_lines(dataclasses.asdict(self)))) + "\n"

    @staticmethod
    def from_toml(text: str) -> GraphConfig:
        """The config that `to_toml` wrote, or a person. Raises ValueError, saying what is wrong, for any other text."""
        import tomllib  # 3 ms that a window without such models does not wait for

        given = tomllib.loads(text)
        if given.get("format", FORMAT) != FORMAT:
            raise ValueError(f"format: {given['format']}")
        reading = checked_fields(GraphReading, "reading", given.pop("reading", {}))
        return GraphConfig(reading=GraphReading(**reading), **checked_fields(GraphConfig, "", given, ("reading",)))


def toml_lines(values: Mapping[str, Any]) -> Iterator[str]:
    """TOML of texts, numbers, and tables of these; tables stand last, as they must."""
    for name, value in values.items():
        if not isinstance(value, dict):
            yield f"{name} = {_value(value)}"
    for name, table in values.items():
        if isinstance(table, dict):
            yield from ("", f"[{name}]")
            yield from (f"{_key(key)} = {_value(value)}" for key, value in table.items())


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else _value(name)


def _value(value: str | float) -> str:
    """JSON's texts are TOML's but for one letter that JSON leaves as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def checked_fields(kind: type, table: str, given: Any, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of a dataclass of texts, numbers and hashes. Raises ValueError for others or of another type."""
    if not isinstance(given, dict):
        raise ValueError(f"{table}: {given!r}")
    fields = {f.name: str(f.type) for f in dataclasses.fields(kind) if f.name not in without}
    needed = {f.name for f in dataclasses.fields(kind) if f.name in fields and _has_no_default(f)}
    odd = (given.keys() - fields) | (needed - given.keys())
    if odd:
        raise ValueError(f"unknown or missing: {', '.join(sorted(f'{table}.{name}'.strip('.') for name in odd))}")
    for name, value in given.items():
        if not _fits(fields[name], value):
            raise ValueError(f"{f'{table}.{name}'.strip('.')}: {value!r}")
    return given


def _has_no_default(own: dataclasses.Field[Any]) -> bool:
    return own.default is dataclasses.MISSING and own.default_factory is dataclasses.MISSING


def _fits(kind: str, value: Any) -> bool:
    match kind:
        case "str":
            return isinstance(value, str)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case _:
            return isinstance(value, dict) and all(isinstance(digest, str) for digest in value.values())
