"""A model of one of Lacuna's networks: what `config.json` says of the weights beside it."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lacuna.contract.model_files import FILE, require_hashes
from lacuna.contract.precision import Int8

FORMAT = 1  # of config.json; a reader refuses what is newer
CONFIG = "config.json"


class Network(StrEnum):
    """The networks that Lacuna can build; see `lacuna.networks`."""

    DEEPFILL_V1 = "deepfill-v1"
    DEEPFILL_V2 = "deepfill-v2"
    EDGE_CONNECT = "edgeconnect"
    PEN_NET = "pennet"
    META_RDN = "meta-rdn"
    META_EDSR = "meta-edsr"
    META_SPAN = "meta-span"


ENLARGING = frozenset({Network.META_RDN, Network.META_EDSR, Network.META_SPAN})  # all others fill holes


@dataclass(frozen=True)
class ModelConfig:
    """What has to be known to build a network and to run it, as `config.json` says it.

    `width` multiplies the channels, `guided` tells of an input for lines; `conventions` is a name in
    `networks.conventions` ("" for networks that know only one), or the `Rule` of positions of a network that enlarges,
    whose channels and blocks are in `sizes`; `start` says what stands in the hole before the first layer ("published"
    or "membrane"), or of a network that enlarges what its output is added to ("published" for nothing, or "bicubic");
    `colours` is the order of channels ("rgb" or "bgr"). `dtype` is that of the numbers on disk. `side` is the length in
    pixels that the long side of a crop should have, as in training; `fine` the size in pixels of the
    finest that these weights paint themselves, up to `side`: what is finer comes from patches of the photo, and 1
    stands for weights that paint everything. `graphs` names the file of each part of the network, `sha256` the hash of
    every file but `config.json`. `psnr` is the mean in dB that was measured on the evaluation set, inside the holes or
    of the luma at twice the size: the highest of several models is taken unasked. `int8` tells of the graphs in 8 bits,
    if anybody tried to make some.
    """

    network: Network
    title: str
    width: float = 1.0
    guided: bool = False
    sizes: Mapping[str, float] = field(default_factory=dict)
    conventions: str = ""
    start: str = "published"
    colours: str = "rgb"
    dtype: str = "float32"
    side: int = 512
    fine: float = 1.0
    graphs: Mapping[str, str] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)
    psnr: float | None = None
    int8: Int8 | None = None
    licence: str = ""
    source: str = ""
    format: int = FORMAT

    def __post_init__(self) -> None:
        """Raises ValueError, naming the field, for what no reader could use."""
        for name, known in (("start", ("published", "membrane", "bicubic")), ("colours", ("rgb", "bgr"))):
            if getattr(self, name) not in known:
                raise ValueError(f"{name}: {getattr(self, name)}")
        if self.dtype not in ("float16", "float32"):
            raise ValueError(f"dtype: {self.dtype}")
        if not 0 < self.width <= 4:
            raise ValueError(f"width: {self.width}")
        if not 64 <= self.side <= 4096:
            raise ValueError(f"side: {self.side}")
        if not 1 <= self.fine <= self.side:
            raise ValueError(f"fine: {self.fine}")
        if self.psnr is not None and not -math.inf < self.psnr < math.inf:
            raise ValueError(f"psnr: {self.psnr}")
        for file in self.graphs.values():
            if not FILE.fullmatch(file) or file == CONFIG:
                raise ValueError(f"graphs: {file}")
        if CONFIG in self.sha256:
            raise ValueError(f"sha256: {CONFIG}")
        require_hashes(self.sha256)

    def to_json(self) -> str:
        """The text of `config.json`."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False) + "\n"

    @staticmethod
    def from_json(text: str) -> ModelConfig:
        """The config that `to_json` wrote. Raises ValueError, saying what is wrong, for any other text."""
        given = json.loads(text)
        if not isinstance(given, dict):
            raise ValueError("not an object")
        if given.get("format") != FORMAT:
            raise ValueError(f"format: {given.get('format')}")
        fields = {f.name for f in dataclasses.fields(ModelConfig)}
        odd = (given.keys() - fields) | ({"network", "title"} - given.keys())
        if odd:
            raise ValueError(f"unknown or missing: {', '.join(sorted(odd))}")
        return ModelConfig(**{name: _read(name, value) for name, value in given.items()})


_KINDS: Mapping[str, tuple[type, ...]] = {
    "width": (int, float),
    "guided": (bool,),
    "sizes": (dict,),
    "side": (int,),
    "fine": (int, float),
    "format": (int,),
    "psnr": (int, float, type(None)),
    "graphs": (dict,),
    "sha256": (dict,),
}


def _read(name: str, value: Any) -> Any:
    if name == "int8":
        return None if value is None else Int8.read(value)
    kinds = _KINDS.get(name, (str,))
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise ValueError(f"{name}: {value!r}")
    if isinstance(value, dict) and not all(_in_place(name, size) for size in value.values()):
        raise ValueError(f"{name}: {value!r}")
    if name == "network" and value not in set(Network):
        raise ValueError(f"{name}: {value!r}")
    return Network(str(value)) if name == "network" else value


def _in_place(name: str, value: object) -> bool:
    """Whether a mapping of this name may have the value: a number in `sizes`, else a text."""
    if name != "sizes":
        return isinstance(value, str)
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
